//! Typed views of BTF's records: what a type is, without copying it.

use super::wire::{Endian, Kind};
use super::{Btf, TypeId};

/// One type, decoded from its record.
#[derive(Debug, Clone, Copy)]
pub enum Type<'a> {
    /// `void`, type 0, and records of kind 0.
    Void,
    /// An integer, character or boolean.
    Int(Int<'a>),
    /// A pointer.
    Ptr {
        /// What it points to.
        to: TypeId,
    },
    /// An array.
    Array(Array),
    /// A struct.
    Struct(Composite<'a>),
    /// A union.
    Union(Composite<'a>),
    /// An enumeration of at most 32-bit values (`BTF_KIND_ENUM`).
    Enum(Enumeration<'a>),
    /// An enumeration of 64-bit values (`BTF_KIND_ENUM64`).
    Enum64(Enumeration<'a>),
    /// A struct or union that is only declared.
    Fwd {
        /// Its name.
        name: &'a str,
        /// A union rather than a struct.
        is_union: bool,
    },
    /// A typedef.
    Typedef {
        /// Its name.
        name: &'a str,
        /// What it names.
        to: TypeId,
    },
    /// `volatile`, `const` or `restrict`.
    Qualifier {
        /// Which of the three.
        kind: Kind,
        /// What it qualifies.
        to: TypeId,
    },
    /// A type tag, or with `attribute` a GNU attribute in its place.
    TypeTag {
        /// The tag.
        name: &'a str,
        /// What it is put on.
        to: TypeId,
        /// The kind flag: an attribute such as `address_space(1)`.
        attribute: bool,
    },
    /// A function.
    Func {
        /// Its name.
        name: &'a str,
        /// Its prototype.
        proto: TypeId,
        /// 0 static, 1 global, 2 extern.
        linkage: u32,
    },
    /// A function's prototype.
    FuncProto(FuncProto<'a>),
    /// A variable.
    Var {
        /// Its name.
        name: &'a str,
        /// Its type.
        of: TypeId,
        /// 0 static, 1 global, 2 extern.
        linkage: u32,
    },
    /// A section of variables.
    DataSec(DataSec<'a>),
    /// A floating-point number.
    Float {
        /// Its name.
        name: &'a str,
        /// Its size in bytes.
        size: u32,
    },
    /// A declaration tag, or with `attribute` a GNU attribute in its place.
    DeclTag {
        /// The tag.
        name: &'a str,
        /// What it is put on.
        on: TypeId,
        /// Member or parameter, −1 for the whole.
        component: i32,
        /// The kind flag: a GNU attribute.
        attribute: bool,
    },
    /// A kind newer than this program.
    Unknown {
        /// Its number.
        kind: u8,
    },
}

/// An integer type.
#[derive(Debug, Clone, Copy)]
pub struct Int<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u32,
    /// Encoding bits: 1 signed, 2 char, 4 bool (`BTF_INT_ENCODING`).
    pub encoding: u8,
    /// Offset in bits, non-zero only in old bit-field integers (`BTF_INT_OFFSET`).
    pub offset: u8,
    /// Width in bits (`BTF_INT_BITS`).
    pub bits: u8,
}

impl Int<'_> {
    /// The signed bit of the encoding (`BTF_INT_SIGNED`).
    pub const SIGNED: u8 = 1;
    /// The character bit of the encoding (`BTF_INT_CHAR`).
    pub const CHAR: u8 = 2;
    /// The boolean bit of the encoding (`BTF_INT_BOOL`).
    pub const BOOL: u8 = 4;

    /// Whether the signed bit is set.
    pub fn is_signed(&self) -> bool {
        self.encoding & Self::SIGNED != 0
    }
}

/// An array type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Array {
    /// Type of the elements.
    pub element: TypeId,
    /// Type of the index.
    pub index: TypeId,
    /// How many elements; 0 for flexible arrays.
    pub length: u32,
}

/// The elements that follow a record, and how to read them.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a> {
    pub(super) btf: &'a Btf,
    pub(super) bytes: &'a [u8],
    /// Bytes per element.
    pub(super) stride: usize,
}

impl std::fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} elements", self.len())
    }
}

impl<'a> Elements<'a> {
    fn len(&self) -> usize {
        self.bytes.len() / self.stride
    }

    /// Word `word` of element `index`; elements were checked when the BTF was read.
    #[inline]
    fn word(&self, index: usize, word: usize) -> u32 {
        let endian: Endian = self.btf.endian();
        endian.u32(self.bytes, index * self.stride + word * 4).unwrap_or(0)
    }
}

/// A struct or union.
#[derive(Debug, Clone, Copy)]
pub struct Composite<'a> {
    /// Its name, empty when anonymous.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u32,
    pub(super) kind_flag: bool,
    pub(super) elements: Elements<'a>,
}

/// A member of a struct or union.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    btf: &'a Btf,
    name_offset: u32,
    /// Its type.
    pub of: TypeId,
    /// Its offset in bits from the start of the composite.
    pub bit_offset: u32,
    /// Its width in bits if it is a bit-field, else 0 (`btf_member_bitfield_size`).
    pub bitfield_bits: u8,
}

impl<'a> Member<'a> {
    /// Its name, empty for anonymous structs and unions.
    pub fn name(&self) -> &'a str {
        self.btf.text(self.name_offset)
    }

    /// The bytes of its name: what loaders compare.
    pub fn name_bytes(&self) -> &'a [u8] {
        self.btf.string(self.name_offset)
    }
}

impl<'a> Composite<'a> {
    /// The kind flag: members' offsets carry the widths of bit-fields.
    pub fn kind_flag(&self) -> bool {
        self.kind_flag
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member with this index.
    pub fn member(&self, index: usize) -> Option<Member<'a>> {
        (index < self.len()).then(|| self.member_unchecked(index))
    }

    fn member_unchecked(&self, index: usize) -> Member<'a> {
        let raw = self.elements.word(index, 2);
        let (bit_offset, bitfield_bits) =
            if self.kind_flag { (raw & 0x00ff_ffff, (raw >> 24) as u8) } else { (raw, 0) };
        Member {
            btf: self.elements.btf,
            name_offset: self.elements.word(index, 0),
            of: TypeId(self.elements.word(index, 1)),
            bit_offset,
            bitfield_bits,
        }
    }

    /// Its members in their order.
    pub fn members(&self) -> impl DoubleEndedIterator<Item = Member<'a>> + use<'a> {
        let this = *self;
        (0..this.len()).map(move |index| this.member_unchecked(index))
    }
}

/// An enumeration of either width.
#[derive(Debug, Clone, Copy)]
pub struct Enumeration<'a> {
    /// Its name, empty when anonymous.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u32,
    /// The kind flag: set for signed values by writers since kernel 6.1, by none before.
    pub is_signed: bool,
    pub(super) elements: Elements<'a>,
}

/// One enumerator.
#[derive(Debug, Clone, Copy)]
pub struct Enumerator<'a> {
    btf: &'a Btf,
    name_offset: u32,
    /// Its value as libbpf patches it: 32-bit values are sign-extended, whatever the kind flag says.
    pub value: u64,
}

impl<'a> Enumerator<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        self.btf.text(self.name_offset)
    }

    /// The bytes of its name: what loaders compare.
    pub fn name_bytes(&self) -> &'a [u8] {
        self.btf.string(self.name_offset)
    }
}

impl<'a> Enumeration<'a> {
    /// How many enumerators it has.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The enumerator with this index.
    pub fn value(&self, index: usize) -> Option<Enumerator<'a>> {
        (index < self.len()).then(|| self.value_unchecked(index))
    }

    fn value_unchecked(&self, index: usize) -> Enumerator<'a> {
        let low = self.elements.word(index, 1);
        let value = if self.elements.stride == 12 {
            u64::from(low) | u64::from(self.elements.word(index, 2)) << 32
        } else {
            i64::from(low as i32) as u64
        };
        Enumerator { btf: self.elements.btf, name_offset: self.elements.word(index, 0), value }
    }

    /// Its enumerators in their order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = Enumerator<'a>> + use<'a> {
        let this = *self;
        (0..this.len()).map(move |index| this.value_unchecked(index))
    }
}

/// A function's prototype.
#[derive(Debug, Clone, Copy)]
pub struct FuncProto<'a> {
    /// Type of what it returns.
    pub returns: TypeId,
    pub(super) elements: Elements<'a>,
}

/// One parameter of a prototype.
#[derive(Debug, Clone, Copy)]
pub struct Param<'a> {
    /// Its name, often empty.
    pub name: &'a str,
    /// Its type; `void` without a name for `...`.
    pub of: TypeId,
}

impl<'a> FuncProto<'a> {
    /// Its parameters in their order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param<'a>> + use<'a> {
        let elements = self.elements;
        (0..elements.len()).map(move |index| Param {
            name: elements.btf.text(elements.word(index, 0)),
            of: TypeId(elements.word(index, 1)),
        })
    }
}

/// A section of variables (`.maps`, `.ksyms`, `.kconfig`, per-CPU data).
#[derive(Debug, Clone, Copy)]
pub struct DataSec<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u32,
    pub(super) elements: Elements<'a>,
}

/// One entry of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecInfo {
    /// The variable (or function, in `.ksyms`).
    pub of: TypeId,
    /// Its offset in the section, in bytes.
    pub offset: u32,
    /// Its size in bytes.
    pub size: u32,
}

impl<'a> DataSec<'a> {
    /// Its entries in their order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = SecInfo> + use<'a> {
        let elements = self.elements;
        (0..elements.len()).map(move |index| SecInfo {
            of: TypeId(elements.word(index, 0)),
            offset: elements.word(index, 1),
            size: elements.word(index, 2),
        })
    }
}

#[cfg(test)]
mod tests;
