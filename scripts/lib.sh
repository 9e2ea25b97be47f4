# What the scripts beside this file share: where things are, what has to be installed, and the one way to build.
# Sourced, never run. Everything here speaks on stderr: stdout belongs to whoever sources it.
# shellcheck shell=bash

root=$(CDPATH='' cd -- "${BASH_SOURCE[0]%/*}/.." && pwd -P)
binary=$root/.build/release/tokenmeter
build_log=$root/.build/build.log

# The flags of every build and test run. One list: another flag would compile all of it a second time.
# That the binary carries the Swift runtime on Linux is said in Package.swift, for that target alone: the tests
# cannot be linked that way, and so --static-swift-stdlib here would mean two builds.
build_flags=(-c release)

# What the binary is made of. A folder is newer than the stamp when something was added to it or deleted from it.
build_inputs=("$root"/Package.swift "$root"/Sources "$root"/pricing-data "$root"/scripts/lib.sh)
build_stamp=$root/.build/release/tokenmeter.stamp

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# is_fresh: whether the binary stands for the sources and tables as they are. One process, as every call pays for it.
is_fresh() {
    local newer
    [[ -x $binary && -e $build_stamp ]] || return 1
    newer=$(find "${build_inputs[@]}" -newer "$build_stamp" -print -quit 2>/dev/null) || return 1
    [[ -z $newer ]]
}

# build_release: the binary, unless it is fresh.
build_release() {
    is_fresh && return
    take_build_lock
    # While this call waited, another may have built it.
    if ! is_fresh; then
        if [[ -e $build_stamp ]]; then
            run_build "building tokenmeter (it changed)…" --product tokenmeter
        else
            run_build "building tokenmeter (once, about 5 minutes)…" --product tokenmeter
        fi
    fi
    drop_build_lock
}

# build_with_tests: the binary and every test; what build_release made is not made again.
build_with_tests() {
    take_build_lock
    # A target that imports what its manifest does not name is an error here, and only here: looking takes seconds.
    run_build "building tokenmeter and its tests…" --build-tests \
        --explicit-target-dependency-import-check error
    drop_build_lock
}

# run_build MESSAGE OPTION…: quiet, but for the message, and for the end of the log if it fails.
run_build() {
    local started=$root/.build/tokenmeter.started attempt
    ensure_swift
    ensure_sqlite
    say "$1"
    # The first build fetches what is depended on, and a network may fail once; the build says what is missing then.
    if [[ ! -e $root/.build/workspace-state.json ]]; then
        for attempt in 1 2 3; do
            ! swift package --package-path "$root" resolve </dev/null >"$build_log" 2>&1 9>&- || break
            ((attempt == 3)) || sleep 10
        done
    fi
    # The stamp is as old as the build's start: what is edited while it runs is newer.
    touch "$started"
    if ! swift build --package-path "$root" "${build_flags[@]}" "${@:2}" \
        </dev/null >"$build_log" 2>&1 9>&-; then
        tail -n 60 "$build_log" >&2
        fail "the build failed; the whole log is ${build_log#"$root"/}"
    fi
    [[ -x $binary ]] || fail "the build left no .build/release/tokenmeter; see ${build_log#"$root"/}"
    mv -f "$started" "$build_stamp"
}

# take_build_lock: waits until no other script builds here. Without flock (macOS), a folder with the owner's id in it;
# should two callers find it left behind in one instant, SwiftPM's own lock still keeps their builds apart.
take_build_lock() {
    local owner is_waiting=
    mkdir -p "$root/.build"
    if have flock; then
        exec 9>"$root/.build/tokenmeter.lock"
        flock -n 9 && return
        say "waiting for another build of tokenmeter…"
        flock 9
        return
    fi
    until mkdir "$root/.build/tokenmeter.lock.d" 2>/dev/null; do
        owner=$(cat "$root/.build/tokenmeter.lock.d/pid" 2>/dev/null) || owner=
        if [[ -n $owner ]] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$root/.build/tokenmeter.lock.d"
            continue
        fi
        [[ -n $is_waiting ]] || say "waiting for another build of tokenmeter (process ${owner:-just started})…"
        is_waiting=yes
        sleep 0.2
    done
    trap drop_build_lock EXIT
    echo "$$" >"$root/.build/tokenmeter.lock.d/pid"
}

drop_build_lock() {
    if have flock; then
        exec 9>&-
    else
        rm -rf "$root/.build/tokenmeter.lock.d"
        trap - EXIT
    fi
}

ensure_swift() {
    local answer
    have swift || fail "tokenmeter is built with Swift 6.2 or newer, and there is no swift on PATH; see https://www.swift.org/install"
    answer=$(swift --version 2>&1 </dev/null) || fail "swift --version fails: ${answer##*$'\n'}"
    [[ $answer =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || fail "swift --version does not say which Swift it is: ${answer%%$'\n'*}"
    ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 6002)) ||
        fail "tokenmeter is built with Swift 6.2 or newer, and this is Swift ${BASH_REMATCH[1]}.${BASH_REMATCH[2]}; see https://www.swift.org/install"
}

# ensure_sqlite: the header and library that the ledger's database is compiled against.
ensure_sqlite() {
    has_sqlite && return
    install_package "SQLite's header" libsqlite3-dev sqlite-devel sqlite-dev sqlite
    has_sqlite || fail "SQLite 3.37 or newer is needed, and this system's package is older; install one from https://sqlite.org/download.html"
}

has_sqlite() {
    local compiler
    for compiler in clang cc gcc; do
        have "$compiler" || continue
        printf '%s\n' '#include <sqlite3.h>' '#if SQLITE_VERSION_NUMBER < 3037000' '#error too old' '#endif' |
            "$compiler" -E -x c - >/dev/null 2>&1
        return
    done
    [[ -e /usr/include/sqlite3.h || -e /usr/local/include/sqlite3.h ]]
}

# start_tokenmeter NAME ARGUMENT…: a command of tokenmeter that listens, on a port that the system chooses. Its port is in $port and its
# process in $server then; what it says is in $work/NAME.log, a folder of the caller's.
start_tokenmeter() {
    local log=${work:?the folder of the caller}/$1.log
    "$binary" "${@:2}" --port 0 >/dev/null 2>"$log" &
    server=$!
    # In a file: a part of a script may run in a shell of its own.
    echo "$server" >>"$work/servers"
    for _ in $(seq 1200); do
        ! grep -q '^listening' "$log" || break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    port=$(sed -nE 's|^listening on https?://127.0.0.1:||p' "$log")
    [[ -n $port ]] || fail "tokenmeter $2 did not start: $(cat "$log")"
}

# end_started: ends what start_tokenmeter started, and takes the folder away.
end_started() {
    local server
    if [[ -e $work/servers ]]; then
        while read -r server; do kill "$server" 2>/dev/null || true; done <"$work/servers"
    fi
    rm -rf "$work"
}

# ensure_command COMMAND PACKAGE: for tools that nearly every system has; the package has one name everywhere.
ensure_command() {
    have "$1" && return
    install_package "$1" "$2" "$2" "$2" "$2"
    have "$1" || fail "there is no $1 on PATH; install the package $2"
}

# install_package WHAT APT DNF APK BREW: WHAT is how people call it, the others are its package's names.
install_package() {
    local command as_root=(env) log
    if have apt-get; then
        command=(apt-get -o Acquire::Retries=3 install -y --no-install-recommends "$2")
    elif have dnf; then
        command=(dnf install -y "$3")
    elif have apk; then
        command=(apk add "$4")
    elif have brew; then
        command=(brew install "$5")
    else
        fail "$1 is missing, and there is none of apt-get, dnf, apk and brew here to install it with"
    fi
    if [[ ${command[0]} != brew && $(id -u) != 0 ]]; then
        if ! have sudo || ! sudo -n true 2>/dev/null; then
            say "$1 is missing; run this once, then try again:"
            say "  sudo ${command[*]}"
            exit 1
        fi
        as_root=(sudo -n env)
    fi
    say "installing $1, which is missing: ${command[*]}"
    log=$(mktemp)
    if [[ ${command[0]} == apt-get ]]; then
        as_root+=(DEBIAN_FRONTEND=noninteractive)
        command+=(-o DPkg::Lock::Timeout=300)
        # A new machine has no package lists, or old ones. If they cannot be had, the install says so.
        "${as_root[@]}" apt-get -o Acquire::Retries=3 update </dev/null >"$log" 2>&1 || true
    fi
    if ! "${as_root[@]}" "${command[@]}" </dev/null >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "$1 could not be installed"
    fi
    rm -f "$log"
}
