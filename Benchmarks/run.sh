#!/usr/bin/env bash
# Measures tokenmeter, beside peers where they can be had, and prints one table. README.md says what each row means.
#
#   Benchmarks/run.sh [--runs N] [--lines N] [--without-peers] [--with-litellm]
#
# TOKENMETER names the binary to measure (default: .build/release/tokenmeter, which scripts/tokenmeter builds).
# The exit code is 2 if a target is missed.
set -euo pipefail

here=$(CDPATH='' cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)
binary=${TOKENMETER:-$here/../.build/release/tokenmeter}
runs=11
line_count=1000000
has_peers=yes
has_litellm=

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

while (($# > 0)); do
    case $1 in
    --runs) runs=${2:?--runs wants a number} && shift ;;
    --lines) line_count=${2:?--lines wants a number} && shift ;;
    --without-peers) has_peers= ;;
    --with-litellm) has_litellm=yes ;;
    *) fail "no such option: $1; see the head of $0" ;;
    esac
    shift
done
[[ $runs =~ ^[0-9]+$ && $runs -ge 3 ]] || fail "--runs is at least 3"
[[ -x $binary ]] || fail "there is no $binary; build it with scripts/tokenmeter --version"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rows=$work/rows
skips=$work/skips
touch "$rows" "$skips"

note() { printf '%s\n' "$*" >&2; }
skip() { printf '%s\n' "$*" >>"$skips"; }
# row WHAT FIGURE UNIT [RATIO [TARGET VERDICT]]
row() { (IFS=$'\t' && printf '%s\n' "$*") >>"$rows"; }
section() { row "# $1"; }

# held FIGURE at-least|at-most TARGET: ok, or MISSED.
held() {
    awk -v figure="$1" -v how="$2" -v target="$3" 'BEGIN {
        print ((how == "at-least" ? figure + 0 >= target + 0 : figure + 0 <= target + 0) ? "ok" : "MISSED")
    }'
}

calculate() { awk "BEGIN { printf \"$1\", $2 }"; }
grouped() {
    awk -v n="$1" 'BEGIN {
        text = sprintf("%.0f", n)
        while (match(text, /[0-9][0-9][0-9][0-9](,|$)/)) {
            text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
        }
        print text
    }'
}

build() {
    note "building the benchmark (the first time takes some minutes)…"
    swift build -c release --package-path "$here" >"$work/build.log" 2>&1 ||
        { tail -n 40 "$work/build.log" >&2 && fail "the benchmark does not build"; }
    engine=$here/.build/release/EngineBenchmark
    timer=$here/.build/release/ProcessTimer
}

# prepare_peers: leaves $python, a Python with the peers that could be had, and their names in $peers.
prepare_peers() {
    local folder=$here/.build/peers library
    peers=()
    if [[ -z $has_peers ]]; then
        skip "peers: --without-peers"
        return
    fi
    if ! command -v python3 >/dev/null; then
        skip "peers: there is no python3"
        return
    fi
    if [[ ! -x $folder/bin/python ]]; then
        note "making a virtual environment for the peers…"
        python3 -m venv "$folder" >"$work/venv.log" 2>&1 || {
            skip "peers: python3 cannot make a virtual environment: $(tail -n 1 "$work/venv.log")"
            rm -rf "$folder"
            return
        }
    fi
    python=$folder/bin/python
    peers+=(decimal)
    for library in genai-prices==0.2.3 tokencost==0.1.26 ${has_litellm:+litellm==1.108.0}; do
        "$python" -m pip install --quiet --disable-pip-version-check "$library" >"$work/pip.log" 2>&1 || true
        if "$python" "$here/peers/peer.py" "${library%%==*}" once >"$work/once" 2>"$work/once.log" &&
            awk '{ exit !($1 - 0.0057 < 1e-12 && 0.0057 - $1 < 1e-12) }' "$work/once"; then
            peers+=("${library%%==*}")
        else
            skip "$library: $(tail -q -n 1 "$work/pip.log" "$work/once.log" | head -n 1)"
        fi
    done
    [[ -n $has_litellm ]] || skip "litellm: only with --with-litellm, which installs the pinned 1.108.0"
}

# --- In this process -------------------------------------------------------------------------------------------------

measure_engine() {
    local name wall least most processor allocations target verdict library base=
    section "in one process, on one core: calls in a second of processor time (wall: median, least, most)"
    while IFS=$'\t' read -r name wall least most processor allocations; do
        target='' verdict=''
        if [[ $name == "the rate book in memory" ]]; then
            row "$name" "$(calculate %.1f "$wall / 1e3")" MB "" "<= 15" "$(held "$wall" at-most 15000)"
            continue
        fi
        case $name in
        "a name that was asked before")
            row "$name" "$(grouped "$processor")" "$(calculate %.0f "1e9 / $processor") ns" "" ">= 2,000,000" \
                "$(held "$processor" at-least 2000000)"
            continue
            ;;
        "a name that is new")
            row "$name" "$(grouped "$processor")" "$(calculate %.0f "1e9 / $processor") ns" "" ">= 50,000" \
                "$(held "$processor" at-least 50000)"
            continue
            ;;
        "the imported tables"*)
            row "$name" "$(calculate %.1f "1e3 / $processor")" ms
            continue
            ;;
        resolve*openai | resolve*turn | resolve*varies)
            [[ -n $base ]] || base=$processor
            target=">= 3,000,000"
            verdict=$(held "$processor" at-least 3000000)
            ;;
        esac
        row "$name" "$(grouped "$processor")" \
            "$(calculate %.0f "1e9 / $processor") ns ($(grouped "$wall"), $(grouped "$least"), $(grouped "$most"))" \
            "" "$target" "$verdict"
        if [[ -n $target ]]; then
            row "  allocations a call" "$allocations" "" "" "0" "$(held "$allocations" at-most 0)"
        elif [[ $allocations != 0.000 ]]; then
            row "  allocations a call" "$allocations"
        fi
    done < <("$engine" "$runs")
    for library in "${peers[@]}"; do
        note "measuring $library…"
        IFS=$'\t' read -r wall least most processor < <("$python" "$here/peers/peer.py" "$library" calls "$runs")
        row "$library" "$(grouped "$processor")" \
            "$(calculate %.0f "1e9 / $processor") ns ($(grouped "$wall"), $(grouped "$least"), $(grouped "$most"))" \
            "$(calculate %.1f "$base / $processor")x"
    done
}

# --- Lines on stdin --------------------------------------------------------------------------------------------------

# generate COUNT MIXED: usages of the same request, whose counts and times vary from a seed.
generate() {
    awk -v count="$1" -v mixed="$2" 'BEGIN {
        srand(20261122)
        models = split("gpt-4.1 claude-sonnet-4.5 gemini-2.5-flash deepseek-v3.2", model, " ")
        split("openai anthropic google deepseek", channel, " ")
        for (i = 0; i < count; i++) {
            pick = mixed ? 1 + int(rand() * models) : 1
            printf "{\"model\":\"%s\",\"channel\":\"%s\",\"at\":\"2026-%02d-%02dT%02d:%02d:%02dZ\",", model[pick],
                channel[pick], 1 + int(rand() * 10), 1 + int(rand() * 28), int(rand() * 24), int(rand() * 60),
                int(rand() * 60)
            printf "\"usage\":{\"input\":%d,\"cached_input\":%d,\"output\":%d}}\n", 200 + int(rand() * 1200),
                int(rand() * 400), 1 + int(rand() * 1000)
        }
    }'
}

measure_lines() {
    local name wall least most processor memory code base peer_count=100000 rounds=$((runs < 5 ? runs : 5))
    ((peer_count <= line_count)) || peer_count=$line_count
    local price="$binary price --database $work/ledger.db --format ndjson"
    note "generating $line_count lines…"
    generate "$line_count" 0 >"$work/same.ndjson"
    generate "$line_count" 1 >"$work/mixed.ndjson"
    head -n "$peer_count" "$work/same.ndjson" >"$work/peer.ndjson"
    section "price over $(grouped "$line_count") lines on stdin, end to end: lines a second (wall: median, least, most)"
    while IFS=$'\t' read -r name wall least most processor memory code; do
        [[ $code == 0 ]] || fail "$name ended with $code"
        local rate
        rate=$(calculate %.0f "$line_count / $wall")
        [[ $name == gpt-4.1* && -z ${base:-} ]] && base=$rate
        row "$name" "$(grouped "$rate")" \
            "$(calculate %.2f "$wall") s ($(calculate %.2f "$least"), $(calculate %.2f "$most")), cpu $(calculate %.2f "$processor") s, $(calculate %.0f "$memory / 1e6") MB" \
            "" ">= 200,000" "$(held "$rate" at-least 200000)"
    done < <("$timer" "$rounds" "gpt-4.1, to /dev/null=$price <$work/same.ndjson" \
        "gpt-4.1, to a file=$price <$work/same.ndjson >$work/out.ndjson" \
        "four models, to /dev/null=$price <$work/mixed.ndjson")
    for library in "${peers[@]}"; do
        [[ $library != decimal ]] || continue
        note "measuring $library over lines…"
        IFS=$'\t' read -r name wall least most processor memory code < <(
            "$timer" 3 "$library=$python $here/peers/peer.py $library lines <$work/peer.ndjson"
        )
        [[ $code == 0 ]] || { skip "$library over lines: ended with $code" && continue; }
        local rate
        rate=$(calculate %.0f "$peer_count / $wall")
        row "$library, $(grouped "$peer_count") lines, cost alone" "$(grouped "$rate")" \
            "$(calculate %.2f "$wall") s" "$(calculate %.1f "$base / $rate")x"
    done
    rm -f "$work"/*.ndjson
}

# --- Whole processes -------------------------------------------------------------------------------------------------

measure_processes() {
    local name wall least most processor memory code base='' library
    local usage="--model gpt-4.1 --channel openai --input-tokens 800 --cached-tokens 200 --output-tokens 500"
    local subjects=(
        "price, one request=$binary price $usage --database $work/ledger.db"
        "savings, the table=$binary savings --output-tokens 10M --channel holysheep --baseline standard --database $work/ledger.db"
        "price, first start on an empty folder=$binary price $usage --database $work/first-{}/ledger.db"
        "price, rates in memory=$binary price $usage --pricing-data $here/../pricing-data"
        "/bin/true=$(command -v true)"
    )
    if cc -O2 -o "$work/sqlite_row" "$here/peers/sqlite_row.c" -lsqlite3 2>"$work/cc.log"; then
        subjects+=("SQLite in C, one row of the same database=$work/sqlite_row $work/ledger.db")
    else
        skip "SQLite in C: $(head -n 1 "$work/cc.log")"
    fi
    for library in "${peers[@]}"; do
        subjects+=("$library=$python $here/peers/peer.py $library once")
    done
    "$binary" price --model gpt-4.1 --output-tokens 1 --database "$work/ledger.db" >/dev/null
    note "timing whole processes…"
    section "one process from start to end: milliseconds of wall time (least, most), processor time, peak memory"
    while IFS=$'\t' read -r name wall least most processor memory code; do
        [[ $code == 0 ]] || { skip "$name: ended with $code" && continue; }
        local target='' verdict='' ratio=''
        wall=$(calculate %.1f "$wall * 1e3")
        [[ -n $base ]] || base=$wall
        case $name in
        price,\ one* | savings*) target="<= 15" verdict=$(held "$wall" at-most 15) ;;
        price,\ first*) target="<= 300" verdict=$(held "$wall" at-most 300) ;;
        price,*) ;;
        *) ratio=$(calculate %.2f "$wall / $base")x ;;
        esac
        row "$name" "$wall" \
            "ms ($(calculate %.1f "$least * 1e3"), $(calculate %.1f "$most * 1e3")), cpu $(calculate %.1f "$processor * 1e3") ms" \
            "$ratio" "$target" "$verdict"
        memory=$(calculate %.1f "$memory / 1e6")
        case $name in
        price,\ one* | savings*) row "  peak memory" "$memory" "MB" "" "<= 40" "$(held "$memory" at-most 40)" ;;
        *) row "  peak memory" "$memory" "MB" ;;
        esac
    done < <("$timer" "$runs" "${subjects[@]}")
}

# --- The table -------------------------------------------------------------------------------------------------------

print_table() {
    local processor
    processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
    printf '%s\n' "$("$binary" --version)"
    printf '%s, %s cores, %s\n' "${processor:-$(uname -m)}" "$(getconf _NPROCESSORS_ONLN)" "$(uname -sr)"
    printf 'load before %s, after %s\n' "$load_before" "$(load)"
    awk -F '\t' '
        { line[NR] = $0 }
        !/^#/ {
            for (i = 1; i <= 5; i++) if (length($i) > width[i]) width[i] = length($i)
        }
        END {
            for (n = 1; n <= NR; n++) {
                if (line[n] ~ /^# /) { printf "\n%s\n", substr(line[n], 3); continue }
                split("", cell); split(line[n], cell, "\t")
                text = sprintf("  %-" width[1] "s  %" width[2] "s  %-" width[3] "s  %" width[4] "s  %" width[5] "s  %s",
                    cell[1], cell[2], cell[3], cell[4], cell[5], cell[6])
                sub(/ +$/, "", text)
                print text
            }
        }' "$rows"
    printf '\nA ratio is how many times tokenmeter is faster than the peer of its row.\n'
    sed 's/^/skipped: /' "$skips"
}

load() { uptime | sed 's/.*load average[s]*: //'; }

load_before=$(load)
build
prepare_peers
measure_engine
measure_processes
measure_lines
print_table
! grep -q 'MISSED' "$rows" || exit 2
