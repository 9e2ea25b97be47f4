# What the measurements of a relay share. Sourced behind scripts/lib.sh, never run.
# shellcheck shell=bash

# prepare_relay FOLDER: Python for the load client in $BENCH, and the files of a relay to the mock upstream in FOLDER: mock.yml with its
# rates, relay.yml, and hard.yml with a hard budget.
prepare_relay() {
    export BENCH=${BENCH:-$root/.build/relay-bench}
    if ! [[ -x $BENCH/venv/bin/python ]]; then
        python3 -m venv "$BENCH/venv"
        "$BENCH/venv/bin/python" -m pip install --quiet uvloop || true
    fi
    # The mock upstream's models at a price of their own: a hard budget holds only what can be priced.
    cat >"$1/mock.yml" <<'YAML'
channel: mock
currency: USD
source: "made up for this benchmark"
checked: 2026-11-29
names:
  - {model: gpt-4.1, patterns: ["mock-*"]}
lines:
  - {model: gpt-4.1, valid_from: 2026-01-01, claim: seller, rates: {input: 2.00, output: 8.00}}
YAML
    printf 'upstreams:\n  - {name: mock, channel: mock, base_url: "http://127.0.0.1:9100/v1", key: client, maximum_output: 1k}\n' >"$1/relay.yml"
    printf 'budgets:\n  - {name: team, limit: 1000000USD, period: month, hard: true}\n' >"$1/hard.yml"
}
