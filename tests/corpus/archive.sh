# shellcheck shell=bash
# All suites of Debian's archive, and other architectures, without touching what the machine's own apt knows; sourced after
# apt.sh, not run.
#
# Each architecture has an apt of its own in the cache: lists, sources and status. apt drops all lists of a suite when the
# list of one architecture is broken; apart, they cannot spoil each other. The addresses are those that the machine
# uses for Debian. Signatures are checked against Debian's archive keys (package debian-archive-keyring).

# Days after which lists are asked for again.
archive_days=7

# Where amd64 is looked for.
# shellcheck disable=SC2034 # for those who source this
archive_suites=(bullseye bullseye-security bookworm bookworm-security bookworm-backports trixie trixie-security
    trixie-backports forky sid)

# archive_use ARCH: sets archive_root, and archive_options for apt-get and apt-cache.
archive_use() {
    archive_root=$(cache_dir)/archive/$1
    mkdir -p "$archive_root/lists/partial" "$archive_root/cache/archives/partial"
    : >>"$archive_root/status"
    archive_options=(
        -o "Dir::State::Lists=$archive_root/lists"
        -o "Dir::State::Status=$archive_root/status"
        -o "Dir::Cache=$archive_root/cache"
        -o "Dir::Cache::pkgcache=pkgcache.bin"
        -o "Dir::Cache::srcpkgcache="
        -o "Dir::Etc::SourceList=$archive_root/debian.sources"
        -o "Dir::Etc::SourceParts=/dev/null"
        -o "APT::Architecture=$1"
        -o "APT::Architectures=$1"
        -o "APT::Sandbox::User=root"
        -o "APT::Update::Post-Invoke::="
        -o "Acquire::Languages=none"
        -o "Acquire::Retries=3"
        -o "Acquire::GzipIndexes=true"
        -o "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
    )
}

# archive_uris LABEL: where the machine gets Debian's packages from; LABEL is that of the suites' Release files.
archive_uris() {
    # shellcheck disable=SC2016 # apt expands it
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        sed -n "s/^$1|//p" | sort -u | tr '\n' ' '
}

# archive_stanza ARCH LABEL SUITE...: a source in deb822 format; nothing if the machine has no such archive.
archive_stanza() {
    local arch=$1 uris
    uris=$(archive_uris "$2")
    shift 2
    [[ -n $uris ]] || return 0
    printf '%s\n' "Types: deb" "URIs: $uris" "Suites: $*" "Components: main" "Architectures: $arch" \
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" ""
}

# archive_update ARCH SUITE...: brings the lists of these suites, unless they are there and new enough. A suite that
# cannot be had is named, and the others are used: who needs a minimum must count. `archive_force=1` asks in any case.
archive_update() {
    local arch=$1 suite main=() security=() stamp
    shift
    archive_use "$arch"
    stamp=$archive_root/updated
    # Suites that another script wanted stay: else two scripts would ask for each other's lists again and again.
    local had new=()
    had=$(cat "$stamp" 2>/dev/null) || had=""
    for suite in "$@"; do
        [[ " $had " == *" $suite "* ]] || new+=("$suite")
    done
    if [[ -z ${archive_force:-} && ${#new[@]} -eq 0 && -n $(find "$stamp" -mtime "-$archive_days") ]]; then
        return
    fi
    # shellcheck disable=SC2086 # several words
    set -- $had "${new[@]}"
    for suite in "$@"; do
        if [[ $suite == *-security ]]; then security+=("$suite"); else main+=("$suite"); fi
    done
    [[ -n $(archive_uris Debian) ]] || apt_update_once
    [[ -n $(archive_uris Debian) ]] || die "this machine's apt sources have no suite of Debian"
    {
        archive_stanza "$arch" Debian "${main[@]}"
        ((${#security[@]} == 0)) || archive_stanza "$arch" Debian-Security "${security[@]}"
    } >"$archive_root/debian.sources"
    echo "package lists of $arch: $*" >&2
    printf '%s\n' "$*" >"$stamp"
    if ! apt-get -qq "${archive_options[@]}" update >&2; then
        echo "some lists of $arch cannot be had: see the lines above; going on with the others" >&2
        # Tomorrow again.
        touch -d "$((archive_days - 1)) days ago" "$stamp"
    fi
    # Once, and not by several downloads at a time.
    apt-cache -q "${archive_options[@]}" gencaches >/dev/null
}

# archive_list ARCH PATTERN: the packages whose names match the extended regular expression: name, version, size in bytes;
# oldest version first.
archive_list() {
    local files
    archive_use "$1"
    # shellcheck disable=SC2016 # apt expands it
    mapfile -t files < <(apt-get "${archive_options[@]}" indextargets --format '$(FILENAME)' 'Created-By: Packages')
    ((${#files[@]})) || return 0
    /usr/lib/apt/apt-helper cat-file "${files[@]}" | awk -v pattern="$2" '
        $1 == "Package:" { name = $2 }
        $1 == "Version:" { version = $2 }
        $1 == "Size:" { size = $2 }
        $0 == "" && name != "" { if (name ~ pattern) print name, version, size; name = "" }
        END { if (name ~ pattern && name != "") print name, version, size }' | sort -u | sort -V -k2,2
}

# archive_download ARCH NAME VERSION FOLDER: apt holds the package against the signed lists.
archive_download() {
    archive_use "$1"
    apt_download "$4" "$2=$3" "${archive_options[@]}"
}
