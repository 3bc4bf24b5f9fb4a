//! What a kernel is called: distribution, upstream version and flavour, from what its build says of itself.

/// Marks in a banner that its builder leaves, not its compiler (which may be a distribution's on any machine).
const BANNER_MARKS: [(&str, &str); 15] = [
    ("debian-kernel@lists.debian.org", "debian"),
    (".fedoraproject.org", "fedora"),
    (".redhat.com", "rhel"),
    (".centos.org", "centos"),
    ("rockylinux", "rocky"),
    ("almalinux", "almalinux"),
    (".oracle.com", "ol"),
    ("geeko@buildhost", "suse"),
    ("@archlinux", "arch"),
    (".amazon.com", "amzn"),
    ("nixbld@", "nixos"),
    ("@alpine", "alpine"),
    ("@proxmox", "proxmox"),
    ("-Ubuntu ", "ubuntu"),
    ("(Ubuntu ", "ubuntu"),
];

/// Marks in a release.
const RELEASE_MARKS: [(&str, &str); 12] = [
    ("+deb", "debian"),
    (".bpo.", "debian"),
    (".fc", "fedora"),
    (".amzn", "amzn"),
    ("uek", "ol"),
    (".azl", "azurelinux"),
    (".cm2", "azurelinux"),
    (".el", "rhel"),
    ("-pve", "proxmox"),
    ("-arch", "arch"),
    ("-MANJARO", "manjaro"),
    ("-gentoo", "gentoo"),
];

/// Marks in who made a package.
const VENDOR_MARKS: [(&str, &str); 14] = [
    ("ubuntu", "ubuntu"),
    ("debian", "debian"),
    ("proxmox", "proxmox"),
    ("fedora", "fedora"),
    ("centos", "centos"),
    ("red hat", "rhel"),
    ("rocky", "rocky"),
    ("alma", "almalinux"),
    ("oracle", "ol"),
    ("amazon", "amzn"),
    ("microsoft", "azurelinux"),
    ("opensuse", "opensuse"),
    ("suse", "suse"),
    ("alpine", "alpine"),
];

/// Folders of BTFHub's archive, which is laid out as `DISTRO/VERSION/ARCH/RELEASE.btf.tar.xz`.
const HUB_DISTROS: [&str; 10] =
    ["amzn", "centos", "debian", "fedora", "ol", "opensuse-leap", "rhel", "sles", "suse", "ubuntu"];

/// Other names of architectures, with Debian's.
const ARCHES: [(&str, &str); 16] = [
    ("x86_64", "amd64"),
    ("aarch64", "arm64"),
    ("ppc64le", "ppc64el"),
    ("powerpc64le", "ppc64el"),
    ("i386", "i386"),
    ("i486", "i386"),
    ("i586", "i386"),
    ("i686", "i386"),
    ("armv7l", "armhf"),
    ("armv7hl", "armhf"),
    ("arm", "armhf"),
    ("riscv64gc", "riscv64"),
    ("loongarch64", "loong64"),
    ("x86", "i386"),
    ("mips64", "mips64el"),
    ("powerpc64", "ppc64"),
];

/// Words of a release that are an architecture, or say nothing.
const NO_FLAVOUR: [&str; 22] = [
    "amd64",
    "arm64",
    "armmp",
    "armel",
    "686",
    "586",
    "powerpc64le",
    "powerpc64",
    "powerpc",
    "ppc64el",
    "riscv64",
    "s390x",
    "loong64",
    "mips64el",
    "x86_64",
    "aarch64",
    "default",
    "arch",
    "pve",
    "rc",
    "trunk",
    "unsigned",
];

/// Who built a kernel. `os_release` is the identifier in the root file system's own `os-release`.
pub(super) fn distro(
    banner: Option<&str>,
    release: Option<&str>,
    vendors: &[&str],
    os_release: Option<&str>,
) -> Option<String> {
    let marked = |text: &str, marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| text.contains(mark)).map(|(_, distro)| (*distro).to_owned())
    };
    let of_banner = || banner.and_then(|banner| marked(banner, &BANNER_MARKS));
    let of_vendor = || vendors.iter().find_map(|vendor| marked(&vendor.to_lowercase(), &VENDOR_MARKS));
    let of_release = || release.and_then(|release| marked(release, &RELEASE_MARKS));
    // A distribution's own kernel says so itself; the file system around it only tells where it runs.
    of_vendor().or_else(of_banner).or_else(of_release).or_else(|| os_release.map(str::to_owned))
}

/// The identifier in an `os-release` file.
pub(super) fn os_release_id(text: &str) -> Option<String> {
    let id = text.lines().find_map(|line| line.strip_prefix("ID="))?.trim().trim_matches(['"', '\'']);
    let good = !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    good.then(|| id.to_owned())
}

/// Distribution and architecture from a path in BTFHub's archive.
pub(super) fn hub_path(path: &std::path::Path) -> Option<(String, String)> {
    let mut parts = path.iter().rev().skip(1).filter_map(|part| part.to_str());
    let (arch, _version, distro) = (parts.next()?, parts.next()?, parts.next()?);
    let known =
        ARCHES.iter().any(|(other, _)| *other == arch) || crate::kernel::Arch::new(arch).endian().is_some();
    (known && HUB_DISTROS.contains(&distro)).then(|| (distro.to_owned(), debian_arch(arch)))
}

/// An architecture in Debian's words.
pub(super) fn debian_arch(arch: &str) -> String {
    ARCHES.iter().find(|(other, _)| *other == arch).map_or(arch, |(_, debian)| *debian).to_owned()
}

/// The upstream version: from the banner, where Debian and Ubuntu tell it; else from the package; else as much of it
/// as the release tells.
pub(super) fn version(
    banner: Option<&str>,
    release: &str,
    distro: Option<&str>,
    packages: &[&str],
) -> String {
    if let Some(version) = banner.and_then(banner_version) {
        return version;
    }
    let number = leading_number(release);
    match distro {
        Some("debian") => {
            let upstream = packages.iter().find_map(|version| debian_upstream(version));
            upstream.unwrap_or_else(|| without_abi(number))
        }
        Some("ubuntu") => without_abi(number),
        _ => number.to_owned(),
    }
}

/// "… #1 SMP Debian 6.1.192-2 (2026-11-16)", "… #30-Ubuntu SMP … (Ubuntu 5.4.0-26.30-generic 5.4.30)".
fn banner_version(banner: &str) -> Option<String> {
    let (_, build) = banner.rsplit_once(" #")?;
    if let Some((_, version)) = build.split_once("Debian ") {
        return debian_upstream(version.split_whitespace().next()?);
    }
    let (_, version) = build.rsplit_once("(Ubuntu ")?;
    let version = version.strip_suffix(')')?.split_whitespace().nth(1)?;
    starts_with_digit(version).then(|| version.to_owned())
}

/// The upstream part of a Debian package's version.
fn debian_upstream(version: &str) -> Option<String> {
    let version = version.split_once(':').map_or(version, |(_epoch, version)| version);
    let upstream = version.rsplit_once('-').map_or(version, |(upstream, _revision)| upstream);
    starts_with_digit(upstream).then(|| upstream.to_owned())
}

fn leading_number(release: &str) -> &str {
    let end = release.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(release.len());
    release.get(..end).unwrap_or_default().trim_end_matches('.')
}

/// Debian's and Ubuntu's releases end in 0 where upstream has its patch level.
fn without_abi(number: &str) -> String {
    let mut parts = number.split('.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(major), Some(minor), Some("0")) => format!("{major}.{minor}"),
        _ => number.to_owned(),
    }
}

/// The flavour that a release names; `generic` when it names none, nothing when the release is none.
pub(super) fn flavour(release: &str) -> String {
    if !starts_with_digit(release) {
        return String::new();
    }
    // RPM's variants stand behind the architecture: 6.8.5-301.fc40.x86_64+rt.
    if let Some((_, variant)) = release.split_once("_64+").or_else(|| release.split_once("64+")) {
        return variant.to_owned();
    }
    if release.contains("uek") {
        return "uek".to_owned();
    }
    let mut words: Vec<&str> = Vec::new();
    for word in release.split('-').skip(1) {
        // "64k" counts behind a word, "301.fc40" before any does not.
        let page_size = word.ends_with('k') && (!words.is_empty() || release.contains("64-"));
        if starts_with_digit(word) && !page_size {
            continue;
        }
        let stem = if page_size { word } else { word.trim_end_matches(|c: char| c.is_ascii_digit()) };
        // "zen1-1-zen" says it twice; "arm64" and "s390x" must not lose their digits.
        let known = NO_FLAVOUR.contains(&word) || NO_FLAVOUR.contains(&stem);
        if !known && !stem.is_empty() && !words.contains(&stem) {
            words.push(stem);
        }
    }
    if words.is_empty() { "generic".to_owned() } else { words.join("-") }
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)";
    const UBUNTU: &str = "Linux version 5.4.0-26-generic (buildd@lcy01-amd64-029) (gcc version 9.3.0 (Ubuntu 9.3.0-10ubuntu2)) #30-Ubuntu SMP Mon Apr 20 16:58:30 UTC 2020 (Ubuntu 5.4.0-26.30-generic 5.4.30)";
    const FEDORA: &str = "Linux version 6.8.5-301.fc40.x86_64 (mockbuild@0bc0cc78c12e4762acf61c209bd02e96.fedoraproject.org) (gcc) #1 SMP PREEMPT_DYNAMIC Thu Apr 11 20:00:10 UTC 2024";
    const OWN: &str = "Linux version 6.9.0 (me@home) (gcc (Debian 12.2.0-14) 12.2.0) #3 SMP Mon May 13 2024";

    #[test]
    fn banners_tell_who_built_and_what() {
        let told = |banner: &str, release: &str| {
            let distro = distro(Some(banner), Some(release), &[], None);
            (version(Some(banner), release, distro.as_deref(), &[]), distro)
        };
        assert_eq!(told(DEBIAN, "6.1.0-56-amd64"), ("6.1.192".to_owned(), Some("debian".to_owned())));
        assert_eq!(told(UBUNTU, "5.4.0-26-generic"), ("5.4.30".to_owned(), Some("ubuntu".to_owned())));
        assert_eq!(told(FEDORA, "6.8.5-301.fc40.x86_64"), ("6.8.5".to_owned(), Some("fedora".to_owned())));
        assert_eq!(told(OWN, "6.9.0"), ("6.9.0".to_owned(), None));
    }

    #[test]
    fn without_a_banner_packages_and_releases_tell() {
        assert_eq!(version(None, "6.1.0-56-amd64", Some("debian"), &["1:6.1.192-2"]), "6.1.192");
        assert_eq!(version(None, "6.1.0-56-amd64", Some("debian"), &[]), "6.1");
        assert_eq!(version(None, "6.12.107+deb13-amd64", Some("debian"), &[]), "6.12.107");
        assert_eq!(version(None, "vmlinux.btf", None, &[]), "");
        assert_eq!(
            distro(None, None, &["Ubuntu Kernel Team <x@ubuntu.com>"], None).as_deref(),
            Some("ubuntu")
        );
        assert_eq!(distro(None, Some("5.14.0-427.el9.x86_64"), &[], None).as_deref(), Some("rhel"));
        assert_eq!(distro(None, Some("6.9.0"), &[], Some("void")).as_deref(), Some("void"));
        assert_eq!(os_release_id("NAME=x\nID=\"debian\"\n").as_deref(), Some("debian"));
        assert_eq!(os_release_id("ID=../x\n"), None);
    }

    #[test]
    fn flavours() {
        for (release, expected) in [
            ("6.1.0-56-amd64", "generic"),
            ("6.1.0-56-cloud-amd64", "cloud"),
            ("7.3.4+deb13-rt-amd64", "rt"),
            ("6.12.107+deb13-powerpc64le", "generic"),
            ("6.12.107+deb13-s390x", "generic"),
            ("6.12.107+deb13-arm64-16k", "16k"),
            ("6.12.107+deb13-armmp-lpae", "lpae"),
            ("5.10.0-46-686-pae", "pae"),
            ("5.4.0-26-generic", "generic"),
            ("5.4.0-1010-azure", "azure"),
            ("6.8.0-31-generic-64k", "generic-64k"),
            ("6.8.5-301.fc40.x86_64", "generic"),
            ("6.8.5-301.fc40.x86_64+rt", "rt"),
            ("5.14.0-427.el9.aarch64+64k", "64k"),
            ("6.4.0-150600.21-default", "generic"),
            ("6.9.1-arch1-1", "generic"),
            ("6.9.1-zen1-1-zen", "zen"),
            ("6.6.30-1-lts", "lts"),
            ("vmlinux.btf", ""),
        ] {
            assert_eq!(flavour(release), expected, "{release}");
        }
    }

    #[test]
    fn btfhubs_folders() {
        let told = |path: &str| hub_path(std::path::Path::new(path));
        let expected = Some(("ubuntu".to_owned(), "amd64".to_owned()));
        assert_eq!(told("archive/ubuntu/20.04/x86_64/5.4.0-26-generic.btf.tar.xz"), expected);
        assert_eq!(told("home/me/x86_64/5.4.btf"), None);
        assert_eq!(told("5.4.btf"), None);
    }
}
