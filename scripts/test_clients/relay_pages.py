"""Web pages in a real browser against a relay on this machine that wants no key: one of an allowed origin streams, and
one of another origin, or of none, tries in every way that a browser has to make it spend.

    relay_pages.py BINARY CHROMIUM

Starts an upstream, a relay and the pages' servers on loopback, and prints one line for each page.
"""

import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time

binary, chromium = sys.argv[1:3]
tokens = 40
page_seconds = 120
asked = []
reports = queue.Queue()
# Set once the page has read a first piece.
has_read = threading.Event()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Upstream(Quiet):
    """Counts what it is asked, and sends the rest of a stream once the page has read its beginning."""

    def do_GET(self):
        asked.append(self.path)
        self.reply(b'{"object":"list","data":[]}', "application/json")

    def do_POST(self):
        asked.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(tokens):
            self.event({"choices": [{"index": 0, "delta": {"content": f"{number} "}}]})
            if number == 0:
                has_read.wait(60)
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self.event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": tokens,
                                             "total_tokens": 9 + tokens}})
        self.chunk(b"data: [DONE]\n\n")
        self.chunk(b"")

    def event(self, fields):
        document = {"id": "c", "object": "chat.completion.chunk", "model": "gpt-4.1"} | fields
        self.chunk(b"data: " + json.dumps(document).encode() + b"\n\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class Pages(Quiet):
    """Gives a page, and takes what it saw."""

    def do_GET(self):
        self.reply(pages.get(self.path, "").encode(), "text/html; charset=utf-8")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/first":
            has_read.set()
        else:
            reports.put(json.loads(body))
        self.reply(b"", "text/plain")


pages = {}

frame = """<!doctype html><title>a page</title><body><script>
const relay = "%s", webSocket = relay.replace("http", "ws") + "/v1/ws/chat";
const question = '{"model":"gpt-4.1","stream":true,"messages":[{"role":"user","content":"hello"}]}';
const report = seen => fetch("/report", {method: "POST", body: JSON.stringify(seen)});
(async () => { %s })().then(report, error => report({error: String(error)}));
</script>"""

streaming_page = """
    const answer = await fetch(relay + "/api/stream", {method: "POST", body: question, headers:
        {"Content-Type": "application/json", "X-Tokenmeter-Project": "page"}});
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let bytes = "", pieces = 0;
    for (let part; !(part = await reader.read()).done; pieces++) {
        bytes += part.value;
        if (pieces == 0) await fetch("/first", {method: "POST", body: ""});
    }
    const payloads = bytes.split("\\n\\n").filter(line => line.startsWith("data: {")).map(line => JSON.parse(line.slice(6)));
    return {status: answer.status, pieces, event: answer.headers.get("x-tokenmeter-event"),
        text: payloads.map(payload => payload.choices[0]?.delta.content ?? "").join(""), isWhole: bytes.endsWith("data: [DONE]\\n\\n")};
"""

# Each way returns what a page saw of the relay: "refused", or what it got.
spending_page = """
    const paths = ["/v1/chat/completions", "/api/stream", "/v1/messages", "/v1beta/models/gemini-2.5-flash:generateContent", "/api/v1/events"];
    const ask = async (path, mode, type, credentials) => {
        const headers = type ? {"Content-Type": type} : {};
        const answer = await fetch(relay + path, {method: "POST", mode, headers, body: question, credentials});
        return answer.type == "opaque" ? "opaque" : "read " + answer.status;
    };
    const seen = {};
    const attempt = async (name, body) => {
        try { seen[name] = await body(); } catch (error) { seen[name] = "refused"; }
    };
    for (const path of paths) {
        await attempt(path + " as JSON", () => ask(path, "cors", "application/json", "omit"));
        await attempt(path + " with credentials", () => ask(path, "cors", "application/json", "include"));
        await attempt(path + " as text", () => ask(path, "cors", "text/plain", "omit"));
        await attempt(path + " unread", () => ask(path, "no-cors", "text/plain", "omit"));
        await attempt(path + " without a type", () => ask(path, "no-cors", null, "omit"));
        await attempt(path + " as a beacon", async () => navigator.sendBeacon(relay + path, question) ? "opaque" : "refused");
        await attempt(path + " as a form", () => new Promise(done => {
            const name = "frame " + path;
            const target = Object.assign(document.createElement("iframe"), {name});
            document.body.append(target);
            const form = Object.assign(document.createElement("form"), {method: "post", action: relay + path, target: name, enctype: "text/plain"});
            form.append(Object.assign(document.createElement("input"), {name: question.slice(0, -1) + ',"x":"', value: '"}'}));
            document.body.append(form);
            target.onload = () => done("opaque");
            form.submit();
            setTimeout(() => done("refused"), 2000);
        }));
    }
    for (const path of ["/v1/models", "/api/v1/usage", "/openapi.json"]) {
        await attempt("GET " + path, async () => "read " + (await fetch(relay + path)).status);
    }
    await attempt("a WebSocket", () => new Promise(done => {
        const socket = new WebSocket(webSocket);
        socket.onopen = () => { socket.send(question.replace("{", '{"type":"chat.completion",')); done("open"); };
        socket.onerror = () => done("refused");
    }));
    await attempt("an EventSource", () => new Promise(done => {
        const source = new EventSource(relay + "/api/stream");
        source.onopen = () => done("open");
        source.onerror = () => { source.close(); done("refused"); };
    }));
    await attempt("a picture", () => new Promise(done => {
        const picture = new Image();
        picture.onload = () => done("read");
        picture.onerror = () => done("refused");
        picture.src = relay + "/v1/chat/completions";
    }));
    return seen;
"""


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def visit(folder, address):
    """Opens a page in a browser of its own, and returns what the page told."""
    with open(os.path.join(folder, "chromium.log"), "w+") as log:
        browser = subprocess.Popen(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--proxy-server=direct://", "--remote-debugging-port=0",
             f"--user-data-dir={tempfile.mkdtemp(dir=folder)}", address], stdout=log, stderr=log)
        try:
            return reports.get(timeout=page_seconds)
        except queue.Empty:
            log.seek(0)
            sys.exit(f"{address}: the page told nothing within {page_seconds} seconds: {log.read()[-500:]}")
        finally:
            browser.kill()
            browser.wait()


def events(database):
    lines = subprocess.run([binary, "ledger", "export", "--format", "ndjson", "--database", database],
                           capture_output=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def main():
    upstream, server = serve(Upstream), serve(Pages)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file, log = pathlib.Path(folder, "relay.yml"), pathlib.Path(folder, "serve.log")
        base = f"http://127.0.0.1:{upstream}"
        file.write_text("upstreams:\n"
                        f'  - {{name: openai, base_url: "{base}/v1", models: ["gpt-*"], key: none}}\n'
                        f'  - {{name: anthropic, base_url: "{base}/v1", key: none}}\n'
                        f'  - {{name: google, base_url: "{base}/v1beta", key: none}}\n')
        database = os.path.join(folder, "ledger.db")
        process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--relay", file, "--database", database,
             "--allow-origin", f"http://localhost:{server}"], stderr=log.open("w"))
        try:
            port = None
            while port is None:
                port = re.search(r"listening on (http://\S+)", log.read_text())
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            relay = port[1]
            pages["/streams"] = frame % (relay, streaming_page)
            pages["/spends"] = frame % (relay, spending_page)

            seen = visit(folder, f"http://localhost:{server}/streams")
            assert seen.get("status") == 200 and seen["isWhole"] and seen["pieces"] > 1, seen
            assert seen["text"] == "".join(f"{number} " for number in range(tokens)), seen
            kept = events(database)
            assert [(event["id"], event["project"], event["usage"]["output"]) for event in kept] == [
                (seen["event"], "page", tokens)], kept
            assert asked == ["/v1/chat/completions"], asked
            print(f"ok: a page of an allowed origin: {seen['pieces']} pieces, and its event is kept")

            seen = visit(folder, f"http://127.0.0.1:{server}/spends")
            assert len(seen) > 30 and "error" not in seen, seen
            got = {name: what for name, what in seen.items() if what not in ("refused", "opaque")}
            assert not got, got
            assert len(asked) == 1, asked
            assert len(events(database)) == 1, events(database)
            print(f"ok: a page of another origin: {len(seen)} ways to spend, and nothing went upstream")
        finally:
            process.terminate()
            process.wait(20)


main()
