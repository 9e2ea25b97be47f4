#!/usr/bin/env bash
# What the JSON service answers in a second, and how long a month's usage over a large ledger takes.
#
#   Benchmarks/service.sh [EVENTS]      default: 10,000,000; needs wrk; KEEP=FILE keeps the database and uses it again
#
# The events are of 92 days, 12 models of three channels and 20 projects, in the order of their time. The ledger is
# synchronous=FULL; questions only read it. Client and service share the machine.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"

events=${1:-10000000}
[[ $events =~ ^[1-9][0-9]*$ ]] || fail "EVENTS is a whole number"
ensure_command wrk wrk
ensure_command awk gawk
ensure_command curl curl
build_release

work=$(mktemp -d)
trap end_started EXIT
database=${KEEP:-$work/ledger.db}

if ! [[ -e $database ]]; then
    say "importing $events events…"
    awk -v count="$events" 'BEGIN {
        models = split("openai/gpt-4.1 openai/gpt-4.1-mini openai/gpt-4.1-nano openai/gpt-4o openai/gpt-4o-mini openai/o4-mini " \
            "anthropic/claude-sonnet-4.5 anthropic/claude-haiku-4.5 anthropic/claude-opus-4.5 " \
            "google/gemini-2.5-pro google/gemini-2.5-flash google/gemini-2.5-flash-lite", name)
        for (n = 0; n < count; n++) {
            second = int(n * 7948800 / count)
            day = int(second / 86400)
            month = day < 31 ? 8 : day < 61 ? 9 : 10
            split(name[1 + n % models], part, "/")
            printf "{\"id\":\"e%d\",\"start\":\"2026-%02d-%02dT%02d:%02d:%02dZ\",\"channel\":\"%s\",\"model\":\"%s\",\"project\":\"p%d\",\"usage\":{\"input\":%d,\"output\":%d}}\n",
                n, month, day - (month == 8 ? 0 : month == 9 ? 31 : 61) + 1, int(second / 3600) % 24, int(second / 60) % 60,
                second % 60, part[1], part[2], n * 7 % 20, 200 + n * 31 % 8000, 50 + n * 17 % 900
        }
    }' | "$binary" ledger import - --from tokenmeter --database "$database" >&2
fi

start_tokenmeter serve serve --database "$database"
address=http://127.0.0.1:$port

# ask LABEL CONNECTIONS PATH [LUA]
ask() {
    local code
    code=$(curl -s -o "$work/body" -w '%{http_code}' "$address$3")
    [[ $code == 200 ]] || fail "$3 is answered $code: $(head -c 300 "$work/body")"
    wrk -t1 -c"$2" -d"${SECONDS_EACH:-8}s" --latency ${4:+-s "$4"} "$address$3" >"$work/wrk"
    if grep -q 'Non-2xx\|Socket errors' "$work/wrk"; then cat "$work/wrk" >&2 && fail "$1: not every request was answered"; fi
    awk -v label="$1" -v connections="$2" '
        /50%/ { median = $2 } /99%/ { high = $2 } /Requests\/sec/ { rate = $2 }
        END { printf "  %-44s %3d at once   %9.0f a second   median %s, p99 %s\n", label, connections, rate, median, high }' "$work/wrk"
}

cat >"$work/post.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"gpt-4.1","channel":"openai","usage":{"input":1100,"cached_input":400,"output":250}}'
LUA
month='month=2026-09&timezone=UTC'
echo "price"
ask "GET" 16 "/api/v1/price?model=gpt-4.1&channel=openai&prompt_tokens=1500&cached_tokens=400&output_tokens=250"
ask "POST, the usage of a request" 16 "/api/v1/price?model=gpt-4.1&output_tokens=1" "$work/post.lua"
ask "GET, currency=CNY" 16 "/api/v1/price?model=gpt-4.1&channel=openai&output_tokens=250&currency=CNY"
echo "usage of a month, over $events events"
ask "total" 1 "/api/v1/usage?$month"
ask "by model" 1 "/api/v1/usage?$month&group_by=model"
ask "by model and day" 1 "/api/v1/usage?$month&group_by=model,day"
ask "by project" 1 "/api/v1/usage?$month&group_by=project"
ask "total, in Shanghai's days" 1 "/api/v1/usage?month=2026-09&timezone=Asia/Shanghai&group_by=day"
ask "total, four clients" 4 "/api/v1/usage?$month"
