"""Makes the article's two Node clients runnable, and says what was changed.

    article.py ARTICLE FOLDER HOST PORT

Writes FOLDER/sse.cjs and FOLDER/ws.cjs. The clients are taken from the article, which is not part of this repository;
changed are the host, the port, and the backticks that its copy has lost. Each rule says how often it has to apply, so
that another text is noticed. Everything else stays as it is, byte for byte.
"""

import pathlib
import re
import sys


def between(text, first, last):
    """From the line `first` to the line `last`, both included."""
    start = text.index(first)
    return text[start : text.index(last, start) + len(last)] + "\n"


def mended(name, text, rules):
    for what, pattern, replacement, count in rules:
        text, done = re.subn(pattern, replacement, text)
        if done != count:
            sys.exit(f"{name}: {what}: {done} places and not {count}; is it another article?")
        print(f"{name}: {what}: {count}")
    return text


def main(article, folder, host, port):
    text = article.read_text(encoding="utf-8")
    log = r"console\.log\(((?:\\n)?\[(?:SSE|WS)\] [^`\n]*)\);"
    sse = between(text, "const https = require('https');", ".catch(err => console.error('SSE Error:', err.message));")
    ws = between(text, "const WebSocket = require('ws');", "\nrunInteractiveSession();")
    (folder / "sse.cjs").write_text(mended("sse", sse, [
        ("host", r"'api\.holysheep\.ai'", f"'{host}'", 1),
        ("port", r"port: 443", f"port: {port}", 1),
        ("backticks of a header", r": (Bearer \$\{\w+\})", r": `\1`", 1),
        ("backticks of a log", log, r"console.log(`\1`);", 4),
    ]), encoding="utf-8")
    (folder / "ws.cjs").write_text(mended("ws", ws, [
        ("host and port", r"wss://api\.holysheep\.ai/", f"wss://{host}:{port}/", 1),
        ("backticks of the address", r"WebSocket\((\$\{WS_URL\}[^)]*)\)", r"WebSocket(`\1`)", 1),
        ("backticks of a log", log, r"console.log(`\1`);", 2),
    ]), encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
