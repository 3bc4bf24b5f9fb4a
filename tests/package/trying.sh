# shellcheck shell=bash
# shellcheck disable=SC2154 # work is theirs
# Counting what was tried; sourced by run and examples, with a folder of theirs in $work.

passed=0 failed=0

# try WHAT COMMAND...: counts, and shows what was said if it fails. The last that was said is in $work/said.
try() {
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        ((passed += 1))
        echo "ok     $what"
    else
        ((failed += 1))
        echo "FAILED $what: $*"
        tail -n 60 "$work/said"
    fi
}

# says STATUS TEXT COMMAND...: that it ends with this status, and says this.
says() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" >"$work/says" 2>&1 || got=$?
    cat "$work/says"
    echo "status $got; expected is $status with: $text"
    ((got == status)) && grep -qF -e "$text" "$work/says"
}

# says_nothing COMMAND...: that it succeeds and prints nothing.
says_nothing() {
    "$@" >"$work/says" 2>&1 || return
    cat "$work/says"
    [[ ! -s $work/says ]]
}

# finish STATUS: with this status, unless something failed here.
finish() {
    echo "counts: passed=$passed failed=$failed"
    ((failed == 0)) || exit 1
    exit "$1"
}
