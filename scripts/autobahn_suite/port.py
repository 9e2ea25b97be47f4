"""Makes a Python 3 package of the fuzzing server and client in an installed autobahntestsuite, which is Python 2.

    port.py INSTALLED_PACKAGE NEW_PACKAGE

Only what `server.py` and `client.py` beside this file need: the cases but for those of compression, the set of cases, and
the fuzzing protocol. lib2to3 turns the syntax; a string stays a string of octets, as text in Latin-1 (octets.py), so that the cases
are sent as they were written. Reports are JSON alone. Each change names the text that it expects, and fails without it:
another version of the suite has to be looked at by a person.
"""

import pathlib
import re
import sys
import warnings

warnings.simplefilter("ignore")  # lib2to3 is deprecated; it is there up to Python 3.12
from lib2to3 import refactor

FIXES = ["dict", "except", "has_key", "import", "ne", "numliterals", "print", "raise", "repr", "unicode", "xrange"]

COMPRESSION = "## WebSocket Compression"

# By module: what stands there once lib2to3 is done, and what is to stand there instead.
CHANGES = {
    "case/__init__.py": [
        ("from .case12_x_x import *", ""),
        ("from .case9_9_1 import *", ""),
    ],
    "case/case.py": [
        # Two equal lists of strings are pickled apart where one of them shares its strings.
        ("pickle.dumps(obj1) == pickle.dumps(obj2)", "obj1 == obj2"),
    ],
    "case/case10_1_1.py": [
        ("len(self.payload) / self.p.autoFragmentSize", "len(self.payload) // self.p.autoFragmentSize"),
    ],
    "case/case6_x_x.py": [
        ('.encode("utf-8")', '.encode("utf-8", "surrogatepass").decode("latin-1")'),
    ],
    "fuzzing.py": [
        ("import os, json, binascii, time, textwrap, pkg_resources", "import os, json, time\nfrom . import octets as binascii"),
        ("from twisted.internet import reactor, ssl", "from twisted.internet import reactor"),
        ("from twisted.web.server import Site\n", ""),
        ("from twisted.web.static import File\n", ""),
        ("import autobahntestsuite\n", "from . import autobahntestsuite\n"),
        (
            "from .report import CSS_COMMON, \\\n                   CSS_DETAIL_REPORT, \\\n"
            "                   CSS_MASTER_REPORT, \\\n                   JS_MASTER_REPORT\n",
            "",
        ),
        ("class FuzzingServerProtocol(FuzzingProtocol, WebSocketServerProtocol)",
         "class FuzzingServerProtocol(FuzzingProtocol, binascii.Edge, WebSocketServerProtocol)"),
        ("class FuzzingClientProtocol(FuzzingProtocol, WebSocketClientProtocol)",
         "class FuzzingClientProtocol(FuzzingProtocol, binascii.Edge, WebSocketClientProtocol)"),
        ("WebSocketServerFactory.__init__(self, debug = debug, debugCodePaths = debug)", "WebSocketServerFactory.__init__(self)"),
        ("WebSocketClientFactory.__init__(self, debug = debug, debugCodePaths = debug)", "WebSocketClientFactory.__init__(self)"),
        ("self.contextFactory = ssl.ClientContextFactory()", "self.contextFactory = None"),
        ("createReports(self, produceHtml = True", "createReports(self, produceHtml = False"),
        ("self.runCase.onMessage(msg, binary)", "self.runCase.onMessage(binascii.to_text(msg), binary)"),
        ("self.runCase.onPong(payload)", "self.runCase.onPong(binascii.to_text(payload))"),
        ("p = ''.join(payload)", "p = payload if isinstance(payload, bytes) else b''.join(payload)"),
        ("dd = data[:maxlen] + ellipses", "dd = binascii.to_bytes(data)[:maxlen] + ellipses.encode()"),
        ("         dd = data\n      return dd", "         dd = binascii.to_bytes(data)\n      return dd"),
        ("self.http_request_data if hasattr", "binascii.to_text(self.http_request_data) if hasattr"),
        ("self.http_response_data if hasattr", "binascii.to_text(self.http_response_data) if hasattr"),
        ('"localCloseReason": self.localCloseReason', '"localCloseReason": self.localCloseReason and binascii.to_text(self.localCloseReason)'),
        ('"remoteCloseReason": self.remoteCloseReason', '"remoteCloseReason": self.remoteCloseReason and binascii.to_text(self.remoteCloseReason)'),
    ],
}


def octet_escapes(text):
    """Letters outside ASCII in a literal were their octets of UTF-8 in Python 2."""
    return re.sub(
        r"[^\x00-\x7f]+", lambda match: "".join(f"\\x{octet:02x}" for octet in match.group().encode()), text
    )


def changed(name, text):
    if name == "case/__init__.py":
        text = text[: text.index(COMPRESSION)]
    for old, new in CHANGES.get(name, []):
        if old not in text:
            sys.exit(f"port.py: {name} does not hold {old!r}; is it another version of autobahntestsuite?")
        text = text.replace(old, new)
    if name.startswith("case/"):
        text = text.replace("import binascii", "from .. import octets as binascii")
        text = text.replace("from autobahn.websocket.utf8validator import", "from ..octets import")
        text = text.replace("(object, Case, )", "(Case, )")
    return text


def main(installed, made):
    tool = refactor.RefactoringTool([f"lib2to3.fixes.fix_{fix}" for fix in FIXES])
    cases = [path for path in sorted((installed / "case").glob("*.py")) if not path.name.startswith("case12_")]
    (made / "case").mkdir(parents=True)
    for path in [installed / "fuzzing.py", installed / "caseset.py", *cases]:
        if path.name == "case9_9_1.py":
            continue
        name = path.relative_to(installed).as_posix()
        # lib2to3 looks for a module beside the file that it reads, to tell ours from the library's.
        text = octet_escapes(path.read_text(encoding="utf-8"))
        text = str(tool.refactor_string(text + "\n", str(path)))
        (made / name).write_text(changed(name, text), encoding="utf-8")
    version = re.search(r"[0-9.]+", (installed / "_version.py").read_text(encoding="utf-8").split("__version__")[1])
    (made / "autobahntestsuite.py").write_text(f'version = "{version.group() if version else "unknown"}"\n')
    (made / "octets.py").write_text((pathlib.Path(__file__).parent / "octets.py").read_text())
    (made / "__init__.py").write_text("")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
