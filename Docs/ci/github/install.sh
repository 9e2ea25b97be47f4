#!/usr/bin/env bash
# Fetches a release of tokenmeter and unpacks it. Nothing of it is unpacked or run before its SHA-256 is the one asked for.
#
# In: INSTALL_VERSION, INSTALL_SHA256 (of the tarball for this machine), INSTALL_BASE_URL (the folder above v$VERSION; of
# the action's own repository where empty), RUNNER_TEMP. Out: "program=PATH" in $GITHUB_OUTPUT. Needs curl, tar and
# sha256sum or shasum.
set -euo pipefail
# shellcheck source=Docs/ci/github/report.sh
source "${BASH_SOURCE[0]%/*}/report.sh"

version=${INSTALL_VERSION#v}
[[ $version =~ ^[0-9][0-9A-Za-z.+-]*$ ]] ||
    fail "version is a release's number such as 0.1.0, and not \"$INSTALL_VERSION\""
wanted=$(tr '[:upper:]' '[:lower:]' <<<"$INSTALL_SHA256")
[[ $wanted =~ ^[0-9a-f]{64}$ ]] ||
    fail "sha256 is the 64 hexadecimal digits beside the release's tarball, and not \"$INSTALL_SHA256\""
base=${INSTALL_BASE_URL:-}
if [[ -z $base ]]; then
    [[ -n ${ACTION_REPOSITORY:-} ]] || fail "this runner does not say which repository the action is of; set base-url"
    base=${GITHUB_SERVER_URL:-https://github.com}/$ACTION_REPOSITORY/releases/download
fi

os=$(uname -s | tr '[:upper:]' '[:lower:]')
name=tokenmeter-$version-${os/darwin/macos}-$(uname -m)
url=${base%/}/v$version/$name.tar.gz
folder=$RUNNER_TEMP/tokenmeter-$version
rm -rf -- "$folder"
mkdir -p -- "$folder"

# Plain http is no weaker: the checksum decides.
said=$(curl --fail --silent --show-error --location --globoff --proto '=http,https' --proto-redir '=http,https' \
    --retry 2 --connect-timeout 20 --max-time 300 --output "$folder/archive" --url "$url" 2>&1) ||
    fail "cannot fetch $url: $said"

if command -v sha256sum >/dev/null; then
    found=$(sha256sum <"$folder/archive")
else
    found=$(shasum -a 256 <"$folder/archive")
fi
found=${found%% *}
if [[ $found != "$wanted" ]]; then
    rm -rf -- "$folder"
    fail "$url has the SHA-256 $found, and sha256 asks for $wanted; nothing of it was run"
fi

tar -xzf "$folder/archive" -C "$folder" || fail "cannot unpack $url"
program=$folder/$name/tokenmeter
[[ -x $program ]] || fail "$url holds no program $name/tokenmeter"
printf 'program=%s\n' "$program" >>"$GITHUB_OUTPUT"
