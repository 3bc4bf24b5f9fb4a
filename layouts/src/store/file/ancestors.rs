//! Stored units that an import is compared with, and what each has in a block.

use std::collections::BTreeMap;

use super::UnitNumber;
use super::block::Entry;
use super::error::StoreError;

/// Which entries of a block a unit has, each with the number of its state; ascending.
pub(super) type Sparse = Vec<(u32, u32)>;

/// The number of the set that is empty.
pub(super) const NOTHING: u32 = 0;

/// Stored units, each with the one that it was compared with when it came in.
#[derive(Debug, Default)]
pub(super) struct Ancestors {
    /// By ascending number, so that each stands after its parent: the parent's place.
    parents: Vec<Option<u32>>,
    /// For units of the import, by index: the place of the stored one that each is compared with.
    of_new: Vec<Option<u32>>,
    /// The first of them, and the places of those that follow by number.
    first: UnitNumber,
    places: Vec<Option<u32>>,
}

impl Ancestors {
    /// Given which units of the import are compared with which stored ones; `parent` tells what a stored one was compared with,
    /// and is told whether that is a vmlinux. The import's first unit is.
    pub(super) fn of(
        stored: impl Iterator<Item = (usize, UnitNumber)>,
        mut parent: impl FnMut(UnitNumber, bool) -> Result<Option<UnitNumber>, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut known: BTreeMap<UnitNumber, Option<UnitNumber>> = BTreeMap::new();
        let mut of_new: Vec<(usize, UnitNumber)> = Vec::new();
        for (index, ancestor) in stored {
            of_new.push((index, ancestor));
            let mut next = Some(ancestor);
            while let Some(unit) = next.filter(|unit| !known.contains_key(unit)) {
                // Only what came before, so that no line is endless.
                next = parent(unit, index == 0)?.filter(|&parent| parent < unit);
                known.insert(unit, next);
            }
        }
        let (first, last) = match (known.keys().next(), known.keys().next_back()) {
            (Some(&first), Some(&last)) => (first, last),
            _ => return Ok(Self::default()),
        };
        let mut places = vec![None; (last - first) as usize + 1];
        for (place, unit) in known.keys().enumerate() {
            places[(unit - first) as usize] = Some(place as u32);
        }
        let mut all = Self { parents: Vec::new(), of_new: Vec::new(), first, places };
        all.parents = known.values().map(|parent| parent.and_then(|parent| all.place(parent))).collect();
        for (index, unit) in of_new {
            all.of_new.resize(all.of_new.len().max(index + 1), None);
            all.of_new[index] = all.place(unit);
        }
        Ok(all)
    }

    fn place(&self, unit: UnitNumber) -> Option<u32> {
        self.places.get(unit.checked_sub(self.first)? as usize).copied().flatten()
    }

    /// What each has in a block of these entries.
    pub(super) fn sets(&self, entries: &[Entry<'_>]) -> Sets<'_> {
        // Most units differ from their parents in few blocks: what a log says is looked at once, and not once for each unit.
        let mut logged: Vec<(u32, u32, u32)> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let own = entry.log.iter().filter_map(|&(unit, state)| Some((self.place(unit)?, state)));
            logged.extend(own.map(|(place, state)| (place, index as u32, state)));
        }
        logged.sort_unstable();
        let mut sets = Sets { ancestors: self, sets: vec![Sparse::new()], of_stored: Vec::new() };
        let mut rest = logged.as_slice();
        for (place, parent) in self.parents.iter().enumerate() {
            let own = rest.iter().take_while(|(of, _, _)| *of as usize == place).count();
            let (own, others) = rest.split_at(own);
            rest = others;
            let inherited = parent.map_or(NOTHING, |parent| sets.of_stored[parent as usize]);
            let set = if own.is_empty() { inherited } else { sets.add(overlaid(sets.get(inherited), own)) };
            sets.of_stored.push(set);
        }
        sets
    }
}

/// Sets by number, those of stored units among them.
pub(super) struct Sets<'a> {
    ancestors: &'a Ancestors,
    sets: Vec<Sparse>,
    /// By place.
    of_stored: Vec<u32>,
}

impl Sets<'_> {
    pub(super) fn get(&self, number: u32) -> &[(u32, u32)] {
        &self.sets[number as usize]
    }

    pub(super) fn add(&mut self, set: Sparse) -> u32 {
        if set.is_empty() {
            return NOTHING;
        }
        self.sets.push(set);
        self.sets.len() as u32 - 1
    }

    /// The set of the stored unit that a unit of the import is compared with, if it is with one.
    pub(super) fn inherited(&self, index: usize) -> Option<u32> {
        let place = self.ancestors.of_new.get(index).copied().flatten()?;
        self.of_stored.get(place as usize).copied()
    }
}

/// A set with what a log says besides; the state 0 is that of having nothing.
fn overlaid(set: &[(u32, u32)], log: &[(u32, u32, u32)]) -> Sparse {
    let mut overlaid = Sparse::with_capacity(set.len() + log.len());
    let mut set = set.iter().copied().peekable();
    for &(_, entry, state) in log {
        while let Some(before) = set.next_if(|known| known.0 < entry) {
            overlaid.push(before);
        }
        set.next_if(|known| known.0 == entry);
        if state != 0 {
            overlaid.push((entry, state));
        }
    }
    overlaid.extend(set);
    overlaid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::content::Class;

    #[test]
    fn a_unit_has_what_its_parents_had_where_it_does_not_differ() {
        // 5 stands on 2, and that on 1; 9 has no part in it.
        let of = |unit| Ok([(5, 2), (2, 1)].into_iter().find(|pair| pair.0 == unit).map(|pair| pair.1));
        let ancestors =
            Ancestors::of([(0, 5), (3, 2)].into_iter(), |unit, _| of(unit)).expect("nothing fails");
        let entry =
            |log: &[(UnitNumber, u32)]| Entry { log: log.to_vec(), ..Entry::new(Class::Struct, b"a") };
        let entries =
            [entry(&[(1, 1), (9, 2)]), entry(&[(2, 1), (5, 0)]), entry(&[(1, 1), (2, 2)]), entry(&[(9, 1)])];
        let sets = ancestors.sets(&entries);
        let has = |index| sets.inherited(index).map(|set| sets.get(set).to_vec());
        assert_eq!(has(0), Some(vec![(0, 1), (2, 2)]));
        assert_eq!(has(3), Some(vec![(0, 1), (1, 1), (2, 2)]));
        assert_eq!(has(1), None);
    }
}
