"""An echo on loopback by the `websockets` package, which is another reading of RFC 6455 than Autobahn's.

    echo_server.py PORT

Each message comes back in three fragments with a ping between them, `bye` with a close of code 3000, and `refuse` in the
path with a 403.
"""

import asyncio
import http
import sys

from websockets.asyncio.server import serve


async def fragments(message):
    third = len(message) // 3 + 1
    for start in range(0, max(len(message), 1), third):
        yield message[start : start + third]


async def echo(connection):
    async for message in connection:
        if message == "bye":
            await connection.close(3000, "as asked")
            return
        pong = await connection.ping()
        await connection.send(fragments(message))
        await pong


def refuse(connection, request):
    if "refuse" in request.path:
        return connection.respond(http.HTTPStatus.FORBIDDEN, '{"error":{"message":"not you"}}')
    return None


async def main(port):
    async with serve(echo, "127.0.0.1", port, process_request=refuse, max_size=None, ping_interval=None) as server:
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
