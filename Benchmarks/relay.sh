#!/usr/bin/env bash
# What the relay adds to a stream, and how many streams it carries, beside nginx as a plain proxy, in one run: the load
# client, the mock upstream and nginx's configuration are those of ../shared/baselines/relay beside the repository.
#
#   Benchmarks/relay.sh [ROUNDS]      default: 3; needs node, nginx, wrk and python3
#
# The ledger is on, and synchronous=FULL: each event is synced before the end of its stream. BENCH_SUBJECTS adds peers
# that run.sh knows, such as litellm.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"
# shellcheck source=Benchmarks/relay-lib.sh
source "$root/Benchmarks/relay-lib.sh"

rounds=${1:-3}
peers=$root/../shared/baselines/relay
[[ -e $peers/run.sh ]] || {
    echo "skipped: there is no ../shared/baselines/relay beside this repository"
    exit 0
}
ensure_command node nodejs
for tool in nginx wrk python3; do ensure_command "$tool" "$tool"; done
build_release

work=$(mktemp -d)
trap end_started EXIT

prepare_relay "$work"

# measure NAME SUBJECTS FLAG…: a relay of its own and a database of its own, in turn with the other subjects.
measure() {
    "$binary" rates add "$work/mock.yml" --database "$work/$1.db" >/dev/null
    start_tokenmeter "$1" serve --relay "$work/relay.yml" --database "$work/$1.db" "${@:3}"
    RELAY_URL=http://127.0.0.1:$port/v1/chat/completions RELAY_PID=$server \
        bash "$peers/run.sh" "$work/$1.jsonl" "$2" "$rounds" >&2
    kill "$server"
    wait "$server" 2>/dev/null || true
    : >"$work/servers"
    echo "== $1"
    report "$work/$1.jsonl"
    "$binary" usage --month "$(date +%Y-%m)" --database "$work/$1.db" --format json |
        python3 -c 'import json, sys; usage = json.load(sys.stdin); print("in the ledger:", usage["requests"], "events")'
}

report() {
    python3 - "$1" <<'PYTHON'
import collections, json, statistics, sys

first, rate, memory = (collections.defaultdict(list) for _ in range(3))
for line in open(sys.argv[1]):
    row = json.loads(line)
    if "ttft_ms" in row:
        first[row["label"], row["model"], row["conc"]].append((row["ttft_ms"]["p50"], row["ttft_ms"]["p99"]))
    elif row.get("label") == "wrk" and row["r"]:
        rate[row["subject"], row["model"]].append((row["r"]["req_per_s"], row["r"]["err_status"]))
    elif row.get("label") == "rss":
        memory[row["subject"]].append(f"{row['when']} {row['rss_mib']} MiB")
print("added time to first token, ms: median (p99), medians over the rounds")
for label, model, conc in first:
    if label == "direct":
        continue
    added = [statistics.median(x[i] for x in first[label, model, conc]) -
             statistics.median(x[i] for x in first["direct", model, conc]) for i in (0, 1)]
    print(f"  {label:8} {model:14} {conc:3} at once   {added[0]:7.3f} ({added[1]:.3f})")
if rate:
    print("streams a second at saturation, 16 connections; median over the rounds")
for subject, model in rate:
    here = statistics.median(x[0] for x in rate[subject, model])
    against = statistics.median(x[0] for x in rate["nginx", model])
    faults = sum(x[1] for x in rate[subject, model])
    print(f"  {subject:8} {model:14} {here:10.0f}   {here / against:5.2f}x nginx   {faults} refused")
print("memory")
for subject in memory:
    print(f"  {subject:8} " + ", ".join(memory[subject]))
PYTHON
}

measure relay "direct nginx relay ${BENCH_SUBJECTS:-}"
NOWRK=1 measure hard-budget "direct relay" --budgets "$work/hard.yml"
