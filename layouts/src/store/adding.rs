//! A kernel out of a source into a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::file::{Import, Imported};
use super::given::{GivenError, kernel_of, module_btf};
use crate::btf::{Btf, Kind, TypeId};
use crate::kernel::{Coverage, Kernel, Place};
use crate::source::gather::FoundKernel;

/// What the unit of vmlinux is called.
const VMLINUX: &str = "vmlinux";

/// As hard as zstd can compress.
const SMALLEST: i32 = 22;

/// What was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// What the kernel is called.
    pub name: String,
    /// How many modules are stored with it.
    pub modules: usize,
    /// Modules whose BTF is broken, each with what is wrong.
    pub broken: BTreeMap<String, String>,
    /// What came of the import.
    pub imported: Imported,
}

/// How much of a kernel is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent<'t> {
    /// All types of its vmlinux and of all its modules.
    All,
    /// What these types need, wherever the kernel has them.
    Types(&'t [String]),
    /// All types of its vmlinux, and of its modules what these types need.
    VmlinuxAnd(&'t [String]),
}

/// Adds a kernel to the file at `path`. With `is_small` the store is compressed as hard as zstd can, which takes many times as
/// long. `progress` is told how many modules have been read.
///
/// # Errors
/// [`GivenError`]: the kernel's BTF is broken, or the file cannot be written. Broken modules are no error.
pub fn add(
    mut found: FoundKernel,
    extent: Extent<'_>,
    is_small: bool,
    path: &Path,
    progress: &mut dyn FnMut(usize),
) -> Result<Added, GivenError> {
    let modules = found.take_modules();
    let mut kernel = kernel_of(found)?;
    let vmlinux = btf_of(&kernel)?;
    let mut part = match extent {
        Extent::All => None,
        Extent::Types(types) | Extent::VmlinuxAnd(types) => Some(Part::new(types)),
    };
    if let Some(part) = &mut part {
        let (of_vmlinux, _) = part.of(VMLINUX, &vmlinux)?;
        if let Extent::Types(_) = extent {
            kernel.vmlinux = Some(of_vmlinux);
        }
    }
    let mut import = Import::new(&kernel)?;
    if is_small {
        import = import.compressed(SMALLEST);
    }
    let mut stored: BTreeSet<String> = BTreeSet::new();
    let mut broken = kernel.broken_modules.clone();
    for (count, module) in modules.enumerate() {
        match (module_btf(&module, &vmlinux), &mut part) {
            (Ok(None), _) => {}
            (Ok(Some(btf)), None) => {
                import.module(&module.name, &btf)?;
                stored.insert(module.name);
            }
            (Ok(Some(btf)), Some(part)) => {
                let (of_module, has_any) = part.of(&module.name, &btf)?;
                if has_any {
                    import.module(&module.name, &of_module)?;
                }
                stored.insert(module.name);
            }
            (Err(why), _) => {
                broken.insert(module.name, why);
            }
        }
        progress(count + 1);
    }
    broken.iter().for_each(|(name, why)| import.broken_module(name, why));
    match part {
        Some(part) => {
            let places = part.places(!stored.is_empty() && broken.is_empty());
            import.covers(match extent {
                Extent::VmlinuxAnd(_) => Coverage::Vmlinux(places),
                Extent::All | Extent::Types(_) => Coverage::Partial(places),
            });
        }
        // Where only some types are stored, their places tell more than a list of modules.
        None if !stored.is_empty() || !broken.is_empty() => {
            import.ships(stored.iter().chain(broken.keys()).cloned());
        }
        None => {}
    }
    let imported = import.commit(path)?;
    Ok(Added { name: kernel.name.to_string(), modules: stored.len(), broken, imported })
}

fn btf_of(kernel: &Kernel) -> Result<Arc<Btf>, GivenError> {
    kernel.vmlinux.clone().ok_or_else(|| GivenError::NoTypes { name: kernel.name.to_string() })
}

/// What some types need of a kernel.
struct Part<'t> {
    types: &'t [String],
    places: BTreeMap<String, Place>,
}

impl<'t> Part<'t> {
    fn new(types: &'t [String]) -> Self {
        Self { types, places: types.iter().map(|name| (name.clone(), Place::Absent)).collect() }
    }

    /// Where the types are. `is_searched`: every module was looked into.
    fn places(self, is_searched: bool) -> BTreeMap<String, Place> {
        let known = |place| if place == Place::Absent && is_searched { Place::Nowhere } else { place };
        self.places.into_iter().map(|(name, place)| (name, known(place))).collect()
    }

    /// A unit's part, and whether any of the types is in it.
    fn of(&mut self, unit: &str, btf: &Btf) -> Result<(Arc<Btf>, bool), GivenError> {
        let mut roots: BTreeSet<TypeId> = BTreeSet::new();
        let first = btf.own_ids().next().unwrap_or(TypeId::VOID);
        for name in self.types {
            let essential = crate::btf::essential_name(name.as_bytes());
            let found = btf.find_by_essential_name(&[essential], is_root).remove(essential);
            // Of a module what is its own: its vmlinux has the rest.
            let mut found = found.unwrap_or_default();
            found.retain(|&id| id >= first);
            let is_defined = found.iter().any(|&id| btf.kind(id) != Kind::Fwd);
            roots.extend(found);
            // That a type is named somewhere does not say that it is there.
            let place = self.places.entry(name.clone()).or_insert(Place::Absent);
            if is_defined && *place == Place::Absent {
                *place = match unit {
                    VMLINUX => Place::Vmlinux,
                    module => Place::Module(module.to_owned()),
                };
            }
        }
        let wrong = |error| GivenError::Btf { name: unit.to_owned(), error };
        let (bytes, _) = btf.subset(&roots).map_err(wrong)?;
        Ok((Arc::new(Btf::parse(bytes).map_err(wrong)?), !roots.is_empty()))
    }
}

fn is_root(kind: Kind) -> bool {
    matches!(kind, Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Typedef | Kind::Fwd)
}
