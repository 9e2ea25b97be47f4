#!/usr/bin/env bash
# How fast a recorded stream is read, beside the peers of ../shared/baselines/sse on the same bytes, in turn and on one
# core; and what `inspect` of a gigabyte takes. README.md says what each figure means.
#
#   Benchmarks/reading.sh [ROUNDS]      default: 3
#
# The exit code is 2 if a target is missed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rounds=${1:-3}
peers=$root/../shared/baselines/sse
[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail "Benchmarks/reading.sh [ROUNDS]"
[[ -d $peers ]] || fail "there are no peers at ../shared/baselines/sse beside the repository"
build_release
ensure_swift
have python3 || fail "python3 is needed, which makes the stream"
say "building the benchmark…"
swift build -c release --package-path "$root/Benchmarks" --product StreamBenchmark >/dev/null
benchmark=$root/Benchmarks/.build/release/StreamBenchmark
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$peers/gen_stream.py" "$work/100.sse" 100 1 >/dev/null
python3 "$peers/gen_stream.py" "$work/1000.sse" 1000 1 >/dev/null
python=
if python3 -m venv "$work/venv" && "$work/venv/bin/python" -m pip install --quiet \
    orjson httpx httpx-sse sseclient-py openai pydantic 2>"$work/pip.log"; then
    python=$work/venv/bin/python
fi
pin=()
if have taskset; then pin=(taskset -c 0); fi

# number_of PATTERN FILE: the figure of the last line that has the pattern.
number_of() { awk -v pattern="$1" '$0 ~ pattern { for (i = 1; i <= NF; i++) if ($i ~ /^MB\/s/) figure = $(i - 1) } END { print figure }' "$2"; }
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
# peer NAME COMMAND…: MB (10⁶ bytes) in a second of processor time, the median of its runs.
peer() {
    local name=$1 code
    shift
    "${pin[@]}" "$@" >"$work/peer.out" 2>&1 && code=0 || code=$?
    if ((code != 0)); then
        say "skipped: $name cannot be run here"
        return
    fi
    sed -nE 's/.*"MB_per_cpu_s_median": *([0-9.]+).*/\1/p' "$work/peer.out" >>"$work/$name"
}
for ((round = 1; round <= rounds; round++)); do
    "${pin[@]}" "$benchmark" "$work/100.sse" >"$work/ours.out"
    number_of '^framing,' "$work/ours.out" >>"$work/framing"
    number_of '^framing and usage' "$work/ours.out" >>"$work/usage"
    if [[ -n $python ]]; then peer python "$python" "$peers/sse_bench.py" split_orjson "$work/100.sse"; fi
    if have node; then peer node node "$peers/sse_node.mjs" lines_json "$work/100.sse" 5 65536; fi
done

missed=0
# held WHAT FIGURE at-least|at-most TARGET UNIT
held() {
    local verdict
    verdict=$(awk -v a="$2" -v how="$3" -v b="$4" 'BEGIN { print (how == "at-least" ? a >= b : a <= b) ? "ok" : "MISSED" }')
    [[ $verdict == ok ]] || missed=2
    printf '%-44s %9s %-6s %s %s  %s\n' "$1" "$2" "$5" "$3" "$4" "$verdict"
}
held "framing" "$(median <"$work/framing")" at-least 1000 MB/s
usage=$(median <"$work/usage")
held "framing and usage" "$usage" at-least 500 MB/s
for name in python node; do
    [[ -s $work/$name ]] || continue
    figure=$(median <"$work/$name")
    held "  of $name's $figure MB/s" "$(awk -v a="$usage" -v b="$figure" 'BEGIN { printf "%.1f", a / b }')" at-least 2 times
done

# Resident while it reads: a start looks over the program's own file once, which is given back.
"$binary" inspect "$work/1000.sse" >"$work/inspect.out" &
child=$!
resident=0
SECONDS=0
while kill -0 "$child" 2>/dev/null; do
    now=$(awk '/^VmRSS/ { print $2 }' "/proc/$child/status" 2>/dev/null || echo 0)
    reads=$(awk '/^rchar/ { print $2 }' "/proc/$child/io" 2>/dev/null || echo 0)
    if ((${reads:-0} > 10000000 && ${now:-0} > resident)); then resident=$now; fi
done
wait "$child"
held "inspect of 1 GB, resident while it reads" "$(awk -v k="$resident" 'BEGIN { printf "%.1f", k * 1024 / 1e6 }')" at-most 20 MB
exit "$missed"
