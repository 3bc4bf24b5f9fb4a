//! Where loaders disagree, and why: kernels on which they do so in the same way are told together.

use std::collections::BTreeMap;
use std::sync::Arc;

use corecheck_layouts::kernel::Kernel;

use super::build::reasons;
use super::checked::Checked;
use super::model::{AccessDisagreement, DisagreementEntry, LoaderOutcome, LoaderVerdict};
use super::words;
use crate::resolve::{Outcome, Reason, State};
use crate::verdict::Verdict;

/// For each object, the kernels on which verdicts or outcomes differ between loaders.
pub(super) fn disagreements(checked: &[Checked], kernels: &[&Kernel]) -> Vec<DisagreementEntry> {
    let mut all = Vec::new();
    for of_object in checked.chunk_by(|one, other| one.number == other.number).filter(|of| of.len() > 1) {
        // What each loader answers and comes to, with the kernels where that is so, by the first of them.
        let mut ways: BTreeMap<Vec<(usize, Verdict)>, Vec<usize>> = BTreeMap::new();
        for at in 0..kernels.len() {
            let way =
                of_object.iter().map(|by| (by.judged.answers.of_kernel[at], by.judged.verdicts[at].verdict));
            ways.entry(way.collect()).or_default().push(at);
        }
        let mut ways: Vec<_> = ways.into_iter().collect();
        ways.sort_unstable_by_key(|(_, positions)| positions.first().copied());
        all.extend(
            ways.iter().filter_map(|(way, positions)| disagreement(of_object, way, positions, kernels)),
        );
    }
    all
}

fn disagreement(
    of_object: &[Checked],
    way: &[(usize, Verdict)],
    positions: &[usize],
    kernels: &[&Kernel],
) -> Option<DisagreementEntry> {
    let &first = positions.first()?;
    let answers: Vec<&[Arc<Outcome>]> = of_object
        .iter()
        .zip(way)
        .map(|(by, (answer, _))| by.judged.answers.distinct[*answer].outcomes.as_slice())
        .collect();
    let object = of_object.first()?;
    let mut accesses = Vec::new();
    for (at, access) in object.accesses.iter().enumerate() {
        let outcomes: Vec<&Outcome> = answers.iter().map(|answer| answer[at].as_ref()).collect();
        if !differ(&outcomes) {
            continue;
        }
        let shown = of_object.iter().zip(&outcomes).map(|(by, outcome)| LoaderOutcome {
            loader: by.loader.to_string(),
            outcome: outcome.state.word(),
            value: outcome.value,
        });
        accesses.push(AccessDisagreement { access: access.id, outcomes: shown.collect() });
    }
    let is_one_verdict = way.windows(2).all(|pair| pair[0].1 == pair[1].1);
    if is_one_verdict && accesses.is_empty() {
        return None;
    }
    let verdicts = of_object.iter().zip(way).map(|(by, (answer, verdict))| {
        let answer = &by.judged.answers.distinct[*answer];
        let kernel = kernels[first];
        let reasons = reasons(by, &by.judged.verdicts[first], answer, kernel, words::reason);
        LoaderVerdict { loader: by.loader.to_string(), verdict: verdict.word(), reasons }
    });
    Some(DisagreementEntry {
        object: object.number,
        kernels: positions.iter().map(|&at| kernels[at].name.to_string()).collect(),
        verdicts: verdicts.collect(),
        accesses,
    })
}

/// Whether loaders come to something else. One that did not come to the access, or of which nothing is known, contradicts none.
fn differ(outcomes: &[&Outcome]) -> bool {
    let says = |outcome: &&&Outcome| {
        !matches!(outcome.state, State::Skipped | State::Unknown)
            && outcome.reason != Some(Reason::NotReached)
    };
    let mut known = outcomes.iter().filter(says);
    let Some(first) = known.next() else { return false };
    known.any(|other| {
        // An id or a size of 0 is an honest answer of libbpf's, and the same as its value.
        let is_number = |outcome: &Outcome| matches!(outcome.state, State::Resolved | State::Absent);
        match is_number(first) && is_number(other) {
            true => first.value.zip(other.value).is_some_and(|(one, other)| one != other),
            false => first.state != other.state,
        }
    })
}
