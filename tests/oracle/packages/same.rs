//! Whether two files hold the same types, whatever their ids.
//!
//! Types are told apart step by step: first by what they say themselves, then also by what the types that they refer to say,
//! and so on until a step tells no more apart. What then bears one colour looks alike on every way through the graph: two
//! structs of one name that differ only three pointers away have two colours.
//!
//! The files are the same if each colour is borne by equally many types; those without names count once ([`fold`](crate::fold)).
//! If not, the first step at which that shows is the nearest to what differs, and its types are named.

use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use crate::{
    dump::{Dump, Type},
    fold::Folded,
};

/// So many differing types are named.
const NAMED: usize = 5;

/// A file's types, and those of its base, with their colours.
#[derive(Debug)]
pub struct Coloured {
    dump: Dump,
    folded: Folded,
    /// Of the base's types, then of its own.
    colours: Vec<u64>,
}

impl Coloured {
    /// How many types it has of its own.
    pub fn count(&self) -> usize {
        self.dump.types.len()
    }

    fn new(dump: Dump, base: Option<&Self>) -> Self {
        let folded = Folded::of(&dump, base.map(|base| &base.folded));
        let mut colours = base.map_or_else(Vec::new, |base| base.colours.clone());
        colours.extend(dump.types.iter().map(|one| hash(&one.label)));
        Self { dump, folded, colours }
    }

    /// A further step; the base has come to its end.
    fn step(&mut self) {
        let colour = |(index, one): (usize, &Type)| {
            let refers: Vec<Option<u64>> =
                self.folded.refers(one).map(|to| to.map(|to| self.colours[to])).collect();
            hash(&(self.colours[self.dump.base + index], refers))
        };
        let next: Vec<u64> = self.dump.types.iter().enumerate().map(colour).collect();
        self.colours.truncate(self.dump.base);
        self.colours.extend(next);
    }

    /// Its own types with their colours.
    fn own(&self) -> impl Iterator<Item = (usize, u64)> {
        let colours = self.colours.iter().copied().enumerate().skip(self.dump.base);
        let stays = colours.filter(|(id_less_one, _)| self.folded.stays(*id_less_one));
        stays.map(|(id_less_one, colour)| (id_less_one - self.dump.base, colour))
    }

    /// How many colours it has.
    fn told_apart(&self) -> usize {
        self.own().map(|(_, colour)| colour).collect::<HashSet<u64>>().len()
    }

    /// Those of its own types that the other lacks.
    fn lacking(&self, other: &Self) -> Vec<usize> {
        let mut left: HashMap<u64, i64> = HashMap::new();
        other.own().for_each(|(_, colour)| *left.entry(colour).or_default() += 1);
        let is_lacking = |(index, colour): (usize, u64)| {
            let left = left.entry(colour).or_default();
            *left -= 1;
            (*left < 0).then_some(index)
        };
        self.own().filter_map(is_lacking).collect()
    }

    /// Types with what they refer to in those types' own words.
    fn words(&self, types: &[usize]) -> String {
        let short = |to: &Option<usize>| match to {
            None => "void".to_owned(),
            Some(to) => to.checked_sub(self.dump.base).map_or_else(
                || format!("type {} of the base", to + 1),
                |own| self.dump.types[own].label.chars().take(80).collect(),
            ),
        };
        let words = |index: &usize| {
            let one = &self.dump.types[*index];
            let refers: Vec<String> = one.refers.iter().map(short).collect();
            let label: String = one.label.chars().take(400).collect();
            format!("\n    [{}] {label} -> {}", self.dump.base + index + 1, refers.join(", "))
        };
        types.iter().take(NAMED).map(words).collect()
    }
}

/// Compares two files, which may be on two bases that were found to be the same.
///
/// # Errors
///
/// In words, how they differ.
pub fn compare(
    one: Dump,
    other: Dump,
    bases: Option<(&Coloured, &Coloured)>,
) -> Result<(Coloured, Coloured), String> {
    let (mut one, mut other) =
        (Coloured::new(one, bases.map(|two| two.0)), Coloured::new(other, bases.map(|two| two.1)));
    let mut known = 0;
    loop {
        let (before, after) = (one.lacking(&other), other.lacking(&one));
        if !before.is_empty() || !after.is_empty() {
            return Err(format!(
                "{} types only before:{}\n  {} types only after:{}",
                before.len(),
                one.words(&before),
                after.len(),
                other.words(&after)
            ));
        }
        let told_apart = one.told_apart();
        if told_apart == known {
            return Ok((one, other));
        }
        known = told_apart;
        one.step();
        other.step();
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types, of which those that begin with a capital letter have names; references are ids.
    fn dump(base: usize, types: &[(&str, &[usize])]) -> Dump {
        let one = |(label, refers): &(&str, &[usize])| Type {
            label: (*label).to_owned(),
            is_named: label.starts_with(char::is_uppercase),
            refers: refers.iter().map(|to| to.checked_sub(1)).collect(),
        };
        Dump { types: types.iter().map(one).collect(), base }
    }

    fn differs(one: Dump, other: Dump) -> Option<String> {
        compare(one, other, None).err()
    }

    #[test]
    fn other_ids_are_no_difference() {
        let one = dump(0, &[("Int", &[]), ("ptr", &[3]), ("Struct", &[1, 2, 0])]);
        let other = dump(0, &[("Struct", &[3, 2, 0]), ("ptr", &[1]), ("Int", &[])]);
        assert_eq!(differs(one, other), None);
    }

    #[test]
    fn a_difference_is_found_far_away_and_named_where_it_is() {
        let types: [(&str, &[usize]); 5] =
            [("Int", &[]), ("Long", &[]), ("ptr", &[1]), ("ptr", &[3]), ("Struct", &[4])];
        let mut changed = types;
        changed[2].1 = &[2];
        let how = differs(dump(0, &types), dump(0, &changed)).expect("they differ");
        assert!(how.contains("[3] ptr -> Int") && how.contains("[3] ptr -> Long"), "{how}");
        assert!(!how.contains("Struct"), "{how}");
    }

    #[test]
    fn how_many_there_are_matters_of_named_types_only() {
        let once = || dump(0, &[("Int", &[]), ("ptr", &[1])]);
        assert!(differs(once(), dump(0, &[("Int", &[]), ("ptr", &[1]), ("Int", &[])])).is_some());
        assert_eq!(differs(once(), dump(0, &[("Int", &[]), ("ptr", &[1]), ("ptr", &[1])])), None);
        assert!(differs(once(), dump(0, &[("Int", &[])])).is_some());
        assert!(differs(dump(0, &[("Int", &[])]), once()).is_some());
    }

    #[test]
    fn two_structs_of_one_name_are_told_apart() {
        let types: [(&str, &[usize]); 6] =
            [("Device", &[3]), ("Device", &[4]), ("Int", &[]), ("Long", &[]), ("ptr", &[1]), ("Func", &[5])];
        let mut changed = types;
        changed[4].1 = &[2];
        assert!(differs(dump(0, &types), dump(0, &changed)).is_some());
    }

    #[test]
    fn split_files_are_compared_on_their_bases() {
        let one = dump(0, &[("Int", &[]), ("Long", &[]), ("ptr", &[1])]);
        let other = dump(0, &[("ptr", &[3]), ("Long", &[]), ("Int", &[])]);
        let (one, other) = compare(one, other, None).expect("they are the same");
        let module = |to: usize| dump(3, &[("Struct", if to == 1 { &[1] } else { &[3] })]);
        assert!(compare(module(1), module(3), Some((&one, &other))).is_ok());
        assert!(compare(module(1), module(1), Some((&one, &other))).is_err());
        // What the base has, the other may have once more.
        let own = || dump(3, &[("Struct", &[5]), ("ptr", &[1])]);
        let of_base = || dump(3, &[("Struct", &[1])]);
        assert!(compare(of_base(), own(), Some((&one, &one))).is_err());
        assert_eq!(compare(own(), of_base(), Some((&one, &other))).err(), None);
    }
}
