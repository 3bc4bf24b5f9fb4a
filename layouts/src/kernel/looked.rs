//! What a store found of kernels' types, for the roots that somebody asked for.
//!
//! A store of a thousand kernels does not read them all: it is told the roots, and how much of them is needed, and finds these
//! alone. So a kernel that comes out of a store has its types in one of two ways: as the BTF of whole units, or looked up.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashMap;

use super::{Candidates, Found};
use crate::btf::{Endian, Kind};

/// A root type that is looked for, and how much of it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its name, without a flavour.
    pub name: String,
    /// Its kind; the two kinds of enumerations count as one.
    pub kind: Kind,
    /// What is needed of it.
    pub need: Need,
    /// Whether modules are searched even where vmlinux has it.
    pub everywhere: bool,
}

/// How much of a root type is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// All that it holds by value: what comparing whole types takes.
    All,
    /// Its members, and what those with one of these names hold: what accesses to fields take.
    Members(BTreeSet<Vec<u8>>),
    /// That it is there, and its size.
    Kind,
}

impl Need {
    /// What serves both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Members(mut names), Self::Members(others)) => {
                names.extend(others);
                Self::Members(names)
            }
            (Self::Members(names), Self::Kind) | (Self::Kind, Self::Members(names)) => Self::Members(names),
            (Self::Kind, Self::Kind) => Self::Kind,
        }
    }
}

/// Where a store has a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoredAt {
    /// Which of its files.
    pub(crate) file: usize,
    /// The kernel's number in it.
    pub(crate) number: u32,
}

/// What was found for some roots in some kernels of a store.
#[derive(Debug, Default)]
pub struct LookedUp {
    /// The number of each root.
    pub(crate) roots: HashMap<(String, Kind), usize>,
    /// For each root, for each kernel, what its vmlinux has; kernels that have it alike share it.
    pub(crate) in_vmlinux: Vec<Vec<Option<Arc<Found>>>>,
    /// For each root, by the kernel's place, what its modules have.
    pub(crate) in_modules: Vec<HashMap<usize, Vec<Candidates>>>,
    /// For each root that some vmlinux has not, by the kernel's place, names that are near to it; those without any are not listed.
    pub(crate) near: HashMap<usize, HashMap<usize, Arc<Vec<String>>>>,
    /// For each kernel the names of its stored modules, if they matter.
    pub(crate) modules: HashMap<usize, Arc<BTreeSet<String>>>,
}

/// One kernel's part of it.
#[derive(Debug, Clone)]
pub struct Looked {
    pub(crate) up: Arc<LookedUp>,
    pub(crate) kernel: usize,
    pub(crate) endian: Endian,
}

impl LookedUp {
    /// Whether any root is not in the vmlinux of the kernel at this place, so that its modules matter.
    pub(crate) fn asks_modules_of(&self, kernel: usize) -> bool {
        self.modules.contains_key(&kernel)
    }

    /// The number of a root; `None` when it was not asked for, so that nothing is known of it.
    pub(super) fn root(&self, name: &str, kind: Kind) -> Option<usize> {
        self.roots.get(&(name.to_owned(), kind)).copied()
    }
}

impl Looked {
    /// What the vmlinux has of a root.
    pub(super) fn in_vmlinux(&self, root: usize) -> Option<&Arc<Found>> {
        self.up.in_vmlinux.get(root)?.get(self.kernel)?.as_ref()
    }

    /// What the modules have of a root, each on its own; only where the vmlinux has it not, unless it was asked for
    /// everywhere.
    pub(super) fn in_modules(&self, root: usize) -> &[Candidates] {
        let found = self.up.in_modules.get(root).and_then(|of_root| of_root.get(&self.kernel));
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// Names near to one that the vmlinux has not.
    pub(super) fn near(&self, name: &str, kind: Kind) -> Arc<Vec<String>> {
        let of_root = self.up.root(name, kind).and_then(|root| self.up.near.get(&root));
        of_root.and_then(|of_root| of_root.get(&self.kernel)).cloned().unwrap_or_default()
    }

    /// The names of the stored modules; none are told when every root is in vmlinux, for then they do not matter.
    pub(super) fn modules(&self) -> impl Iterator<Item = &str> {
        self.up.modules.get(&self.kernel).into_iter().flat_map(|names| names.iter().map(String::as_str))
    }
}
