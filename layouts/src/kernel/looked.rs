//! What a store found of kernels' types, for the roots that somebody asked for.
//!
//! A store of a thousand kernels does not read them all: it is told the roots, and how much of them is needed, and finds these
//! alone. So a kernel that comes out of a store has its types in one of two ways: as the BTF of whole units, or looked up.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::{Candidates, Found};
use crate::btf::{Endian, Kind};

/// A root type that is looked for, and how much of it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its name, without a flavour.
    pub name: String,
    /// Its kind; the two kinds of enumerations count as one. `None` asks for every kind.
    pub kind: Option<Kind>,
    /// What is needed of it.
    pub need: Need,
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

/// What was found for some roots in some kernels of a store.
#[derive(Debug, Default)]
pub struct LookedUp {
    /// The number of each root.
    pub(crate) roots: HashMap<(String, Option<Kind>), usize>,
    /// For each root, for each kernel, what its vmlinux has; kernels that have it alike share it.
    pub(crate) in_vmlinux: Vec<Vec<Option<Arc<Found>>>>,
    /// For each root, by the kernel's place, what its modules have.
    pub(crate) in_modules: Vec<HashMap<usize, Vec<Candidates>>>,
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

impl Looked {
    fn root(&self, name: &str, kind: Option<Kind>) -> Option<usize> {
        let exact = |kind: Option<Kind>| self.up.roots.get(&(name.to_owned(), kind)).copied();
        exact(kind)
    }

    /// Whether this root was asked for: of others nothing is known.
    pub(super) fn was_asked(&self, name: &str, kind: Option<Kind>) -> bool {
        self.root(name, kind).is_some()
    }

    /// What the vmlinux has.
    pub(super) fn in_vmlinux(&self, name: &str, kind: Option<Kind>) -> Option<Arc<Found>> {
        self.up.in_vmlinux.get(self.root(name, kind)?)?.get(self.kernel)?.clone()
    }

    /// What the modules have, each on its own.
    pub(super) fn in_modules(&self, name: &str, kind: Option<Kind>) -> &[Candidates] {
        let found = self.root(name, kind).and_then(|root| self.up.in_modules.get(root)?.get(&self.kernel));
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// The names of the stored modules; empty when every root is in vmlinux, for then they do not matter.
    pub(super) fn modules(&self) -> Option<&BTreeSet<String>> {
        self.up.modules.get(&self.kernel).map(Arc::as_ref)
    }
}
