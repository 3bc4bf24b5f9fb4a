//! One block with what a new kernel has in it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::UnitNumber;
use super::block::{self, Entry, State, Stored};
use super::error::StoreError;
use super::import::Unit;
use super::interner::Interner;
use crate::store::bytes::Damage;

/// Which entries of a block a unit has, each with the number of its state; ascending.
type Sparse = Vec<(u32, u32)>;

/// Rewrites the blocks of a store, one after the other.
pub(super) struct Rewrite<'i> {
    interner: &'i Interner,
    units: &'i [Unit],
    /// The number of the vmlinux.
    number: UnitNumber,
    parents: &'i [Option<UnitNumber>],
    /// For units whose parent is stored: the parent and all that it stands on.
    lines: &'i [Option<HashSet<UnitNumber>>],
    level: i32,
    /// How many definitions no stored unit has.
    pub(super) new: u64,
}

impl<'i> Rewrite<'i> {
    pub(super) fn new(
        interner: &'i Interner,
        units: &'i [Unit],
        number: UnitNumber,
        parents: &'i [Option<UnitNumber>],
        lines: &'i [Option<HashSet<UnitNumber>>],
        level: i32,
    ) -> Self {
        Self { interner, units, number, parents, lines, level, new: 0 }
    }

    /// The block called `key` as it is then, or `None` when it stays as it is.
    ///
    /// `parts` says which of a unit's definitions are in the block; `own` are all definitions of the import that are, sorted by
    /// key; `cut` tells which entries of `stored` still belong to it, when its range has changed.
    pub(super) fn block(
        &mut self,
        key: &[u8],
        parts: &[(usize, Range<usize>)],
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
        let print = self.interner.print(&self.units[0].definitions[of_vmlinux]);
        let mut prints = match (&stored, cut) {
            (Some(stored), None) => stored.prints.clone(),
            // What others have in it is another part now: not known.
            _ => Vec::new(),
        };
        let inherited = self.lines.first().and_then(Option::as_ref).and_then(|line| {
            prints.iter().rev().find(|(unit, _)| line.contains(unit)).map(|&(_, print)| print)
        });
        let is_as_parent = inherited == Some(print);
        if is_as_parent && self.units.len() == 1 && cut.is_none() {
            return Ok(None);
        }
        let payload = stored.as_ref().map(Stored::payload).transpose().map_err(damaged)?.unwrap_or_default();
        let known: Result<Vec<Entry<'_>>, Damage> = block::entries(&payload).collect();
        let mut known = known.map_err(damaged)?;
        if let Some(is_in) = cut {
            known.retain(is_in);
        }
        let (mut entries, entry_of) = self.merge(known, own);
        let is_changed = self.log(&mut entries, &entry_of, parts, own);
        if !is_changed && is_as_parent && cut.is_none() {
            return Ok(None);
        }
        if !is_as_parent {
            prints.push((self.number, print));
        }
        let block = block::write(&prints, &entries, self.level);
        Ok(Some(block.map_err(|error| StoreError::Io { path: "a block".into(), error })?))
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
            let key = self.interner.key(number);
            while let Some(before) = known.next_if(|entry| entry.key() <= key) {
                entries.push(before);
            }
            if entries.last().is_none_or(|last| last.key() != key) {
                let (class, name, _) = self.interner.get(number);
                entries.push(Entry::new(class, name));
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
        own: &[u32],
    ) -> bool
    where
        'i: 'p,
    {
        // The state that a unit with this definition alone has.
        let mut alone: HashMap<u32, (u32, u32, u32)> = HashMap::with_capacity(own.len());
        for (&number, &entry) in own.iter().zip(entry_of) {
            let to = &mut entries[entry as usize];
            let before = to.variants.len();
            let variant = to.variant(self.interner.get(number).2);
            self.new += u64::from(to.variants.len() > before);
            alone.insert(number, (entry, variant, u32::MAX));
        }
        let mut is_changed = false;
        let mut of_unit: HashMap<UnitNumber, Sparse> = HashMap::new();
        let mut parts = parts.iter().peekable();
        for (index, unit) in self.units.iter().enumerate() {
            let part = parts.next_if(|(unit, _)| *unit == index).map_or(0..0, |(_, range)| range.clone());
            let definitions = &unit.definitions[part];
            let parent = self.parents.get(index).copied().flatten();
            let inherited: Option<Sparse> = match (parent, self.lines.get(index).and_then(Option::as_ref)) {
                (Some(_), Some(line)) => Some(inherited(entries, line)),
                (Some(parent), None) => of_unit.get(&parent).cloned(),
                (None, _) => None,
            };
            let inherited = inherited.unwrap_or_default();
            if definitions.is_empty() && inherited.is_empty() {
                continue;
            }
            let has = states(definitions, &mut alone, entries);
            let number = self.number + index as UnitNumber;
            for (entry, state) in differences(&inherited, &has) {
                entries[entry as usize].log.push((number, state));
                is_changed = true;
            }
            of_unit.insert(number, has);
        }
        is_changed
    }
}

/// The states that these definitions of a unit make.
fn states(
    definitions: &[u32],
    alone: &mut HashMap<u32, (u32, u32, u32)>,
    entries: &mut [Entry<'_>],
) -> Sparse {
    let mut has = Sparse::with_capacity(definitions.len());
    let entry_of = |number: u32| alone.get(&number).map_or(0, |found| found.0);
    let runs: Vec<&[u32]> = definitions.chunk_by(|&a, &b| entry_of(a) == entry_of(b)).collect();
    for run in runs {
        let Some(&(entry, variant, known)) = run.first().and_then(|number| alone.get(number)) else {
            continue;
        };
        let to = &mut entries[entry as usize];
        let state = match run {
            [_] if known != u32::MAX => known,
            [number] => {
                let state = to.state(vec![variant]);
                alone.insert(*number, (entry, variant, state));
                state
            }
            several => {
                let variants: State =
                    several.iter().filter_map(|number| alone.get(number)).map(|found| found.1).collect();
                to.state(variants)
            }
        };
        has.push((entry, state));
    }
    has
}

/// What a stored unit has, whose line this is.
fn inherited(entries: &[Entry<'_>], line: &HashSet<UnitNumber>) -> Sparse {
    let state =
        |entry: &Entry<'_>| entry.log.iter().rev().find(|(unit, _)| line.contains(unit)).map(|found| found.1);
    let states = entries.iter().enumerate().filter_map(|(index, entry)| Some((index as u32, state(entry)?)));
    states.filter(|&(_, state)| state != 0).collect()
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
