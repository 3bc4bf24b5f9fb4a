//! Whether two files hold the same types, whatever their ids.
//!
//! Types are told apart step by step: first by what they say themselves, then also by what the types that they refer to say,
//! and so on until a step tells no more apart. What then bears one colour looks alike on every way through the graph: two
//! structs of one name that differ only three pointers away have two colours. The files are the same if each colour is borne
//! equally often. If not, the first step at which that shows is the nearest to what differs, and its types are named.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use crate::dump::Dump;

/// So many differing types are named.
const NAMED: usize = 5;

/// Compares; says how the second differs from the first, or nothing.
pub fn differs(one: &Dump, other: &Dump) -> Option<String> {
    let (mut of_one, mut of_other) = (first(one), first(other));
    let mut known = 0;
    loop {
        if let Some(how) = compare(one, &of_one, other, &of_other) {
            return Some(how);
        }
        let mut colours = of_one.clone();
        colours.sort_unstable();
        colours.dedup();
        if colours.len() == known {
            return None;
        }
        known = colours.len();
        of_one = next(one, &of_one);
        of_other = next(other, &of_other);
    }
}

fn first(dump: &Dump) -> Vec<u64> {
    let colour = |index: usize| hash(&(index < dump.base, &dump.types[index].label));
    (0..dump.types.len()).map(colour).collect()
}

fn next(dump: &Dump, colours: &[u64]) -> Vec<u64> {
    let colour = |(index, one): (usize, &crate::dump::Type)| {
        let refers: Vec<Option<u64>> = one.refers.iter().map(|to| to.map(|to| colours[to])).collect();
        hash(&(colours[index], refers))
    };
    dump.types.iter().enumerate().map(colour).collect()
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Holds the colours' numbers against each other.
fn compare(one: &Dump, of_one: &[u64], other: &Dump, of_other: &[u64]) -> Option<String> {
    let mut numbers: HashMap<u64, i64> = HashMap::new();
    of_one.iter().for_each(|colour| *numbers.entry(*colour).or_default() += 1);
    of_other.iter().for_each(|colour| *numbers.entry(*colour).or_default() -= 1);
    numbers.retain(|_, number| *number != 0);
    if numbers.is_empty() {
        return None;
    }
    let named = |dump: &Dump, colours: &[u64], more: bool| -> Vec<String> {
        let differing = colours.iter().enumerate().filter(|(_, colour)| {
            numbers.get(colour).is_some_and(|&number| if more { number > 0 } else { number < 0 })
        });
        differing.take(NAMED).map(|(index, _)| words(dump, index)).collect()
    };
    Some(format!(
        "{} kinds of types in other numbers\n  more often before: {}\n  more often after: {}",
        numbers.len(),
        named(one, of_one, true).join("\n    "),
        named(other, of_other, false).join("\n    "),
    ))
}

/// A type with its references by their own words.
fn words(dump: &Dump, index: usize) -> String {
    let of = &dump.types[index];
    let short = |index: &usize| dump.types[*index].label.chars().take(80).collect::<String>();
    let refers: Vec<String> =
        of.refers.iter().map(|to| to.as_ref().map_or_else(|| "void".to_owned(), short)).collect();
    format!("[{}] {} -> {}", index + 1, of.label.chars().take(400).collect::<String>(), refers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::Type;

    fn dump(base: usize, types: &[(&str, &[usize])]) -> Dump {
        let one = |(label, refers): &(&str, &[usize])| Type {
            label: (*label).to_owned(),
            refers: refers.iter().map(|to| to.checked_sub(1)).collect(),
        };
        Dump { types: types.iter().map(one).collect(), base }
    }

    #[test]
    fn other_ids_are_no_difference() {
        let one = dump(0, &[("int", &[]), ("ptr", &[3]), ("struct s", &[1, 2, 0])]);
        let other = dump(0, &[("struct s", &[3, 2, 0]), ("ptr", &[1]), ("int", &[])]);
        assert_eq!(differs(&one, &other), None);
    }

    #[test]
    fn a_difference_is_found_far_away_and_named_where_it_is() {
        let types: [(&str, &[usize]); 5] =
            [("int", &[]), ("long", &[]), ("ptr", &[1]), ("ptr", &[3]), ("struct s", &[4])];
        let mut changed = types;
        changed[2].1 = &[2];
        let how = differs(&dump(0, &types), &dump(0, &changed)).expect("they differ");
        assert!(how.contains("[3] ptr -> int") && how.contains("[3] ptr -> long"), "{how}");
        assert!(!how.contains("struct s"), "{how}");
    }

    #[test]
    fn numbers_and_the_border_of_the_base_matter() {
        let one = dump(0, &[("int", &[]), ("int", &[])]);
        assert!(differs(&one, &dump(0, &[("int", &[])])).is_some());
        assert!(differs(&one, &dump(1, &[("int", &[]), ("int", &[])])).is_some());
    }

    #[test]
    fn two_structs_of_one_name_are_told_apart() {
        let types: [(&str, &[usize]); 6] = [
            ("struct device", &[3]),
            ("struct device", &[4]),
            ("int", &[]),
            ("long", &[]),
            ("ptr", &[1]),
            ("func", &[5]),
        ];
        let mut changed = types;
        changed[4].1 = &[2];
        assert!(differs(&dump(0, &types), &dump(0, &changed)).is_some());
    }
}
