"""Claude Code logs: tokenmeter beside the aggregators of another folder, in turn, by processor time.

usage: claude_code.py TOKENMETER LOGS PEERS [ROUNDS]

LOGS was made by gen_jsonl.py of PEERS (the folder of agg.py and agg.mjs), and holds expected.json. First what
tokenmeter makes of the logs is held against it: replies and tokens of each day and model. A peer checks itself.
"""
import collections
import csv
import json
import os
import subprocess
import sys
import tempfile

MEASURED = ["input", "output", "cache_write_5m", "cache_write_1h", "cached_input"]


def totals(binary, database):
    """Replies, input, output, written and read tokens by day and model, as gen_jsonl.py has them."""
    export = [binary, "ledger", "export", "--format", "csv", "--database", database]
    table = subprocess.run(export, check=True, stdout=subprocess.PIPE, text=True).stdout
    groups = collections.defaultdict(lambda: [0] * 5)
    for row in csv.DictReader(table.splitlines()):
        taken, made, short, long, read = (int(row[name] or 0) for name in MEASURED)
        group = groups[f"{row['start'][:10]} {row['model']}"]
        for place, count in enumerate([1, taken, made, short + long, read]):
            group[place] += count
    return dict(groups)


def run(command):
    """Processor seconds and peak memory in MB of one process and what it started."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    binary, logs, peers = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 9
    projects = os.path.join(logs, "projects")
    aggregator = [sys.executable, os.path.join(peers, "agg.py"), logs]
    with tempfile.TemporaryDirectory() as folder:
        kept = [binary, "ledger", "import", projects, "--from", "claude-code"]
        kept += ["--database", os.path.join(folder, "kept.db")]
        # First of all: a child's peak is that of its parent at least, and this one grows below.
        memory = max(run(kept)[1], run(kept + ["--dry-run"])[1])
        with open(os.path.join(logs, "expected.json"), encoding="utf-8") as file:
            expected = json.load(file)
        if totals(binary, kept[-1]) != expected["by_day_model"]:
            sys.exit("the totals differ")
        print(f"{expected['replies']:,} replies, {expected['groups']} days and models: all totals as expected")
        commands = {
            "tokenmeter": kept + ["--dry-run"],
            "python, orjson": aggregator + ["orjson"],
            "python, orjson, marked lines": aggregator + ["orjson_prefilter"],
            "node": ["node", os.path.join(peers, "agg.mjs"), logs, "all"],
        }
        seconds = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                seconds[name].append(run(command)[0])
    for name, times in seconds.items():
        least, median = min(times), sorted(times)[len(times) // 2]
        ratio = least / min(seconds["tokenmeter"])
        print(f"{name:30} {least:.3f} s (median {median:.3f})  {expected['bytes'] / 1e6 / least:4.0f} MB/s  {ratio:.1f}x")
    print(f"tokenmeter's peak memory, kept or not: {memory:.0f} MB")


main()
