//! What a kernel's version says of things that BTF does not tell.
//!
//! Versions are those of the first release of Linux that has a change. Distributions take changes back into kernels with older
//! numbers; of those that are known to take whole generations back, a lower number says nothing.

use corecheck_layouts::kernel::Kernel;

/// A version of Linux: major and minor number.
pub(crate) type Version = (u32, u32);

/// Builders that take whole generations of the kernel's BPF back into kernels with old numbers.
const BACKPORTERS: [&str; 9] =
    ["rhel", "centos", "almalinux", "rocky", "oracle", "opensuse", "sles", "amazon", "photon"];

/// What is known of a kernel's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Release {
    /// Its version.
    pub(crate) version: Option<Version>,
    /// Whether it may have what is newer than its version.
    pub(crate) is_backported: bool,
}

impl Release {
    /// Of a kernel.
    pub(crate) fn of_kernel(kernel: &Kernel) -> Self {
        Self {
            version: [&kernel.facts.version, &kernel.name.release].into_iter().find_map(|text| version(text)),
            is_backported: BACKPORTERS.contains(&kernel.name.distro.as_str()),
        }
    }

    /// Of a release of Linux, as `uname -r` prints it: of the machine that a program is loaded on.
    pub(crate) fn of_text(release: &str) -> Self {
        Self { version: version(release), is_backported: false }
    }

    /// Whether it has what a version brought; `None` when that cannot be said.
    pub(crate) fn has(self, since: Version) -> Option<bool> {
        match self.version {
            Some(version) if version >= since => Some(true),
            Some(_) if !self.is_backported => Some(false),
            _ => None,
        }
    }
}

/// The first two numbers of `6.12.34-…`.
fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split(|byte: char| !byte.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_number_says_nothing_of_kernels_with_backports() {
        let plain = Release::of_text("5.10.262-amd64");
        assert_eq!((plain.has((5, 10)), plain.has((5, 12))), (Some(true), Some(false)));
        let backported = Release { is_backported: true, ..plain };
        assert_eq!((backported.has((5, 10)), backported.has((5, 12))), (Some(true), None));
        assert_eq!(Release::of_text("mainline").has((5, 12)), None);
    }
}
