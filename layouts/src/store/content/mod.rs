//! Definitions: what the store keeps of a type, so that kernels which define it alike share it.
//!
//! A **definition** is a named type with everything in it that has no name: pointers, arrays, prototypes, anonymous
//! members. Where it holds or points to a named type it says only which: class, name, and, where a unit has several of
//! that name, which of them. So a definition does not depend on type ids, and a change of one type leaves every other
//! definition as it was.
//!
//! [`Definitions`] takes the BTF of a unit apart, [`decode`] reads one definition back.

mod decode;
mod encode;
mod names;

pub use decode::{DeclTag, Target, Use, decode};
pub use encode::{Definition, Definitions, EncodeError};
pub use names::Namesakes;

use crate::btf::{Kind, essential_name};

/// What kind of named type a definition is. The numbers stand in the store's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// A type without a name that nothing named holds: mostly enumerations of constants.
    Orphan = 0,
    /// A struct.
    Struct = 1,
    /// A union.
    Union = 2,
    /// An enumeration, 32 bits.
    Enum = 3,
    /// An enumeration, 64 bits.
    Enum64 = 4,
    /// An integer.
    Int = 5,
    /// A floating-point number.
    Float = 6,
    /// A struct that is only declared.
    FwdStruct = 7,
    /// A union that is only declared.
    FwdUnion = 8,
    /// A typedef.
    Typedef = 9,
    /// A function.
    Func = 10,
    /// A variable.
    Var = 11,
    /// A section of variables.
    DataSec = 12,
}

impl Class {
    /// All of them, by their numbers.
    const ALL: [Self; 13] = [
        Self::Orphan,
        Self::Struct,
        Self::Union,
        Self::Enum,
        Self::Enum64,
        Self::Int,
        Self::Float,
        Self::FwdStruct,
        Self::FwdUnion,
        Self::Typedef,
        Self::Func,
        Self::Var,
        Self::DataSec,
    ];

    /// The class with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The class of a type of this kind; `None` for kinds that never have a definition of their own.
    fn of(kind: Kind, is_union: bool) -> Option<Self> {
        Some(match kind {
            Kind::Struct => Self::Struct,
            Kind::Union => Self::Union,
            Kind::Enum => Self::Enum,
            Kind::Enum64 => Self::Enum64,
            Kind::Int => Self::Int,
            Kind::Float => Self::Float,
            Kind::Fwd if is_union => Self::FwdUnion,
            Kind::Fwd => Self::FwdStruct,
            Kind::Typedef => Self::Typedef,
            Kind::Func => Self::Func,
            Kind::Var => Self::Var,
            Kind::DataSec => Self::DataSec,
            _ => return None,
        })
    }

    /// The kind of the types of this class; `Void` for orphans, which are of any.
    pub fn kind(self) -> Kind {
        match self {
            Self::Orphan => Kind::Void,
            Self::Struct => Kind::Struct,
            Self::Union => Kind::Union,
            Self::Enum => Kind::Enum,
            Self::Enum64 => Kind::Enum64,
            Self::Int => Kind::Int,
            Self::Float => Kind::Float,
            Self::FwdStruct | Self::FwdUnion => Kind::Fwd,
            Self::Typedef => Kind::Typedef,
            Self::Func => Kind::Func,
            Self::Var => Kind::Var,
            Self::DataSec => Kind::DataSec,
        }
    }

    /// Whether CO-RE can ask for it or reach it from what it asked for: the store keeps these apart from functions
    /// and variables, which are asked for by their whole names only.
    pub fn is_type(self) -> bool {
        !matches!(self, Self::Orphan | Self::Func | Self::Var | Self::DataSec)
    }
}

/// What a definition is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key<'a> {
    /// Whether it is a type: first, so that types stand together.
    is_type: bool,
    /// The name without its flavour: what loaders look for. Next, so that flavours of a name stand together.
    essential: &'a [u8],
    /// The whole name.
    pub name: &'a [u8],
    /// Its class.
    pub class: Class,
}

impl<'a> Key<'a> {
    /// The key of a definition with this name.
    pub fn new(class: Class, name: &'a [u8]) -> Self {
        Self { is_type: class.is_type(), essential: essential_name(name), name, class }
    }

    /// The key of a definition of which is known how many bytes its name has without its flavour.
    pub(in crate::store) fn with_essential(class: Class, name: &'a [u8], length: usize) -> Self {
        Self { is_type: class.is_type(), essential: name.get(..length).unwrap_or(name), name, class }
    }

    /// Whether the essential name is the whole name.
    fn has_no_flavour(&self) -> bool {
        self.essential.len() == self.name.len()
    }

    /// The name without its flavour.
    pub fn essential(&self) -> &'a [u8] {
        self.essential
    }
}

/// What a byte of a definition begins. A reference's byte is `REFERENCE`, its class, and the flags below.
mod tag {
    pub(super) const VOID: u8 = 0;
    pub(super) const PTR: u8 = 1;
    pub(super) const CONST: u8 = 2;
    pub(super) const VOLATILE: u8 = 3;
    pub(super) const RESTRICT: u8 = 4;
    pub(super) const ARRAY: u8 = 5;
    pub(super) const FUNC_PROTO: u8 = 6;
    pub(super) const TYPE_TAG: u8 = 7;
    pub(super) const ATTRIBUTE: u8 = 8;
    pub(super) const STRUCT: u8 = 9;
    pub(super) const UNION: u8 = 10;
    pub(super) const STRUCT_FLAGGED: u8 = 11;
    pub(super) const UNION_FLAGGED: u8 = 12;
    pub(super) const ENUM: u8 = 13;
    pub(super) const ENUM_SIGNED: u8 = 14;
    pub(super) const ENUM64: u8 = 15;
    pub(super) const ENUM64_SIGNED: u8 = 16;
    pub(super) const INT: u8 = 17;
    pub(super) const FLOAT: u8 = 18;
    pub(super) const FWD: u8 = 19;
    pub(super) const FWD_UNION: u8 = 20;
    pub(super) const TYPEDEF: u8 = 21;
    pub(super) const FUNC: u8 = 22;
    pub(super) const VAR: u8 = 23;
    pub(super) const DATASEC: u8 = 24;
    pub(super) const DECL_TAG: u8 = 25;
    pub(super) const DECL_ATTRIBUTE: u8 = 26;
    pub(super) const REFERENCE: u8 = 32;
    pub(super) const CLASS: u8 = 15;
    /// The type is the base's.
    pub(super) const BASE: u8 = 64;
    /// Not the first of its name: which one follows the name.
    pub(super) const NOT_FIRST: u8 = 128;
}
