//! `distro/release/arch`, the name of a kernel.

use super::Arch;

/// The full name of a kernel: `ubuntu/5.15.0-25-generic/amd64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KernelName {
    /// Who built it; `local` when unknown.
    pub distro: String,
    /// What `uname -r` prints.
    pub release: String,
    /// What it runs on.
    pub arch: Arch,
}

impl KernelName {
    /// The name of these parts; `arch` in Debian's words.
    pub fn new(distro: impl Into<String>, release: impl Into<String>, arch: impl Into<String>) -> Self {
        Self { distro: distro.into(), release: release.into(), arch: Arch::new(arch) }
    }
}

impl std::fmt::Display for KernelName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}/{}/{}", self.distro, self.release, self.arch))
    }
}
