//! Which kernels suffice to see every distinct answer: what to run tests on.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Report, RepresentativeEntry};

/// So many combinations are tried for the smallest set. A check of one object never needs any: each kernel gives one answer.
const MOST_TRIES: u32 = 200_000;

/// Adds the fewest kernels that together give every answer of the report, over all objects and loaders.
///
/// The set is the smallest there is, unless more than 200,000 combinations would have to be tried; then each kernel in turn is
/// the one that adds most. Among equals the first in the report's order is taken, so that the same report gives the same set.
pub fn add_representatives(report: &mut Report) {
    let mut of_kernel: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for result in &report.results {
        of_kernel.entry(&result.kernel).or_default().insert(result.answer);
    }
    let sets: Vec<BTreeSet<usize>> = report
        .kernels
        .iter()
        .map(|kernel| of_kernel.get(kernel.name.as_str()).cloned().unwrap_or_default())
        .collect();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let entries = smallest_cover(&sets).into_iter().map(|at| {
        let answers: Vec<usize> = sets[at].iter().copied().filter(|&answer| told.insert(answer)).collect();
        let alike = sets.iter().zip(&report.kernels);
        let alike = alike.filter(|(set, _)| answers.iter().any(|answer| set.contains(answer)));
        let kernels = alike.map(|(_, kernel)| kernel.name.clone()).collect();
        RepresentativeEntry { kernel: report.kernels[at].name.clone(), answers, kernels }
    });
    report.representatives = Some(entries.collect());
}

/// Positions of the fewest sets that hold together what all hold, ascending.
fn smallest_cover(sets: &[BTreeSet<usize>]) -> Vec<usize> {
    // A set within another that comes before it, or within a larger one, is never needed.
    let is_needed = |&at: &usize| {
        let within = |other: usize| {
            sets[at].is_subset(&sets[other]) && (sets[at].len() < sets[other].len() || other < at)
        };
        !sets[at].is_empty() && !(0..sets.len()).any(|other| other != at && within(other))
    };
    // Equal sets are many: one of each is looked at.
    let mut first_of: BTreeMap<&BTreeSet<usize>, usize> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate() {
        first_of.entry(set).or_insert(at);
    }
    let mut useful: Vec<usize> = first_of.into_values().collect();
    useful.sort_unstable();
    let distinct: Vec<BTreeSet<usize>> = useful.iter().map(|&at| sets[at].clone()).collect();
    let needed: Vec<usize> = if distinct.len() == sets.len() {
        (0..sets.len()).filter(is_needed).collect()
    } else {
        return smallest_cover(&distinct).into_iter().map(|at| useful[at]).collect();
    };
    let all: BTreeSet<usize> = sets.iter().flatten().copied().collect();
    let mut best = greedy(sets, &needed, &all);
    let mut search = Search { sets, needed: &needed, tries: MOST_TRIES, chosen: Vec::new() };
    search.better(&all, &mut best);
    best.sort_unstable();
    best
}

/// Each time the set that adds most.
fn greedy(sets: &[BTreeSet<usize>], needed: &[usize], all: &BTreeSet<usize>) -> Vec<usize> {
    let mut missing = all.clone();
    let mut chosen = Vec::new();
    while !missing.is_empty() {
        let adds = |at: usize| sets[at].intersection(&missing).count();
        let Some(best) = needed.iter().copied().max_by_key(|&at| (adds(at), std::cmp::Reverse(at))) else {
            break;
        };
        missing = missing.difference(&sets[best]).copied().collect();
        chosen.push(best);
    }
    chosen
}

/// A search for a smaller cover than the best that is known.
struct Search<'a> {
    sets: &'a [BTreeSet<usize>],
    needed: &'a [usize],
    tries: u32,
    chosen: Vec<usize>,
}

impl Search<'_> {
    /// Puts a smaller cover of what is missing into `best`, if there is one and the tries last.
    fn better(&mut self, missing: &BTreeSet<usize>, best: &mut Vec<usize>) {
        if missing.is_empty() {
            if self.chosen.len() < best.len() {
                best.clone_from(&self.chosen);
            }
            return;
        }
        // What can still be added at most tells how many more it takes at least.
        let most =
            self.needed.iter().map(|&at| self.sets[at].intersection(missing).count()).max().unwrap_or(0);
        if most == 0 || self.chosen.len() + missing.len().div_ceil(most) >= best.len() || self.tries == 0 {
            return;
        }
        self.tries -= 1;
        // What the fewest have is decided first: one of these must be in.
        let holders = |answer: usize| -> Vec<usize> {
            self.needed.iter().copied().filter(|&at| self.sets[at].contains(&answer)).collect()
        };
        let Some(rarest) = missing.iter().map(|&answer| holders(answer)).min_by_key(Vec::len) else { return };
        for at in rarest {
            let rest = missing.difference(&self.sets[at]).copied().collect();
            self.chosen.push(at);
            self.better(&rest, best);
            self.chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(sets: &[&[usize]]) -> Vec<usize> {
        let sets: Vec<BTreeSet<usize>> = sets.iter().map(|set| set.iter().copied().collect()).collect();
        smallest_cover(&sets)
    }

    #[test]
    fn each_answer_of_one_object_has_its_first_kernel() {
        assert_eq!(cover(&[&[0], &[0], &[1], &[0], &[2], &[1]]), [0, 2, 4]);
        assert_eq!(cover(&[]), [0; 0]);
        assert_eq!(cover(&[&[], &[]]), [0; 0]);
    }

    #[test]
    fn the_smallest_set_is_found_where_taking_the_most_is_not_it() {
        // The first has most, and then two more are needed.
        let sets: [&[usize]; 3] = [&[0, 1, 2, 3], &[0, 1, 4], &[2, 3, 5]];
        assert_eq!(cover(&sets), [1, 2]);
        let all: BTreeSet<usize> = (0..6).collect();
        let own: Vec<BTreeSet<usize>> = sets.iter().map(|set| set.iter().copied().collect()).collect();
        assert_eq!(greedy(&own, &[0, 1, 2], &all).len(), 3);
    }

    #[test]
    fn one_that_has_what_others_have_stands_for_them() {
        assert_eq!(cover(&[&[0], &[1], &[0, 1], &[2]]), [2, 3]);
    }

    #[test]
    fn hard_questions_end() {
        // Pairs of 24 answers: far more combinations than are tried.
        let pairs: Vec<Vec<usize>> =
            (0..24).flat_map(|one| (0..one).map(move |other| vec![other, one])).collect();
        let sets: Vec<&[usize]> = pairs.iter().map(Vec::as_slice).collect();
        assert_eq!(cover(&sets).len(), 12);
    }
}
