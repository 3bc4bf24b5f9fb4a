//! BTF that can be read can be walked, is found by name, and is the same when written anew.

use std::collections::HashMap;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, Type, TypeId, TypeSpec, cdecl, essential_name};

use super::ground;

/// How many types are spelled in C and searched for: these cost more the more types there are.
const SEARCHED: usize = 64;

/// Input: BTF.
pub(crate) fn whole(data: &[u8]) {
    if let Ok(btf) = Btf::parse(data.to_vec()) {
        all(&btf, data);
        let copy = rewrite(&btf, Builder::new(btf.endian()));
        same(&btf, copy.map(|bytes| Btf::parse(bytes).expect("what was written can be read")));
    }
}

/// Input: the length of the base in two bytes (little-endian), the base, the split BTF on top of it. Length 0 stands for
/// the types of a fixture.
pub(crate) fn split(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let length = usize::from(u16::from_le_bytes(*length));
    let Some((base, split)) = rest.split_at_checked(length) else { return };
    let base = if length == 0 {
        Arc::clone(&ground::types()[0])
    } else {
        let Ok(base) = Btf::parse(base.to_vec()) else { return };
        Arc::new(base)
    };
    if let Ok(btf) = Btf::parse_split(split.to_vec(), Arc::clone(&base)) {
        all(&btf, split);
        for id in base.ids() {
            assert_eq!(
                TypeSpec::of(base.ty(id)),
                TypeSpec::of(btf.ty(id)),
                "a type of the base, seen from the split"
            );
        }
        let copy = rewrite(&btf, Builder::split(&base));
        let read = |bytes| Btf::parse_split(bytes, Arc::clone(&base)).expect("what was written can be read");
        same(&btf, copy.map(read));
    }
}

/// Whatever can be asked of BTF.
fn all(btf: &Btf, data: &[u8]) {
    assert_eq!(btf.bytes(), data);
    assert_eq!(btf.ids().count() + 1, btf.type_count() as usize);
    walk(btf);
    search(btf);
    for id in btf.own_ids().take(SEARCHED) {
        cdecl::type_name(btf, id);
        cdecl::definition_name(btf, id);
        if let Type::Struct(composite) | Type::Union(composite) = btf.ty(id) {
            composite
                .members()
                .take(SEARCHED)
                .for_each(|member| drop(cdecl::member_declaration(btf, &member)));
        }
    }
}

/// Every type, and what it refers to: all of it exists, and no chain is without end.
fn walk(btf: &Btf) {
    let sound = |id: TypeId| assert!(btf.contains(id), "[{}] of {}", id.0, btf.type_count());
    // One beyond the last: it reads as void.
    for id in (0..=btf.type_count()).map(TypeId) {
        let kind = btf.kind(id);
        assert!(!btf.name_bytes(id).contains(&0));
        btf.size_of(id);
        sound(btf.skip_modifiers_and_typedefs(id).min(TypeId(btf.type_count() - 1)));
        btf.innermost_element(id);
        match btf.ty(id) {
            Type::Void => assert!(id.0 == 0 || !btf.contains(id)),
            Type::Ptr { to }
            | Type::Typedef { to, .. }
            | Type::Qualifier { to, .. }
            | Type::TypeTag { to, .. } => {
                sound(to);
            }
            Type::Array(array) => (sound(array.element), sound(array.index)).0,
            Type::Struct(composite) | Type::Union(composite) => {
                assert!(kind.is_composite());
                assert!(composite.member(composite.len()).is_none());
                composite.members().for_each(|member| sound(member.of));
            }
            Type::Enum(values) | Type::Enum64(values) => {
                assert!(kind.is_any_enum() && values.value(values.len()).is_none());
                assert_eq!(values.values().count(), values.len());
            }
            Type::Func { proto, .. } => sound(proto),
            Type::FuncProto(proto) => {
                sound(proto.returns);
                proto.params().for_each(|param| sound(param.of));
            }
            Type::Var { of, .. } => sound(of),
            Type::DataSec(section) => section.entries().for_each(|entry| sound(entry.of)),
            Type::DeclTag { on, .. } => sound(on),
            Type::Int(_) | Type::Fwd { .. } | Type::Float { .. } | Type::Unknown { .. } => {}
        }
    }
}

/// The search by name finds what looking at every type finds.
fn search(btf: &Btf) {
    let names: Vec<&[u8]> = btf.ids().take(SEARCHED).map(|id| essential_name(btf.name_bytes(id))).collect();
    let mut expected: HashMap<&[u8], Vec<TypeId>> = HashMap::new();
    for id in btf.own_ids() {
        let name = essential_name(btf.name_bytes(id));
        if !name.is_empty() && names.contains(&name) {
            expected.entry(name).or_default().push(id);
        }
    }
    assert_eq!(btf.find_by_essential_name(&names, |_| true), expected);
}

/// The types written anew; `None` when one is of a kind that this program does not know.
fn rewrite(btf: &Btf, mut builder: Builder) -> Option<Vec<u8>> {
    for id in btf.own_ids() {
        assert_eq!(builder.add(TypeSpec::of(btf.ty(id))?), id);
    }
    Some(builder.finish().expect("what was read can be written"))
}

fn same(btf: &Btf, copy: Option<Btf>) {
    let Some(copy) = copy else { return };
    assert_eq!(copy.pointer_size(), btf.pointer_size());
    assert_eq!(copy.type_count(), btf.type_count());
    for id in btf.own_ids() {
        assert_eq!(TypeSpec::of(copy.ty(id)), TypeSpec::of(btf.ty(id)));
    }
}
