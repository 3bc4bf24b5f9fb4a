//! BTF that can be read can be walked, is found by name, and is the same when written anew.

use std::collections::HashMap;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, MemberSpec, Type, TypeId, TypeSpec, cdecl, essential_name};

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

/// Input: the lengths of a vmlinux and of a distilled base in two bytes each (little-endian), these two, and a module's BTF
/// that stands on the distilled base. Length 0 of the vmlinux stands for the types of a fixture.
pub(crate) fn distilled(data: &[u8]) {
    let Some((&[a, b, c, d], rest)) = data.split_first_chunk::<4>() else { return };
    let length = |low, high| usize::from(u16::from_le_bytes([low, high]));
    let Some((vmlinux, rest)) = rest.split_at_checked(length(a, b)) else { return };
    let Some((base, module)) = rest.split_at_checked(length(c, d)) else { return };
    let on = if vmlinux.is_empty() {
        Arc::clone(&ground::types()[0])
    } else {
        let Ok(btf) = Btf::parse(vmlinux.to_vec()) else { return };
        Arc::new(btf)
    };
    let Ok(moved) = Btf::parse_distilled(module.to_vec(), base.to_vec(), &on) else { return };
    walk(&moved);
    search(&moved);
    // It has the types that it had, and stands where it was put.
    let base = Arc::new(Btf::parse(base.to_vec()).expect("it was read"));
    let before = Btf::parse_split(module.to_vec(), base).expect("it was read");
    assert!(moved.base().is_some_and(|base| Arc::ptr_eq(base, &on)));
    for (id, before_id) in moved.own_ids().zip(before.own_ids()) {
        assert_eq!(moved.kind(id), before.kind(before_id));
        // What has no name of its own in C is written without one, whatever its record says.
        let is_nameless = matches!(
            moved.ty(id),
            Type::Ptr { .. } | Type::Qualifier { .. } | Type::Array(_) | Type::FuncProto(_)
        );
        assert!(is_nameless || moved.name(id) == before.name(before_id), "[{}]", id.0);
    }
    assert_eq!(moved.own_ids().count(), before.own_ids().count());
}

/// Modules on distilled bases for the fuzzer to begin with: on a fixture's types, and on types of their own.
pub(crate) fn distilled_seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let fixture = &ground::types()[0];
    let types = fixture.own_ids().filter_map(|id| Some((id, TypeSpec::of(fixture.ty(id))?)));
    // As `pahole` distils: without members and values.
    let bare = types.filter_map(|(id, spec)| {
        let name = fixture.name(id).to_owned();
        match spec {
            _ if name.is_empty() => None,
            TypeSpec::Int { .. } | TypeSpec::Float { .. } | TypeSpec::Fwd { .. } => Some(spec),
            TypeSpec::Composite { is_union, size, .. } => {
                Some(TypeSpec::Composite { is_union, name, size, kind_flag: false, members: Vec::new() })
            }
            TypeSpec::Enum { size, is_signed, is_64: false, .. } => {
                Some(TypeSpec::Enum { name, size, is_signed, is_64: false, values: Vec::new() })
            }
            _ => None,
        }
    });
    let mut base = Builder::new(fixture.endian());
    for spec in bare.take(8) {
        base.add(spec);
    }
    let base = ground::parsed(base);
    let mut module = Builder::split(&base);
    let last = TypeId(base.type_count() - 1);
    let pointer = module.add(TypeSpec::Ptr { to: last });
    let member =
        |name: &str, of, bit_offset| MemberSpec { name: name.to_owned(), of, bit_offset, bitfield_bits: 0 };
    let members = vec![member("to", pointer, 0), member("held", TypeId(1), 64)];
    module.add(TypeSpec::Composite {
        is_union: false,
        name: "own".to_owned(),
        size: 4096,
        kind_flag: false,
        members,
    });
    let module = ground::parsed_on(module, &base);
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).expect("seeds are small").to_le_bytes();
    let on = |name: &str, vmlinux: &[u8]| {
        let parts = [&length(vmlinux), &length(base.bytes()), vmlinux, base.bytes(), module.bytes()];
        ("distilled", name.to_owned(), parts.concat())
    };
    vec![on("fixture", &[]), on("itself", base.bytes())]
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
pub(crate) fn walk(btf: &Btf) {
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
