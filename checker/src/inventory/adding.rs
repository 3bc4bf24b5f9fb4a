//! How to come by a kernel's types: which packages of its distribution have them.

use corecheck_layouts::source::gather::OfRelease;

use super::read::Line;

/// The first version that Debian packages in parts, the image apart from its modules.
const DEBIAN_IN_PARTS: (u64, u64) = (6, 19);

/// What to do that `check` knows a kernel. Packages are those of its distribution, as it names them today; whatever it is, a
/// machine that runs it has its types.
pub(super) fn how_to_add(line: &Line) -> String {
    let release = &line.release;
    let told = OfRelease::new(release);
    let packages = match told.distro.as_deref() {
        Some("debian") if major_minor(&told.version) >= DEBIAN_IN_PARTS => {
            format!("apt-get download linux-binary-{release} linux-modules-{release}")
        }
        Some("debian") => format!("apt-get download linux-image-{release}"),
        Some("ubuntu") => format!("apt-get download linux-image-{release} linux-modules-{release}"),
        Some("fedora" | "rhel") => {
            format!("dnf download kernel-core-{release} kernel-modules-core-{release}")
        }
        Some("amzn") => format!("dnf download kernel-{release}"),
        _ => return "on one of these machines: corecheck layouts add live".to_owned(),
    };
    format!("{packages}; corecheck layouts add {}", files(&packages))
}

/// The files that a download writes.
fn files(download: &str) -> String {
    let names = download.split_whitespace().skip(2);
    let is_debian = download.starts_with("apt-get");
    let file = |name: &str| if is_debian { format!("./{name}_*.deb") } else { format!("./{name}*.rpm") };
    names.map(file).collect::<Vec<_>>().join(" ")
}

fn major_minor(version: &str) -> (u64, u64) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_those_of_the_distribution() {
        let how = |release: &str| how_to_add(&Line { release: release.to_owned(), arch: None, machines: 1 });
        for (release, expected) in [
            (
                "6.1.0-18-amd64",
                "apt-get download linux-image-6.1.0-18-amd64; corecheck layouts add ./linux-image-6.1.0-18-amd64_*.deb",
            ),
            (
                "7.2.13+deb14-amd64",
                "apt-get download linux-binary-7.2.13+deb14-amd64 linux-modules-7.2.13+deb14-amd64; corecheck layouts add \
                 ./linux-binary-7.2.13+deb14-amd64_*.deb ./linux-modules-7.2.13+deb14-amd64_*.deb",
            ),
            (
                "5.15.0-119-generic",
                "apt-get download linux-image-5.15.0-119-generic linux-modules-5.15.0-119-generic; corecheck layouts add \
                 ./linux-image-5.15.0-119-generic_*.deb ./linux-modules-5.15.0-119-generic_*.deb",
            ),
            (
                "6.8.5-301.fc40.x86_64",
                "dnf download kernel-core-6.8.5-301.fc40.x86_64 kernel-modules-core-6.8.5-301.fc40.x86_64; corecheck layouts \
                 add ./kernel-core-6.8.5-301.fc40.x86_64*.rpm ./kernel-modules-core-6.8.5-301.fc40.x86_64*.rpm",
            ),
            ("6.9.0", "on one of these machines: corecheck layouts add live"),
        ] {
            assert_eq!(how(release), expected);
        }
    }
}
