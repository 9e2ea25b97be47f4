#!/usr/bin/env bash
# What a relay adds to the time to the first token, without and under a hard budget: the mock upstream of
# ../shared/baselines/relay, a relay and one under a hard budget take turns, at 1 and at 16 connections.
#
#   Benchmarks/first-token.sh [ROUNDS]      default: 6, a minute for each two; needs node and python3
#
# Medians swing by 0.2 ms from one round to the next: this takes the median over the rounds, and fails where it misses.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"
# shellcheck source=Benchmarks/relay-lib.sh
source "$root/Benchmarks/relay-lib.sh"

rounds=${1:-6}
peers=$root/../shared/baselines/relay
[[ -e $peers/client.py ]] || {
    echo "skipped: there is no ../shared/baselines/relay beside this repository"
    exit 0
}
ensure_command node nodejs
ensure_command python3 python3
build_release

work=$(mktemp -d)
trap end_started EXIT
prepare_relay "$work"

node "$peers/mock.mjs" 9100 >"$work/mock.log" &
echo "$!" >>"$work/servers"
subjects=(direct=9100)
for name in relay hard; do
    flags=()
    [[ $name == relay ]] || flags=(--budgets "$work/hard.yml")
    "$binary" rates add "$work/mock.yml" --database "$work/$name.db" >/dev/null
    start_tokenmeter "$name" serve --relay "$work/relay.yml" --database "$work/$name.db" "${flags[@]}"
    subjects+=("$name=$port")
done

for connections in 1 16; do
    for ((round = 0; round < rounds; round++)); do
        for subject in "${subjects[@]}"; do
            "$BENCH/venv/bin/python" "$peers/client.py" \
                "http://127.0.0.1:${subject#*=}/v1/chat/completions" mock-n20-d5 "$connections" \
                "$((connections == 1 ? 40 : 320))" --label "${subject%%=*}" --warm 10
        done
    done
done | python3 -c '
import collections, json, statistics, sys

middle, late = (collections.defaultdict(list) for _ in range(2))
for line in sys.stdin:
    row = json.loads(line)
    key = row["conc"], row["label"]
    middle[key].append(row["ttft_ms"]["p50"])
    late[key].append(row["ttft_ms"]["p99"])

missed = 0
def added(of, key):
    return statistics.median(a - b for a, b in zip(of[key], of[key[0], "direct"]))

print("added time to first token, ms: median over the rounds of their medians (p99)")
for key in middle:
    if key[1] == "direct":
        continue
    here, tail, limit = added(middle, key), added(late, key), 0.7 if key[1] == "hard" else 0.5
    is_held = here <= limit and tail <= 2.5
    missed |= 0 if is_held else 2
    verdict = "ok" if is_held else "MISSED"
    print(f"  {key[1]:6} {key[0]:3} at once  {here:.3f} ({tail:.3f})  at most {limit} (2.5)  {verdict}")
sys.exit(missed)'
