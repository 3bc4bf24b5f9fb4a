//! Parts put together.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::report::model::{
    AnswerEntry, DisagreementEntry, FindingEntry, InventoryEntry, NeedsEntry, ObjectEntry, PolicyEntry,
    PolicyFinding, ResultEntry, ShardEntry, ShareEntry,
};
use crate::report::{Report, add_representatives};
use crate::rules;

/// Parts that are not those of one check. Each says which reports it is about, by their positions.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Nothing was given.
    #[error("there is nothing to put together")]
    Nothing,
    /// Two reports say something else about what all have alike.
    #[error("{what} differ: these are parts of different checks")]
    Different {
        /// What differs.
        what: &'static str,
        /// Position of the report that differs from the first.
        at: usize,
    },
    /// A part was given twice.
    #[error("part {number} was given before")]
    Twice {
        /// Which part, from 1.
        number: usize,
        /// Position of the second report.
        at: usize,
    },
    /// Parts are missing.
    #[error("of {of} parts {} missing", list(missing))]
    Missing {
        /// Which, from 1.
        missing: Vec<usize>,
        /// How many there are.
        of: usize,
    },
    /// An object is in no part, or in two: the parts were made of something else.
    #[error("object {0} is not in exactly one part")]
    Object(String),
}

/// `3 is`, `3, 5 are`.
fn list(numbers: &[usize]) -> String {
    let all: Vec<String> = numbers.iter().map(usize::to_string).collect();
    format!("{} {}", all.join(", "), if all.len() == 1 { "is" } else { "are" })
}

/// Puts the reports of all parts together, in whatever order they are given, into the one that a single run writes; with it, whether
/// that run would have been `--strict`.
///
/// # Errors
/// [`MergeError`] when they are not the parts of one check, each once.
pub fn merge(parts: Vec<Report>) -> Result<(Report, bool), MergeError> {
    let shards: Vec<ShardEntry> = parts.iter().filter_map(|part| part.shard.clone()).collect();
    if shards.is_empty() || shards.len() != parts.len() {
        return Err(MergeError::Nothing);
    }
    require_one_check(&parts, &shards)?;
    let strict = shards[0].strict;
    let files = shards[0].files.clone();
    let mut place: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (part, shard) in shards.iter().enumerate() {
        for (within, &object) in shard.objects.iter().enumerate() {
            if place.insert(object, (part, within)).is_some() {
                return Err(MergeError::Object(files.get(object).cloned().unwrap_or_default()));
            }
        }
    }
    if let Some(file) = files.iter().enumerate().find(|(at, _)| !place.contains_key(at)) {
        return Err(MergeError::Object(file.1.clone()));
    }
    let shares = shares(&parts, &place);
    let policy = policy(&parts, &shards, &place);
    let has_representatives = parts.iter().any(|part| part.representatives.is_some());
    let mut parts = parts;
    let mut pieces: Vec<Vec<OfObject>> = parts.iter_mut().map(OfObject::each).collect();
    let mut whole = parts.swap_remove(0);
    for &(part, within) in place.values() {
        std::mem::take(&mut pieces[part][within]).put(&mut whole);
    }
    whole.shard = None;
    whole.policy = policy;
    if let Some(inventory) = &mut whole.inventory {
        inventory.shares = shares;
    }
    whole.representatives = None;
    if has_representatives {
        add_representatives(&mut whole);
    }
    Ok((whole, strict))
}

fn require_one_check(parts: &[Report], shards: &[ShardEntry]) -> Result<(), MergeError> {
    let differs = |what, at| Err(MergeError::Different { what, at });
    for (at, (part, shard)) in parts.iter().zip(shards).enumerate() {
        let (first, of_first) = (&parts[0], &shards[0]);
        if (shard.of, &shard.files) != (of_first.of, &of_first.files) {
            return differs("the objects, or into how many parts they were put,", at);
        }
        if shard.strict != of_first.strict {
            return differs("--strict and its absence", at);
        }
        let loaders = |part: &Report| part.loaders.iter().map(|of| of.name.clone()).collect::<Vec<_>>();
        if loaders(part) != loaders(first) {
            return differs("the loaders", at);
        }
        if part.kernels != first.kernels || part.left_out != first.left_out {
            return differs("the kernels", at);
        }
        let file = |part: &Report| part.policy.as_ref().map(|policy| policy.file.clone());
        if file(part) != file(first) {
            return differs("the policies", at);
        }
        let fleet =
            |part: &Report| part.inventory.clone().map(|of| InventoryEntry { shares: Vec::new(), ..of });
        if fleet(part) != fleet(first) {
            return differs("the inventories", at);
        }
        if shards[..at].iter().any(|known| known.number == shard.number) {
            return Err(MergeError::Twice { number: shard.number, at });
        }
    }
    let given: BTreeSet<usize> = shards.iter().map(|shard| shard.number).collect();
    let missing: Vec<usize> = (1..=shards[0].of).filter(|number| !given.contains(number)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(MergeError::Missing { missing, of: shards[0].of }),
    }
}

/// All that a report says of one object.
#[derive(Default)]
struct OfObject {
    object: Option<ObjectEntry>,
    answers: Vec<AnswerEntry>,
    needs: Vec<NeedsEntry>,
    results: Vec<ResultEntry>,
    disagreements: Vec<DisagreementEntry>,
    findings: Vec<FindingEntry>,
}

impl OfObject {
    /// Takes a report apart, leaving what is about all objects.
    fn each(report: &mut Report) -> Vec<Self> {
        let mut all: Vec<Self> = std::mem::take(&mut report.objects)
            .into_iter()
            .map(|object| Self { object: Some(object), ..Self::default() })
            .collect();
        std::mem::take(&mut report.answers).into_iter().for_each(|of| all[of.object].answers.push(of));
        std::mem::take(&mut report.needs).into_iter().for_each(|of| all[of.object].needs.push(of));
        std::mem::take(&mut report.results).into_iter().for_each(|of| all[of.object].results.push(of));
        std::mem::take(&mut report.disagreements)
            .into_iter()
            .for_each(|of| all[of.object].disagreements.push(of));
        std::mem::take(&mut report.findings).into_iter().for_each(|of| all[of.object].findings.push(of));
        all
    }

    /// Puts it at the end of a report. Its answers and needs have other numbers there; those of one object stand together, in the
    /// order of loaders.
    fn put(self, report: &mut Report) {
        let number = report.objects.len();
        let first = |id: Option<usize>| id.unwrap_or(0);
        let answers = first(self.answers.first().map(|of| of.id));
        let needs = first(self.needs.first().map(|of| of.id));
        let (to_answers, to_needs) = (report.answers.len(), report.needs.len());
        report.objects.extend(self.object);
        report.answers.extend(self.answers.into_iter().map(|of| AnswerEntry {
            id: of.id - answers + to_answers,
            object: number,
            ..of
        }));
        report.needs.extend(self.needs.into_iter().map(|of| NeedsEntry {
            id: of.id - needs + to_needs,
            object: number,
            ..of
        }));
        report.results.extend(self.results.into_iter().map(|of| ResultEntry {
            object: number,
            answer: of.answer - answers + to_answers,
            needs: of.needs - needs + to_needs,
            ..of
        }));
        let disagreements = self.disagreements.into_iter();
        report.disagreements.extend(disagreements.map(|of| DisagreementEntry { object: number, ..of }));
        report.findings.extend(self.findings.into_iter().map(|of| FindingEntry { object: number, ..of }));
    }
}

/// The shares of a fleet, by object.
fn shares(parts: &[Report], place: &BTreeMap<usize, (usize, usize)>) -> Vec<ShareEntry> {
    let mut all = Vec::new();
    for (&object, &(part, within)) in place {
        let own = parts[part].inventory.iter().flat_map(|inventory| &inventory.shares);
        let own = own.filter(|share| share.object == within);
        all.extend(own.map(|share| ShareEntry { object, ..share.clone() }));
    }
    all
}

fn policy(
    parts: &[Report],
    shards: &[ShardEntry],
    place: &BTreeMap<usize, (usize, usize)>,
) -> Option<PolicyEntry> {
    let policies: Vec<&PolicyEntry> = parts.iter().filter_map(|part| part.policy.as_ref()).collect();
    let mut whole = PolicyEntry {
        file: policies.first()?.file.clone(),
        passes: policies.iter().all(|policy| policy.passes),
        blocked: Vec::new(),
        findings: Vec::new(),
    };
    for (&object, &(part, within)) in place {
        let Some(policy) = &parts[part].policy else { continue };
        let own = policy.blocked.iter().filter(|entry| entry.object == within);
        whole.blocked.extend(own.cloned().map(|mut entry| {
            entry.object = object;
            entry
        }));
    }
    // A waiver that one part has no use for may be of use in another.
    let used: BTreeSet<usize> = shards.iter().flat_map(|shard| &shard.waivers_used).copied().collect();
    let mut of_waiver: BTreeMap<usize, &PolicyFinding> = BTreeMap::new();
    for finding in policies.iter().flat_map(|policy| &policy.findings) {
        if finding.rule != rules::WAIVER_UNUSED.id || !used.contains(&finding.waiver) {
            of_waiver.insert(finding.waiver, finding);
        }
    }
    whole.findings = of_waiver.into_values().cloned().collect();
    Some(whole)
}
