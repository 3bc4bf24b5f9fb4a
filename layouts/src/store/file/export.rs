//! A stored kernel back to BTF: every type of a unit, with type ids of their own.

use std::collections::HashMap;
use std::sync::Arc;

use super::block::{self, Stored};
use super::error::StoreError;
use super::rewrite::block_place;
use super::{StoreFile, UnitNumber, lineage};
use crate::btf::{Btf, Builder, TypeId, TypeSpec};
use crate::store::content::{Class, DeclTag, Key, Target, Use, decode};

/// The types of a unit by class and name, each name's in their order.
type Ids = HashMap<(Class, Vec<u8>), Vec<TypeId>>;

/// A unit that has been put together again.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Its BTF; of a module on top of its vmlinux.
    pub btf: Arc<Btf>,
    ids: Arc<Ids>,
}

/// One definition of a unit.
struct Definition {
    class: Class,
    name: Vec<u8>,
    content: Vec<u8>,
}

impl StoreFile {
    /// All types of a kernel's vmlinux.
    ///
    /// # Errors
    /// [`StoreError`] when what is stored is damaged.
    pub(super) fn whole_vmlinux(&self, kernel: UnitNumber) -> Result<Whole, StoreError> {
        let line = self.units.line(kernel);
        let endian = self.units.head(kernel).map_or(crate::btf::Endian::Little, |head| head.endian);
        let all = self.definitions(|unit| line.contains(&unit))?;
        put_together("vmlinux", Builder::new(endian), all, None)
    }

    /// All own types of a module, on top of its kernel's vmlinux.
    ///
    /// # Errors
    /// [`StoreError`] when what is stored is damaged.
    pub(super) fn whole_module(
        &self,
        name: &str,
        module: UnitNumber,
        base: &Whole,
    ) -> Result<Whole, StoreError> {
        let line =
            lineage::Modules::default().line(module, &self.units, |kernel| self.view.details(kernel))?;
        let all = self.definitions(|unit| line.contains(&unit))?;
        put_together(name, Builder::split(&base.btf), all, Some(base))
    }

    /// What a unit has, given which units its line is of.
    fn definitions(&self, is_of_line: impl Fn(UnitNumber) -> bool) -> Result<Vec<Definition>, StoreError> {
        let mut all = Vec::new();
        for key in self.borders.iter() {
            let Some(stored) = self.view.block(key)? else { continue };
            let damaged = |damage| StoreError::damaged(block_place(key))(damage);
            let payload = Stored::read(&stored).and_then(|stored| stored.payload()).map_err(damaged)?;
            for entry in block::entries(&payload) {
                let entry = entry.map_err(damaged)?;
                let state =
                    entry.log.iter().rev().find(|(unit, _)| is_of_line(*unit)).map_or(0, |found| found.1);
                for &variant in entry.states.get(state as usize).into_iter().flatten() {
                    let content = entry.variants.get(variant as usize).map(|content| content.to_vec());
                    let (class, name) = (entry.class, entry.name.to_vec());
                    all.push(Definition { class, name, content: content.unwrap_or_default() });
                }
            }
        }
        Ok(all)
    }
}

fn put_together(
    unit: &str,
    builder: Builder,
    all: Vec<Definition>,
    base: Option<&Whole>,
) -> Result<Whole, StoreError> {
    let mut join = Join { builder, nameless: HashMap::new(), ids: Ids::new(), base };
    let mut reserved = Vec::with_capacity(all.len());
    for definition in &all {
        let id = join.builder.reserve();
        reserved.push(id);
        join.ids.entry((definition.class, definition.name.clone())).or_default().push(id);
    }
    for (definition, id) in all.iter().zip(reserved) {
        let key = Key::new(definition.class, &definition.name);
        let place = || format!("{unit}: the definition of {}", String::from_utf8_lossy(&definition.name));
        let decoded = decode(key, &definition.content, Use::Everything, &mut join);
        let (spec, tags) = decoded.map_err(StoreError::damaged(place()))?;
        join.builder.define(id, spec);
        for DeclTag { name, component, attribute } in tags {
            join.builder.add(TypeSpec::DeclTag { name, on: id, component, attribute });
        }
    }
    let written = |error| StoreError::Btf { unit: unit.to_owned(), error };
    let bytes = join.builder.finish().map_err(written)?;
    let btf = match base {
        Some(base) => Btf::parse_split(bytes, Arc::clone(&base.btf)),
        None => Btf::parse(bytes),
    };
    Ok(Whole { btf: Arc::new(btf.map_err(written)?), ids: Arc::new(join.ids) })
}

/// The definitions of a unit on their way to one BTF.
struct Join<'b> {
    builder: Builder,
    nameless: HashMap<TypeSpec, TypeId>,
    ids: Ids,
    base: Option<&'b Whole>,
}

impl Target for Join<'_> {
    fn add(&mut self, spec: TypeSpec) -> TypeId {
        if let Some(&known) = self.nameless.get(&spec) {
            return known;
        }
        let id = self.builder.add(spec.clone());
        self.nameless.insert(spec, id);
        id
    }

    fn resolve(
        &mut self,
        key: Key<'_>,
        which: u32,
        of_base: bool,
        _: Use<'_>,
    ) -> Result<TypeId, &'static str> {
        let ids = match (of_base, self.base) {
            (true, Some(base)) => base.ids.as_ref(),
            (true, None) => return Err("it names a type of a base, but has none"),
            (false, _) => &self.ids,
        };
        let of_name = ids.get(&(key.class, key.name.to_vec()));
        of_name
            .and_then(|ids| ids.get(which as usize))
            .copied()
            .ok_or("it names a type that the unit does not have")
    }
}
