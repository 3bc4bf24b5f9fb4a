//! Types without names, each once.
//!
//! A pointer, an array, a prototype, an anonymous struct is part of whatever refers to it, and it says nothing how often it
//! stands in a file: pahole leaves prototypes twice, and an export of a module may repeat a pointer that its vmlinux has. So
//! those that say the same and refer to the same become one. Named types stay as they are, however alike.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::dump::{Dump, Type};

/// For each type the one that stands for it; ids less one, as in [`Type::refers`].
#[derive(Debug, Clone, Default)]
pub struct Folded {
    stands_for: Vec<usize>,
    /// Types without names, by what they say and refer to.
    nameless: HashMap<u64, usize>,
}

impl Folded {
    /// Folds a file on top of its base, if it has one.
    pub fn of(dump: &Dump, base: Option<&Self>) -> Self {
        let mut folded = base.cloned().unwrap_or_default();
        assert_eq!(folded.stands_for.len(), dump.base, "it is on another base");
        // Until it is settled, a type stands for itself: no way through types without names comes back to its start.
        folded.stands_for.extend((0..dump.types.len()).map(|index| dump.base + index));
        let mut settled: Vec<bool> = dump.types.iter().map(|one| one.is_named).collect();
        for index in 0..dump.types.len() {
            folded.settle(dump, index, &mut settled);
        }
        folded
    }

    fn settle(&mut self, dump: &Dump, index: usize, settled: &mut [bool]) {
        if std::mem::replace(&mut settled[index], true) {
            return;
        }
        for to in dump.types[index].refers.iter().flatten().filter_map(|to| to.checked_sub(dump.base)) {
            self.settle(dump, to, settled);
        }
        let mut hasher = DefaultHasher::new();
        dump.types[index].label.hash(&mut hasher);
        self.refers(&dump.types[index]).for_each(|to| to.hash(&mut hasher));
        match self.nameless.entry(hasher.finish()) {
            Entry::Occupied(known) => self.stands_for[dump.base + index] = *known.get(),
            Entry::Vacant(new) => {
                new.insert(dump.base + index);
            }
        }
    }

    /// What a type refers to.
    pub fn refers(&self, of: &Type) -> impl Iterator<Item = Option<usize>> {
        of.refers.iter().map(|to| to.map(|to| self.stands_for[to]))
    }

    /// Whether no other stands for this type.
    pub fn stays(&self, id_less_one: usize) -> bool {
        self.stands_for[id_less_one] == id_less_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(base: usize, types: &[(&str, &[usize])]) -> Dump {
        let one = |(label, refers): &(&str, &[usize])| Type {
            label: (*label).to_owned(),
            is_named: label.starts_with(char::is_uppercase),
            refers: refers.iter().map(|to| to.checked_sub(1)).collect(),
        };
        Dump { types: types.iter().map(one).collect(), base }
    }

    #[test]
    fn nameless_types_become_one_and_named_ones_do_not() {
        // A struct, twice, that points to itself; pointers to a pointer, the outer one first.
        let base = dump(
            0,
            &[
                ("S", &[2]),
                ("ptr", &[1]),
                ("ptr", &[4]),
                ("ptr", &[1]),
                ("ptr", &[2]),
                ("S", &[7]),
                ("ptr", &[6]),
            ],
        );
        let folded = Folded::of(&base, None);
        assert_eq!(folded.stands_for, [0, 1, 2, 1, 2, 5, 6]);
        let split = dump(7, &[("ptr", &[1]), ("ptr", &[8]), ("ptr", &[0]), ("T", &[9])]);
        let on_it = Folded::of(&split, Some(&folded));
        assert_eq!(on_it.stands_for[7..], [1, 2, 9, 10]);
        assert!(on_it.stays(9) && !on_it.stays(8));
    }
}
