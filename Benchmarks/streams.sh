#!/usr/bin/env bash
# Many streams at once through the streaming client, pinned to one core, while the stand-in for a vendor has the others.
#
#   Benchmarks/streams.sh [COUNT [RATE [TOKENS]]]      default: 2000 streams, 20 tokens a second each, 200 tokens
#
# The exit code is 2 where they fall behind, the whole of them as well as one, by more than a tenth, or hold more than 80 KB.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"

count=${1:-2000}
rate=${2:-20}
tokens=${3:-200}
port=${STREAMS_PORT:-18791}
# Two ends of each connection are open in two processes.
ulimit -n 20000
[[ -n ${STREAMS_BUILT:-} ]] || build_with_tests
cores=$(nproc)
pin_client=(env)
pin_server=(env)
if have taskset && ((cores > 1)); then
    pin_client=(taskset -c 0)
    # It works harder than what reads: a write a token, and a timer each. It may use the client's core too.
    pin_server=(env)
fi
"${pin_server[@]}" "$binary" simulate --port "$port" --tokens "$tokens" --ttft 0ms --rate "$rate" --threads 2 --for 300s 2>/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
sleep 1
out=$(mktemp)
trap 'rm -f "$out"; kill "$server" 2>/dev/null || true' EXIT
STREAM_LOAD_URL=http://127.0.0.1:$port/v1 STREAM_LOAD_COUNT=$count "${pin_client[@]}" \
    swift test --package-path "$root" "${build_flags[@]}" --skip-build --disable-xctest --filter StreamLoadTests \
    2>&1 </dev/null | grep -E '^streams|^CPU|✘' | tee "$out"
# The time that the stand-in takes from the first request to the last token; connections included.
awk -v wanted="$(awk -v t="$tokens" -v r="$rate" 'BEGIN { print t / r }')" '
    /✘/ { failed = 1 }
    /^streams/ { for (i = 1; i <= NF; i++) { if ($i == "wall") wall = $(i + 1); if ($i == "p99") late = $(i + 1) } }
    /^CPU/ { for (i = 1; i <= NF; i++) if ($i == "KiB" && $(i + 1) == "a") each = $(i - 1) }
    END {
        isBehind = wall == "" || wall > 1.1 * wanted + 1 || late > 1.1 * wanted
        isLarge = each == "" || each * 1024 > 80000
        print isBehind ? "MISSED: they fall behind" : "ok: nothing falls behind"
        print isLarge ? "MISSED: a stream holds more than 80 KB" : "ok: a stream holds 80 KB at most"
        exit failed || isBehind || isLarge ? 2 : 0
    }' "$out"
