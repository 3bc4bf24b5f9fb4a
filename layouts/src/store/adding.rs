//! A kernel out of a source into a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::file::{Import, Imported};
use super::given::{GivenError, kernel_of, module_btf};
use crate::btf::{Btf, Kind, TypeId};
use crate::kernel::{Coverage, Kernel, Place};
use crate::source::gather::FoundKernel;

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

/// Adds a kernel with all its modules to the file at `path`; with `types` only what these need, whose kernel is then stored in
/// part. `progress` is told how many modules have been read.
///
/// # Errors
/// [`GivenError`]: the kernel's BTF is broken, or the file cannot be written. Broken modules are no error.
pub fn add(
    mut found: FoundKernel,
    types: &[String],
    path: &Path,
    progress: &mut dyn FnMut(usize),
) -> Result<Added, GivenError> {
    let modules = found.take_modules();
    let mut kernel = kernel_of(found)?;
    let vmlinux = btf_of(&kernel)?;
    let mut part = Part::new(types);
    if !types.is_empty() {
        kernel.vmlinux = Some(part.of("vmlinux", &vmlinux)?);
    }
    let mut import = Import::new(&kernel)?;
    let mut stored: BTreeSet<String> = BTreeSet::new();
    let mut broken = kernel.broken_modules.clone();
    for (count, module) in modules.enumerate() {
        match module_btf(&module, &vmlinux) {
            Ok(None) => {}
            Ok(Some(btf)) if types.is_empty() => {
                import.module(&module.name, &btf)?;
                stored.insert(module.name);
            }
            Ok(Some(btf)) => {
                let of_module = part.of(&module.name, &btf)?;
                if of_module.type_count() > 1 {
                    import.module(&module.name, &of_module)?;
                }
                stored.insert(module.name);
            }
            Err(why) => {
                broken.insert(module.name, why);
            }
        }
        progress(count + 1);
    }
    broken.iter().for_each(|(name, why)| import.broken_module(name, why));
    if !stored.is_empty() || !broken.is_empty() {
        import.ships(stored.iter().chain(broken.keys()).cloned());
    }
    if !types.is_empty() {
        import.covers(Coverage::Partial(part.places));
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

    /// A unit's part.
    fn of(&mut self, unit: &str, btf: &Btf) -> Result<Arc<Btf>, GivenError> {
        let is_root = |kind: Kind| {
            matches!(kind, Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64 | Kind::Typedef | Kind::Fwd)
        };
        let mut roots: BTreeSet<TypeId> = BTreeSet::new();
        for name in self.types {
            let essential = crate::btf::essential_name(name.as_bytes());
            let found =
                btf.find_by_essential_name(&[essential], is_root).remove(essential).unwrap_or_default();
            if found.is_empty() {
                continue;
            }
            roots.extend(found);
            let place = self.places.entry(name.clone()).or_insert(Place::Absent);
            if unit == "vmlinux" {
                *place = Place::Vmlinux;
            } else if *place == Place::Absent {
                *place = Place::Module(unit.to_owned());
            }
        }
        let wrong = |error| GivenError::Btf { name: unit.to_owned(), error };
        let (bytes, _) = btf.subset(&roots).map_err(wrong)?;
        Ok(Arc::new(Btf::parse(bytes).map_err(wrong)?))
    }
}
