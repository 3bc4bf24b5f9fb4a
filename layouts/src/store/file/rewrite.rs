//! One block with what a new kernel has in it.

use std::collections::HashSet;
use std::ops::Range;

use super::UnitNumber;
use super::ancestors::{Ancestors, NOTHING, Sets, Sparse};
use super::block::{self, Entry, State, Stored, Writer};
use super::error::StoreError;
use super::import::Unit;
use super::interner::Interner;
use crate::store::bytes::Damage;

/// What comes in.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'i> {
    pub(super) interner: &'i Interner,
    pub(super) units: &'i [Unit],
    /// The number of the vmlinux.
    pub(super) number: UnitNumber,
    /// All definitions by key.
    pub(super) order: &'i [u32],
}

/// Rewrites the blocks of a store, one after the other.
pub(super) struct Rewrite<'i> {
    import: Incoming<'i>,
    parents: &'i [Option<UnitNumber>],
    ancestors: &'i Ancestors,
    /// What the vmlinux is compared with, and all that this stands on.
    line: &'i HashSet<UnitNumber>,
    /// The place of each definition among all by key.
    places: Vec<u32>,
    writer: Writer,
    /// How many definitions no stored unit has.
    pub(super) new: u64,
}

/// One of the import's definitions in a block.
#[derive(Clone, Copy)]
struct Own {
    entry: u32,
    variant: u32,
    /// The state that a unit with this definition alone has, once one had it.
    alone: Option<u32>,
}

impl<'i> Rewrite<'i> {
    pub(super) fn new(
        import: Incoming<'i>,
        parents: &'i [Option<UnitNumber>],
        ancestors: &'i Ancestors,
        line: &'i HashSet<UnitNumber>,
        level: i32,
    ) -> Result<Self, StoreError> {
        let mut places = vec![0; import.order.len()];
        for (place, &number) in import.order.iter().enumerate() {
            places[number as usize] = place as u32;
        }
        let writer = Writer::new(level).map_err(compressing)?;
        Ok(Self { import, parents, ancestors, line, places, writer, new: 0 })
    }

    /// The block called `key` as it is then, or `None` when it stays as it is.
    ///
    /// `parts` says which of a unit's definitions are in the block; `own` are all definitions of the import that are, sorted by
    /// key, of which the first is the `first` of all; `cut` tells which entries of `stored` still belong to it, when its range has changed.
    pub(super) fn block(
        &mut self,
        key: &[u8],
        parts: &[(usize, Range<usize>)],
        first: usize,
        own: &[u32],
        stored: Option<&[u8]>,
        cut: Option<&dyn Fn(&Entry<'_>) -> bool>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let damaged = |damage| StoreError::damaged(block_place(key))(damage);
        let stored = stored.map(Stored::read).transpose().map_err(damaged)?;
        if stored.is_none() && own.is_empty() {
            return Ok(None);
        }
        let of_vmlinux = parts.iter().find(|(unit, _)| *unit == 0).map_or(0..0, |(_, range)| range.clone());
        let print = self.import.interner.print(&self.import.units[0].definitions[of_vmlinux]);
        let mut prints = match (&stored, cut) {
            (Some(stored), None) => stored.prints.clone(),
            // What others have in it is another part now: not known.
            _ => Vec::new(),
        };
        let inherited = prints.iter().rev().find(|(unit, _)| self.line.contains(unit));
        let inherited = inherited.map(|&(_, print)| print);
        let is_as_parent = inherited == Some(print);
        if is_as_parent && self.import.units.len() == 1 && cut.is_none() {
            return Ok(None);
        }
        let payload = stored.as_ref().map(Stored::payload).transpose().map_err(damaged)?.unwrap_or_default();
        let known: Result<Vec<Entry<'_>>, Damage> = block::entries(&payload).collect();
        let mut known = known.map_err(damaged)?;
        if let Some(is_in) = cut {
            known.retain(is_in);
        }
        let (mut entries, entry_of) = self.merge(known, own);
        let is_changed = self.log(&mut entries, &entry_of, parts, first, own);
        if !is_changed && is_as_parent && cut.is_none() {
            return Ok(None);
        }
        if !is_as_parent {
            prints.push((self.import.number, print));
        }
        Ok(Some(self.writer.block(&prints, &entries).map_err(compressing)?))
    }

    /// The known entries with those that come in, sorted by key; and for each of `own` the number of its entry.
    fn merge<'p>(&self, known: Vec<Entry<'p>>, own: &[u32]) -> (Vec<Entry<'p>>, Vec<u32>)
    where
        'i: 'p,
    {
        let mut entries: Vec<Entry<'p>> = Vec::with_capacity(known.len());
        let mut entry_of = Vec::with_capacity(own.len());
        let mut known = known.into_iter().peekable();
        for &number in own {
            let key = self.import.interner.key(number);
            while let Some(before) = known.next_if(|entry| entry.key() <= key) {
                entries.push(before);
            }
            if entries.last().is_none_or(|last| (last.class, last.name) != (key.class, key.name)) {
                entries.push(Entry::new(key.class, key.name));
            }
            entry_of.push(entries.len() as u32 - 1);
        }
        entries.extend(known);
        (entries, entry_of)
    }

    /// Logs where each unit differs from what it is compared with. Returns whether any does.
    fn log<'p>(
        &mut self,
        entries: &mut [Entry<'p>],
        entry_of: &[u32],
        parts: &[(usize, Range<usize>)],
        first: usize,
        own: &[u32],
    ) -> bool
    where
        'i: 'p,
    {
        let import = self.import;
        let mut all: Vec<Own> = Vec::with_capacity(own.len());
        let mut rest = own;
        for of_entry in entry_of.chunk_by(|a, b| a == b) {
            let (numbers, others) = rest.split_at(of_entry.len());
            rest = others;
            let Some(&entry) = of_entry.first() else { continue };
            let to = &mut entries[entry as usize];
            let before = to.variants.len();
            let contents = numbers.iter().map(|&number| import.interner.get(number).2);
            to.take(contents, |variant| all.push(Own { entry, variant, alone: None }));
            self.new += (to.variants.len() - before) as u64;
        }
        let mut of_block = OfBlock { all, places: &self.places, first };
        let mut sets: Sets<'_> = self.ancestors.sets(entries);
        let mut of_unit: Vec<u32> = Vec::with_capacity(import.units.len());
        let mut is_changed = false;
        let mut parts = parts.iter().peekable();
        for (index, unit) in import.units.iter().enumerate() {
            let part = parts.next_if(|(unit, _)| *unit == index).map_or(0..0, |(_, range)| range.clone());
            let definitions = &unit.definitions[part];
            let inherited = match self.parents.get(index).copied().flatten() {
                Some(parent) if parent >= import.number => {
                    of_unit.get((parent - import.number) as usize).copied().unwrap_or(NOTHING)
                }
                Some(_) => sets.inherited(index).unwrap_or(NOTHING),
                None => NOTHING,
            };
            if definitions.is_empty() && inherited == NOTHING {
                of_unit.push(NOTHING);
                continue;
            }
            let has = of_block.states(definitions, entries);
            let differences = differences(sets.get(inherited), &has);
            if differences.is_empty() {
                of_unit.push(inherited);
                continue;
            }
            is_changed = true;
            let number = import.number + index as UnitNumber;
            for (entry, state) in differences {
                entries[entry as usize].log.push((number, state));
            }
            of_unit.push(sets.add(has));
        }
        is_changed
    }
}

/// The import's definitions in a block.
struct OfBlock<'i> {
    /// By key.
    all: Vec<Own>,
    places: &'i [u32],
    /// The place of the first of them.
    first: usize,
}

impl OfBlock<'_> {
    fn at(&self, number: u32) -> usize {
        self.places[number as usize] as usize - self.first
    }

    /// The states that these definitions of a unit make.
    fn states(&mut self, definitions: &[u32], entries: &mut [Entry<'_>]) -> Sparse {
        let mut has = Sparse::with_capacity(definitions.len());
        let mut rest = definitions;
        while let Some(&number) = rest.first() {
            let at = self.at(number);
            let Own { entry, variant, alone } = self.all[at];
            let run = rest.iter().take_while(|&&other| self.all[self.at(other)].entry == entry).count();
            let (run, others) = rest.split_at(run);
            rest = others;
            let to = &mut entries[entry as usize];
            let state = match (run, alone) {
                ([_], Some(known)) => known,
                ([_], None) => {
                    let state = to.state(&[variant]);
                    self.all[at].alone = Some(state);
                    state
                }
                (several, _) => {
                    let variants: State =
                        several.iter().map(|&number| self.all[self.at(number)].variant).collect();
                    to.state(&variants)
                }
            };
            has.push((entry, state));
        }
        has
    }
}

fn compressing(error: std::io::Error) -> StoreError {
    StoreError::Io { path: "a block".into(), error }
}

/// What must be logged so that a unit that inherits `from` has `to`.
fn differences(from: &[(u32, u32)], to: &[(u32, u32)]) -> Sparse {
    let mut differences = Sparse::new();
    let mut from = from.iter().copied().peekable();
    for &(entry, state) in to {
        while let Some((gone, _)) = from.next_if(|known| known.0 < entry) {
            differences.push((gone, 0));
        }
        let known = from.next_if(|known| known.0 == entry);
        if known.map(|known| known.1) != Some(state) {
            differences.push((entry, state));
        }
    }
    differences.extend(from.map(|(gone, _)| (gone, 0)));
    differences
}

pub(super) fn block_place(key: &[u8]) -> String {
    format!("the block that begins at {:?}", String::from_utf8_lossy(key.get(1..).unwrap_or_default()))
}
