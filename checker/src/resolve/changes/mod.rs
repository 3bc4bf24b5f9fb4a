//! Silent changes: what an access resolves to is something else than the program was compiled for, and no loader says so.
//!
//! The field that a walk ends at in the object's own types is compared with the one that it ends at in the target. Only what the
//! program can observe counts: neither names of integers and typedefs, nor qualifiers, nor tags. And only offsets are
//! looked at, for they lead to bytes; sizes, signs and shifts that a program asks for are the target's own ([`Asks`]).
//!
//! What is compared of the target is no more than a store keeps of it for accesses to fields: of what the field holds by value
//! everything but the types of members, of what it points to the name, of members of unions the kind and the size. So
//! a kernel answers alike out of a store and out of a file.

mod array;
mod bitfield;
mod composite;
mod enumerators;
mod extent;
mod members;
mod number;
mod overlay;
mod pointee;

use aya_obj::generated::{BPF_LDX, BPF_ST, BPF_STX};
use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::{Btf, Type, TypeId};

pub use self::extent::{Extent, Misread};

use super::MatchError;
use super::budget::Budget;
use crate::access::{Access, Asks, Spec};

/// What changed, as findings tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeCode {
    /// An array is shorter, or its elements have another size.
    Array,
    /// A bit-field is none, or the other way round, or lies elsewhere in its bytes.
    Bitfield,
    /// Numbers of an enumeration mean something else.
    Enumerators,
    /// The field shares its bytes with others, which it did not.
    Overlaid,
    /// A pointer points to something else.
    Pointee,
    /// A number has another sign.
    Sign,
    /// A number has another size.
    Size,
    /// A struct is another one.
    Struct,
}

impl ChangeCode {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Bitfield => "bitfield",
            Self::Enumerators => "enumerators",
            Self::Overlaid => "overlaid",
            Self::Pointee => "pointee",
            Self::Sign => "sign",
            Self::Size => "size",
            Self::Struct => "struct",
        }
    }
}

/// A change that the program can observe and no loader reports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    /// Which kind of change.
    pub code: ChangeCode,
    /// What the program was compiled for: `int (4 bytes)`.
    pub was: String,
    /// What it is in the target.
    pub is: String,
}

/// What came of comparing two fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) changes: Vec<Change>,
    /// How far a copy of the field is what the program believes; `None` when it is so to its end.
    pub(crate) extent: Option<Extent>,
}

/// How the number that is put in is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// It is part of a load, whose width the loader adapts.
    Load,
    /// It is part of a store, whose width the loader adapts.
    Store,
    /// It is added to an address that something else reads from.
    Address,
}

impl Form {
    /// `adapts`: whether the loader makes loads and stores as wide as the field is in the target.
    fn of(access: &Access, adapts: bool) -> Self {
        match u32::from(access.slots.first.code) & 0x07 {
            BPF_LDX if adapts => Self::Load,
            BPF_ST | BPF_STX if adapts => Self::Store,
            _ => Self::Address,
        }
    }
}

/// The end of a walk.
#[derive(Debug, Clone, Copy)]
struct End {
    /// Its type, typedefs and qualifiers skipped.
    of: TypeId,
    /// Its width in bits if it is a bit-field, else 0.
    bits: u8,
    /// Its offset in bits from the root.
    bit_offset: u32,
}

impl End {
    fn of(spec: &Spec, btf: &Btf) -> Option<Self> {
        let last = spec.accessors.last()?;
        let (of, bits) = match (&last.name, btf.ty(last.of)) {
            (None, _) => (last.of, 0),
            (Some(_), Type::Struct(parent) | Type::Union(parent)) => {
                let member = parent.member(last.index as usize)?;
                (member.of, member.bitfield_bits)
            }
            _ => return None,
        };
        Some(Self { of: btf.skip_modifiers_and_typedefs(of), bits, bit_offset: spec.bit_offset })
    }
}

/// Two fields that are being compared.
struct Comparison<'a> {
    local_btf: &'a Btf,
    target_btf: &'a Btf,
    form: Form,
    asks: Asks,
    budget: &'a mut Budget,
    changed: Changed,
}

/// Compares the field that an access to an offset ends at with the one that it matched. Where that takes more comparisons than
/// are allowed, nothing is said. `adapts`: whether the loader makes loads and stores as wide as the field is in the target.
pub(crate) fn changes(
    access: &Access,
    (local, local_btf): (&Spec, &Btf),
    (target, target_btf): (&Spec, &Btf),
    adapts: bool,
    budget: &mut Budget,
) -> Changed {
    budget.next_candidate();
    let (Some(from), Some(to)) = (End::of(local, local_btf), End::of(target, target_btf)) else {
        return Changed::default();
    };
    let (form, asks, changed) = (Form::of(access, adapts), access.asks, Changed::default());
    let mut comparison = Comparison { local_btf, target_btf, form, asks, budget, changed };
    let compared = if from.bits != 0 || to.bits != 0 {
        comparison.bitfields(from, to)
    } else {
        comparison.fields(from.of, to.of)
    };
    match compared.and_then(|()| comparison.overlay(local, target)) {
        Ok(()) => comparison.changed,
        Err(_) => Changed::default(),
    }
}

impl Comparison<'_> {
    /// Compares what is no bit-field. Typedefs and qualifiers are skipped on both sides.
    fn fields(&mut self, local: TypeId, target: TypeId) -> Result<(), MatchError> {
        self.budget.spend()?;
        match (self.local_btf.ty(local), self.target_btf.ty(target)) {
            (Type::Array(from), Type::Array(to)) => self.arrays(&from, &to, local, target),
            (Type::Struct(_) | Type::Union(_), Type::Struct(_) | Type::Union(_)) => {
                self.composites(local, target)
            }
            (Type::Ptr { to: from }, Type::Ptr { to }) => {
                self.numbers(local, target)?;
                self.pointees(from, to)
            }
            (Type::Enum(from) | Type::Enum64(from), Type::Enum(to) | Type::Enum64(to)) => {
                self.numbers(local, target)?;
                self.enumerators(&from, &to)
            }
            (Type::Int(_), Type::Int(_)) | (Type::Float { .. }, Type::Float { .. }) => {
                self.numbers(local, target)
            }
            // Anything else is no match.
            _ => Ok(()),
        }
    }

    fn add(&mut self, code: ChangeCode, was: String, is: String) -> Result<(), MatchError> {
        // What is shown may have names as long as the foreign BTF likes.
        self.budget.spend_on(was.as_bytes())?;
        self.budget.spend_on(is.as_bytes())?;
        self.changed.changes.push(Change { code, was, is });
        Ok(())
    }
}

/// A type with its size: `u32 (4 bytes)`.
fn with_size(btf: &Btf, id: TypeId) -> String {
    match btf.size_of(id) {
        Some(size) => format!("{} ({})", type_name(btf, id), bytes(size)),
        None => type_name(btf, id),
    }
}

/// `1 byte`, `4 bytes`.
fn bytes(count: u32) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

#[cfg(test)]
mod tests;
