"""Ends a relay with kill -9 while streams go through it, again and again: each stream that a client saw finish is in the
ledger, once.

    relay_kills.py BINARY ROUNDS [SEED]
"""

import asyncio
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

binary, rounds = sys.argv[1], int(sys.argv[2])
seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
chance = random.Random(seed)
body = json.dumps({"model": "gpt-4.1", "stream": True, "max_tokens": 50, "messages": []}).encode()


async def started(process, log):
    for _ in range(6_000):
        found = re.search(r"listening on http://127.0.0.1:(\d+)", open(log).read())
        if found:
            return int(found.group(1))
        assert process.poll() is None, open(log).read()
        await asyncio.sleep(0.01)
    raise AssertionError("nothing listens: " + open(log).read())


def start(folder, name, *arguments):
    log = os.path.join(folder, name + ".log")
    return subprocess.Popen([binary, *arguments], stderr=open(log, "w"), stdout=subprocess.DEVNULL), log


async def client(port, finished):
    """Asks one question after the other until the relay is gone."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                return
            event = re.search(rb"x-tokenmeter-event: (\S+)", head, re.I).group(1).decode()
            # Either is the end to somebody: the mark in the stream, or the last chunk.
            text = await reader.readuntil(b"data: [DONE]\n\n")
            finished.append(event)
            await reader.readuntil(b"0\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError):
        pass


async def main():
    finished = []
    with tempfile.TemporaryDirectory() as folder:
        vendor, log = start(folder, "vendor", "simulate", "--port", "0", "--tokens", "10", "--ttft", "2ms", "--rate",
                            "2000", "--for", "60m")
        database = os.path.join(folder, "ledger.db")
        relay = None
        try:
            address = f"http://127.0.0.1:{await started(vendor, log)}/v1"
            file, budgets = os.path.join(folder, "relay.yml"), os.path.join(folder, "budgets.yml")
            with open(file, "w") as out:
                out.write(f'upstreams:\n  - {{name: openai, base_url: "{address}"}}\n')
            with open(budgets, "w") as out:
                out.write("budgets:\n  - {name: team, limit: 1000USD, period: year, hard: true}\n")
            for number in range(rounds):
                held = ["--budgets", budgets] if number % 2 else []
                relay, log = start(folder, "relay", "serve", "--port", "0", "--relay", file, "--database", database, *held)
                port = await started(relay, log)
                clients = [asyncio.create_task(client(port, finished)) for _ in range(16)]
                await asyncio.sleep(chance.uniform(0.02, 0.4))
                relay.kill()
                relay.wait()
                await asyncio.gather(*clients)
            lines = subprocess.run([binary, "ledger", "export", "--format", "ndjson", "--database", database],
                                   capture_output=True, check=True).stdout.splitlines()
            kept = collections.Counter(json.loads(line)["id"] for line in lines)
            lost = [event for event in finished if kept[event] != 1]
            assert finished, "no stream finished"
            assert len(set(finished)) == len(finished), "an event twice"
            assert not lost, f"{len(lost)} of {len(finished)} finished streams are not in the ledger once: {lost[:3]}"
            assert max(kept.values()) == 1
            told = subprocess.run([binary, "ledger", "verify", "--database", database], capture_output=True)
            assert told.returncode == 0, told.stdout
        except AssertionError as error:
            sys.exit(f"failed with seed {seed}: {error}")
        finally:
            vendor.kill()
            if relay:
                relay.kill()
    print(f"ok: {rounds} kills, {len(finished)} finished streams, each in the ledger once (seed {seed})")


asyncio.run(main())
