//! A stored kernel back to BTF: every type of a unit, with type ids of their own.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::block::{self, Entry, Stored};
use super::error::StoreError;
use super::rewrite::block_place;
use super::sharing::Sharing;
use super::{StoreFile, UnitNumber, lineage};
use crate::btf::{Btf, Builder, TypeId, TypeSpec};
use crate::store::bytes::Damage;
use crate::store::content::{Class, DeclTag, Key, Target, Use, decode};

/// So many bytes of definitions are put together to one BTF. Real units stay below 10 MiB; but a damaged store may say of
/// one definition that a kernel has it a million times.
const MAX_BYTES: usize = 256 << 20;

/// The types of a unit by class and name, each name's in their order.
type Ids = HashMap<(Class, Arc<[u8]>), Vec<TypeId>>;

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
    name: Arc<[u8]>,
    content: Arc<[u8]>,
}

/// Units of one kernel with the lines that they are of.
pub(super) type Lines = Vec<HashSet<UnitNumber>>;

impl StoreFile {
    /// All types of a kernel's vmlinux, and all own types of these of its modules, on top of it.
    ///
    /// # Errors
    /// [`StoreError`] when what is stored is damaged.
    pub(super) fn whole_units(
        &self,
        kernel: UnitNumber,
        modules: &[(&str, UnitNumber)],
    ) -> Result<(Whole, Vec<Whole>), StoreError> {
        let mut lines: Lines = vec![self.units.line(kernel)];
        let mut parents = lineage::Modules::default();
        for &(_, module) in modules {
            lines.push(parents.line(module, &self.units, |kernel| self.view.details(kernel))?);
        }
        let endian = self.units.head(kernel).map_or(crate::btf::Endian::Little, |head| head.endian);
        let mut all = self.definitions(&lines)?.into_iter();
        let of_vmlinux = all.next().unwrap_or_default();
        let vmlinux = put_together("vmlinux", Builder::new(endian), of_vmlinux, None)?;
        let modules = modules
            .iter()
            .zip(all)
            .map(|((name, _), all)| put_together(name, Builder::split(&vmlinux.btf), all, Some(&vmlinux)));
        let modules = modules.collect::<Result<Vec<_>, _>>()?;
        Ok((vmlinux, modules))
    }

    /// What units have, each given as the line that it is of. However many they are, each block is read once.
    fn definitions(&self, lines: &Lines) -> Result<Vec<Vec<Definition>>, StoreError> {
        let mut heirs: HashMap<UnitNumber, Vec<usize>> = HashMap::new();
        for (index, line) in lines.iter().enumerate() {
            line.iter().for_each(|&unit| heirs.entry(unit).or_default().push(index));
        }
        let mut all: Vec<Vec<Definition>> = lines.iter().map(|_| Vec::new()).collect();
        // Blocks of a damaged file may share their pages, and then be more than the file has room for.
        let mut left = self.view.length()?;
        for key in self.borders.iter() {
            let Some(stored) = self.view.block(key)? else { continue };
            let damaged = |damage| StoreError::damaged(block_place(key))(damage);
            let shared = Damage { offset: 0, what: "the blocks are longer than the file" };
            left = left.checked_sub(stored.len() as u64).ok_or(shared).map_err(damaged)?;
            let payload = Stored::read(&stored).and_then(|stored| stored.payload()).map_err(damaged)?;
            for entry in block::entries(&payload) {
                add_definitions(&entry.map_err(damaged)?, &heirs, &mut all);
            }
        }
        Ok(all)
    }
}

/// Adds what units have of one name.
fn add_definitions(entry: &Entry<'_>, heirs: &HashMap<UnitNumber, Vec<usize>>, all: &mut [Vec<Definition>]) {
    // The log is ascending, so that what a unit has itself comes after what it would inherit.
    let mut states: HashMap<usize, u32> = HashMap::new();
    for (unit, state) in &entry.log {
        heirs.get(unit).into_iter().flatten().for_each(|&heir| {
            states.insert(heir, *state);
        });
    }
    // Units that have the same share its bytes.
    let name: Arc<[u8]> = entry.name.into();
    let mut contents: HashMap<u32, Arc<[u8]>> = HashMap::new();
    for (unit, state) in states {
        let Some(of_unit) = all.get_mut(unit) else { continue };
        for &variant in entry.states.get(state as usize).into_iter().flatten() {
            let content = contents
                .entry(variant)
                .or_insert_with(|| entry.variants.get(variant as usize).copied().unwrap_or_default().into());
            let (name, content) = (Arc::clone(&name), Arc::clone(content));
            of_unit.push(Definition { class: entry.class, name, content });
        }
    }
}

fn put_together(
    unit: &str,
    builder: Builder,
    all: Vec<Definition>,
    base: Option<&Whole>,
) -> Result<Whole, StoreError> {
    let mut join = Join { builder: Sharing::new(builder), ids: Ids::new(), base };
    let bytes: usize = all.iter().map(|definition| definition.content.len()).sum();
    if bytes > MAX_BYTES {
        let damage = Damage { offset: 0, what: "its definitions are too large" };
        return Err(StoreError::damaged(unit)(damage));
    }
    let mut reserved = Vec::with_capacity(all.len());
    for definition in &all {
        let id = join.builder.reserve();
        reserved.push(id);
        join.ids.entry((definition.class, Arc::clone(&definition.name))).or_default().push(id);
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
    builder: Sharing,
    ids: Ids,
    base: Option<&'b Whole>,
}

impl Target for Join<'_> {
    fn add(&mut self, spec: TypeSpec) -> TypeId {
        self.builder.shared(spec)
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
        let of_name = ids.get(&(key.class, Arc::from(key.name)));
        of_name
            .and_then(|ids| ids.get(which as usize))
            .copied()
            .ok_or("it names a type that the unit does not have")
    }
}
