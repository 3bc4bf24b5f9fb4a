//! The bytes of BTF: magic, header, kinds and record sizes, without any meaning.
//!
//! Source: `include/uapi/linux/btf.h`. The newest headers give the member count 24 bits and the kind 7 bits of
//! the info word and allow a layout section that tells the size of unknown kinds; older writers leave those bits
//! zero, so one decoding reads both.

/// The magic number at the start of BTF and of .BTF.ext, in the writer's byte order.
pub const MAGIC: u16 = 0xeb9f;
/// The only version of BTF there is.
pub const VERSION: u8 = 1;
/// Size in bytes of the header every writer emits.
pub const HEADER_LEN: usize = 24;
/// Size in bytes of the header that also names a layout section.
pub const HEADER_LEN_WITH_LAYOUT: usize = 32;
/// Size in bytes of the fixed part of a type record.
pub const TYPE_LEN: usize = 12;

/// Byte order of BTF or of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Endian {
    /// The machine this program runs on.
    pub const HOST: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };

    /// Reads a 16-bit number at `at`; `None` when it lies outside `bytes`.
    pub fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let raw: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(raw),
            Self::Big => u16::from_be_bytes(raw),
        })
    }

    /// Reads a 32-bit number at `at`; `None` when it lies outside `bytes`.
    #[inline]
    pub fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let raw: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(raw),
            Self::Big => u32::from_be_bytes(raw),
        })
    }

    /// The four bytes of `value` in this order.
    pub fn u32_bytes(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// The two bytes of `value` in this order.
    pub fn u16_bytes(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

impl std::fmt::Display for Endian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Little => "little-endian",
            Self::Big => "big-endian",
        })
    }
}

/// Kind of a type record (`BTF_KIND_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are BTF's own")]
pub enum Kind {
    Void,
    Int,
    Ptr,
    Array,
    Struct,
    Union,
    Enum,
    Fwd,
    Typedef,
    Volatile,
    Const,
    Restrict,
    Func,
    FuncProto,
    Var,
    DataSec,
    Float,
    DeclTag,
    TypeTag,
    Enum64,
    /// A kind newer than this program, sized by the layout section.
    Unknown(u8),
}

/// Every kind this program knows, in the order of their numbers.
const KINDS: [Kind; 20] = [
    Kind::Void,
    Kind::Int,
    Kind::Ptr,
    Kind::Array,
    Kind::Struct,
    Kind::Union,
    Kind::Enum,
    Kind::Fwd,
    Kind::Typedef,
    Kind::Volatile,
    Kind::Const,
    Kind::Restrict,
    Kind::Func,
    Kind::FuncProto,
    Kind::Var,
    Kind::DataSec,
    Kind::Float,
    Kind::DeclTag,
    Kind::TypeTag,
    Kind::Enum64,
];

impl Kind {
    /// The kind with the given number in the info word.
    pub fn from_number(number: u8) -> Self {
        KINDS.get(usize::from(number)).copied().unwrap_or(Self::Unknown(number))
    }

    /// Its number in the info word.
    pub fn number(self) -> u8 {
        match self {
            Self::Unknown(number) => number,
            known => KINDS.iter().position(|&k| k == known).map_or(0, |n| n as u8),
        }
    }

    /// Bytes that follow the fixed part: once, and once per element counted by the info word.
    /// `None` for a kind only a layout section can size.
    pub fn trailing(self) -> Option<(usize, usize)> {
        Some(match self {
            Self::Unknown(_) | Self::Void => return None,
            Self::Int | Self::Var | Self::DeclTag => (4, 0),
            Self::Array => (12, 0),
            Self::Struct | Self::Union | Self::DataSec | Self::Enum64 => (0, 12),
            Self::Enum | Self::FuncProto => (0, 8),
            Self::Ptr
            | Self::Fwd
            | Self::Typedef
            | Self::Volatile
            | Self::Const
            | Self::Restrict
            | Self::Func
            | Self::Float
            | Self::TypeTag => (0, 0),
        })
    }

    /// `const`, `volatile`, `restrict` and type tags: what libbpf calls a modifier (`btf_is_mod`).
    pub fn is_modifier(self) -> bool {
        matches!(self, Self::Const | Self::Volatile | Self::Restrict | Self::TypeTag)
    }

    /// Struct or union.
    pub fn is_composite(self) -> bool {
        matches!(self, Self::Struct | Self::Union)
    }

    /// Enumerations of either width.
    pub fn is_any_enum(self) -> bool {
        matches!(self, Self::Enum | Self::Enum64)
    }

    /// libbpf's word for the kind (`btf_kind_str`).
    pub fn word(self) -> &'static str {
        match self {
            Self::Void => "void",
            Self::Int => "int",
            Self::Ptr => "ptr",
            Self::Array => "array",
            Self::Struct => "struct",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::Fwd => "fwd",
            Self::Typedef => "typedef",
            Self::Volatile => "volatile",
            Self::Const => "const",
            Self::Restrict => "restrict",
            Self::Func => "func",
            Self::FuncProto => "func_proto",
            Self::Var => "var",
            Self::DataSec => "datasec",
            Self::Float => "float",
            Self::DeclTag => "decl_tag",
            Self::TypeTag => "type_tag",
            Self::Enum64 => "enum64",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The info word of a type record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// What the record is.
    pub kind: Kind,
    /// How many members, enumerators, parameters or variables follow.
    pub count: u32,
    /// Bit-field offsets (composites), union (forward), signed (enumerations), attribute (tags).
    pub kind_flag: bool,
}

impl Info {
    /// Takes the word apart: bits 0 to 23 count, 24 to 30 kind, 31 flag.
    pub fn decode(word: u32) -> Self {
        Self {
            kind: Kind::from_number(((word >> 24) & 0x7f) as u8),
            count: word & 0x00ff_ffff,
            kind_flag: word >> 31 != 0,
        }
    }

    /// Puts the word together; a count beyond 24 bits is cut, so writers check it before.
    pub fn encode(self) -> u32 {
        (self.count & 0x00ff_ffff) | u32::from(self.kind.number()) << 24 | u32::from(self.kind_flag) << 31
    }
}

#[cfg(test)]
mod tests;
