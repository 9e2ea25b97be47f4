# What the scripts beside this file share: how they speak. Sourced, never run.
# shellcheck shell=bash

# report LEVEL MESSAGE: one line on stderr, which GitHub shows as an annotation. LEVEL is notice, warning or error.
report() {
    local text=$2
    if [[ ${GITHUB_ACTIONS:-} == true ]]; then
        text=${text//'%'/%25}
        text=${text//$'\r'/%0D}
        text=${text//$'\n'/%0A}
        printf '::%s title=tokenmeter::%s\n' "$1" "$text" >&2
    else
        printf '%s: %s\n' "$1" "$text" >&2
    fi
}

fail() {
    report error "$1"
    exit "${2:-1}"
}
