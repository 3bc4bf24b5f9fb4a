//! Writing BTF: types are added or first reserved and later defined, strings are shared.

use foldhash::HashMap;

use super::types::SecInfo;
use super::wire::{self, Endian, Info, Kind};
use super::{Btf, BtfError, Type, TypeId};

/// A member to be written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MemberSpec {
    /// Its name, empty for anonymous structs and unions.
    pub name: String,
    /// Its type.
    pub of: TypeId,
    /// Its offset in bits.
    pub bit_offset: u32,
    /// Its width in bits if it is a bit-field, else 0.
    pub bitfield_bits: u8,
}

/// A type to be written; the fields are those of [`Type`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "every field is documented at the view of the same name in `types`")]
pub enum TypeSpec {
    Int { name: String, size: u32, encoding: u8, offset: u8, bits: u8 },
    Ptr { to: TypeId },
    Array { element: TypeId, index: TypeId, length: u32 },
    Composite { is_union: bool, name: String, size: u32, kind_flag: bool, members: Vec<MemberSpec> },
    Enum { name: String, size: u32, is_signed: bool, is_64: bool, values: Vec<(String, u64)> },
    Fwd { name: String, is_union: bool },
    Typedef { name: String, to: TypeId },
    Qualifier { kind: Kind, to: TypeId },
    TypeTag { name: String, to: TypeId, attribute: bool },
    Func { name: String, proto: TypeId, linkage: u32 },
    FuncProto { returns: TypeId, params: Vec<(String, TypeId)> },
    Var { name: String, of: TypeId, linkage: u32 },
    DataSec { name: String, size: u32, entries: Vec<SecInfo> },
    Float { name: String, size: u32 },
    DeclTag { name: String, on: TypeId, component: i32, attribute: bool },
}

impl TypeSpec {
    /// The type as it stands in `btf`; `None` for `void` and for kinds this program does not know.
    pub fn of(ty: Type<'_>) -> Option<Self> {
        let composite = |is_union: bool, composite: super::types::Composite<'_>| Self::Composite {
            is_union,
            name: composite.name.to_owned(),
            size: composite.size,
            kind_flag: composite.kind_flag,
            members: composite
                .members()
                .map(|member| MemberSpec {
                    name: member.name().to_owned(),
                    of: member.of,
                    bit_offset: member.bit_offset,
                    bitfield_bits: member.bitfield_bits,
                })
                .collect(),
        };
        let values = |is_64: bool, values: super::types::Enumeration<'_>| Self::Enum {
            name: values.name.to_owned(),
            size: values.size,
            is_signed: values.is_signed,
            is_64,
            values: values.values().map(|value| (value.name().to_owned(), value.value)).collect(),
        };
        Some(match ty {
            Type::Void | Type::Unknown { .. } => return None,
            Type::Int(int) => Self::Int {
                name: int.name.to_owned(),
                size: int.size,
                encoding: int.encoding,
                offset: int.offset,
                bits: int.bits,
            },
            Type::Ptr { to } => Self::Ptr { to },
            Type::Array(array) => {
                Self::Array { element: array.element, index: array.index, length: array.length }
            }
            Type::Struct(inner) => composite(false, inner),
            Type::Union(inner) => composite(true, inner),
            Type::Enum(inner) => values(false, inner),
            Type::Enum64(inner) => values(true, inner),
            Type::Fwd { name, is_union } => Self::Fwd { name: name.to_owned(), is_union },
            Type::Typedef { name, to } => Self::Typedef { name: name.to_owned(), to },
            Type::Qualifier { kind, to } => Self::Qualifier { kind, to },
            Type::TypeTag { name, to, attribute } => Self::TypeTag { name: name.to_owned(), to, attribute },
            Type::Func { name, proto, linkage } => Self::Func { name: name.to_owned(), proto, linkage },
            Type::FuncProto(proto) => Self::FuncProto {
                returns: proto.returns,
                params: proto.params().map(|param| (param.name.to_owned(), param.of)).collect(),
            },
            Type::Var { name, of, linkage } => Self::Var { name: name.to_owned(), of, linkage },
            Type::DataSec(section) => Self::DataSec {
                name: section.name.to_owned(),
                size: section.size,
                entries: section.entries().collect(),
            },
            Type::Float { name, size } => Self::Float { name: name.to_owned(), size },
            Type::DeclTag { name, on, component, attribute } => {
                Self::DeclTag { name: name.to_owned(), on, component, attribute }
            }
        })
    }
}

/// Builds BTF from scratch.
#[derive(Debug)]
pub struct Builder {
    endian: Endian,
    first_id: u32,
    first_string: u32,
    types: Vec<Option<TypeSpec>>,
    strings: Vec<u8>,
    offsets: HashMap<String, u32>,
}

impl Builder {
    /// BTF that stands alone.
    pub fn new(endian: Endian) -> Self {
        Self {
            endian,
            first_id: 1,
            first_string: 0,
            types: Vec::new(),
            strings: vec![0],
            offsets: HashMap::from_iter([(String::new(), 0)]),
        }
    }

    /// Split BTF on top of `base`; strings are not shared with the base.
    pub fn split(base: &Btf) -> Self {
        Self {
            first_id: base.type_count(),
            first_string: base.first_string + base.header.strings.len() as u32,
            strings: Vec::new(),
            ..Self::new(base.endian())
        }
    }

    /// Takes the next id, to be defined later: for types that refer to each other.
    pub fn reserve(&mut self) -> TypeId {
        self.types.push(None);
        TypeId(self.first_id + self.types.len() as u32 - 1)
    }

    /// Defines a reserved id, or an earlier one anew.
    ///
    /// # Panics
    /// When the id was never handed out by this builder: a mistake of the caller, not of any input.
    pub fn define(&mut self, id: TypeId, spec: TypeSpec) {
        let slot = id.0.checked_sub(self.first_id).and_then(|index| self.types.get_mut(index as usize));
        *slot.expect("the id was handed out by this builder") = Some(spec);
    }

    /// Adds a type.
    pub fn add(&mut self, spec: TypeSpec) -> TypeId {
        let id = self.reserve();
        self.define(id, spec);
        id
    }

    /// Adds an integer that fills its `size` bytes; `encoding` as in [`super::types::Int`].
    pub fn int(&mut self, name: &str, size: u32, encoding: u8) -> TypeId {
        let bits = u8::try_from(size.saturating_mul(8)).unwrap_or(u8::MAX);
        self.add(TypeSpec::Int { name: name.to_owned(), size, encoding, offset: 0, bits })
    }

    /// The finished BTF.
    ///
    /// # Errors
    /// [`BtfError::Write`]: a reserved id that was never defined, a name with a NUL, or numbers that do not fit
    /// their fields (counts and bit-field offsets have 24 bits).
    pub fn finish(mut self) -> Result<Vec<u8>, BtfError> {
        let mut records = Vec::new();
        let types = std::mem::take(&mut self.types);
        for (index, spec) in types.iter().enumerate() {
            let id = self.first_id + index as u32;
            let spec = spec.as_ref().ok_or_else(|| write_error(id, "was reserved and never defined"))?;
            self.encode(id, spec, &mut records)?;
        }
        let too_long = |_| BtfError::Write("a section is longer than 4 GiB".to_owned());
        let types_len = u32::try_from(records.len()).map_err(too_long)?;
        let strings_len = u32::try_from(self.strings.len()).map_err(too_long)?;
        let mut bytes = Vec::new();
        bytes.extend(self.endian.u16_bytes(wire::MAGIC));
        bytes.extend([wire::VERSION, 0]);
        for word in [wire::HEADER_LEN as u32, 0, types_len, types_len, strings_len] {
            bytes.extend(self.endian.u32_bytes(word));
        }
        bytes.extend(records);
        bytes.extend(self.strings);
        Ok(bytes)
    }

    fn string(&mut self, id: u32, text: &str) -> Result<u32, BtfError> {
        if let Some(&offset) = self.offsets.get(text) {
            return Ok(offset);
        }
        if text.contains('\0') {
            return Err(write_error(id, "has a name with a NUL in it"));
        }
        let offset = u32::try_from(self.strings.len())
            .ok()
            .and_then(|len| len.checked_add(self.first_string))
            .ok_or_else(|| write_error(id, "has a name beyond 4 GiB of strings"))?;
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        self.offsets.insert(text.to_owned(), offset);
        Ok(offset)
    }

    fn encode(&mut self, id: u32, spec: &TypeSpec, out: &mut Vec<u8>) -> Result<(), BtfError> {
        let mut rest: Vec<u32> = Vec::new();
        let (name, kind, kind_flag, count, word) = match spec {
            TypeSpec::Int { name, size, encoding, offset, bits } => {
                rest.push(u32::from(*encoding) << 24 | u32::from(*offset) << 16 | u32::from(*bits));
                (name.as_str(), Kind::Int, false, 0, *size)
            }
            TypeSpec::Ptr { to } => ("", Kind::Ptr, false, 0, to.0),
            TypeSpec::Array { element, index, length } => {
                rest.extend([element.0, index.0, *length]);
                ("", Kind::Array, false, 0, 0)
            }
            TypeSpec::Composite { is_union, name, size, kind_flag, members } => {
                for member in members {
                    let offset = member_offset(id, member, *kind_flag)?;
                    rest.extend([self.string(id, &member.name)?, member.of.0, offset]);
                }
                let kind = if *is_union { Kind::Union } else { Kind::Struct };
                (name.as_str(), kind, *kind_flag, members.len(), *size)
            }
            TypeSpec::Enum { name, size, is_signed, is_64, values } => {
                for (name, value) in values {
                    rest.extend([self.string(id, name)?, *value as u32]);
                    if *is_64 {
                        rest.push((value >> 32) as u32);
                    }
                }
                let kind = if *is_64 { Kind::Enum64 } else { Kind::Enum };
                (name.as_str(), kind, *is_signed, values.len(), *size)
            }
            TypeSpec::Fwd { name, is_union } => (name.as_str(), Kind::Fwd, *is_union, 0, 0),
            TypeSpec::Typedef { name, to } => (name.as_str(), Kind::Typedef, false, 0, to.0),
            TypeSpec::Qualifier { kind, to } => ("", *kind, false, 0, to.0),
            TypeSpec::TypeTag { name, to, attribute } => (name.as_str(), Kind::TypeTag, *attribute, 0, to.0),
            TypeSpec::Func { name, proto, linkage } => {
                (name.as_str(), Kind::Func, false, *linkage as usize, proto.0)
            }
            TypeSpec::FuncProto { returns, params } => {
                for (name, of) in params {
                    rest.extend([self.string(id, name)?, of.0]);
                }
                ("", Kind::FuncProto, false, params.len(), returns.0)
            }
            TypeSpec::Var { name, of, linkage } => {
                rest.push(*linkage);
                (name.as_str(), Kind::Var, false, 0, of.0)
            }
            TypeSpec::DataSec { name, size, entries } => {
                rest.extend(entries.iter().flat_map(|entry| [entry.of.0, entry.offset, entry.size]));
                (name.as_str(), Kind::DataSec, false, entries.len(), *size)
            }
            TypeSpec::Float { name, size } => (name.as_str(), Kind::Float, false, 0, *size),
            TypeSpec::DeclTag { name, on, component, attribute } => {
                rest.push(*component as u32);
                (name.as_str(), Kind::DeclTag, *attribute, 0, on.0)
            }
        };
        let count = u32::try_from(count).ok().filter(|&count| count < 1 << 24);
        let count = count.ok_or_else(|| write_error(id, "has more than 2^24 elements"))?;
        let words = [self.string(id, name)?, Info { kind, count, kind_flag }.encode(), word];
        out.extend(words.into_iter().chain(rest).flat_map(|word| self.endian.u32_bytes(word)));
        Ok(())
    }
}

fn write_error(id: u32, what: &str) -> BtfError {
    BtfError::Write(format!("type [{id}] {what}"))
}

fn member_offset(id: u32, member: &MemberSpec, kind_flag: bool) -> Result<u32, BtfError> {
    if !kind_flag {
        return if member.bitfield_bits == 0 {
            Ok(member.bit_offset)
        } else {
            Err(write_error(id, "has a bit-field, but not the kind flag"))
        };
    }
    if member.bit_offset >= 1 << 24 {
        return Err(write_error(id, "has bit-fields and a member beyond 2^24 bits"));
    }
    Ok(member.bit_offset | u32::from(member.bitfield_bits) << 24)
}

#[cfg(test)]
mod tests;
