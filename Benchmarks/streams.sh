#!/usr/bin/env bash
# Many streams at once through the streaming client, pinned to one core, while the stand-in for a vendor has the others.
#
#   Benchmarks/streams.sh [COUNT [RATE [TOKENS]]]      default: 2000 streams, 20 tokens a second each, 200 tokens
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
STREAM_LOAD_URL=http://127.0.0.1:$port/v1 STREAM_LOAD_COUNT=$count "${pin_client[@]}" \
    swift test --package-path "$root" "${build_flags[@]}" --skip-build --disable-xctest --filter StreamLoadTests \
    2>&1 </dev/null | grep -E '^streams|^CPU|✘'
