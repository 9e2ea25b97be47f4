"""Python's websockets against the server: its echo, and a completion in the article's messages.

    echo.py PORT CERTIFICATE
"""

import asyncio
import json
import ssl
import sys

import websockets


async def echo(url, trust):
    async with websockets.connect(url, ssl=trust, max_size=None, compression=None) as socket:
        for message in ["", "é 水 🚢", "x" * 70_000, b"", b"\x9f" * 65_536]:
            await socket.send(message)
            assert await socket.recv() == message
        # In fragments, and many at once.
        await socket.send(["é ", "水", " 🚢"])
        assert await socket.recv() == "é 水 🚢"
        for number in range(1_000):
            await socket.send(str(number))
        assert [await socket.recv() for _ in range(1_000)] == [str(number) for number in range(1_000)]
        await asyncio.wait_for(await socket.ping(b"there?"), 10)
        await socket.close(4002, "enough")
    assert socket.close_code == 4002, socket.close_code


async def chat(url, trust):
    """The figures of a completion's usage, and its text."""
    async with websockets.connect(url, ssl=trust) as socket:
        request = {"type": "chat.completion", "model": "m", "messages": [], "stream": True, "max_tokens": 7, "id": 5}
        await socket.send(json.dumps(request))
        tokens, usage = 0, None
        async for message in socket:
            document = json.loads(message)
            assert document["id"] == 5
            tokens += document["type"] == "stream"
            usage = document.get("usage", usage)
            if document["type"] == "done":
                break
        assert tokens == usage["completion_tokens"] == 7, (tokens, usage)


async def refused(url, trust):
    """What is no WebSocket's address is answered as any other request."""
    try:
        await websockets.connect(url, ssl=trust)
    except websockets.exceptions.InvalidStatus as error:
        assert error.response.status_code == 404
    else:
        raise AssertionError("accepted")


async def main(port, certificate):
    trust = ssl.create_default_context(cafile=certificate)
    base = f"wss://localhost:{port}"
    await echo(f"{base}/ws/echo", trust)
    await chat(f"{base}/v1/ws/chat?api_key=none", trust)
    await refused(f"{base}/v1/ws/none", trust)


asyncio.run(asyncio.wait_for(main(int(sys.argv[1]), sys.argv[2]), 120))
