//! Kernels as targets: what one is called, what is known of it, and where in its BTF a type is found.

mod arch;
mod facts;
mod find;
pub mod health;
mod looked;
mod made;
mod modules;
mod name;
mod types;

pub use arch::Arch;
pub use facts::{Facts, Group, ShippedBtf};
pub use find::{
    Absence, Candidates, Found, Gap, NAMED_TYPES, Place, Search, find_all, find_all_by, is_compatible,
};
pub use looked::{Looked, LookedUp, Need, Root, StoredAt};
pub use modules::{Modules, is_same_module};
pub use name::KernelName;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::btf::{Btf, Endian};

/// How much of a kernel is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Every type: a name that is not there is absent.
    Complete,
    /// Every type of its vmlinux. Of its modules only what the listed names need; each says where the kernel has it.
    /// A name that neither the vmlinux has nor the list is not stored, which is not absent.
    Vmlinux(BTreeMap<String, Place>),
    /// Only the listed names answer as roots; each says where the kernel has the type.
    /// A name that is not listed is not stored, which is not absent.
    Partial(BTreeMap<String, Place>),
}

/// One kernel build.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// Its full name.
    pub name: KernelName,
    /// Other names it answers to, such as the seed's `5.15` or `azure`.
    pub aliases: Vec<String>,
    /// What is known of it besides its types.
    pub facts: Facts,
    /// How much of it is stored.
    pub coverage: Coverage,
    /// The stored types of its vmlinux. Kernels that define all of them alike share one `Btf`.
    /// `None` when none is stored, because every listed name is absent.
    pub vmlinux: Option<Arc<Btf>>,
    /// The stored types of its modules, by the module's name, each on top of `vmlinux`.
    pub modules: BTreeMap<String, Arc<Btf>>,
    /// Every module that it ships with BTF, stored or not; `None` when that is not known. Modules without BTF are not
    /// listed: no loader searches them. When all are stored, a type that none has is absent, else it is unknown.
    pub shipped_modules: Option<BTreeSet<String>>,
    /// Modules whose BTF is broken, so that it is not in `modules`, each with what is wrong. A type that is found
    /// nowhere else may be there: it is unknown.
    pub broken_modules: BTreeMap<String, String>,
    /// What a store found of its types; then `vmlinux` and `modules` are empty, for they were not read.
    pub looked: Option<Looked>,
    /// Where the store has it, if it came out of a file.
    pub stored: Option<StoredAt>,
    /// Whether the stored type ids are the kernel's own. A store that keeps parts, or shares types, renumbers them.
    pub has_kernel_ids: bool,
}

impl Kernel {
    /// Its byte order: of its stored types, else of its architecture.
    pub fn endian(&self) -> Option<Endian> {
        let looked = || self.looked.as_ref().map(|looked| looked.endian);
        self.vmlinux.as_ref().map(|btf| btf.endian()).or_else(looked).or_else(|| self.name.arch.endian())
    }

    /// Whether every type of its vmlinux is stored.
    pub fn is_complete(&self) -> bool {
        matches!(self.coverage, Coverage::Complete | Coverage::Vmlinux(_))
    }
}
