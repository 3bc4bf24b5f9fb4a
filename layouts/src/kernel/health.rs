//! What is odd about a kernel's BTF: what a loader stumbles over, or what makes its answer another than expected.
//!
//! Nothing here is judged or worded: whoever shows it does that. Nothing is wrong with a kernel whose lists are all
//! empty.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use thiserror::Error;

use super::Kernel;
use crate::btf::{Btf, BtfError, DistilledError, Endian, HeaderProblem, Kind, Type, TypeId};

/// The name of the unit that all others stand on.
pub const VMLINUX: &str = "vmlinux";

/// A unit of a kernel: `vmlinux` or a module.
#[derive(Debug, Clone)]
pub struct Unit {
    /// `vmlinux`, or the module's name.
    pub name: String,
    /// Its types, or why there are none.
    pub btf: Result<Arc<Btf>, Unreadable>,
}

/// The units of a kernel as far as its types are at hand: its vmlinux, its modules, and those whose BTF is broken. Of
/// the last the kernel only knows what was wrong in words.
pub fn units(kernel: &Kernel) -> Vec<Unit> {
    let readable = |name: &str, btf: &Arc<Btf>| Unit { name: name.to_owned(), btf: Ok(Arc::clone(btf)) };
    let vmlinux = kernel.vmlinux.iter().map(|btf| readable(VMLINUX, btf));
    let modules = kernel.modules.iter().map(|(name, btf)| readable(name, btf));
    let broken = kernel
        .broken_modules
        .iter()
        .map(|(name, why)| Unit { name: name.clone(), btf: Err(Unreadable::Broken(why.clone())) });
    vmlinux.chain(modules).chain(broken).collect()
}

/// Why a unit's BTF cannot be read; each with what was wrong, in words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Fewer bytes than it says itself.
    #[error("{0}")]
    Truncated(String),
    /// Split BTF whose vmlinux is not at hand.
    #[error("the vmlinux that it stands on is not there")]
    NoBase,
    /// Split BTF that belongs to another vmlinux, or a distilled base that this vmlinux cannot serve.
    #[error("{0}")]
    WrongBase(String),
    /// Anything else.
    #[error("{0}")]
    Broken(String),
}

impl Unreadable {
    /// A word for each.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Truncated(_) => "truncated",
            Self::NoBase => "no-base",
            Self::WrongBase(_) => "wrong-base",
            Self::Broken(_) => "broken",
        }
    }
}

impl From<BtfError> for Unreadable {
    fn from(error: BtfError) -> Self {
        let text = error.to_string();
        match error {
            BtfError::Header(
                HeaderProblem::TooShort { .. }
                | HeaderProblem::HeaderLength { .. }
                | HeaderProblem::Outside { .. },
            ) => Self::Truncated(text),
            BtfError::WrongBase { .. } => Self::WrongBase(text),
            _ => Self::Broken(text),
        }
    }
}

impl From<DistilledError> for Unreadable {
    fn from(error: DistilledError) -> Self {
        let text = error.to_string();
        match error {
            DistilledError::Missing { .. } | DistilledError::Ambiguous { .. } => Self::WrongBase(text),
            DistilledError::Base(error) | DistilledError::Split(error) => match Self::from(error) {
                Self::Truncated(_) => Self::Truncated(text),
                _ => Self::Broken(text),
            },
            _ => Self::Broken(text),
        }
    }
}

/// What was looked at, and what is odd.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Units that could be read.
    pub units: usize,
    /// Types in them.
    pub types: u64,
    /// Bytes of their BTF.
    pub bytes: u64,
    /// The byte order of the vmlinux; `None` when there is none.
    pub endian: Option<Endian>,
    /// Units that could not be read, in the order given.
    pub unreadable: Vec<(String, Unreadable)>,
    /// Modules without any type: a header and nothing else, as modules written in Rust have it. Legal, but there are
    /// loaders that fail on it.
    pub empty: Vec<String>,
    /// Units whose byte order is not that of the vmlinux.
    pub other_order: Vec<String>,
    /// Modules that were read on top of another vmlinux than the one given, or of none.
    pub other_base: Vec<String>,
    /// Units with types of kinds that this program does not know.
    pub unknown_kinds: Vec<UnknownKinds>,
    /// Structs and unions that the vmlinux defines more than once, by name.
    pub duplicates: Vec<Duplicate>,
    /// Modules that define structs or unions whose names the vmlinux has too, in the order given.
    pub repeats: Vec<Repeat>,
}

/// Kinds that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKinds {
    /// Of this unit.
    pub unit: String,
    /// How many types, by the number of their kind.
    pub counts: BTreeMap<u8, usize>,
}

/// A name with several definitions in one unit. A loader takes them all for candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The name.
    pub name: String,
    /// The definitions, by ascending id.
    pub definitions: Vec<Definition>,
}

/// One of several definitions of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its id.
    pub id: TypeId,
    /// Struct or union.
    pub kind: Kind,
    /// Its size in bytes.
    pub size: u32,
}

/// A module that defines what the vmlinux defines. libbpf never sees these: it asks the vmlinux first; cilium/ebpf sees
/// several candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The module.
    pub module: String,
    /// The names, sorted, each once.
    pub names: Vec<String>,
    /// How many of them have the kind and size of a definition in the vmlinux: the same type again. The others may just
    /// be called the same.
    pub alike: usize,
}

/// Looks at all units of a kernel. Order does not matter, except for that of what is returned.
pub fn health(units: &[Unit]) -> Health {
    let vmlinux = units.iter().find(|unit| unit.name == VMLINUX).and_then(|unit| unit.btf.as_ref().ok());
    let core = vmlinux.map(|btf| definitions(btf)).unwrap_or_default();
    let mut health = Health {
        endian: vmlinux.map(|btf| btf.endian()),
        duplicates: duplicates(&core),
        ..Health::default()
    };
    for unit in units {
        let btf = match &unit.btf {
            Ok(btf) => btf,
            Err(why) => {
                health.unreadable.push((unit.name.clone(), why.clone()));
                continue;
            }
        };
        let own = btf.own_ids().count();
        health.units += 1;
        health.types += own as u64;
        health.bytes += btf.bytes().len() as u64;
        if own == 0 {
            health.empty.push(unit.name.clone());
        }
        if health.endian.is_some_and(|endian| endian != btf.endian()) {
            health.other_order.push(unit.name.clone());
        }
        health.unknown_kinds.extend(unknown_kinds(unit, btf));
        if unit.name == VMLINUX {
            continue;
        }
        if let Some(vmlinux) = vmlinux
            && !btf.base().is_some_and(|base| Arc::ptr_eq(base, vmlinux))
        {
            health.other_base.push(unit.name.clone());
        }
        health.repeats.extend(repeat(unit, btf, &core));
    }
    health
}

type Definitions<'b> = HashMap<&'b [u8], Vec<Definition>>;

/// A unit's own structs and unions that have a name.
fn definitions(btf: &Btf) -> Definitions<'_> {
    let mut found: Definitions<'_> = HashMap::new();
    for id in btf.own_ids().filter(|&id| btf.kind(id).is_composite()) {
        let (name, kind) = (btf.name_bytes(id), btf.kind(id));
        if let (false, Type::Struct(composite) | Type::Union(composite)) = (name.is_empty(), btf.ty(id)) {
            found.entry(name).or_default().push(Definition { id, kind, size: composite.size });
        }
    }
    found
}

fn duplicates(core: &Definitions<'_>) -> Vec<Duplicate> {
    let several = core.iter().filter(|(_, definitions)| definitions.len() > 1);
    let mut found: Vec<Duplicate> = several
        .map(|(name, definitions)| Duplicate { name: text(name), definitions: definitions.clone() })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn unknown_kinds(unit: &Unit, btf: &Btf) -> Option<UnknownKinds> {
    let mut counts = BTreeMap::new();
    for id in btf.own_ids() {
        if let Kind::Unknown(number) = btf.kind(id) {
            *counts.entry(number).or_default() += 1;
        }
    }
    (!counts.is_empty()).then(|| UnknownKinds { unit: unit.name.clone(), counts })
}

fn repeat(unit: &Unit, btf: &Btf, core: &Definitions<'_>) -> Option<Repeat> {
    let own = definitions(btf);
    let shared: Vec<_> = own.iter().filter_map(|(name, own)| Some((name, own, core.get(name)?))).collect();
    let is_same = |one: &Definition, other: &Definition| one.kind == other.kind && one.size == other.size;
    let alike = shared
        .iter()
        .filter(|(_, own, core)| own.iter().any(|one| core.iter().any(|other| is_same(one, other))))
        .count();
    let mut names: Vec<String> = shared.iter().map(|(name, ..)| text(name)).collect();
    names.sort();
    (!names.is_empty()).then(|| Repeat { module: unit.name.clone(), names, alike })
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests;
