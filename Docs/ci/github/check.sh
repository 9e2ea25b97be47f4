#!/usr/bin/env bash
# Runs tokenmeter check, and ends with its exit code.
#
# In: TOKENMETER (the program), COMMENT_FILE (where the comment goes), and one variable for each option, which is left out
# where the variable is empty. Out: $COMMENT_FILE; "state=…" in $GITHUB_OUTPUT where there is one.
set -euo pipefail
# shellcheck source=Docs/ci/github/report.sh
source "${BASH_SOURCE[0]%/*}/report.sh"

# finish CODE: what the exit code means, in a word.
finish() {
    local state=failed
    case $1 in
    0) state=within ;;
    2) state=over ;;
    3) state=unknown ;;
    64) state=misused ;;
    esac
    [[ -z ${GITHUB_OUTPUT:-} ]] || printf 'state=%s\n' "$state" >>"$GITHUB_OUTPUT"
    exit "$1"
}

misuse() {
    report error "$1"
    finish 64
}

arguments=(check --format=markdown)
# add OPTION VALUE: in one word, so that no value is ever taken for an option.
add() { [[ -z $2 ]] || arguments+=("--$1=$2"); }

name=${CHECK_COMMENT_NAME:-default}
[[ $name =~ ^[A-Za-z0-9._-]+$ ]] || misuse "comment-name holds letters, digits, - _ and ., and not \"$name\""
[[ -n ${CHECK_BUDGETS:-} ]] || misuse "budgets has to name a file"
add budgets "$CHECK_BUDGETS"
add base-budgets "${CHECK_BASE_BUDGETS:-}"
add plan "${CHECK_PLAN:-}"
add base-plan "${CHECK_BASE_PLAN:-}"
add allowed-increase "${CHECK_ALLOWED_INCREASE:-}"
add fail-on "${CHECK_FAIL_ON:-}"
add max-age "${CHECK_MAX_AGE:-}"
add database "${CHECK_DATABASE:-}"
add ledger-url "${CHECK_LEDGER_URL:-}"
add at "${CHECK_AT:-}"
add timezone "${CHECK_TIMEZONE:-}"
add days-per-month "${CHECK_DAYS_PER_MONTH:-}"
for rate in ${CHECK_FX:-}; do add fx "$rate"; done
add comment-name "$name"
case ${CHECK_ALLOW_EMPTY:-false} in
true) arguments+=(--allow-empty) ;;
false) ;;
*) misuse "allow-empty is true or false, and not \"$CHECK_ALLOW_EMPTY\"" ;;
esac
[[ ${GITHUB_ACTIONS:-} != true ]] || arguments+=(--annotations=github)

code=0
"$TOKENMETER" "${arguments[@]}" >"$COMMENT_FILE" || code=$?
if [[ ! -s $COMMENT_FILE ]]; then
    # Else the comment of an earlier run would go on to say how that one ended.
    printf '<!-- tokenmeter-check: %s -->\n**tokenmeter check** gave no answer (exit code %s): its log says why.\n' \
        "$name" "$code" >"$COMMENT_FILE"
fi
# GitHub has the comment in the job's summary, and takes lines of a log for commands.
[[ ${GITHUB_ACTIONS:-} == true ]] || cat -- "$COMMENT_FILE"
finish "$code"
