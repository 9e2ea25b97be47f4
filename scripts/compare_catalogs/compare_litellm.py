"""Prices the same requests with tokenmeter and with litellm, and explains the differences class by class.

litellm computes in doubles and fills what is not stated with what is near; tokenmeter does neither. So this is no proof
to the last digit: it counts what is explained, and fails on what is not.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from . import litellm_peer as peer
from .litellm_classes import EQUAL, UNEXPLAINED, judge
from .litellm_entries import draws, entries
from .ours import CannotAnswer, Tokenmeter, clean_environment

SOURCE = "litellm"
SHOWN = 20


def imported(binary, map_path, into):
    """An import of litellm's own bundled map, where none was given."""
    command = [binary, "rates", "import", str(map_path), "--from", SOURCE, "--into", str(into), "--accept", "*"]
    environment = clean_environment(into)
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotAnswer(f"rates import --from {SOURCE}: {(done.stderr or done.stdout).splitlines()[:1]}")
    return into


def run(binary, data, map_path, seed):
    """Compares, prints classes and totals; whether nothing is unexplained."""
    map_path = map_path or peer.BUNDLED_MAP
    if Path(map_path) != peer.BUNDLED_MAP:
        peer.use_map(map_path)
    with tempfile.TemporaryDirectory() as made:
        folder = data or imported(binary, map_path, made)
        with Tokenmeter(binary, folder, SOURCE) as tokenmeter:
            return compare(tokenmeter, entries(map_path), seed)


def compare(tokenmeter, every, seed):
    # litellm knows no dates, and its off-peak hours are those of the moment.
    at_text = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    drawn = [draw for entry in every for draw in draws(seed, entry, at_text)]
    counts, examples, unexplained = Counter(), {}, []
    for draw, answer in zip(drawn, tokenmeter.answers([draw.question() for draw in drawn]), strict=True):
        theirs = peer.cost(draw)
        name = judge(draw, theirs, answer, peer)
        counts[name] += 1
        said = (draw, theirs, answer)
        examples.setdefault(name, said)
        if name == UNEXPLAINED:
            unexplained.append(said)
    return report(counts, examples, unexplained, len(every), seed)


def report(counts, examples, unexplained, entries, seed):
    for said in unexplained[:SHOWN]:
        print(f"litellm: unexplained ({said[0].kind}): {described(*said)}")
    if len(unexplained) > SHOWN:
        print(f"… and {len(unexplained) - SHOWN} more")
    for name, count in counts.most_common():
        if name not in (EQUAL, UNEXPLAINED):
            print(f"litellm: {name}: {count}, such as {described(*examples[name])}")
    totals = "; ".join(f"{name} {count}" for name, count in counts.most_common())
    print(f"compare-catalogs: litellm {peer.VERSION}, seed {seed}: {entries} entries, {counts.total()} draws: {totals}")
    if not counts[EQUAL]:
        print("litellm: nothing is priced alike; the folder is no import of this map")
    return counts[EQUAL] > 0 and not unexplained


def described(draw, theirs, answer):
    ours = answer.cost if answer.cost is not None else answer.code or f"unpriced: {', '.join(sorted(answer.unpriced))}"
    tier = f" {draw.tier}" if draw.tier else ""
    asked = f"{draw.entry.provider} {draw.entry.key}{tier} {draw.usage}"
    return f"{asked}: litellm {theirs}, tokenmeter {ours} ({answer.line or answer.code})"
