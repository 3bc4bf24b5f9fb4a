//! Where in a kernel's BTF a loader would find a root type, as libbpf looks: vmlinux first, loaded modules only
//! when vmlinux has no candidate at all (`bpf_core_find_cands`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::modules::is_same_module;
use super::{Coverage, Kernel, LookedUp, Modules, ShippedBtf};
use crate::btf::{Btf, Kind, TypeId};

/// What the unit of vmlinux is called.
const VMLINUX: &str = "vmlinux";

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
    /// Neither in its vmlinux nor in any of its modules.
    Nowhere,
}

/// How a loader looks for a root type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Search {
    /// Types of the root's kind, the two kinds of enumerations being one; modules only when vmlinux has none (libbpf,
    /// `bpf_core_find_cands`).
    #[default]
    Kind,
    /// The same, but exactly of the root's kind (the kernel's own `bpf_core_find_cands`, kernel/bpf/btf.c; aya).
    ExactKind,
    /// Types of any kind, in vmlinux and in all modules (cilium/ebpf, `CORERelocate`). What is in vmlinux is found even
    /// when modules are not stored, which may have others of that name.
    Everywhere,
}

impl Search {
    /// Whether a type of this kind is a candidate for a root of that kind.
    fn takes(self, kind: Kind, root: Kind) -> bool {
        match self {
            Self::Kind => is_compatible(kind, root),
            Self::ExactKind => kind == root,
            Self::Everywhere => NAMED_TYPES.contains(&kind),
        }
    }
}

/// The kinds of types with names that loaders may take for each other.
pub const NAMED_TYPES: [Kind; 8] =
    [Kind::Struct, Kind::Union, Kind::Enum, Kind::Enum64, Kind::Typedef, Kind::Int, Kind::Float, Kind::Fwd];

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
    /// Not in vmlinux; these modules may have it, and their BTF is broken: for each what is wrong with it.
    ModulesBroken(BTreeMap<String, String>),
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

/// Finds the candidates of root types, each an `(essential name, kind)`, in many kernels: for every root, for every
/// kernel, in their orders. Kernels that answer alike may share what was found.
pub fn find_all(kernels: &[&Kernel], roots: &[(&str, Kind)], modules: &Modules) -> Vec<Vec<Arc<Found>>> {
    find_all_by(Search::Kind, kernels, roots, modules)
}

/// As [`find_all`], as another loader looks for them.
pub fn find_all_by(
    search: Search,
    kernels: &[&Kernel],
    roots: &[(&str, Kind)],
    modules: &Modules,
) -> Vec<Vec<Arc<Found>>> {
    let mut search = Finder::new(search, roots);
    let mut by_root: Vec<Vec<Arc<Found>>> = roots.iter().map(|_| Vec::with_capacity(kernels.len())).collect();
    for kernel in kernels {
        for (of_root, found) in by_root.iter_mut().zip(search.kernel(kernel, modules)) {
            of_root.push(found);
        }
    }
    by_root
}

impl Kernel {
    /// Finds the candidates for root types: for each `(essential name, kind)` one answer, in their order.
    pub fn find(&self, roots: &[(&str, Kind)], modules: &Modules) -> Vec<Found> {
        let found = Finder::new(Search::Kind, roots).kernel(self, modules);
        found.into_iter().map(Arc::unwrap_or_clone).collect()
    }
}

/// A search for some roots in many kernels. A `Btf` that kernels share is looked through once.
struct Finder<'r> {
    search: Search,
    roots: &'r [(&'r str, Kind)],
    names: Vec<&'r [u8]>,
    kinds: BTreeSet<Kind>,
    /// What a BTF has, by its address: whoever owns it outlives the search.
    looked: HashMap<*const Btf, HashMap<&'r [u8], Vec<TypeId>>>,
    /// What was found in a vmlinux, by its address and the number of the root.
    in_vmlinux: HashMap<(*const Btf, usize), Option<Arc<Found>>>,
    /// The numbers that the roots have in what was looked up, and in which; several where kinds do not count.
    numbers: Option<(*const LookedUp, Vec<Vec<usize>>)>,
}

impl<'r> Finder<'r> {
    fn new(search: Search, roots: &'r [(&'r str, Kind)]) -> Self {
        let own = roots.iter().map(|&(_, kind)| kind);
        Self {
            search,
            roots,
            names: roots.iter().map(|(name, _)| name.as_bytes()).collect(),
            kinds: if search == Search::Everywhere { NAMED_TYPES.into() } else { own.collect() },
            looked: HashMap::new(),
            in_vmlinux: HashMap::new(),
            numbers: None,
        }
    }

    /// The numbers that a root has in what was looked up; none when it was not asked for.
    fn numbers_in(&mut self, up: &Arc<LookedUp>, number: usize) -> &[usize] {
        let own = Arc::as_ptr(up);
        if self.numbers.as_ref().is_none_or(|(known, _)| *known != own) {
            let everywhere = self.search == Search::Everywhere;
            let of_root = |&(name, kind): &(&str, Kind)| -> Vec<usize> {
                // What was found for one kind of enumerations is all that there is of both.
                let mut known: Vec<Kind> = Vec::new();
                let mut numbers = Vec::new();
                for kind in std::iter::once(kind).chain(NAMED_TYPES.into_iter().filter(|_| everywhere)) {
                    if known.iter().any(|&other| is_compatible(kind, other)) {
                        continue;
                    }
                    if let Some(number) = up.root(name, kind) {
                        known.push(kind);
                        numbers.push(number);
                    }
                }
                numbers
            };
            self.numbers = Some((own, self.roots.iter().map(of_root).collect()));
        }
        let numbers = self.numbers.as_ref().and_then(|(_, numbers)| numbers.get(number));
        numbers.map(Vec::as_slice).unwrap_or_default()
    }

    /// What was looked up in a vmlinux. Where it was not asked for, nothing is known of it.
    fn looked_up(&mut self, looked: &super::Looked, number: usize) -> Option<Arc<Found>> {
        let search = self.search;
        let root = self.roots.get(number).map(|&(_, kind)| kind)?;
        let numbers = self.numbers_in(&looked.up, number);
        let mut units = Vec::new();
        for &number in numbers {
            let found = looked.in_vmlinux(number);
            if search == Search::Kind {
                return found.cloned();
            }
            match found.map(Arc::as_ref) {
                None => {}
                Some(Found::In(found)) => units.extend(of_kinds(found, |kind| search.takes(kind, root))),
                Some(_) => return found.cloned(),
            }
        }
        if numbers.is_empty() {
            return Some(Arc::new(Found::Unknown(Gap::TypeNotStored)));
        }
        (!units.is_empty()).then(|| Arc::new(Found::In(units)))
    }

    /// One answer for each root.
    fn kernel(&mut self, kernel: &Kernel, modules: &Modules) -> Vec<Arc<Found>> {
        let mut stores_all = None;
        let mut found = Vec::with_capacity(self.roots.len());
        for (number, &(name, _)) in self.roots.iter().enumerate() {
            if !kernel.answers_for(name) {
                found.push(Arc::new(Found::Unknown(Gap::TypeNotStored)));
                continue;
            }
            let here = match &kernel.looked {
                Some(looked) => self.looked_up(looked, number),
                None => kernel.vmlinux.as_ref().and_then(|btf| self.in_vmlinux(btf, number)),
            };
            if let Some(here) = here {
                found.push(self.with_modules(here, kernel, number, modules));
                continue;
            }
            if let Some(missing) = kernel.lacks_modules_for(name, modules) {
                found.push(Arc::new(missing));
                continue;
            }
            let in_modules = self.in_modules(kernel, number, |module| modules.has(module));
            if !in_modules.is_empty() {
                found.push(Arc::new(Found::In(in_modules)));
                continue;
            }
            let stores_all = *stores_all.get_or_insert_with(|| kernel.stores_all(modules));
            let mut missing = kernel.not_found(name, modules, stores_all);
            if matches!(missing, Found::Absent(Absence::NotInBtf)) {
                // A module that has it, but is taken as not loaded, says more.
                let idle = self.in_modules(kernel, number, |module| !modules.has(module));
                if let Some(first) = idle.into_iter().next() {
                    missing = Found::Absent(Absence::ModuleNotLoaded(first.unit));
                }
            }
            found.push(Arc::new(missing));
        }
        found
    }

    /// What is in vmlinux, with what modules have where they are searched too.
    fn with_modules(
        &mut self,
        here: Arc<Found>,
        kernel: &Kernel,
        number: usize,
        modules: &Modules,
    ) -> Arc<Found> {
        let Found::In(units) = here.as_ref() else { return here };
        if self.search != Search::Everywhere {
            return here;
        }
        let more = self.in_modules(kernel, number, |module| modules.has(module));
        if more.is_empty() { here } else { Arc::new(Found::In(units.iter().cloned().chain(more).collect())) }
    }

    fn in_vmlinux(&mut self, btf: &Arc<Btf>, number: usize) -> Option<Arc<Found>> {
        if let Some(known) = self.in_vmlinux.get(&(Arc::as_ptr(btf), number)) {
            return known.clone();
        }
        let candidates = self.candidates(VMLINUX, btf, number);
        let found = candidates.map(|candidates| Arc::new(Found::In(vec![candidates])));
        self.in_vmlinux.insert((Arc::as_ptr(btf), number), found.clone());
        found
    }

    /// The modules that have a root, among those that are `wanted`, by their names.
    fn in_modules(
        &mut self,
        kernel: &Kernel,
        number: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<Candidates> {
        if !kernel.has_module_btf() {
            return Vec::new();
        }
        if let Some(looked) = &kernel.looked {
            let (search, kind) = (self.search, self.roots.get(number).map(|&(_, kind)| kind));
            let Some(kind) = kind else { return Vec::new() };
            let numbers = self.numbers_in(&looked.up, number);
            let found = numbers.iter().flat_map(|&number| looked.in_modules(number));
            let found = found.filter(|found| wanted(&found.unit));
            return of_kinds(found, |found| search.takes(found, kind)).collect();
        }
        let modules = kernel.modules.iter().filter(|(module, _)| wanted(module));
        modules.filter_map(|(module, btf)| self.candidates(module, btf, number)).collect()
    }

    fn candidates(&mut self, unit: &str, btf: &Arc<Btf>, number: usize) -> Option<Candidates> {
        let &(name, kind) = self.roots.get(number)?;
        let (names, kinds, search) = (&self.names, &self.kinds, self.search);
        let found = self.looked.entry(Arc::as_ptr(btf)).or_insert_with(|| {
            btf.find_by_essential_name(names, |kind| kinds.iter().any(|&wanted| is_compatible(kind, wanted)))
        });
        let ids = found.get(name.as_bytes())?.iter().copied();
        let ids: Vec<TypeId> = ids.filter(|&id| search.takes(btf.kind(id), kind)).collect();
        (!ids.is_empty()).then(|| Candidates { unit: unit.to_owned(), btf: Arc::clone(btf), ids })
    }
}

/// Those candidates whose kinds are wanted; units without one are left out.
fn of_kinds<'f>(
    found: impl IntoIterator<Item = &'f Candidates>,
    wanted: impl Fn(Kind) -> bool,
) -> impl Iterator<Item = Candidates> {
    found.into_iter().filter_map(move |unit| {
        let ids: Vec<TypeId> = unit.ids.iter().copied().filter(|&id| wanted(unit.btf.kind(id))).collect();
        (!ids.is_empty()).then(|| Candidates { unit: unit.unit.clone(), btf: Arc::clone(&unit.btf), ids })
    })
}

impl Kernel {
    /// Whether what is stored can say anything about a root of this name.
    fn answers_for(&self, name: &str) -> bool {
        match &self.coverage {
            Coverage::Complete | Coverage::Vmlinux(_) => true,
            Coverage::Partial(listed) => listed.contains_key(name),
        }
    }

    /// What is known of a name that the vmlinux has not, where the stored parts of modules say nothing of it.
    fn lacks_modules_for(&self, name: &str, modules: &Modules) -> Option<Found> {
        match &self.coverage {
            Coverage::Vmlinux(listed) if !listed.contains_key(name) => {
                let searches_modules = self.has_module_btf() && *modules != Modules::None;
                Some(match searches_modules {
                    true => Found::Unknown(Gap::ModulesNotStored),
                    false => Found::Absent(Absence::NotInBtf),
                })
            }
            _ => None,
        }
    }

    /// The modules whose BTF is stored.
    fn stored_modules(&self) -> impl Iterator<Item = &str> {
        let looked = self.looked.iter().flat_map(super::Looked::modules);
        self.modules.keys().map(String::as_str).chain(looked)
    }

    /// Whether loaders search BTF of its modules. Where they bring along a BTF of vmlinux, they do not.
    fn has_module_btf(&self) -> bool {
        matches!(self.facts.btf, ShippedBtf::VmlinuxAndModules | ShippedBtf::AtLeastVmlinux)
    }

    /// Why no stored unit has the type.
    fn not_found(&self, name: &str, modules: &Modules, stores_all: bool) -> Found {
        let place = match &self.coverage {
            Coverage::Complete => &Place::Absent,
            Coverage::Partial(listed) | Coverage::Vmlinux(listed) => {
                listed.get(name).unwrap_or(&Place::Absent)
            }
        };
        match place {
            Place::NotConfigured(option) => Found::Absent(Absence::NotConfigured(option.clone())),
            Place::Module(module) if !self.has_module_btf() => {
                Found::Absent(Absence::ModuleWithoutBtf(module.clone()))
            }
            Place::Module(module) if !modules.has(module) => {
                Found::Absent(Absence::ModuleNotLoaded(module.clone()))
            }
            Place::Module(module) => self.not_in_module(module),
            Place::Vmlinux | Place::Nowhere => Found::Absent(Absence::NotInBtf),
            Place::Absent if self.has_module_btf() => {
                let broken = self.broken_modules.iter().filter(|(module, _)| modules.has(module));
                let broken: BTreeMap<String, String> =
                    broken.map(|(module, why)| (module.clone(), why.clone())).collect();
                match stores_all {
                    _ if !broken.is_empty() => Found::Unknown(Gap::ModulesBroken(broken)),
                    false => Found::Unknown(Gap::ModulesNotStored),
                    true => Found::Absent(Absence::NotInBtf),
                }
            }
            Place::Absent => Found::Absent(Absence::NotInBtf),
        }
    }

    /// Why no stored unit has a type that this module, which is taken as loaded, is known to have.
    fn not_in_module(&self, module: &str) -> Found {
        if self.stored_modules().any(|stored| is_same_module(stored, module)) {
            return Found::Absent(Absence::NotInBtf);
        }
        if let Some((name, why)) = self.broken_modules.iter().find(|(name, _)| is_same_module(name, module)) {
            return Found::Unknown(Gap::ModulesBroken(BTreeMap::from([(name.clone(), why.clone())])));
        }
        let is_shipped = |shipped: &BTreeSet<String>| shipped.iter().any(|name| is_same_module(name, module));
        if self.shipped_modules.as_ref().is_none_or(is_shipped) {
            Found::Unknown(Gap::ModuleNotStored(module.to_owned()))
        } else {
            Found::Absent(Absence::ModuleWithoutBtf(module.to_owned()))
        }
    }

    /// Whether the BTF of every module taken as loaded is stored, or known to be broken.
    fn stores_all(&self, modules: &Modules) -> bool {
        let is_stored = |module: &str| {
            let keys = || self.stored_modules().chain(self.broken_modules.keys().map(String::as_str));
            self.modules.contains_key(module) || keys().any(|stored| is_same_module(stored, module))
        };
        match (modules, &self.shipped_modules) {
            (Modules::None, _) => true,
            // A kernel that ships module BTF ships many; a few stored ones are not all of them.
            (Modules::All | Modules::Except(_), None) => false,
            (Modules::All | Modules::Except(_), Some(shipped)) => {
                shipped.iter().all(|module| !modules.has(module) || is_stored(module))
            }
            (Modules::Only(names), None) => names.iter().all(|name| is_stored(name)),
            (Modules::Only(names), Some(shipped)) => names
                .iter()
                .all(|name| is_stored(name) || !shipped.iter().any(|module| is_same_module(module, name))),
        }
    }
}

/// Equal kinds, the two enumerations counting as one (`btf_kind_core_compat`).
pub fn is_compatible(kind: Kind, wanted: Kind) -> bool {
    kind == wanted || kind.is_any_enum() && wanted.is_any_enum()
}

#[cfg(test)]
mod tests;
