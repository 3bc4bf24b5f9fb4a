//! Alternatives: on each kernel the set that is best there, judged as the load that it makes.
//!
//! Each set of a group is judged as a load of its own, in which no other program of any group is loaded; the best verdict
//! is chosen; among equals where fewer probes are doubtful, then what is named first. Then what was chosen of all groups is judged as one load: that is
//! the verdict. So it is never better than a load that there is.
//!
//! Groups are chosen from one after the other, not in all combinations: a program's verdict does not depend on which others
//! are loaded, but for one thing that loads share. libbpf keeps the candidates of a root type from one access to the next, and an access
//! takes away those that it does not match. So a program can make an access of another one ambiguous no longer, or leave it
//! without a candidate. The first would make another combination better, which is not looked for; the second is seen,
//! because the load is judged as a whole.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use corecheck_layouts::kernel::{Kernel, Modules};

use super::all::judge_load;
use super::{Case, Judged, ObjectVerdict, Verdict, needed_by};
use crate::access::accesses;
use crate::answer::{Answer, Answers};
use crate::attach::{Doubt, Fate, Meeting, Meetings, meet};
use crate::reach::Reach;

/// Judges an object with alternatives on every kernel.
pub(super) fn judge_chosen(case: &Case<'_>, kernels: &[&Kernel], modules: &Modules) -> Judged {
    let of_group = |group: usize| -> Vec<Judged> {
        let sets = case.alternatives.get(group).map(|group| group.sets.as_slice()).unwrap_or_default();
        sets.iter().map(|set| judge_with(case, set, kernels, modules)).collect()
    };
    // What an object needs does not depend on what is loaded, nor what becomes of it.
    let meetings = meet(case.object, case.requirements, kernels, modules);
    let groups: Vec<Vec<Judged>> = (0..case.alternatives.len()).map(of_group).collect();
    let best_of = |group: usize, at: usize| -> usize {
        let sets = groups[group].iter().zip(&case.alternatives[group].sets).enumerate();
        let rated = sets.map(|(number, (judged, set))| {
            (rating(&judged.verdicts[at], set), doubtful(case, set, meetings.of(at)), number)
        });
        rated.min().map_or(0, |(.., number)| number)
    };
    let best = |at: usize| -> Vec<usize> { (0..groups.len()).map(|group| best_of(group, at)).collect() };
    let best: Vec<Vec<usize>> = (0..kernels.len()).map(best).collect();
    if let [only] = groups.as_slice() {
        let places: Vec<(usize, usize)> = best
            .iter()
            .enumerate()
            .map(|(at, numbers)| (numbers.first().copied().unwrap_or(0), at))
            .collect();
        return gathered(case, only, &places, &best, meetings);
    }
    let mut kernels_of: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
    best.iter().enumerate().for_each(|(at, numbers)| kernels_of.entry(numbers).or_default().push(at));
    let mut places = vec![(0, 0); kernels.len()];
    let mut loads: Vec<Judged> = Vec::new();
    for (numbers, positions) in kernels_of {
        let some: Vec<&Kernel> = positions.iter().map(|&at| kernels[at]).collect();
        positions.iter().enumerate().for_each(|(place, &at)| places[at] = (loads.len(), place));
        loads.push(judge_with(case, &programs(case, numbers), &some, modules));
    }
    gathered(case, &loads, &places, &best, meetings)
}

/// The programs of the sets with these numbers, one number for each group.
fn programs(case: &Case<'_>, numbers: &[usize]) -> Vec<usize> {
    let sets = case.alternatives.iter().zip(numbers).filter_map(|(group, &number)| group.sets.get(number));
    sets.flatten().copied().collect()
}

/// How good a load is: the object first, then the programs that are to be chosen, which tell where others fail in any case.
fn rating(verdict: &ObjectVerdict, set: &[usize]) -> (Verdict, Option<Verdict>) {
    let own = set.iter().filter_map(|&program| verdict.programs.get(program)?.verdict);
    (verdict.verdict, own.max())
}

/// How many of these programs are probes of functions that are not in the kernel's BTF: that fails no load, but a tool would rather
/// take another.
fn doubtful(case: &Case<'_>, set: &[usize], meetings: &[Arc<Meeting>]) -> usize {
    let all = case.requirements.iter().zip(meetings).filter(|(requirement, meeting)| {
        let is_of_set = requirement.by.program().is_some_and(|program| set.contains(&program));
        is_of_set && meeting.fate == Fate::Unknown(Doubt::NotInBtf)
    });
    all.count()
}

/// Judges the load in which of all alternatives these are loaded.
fn judge_with(case: &Case<'_>, chosen: &[usize], kernels: &[&Kernel], modules: &Modules) -> Judged {
    let mut object = case.object.clone();
    for member in case.alternatives.iter().flat_map(|group| group.members()) {
        if let Some(program) = object.programs.get_mut(member) {
            program.autoload = chosen.contains(&member);
        }
    }
    // Both know which programs are loaded; positions stay as they are.
    let accesses = accesses(&object);
    let requirements = needed_by(case.loader, &object);
    let load = Case {
        object: &object,
        accesses: &accesses,
        requirements: &requirements,
        alternatives: &[],
        ..*case
    };
    judge_load(&load, kernels, modules)
}

/// One result out of many: of each kernel what this load, at this place, comes to.
fn gathered(
    case: &Case<'_>,
    loads: &[Judged],
    places: &[(usize, usize)],
    best: &[Vec<usize>],
    meetings: Meetings,
) -> Judged {
    let mut all = Judged {
        answers: Answers { distinct: Vec::new(), of_kernel: Vec::with_capacity(places.len()) },
        reach: Vec::new(),
        meetings,
        verdicts: Vec::with_capacity(places.len()),
        chosen: best.iter().map(|numbers| programs(case, numbers)).collect(),
    };
    let mut known: HashMap<(usize, usize), usize> = HashMap::new();
    let mut by_content: HashMap<(&Answer, &[Option<Reach>]), usize> = HashMap::new();
    for &(load, at) in places {
        let judged = &loads[load];
        let number = judged.answers.of_kernel[at];
        let index = *known.entry((load, number)).or_insert_with(|| {
            let content = (&judged.answers.distinct[number], judged.reach[number].as_slice());
            *by_content.entry(content).or_insert_with(|| {
                all.answers.distinct.push(content.0.clone());
                all.reach.push(content.1.to_vec());
                all.reach.len() - 1
            })
        });
        all.answers.of_kernel.push(index);
        all.verdicts.push(judged.verdicts[at].clone());
    }
    all
}

#[cfg(test)]
mod tests;
