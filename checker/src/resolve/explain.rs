//! Mismatches in words that a person can act on.

use corecheck_layouts::btf::cdecl::{declaration, definition_name, type_name};
use corecheck_layouts::btf::{Btf, Type, TypeId};

use super::outcome::{Explained, Mismatch, MismatchCode, Place};
use crate::access::{RelocationKind, Spec};

/// Explains why `local` finds nothing at the candidate `root` of `unit`.
pub(super) fn explain(
    mismatch: &Mismatch,
    local: &Spec,
    local_btf: &Btf,
    target_btf: &Btf,
    unit: &str,
    root: TypeId,
) -> Explained {
    let root_place = || Place { unit: unit.to_owned(), spec: describe_root(target_btf, root) };
    let (code, text, nearest) = match mismatch {
        Mismatch::FieldMissing { member, parent, .. } => {
            let parent = definition_name(target_btf, *parent);
            (MismatchCode::FieldMissing, format!("{parent} has no member `{member}` there"), root_place())
        }
        Mismatch::ParentNotComposite { member, found, .. } => (
            MismatchCode::FieldKindChanged,
            format!(
                "what should have `{member}` is `{}` there, not a struct or union",
                type_name(target_btf, *found)
            ),
            root_place(),
        ),
        Mismatch::KindChanged { local, target, found } => {
            let name = found.accessors.last().and_then(|last| last.name.as_deref()).unwrap_or_default();
            let name = String::from_utf8_lossy(name);
            let (was, is) = (type_name(local_btf, *local), type_name(target_btf, *target));
            let text = if was == is {
                format!(
                    "`{name}` is `{is}` there too, but {}",
                    behind(local_btf, *local, target_btf, *target)
                )
            } else {
                format!("`{name}` is `{is}` there, not `{was}`")
            };
            let place = Place { unit: unit.to_owned(), spec: found.describe(target_btf) };
            (MismatchCode::FieldKindChanged, text, place)
        }
        Mismatch::NotAnArray { found, .. } => (
            MismatchCode::FieldKindChanged,
            format!("what is indexed is `{}` there, not an array", type_name(target_btf, *found)),
            root_place(),
        ),
        Mismatch::ArrayTooShort { index, length, .. } => (
            MismatchCode::ArrayTooShort,
            format!("the array has {length} elements there, so there is no [{index}]"),
            root_place(),
        ),
        Mismatch::EnumeratorMissing { name } => {
            let root = definition_name(target_btf, root);
            (
                MismatchCode::EnumeratorMissing,
                format!("{root} has no enumerator `{name}` there"),
                root_place(),
            )
        }
        Mismatch::Kind => {
            let how = if local.kind == RelocationKind::TypeMatches { "match" } else { "go with" };
            let (was, is) = (type_name(local_btf, local.root), type_name(target_btf, root));
            (
                MismatchCode::TypeChanged,
                format!("`{is}` there does not {how} the object's `{was}`"),
                root_place(),
            )
        }
    };
    Explained { code, text, nearest: Some(nearest) }
}

/// The type itself and its size.
fn describe_root(btf: &Btf, root: TypeId) -> String {
    match btf.size_of(root) {
        Some(size) => format!("{} ({size} bytes)", definition_name(btf, root)),
        None => definition_name(btf, root),
    }
}

/// Two types written alike that are not: a typedef that now stands for something else, say.
fn behind(local_btf: &Btf, local: TypeId, target_btf: &Btf, target: TypeId) -> String {
    let shown = |btf: &Btf, id: TypeId| {
        let id = btf.skip_modifiers_and_typedefs(id);
        match btf.ty(id) {
            Type::Struct(_) | Type::Union(_) => definition_name(btf, id),
            _ => declaration(btf, id, ""),
        }
    };
    format!("it stands for {} and not for {}", shown(target_btf, target), shown(local_btf, local))
}
