//! Random types: every kind, named, flavoured, duplicate and anonymous, with bit-fields and flexible arrays.
//!
//! A case is a list of [`Raw`] choices, so that shrinking takes types away and makes numbers smaller. [`Model::of`]
//! makes types of them: what a type holds by value comes before it, what it points to may be anything. The order in
//! which types are written is chosen apart, so that ids say nothing about who holds whom.

use corecheck_layouts::btf::types::SecInfo;
use corecheck_layouts::btf::{Btf, Builder, Endian, Kind, MemberSpec, TypeId, TypeSpec};
use proptest::prelude::*;
use proptest::sample::Index;

/// Names of types: plain, flavoured, nearly flavoured, and none.
const NAMES: [&str; 12] = [
    "task",
    "sock",
    "task___old",
    "sock___a___b",
    "file",
    "",
    "x____y",
    "___z",
    "task",
    "inode",
    "file___v2",
    "q",
];
/// Names of members; equal ones may meet within a struct and its anonymous members.
const MEMBERS: [&str; 10] = ["a", "b", "len", "flags", "next", "state", "pid", "ops", "data", "a___b"];
/// Names of enumerators.
const VALUES: [&str; 6] = ["ON", "OFF", "ON___new", "MAX", "LOW", "HIGH"];

/// The choices that make one type; which of them count depends on the kind.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    kind: u8,
    name: usize,
    value: Index,
    any: Index,
    number: u32,
    parts: Vec<Part>,
}

/// The choices that make a member, an enumerator, a parameter or an entry.
#[derive(Debug, Clone)]
struct Part {
    name: usize,
    value: Index,
    any: Index,
    bits: u8,
    number: u64,
}

fn part() -> impl Strategy<Value = Part> {
    // A third of the members are bit-fields.
    let bits = prop_oneof![2 => Just(0u8), 1 => 1u8..=70];
    let number = prop_oneof![0u64..4, any::<u64>()];
    (0..MEMBERS.len(), any::<Index>(), any::<Index>(), bits, number)
        .prop_map(|(name, value, any, bits, number)| Part { name, value, any, bits, number })
}

/// One type's choices. Structs and unions are half of them: they are what accesses walk.
pub(crate) fn raw() -> impl Strategy<Value = Raw> {
    let kind = prop_oneof![3 => Just(4u8), 1 => Just(5u8), 4 => 0u8..=18];
    let parts = prop::collection::vec(part(), 0..6);
    (kind, 0..NAMES.len(), any::<Index>(), any::<Index>(), 0u32..6, parts)
        .prop_map(|(kind, name, value, any, number, parts)| Raw { kind, name, value, any, number, parts })
}

/// The choices that make a whole BTF.
#[derive(Debug, Clone)]
pub(crate) struct RawModel {
    pub(crate) types: Vec<Raw>,
    pub(crate) pointer_size: u32,
}

/// The choices of a BTF of at most `most` types besides the four that each has.
pub(crate) fn raw_model(most: usize) -> impl Strategy<Value = RawModel> {
    (prop::collection::vec(raw(), 1..=most), prop_oneof![Just(4u32), Just(8u32)])
        .prop_map(|(types, pointer_size)| RawModel { types, pointer_size })
}

pub(crate) fn endian() -> impl Strategy<Value = Endian> {
    prop_oneof![Just(Endian::Little), Just(Endian::Big)]
}

/// Types whose references are places in this list, counted from 1; 0 is `void`.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) types: Vec<TypeSpec>,
}

impl Model {
    /// Makes types of choices.
    pub(crate) fn of(raw: &RawModel) -> Self {
        let mut making = Making { types: Vec::new(), sizes: Vec::new(), total: raw.types.len() + 4 };
        // The only `long`: two of different sizes would make the size of pointers depend on their order.
        let basic = [("long", raw.pointer_size, 1), ("int", 4, 1), ("unsigned int", 4, 0), ("char", 1, 2)];
        for (name, size, encoding) in basic {
            making.add(int(name, size, encoding, 0), Some(size), raw.pointer_size);
        }
        for choices in &raw.types {
            let spec = making.spec(choices);
            let size = making.size(&spec, raw.pointer_size);
            making.add(spec, size, raw.pointer_size);
        }
        Self { types: making.types }
    }

    /// The BTF with the types in this order, and the id of each type by its place in the list.
    pub(crate) fn write(&self, endian: Endian, order: &[usize]) -> Written {
        let mut ids = vec![TypeId::VOID; self.types.len()];
        for (position, &place) in order.iter().enumerate() {
            ids[place] = TypeId(position as u32 + 1);
        }
        let renumber = |of: TypeId| match of.0 {
            0 => TypeId::VOID,
            place => ids[place as usize - 1],
        };
        let specs: Vec<TypeSpec> =
            order.iter().map(|&place| renumbered(&self.types[place], &renumber)).collect();
        let bytes = write(Builder::new(endian), &specs);
        Written { btf: Btf::parse(bytes).expect("the model is well-formed"), specs, ids }
    }

    /// As [`Model::write`], in the list's own order.
    pub(crate) fn write_plainly(&self, endian: Endian) -> Written {
        self.write(endian, &(0..self.types.len()).collect::<Vec<_>>())
    }
}

/// BTF that was written, and what it was written from.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) btf: Btf,
    /// The types as they were written, by id.
    pub(crate) specs: Vec<TypeSpec>,
    /// The id of each type of the model.
    pub(crate) ids: Vec<TypeId>,
}

/// The bytes of BTF with these types.
pub(crate) fn write(mut builder: Builder, specs: &[TypeSpec]) -> Vec<u8> {
    for spec in specs {
        builder.add(spec.clone());
    }
    builder.finish().expect("the model can be written")
}

/// The type with every id replaced.
pub(crate) fn renumbered(spec: &TypeSpec, by: &impl Fn(TypeId) -> TypeId) -> TypeSpec {
    let mut spec = spec.clone();
    spec.map_ids(by);
    spec
}

fn int(name: &str, size: u32, encoding: u8, offset: u8) -> TypeSpec {
    TypeSpec::Int { name: name.to_owned(), size, encoding, offset, bits: (size * 8) as u8 }
}

/// The list under way.
struct Making {
    types: Vec<TypeSpec>,
    /// Size in bytes of each type that can be a member or an element; `None` for others.
    sizes: Vec<Option<u32>>,
    /// How many types there will be.
    total: usize,
}

impl Making {
    fn add(&mut self, spec: TypeSpec, size: Option<u32>, pointer_size: u32) {
        self.types.push(spec);
        // What grows without bound would have sizes that no member can have.
        self.sizes.push(size.filter(|&size| size < 4096 * pointer_size));
    }

    /// A type that can be a member, from those that are there.
    fn value(&self, index: &Index) -> (TypeId, u32) {
        let fit: Vec<(TypeId, u32)> =
            (1..).map(TypeId).zip(&self.sizes).filter_map(|(id, size)| Some((id, (*size)?))).collect();
        fit[index.index(fit.len())]
    }

    /// Any type, also one that is still to come, or `void`.
    fn any(&self, index: &Index) -> TypeId {
        TypeId(index.index(self.total + 1) as u32)
    }

    fn find(&self, index: &Index, fits: impl Fn(&TypeSpec) -> bool) -> Option<TypeId> {
        let fit: Vec<u32> = (1..).zip(&self.types).filter(|(_, spec)| fits(spec)).map(|(id, _)| id).collect();
        (!fit.is_empty()).then(|| TypeId(fit[index.index(fit.len())]))
    }

    fn spec(&self, raw: &Raw) -> TypeSpec {
        let name = NAMES[raw.name].to_owned();
        // Some kinds must have a name.
        let named = if name.is_empty() { "named".to_owned() } else { name.clone() };
        let (value, _) = self.value(&raw.value);
        match raw.kind {
            // A few are old bit-field integers, which have an offset.
            0 => int(
                &format!("i_{named}"),
                1 << (raw.number % 4),
                (raw.number % 3) as u8,
                u8::from(raw.number == 5),
            ),
            1 | 2 => TypeSpec::Ptr { to: self.any(&raw.any) },
            3 => TypeSpec::Array { element: value, index: TypeId(3), length: raw.number },
            4 => self.composite(raw, false, name),
            5 => self.composite(raw, true, name),
            6 | 7 => {
                let is_64 = raw.kind == 7;
                let number =
                    |part: &Part| if is_64 { part.number } else { i64::from(part.number as i32) as u64 };
                let values =
                    raw.parts.iter().map(|part| (VALUES[part.name % VALUES.len()].to_owned(), number(part)));
                let size = if is_64 { 8 } else { [1, 2, 4][raw.number as usize % 3] };
                TypeSpec::Enum { name, size, is_signed: raw.number % 2 == 1, is_64, values: values.collect() }
            }
            8 => TypeSpec::Fwd { name: named, is_union: raw.number % 2 == 1 },
            9 => TypeSpec::Typedef { name: format!("{named}_t"), to: value },
            10 => {
                let kind = [Kind::Const, Kind::Volatile, Kind::Restrict][raw.number as usize % 3];
                TypeSpec::Qualifier { kind, to: value }
            }
            11 => TypeSpec::TypeTag { name: named, to: value, attribute: raw.number % 2 == 1 },
            12 => match self.find(&raw.value, |spec| matches!(spec, TypeSpec::FuncProto { .. })) {
                Some(proto) => TypeSpec::Func { name: named, proto, linkage: raw.number % 3 },
                None => self.proto(raw),
            },
            13 => self.proto(raw),
            14 => TypeSpec::Var { name: named, of: value, linkage: raw.number % 3 },
            15 => {
                let variable = |part: &Part| {
                    let of = self.find(&part.value, |spec| matches!(spec, TypeSpec::Var { .. }))?;
                    Some(SecInfo { of, offset: part.number as u32, size: part.bits.into() })
                };
                let entries = raw.parts.iter().filter_map(variable).collect();
                TypeSpec::DataSec { name: ".data".to_owned(), size: raw.number, entries }
            }
            16 => TypeSpec::Float { name: named, size: [4, 8][raw.number as usize % 2] },
            17 => TypeSpec::DeclTag {
                name: named,
                on: self.any(&raw.any),
                component: raw.number as i32 - 1,
                attribute: raw.number.is_multiple_of(2),
            },
            _ => TypeSpec::Qualifier { kind: Kind::Const, to: self.any_before(&raw.any) },
        }
    }

    /// Any type that is there, `void`, prototypes and forward declarations included.
    fn any_before(&self, index: &Index) -> TypeId {
        TypeId(index.index(self.types.len() + 1) as u32)
    }

    fn proto(&self, raw: &Raw) -> TypeSpec {
        let params = raw.parts.iter().map(|part| (MEMBERS[part.name].to_owned(), self.any(&part.any)));
        TypeSpec::FuncProto { returns: self.any(&raw.any), params: params.collect() }
    }

    /// Lays members out one after the other, bit-fields without regard to borders, so that some cannot be read.
    fn composite(&self, raw: &Raw, is_union: bool, name: String) -> TypeSpec {
        let (mut members, mut end, mut widest) = (Vec::new(), 0u32, 0u32);
        for part in &raw.parts {
            let (of, size) = self.value(&part.value);
            let spec = &self.types[of.0 as usize - 1];
            let is_anonymous = matches!(spec, TypeSpec::Composite { name, .. } if name.is_empty());
            let is_number = matches!(spec, TypeSpec::Int { .. } | TypeSpec::Enum { .. });
            let bits = if is_number && u32::from(part.bits) <= size * 8 { part.bits } else { 0 };
            // An anonymous type may still have a member of a name, but a named one none without.
            let member_name = if is_anonymous && part.number % 4 != 0 { "" } else { MEMBERS[part.name] };
            let width = if bits == 0 { size * 8 } else { bits.into() };
            let start = match (is_union, bits) {
                (true, _) => 0,
                (false, 0) => end.next_multiple_of(8 * size.clamp(1, 8).next_power_of_two()),
                (false, _) => end,
            };
            members.push(MemberSpec {
                name: member_name.to_owned(),
                of,
                bit_offset: start,
                bitfield_bits: bits,
            });
            end = start + width;
            widest = widest.max(end);
        }
        let kind_flag = raw.number == 0 || members.iter().any(|member| member.bitfield_bits != 0);
        TypeSpec::Composite { is_union, name, size: widest.div_ceil(64) * 8, kind_flag, members }
    }

    /// Size in bytes of a type that can be held by value.
    fn size(&self, spec: &TypeSpec, pointer_size: u32) -> Option<u32> {
        let of = |id: &TypeId| (id.0 as usize).checked_sub(1).and_then(|place| self.sizes[place]);
        match spec {
            TypeSpec::Int { size, .. } | TypeSpec::Composite { size, .. } => Some(*size),
            TypeSpec::Enum { size, .. } | TypeSpec::Float { size, .. } => Some(*size),
            TypeSpec::Ptr { .. } => Some(pointer_size),
            TypeSpec::Array { element, length, .. } => of(element)?.checked_mul(*length),
            TypeSpec::Typedef { to, .. } | TypeSpec::Qualifier { to, .. } | TypeSpec::TypeTag { to, .. } => {
                of(to)
            }
            _ => None,
        }
    }
}
