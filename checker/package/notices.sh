# shellcheck shell=bash
# shellcheck disable=SC2154 # crates, target are build's
# Whose work is in the program, and under which licence; sourced by build, not run.

# notices: what is linked into the program, with the texts of the licences, each text once.
notices() {
    local name version licence folder file sum texts=() of=()
    declare -A number=()
    echo "What is linked into corecheck besides its own code. Behind each is its licence, and the numbers of the texts below."
    echo
    while read -r name version licence; do
        of=()
        for folder in "$crates"/*/"$name-${version#v}"/; do
            while IFS= read -r file; do
                sum=$(sha256sum <"$file")
                if [[ -z ${number[$sum]:-} ]]; then
                    texts+=("$file")
                    number[$sum]=${#texts[@]}
                fi
                [[ " ${of[*]-} " == *" ${number[$sum]} "* ]] || of+=("${number[$sum]}")
            done < <(licence_files "$folder")
        done
        echo "$name ${version#v}: $licence${of[*]:+ [${of[*]}]}"
    done < <(linked_crates)
    echo "Rust's standard library: MIT OR Apache-2.0"
    echo "SQLite (in libsqlite3-sys): public domain"
    [[ $target != *-gnu ]] || echo "The GNU C Library: LGPL-2.1-or-later; libgcc: GPL-3.0-or-later WITH GCC-exception-3.1"
    [[ $target != *-musl ]] || echo "musl: MIT"
    local at
    for at in "${!texts[@]}"; do
        printf '\n==== [%s]\n\n' $((at + 1))
        cat "${texts[at]}"
    done
    [[ $target != *-gnu ]] || lesser_licence
}

# The registries' crates in the program, a line each: name, version, licence.
linked_crates() {
    cargo tree -p corecheck --locked --target "$target" -e normal,no-proc-macro --prefix none --format '{p} {l}' |
        sed -E 's/ \(\*\)$//' | grep -vE '^[^ ]+ v[^ ]+ \(' | sort -u
}

# licence_files FOLDER: of a crate, and of the C sources in it. xz and zstd come with the GNU licences too: those are of xz's
# scripts, and zstd's other choice.
licence_files() {
    find "$1" -maxdepth 3 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'copyright*' -o -iname 'unlicense*' \
        -o -iname 'notice*' \) -not -name '*.rs' -not -name '*.py' \
        -not -name 'COPYING.*GPL*' -not -path '*/zstd/COPYING' | sort
}

# What the GNU C Library asks to come with it.
lesser_licence() {
    local file=/usr/share/common-licenses/LGPL-2.1
    [[ -e $file ]] || fail "$file is missing: the C library's licence must come with the program"
    printf '\n==== The GNU C Library\n\n'
    echo "Its source is Debian's source package glibc${glibc:+, version $glibc}. To link corecheck with another version of it, build"
    printf 'corecheck anew: its sources are all there.\n\n'
    cat "$file"
}

glibc=$(dpkg-query -W -f '${source:Version}' libc6-dev 2>/dev/null || true)
