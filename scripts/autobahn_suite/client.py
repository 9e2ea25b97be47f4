"""Autobahn's fuzzing client against one server on loopback; ends when all cases are run.

    client.py PORTED_PACKAGE_FOLDER URL REPORTS CASE…
"""

import sys

sys.path.insert(0, sys.argv[1])

from fuzzing_port.fuzzing import FuzzingClientFactory
from twisted.internet import reactor


def main(url, reports, cases):
    # Made once the reactor runs: it begins with the first case at once.
    reactor.callWhenRunning(FuzzingClientFactory, {
        "outdir": reports,
        "options": {"failByDrop": False},
        "servers": [{"agent": "tokenmeter", "url": url}],
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    })
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3], sys.argv[4:])
