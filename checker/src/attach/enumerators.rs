//! Enumerations that name what a kernel's BPF can do: helpers, types of maps, of programs, of attachments.
//!
//! These are part of the kernel's interface: a number never changes its meaning, and a kernel that has one lists it. That it
//! is listed is necessary, not sufficient: a helper may be forbidden to a type of program, a type of map not be configured.

use corecheck_layouts::btf::Type;
use corecheck_layouts::btf::types::Enumerator;
use corecheck_layouts::kernel::Found;

use super::model::{Doubt, Fate, Lack};

/// Whether the enumeration has an enumerator that `is_it`.
pub(super) fn enumerator(found: &Found, is_it: impl Fn(&Enumerator<'_>) -> bool) -> Fate {
    let units = match found {
        Found::In(units) => units,
        // A kernel whose BTF does not name the enumeration may still have what it would name.
        Found::Absent(_) => return Fate::Unknown(Doubt::NoEnumeration),
        Found::Unknown(gap) => return Fate::Unknown(Doubt::NotStored(gap.clone())),
    };
    let all = units.iter().flat_map(|unit| unit.ids.iter().map(move |&id| (unit, unit.btf.ty(id))));
    let mut is_empty = true;
    for (unit, ty) in all {
        let (Type::Enum(values) | Type::Enum64(values)) = ty else { continue };
        is_empty &= values.is_empty();
        if values.values().any(|value| is_it(&value)) {
            return Fate::Met { unit: Some(unit.unit.clone()) };
        }
    }
    if is_empty { Fate::Unknown(Doubt::NoEnumeration) } else { Fate::Missing(Lack::NoEnumerator) }
}

/// Whether the kernel has a helper, or one that libbpf puts in its place: `bpf_probe_read` for what tells the kernel's memory from
/// the user's, since kernel 5.5 (`bpf_object__sanitize_prog`).
pub(super) fn helper(found: &Found, number: i32) -> Fate {
    let older = match number {
        112 | 113 => Some(4),
        114 | 115 => Some(45),
        _ => None,
    };
    let is_it = |wanted: i32, value: u64| value == i64::from(wanted) as u64;
    enumerator(found, |value| {
        is_it(number, value.value) || older.is_some_and(|older| is_it(older, value.value))
    })
}

/// The name of a number, if this kernel's enumeration has it.
pub(super) fn name_of(found: &Found, number: i32) -> Option<String> {
    let Found::In(units) = found else { return None };
    let mut types = units.iter().flat_map(|unit| unit.ids.iter().map(|&id| unit.btf.ty(id)));
    types.find_map(|ty| match ty {
        Type::Enum(values) | Type::Enum64(values) => {
            let value = values.values().find(|value| value.value == i64::from(number) as u64)?;
            Some(value.name().to_owned())
        }
        _ => None,
    })
}
