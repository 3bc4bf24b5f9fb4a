//! BTF, the BPF Type Format: read, asked and written.
//!
//! Levels: [`wire`] knows the bytes, [`Header`] the sections, `read` checks them once and makes a [`Btf`], [`types`] shows its records as
//! typed views without copying, [`Builder`] writes. A `Btf` that exists is sound: every id and string offset in
//! it is in range and no type holds itself by value, so that whoever walks it needs no checks of its own.

pub mod cdecl;
mod cycle;
mod distilled;
mod error;
mod header;
mod names;
mod read;
mod refs;
mod size;
mod subset;
mod survey;
pub mod types;
pub mod wire;
mod write;

use std::ops::Range;
use std::sync::Arc;

pub use distilled::DistilledError;
pub use error::BtfError;
pub use header::{Header, HeaderProblem, has_magic};
pub use names::essential_name;
pub use subset::gather;
pub use types::Type;
pub use wire::{Endian, Kind};
pub use write::{Builder, MemberSpec, TypeSpec};

/// The number of a type within its BTF; 0 is `void`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TypeId(pub u32);

impl TypeId {
    /// `void`.
    pub const VOID: Self = Self(0);
}

/// Checked BTF of one unit: of an object, of a vmlinux, or, on top of its base, of a module.
#[derive(Debug)]
pub struct Btf {
    data: Vec<u8>,
    header: Header,
    base: Option<Arc<Btf>>,
    /// Where each own record begins in `data`, by id minus `first_id`.
    records: Vec<u32>,
    /// The number of each own record's kind, as `records`: searches need not touch the records of other kinds.
    kinds: Vec<u8>,
    /// The first id that is not the base's; 1 without a base.
    first_id: u32,
    /// The first string offset that is not the base's; 0 without a base.
    first_string: u32,
    /// Size in bytes of a pointer, if the BTF tells.
    pointer_size: Option<u32>,
}

/// One type record: its fixed part decoded, the rest by range.
#[derive(Clone)]
struct Record {
    name_offset: u32,
    info: wire::Info,
    /// Size in bytes or type id, as the kind has it.
    word: u32,
    /// What follows the fixed part, in `data`.
    rest: Range<usize>,
}

impl Btf {
    /// Byte order of the blob, hence of the kernel or object it describes.
    pub fn endian(&self) -> Endian {
        self.header.endian
    }

    /// The BTF that this one stands on.
    pub fn base(&self) -> Option<&Arc<Self>> {
        self.base.as_ref()
    }

    /// The raw bytes it was read from.
    pub fn bytes(&self) -> &[u8] {
        &self.data
    }

    /// One more than the highest id, the base's types counted (`btf__type_cnt`).
    pub fn type_count(&self) -> u32 {
        self.first_id + self.records.len() as u32
    }

    /// The ids of the types that are its own, not the base's.
    pub fn own_ids(&self) -> impl DoubleEndedIterator<Item = TypeId> + use<> {
        (self.first_id..self.type_count()).map(TypeId)
    }

    /// Every id but `void`'s, the base's first.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = TypeId> + use<> {
        (1..self.type_count()).map(TypeId)
    }

    /// Whether a type with this id exists; `void` does.
    pub fn contains(&self, id: TypeId) -> bool {
        id.0 < self.type_count()
    }

    /// The unit that holds the record, and where it begins there.
    #[inline]
    fn place(&self, id: TypeId) -> Option<(&Self, usize)> {
        if id.0 < self.first_id {
            return self.base.as_ref()?.place(id);
        }
        let index = (id.0 - self.first_id) as usize;
        self.records.get(index).map(|&at| (self, at as usize))
    }

    fn record(&self, id: TypeId) -> Option<(&Self, Record)> {
        let (unit, at) = self.place(id)?;
        let endian = unit.header.endian;
        let info = wire::Info::decode(endian.u32(&unit.data, at + 4)?);
        let start = at + wire::TYPE_LEN;
        let (once, each) = info.kind.trailing().unwrap_or((0, 0));
        let record = Record {
            name_offset: endian.u32(&unit.data, at)?,
            info,
            word: endian.u32(&unit.data, at + 8)?,
            rest: start..start + once + each * info.count as usize,
        };
        Some((unit, record))
    }

    /// The type with this id; `Void` for 0 and for ids that do not exist.
    pub fn ty(&self, id: TypeId) -> Type<'_> {
        let Some((unit, record)) = self.record(id) else { return Type::Void };
        let endian = unit.header.endian;
        let rest = unit.data.get(record.rest.clone()).unwrap_or_default();
        let name = self.text(record.name_offset);
        let to = TypeId(record.word);
        let size = record.word;
        let flag = record.info.kind_flag;
        let trailing = |word: usize| endian.u32(rest, word * 4).unwrap_or(0);
        let stride = record.info.kind.trailing().map_or(0, |(_, each)| each);
        let elements = types::Elements { btf: self, bytes: rest, stride: stride.max(4) };
        match record.info.kind {
            Kind::Void => Type::Void,
            Kind::Int => {
                let word = trailing(0);
                Type::Int(types::Int {
                    name,
                    size,
                    encoding: (word >> 24 & 0xf) as u8,
                    offset: (word >> 16) as u8,
                    bits: word as u8,
                })
            }
            Kind::Ptr => Type::Ptr { to },
            Kind::Array => Type::Array(types::Array {
                element: TypeId(trailing(0)),
                index: TypeId(trailing(1)),
                length: trailing(2),
            }),
            Kind::Struct => Type::Struct(types::Composite { name, size, kind_flag: flag, elements }),
            Kind::Union => Type::Union(types::Composite { name, size, kind_flag: flag, elements }),
            Kind::Enum => Type::Enum(types::Enumeration { name, size, is_signed: flag, elements }),
            Kind::Enum64 => Type::Enum64(types::Enumeration { name, size, is_signed: flag, elements }),
            Kind::Fwd => Type::Fwd { name, is_union: flag },
            Kind::Typedef => Type::Typedef { name, to },
            kind @ (Kind::Volatile | Kind::Const | Kind::Restrict) => Type::Qualifier { kind, to },
            Kind::TypeTag => Type::TypeTag { name, to, attribute: flag },
            Kind::Func => Type::Func { name, proto: to, linkage: record.info.count },
            Kind::FuncProto => Type::FuncProto(types::FuncProto { returns: to, elements }),
            Kind::Var => Type::Var { name, of: to, linkage: trailing(0) },
            Kind::DataSec => Type::DataSec(types::DataSec { name, size, elements }),
            Kind::Float => Type::Float { name, size },
            Kind::DeclTag => Type::DeclTag { name, on: to, component: trailing(0) as i32, attribute: flag },
            Kind::Unknown(kind) => Type::Unknown { kind },
        }
    }

    /// The kind of a type, without decoding the rest.
    #[inline]
    pub fn kind(&self, id: TypeId) -> Kind {
        if id.0 < self.first_id {
            return self.base.as_ref().map_or(Kind::Void, |base| base.kind(id));
        }
        let number = self.kinds.get((id.0 - self.first_id) as usize);
        number.map_or(Kind::Void, |&number| Kind::from_number(number))
    }

    /// String offset of a type's name.
    #[inline]
    fn name_offset(&self, id: TypeId) -> u32 {
        self.place(id).and_then(|(unit, at)| unit.header.endian.u32(&unit.data, at)).unwrap_or(0)
    }

    /// The name of a type, empty when it has none.
    pub fn name(&self, id: TypeId) -> &str {
        self.text(self.name_offset(id))
    }

    /// Whether a type has a name.
    pub fn has_name(&self, id: TypeId) -> bool {
        self.strings_from(self.name_offset(id)).first().is_some_and(|&first| first != 0)
    }

    /// The bytes of a type's name: what loaders compare.
    pub fn name_bytes(&self, id: TypeId) -> &[u8] {
        self.string(self.name_offset(id))
    }

    /// The string at this offset, without its NUL; empty when the offset lies outside.
    pub fn string(&self, offset: u32) -> &[u8] {
        self.string_checked(offset).unwrap_or_default()
    }

    /// The string at this offset, without its NUL; `None` when the offset lies outside.
    pub fn string_checked(&self, offset: u32) -> Option<&[u8]> {
        let tail = self.strings_from(offset);
        memchr::memchr(0, tail).map(|end| &tail[..end])
    }

    /// Whether the string at this offset is `text`. Takes time by the length of `text`, not by that of the string.
    fn is_string(&self, offset: u32, text: &[u8]) -> bool {
        self.strings_from(offset).strip_prefix(text).is_some_and(|rest| rest.first() == Some(&0))
    }

    /// Everything from this string offset to the end of its unit's strings; empty when the offset lies outside.
    #[inline]
    fn strings_from(&self, offset: u32) -> &[u8] {
        if offset < self.first_string {
            return self.base.as_ref().map_or(&[], |base| base.strings_from(offset));
        }
        let strings = self.data.get(self.header.strings.clone()).unwrap_or_default();
        strings.get((offset - self.first_string) as usize..).unwrap_or_default()
    }

    /// The string at this offset for showing to people; a stand-in when it is not UTF-8.
    pub fn text(&self, offset: u32) -> &str {
        std::str::from_utf8(self.string(offset)).unwrap_or("<name is not UTF-8>")
    }
}
