"""Judges a report of Autobahn's: prints one line a kind, names what did not pass, and exits with 1 if anything did not.

    verdict.py REPORTS/index.json LEAST_CASES
"""

import collections
import json
import sys

PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}


def number(case):
    return [int(part) for part in case.split(".")]


def main(path, least):
    with open(path, encoding="utf-8") as file:
        cases = {case: result for agent in json.load(file).values() for case, result in agent.items()}
    named = collections.defaultdict(list)
    failed = []
    for case in sorted(cases, key=number):
        behavior, close = cases[case]["behavior"], cases[case]["behaviorClose"]
        named[behavior].append(case)
        if behavior not in PASSED or close not in PASSED:
            failed.append(f"{case} ({behavior}, close {close})")
    print(f"{len(cases)} cases: " + ", ".join(f"{len(ids)} {kind}" for kind, ids in sorted(named.items())))
    for kind in ("NON-STRICT", "INFORMATIONAL"):
        if named[kind]:
            print(f"{kind}: {' '.join(named[kind])}")
    if failed:
        print("failed: " + "; ".join(failed))
    if len(cases) < least:
        print(f"failed: {len(cases)} of at least {least} cases were run")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
