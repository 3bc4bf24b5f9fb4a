//! Reading BTF: what is well-formed is read and written back the same; what is not is an error with its place.

mod broken;
mod headers;
mod round_trip;
mod split;

use corecheck_layouts::btf::types::SecInfo;
use corecheck_layouts::btf::{
    Btf, BtfError, Builder, Endian, Kind, MemberSpec, Type, TypeId, TypeSpec, cdecl,
};

/// One type of every kind, referring to each other.
pub(crate) fn every_kind() -> Vec<TypeSpec> {
    let name = |name: &str| name.to_owned();
    let member = |name: &str, of: u32, bit_offset: u32, bitfield_bits: u8| MemberSpec {
        name: name.to_owned(),
        of: TypeId(of),
        bit_offset,
        bitfield_bits,
    };
    vec![
        TypeSpec::Int { name: name("long int"), size: 8, encoding: 1, offset: 0, bits: 64 },
        TypeSpec::Ptr { to: TypeId(4) },
        TypeSpec::Array { element: TypeId(2), index: TypeId(1), length: 3 },
        TypeSpec::Composite {
            is_union: false,
            name: name("s"),
            size: 48,
            kind_flag: true,
            members: vec![member("a", 3, 0, 0), member("", 5, 192, 0), member("b", 1, 256, 5)],
        },
        TypeSpec::Composite {
            is_union: true,
            name: name(""),
            size: 8,
            kind_flag: false,
            members: vec![member("x", 1, 0, 0), member("y", 2, 0, 0)],
        },
        TypeSpec::Enum {
            name: name("e"),
            size: 4,
            is_signed: true,
            is_64: false,
            values: vec![(name("MINUS"), u64::MAX), (name("PLUS"), 1)],
        },
        TypeSpec::Enum {
            name: name("e64"),
            size: 8,
            is_signed: false,
            is_64: true,
            values: vec![(name("BIG"), 1 << 40)],
        },
        TypeSpec::Fwd { name: name("f"), is_union: true },
        TypeSpec::Typedef { name: name("t"), to: TypeId(10) },
        TypeSpec::Qualifier { kind: Kind::Const, to: TypeId(11) },
        TypeSpec::Qualifier { kind: Kind::Volatile, to: TypeId(4) },
        TypeSpec::Qualifier { kind: Kind::Restrict, to: TypeId(2) },
        TypeSpec::Func { name: name("fn"), proto: TypeId(14), linkage: 1 },
        TypeSpec::FuncProto {
            returns: TypeId(0),
            params: vec![(name("p"), TypeId(2)), (name(""), TypeId(0))],
        },
        TypeSpec::Var { name: name("v"), of: TypeId(1), linkage: 1 },
        TypeSpec::DataSec {
            name: name(".data"),
            size: 8,
            entries: vec![SecInfo { of: TypeId(15), offset: 0, size: 8 }],
        },
        TypeSpec::Float { name: name("double"), size: 8 },
        TypeSpec::DeclTag { name: name("tag"), on: TypeId(4), component: -1, attribute: true },
        TypeSpec::TypeTag { name: name("user"), to: TypeId(1), attribute: true },
    ]
}

/// These types alone.
pub(crate) fn build(endian: Endian, specs: &[TypeSpec]) -> Vec<u8> {
    let mut builder = Builder::new(endian);
    for spec in specs {
        builder.add(spec.clone());
    }
    builder.finish().expect("it can be written")
}

/// Asks everything of every type: nothing of it may panic, whatever the bytes were.
pub(crate) fn walk(btf: &Btf) {
    for id in btf.ids() {
        let _ = (btf.kind(id), btf.name(id), btf.size_of(id), btf.innermost_element(id));
        let _ = (cdecl::type_name(btf, id), cdecl::definition_name(btf, id));
        if let Type::Struct(composite) | Type::Union(composite) = btf.ty(id) {
            assert_eq!(composite.members().count(), composite.len());
        }
        let _ = TypeSpec::of(btf.ty(id));
    }
}

/// Sets the `word`-th 32-bit word of the record of type `id`.
pub(crate) fn with_word(id: u32, word: usize, value: u32) -> Result<Btf, BtfError> {
    let mut bytes = build(Endian::Little, &every_kind());
    let at = record_offset(id) + word * 4;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    Btf::parse(bytes)
}

/// Where the record of a type begins in [`build`]'s bytes: every kind's size is written out here once more.
pub(crate) fn record_offset(id: u32) -> usize {
    let sizes =
        [16, 12, 24, 12 + 36, 12 + 24, 12 + 16, 12 + 12, 12, 12, 12, 12, 12, 12, 12 + 16, 16, 24, 12, 16, 12];
    24 + sizes[..id as usize - 1].iter().sum::<usize>()
}
