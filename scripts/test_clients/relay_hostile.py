"""A relay between an upstream and clients of which neither behaves.

    relay_hostile.py BINARY [CHUNKS]

Starts an upstream and `tokenmeter serve --relay` on loopback, and prints one line for each thing that it tried.
"""

import asyncio
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

import websockets

binary = sys.argv[1]
chunks = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
seen = []

usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
text = b'data: {"id":"c","model":"gpt-4.1","choices":[{"index":0,"delta":{"content":"abc"}}]}\n\n'
finish = (b'data: {"id":"c","model":"gpt-4.1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
          + b'data: {"id":"c","model":"gpt-4.1","choices":[],"usage":' + json.dumps(usage).encode() + b"}\n\n"
          + b"data: [DONE]\n\n")


# The upstream

async def upstream(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head, re.I).group(1))
            body = json.loads(await reader.readexactly(length))
            seen.append((head.decode(), body))
            await answers[body["model"]](writer)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        pass
    finally:
        writer.close()


def head(headers, status="200 OK"):
    return f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


stream_head = head("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked")


async def plain(writer):
    writer.write(stream_head + chunk(text) + chunk(finish) + chunk(b""))


async def elsewhere(writer):
    writer.write(head("Location: http://127.0.0.1:1/steal\r\nContent-Length: 0", "307 Temporary Redirect"))


async def packed(writer):
    body = gzip.compress(text + finish)
    writer.write(head(f"Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}") + body)


async def strange_coding(writer):
    writer.write(head("Content-Type: text/event-stream\r\nContent-Encoding: zz\r\nContent-Length: 5") + b"12345")


async def endless_head(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20))


async def no_http(writer):
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


async def long(writer):
    writer.write(stream_head)
    block = chunk(text) * 1_000
    for _ in range(chunks // 1_000):
        writer.write(block)
        await writer.drain()
    writer.write(chunk(finish) + chunk(b""))


async def switching(writer):
    writer.write(head("Upgrade: x\r\nConnection: upgrade", "101 Switching Protocols"))


def endless(start):
    """What comes behind an end, or behind a finish whose usage never comes, never ends."""
    async def answer(writer):
        writer.write(stream_head + chunk(text) + chunk(start))
        block = chunk(b": comment " + b"x" * 10_000 + b"\n\n") * 10
        while True:
            writer.write(block)
            await writer.drain()
    return answer


async def late_usage(writer):
    """The usage comes a while after the end of the answer."""
    parts = finish.split(b"\n\n")
    writer.write(stream_head + chunk(text) + chunk(parts[0] + b"\n\n"))
    await writer.drain()
    await asyncio.sleep(1)
    writer.write(chunk(parts[1] + b"\n\n" + b"data: [DONE]\n\n") + chunk(b""))


def ended_by_connection(body, kind="text/event-stream", status="200 OK"):
    """Of no length, and in no chunks: the end of the connection is all that ends it."""
    async def answer(writer):
        writer.write(head(f"Content-Type: {kind}\r\nConnection: close", status) + body)
        await writer.drain()
        writer.close()
    return answer


async def escaped(writer):
    body = json.dumps({"id": "c", "object": "chat.completion", "model": "gpt-4.1", "größe": 1, "choices": [
        {"index": 0, "message": {"content": "abc"}, "finish_reason": "stop"}], "usage": usage}).encode()
    assert b"\\u00f6" in body
    writer.write(head(f"Content-Type: application/json\r\nContent-Length: {len(body)}") + body)


answers = {
    "cut": ended_by_connection(text),
    "cutdocument": ended_by_connection(b'{"id":"c","choices":[{"mess', "application/json"),
    "cutinusage": ended_by_connection(text + finish[:finish.index(b"prompt_tokens")]),
    "cutarray": ended_by_connection(b'[{"candidates":[]},', "application/json"),
    "eof": ended_by_connection(text + finish),
    # Whole, but for the blank line behind its last event.
    "unterminated": ended_by_connection(text + finish.replace(b"data: [DONE]\n\n", b"")[:-1]),
    "failing": ended_by_connection(text, status="500 No"),
    "escaped": escaped,
    "plain": plain, "elsewhere": elsewhere, "packed": packed, "strange": strange_coding,
    "afterdone": endless(finish), "afterfinish": endless(finish.split(b"\n\n")[0] + b"\n\n"),
    "endless": endless_head, "switching": switching, "nohttp": no_http, "long": long, "late": late_usage,
}


# The clients

def question(model, stream=True):
    return json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}).encode()


def request(body, extra=""):
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


async def read_answer(reader):
    """Status, headers and body of one answer, which has a length or chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status = int(head.split()[1])
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in head.split("\r\n")[1:-2])}
    if "content-length" in headers:
        return status, headers, await reader.readexactly(int(headers["content-length"]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return status, headers, body


class Relay:
    def __init__(self, folder, port):
        self.database = os.path.join(folder, "ledger.db")
        file = os.path.join(folder, "relay.yml")
        with open(file, "w") as out:
            out.write(f'upstreams:\n  - name: odd\n    channel: openai\n    base_url: "http://127.0.0.1:{port}/v1"\n'
                      f"    retries: 0\n    headers: {{X-Ours: yes}}\n")
        self.log = open(os.path.join(folder, "serve.log"), "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--relay", file, "--database", self.database], stderr=self.log)

    async def started(self):
        for _ in range(1_200):
            found = re.search(r"listening on http://127.0.0.1:(\d+)", open(self.log.name).read())
            if found:
                self.port = int(found.group(1))
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the relay does not listen: " + open(self.log.name).read())

    async def open(self, limit=1 << 20):
        return await asyncio.open_connection("127.0.0.1", self.port, limit=limit)

    async def ask(self, model, extra=""):
        reader, writer = await self.open()
        writer.write(request(question(model), extra))
        answer = await asyncio.wait_for(read_answer(reader), 60)
        writer.close()
        return answer

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) // 1024

    def events(self):
        lines = subprocess.run([binary, "ledger", "export", "--format", "ndjson", "--database", self.database],
                               capture_output=True, check=True).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def event(self, headers):
        return next(event for event in self.events() if event["id"] == headers["x-tokenmeter-event"])


async def upstreams_that_do_not_behave(relay):
    status, headers, body = await relay.ask("plain", "X-Tokenmeter-Project: web\r\nCookie: a=b\r\n")
    assert status == 200 and body == text + finish.split(b"\n\n")[0] + b"\n\ndata: [DONE]\n\n", body
    sent = seen[-1][0].lower()
    assert "x-tokenmeter" not in sent and "cookie" not in sent and "x-ours: yes" in sent, sent
    assert seen[-1][1]["stream_options"] == {"include_usage": True}
    assert relay.event(headers)["project"] == "web"

    before, kept = len(seen), len(relay.events())
    status, headers, body = await relay.ask("elsewhere")
    assert status == 502 and b"redirects are not followed" in body, body
    assert len(seen) == before + 1
    assert len(relay.events()) == kept and "x-tokenmeter-event" not in headers

    status, headers, body = await relay.ask("packed")
    assert status == 200 and headers["content-encoding"] == "gzip" and gzip.decompress(body) == text + finish
    event = relay.event(headers)
    assert event["known"] == "reported" and event["usage"]["output"] == 3, event

    status, headers, body = await relay.ask("strange")
    assert body == b"12345" and relay.event(headers)["known"] == "unknown"

    for model in ("endless", "nohttp", "switching"):
        status, _, body = await relay.ask(model)
        assert status == 502, (model, status, body)
    assert b"another protocol" in body, body
    # What only the end of its connection ends may be cut: its client sees no clean end then.
    for model, known in (("cut", "estimated"), ("cutdocument", "unknown"), ("cutinusage", "estimated"),
                         ("cutarray", "unknown")):
        try:
            answer = await relay.ask(model)
            raise AssertionError(f"a clean end: {model} {answer}")
        except asyncio.IncompleteReadError:
            pass
        except ValueError:
            # No size of a chunk: the connection ended.
            pass
        # HTTP/1.0 knows no chunks: there the end of a connection is a clean end, and a reset is none.
        reader, writer = await relay.open()
        writer.write(request(question(model)).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        try:
            raise AssertionError(f"a clean end: {model} {await asyncio.wait_for(reader.read(), 60)}")
        except ConnectionResetError:
            writer.close()
        assert relay.events()[-1]["known"] == known, relay.events()[-1]
    status, headers, body = await relay.ask("eof")
    assert status == 200 and body.endswith(b"data: [DONE]\n\n") and relay.event(headers)["known"] == "reported"
    status, headers, body = await relay.ask("unterminated")
    assert status == 200 and body.startswith(text) and relay.event(headers)["known"] == "reported", body
    status, _, body = await relay.ask("failing")
    assert status == 500 and body == text, (status, body)
    status, headers, body = await relay.ask("escaped")
    assert status == 200 and relay.event(headers)["usage"]["output"] == 3, relay.event(headers)
    print("ok: a redirect, codings, and upstreams that speak no HTTP")


async def usage_that_comes_late(relay):
    count = len(relay.events())
    reader, writer = await relay.open()
    writer.write(request(question("late")))
    await reader.readuntil(b"finish_reason")
    writer.close()
    for _ in range(100):
        if len(relay.events()) > count:
            break
        await asyncio.sleep(0.05)
    event = relay.events()[-1]
    assert event["known"] == "reported", event
    print("ok: usage that comes behind the end, of a client that has left")


async def clients_that_do_not_behave(relay):
    # Two requests in one write are answered in their order.
    reader, writer = await relay.open()
    writer.write(request(question("plain")) + request(question("packed")))
    first, second = await read_answer(reader), await read_answer(reader)
    assert "content-encoding" not in first[1] and second[1]["content-encoding"] == "gzip"
    writer.close()

    # Headers without end.
    reader, writer = await relay.open()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    try:
        for number in range(10_000):
            writer.write(b"X-%d: " % number + b"x" * 1_000 + b"\r\n")
            await writer.drain()
    except ConnectionError:
        pass
    rest = b""
    try:
        rest = await asyncio.wait_for(reader.read(), 30)
    except ConnectionError:
        pass
    assert rest == b"" or rest.startswith(b"HTTP/1.1 4"), rest[:200]
    writer.close()

    # Half a body, and away.
    for _ in range(50):
        reader, writer = await relay.open()
        writer.write(request(question("plain"))[:-20])
        await writer.drain()
        writer.transport.abort()

    # No HTTP, two hosts, a host of others.
    for bad, status in (
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50, None),
        (request(question("plain"), "Host: evil.example\r\n"), 421),
        (request(question("plain")).replace(b"Host: 127.0.0.1", b"Host: evil.example"), 421),
        (request(question("plain"), "Transfer-Encoding: chunked\r\n"), None),
    ):
        reader, writer = await relay.open()
        writer.write(bad)
        writer.write_eof()
        try:
            answer = await asyncio.wait_for(reader.read(), 30)
        except ConnectionError:
            answer = b""
        if status:
            assert answer.startswith(b"HTTP/1.1 %d" % status), answer[:200]
        else:
            assert not answer.startswith(b"HTTP/1.1 2"), answer[:200]
        writer.close()
    status, _, _ = await relay.ask("plain")
    assert status == 200
    print("ok: clients that send too much, half of it, or no HTTP")


async def long_streams(relay):
    await relay.ask("plain")
    before = relay.resident()
    reader, writer = await relay.open(limit=1 << 16)
    writer.write(request(question("long")))
    size, top = 0, before
    while data := await reader.read(1 << 16):
        size += len(data)
        if size % 37 == 0:
            top = max(top, relay.resident())
        if data.endswith(b"0\r\n\r\n"):
            break
    writer.close()
    assert size > chunks * len(text), size
    top = max(top, relay.resident())
    assert top < before + 30, f"{before} MB before, {top} MB at the top"
    print(f"ok: {chunks} chunks, {size >> 20} MiB, {before} MB before and {top} MB at most")

    # Nobody reads: upstream is held back, and the relay does not fill up.
    readers = []
    for _ in range(10):
        reader, writer = await relay.open(limit=1 << 10)
        writer.write(request(question("long")))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()
        readers.append((reader, writer))
    await asyncio.sleep(3)
    held = relay.resident()
    assert held < before + 60, f"{before} MB before, {held} MB with ten clients that do not read"
    for _, writer in readers:
        writer.transport.abort()
    await asyncio.sleep(0.5)
    print(f"ok: ten clients that do not read: {held} MB")


async def ended_keys(relay):
    """A key that is revoked asks no more, on a WebSocket that is open either."""
    def keys(*words):
        return json.loads(subprocess.run([binary, "keys", *words, "--database", relay.database, "--format", "json"],
                                         capture_output=True, check=True).stdout)

    made = keys("create", "--scope", "relay")
    question = json.dumps({"type": "chat.completion", "model": "plain", "messages": [{"role": "user", "content": "x"}]})
    async with websockets.connect(f"ws://127.0.0.1:{relay.port}/v1/ws/chat?api_key={made['key']}") as socket:
        async def last():
            await socket.send(question)
            while True:
                message = json.loads(await asyncio.wait_for(socket.recv(), 30))
                if message["type"] in ("done", "error"):
                    return message
        assert (await last())["type"] == "done"
        keys("revoke", made["id"])
        await asyncio.sleep(1.2)
        count = len(seen)
        message = await last()
        assert message["type"] == "error" and len(seen) == count, message
    print(f"ok: a revoked key on an open WebSocket: {message['error']['message']}")


async def ends_without_end(relay):
    """Behind the end of an answer too a client that reads slowly holds upstream back."""
    await relay.ask("plain")
    before = relay.resident()
    for model in ("afterdone", "afterfinish"):
        reader, writer = await relay.open(limit=1 << 10)
        writer.write(request(question(model)))
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()
        # Longer than usage is waited for.
        await asyncio.sleep(4)
        held = relay.resident()
        assert held < before + 30, f"{model}: {before} MB before, {held} MB behind the end"
        writer.transport.abort()
        await asyncio.sleep(0.5)
    print(f"ok: ends without end: {before} MB before, {held} MB at most")


async def floods(relay):
    """A WebSocket that asks for a thousand answers, and reads none."""
    before = relay.resident()
    reader, writer = await relay.open(limit=1 << 10)
    writer.write(b"GET /v1/ws/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()
    message = b'{"type":"zzz"}'
    frames = (b"\x81" + bytes([0x80 | len(message)]) + b"\0\0\0\0" + message) * 1_000
    sent, top = 0, before
    try:
        for _ in range(5_000):
            writer.write(frames)
            await asyncio.wait_for(writer.drain(), 1)
            sent += len(frames)
            top = max(top, relay.resident())
    except asyncio.TimeoutError:
        # It is not listened to any more.
        pass
    assert sent < 90_000_000, f"all of {sent} bytes were taken"
    assert top < before + 40, f"{before} MB before, {top} MB with answers that nobody reads"
    writer.transport.abort()
    print(f"ok: a flood of {sent >> 20} MiB: {before} MB before, {top} MB at most")


async def idle_sockets(relay, count=1_000):
    before = relay.resident()
    url = f"ws://127.0.0.1:{relay.port}/v1/ws/chat"
    sockets = []
    for _ in range(count // 50):
        sockets += await asyncio.gather(*(websockets.connect(url, ping_interval=None) for _ in range(50)))
    held = relay.resident()
    each = (held - before) * 1024 / count
    assert each < 100, f"{each:.0f} KB for each idle WebSocket"
    await sockets[-1].send(json.dumps({"type": "chat.completion", "model": "plain", "messages": [{"role": "user", "content": "x"}]}))
    kinds = []
    while "done" not in kinds:
        kinds.append(json.loads(await asyncio.wait_for(sockets[-1].recv(), 30))["type"])
    assert kinds == ["stream", "usage", "done"], kinds
    await asyncio.gather(*(socket.close() for socket in sockets))
    print(f"ok: {count} idle WebSockets, {each:.0f} KB each")


async def main():
    server = await asyncio.start_server(upstream, "127.0.0.1", 0, limit=1 << 20)
    with tempfile.TemporaryDirectory() as folder:
        relay = Relay(folder, server.sockets[0].getsockname()[1])
        try:
            await relay.started()
            await upstreams_that_do_not_behave(relay)
            await usage_that_comes_late(relay)
            await clients_that_do_not_behave(relay)
            await idle_sockets(relay)
            await ended_keys(relay)
            await ends_without_end(relay)
            await floods(relay)
            await long_streams(relay)
            relay.process.terminate()
            assert relay.process.wait(20) == 0, open(relay.log.name).read()
        finally:
            relay.process.kill()
        server.close()


asyncio.run(main())
