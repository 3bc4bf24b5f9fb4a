//! Kernel functions and variables that programs name (`__ksym`).
//!
//! Source: `bpf_object__resolve_ksyms_btf_id`, `find_ksym_btf_id` (vmlinux, then the modules in their order; the first by
//! that name), `bpf_object__resolve_ksym_var_btf_id`, `_func_btf_id`. A weak function with another prototype counts as not
//! there; a variable of another type fails the load even when it is weak. Symbols without a type come from
//! `/proc/kallsyms`, of which BTF lists functions and, mostly, variables of each CPU.

use std::collections::BTreeSet;

use corecheck_layouts::btf::cdecl::declaration;
use corecheck_layouts::btf::{Btf, Kind, Type, TypeId, essential_name};
use corecheck_layouts::kernel::{Absence, Candidates, Found};

use super::model::{Ask, Doubt, ExternValue, Fate, Lack};
use crate::resolve::compatible;

/// What must be looked up for a name of this kind: all that comparing it takes.
pub(super) fn asks(name: &str, kind: Kind) -> Vec<Ask> {
    vec![Ask::named(essential(name), kind).whole()]
}

/// What must be looked up for a symbol without a type.
pub(super) fn symbol_asks(name: &str) -> Vec<Ask> {
    [Kind::Var, Kind::Func].map(|kind| Ask::named(essential(name), kind)).to_vec()
}

/// Everything is looked up by its name without flavour, and then compared whole.
pub(super) fn essential(name: &str) -> String {
    String::from_utf8_lossy(essential_name(name.as_bytes())).into_owned()
}

/// The candidates that really have this name, each unit's first.
pub(super) fn exact<'f>(
    units: &'f [Candidates],
    name: &str,
) -> impl Iterator<Item = (&'f Candidates, TypeId)> {
    units.iter().filter_map(move |unit| {
        let id = unit.ids.iter().copied().find(|&id| unit.btf.name_bytes(id) == name.as_bytes())?;
        Some((unit, id))
    })
}

/// What becomes of a kernel function or of a variable with a type.
pub(super) fn fate(local: &Btf, name: &str, of: TypeId, found: &Found) -> Fate {
    let units = match found {
        Found::In(units) => units,
        Found::Absent(absence) => return Fate::Missing(Lack::Absent(absence.clone())),
        Found::Unknown(gap) => return Fate::Unknown(Doubt::NotStored(gap.clone())),
    };
    let mut fates: Vec<(String, Fate)> = Vec::new();
    for (unit, id) in exact(units, name) {
        fates.push((unit.unit.clone(), compared(local, name, of, unit, id)));
    }
    let Some((_, first)) = fates.first() else {
        return Fate::Missing(Lack::Absent(Absence::NotInBtf));
    };
    // Which module comes first is known only on the machine.
    let is_met = |fate: &Fate| matches!(fate, Fate::Met { .. });
    if fates.iter().any(|(_, fate)| is_met(fate) != is_met(first)) {
        let units: BTreeSet<String> = fates.into_iter().map(|(unit, _)| unit).collect();
        return Fate::Unknown(Doubt::Several(units));
    }
    first.clone()
}

fn compared(local: &Btf, name: &str, of: TypeId, unit: &Candidates, id: TypeId) -> Fate {
    let target = match unit.btf.ty(id) {
        Type::Func { proto, .. } => proto,
        Type::Var { of, .. } => unit.btf.skip_modifiers_and_typedefs(of),
        _ => return Fate::Unknown(Doubt::NoEnumeration),
    };
    let of = local.skip_modifiers_and_typedefs(of);
    match compatible(local, of, &unit.btf, target) {
        Ok(true) => Fate::Met { unit: Some(unit.unit.clone()) },
        Ok(false) => Fate::Missing(Lack::Incompatible {
            local: declaration(local, of, name),
            target: declaration(&unit.btf, target, name),
            unit: unit.unit.clone(),
        }),
        Err(_) => Fate::Unknown(Doubt::TooDeep),
    }
}

/// What becomes of a symbol without a type: only that it is there can be told.
pub(super) fn symbol_fate(name: &str, found: &[&Found]) -> Fate {
    for found in found {
        if let Found::In(units) = found
            && let Some((unit, _)) = exact(units, name).next()
        {
            return Fate::Met { unit: Some(unit.unit.clone()) };
        }
    }
    Fate::Unknown(Doubt::NotInBtfAtAll)
}

/// What a fate says about the address.
pub(super) fn value(fate: &Fate) -> ExternValue {
    match fate {
        Fate::Met { .. } => ExternValue::Present,
        Fate::Missing(_) => ExternValue::Missing,
        Fate::Unknown(_) | Fate::NotJudged => ExternValue::Unknown,
    }
}
