//! What is known of a kernel besides its types.

use std::collections::BTreeMap;

/// Which BTF a kernel brings itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ShippedBtf {
    /// None: a loader needs a BTF file brought along.
    None,
    /// Its vmlinux has BTF, its modules have none.
    Vmlinux,
    /// Its vmlinux has BTF; whether its modules have is not known.
    AtLeastVmlinux,
    /// Its vmlinux and its modules have BTF (`CONFIG_DEBUG_INFO_BTF_MODULES`).
    VmlinuxAndModules,
}

impl ShippedBtf {
    /// The word of the report: `none`, `vmlinux` or `vmlinux+modules`.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Vmlinux | Self::AtLeastVmlinux => "vmlinux",
            Self::VmlinuxAndModules => "vmlinux+modules",
        }
    }
}

/// Under which heading a kernel is listed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// The seed's history of one flavour on one architecture.
    Regular,
    /// The seed's other architectures.
    Arch,
    /// The seed's other flavours.
    Flavour,
    /// Kernels beyond the seed, by who built them.
    Distro(String),
}

impl Group {
    /// The word of the report.
    pub fn word(&self) -> &str {
        match self {
            Self::Regular => "regular",
            Self::Arch => "arch",
            Self::Flavour => "flavour",
            Self::Distro(name) => name,
        }
    }
}

/// Facts of a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Upstream version, which `uname -r` need not tell.
    pub version: String,
    /// Flavour, such as `generic`, `azure` or `cloud`.
    pub flavour: String,
    /// Heading it is listed under.
    pub group: Group,
    /// Which BTF it brings.
    pub btf: ShippedBtf,
    /// Configuration as far as known: option to `y`, `m`, `n` or its value.
    pub config: BTreeMap<String, String>,
    /// Where the stored types come from, in a sentence.
    pub provenance: String,
}
