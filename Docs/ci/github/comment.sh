#!/usr/bin/env bash
# Makes $COMMENT_FILE the one comment of the pull request, or of GitLab's merge request. Whatever goes wrong is a warning:
# a comment never changes how a check ends. Set COMMENT to false for none. Needs python3.
set -euo pipefail
trap 'exit 0' EXIT
# shellcheck source=Docs/ci/github/report.sh
source "${BASH_SOURCE[0]%/*}/report.sh"

[[ ${COMMENT:-true} != false ]] || exit 0
[[ -s $COMMENT_FILE ]] || exit 0
if ! command -v python3 >/dev/null; then
    report warning "the comment was not written: it takes python3, which is not here"
elif said=$(python3 -I "${BASH_SOURCE[0]%/*}/comment.py" 2>&1); then
    printf '%s\n' "$said"
else
    report warning "the comment was not written: ${said##*$'\n'}"
fi
