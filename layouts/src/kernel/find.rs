//! Where in a kernel's BTF a loader would find a root type, as libbpf looks: vmlinux first, loaded modules only
//! when vmlinux has no candidate at all (`bpf_core_find_cands`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Coverage, Kernel, ShippedBtf};
use crate::btf::{Btf, Kind, TypeId};

/// Where a kernel has a type, as far as a partial kernel's data say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// In its vmlinux, and stored.
    Vmlinux,
    /// Not in its vmlinux but in this module.
    Module(String),
    /// Nowhere: the kernel was built without this option.
    NotConfigured(String),
    /// Not in its vmlinux; no more is known.
    Absent,
}

/// Which modules are taken as loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Modules {
    /// Every module that the kernel ships.
    #[default]
    All,
    /// These.
    Only(BTreeSet<String>),
    /// None.
    None,
}

impl Modules {
    /// Whether this module is taken as loaded. The kernel writes `_` where files have `-`.
    pub fn has(&self, module: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(names) => names.iter().any(|name| name.replace('-', "_") == module.replace('-', "_")),
        }
    }
}

/// Why a type is certainly not found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Absence {
    /// Neither the vmlinux nor a loaded module has it.
    NotInBtf,
    /// The kernel was built without this option.
    NotConfigured(String),
    /// This module has it, but modules of that kernel carry no BTF.
    ModuleWithoutBtf(String),
    /// This module has it, but it is taken as not loaded.
    ModuleNotLoaded(String),
}

/// Why it cannot be said whether a type is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gap {
    /// This module has it, and its BTF is not stored.
    ModuleNotStored(String),
    /// Not in vmlinux; modules of the kernel may have it, and their BTF is not stored.
    ModulesNotStored,
    /// The kernel is stored in part, and this type is not in that part.
    TypeNotStored,
}

/// Where a root type is found.
#[derive(Debug, Clone)]
pub enum Found {
    /// In these units: one, the vmlinux, or one or several modules.
    In(Vec<Candidates>),
    /// Certainly in none.
    Absent(Absence),
    /// Cannot be said.
    Unknown(Gap),
}

/// The candidates of one unit.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// `vmlinux` or the module's name.
    pub unit: String,
    /// The unit's BTF.
    pub btf: Arc<Btf>,
    /// The types, by ascending id.
    pub ids: Vec<TypeId>,
}

impl Kernel {
    /// Finds the candidates for root types: for each `(essential name, kind)` one answer, in their order.
    pub fn find(&self, roots: &[(&str, Kind)], modules: &Modules) -> Vec<Found> {
        let names: Vec<&[u8]> = roots.iter().map(|(name, _)| name.as_bytes()).collect();
        let kinds: BTreeSet<Kind> = roots.iter().map(|&(_, kind)| kind).collect();
        let accepts = |kind: Kind| kinds.iter().any(|&wanted| is_compatible(kind, wanted));
        let look = |unit: &str, btf: &Arc<Btf>| {
            (unit.to_owned(), Arc::clone(btf), btf.find_by_essential_name(&names, accepts))
        };
        let vmlinux = self.vmlinux.as_ref().map(|btf| look("vmlinux", btf));
        let mut loaded = None;
        roots
            .iter()
            .map(|&(name, kind)| {
                let of_unit = |(unit, btf, found): &(String, Arc<Btf>, _)| pick(unit, btf, found, name, kind);
                if !self.answers_for(name) {
                    return Found::Unknown(Gap::TypeNotStored);
                }
                if let Some(candidates) = vmlinux.as_ref().and_then(of_unit) {
                    return Found::In(vec![candidates]);
                }
                let loaded = loaded.get_or_insert_with(|| {
                    let names = self.modules.iter().filter(|(module, _)| modules.has(module));
                    names.map(|(module, btf)| look(module, btf)).collect::<Vec<_>>()
                });
                let in_modules: Vec<Candidates> = loaded.iter().filter_map(of_unit).collect();
                if in_modules.is_empty() { self.not_found(name, modules) } else { Found::In(in_modules) }
            })
            .collect()
    }

    /// Whether what is stored can say anything about a root of this name.
    fn answers_for(&self, name: &str) -> bool {
        match &self.coverage {
            Coverage::Complete => true,
            Coverage::Partial(listed) => listed.contains_key(name),
        }
    }

    /// Why no stored unit has the type.
    fn not_found(&self, name: &str, modules: &Modules) -> Found {
        let has_module_btf =
            matches!(self.facts.btf, ShippedBtf::VmlinuxAndModules | ShippedBtf::AtLeastVmlinux);
        let place = match &self.coverage {
            Coverage::Complete => &Place::Absent,
            Coverage::Partial(listed) => listed.get(name).unwrap_or(&Place::Absent),
        };
        match place {
            Place::NotConfigured(option) => Found::Absent(Absence::NotConfigured(option.clone())),
            Place::Module(module) if !has_module_btf => {
                Found::Absent(Absence::ModuleWithoutBtf(module.clone()))
            }
            Place::Module(module) if !modules.has(module) => {
                Found::Absent(Absence::ModuleNotLoaded(module.clone()))
            }
            Place::Module(module) if !self.modules.contains_key(module) => {
                Found::Unknown(Gap::ModuleNotStored(module.clone()))
            }
            Place::Module(_) | Place::Vmlinux => Found::Absent(Absence::NotInBtf),
            Place::Absent if has_module_btf && !self.stores_all(modules) => {
                Found::Unknown(Gap::ModulesNotStored)
            }
            Place::Absent => Found::Absent(Absence::NotInBtf),
        }
    }

    /// Whether the BTF of every module taken as loaded is stored.
    fn stores_all(&self, modules: &Modules) -> bool {
        match modules {
            Modules::None => true,
            Modules::Only(names) => names.iter().all(|name| {
                self.modules.keys().any(|stored| Modules::Only([name.clone()].into()).has(stored))
            }),
            // A kernel that ships module BTF ships many; a few stored ones are not all of them.
            Modules::All => false,
        }
    }
}

fn pick(
    unit: &str,
    btf: &Arc<Btf>,
    found: &std::collections::HashMap<&[u8], Vec<TypeId>>,
    name: &str,
    kind: Kind,
) -> Option<Candidates> {
    let ids: Vec<TypeId> =
        found.get(name.as_bytes())?.iter().copied().filter(|&id| is_compatible(btf.kind(id), kind)).collect();
    (!ids.is_empty()).then(|| Candidates { unit: unit.to_owned(), btf: Arc::clone(btf), ids })
}

/// Equal kinds, the two enumerations counting as one (`btf_kind_core_compat`).
pub fn is_compatible(kind: Kind, wanted: Kind) -> bool {
    kind == wanted || kind.is_any_enum() && wanted.is_any_enum()
}
