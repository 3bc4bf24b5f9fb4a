//! A unit's BTF to its definitions.

use std::ops::Range;

use thiserror::Error;

use super::super::bytes::Put;
use super::names::{Named, Namesakes, Sorted as _, named, named_class, orphan_name};
use super::{Class, Key, tag};
use crate::btf::types::Composite;
use crate::btf::{Btf, Kind, Type, TypeId};

/// What nothing without a name may nest deeper than. Real kernels stay below 20.
const MAX_DEPTH: u32 = 512;

/// How many nodes are written for each type of a unit, on average. Types without a name are written out wherever they
/// are used; real kernels come to about 4.
const NODES_PER_TYPE: u64 = 64;

/// A unit that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// Types without a name hold or point to each other without end, or very deep.
    #[error("type [{}] nests deeper than {MAX_DEPTH} levels without a name", id.0)]
    TooDeep {
        /// The type that has a name, or the outermost.
        id: TypeId,
    },
    /// Types without a name are used so often within each other that writing them out would not end.
    #[error("types without a name are nested so that writing them out takes more than {limit} steps")]
    TooMany {
        /// The bound.
        limit: u64,
    },
    /// A kind that this program does not know: what it refers to cannot be told.
    #[error("type [{}] is of kind {kind}, which this version does not know", id.0)]
    UnknownKind {
        /// The type.
        id: TypeId,
        /// Its kind's number.
        kind: u8,
    },
}

/// One definition of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition<'a> {
    /// What it is found by.
    pub key: Key<'a>,
    /// The type's id in the unit it came from.
    pub id: TypeId,
    /// Where its content stands in the buffer of all.
    content: Range<usize>,
}

/// All definitions of a unit, sorted by key; those of one key in the order of their ids.
#[derive(Debug)]
pub struct Definitions<'a> {
    list: Vec<Definition<'a>>,
    buffer: Vec<u8>,
    namesakes: Namesakes,
}

impl<'a> Definitions<'a> {
    /// Takes the types of a vmlinux apart.
    ///
    /// # Errors
    /// [`EncodeError`]: nothing that a compiler writes.
    pub fn of(btf: &'a Btf) -> Result<Self, EncodeError> {
        match btf.base() {
            Some(base) => Self::on(btf, &Namesakes::of(base)),
            None => Self::on(btf, &Namesakes::default()),
        }
    }

    /// Takes the own types of a module apart, given the namesakes of its base.
    ///
    /// # Errors
    /// As [`Definitions::of`].
    pub fn on(btf: &'a Btf, of_base: &Namesakes) -> Result<Self, EncodeError> {
        let own = btf.own_ids().count();
        let named = named(btf);
        let mut encoder = Encoder {
            btf,
            of_base,
            namesakes: Namesakes::among(btf, &named),
            tags: declaration_tags(btf),
            first: btf.type_count() - own as u32,
            seen: vec![false; own],
            out: Vec::with_capacity(btf.bytes().len() * 2),
            limit: own as u64 * NODES_PER_TYPE + (1 << 16),
            nodes: 0,
        };
        // In the order of the keys, as it is read later.
        let named = named.into_iter().map(|named| Ok((encoder.definition(named.id)?, named)));
        let named = named.collect::<Result<Vec<_>, EncodeError>>()?;
        let orphans = encoder.orphans().into_iter();
        let orphans = orphans.map(|id| Named { key: Key::new(Class::Orphan, orphan_name(btf, id)), id });
        let orphans = orphans.collect::<Vec<_>>().sorted();
        let mut list = Vec::with_capacity(named.len() + orphans.len());
        let mut orphans = orphans.into_iter().peekable();
        for (content, named) in named {
            while let Some(Named { key, id, .. }) = orphans.next_if(|orphan| orphan.order(&named).is_lt()) {
                list.push(Definition { key, id, content: encoder.definition(id)? });
            }
            list.push(Definition { key: named.key, id: named.id, content });
        }
        for Named { key, id, .. } in orphans {
            list.push(Definition { key, id, content: encoder.definition(id)? });
        }
        Ok(Self { list, buffer: encoder.out, namesakes: encoder.namesakes })
    }

    /// How many bytes all contents have together.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Which types of the unit are not the first of their name: for modules that stand on it.
    pub fn into_namesakes(self) -> Namesakes {
        self.namesakes
    }

    /// The definitions in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Definition<'a>> {
        self.list.iter()
    }

    /// The definitions in their order.
    pub fn as_slice(&self) -> &[Definition<'a>] {
        &self.list
    }

    /// What one of them says.
    pub fn content(&self, definition: &Definition<'_>) -> &[u8] {
        self.buffer.get(definition.content.clone()).unwrap_or_default()
    }
}

/// Declaration tags on named types of the same unit, which are part of their definitions: what each is on, then the tag;
/// sorted.
fn declaration_tags(btf: &Btf) -> Vec<(TypeId, TypeId)> {
    let mut tags: Vec<(TypeId, TypeId)> = Vec::new();
    for id in btf.own_ids().filter(|&id| btf.kind(id) == Kind::DeclTag) {
        if let Type::DeclTag { on, .. } = btf.ty(id)
            && is_own(btf, on)
            && named_class(btf, on).is_some()
        {
            tags.push((on, id));
        }
    }
    tags.sort_unstable();
    tags
}

fn is_own(btf: &Btf, id: TypeId) -> bool {
    btf.base().is_none_or(|base| id.0 >= base.type_count())
}

struct Encoder<'a, 'w> {
    btf: &'a Btf,
    of_base: &'w Namesakes,
    namesakes: Namesakes,
    tags: Vec<(TypeId, TypeId)>,
    /// The first own id.
    first: u32,
    /// Own types that have been written somewhere, by id.
    seen: Vec<bool>,
    out: Vec<u8>,
    limit: u64,
    nodes: u64,
}

impl<'a> Encoder<'a, '_> {
    /// Writes one definition: the type itself, then the tags on it.
    fn definition(&mut self, id: TypeId) -> Result<Range<usize>, EncodeError> {
        let start = self.out.len();
        self.body(id, 0)?;
        let tags = self.tags.partition_point(|&(on, _)| on < id);
        for at in tags..self.tags.len() {
            let (on, tag) = self.tags[at];
            if on != id {
                break;
            }
            self.see(tag);
            if let Type::DeclTag { name, component, attribute, .. } = self.btf.ty(tag) {
                self.out.push(if attribute { tag::DECL_ATTRIBUTE } else { tag::DECL_TAG });
                self.out.put_name(name.as_bytes());
                // −1 stands for the whole.
                self.out.put_number(u64::from(component.wrapping_add(1) as u32));
            }
        }
        Ok(start..self.out.len())
    }

    /// Types without a name that no definition holds, outermost first.
    fn orphans(&self) -> Vec<TypeId> {
        let btf = self.btf;
        let unseen = |id: &TypeId| !self.is_seen(*id) && self.class(*id).is_none();
        let mut is_held = vec![false; self.seen.len()];
        let place = |id: TypeId| id.0.checked_sub(self.first).map(|place| place as usize);
        for id in btf.own_ids().filter(unseen) {
            held_by(btf.ty(id), &mut |held| {
                if let Some(is_held) = place(held).and_then(|place| is_held.get_mut(place)) {
                    *is_held = true;
                }
            });
        }
        btf.own_ids()
            .filter(unseen)
            .filter(|&id| !place(id).and_then(|place| is_held.get(place)).is_some_and(|&held| held))
            .collect()
    }

    /// The class of a type that has a definition of its own.
    fn class(&self, id: TypeId) -> Option<Class> {
        let known = if id.0 >= self.first { self.namesakes.class(id) } else { self.of_base.class(id) };
        known.unwrap_or_else(|| named_class(self.btf, id))
    }

    fn place(&self, id: TypeId) -> Option<usize> {
        id.0.checked_sub(self.first).map(|place| place as usize)
    }

    fn is_seen(&self, id: TypeId) -> bool {
        self.place(id).and_then(|place| self.seen.get(place)).is_some_and(|&seen| seen)
    }

    fn see(&mut self, id: TypeId) {
        if let Some(seen) = self.place(id).and_then(|place| self.seen.get_mut(place)) {
            *seen = true;
        }
    }

    /// A type where another refers to it: by name if it has one, else itself.
    fn node(&mut self, id: TypeId, depth: u32) -> Result<(), EncodeError> {
        let Some(class) = self.class(id) else { return self.body(id, depth + 1) };
        let is_own = id.0 >= self.first;
        let which = if is_own { self.namesakes.before(id) } else { self.of_base.before(id) };
        let base = if is_own { 0 } else { tag::BASE };
        let not_first = if which.is_some() { tag::NOT_FIRST } else { 0 };
        self.out.push(tag::REFERENCE | class as u8 | base | not_first);
        self.out.put_name(self.btf.name_bytes(id));
        if let Some(which) = which {
            self.out.put_number(u64::from(which));
        }
        Ok(())
    }

    fn body(&mut self, id: TypeId, depth: u32) -> Result<(), EncodeError> {
        if depth > MAX_DEPTH {
            return Err(EncodeError::TooDeep { id });
        }
        self.nodes += 1;
        if self.nodes > self.limit {
            return Err(EncodeError::TooMany { limit: self.limit });
        }
        self.see(id);
        match self.btf.ty(id) {
            Type::Void => self.out.push(tag::VOID),
            Type::Unknown { kind } => return Err(EncodeError::UnknownKind { id, kind }),
            Type::Ptr { to } => {
                self.out.push(tag::PTR);
                self.node(to, depth)?;
            }
            Type::Qualifier { kind, to } => {
                self.out.push(match kind {
                    Kind::Const => tag::CONST,
                    Kind::Volatile => tag::VOLATILE,
                    _ => tag::RESTRICT,
                });
                self.node(to, depth)?;
            }
            Type::Array(array) => {
                self.out.push(tag::ARRAY);
                self.out.put_number(u64::from(array.length));
                self.node(array.element, depth)?;
                self.node(array.index, depth)?;
            }
            Type::FuncProto(proto) => {
                self.out.push(tag::FUNC_PROTO);
                self.out.put_number(proto.params().len() as u64);
                self.node(proto.returns, depth)?;
                for param in proto.params() {
                    self.out.put_name(param.name.as_bytes());
                    self.node(param.of, depth)?;
                }
            }
            Type::TypeTag { name, to, attribute } => {
                self.out.push(if attribute { tag::ATTRIBUTE } else { tag::TYPE_TAG });
                self.out.put_name(name.as_bytes());
                self.node(to, depth)?;
            }
            Type::Struct(composite) => self.composite(false, composite, depth)?,
            Type::Union(composite) => self.composite(true, composite, depth)?,
            Type::Enum(values) | Type::Enum64(values) => {
                let is_64 = self.btf.kind(id) == Kind::Enum64;
                self.out.push(match (is_64, values.is_signed) {
                    (false, false) => tag::ENUM,
                    (false, true) => tag::ENUM_SIGNED,
                    (true, false) => tag::ENUM64,
                    (true, true) => tag::ENUM64_SIGNED,
                });
                self.out.put_number(u64::from(values.size));
                self.out.put_number(values.len() as u64);
                let mut expected = 0_u64;
                for value in values.values() {
                    self.out.put_name(value.name_bytes());
                    self.out.put_difference(value.value, expected);
                    expected = value.value.wrapping_add(1);
                }
            }
            Type::Int(int) => {
                self.out.push(tag::INT);
                self.out.put_number(u64::from(int.size));
                self.out.extend([int.encoding, int.offset, int.bits]);
            }
            Type::Float { size, .. } => {
                self.out.push(tag::FLOAT);
                self.out.put_number(u64::from(size));
            }
            Type::Fwd { is_union, .. } => self.out.push(if is_union { tag::FWD_UNION } else { tag::FWD }),
            Type::Typedef { to, .. } => {
                self.out.push(tag::TYPEDEF);
                self.node(to, depth)?;
            }
            Type::Func { proto, linkage, .. } => {
                self.out.push(tag::FUNC);
                self.out.put_number(u64::from(linkage));
                self.node(proto, depth)?;
            }
            Type::Var { of, linkage, .. } => {
                self.out.push(tag::VAR);
                self.out.put_number(u64::from(linkage));
                self.node(of, depth)?;
            }
            Type::DataSec(section) => {
                self.out.push(tag::DATASEC);
                self.out.put_number(u64::from(section.size));
                self.out.put_number(section.entries().len() as u64);
                let mut end = 0_u32;
                for entry in section.entries() {
                    self.node(entry.of, depth)?;
                    self.out.put_difference(u64::from(entry.offset), u64::from(end));
                    self.out.put_number(u64::from(entry.size));
                    end = entry.offset.wrapping_add(entry.size);
                }
            }
            Type::DeclTag { name, on, component, attribute } => {
                self.out.push(if attribute { tag::DECL_ATTRIBUTE } else { tag::DECL_TAG });
                self.out.put_name(name.as_bytes());
                self.out.put_number(u64::from(component.wrapping_add(1) as u32));
                self.node(on, depth)?;
            }
        }
        Ok(())
    }

    fn composite(&mut self, is_union: bool, composite: Composite<'a>, depth: u32) -> Result<(), EncodeError> {
        self.out.push(match (is_union, composite.kind_flag()) {
            (false, false) => tag::STRUCT,
            (true, false) => tag::UNION,
            (false, true) => tag::STRUCT_FLAGGED,
            (true, true) => tag::UNION_FLAGGED,
        });
        self.out.put_number(u64::from(composite.size));
        self.out.put_number(composite.len() as u64);
        // The distance from the member before: what moves as a whole stays alike.
        let mut before = 0_u64;
        for member in composite.members() {
            self.out.put_name(member.name_bytes());
            self.node(member.of, depth)?;
            self.out.put_difference(u64::from(member.bit_offset), before);
            before = u64::from(member.bit_offset);
            if composite.kind_flag() {
                self.out.push(member.bitfield_bits);
            }
        }
        Ok(())
    }
}

/// Calls `found` with every type that a type refers to.
pub(super) fn held_by(ty: Type<'_>, found: &mut dyn FnMut(TypeId)) {
    match ty {
        Type::Ptr { to }
        | Type::Qualifier { to, .. }
        | Type::TypeTag { to, .. }
        | Type::Typedef { to, .. } => found(to),
        Type::Array(array) => {
            found(array.element);
            found(array.index);
        }
        Type::Struct(composite) | Type::Union(composite) => {
            composite.members().for_each(|member| found(member.of))
        }
        Type::Func { proto, .. } => found(proto),
        Type::FuncProto(proto) => {
            found(proto.returns);
            proto.params().for_each(|param| found(param.of));
        }
        Type::Var { of, .. } => found(of),
        Type::DataSec(section) => section.entries().for_each(|entry| found(entry.of)),
        Type::DeclTag { on, .. } => found(on),
        Type::Void
        | Type::Int(_)
        | Type::Float { .. }
        | Type::Fwd { .. }
        | Type::Enum(_)
        | Type::Enum64(_)
        | Type::Unknown { .. } => {}
    }
}
