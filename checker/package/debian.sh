# shellcheck shell=bash
# shellcheck disable=SC2154 # work, version, program, here, out are build's
# The Debian package; sourced by build, not run.

make_deb() {
    local arch tree=$work/deb name doc page
    arch=$(dpkg --print-architecture)
    name=corecheck_$version-1_$arch.deb
    doc=$tree/usr/share/doc/corecheck
    mkdir -p "$tree/DEBIAN" "$tree/usr/share/man/man1" "$tree/usr/share/bash-completion/completions" \
        "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d" \
        "$tree/usr/share/lintian/overrides" "$doc"
    install -D -m 755 "$program" "$tree/usr/bin/corecheck"
    for page in "$work"/texts/man/*.1; do
        gzip -9n <"$page" >"$tree/usr/share/man/man1/${page##*/}.gz"
    done
    cp "$work/texts/completions/bash" "$tree/usr/share/bash-completion/completions/corecheck"
    cp "$work/texts/completions/zsh" "$tree/usr/share/zsh/vendor-completions/_corecheck"
    cp "$work/texts/completions/fish" "$tree/usr/share/fish/vendor_completions.d/corecheck.fish"
    cp -r "$work/texts/examples" "$doc/examples"
    cp README.md "$doc"
    gzip -9n <"$work/texts/THIRD-PARTY" >"$doc/THIRD-PARTY.gz"
    gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
    debian_changelog | gzip -9n >"$doc/changelog.Debian.gz"
    debian_copyright >"$doc/copyright"
    cp "$here/debian/lintian-overrides" "$tree/usr/share/lintian/overrides/corecheck"
    debian_control "$arch" "$(du -sk --apparent-size "$tree" | cut -f 1)" >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    settle "$tree"
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/$name" >/dev/null
    made+=("$name")
}

# Who looks after the package.
maintainer() {
    echo "${DEBFULLNAME:-The corecheck authors} <${DEBEMAIL:-corecheck@localhost}>"
}

# debian_control ARCHITECTURE KIBIBYTES: it depends on nothing, being statically linked.
debian_control() {
    sed -e "s|@VERSION@|$version-1|" -e "s|@ARCH@|$1|" -e "s|@SIZE@|$2|" -e "s|@MAINTAINER@|$(maintainer)|" \
        -e "s|@BUILT_USING@|$(built_using)|" -e '/^Built-Using: $/d' "$here/debian/control"
}

# The sources of what is linked in by the C compiler, as Debian's policy 7.8 asks; nothing elsewhere.
built_using() {
    local file package list=()
    for file in "$(gcc -print-file-name=libc.a)" "$(gcc -print-libgcc-file-name)"; do
        package=$(dpkg-query -S "$(realpath "$file")" 2>/dev/null | cut -d : -f 1) || continue
        # Of several architectures it is the same.
        list+=("$(dpkg-query -W -f '${source:Package} (= ${source:Version})\n' "$package" | head -n 1)")
    done
    ((${#list[@]} == 0)) || (printf '%s' "${list[0]}" && printf ', %s' "${list[@]:1}")
}

debian_changelog() {
    cat <<EOF
corecheck ($version-1) unstable; urgency=medium

  * Version $version; changelog.gz says what is new.

 -- $(maintainer)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
EOF
}

debian_copyright() {
    cat "$here/debian/copyright"
    # The text of the one licence that Debian does not have in its collection.
    sed -n '/^Permission is/,$p' LICENSE-MIT | sed -e 's/^$/./' -e 's/^/ /'
}
