//! A definition back to a type, or to that part of it that is needed.

use std::collections::BTreeSet;

use super::super::bytes::{Damage, Reader};
use super::{Class, Key, tag};
use crate::btf::types::SecInfo;
use crate::btf::{Kind, MemberSpec, TypeId, TypeSpec};

/// As deep as [`super::encode`] writes, and a little more.
const MAX_DEPTH: u32 = 520;

/// How much of a type is needed. The less, the more kernels have it alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use<'n> {
    /// All there is: for writing a unit's BTF.
    Everything,
    /// All that is held by value; structs and unions behind pointers by name only (what comparing whole types takes:
    /// `bpf_core_types_match`, `bpf_core_types_are_compat`).
    All,
    /// It is behind a pointer of a type of which all is needed.
    Pointee,
    /// Of structs and unions, size and names of members, and what members with one of these names hold (what comparing
    /// fields takes: `bpf_core_match_member`). Members without a name are always looked into, and of members of unions, which
    /// share their bytes, kind and size are told.
    Members(&'n BTreeSet<Vec<u8>>),
    /// What kind it is, and its size.
    Kind,
    /// What it is called.
    Named,
}

impl Use<'_> {
    /// How much is needed of what a pointer points to.
    fn behind_pointer(self) -> Self {
        match self {
            Self::Everything => Self::Everything,
            Self::All | Self::Pointee => Self::Pointee,
            Self::Members(_) | Self::Kind | Self::Named => Self::Named,
        }
    }

    /// How much is needed of what a prototype names.
    fn in_prototype(self) -> Self {
        match self {
            Self::Everything => Self::Everything,
            Self::All | Self::Pointee => Self::All,
            Self::Members(_) | Self::Kind | Self::Named => Self::Named,
        }
    }

    /// Whether a struct or union used in this way is no more than its name and size.
    pub fn is_shallow(self) -> bool {
        matches!(self, Self::Pointee | Self::Kind | Self::Named)
    }
}

/// A declaration tag on a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclTag {
    /// The tag.
    pub name: String,
    /// Member or parameter, −1 for the whole.
    pub component: i32,
    /// The kind flag: an attribute in its place.
    pub attribute: bool,
}

/// What is made of a definition.
pub trait Target {
    /// Takes a type that has no name.
    fn add(&mut self, spec: TypeSpec) -> TypeId;

    /// Is told how many levels deep in its definition the reference is that [`Target::resolve`] comes with next. What reads
    /// the definition that it refers to at once, and so within the first, has to see to it that this ends.
    fn at_depth(&mut self, _levels: u32) {}

    /// The type with this key: the one with number `which` of those the unit has; `of_base`: the base's, not the own unit's.
    ///
    /// # Errors
    /// When there is none.
    fn resolve(
        &mut self,
        key: Key<'_>,
        which: u32,
        of_base: bool,
        used: Use<'_>,
    ) -> Result<TypeId, &'static str>;
}

/// Reads the definition of `key`: gives its nameless parts to `target`, and returns the type itself and the declaration
/// tags on it.
///
/// # Errors
/// [`Damage`] when the bytes are not a definition.
pub fn decode(
    key: Key<'_>,
    content: &[u8],
    used: Use<'_>,
    target: &mut dyn Target,
) -> Result<(TypeSpec, Vec<DeclTag>), Damage> {
    let mut decoder = Decoder { input: Reader::new(content), target };
    let name = if key.class == Class::Orphan { String::new() } else { text_of(key.name).to_owned() };
    let spec = decoder.body(name, used, 0)?;
    let mut tags = Vec::new();
    while decoder.input.left() > 0 {
        let attribute = match decoder.input.byte()? {
            tag::DECL_TAG => false,
            tag::DECL_ATTRIBUTE => true,
            _ => return Err(decoder.input.damage("more follows than the type and its tags")),
        };
        let name = decoder.text()?;
        tags.push(DeclTag { name, component: decoder.input.number32()?.wrapping_sub(1) as i32, attribute });
    }
    Ok((spec, tags))
}

fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("<name is not UTF-8>")
}

struct Decoder<'c, 't> {
    input: Reader<'c>,
    target: &'t mut dyn Target,
}

impl Decoder<'_, '_> {
    fn text(&mut self) -> Result<String, Damage> {
        Ok(text_of(self.input.name()?).to_owned())
    }

    /// A type that another refers to.
    fn node(&mut self, used: Use<'_>, depth: u32) -> Result<TypeId, Damage> {
        let first = self.input.peek()?;
        if first & tag::REFERENCE != 0 {
            let (key, which) = self.reference()?;
            self.target.at_depth(depth);
            let found = self.target.resolve(key, which, first & tag::BASE != 0, used);
            return found.map_err(|what| self.input.damage(what));
        }
        if first == tag::VOID {
            self.input.byte()?;
            return Ok(TypeId::VOID);
        }
        let spec = self.body(String::new(), used, depth + 1)?;
        Ok(self.target.add(spec))
    }

    fn body(&mut self, name: String, used: Use<'_>, depth: u32) -> Result<TypeSpec, Damage> {
        if depth > MAX_DEPTH {
            return Err(self.input.damage("it nests too deep"));
        }
        let first = self.input.byte()?;
        Ok(match first {
            tag::PTR => TypeSpec::Ptr { to: self.node(used.behind_pointer(), depth)? },
            tag::CONST | tag::VOLATILE | tag::RESTRICT => {
                let kind = match first {
                    tag::CONST => Kind::Const,
                    tag::VOLATILE => Kind::Volatile,
                    _ => Kind::Restrict,
                };
                TypeSpec::Qualifier { kind, to: self.node(used, depth)? }
            }
            tag::ARRAY => {
                let length = self.input.number32()?;
                let element = self.node(used, depth)?;
                TypeSpec::Array { element, index: self.node(used, depth)?, length }
            }
            tag::FUNC_PROTO => self.prototype(used.in_prototype(), depth)?,
            tag::TYPE_TAG | tag::ATTRIBUTE => {
                let name = self.text()?;
                TypeSpec::TypeTag { name, to: self.node(used, depth)?, attribute: first == tag::ATTRIBUTE }
            }
            tag::STRUCT | tag::UNION | tag::STRUCT_FLAGGED | tag::UNION_FLAGGED => {
                let is_union = matches!(first, tag::UNION | tag::UNION_FLAGGED);
                let kind_flag = matches!(first, tag::STRUCT_FLAGGED | tag::UNION_FLAGGED);
                let (size, members) = self.composite(is_union, kind_flag, used, depth)?;
                TypeSpec::Composite { is_union, name, size, kind_flag, members }
            }
            tag::ENUM..=tag::ENUM64_SIGNED => {
                let is_64 = matches!(first, tag::ENUM64 | tag::ENUM64_SIGNED);
                let is_signed = matches!(first, tag::ENUM_SIGNED | tag::ENUM64_SIGNED);
                let (size, values) = self.enumerators()?;
                TypeSpec::Enum { name, size, is_signed, is_64, values }
            }
            tag::INT => TypeSpec::Int {
                name,
                size: self.input.number32()?,
                encoding: self.input.byte()?,
                offset: self.input.byte()?,
                bits: self.input.byte()?,
            },
            tag::FLOAT => TypeSpec::Float { name, size: self.input.number32()? },
            tag::FWD | tag::FWD_UNION => TypeSpec::Fwd { name, is_union: first == tag::FWD_UNION },
            tag::TYPEDEF => TypeSpec::Typedef { name, to: self.node(used, depth)? },
            tag::FUNC => {
                let linkage = self.input.number32()?;
                TypeSpec::Func { name, linkage, proto: self.node(used, depth)? }
            }
            tag::VAR => {
                let linkage = self.input.number32()?;
                TypeSpec::Var { name, linkage, of: self.node(used, depth)? }
            }
            tag::DATASEC => self.section(name, used, depth)?,
            tag::DECL_TAG | tag::DECL_ATTRIBUTE => {
                let attribute = first == tag::DECL_ATTRIBUTE;
                let name = self.text()?;
                let component = self.input.number32()?.wrapping_sub(1) as i32;
                TypeSpec::DeclTag { name, component, attribute, on: self.node(used, depth)? }
            }
            _ => return Err(self.input.damage("a kind is not known")),
        })
    }

    fn prototype(&mut self, used: Use<'_>, depth: u32) -> Result<TypeSpec, Damage> {
        let count = self.input.count(2)?;
        let returns = self.node(used, depth)?;
        let mut params = Vec::with_capacity(count);
        for _ in 0..count {
            let name = self.text()?;
            params.push((name, self.node(used, depth)?));
        }
        Ok(TypeSpec::FuncProto { returns, params })
    }

    fn enumerators(&mut self) -> Result<(u32, Vec<(String, u64)>), Damage> {
        let size = self.input.number32()?;
        let count = self.input.count(2)?;
        let mut values = Vec::with_capacity(count);
        let mut expected = 0_u64;
        for _ in 0..count {
            let name = self.text()?;
            let value = self.input.difference(expected)?;
            expected = value.wrapping_add(1);
            values.push((name, value));
        }
        Ok((size, values))
    }

    fn section(&mut self, name: String, used: Use<'_>, depth: u32) -> Result<TypeSpec, Damage> {
        let size = self.input.number32()?;
        let count = self.input.count(3)?;
        let mut entries = Vec::with_capacity(count);
        let mut end = 0_u32;
        for _ in 0..count {
            let of = self.node(used, depth)?;
            let offset = self.input.difference(u64::from(end))? as u32;
            let size = self.input.number32()?;
            end = offset.wrapping_add(size);
            entries.push(SecInfo { of, offset, size });
        }
        Ok(TypeSpec::DataSec { name, size, entries })
    }

    /// Size and members. What is not needed of a member is `void`, and where only kind and size are, none is told.
    fn composite(
        &mut self,
        is_union: bool,
        kind_flag: bool,
        used: Use<'_>,
        depth: u32,
    ) -> Result<(u32, Vec<MemberSpec>), Damage> {
        let size = self.input.number32()?;
        let count = self.input.count(3)?;
        let mut members = Vec::with_capacity(if used.is_shallow() { 0 } else { count });
        let mut before = 0_u64;
        for _ in 0..count {
            let name = self.input.name()?;
            let needed = match used {
                Use::Everything | Use::All => Some(used),
                Use::Members(wanted) if name.is_empty() || wanted.contains(name) => Some(used),
                Use::Members(_) if is_union => Some(Use::Kind),
                Use::Members(_) | Use::Pointee | Use::Kind | Use::Named => None,
            };
            let of = match needed {
                Some(used) => self.node(used, depth)?,
                None => {
                    self.skip(depth)?;
                    TypeId::VOID
                }
            };
            before = self.input.difference(before)?;
            let bit_offset = u32::try_from(before);
            let bit_offset = bit_offset.map_err(|_| self.input.damage("an offset has more than 32 bits"))?;
            let bitfield_bits = if kind_flag { self.input.byte()? } else { 0 };
            if !used.is_shallow() {
                members.push(MemberSpec { name: text_of(name).to_owned(), of, bit_offset, bitfield_bits });
            }
        }
        Ok((size, members))
    }
}

impl<'c> Decoder<'c, '_> {
    fn reference(&mut self) -> Result<(Key<'c>, u32), Damage> {
        let first = self.input.byte()?;
        let class = Class::from_number(first & tag::CLASS);
        let class = class.ok_or(self.input.damage("a class is not known"))?;
        let name = self.input.name()?;
        let which = if first & tag::NOT_FIRST == 0 { 0 } else { self.input.number32()? };
        Ok((Key::new(class, name), which))
    }

    /// Steps over a type that is not needed.
    fn skip(&mut self, depth: u32) -> Result<(), Damage> {
        if depth > MAX_DEPTH {
            return Err(self.input.damage("it nests too deep"));
        }
        let first = self.input.peek()?;
        if first & tag::REFERENCE != 0 {
            return self.reference().map(drop);
        }
        self.input.byte()?;
        let depth = depth + 1;
        match first {
            tag::VOID | tag::FWD | tag::FWD_UNION => Ok(()),
            tag::PTR | tag::CONST | tag::VOLATILE | tag::RESTRICT | tag::TYPEDEF => self.skip(depth),
            tag::ARRAY => {
                self.input.number()?;
                self.skip(depth)?;
                self.skip(depth)
            }
            tag::FUNC_PROTO => {
                let count = self.input.count(2)?;
                self.skip(depth)?;
                (0..count).try_for_each(|_| {
                    self.input.name()?;
                    self.skip(depth)
                })
            }
            tag::TYPE_TAG | tag::ATTRIBUTE => {
                self.input.name()?;
                self.skip(depth)
            }
            tag::STRUCT | tag::UNION | tag::STRUCT_FLAGGED | tag::UNION_FLAGGED => {
                self.input.number()?;
                let count = self.input.count(3)?;
                (0..count).try_for_each(|_| {
                    self.input.name()?;
                    self.skip(depth)?;
                    self.input.number()?;
                    if matches!(first, tag::STRUCT_FLAGGED | tag::UNION_FLAGGED) {
                        self.input.byte()?;
                    }
                    Ok(())
                })
            }
            tag::ENUM..=tag::ENUM64_SIGNED => {
                self.input.number()?;
                let count = self.input.count(2)?;
                (0..count).try_for_each(|_| {
                    self.input.name()?;
                    self.input.number().map(drop)
                })
            }
            tag::INT => {
                self.input.number()?;
                self.input.take(3).map(drop)
            }
            tag::FLOAT => self.input.number().map(drop),
            // These have a name in every BTF that a compiler makes; in one that is made up they need not.
            tag::FUNC | tag::VAR => {
                self.input.number()?;
                self.skip(depth)
            }
            tag::DATASEC => {
                self.input.number()?;
                let count = self.input.count(3)?;
                (0..count).try_for_each(|_| {
                    self.skip(depth)?;
                    self.input.number()?;
                    self.input.number().map(drop)
                })
            }
            tag::DECL_TAG | tag::DECL_ATTRIBUTE => {
                self.input.name()?;
                self.input.number()?;
                self.skip(depth)
            }
            _ => Err(self.input.damage("a kind is not known")),
        }
    }
}
