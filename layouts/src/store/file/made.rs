//! Definitions of one unit made into BTF: as much as is needed.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::UnitNumber;
use super::columns::Columns;
use super::error::StoreError;
use super::sharing::Sharing;
use crate::btf::{Btf, BtfError, Builder, TypeId, TypeSpec};
use crate::kernel::Candidates;
use crate::store::bytes::Damage;
use crate::store::content::{Class, Key, Target, Use, decode};

/// So many definitions at most are made within each other: real ones stay below 100, and no chain may cost the stack.
const MAX_DEPTH: u32 = 400;

/// So many levels of all these definitions together, the innermost not counted.
const MAX_LEVELS: u32 = 600;

/// So many bytes of definitions are made into one BTF. Real ones take some hundred kilobytes; but a damaged store may say
/// of one definition that a kernel has it a million times.
const MAX_BYTES: usize = 16 << 20;

/// A unit of a kernel, given by its place in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Unit {
    Vmlinux(usize),
    Module { place: usize, module: UnitNumber },
}

impl Unit {
    fn place(self) -> usize {
        match self {
            Self::Vmlinux(place) | Self::Module { place, .. } => place,
        }
    }

    /// The unit that it stands on.
    fn base(self) -> Self {
        Self::Vmlinux(self.place())
    }
}

/// Some definitions of a kernel on their way to a `Btf`.
pub(super) struct Make<'m, 's> {
    columns: &'m mut Columns<'s>,
    unit: Unit,
    used: Use<'m>,
    builder: Sharing,
    /// Types with one, by column, number, unit, and how they are used.
    named: HashMap<(usize, u32, Unit, Usage), TypeId>,
    /// How many definitions are being made within each other.
    depth: u32,
    /// How many levels deep the one that is being made lies in the others.
    outer: u32,
    /// How many levels deep in all of them its last reference lies.
    levels: u32,
    /// How many more bytes of definitions may be made.
    room: usize,
    /// What went wrong in the store itself, while a definition was decoded.
    failure: Option<StoreError>,
    shared: Option<&'m mut HashMap<Vec<u8>, Arc<Btf>>>,
}

/// [`Use`], without saying which members: a `Make` knows one set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Usage {
    All,
    Pointee,
    Members,
    Kind,
    Named,
}

impl Usage {
    fn of(used: Use<'_>) -> Self {
        match used {
            Use::Everything | Use::All => Self::All,
            Use::Pointee => Self::Pointee,
            Use::Members(_) => Self::Members,
            Use::Kind => Self::Kind,
            Use::Named => Self::Named,
        }
    }
}

impl<'m, 's> Make<'m, 's> {
    pub(super) fn new(columns: &'m mut Columns<'s>, unit: Unit, used: Use<'m>) -> Self {
        let (endian, _) = columns.machine(unit.place());
        Self {
            columns,
            unit,
            used,
            builder: Sharing::new(Builder::new(endian)),
            named: HashMap::new(),
            depth: 0,
            outer: 0,
            levels: 0,
            room: MAX_BYTES,
            failure: None,
            shared: None,
        }
    }

    /// Shares what comes to the same bytes.
    pub(super) fn sharing(mut self, shared: &'m mut HashMap<Vec<u8>, Arc<Btf>>) -> Self {
        self.shared = Some(shared);
        self
    }

    /// The unit's definitions of these columns, with what they need; `None` when it has none.
    pub(super) fn candidates(
        mut self,
        name: &str,
        columns: &[usize],
    ) -> Result<Option<Candidates>, StoreError> {
        let mut ids = Vec::new();
        for &column in columns {
            let state = self.columns.state(column, self.unit)?;
            let count = self.columns.get(column).states.get(state as usize).map_or(0, Vec::len);
            for which in 0..count as u32 {
                ids.push(
                    self.definition(column, which, self.unit, self.used)
                        .map_err(|damage| self.fail(damage))?,
                );
            }
        }
        if ids.is_empty() {
            return Ok(None);
        }
        ids.sort_unstable();
        let (_, pointer_size) = self.columns.machine(self.unit.place());
        if let Some(size) = pointer_size {
            // By this type BTF tells how large pointers are (`btf__pointer_size`).
            self.builder.int("long unsigned int", size, 0);
        }
        let written = |error: BtfError| StoreError::Btf { unit: name.to_owned(), error };
        let bytes = self.builder.finish().map_err(written)?;
        let btf = match self.shared.as_ref().and_then(|shared| shared.get(&bytes)) {
            Some(known) => Arc::clone(known),
            None => {
                let btf = Arc::new(Btf::parse(bytes.clone()).map_err(written)?);
                if let Some(shared) = self.shared {
                    shared.insert(bytes, Arc::clone(&btf));
                }
                btf
            }
        };
        Ok(Some(Candidates { unit: name.to_owned(), btf, ids }))
    }

    fn fail(&mut self, damage: Damage) -> StoreError {
        self.failure.take().unwrap_or_else(|| StoreError::damaged("a definition")(damage))
    }

    /// A named type of the store, made unless it is there already.
    fn definition(&mut self, column: usize, which: u32, unit: Unit, used: Use<'_>) -> Result<TypeId, Damage> {
        let slot = (column, which, unit, Usage::of(used));
        if let Some(&known) = self.named.get(&slot) {
            return Ok(known);
        }
        let damage = |what| Damage { offset: 0, what };
        let state = match self.columns.state(column, unit) {
            Ok(state) => state,
            Err(error) => {
                self.failure = Some(error);
                return Err(damage("the store is damaged"));
            }
        };
        let of = self.columns.get(column);
        let variant = of.states.get(state as usize).and_then(|state| state.get(which as usize).copied());
        let content = variant.and_then(|variant| of.variant(variant));
        let content = content.ok_or(damage("it names a type that the unit does not have"))?.to_vec();
        let (class, name) = (of.class, of.name.clone());
        let (outer, levels) = (self.outer, self.levels);
        if self.depth >= MAX_DEPTH || levels > MAX_LEVELS {
            return Err(damage("its types need each other too deep"));
        }
        let room = self.room.checked_sub(content.len());
        self.room = room.ok_or(damage("it and what it needs are too large"))?;
        let id = self.builder.reserve();
        self.named.insert(slot, id);
        let before = std::mem::replace(&mut self.unit, unit);
        self.depth += 1;
        self.outer = levels + 1;
        let decoded = decode(Key::new(class, &name), &content, used, self);
        self.depth -= 1;
        (self.outer, self.levels) = (outer, levels);
        self.unit = before;
        // Declaration tags play no part in relocation.
        let (spec, _) = decoded?;
        self.builder.define(id, spec);
        Ok(id)
    }
}

/// What stands for a type of which only the name counts.
pub(super) fn stub(key: Key<'_>, used: Use<'_>) -> Option<TypeSpec> {
    let name = || String::from_utf8_lossy(key.name).into_owned();
    let only_named = matches!(used, Use::Named);
    Some(match key.class {
        Class::Struct | Class::Union if only_named || matches!(used, Use::Pointee) => TypeSpec::Composite {
            is_union: key.class == Class::Union,
            name: name(),
            size: 0,
            kind_flag: false,
            members: Vec::new(),
        },
        Class::Enum | Class::Enum64 if only_named => TypeSpec::Enum {
            name: name(),
            size: if key.class == Class::Enum { 4 } else { 8 },
            is_signed: false,
            is_64: key.class == Class::Enum64,
            values: Vec::new(),
        },
        _ => return None,
    })
}

impl Target for Make<'_, '_> {
    fn add(&mut self, spec: TypeSpec) -> TypeId {
        self.builder.shared(spec)
    }

    fn at_depth(&mut self, levels: u32) {
        self.levels = self.outer + levels;
    }

    fn resolve(
        &mut self,
        key: Key<'_>,
        which: u32,
        of_base: bool,
        used: Use<'_>,
    ) -> Result<TypeId, &'static str> {
        if let Some(stub) = stub(key, used) {
            return Ok(self.add(stub));
        }
        let unit = if of_base { self.unit.base() } else { self.unit };
        match self.columns.of_key(key) {
            Ok(Some(column)) => {
                self.definition(column, which, unit, used).map_err(|_| "a type that it needs cannot be made")
            }
            Ok(None) => Err("it names a type that is not stored"),
            Err(error) => {
                self.failure = Some(error);
                Err("the store is damaged")
            }
        }
    }
}

#[cfg(test)]
mod tests;
