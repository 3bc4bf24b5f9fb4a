//! What a release alone tells of a kernel: no more than `uname -r`.

use super::facts;

/// What `uname -r` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfRelease {
    /// Who built it, if its builders mark releases, or number them as nobody else does.
    pub distro: Option<String>,
    /// As much of the upstream version as it tells; empty for what is no release.
    pub version: String,
    /// Its flavour; `generic` when it names none.
    pub flavour: String,
    /// The architecture in Debian's words, if it is named.
    pub arch: Option<String>,
}

impl OfRelease {
    /// Reads a release such as `6.1.0-56-cloud-amd64`.
    pub fn new(release: &str) -> Self {
        let distro = facts::distro(None, Some(release), &[], None).or_else(|| by_form(release));
        Self {
            version: facts::version(None, release, distro.as_deref(), &[]),
            flavour: facts::flavour(release),
            arch: arch(release),
            distro,
        }
    }
}

/// An architecture in Debian's words, from the machine's word for it: `x86_64` (`uname -m`).
pub fn debian_arch(machine: &str) -> Option<String> {
    let name = facts::debian_arch(machine);
    crate::kernel::Arch::new(name.as_str()).endian().map(|_| name)
}

/// The last word that is an architecture.
fn arch(release: &str) -> Option<String> {
    release.rsplit(['-', '.', '+']).find_map(debian_arch)
}

/// Debian before 13 and Ubuntu: 6.1.0-56-cloud-amd64, 5.15.0-25-generic. Debian's end with an architecture, Ubuntu's never.
fn by_form(release: &str) -> Option<String> {
    let mut parts = release.split('-');
    let number = parts.next()?;
    let abi = parts.next()?;
    let last = parts.next_back()?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_numbered = number.split('.').count() == 3 && number.ends_with(".0") && is_number(abi);
    match (is_numbered, debian_arch(last)) {
        (true, Some(_)) => Some("debian".to_owned()),
        (true, None) => Some("ubuntu".to_owned()),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_tells_what_it_tells() {
        let told = |release: &str| {
            let of = OfRelease::new(release);
            format!(
                "{} {} {} {}",
                of.distro.unwrap_or_default(),
                of.version,
                of.flavour,
                of.arch.unwrap_or_default()
            )
        };
        for (release, expected) in [
            ("6.1.0-56-cloud-amd64", "debian 6.1 cloud amd64"),
            ("6.12.107+deb13-s390x", "debian 6.12.107 generic s390x"),
            ("5.15.0-25-generic", "ubuntu 5.15 generic "),
            ("5.4.0-1009-aws", "ubuntu 5.4 aws "),
            ("6.8.5-301.fc40.x86_64", "fedora 6.8.5 generic amd64"),
            ("5.14.0-427.13.1.el9_4.aarch64", "rhel 5.14.0 generic arm64"),
            ("6.1.0-kali5-amd64", " 6.1.0 kali amd64"),
            ("6.9.0", " 6.9.0 generic "),
            ("5.10.0-8-powerpc64le", "debian 5.10 generic ppc64el"),
        ] {
            assert_eq!(told(release), expected, "{release}");
        }
    }

    #[test]
    fn machines_have_debians_words() {
        assert_eq!(debian_arch("x86_64").as_deref(), Some("amd64"));
        assert_eq!(debian_arch("arm64").as_deref(), Some("arm64"));
        assert_eq!(debian_arch("generic"), None);
    }
}
