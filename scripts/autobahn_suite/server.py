"""Autobahn's fuzzing server on loopback, for one client, until it is ended.

    server.py PORTED_PACKAGE_FOLDER PORT REPORTS CASE…
"""

import sys

sys.path.insert(0, sys.argv[1])

from autobahn.twisted.websocket import listenWS
from fuzzing_port.fuzzing import FuzzingServerFactory
from twisted.internet import reactor


def main(port, reports, cases):
    factory = FuzzingServerFactory({
        "url": f"ws://127.0.0.1:{port}",
        "outdir": reports,
        "options": {"failByDrop": False},
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    })
    listenWS(factory, interface="127.0.0.1")
    print("ready", flush=True)
    reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[2]), sys.argv[3], sys.argv[4:])
