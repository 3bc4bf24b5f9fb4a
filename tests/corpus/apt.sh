# shellcheck shell=bash
# What the test scripts need of apt; sourced, not run.
#
# The machine's own sources, keys and proxies are used as they are: apt checks the signature of the lists, and each
# package against the size and SHA256 that the lists give. Nothing here names a server.

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Where downloads are kept. Outside the repository, so that a fresh clone finds them again.
cache_dir() {
    local home=${HOME:-}
    [[ -n $home ]] || home=$(getent passwd "$(id -u)" | cut -d: -f6)
    local dir=${CORECHECK_CACHE:-${XDG_CACHE_HOME:-$home/.cache}/corecheck}
    mkdir -p "$dir" || die "cannot create the cache folder $dir; set CORECHECK_CACHE to one that can be written"
    printf '%s\n' "$dir"
}

# Runs `apt-get update` once per run of tests/run: the mark lies in its scratch folder, or nowhere when there is none.
apt_update_once() {
    local mark=${CORECHECK_SCRATCH:+$CORECHECK_SCRATCH/apt-updated}
    [[ -z $mark || ! -e $mark ]] || return 0
    [[ $(id -u) -eq 0 ]] || die "the package lists are missing or too old: run 'apt-get update' as root, then try again"
    echo "apt-get update" >&2
    # One broken source need not matter; if it does, what follows fails and says so.
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update >&2 ||
        echo "apt-get update failed: see the lines above; going on with the lists that are there" >&2
    [[ -z $mark ]] || : >"$mark"
}

apt_is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# apt_need PACKAGE...: installs those that are not installed yet; leaves alone those that are.
apt_need() {
    local package missing=()
    for package in "$@"; do
        apt_is_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || die "these tests need apt (Debian 12 or a relative of it); missing: ${missing[*]}"
    [[ $(id -u) -eq 0 ]] || die "packages are missing; as root, run: apt-get update && apt-get install ${missing[*]}"
    apt_update_once
    echo "apt-get install ${missing[*]}" >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o Acquire::Retries=3 \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "${missing[@]}" >&2 </dev/null ||
        die "apt-get could not install ${missing[*]}: see the lines above, and check this machine's apt sources and network"
}

# apt_download FOLDER PACKAGE [OPTION...]: the .deb file of a package, which may be written name=version.
apt_download() {
    local folder=$1 package=$2
    shift 2
    # apt's unprivileged download user may not write into our cache.
    (cd "$folder" && apt-get -qq -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@" download "$package" >&2)
}
