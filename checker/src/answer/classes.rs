//! Which kernels have the same candidates of a root.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use corecheck_layouts::btf::{Btf, TypeId};
use corecheck_layouts::kernel::{Absence, Found, Gap};

/// For every kernel the number of the class it is in: kernels of one class have the same candidates. The same `Arc` is
/// not looked into again.
pub(crate) fn classes(found: &[Arc<Found>]) -> Vec<u32> {
    let mut by_address: HashMap<*const Found, u32> = HashMap::new();
    let mut by_content: HashMap<Key<'_>, u32> = HashMap::new();
    let mut last = (std::ptr::null(), 0);
    found
        .iter()
        .map(|found| {
            let address = Arc::as_ptr(found);
            if last.0 != address {
                let number = *by_address.entry(address).or_insert_with(|| {
                    let next = by_content.len() as u32;
                    *by_content.entry(Key::of(found)).or_insert(next)
                });
                last = (address, number);
            }
            last.1
        })
        .collect()
}

/// What makes two kernels answer alike.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    /// The same types of the same BTF, kept alive by the candidates.
    In(Vec<(&'a str, *const Btf, &'a [TypeId])>),
    Absent(&'a Absence),
    Unknown(&'a Gap),
}

impl<'a> Key<'a> {
    fn of(found: &'a Found) -> Self {
        match found {
            Found::In(units) => {
                let units = units.iter();
                Self::In(
                    units.map(|of| (of.unit.as_str(), Arc::as_ptr(&of.btf), of.ids.as_slice())).collect(),
                )
            }
            Found::Absent(absence) => Self::Absent(absence),
            Found::Unknown(gap) => Self::Unknown(gap),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_finds_are_one_class_whether_shared_or_not() {
        let absent = |module: &str| Arc::new(Found::Absent(Absence::ModuleNotLoaded(module.to_owned())));
        let one = absent("vfio");
        let unknown = Arc::new(Found::Unknown(Gap::ModuleNotStored("vfio".to_owned())));
        let found = [
            Arc::clone(&one),
            absent("kvm"),
            Arc::clone(&unknown),
            one,
            absent("vfio"),
            unknown,
            absent("kvm"),
        ];
        assert_eq!(classes(&found), [0, 1, 2, 0, 0, 2, 1]);
    }
}
