//! A kernel as the sources give it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::SourceError;
use super::super::found::SourceKind;
use super::module::Modules;
use crate::btf::Endian;

/// A kernel that was found, with what its build says of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct FoundKernel {
    /// Who built it, in the words of `os-release`: `debian`, `ubuntu`, `fedora`; `local` when unknown.
    pub distro: String,
    /// What `uname -r` prints; the name of the file or folder when nothing tells.
    pub release: String,
    /// Whether the release was told, and is not just the name of a file.
    pub has_release: bool,
    /// Upstream version, such as 6.1.192 of Debian's 6.1.0-56; empty when nothing tells.
    pub version: String,
    /// Flavour: `generic`, `cloud`, `rt`, `azure`; empty when nothing tells.
    pub flavour: String,
    /// Architecture in Debian's words; None for raw BTF alone, which does not say.
    pub arch: Option<String>,
    /// Its banner, "Linux version …".
    pub banner: Option<String>,
    /// Its configuration, `CONFIG_X` to `y`, `m`, `n` or value; empty when it was not found.
    pub config: BTreeMap<String, String>,
    /// Where it comes from, in a sentence.
    pub provenance: String,
    /// The form that its BTF came in.
    pub kind: SourceKind,
    /// Its byte order.
    pub endian: Endian,
    /// The BTF of its vmlinux. Its header has been checked, its types have not.
    pub vmlinux: Vec<u8>,
    /// The names of the modules that it ships, as far as they were given; None if none was, or if
    /// they were not asked for.
    pub shipped_modules: Option<BTreeSet<String>>,
    /// The names of the modules that are built in; None if the list was not found.
    pub builtin_modules: Option<BTreeSet<String>>,
    /// Whether modules have BTF, as the configuration or the first modules tell. None when neither is there.
    pub modules_have_btf: Option<bool>,
    /// What was wrong with other parts of it. Problems of modules come with each.
    pub problems: Vec<SourceError>,
    pub(super) modules: Option<Modules>,
}

impl FoundKernel {
    /// How many modules [`Self::take_modules`] gives.
    pub fn module_count(&self) -> usize {
        self.modules.as_ref().map_or(0, ExactSizeIterator::len)
    }

    /// Hands over the modules, once. Each is read when the iterator comes to it.
    pub fn take_modules(&mut self) -> impl ExactSizeIterator<Item = super::FoundModule> + use<> {
        self.modules.take().unwrap_or_else(|| {
            Modules::new(Vec::new(), super::module::Expected { release: None, endian: self.endian })
        })
    }
}
