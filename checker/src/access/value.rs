//! What a walk's end is worth: the number a loader would put into the instruction.

use corecheck_layouts::btf::{Btf, Endian, Type, TypeId};
use thiserror::Error;

use super::{RelocationKind, Spec};

/// The worth of one walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Value {
    /// The number.
    pub number: u64,
    /// Size in bytes of the field behind a byte offset, of one element for arrays; 0 for bit-fields and for
    /// everything that is no offset. Loads and stores are as wide.
    pub field_size: u32,
    /// As `field_size`, but for arrays of all elements together: how wide loads are before libbpf 1.6.
    pub whole_size: u32,
    /// Type of that field; `void` where `field_size` is 0.
    pub field_type: TypeId,
    /// Whether the instruction must hold the local value: not for bit-fields, where compilers may choose.
    pub validate: bool,
}

/// A walk that a loader finds and then cannot use: the load fails.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum ValueError {
    /// A bit-field that no load of 8 bytes covers (`-E2BIG`).
    #[error("the bit-field at bit {bit_offset} cannot be read with one load of 8 bytes")]
    BitfieldTooWide {
        /// Its offset in bits.
        bit_offset: u32,
    },
    /// Signedness or shifts of an element (`-EINVAL`).
    #[error("`{0}` cannot be asked about an element of an array")]
    NotForElements(&'static str),
    /// A size that cannot be told (`-EINVAL`).
    #[error("the size of what the access ends at cannot be told")]
    NoSize,
}

/// The worth of `spec` in `btf`, for a machine of this byte order.
///
/// # Errors
/// [`ValueError`], where libbpf's `bpf_core_calc_*_relo` fail.
pub fn value_of(spec: &Spec, btf: &Btf, endian: Endian) -> Result<Value, ValueError> {
    let plain = |number: u64| Value { number, validate: true, ..Value::default() };
    match spec.kind {
        RelocationKind::FieldExists
        | RelocationKind::TypeExists
        | RelocationKind::TypeMatches
        | RelocationKind::EnumvalExists => Ok(plain(1)),
        RelocationKind::TypeIdLocal | RelocationKind::TypeIdTarget => {
            // Linking renumbers types, so what the instruction holds says nothing.
            Ok(Value { validate: false, ..plain(u64::from(spec.root.0)) })
        }
        RelocationKind::TypeSize => {
            btf.size_of(spec.root).map(|size| plain(size.into())).ok_or(ValueError::NoSize)
        }
        RelocationKind::EnumvalValue => Ok(plain(enumerator(spec, btf))),
        _ => field(spec, btf, endian),
    }
}

fn enumerator(spec: &Spec, btf: &Btf) -> u64 {
    let accessor = spec.accessors.first();
    let value = accessor.and_then(|accessor| match btf.ty(accessor.of) {
        Type::Enum(values) | Type::Enum64(values) => values.value(accessor.index as usize),
        _ => None,
    });
    value.map_or(0, |value| value.value)
}

/// `bpf_core_calc_field_relo`.
fn field(spec: &Spec, btf: &Btf, endian: Endian) -> Result<Value, ValueError> {
    let last = spec.accessors.last().ok_or(ValueError::NoSize)?;
    if last.name.is_none() {
        return element(spec, btf, last.of);
    }
    let (Type::Struct(parent) | Type::Union(parent)) = btf.ty(last.of) else {
        return Err(ValueError::NoSize);
    };
    let member = parent.member(last.index as usize).ok_or(ValueError::NoSize)?;
    let field_type = btf.skip_modifiers_and_typedefs(member.of);
    let is_bitfield = member.bitfield_bits != 0;
    let span = if is_bitfield {
        Span::of_bitfield(spec.bit_offset, u32::from(member.bitfield_bits), record_size(btf, field_type))?
    } else {
        let bytes = btf.size_of(field_type).ok_or(ValueError::NoSize)?;
        let byte_offset = spec.bit_offset / 8;
        Span { byte_offset, bytes, bit_offset: spec.bit_offset, bits: bytes.wrapping_mul(8) }
    };
    let number = |number: u64, validate: bool| Value { number, validate, ..Value::default() };
    Ok(match spec.kind {
        RelocationKind::FieldByteOffset if is_bitfield => number(span.byte_offset.into(), false),
        RelocationKind::FieldByteOffset => Value {
            field_size: element_size(btf, field_type)?,
            whole_size: span.bytes,
            field_type,
            ..number(span.byte_offset.into(), true)
        },
        RelocationKind::FieldByteSize => number(span.bytes.into(), !is_bitfield),
        RelocationKind::FieldSigned => number(is_signed(btf, field_type).into(), true),
        RelocationKind::FieldLshiftU64 => number(span.left_shift(endian).into(), !is_bitfield),
        RelocationKind::FieldRshiftU64 => number(64_u32.wrapping_sub(span.bits).into(), true),
        _ => return Err(ValueError::NoSize),
    })
}

/// An access that ends at an element knows its offset and size only.
fn element(spec: &Spec, btf: &Btf, element: TypeId) -> Result<Value, ValueError> {
    match spec.kind {
        RelocationKind::FieldByteOffset => Ok(Value {
            number: u64::from(spec.bit_offset / 8),
            field_size: element_size(btf, element)?,
            whole_size: btf.size_of(element).ok_or(ValueError::NoSize)?,
            field_type: element,
            validate: true,
        }),
        RelocationKind::FieldByteSize => {
            let size = btf.size_of(element).ok_or(ValueError::NoSize)?;
            Ok(Value { number: size.into(), validate: true, ..Value::default() })
        }
        kind => Err(ValueError::NotForElements(kind.word())),
    }
}

/// Size of one element, all dimensions taken off (since libbpf 1.6; before, the whole array's).
fn element_size(btf: &Btf, id: TypeId) -> Result<u32, ValueError> {
    btf.size_of(btf.innermost_element(id)).ok_or(ValueError::NoSize)
}

/// The size word of a record as it stands, without resolving: what libbpf reads for bit-fields.
fn record_size(btf: &Btf, id: TypeId) -> u32 {
    match btf.ty(id) {
        Type::Int(int) => int.size,
        Type::Enum(values) | Type::Enum64(values) => values.size,
        Type::Struct(composite) | Type::Union(composite) => composite.size,
        Type::Float { size, .. } => size,
        _ => 0,
    }
}

fn is_signed(btf: &Btf, id: TypeId) -> bool {
    match btf.ty(id) {
        Type::Int(int) => int.is_signed(),
        Type::Enum(values) | Type::Enum64(values) => values.is_signed,
        _ => false,
    }
}

/// The bytes a load must cover, and the bits within that are wanted.
struct Span {
    byte_offset: u32,
    bytes: u32,
    bit_offset: u32,
    bits: u32,
}

impl Span {
    /// The smallest aligned load that covers the bit-field, beginning with the size of its declared type.
    fn of_bitfield(bit_offset: u32, bits: u32, declared_bytes: u32) -> Result<Self, ValueError> {
        let mut bytes = declared_bytes;
        if bytes == 0 {
            return Err(ValueError::NoSize);
        }
        let align = |bytes: u32| bit_offset / 8 / bytes * bytes;
        let mut byte_offset = align(bytes);
        let end = |byte_offset: u32| bit_offset.wrapping_add(bits).wrapping_sub(byte_offset.wrapping_mul(8));
        while end(byte_offset) > bytes.wrapping_mul(8) {
            if bytes >= 8 {
                return Err(ValueError::BitfieldTooWide { bit_offset });
            }
            bytes *= 2;
            byte_offset = align(bytes);
        }
        Ok(Self { byte_offset, bytes, bit_offset, bits })
    }

    fn left_shift(&self, endian: Endian) -> u32 {
        let first_bit = self.bit_offset.wrapping_sub(self.byte_offset.wrapping_mul(8));
        match endian {
            Endian::Little => 64_u32.wrapping_sub(first_bit.wrapping_add(self.bits)),
            Endian::Big => 8_u32.wrapping_sub(self.bytes).wrapping_mul(8).wrapping_add(first_bit),
        }
    }
}

#[cfg(test)]
mod tests;
