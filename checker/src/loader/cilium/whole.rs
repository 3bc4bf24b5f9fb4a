//! Whether whole types go together, as cilium/ebpf sees it (`coreAreTypesCompatible`, `coreTypesMatch`).
//!
//! Every comparison must hold, so they are made from a list, however deep types are nested.

use std::collections::{BTreeMap, HashSet};

use corecheck_layouts::btf::types::{Composite, Enumeration};
use corecheck_layouts::btf::{Btf, Kind, Type, TypeId, essential_name};

use super::Miss;
use crate::resolve::MismatchCode;
use crate::resolve::budget::Budget;

/// Whether two kinds are one type to cilium/ebpf, which has one for both enumerations.
pub(super) fn same_kind(one: Kind, other: Kind) -> bool {
    one == other || one.is_any_enum() && other.is_any_enum()
}

/// Equal essential names, or one of them empty (`coreEssentialNamesMatch`).
pub(super) fn names_match(one: &[u8], other: &[u8]) -> bool {
    one.is_empty() || other.is_empty() || essential_name(one) == essential_name(other)
}

fn changed(what: &str) -> Miss {
    Miss::No(MismatchCode::TypeChanged, format!("the type there is another: {what}"))
}

/// Compatible kinds at every level that counts.
pub(super) fn compatible(btfs: [&Btf; 2], roots: [TypeId; 2], budget: &mut Budget) -> Result<(), Miss> {
    each(btfs, roots, false, budget, |[local, target], _, more| {
        match (local, target) {
            (
                Type::Void
                | Type::Struct(_)
                | Type::Union(_)
                | Type::Enum(_)
                | Type::Enum64(_)
                | Type::Fwd { .. }
                | Type::Int(_),
                _,
            ) => {}
            (Type::Ptr { to: from }, Type::Ptr { to }) => more.push([from, to]),
            (Type::Array(from), Type::Array(to)) => {
                more.extend([[from.element, to.element], [from.index, to.index]]);
            }
            (Type::FuncProto(from), Type::FuncProto(to)) => {
                if from.params().len() != to.params().len() {
                    return Err(changed("its prototype has another number of arguments"));
                }
                more.extend(from.params().zip(to.params()).map(|(from, to)| [from.of, to.of]));
                more.push([from.returns, to.returns]);
            }
            (other, _) => return Err(unsupported(&other)),
        }
        Ok(())
    })
}

/// Names, sizes and members at every level, also behind pointers.
pub(super) fn matches(btfs: [&Btf; 2], roots: [TypeId; 2], budget: &mut Budget) -> Result<(), Miss> {
    let behind = |ids: [TypeId; 2], at: usize| btfs[at].skip_modifiers_and_typedefs(ids[at]);
    // A struct or union that is only declared stands for one of its kind.
    let stands_for = |fwd: Type<'_>, other: Type<'_>| match (fwd, other) {
        (Type::Fwd { is_union, .. }, Type::Struct(_)) => !is_union,
        (Type::Fwd { is_union, .. }, Type::Union(_)) => is_union,
        _ => false,
    };
    each(btfs, roots, true, budget, |[local, target], budget, more| {
        match (local, target) {
            (Type::Void, _) => {}
            (Type::Fwd { is_union: from, .. }, Type::Fwd { is_union: to, .. }) if from == to => {}
            (Type::Fwd { .. }, _) => return Err(changed("a union is not a struct")),
            (Type::Enum(from) | Type::Enum64(from), Type::Enum(to) | Type::Enum64(to)) => {
                enums_match(&from, &to, budget)?;
            }
            (Type::Struct(from), Type::Struct(to)) | (Type::Union(from), Type::Union(to)) => {
                members(&from, &to, budget, more)?;
            }
            (Type::Int(from), Type::Int(to)) => {
                if from.size != to.size || (from.encoding == 1) != (to.encoding == 1) {
                    return Err(changed("an integer has another size or sign"));
                }
            }
            (Type::Ptr { to: from }, Type::Ptr { to }) => {
                let ids = [from, to];
                let (one, other) = (btfs[0].ty(behind(ids, 0)), btfs[1].ty(behind(ids, 1)));
                if !stands_for(one, other) && !stands_for(other, one) {
                    more.push(ids);
                }
            }
            (Type::Array(from), Type::Array(to)) => {
                if from.length != to.length {
                    return Err(changed("an array has another length"));
                }
                more.push([from.element, to.element]);
            }
            (Type::FuncProto(from), Type::FuncProto(to)) => {
                if from.params().len() != to.params().len() {
                    return Err(changed("its prototype has another number of arguments"));
                }
                more.push([from.returns, to.returns]);
                let params: Vec<_> =
                    from.params().zip(to.params()).map(|(from, to)| [from.of, to.of]).collect();
                more.extend(params.into_iter().rev());
            }
            (other, _) => return Err(unsupported(&other)),
        }
        Ok(())
    })
}

/// Makes comparisons until none is left, each pair once. Kinds are compared here, and names if they count.
fn each<'b>(
    btfs: [&'b Btf; 2],
    roots: [TypeId; 2],
    by_name: bool,
    budget: &mut Budget,
    compare: impl Fn([Type<'b>; 2], &mut Budget, &mut Vec<[TypeId; 2]>) -> Result<(), Miss>,
) -> Result<(), Miss> {
    let mut known: HashSet<[TypeId; 2]> = HashSet::new();
    let mut list = vec![roots];
    while let Some([local, target]) = list.pop() {
        let ids = [btfs[0].skip_modifiers_and_typedefs(local), btfs[1].skip_modifiers_and_typedefs(target)];
        budget.spend_on(btfs[1].name_bytes(ids[1]))?;
        if by_name && !names_match(btfs[0].name_bytes(ids[0]), btfs[1].name_bytes(ids[1])) {
            return Err(changed("it has another name"));
        }
        if !same_kind(btfs[0].kind(ids[0]), btfs[1].kind(ids[1])) {
            return Err(changed("it is of another kind"));
        }
        if known.insert(ids) {
            compare([btfs[0].ty(ids[0]), btfs[1].ty(ids[1])], budget, &mut list)?;
        }
    }
    Ok(())
}

fn unsupported(ty: &Type<'_>) -> Miss {
    let what = match ty {
        Type::Float { .. } => "floating-point numbers",
        _ => "types of this kind",
    };
    Miss::stop(format!("cilium/ebpf does not compare {what}"))
}

fn enums_match(local: &Enumeration<'_>, target: &Enumeration<'_>, budget: &mut Budget) -> Result<(), Miss> {
    if local.size != target.size {
        return Err(changed("an enumeration has another size"));
    }
    if local.len() > target.len() {
        return Err(changed("an enumeration has fewer enumerators"));
    }
    for value in local.values() {
        let mut is_there = false;
        for other in target.values() {
            budget.spend_on(other.name_bytes())?;
            is_there |= names_match(value.name_bytes(), other.name_bytes());
            if is_there {
                break;
            }
        }
        if !is_there {
            return Err(changed(&format!("an enumeration has no `{}`", value.name())));
        }
    }
    Ok(())
}

/// The target's members by name; of several with one name the last counts.
fn members(
    local: &Composite<'_>,
    target: &Composite<'_>,
    budget: &mut Budget,
    more: &mut Vec<[TypeId; 2]>,
) -> Result<(), Miss> {
    if local.len() > target.len() {
        return Err(changed("it has fewer members"));
    }
    let mut by_name: BTreeMap<&[u8], TypeId> = BTreeMap::new();
    for member in target.members() {
        budget.spend_on(member.name_bytes())?;
        by_name.insert(member.name_bytes(), member.of);
    }
    let mut found = Vec::new();
    for member in local.members() {
        match by_name.get(member.name_bytes()) {
            Some(&of) => found.push([member.of, of]),
            None => return Err(changed(&format!("it has no member `{}`", member.name()))),
        }
    }
    more.extend(found.into_iter().rev());
    Ok(())
}
