//! Which fields of a large struct have something to tell. The others are drawn together.

use std::collections::{BTreeMap, BTreeSet};

use super::Marks;
use super::lanes::{Drawn, Said};
use super::slots::Slot;

/// A struct with no more fields than this is drawn in full.
const SMALL: usize = 40;

/// What follows one another in a column: some slots, drawn as one if there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// The first slot's index.
    pub first: usize,
    /// How many slots.
    pub count: usize,
}

/// Names of the fields that are drawn by themselves: that a program reads, that are not in every layout of this history, or that are
/// declared in several ways. All, where there are few.
pub(super) fn notable(lane: &Drawn<'_>, marks: &Marks) -> BTreeSet<String> {
    /// A field's ways: its declarations with its length, and in how many columns it is.
    type Ways<'a> = (BTreeSet<(&'a str, u64)>, usize);
    let mut fields: BTreeMap<&str, Ways<'_>> = BTreeMap::new();
    let mut columns = 0;
    let mut most = 0;
    for stage in &lane.stages {
        let Said::Laid { slots, .. } = &stage.said else { continue };
        columns += 1;
        most = most.max(slots.iter().filter(|slot| !slot.is_gap()).count());
        let mut seen = BTreeSet::new();
        for slot in slots {
            for (name, declaration) in slot.names.iter().zip(&slot.declarations) {
                let of = fields.entry(name).or_default();
                of.0.insert((declaration, slot.bits()));
                // BTF that no compiler writes has a name twice.
                if seen.insert(name) {
                    of.1 += 1;
                }
            }
        }
    }
    let tells = |(name, (ways, present)): (&str, Ways<'_>)| {
        (most <= SMALL || ways.len() > 1 || present < columns || marks.contains_key(name))
            .then(|| name.to_owned())
    };
    fields.into_iter().filter_map(tells).collect()
}

/// A column's slots, those without anything to tell together with their neighbours of that sort.
pub(super) fn units(slots: &[Slot], notable: &BTreeSet<String>) -> Vec<Unit> {
    let tells = |slot: &Slot| slot.names.iter().any(|name| notable.contains(name));
    // A gap goes with what is before it, unless that is notable: then it is seen.
    let mut units: Vec<Unit> = Vec::new();
    let mut is_open = false;
    for (at, slot) in slots.iter().enumerate() {
        let plain = if slot.is_gap() { is_open } else { !tells(slot) };
        match units.last_mut() {
            Some(last) if plain && is_open => last.count += 1,
            _ => units.push(Unit { first: at, count: 1 }),
        }
        is_open = plain;
    }
    units
}
