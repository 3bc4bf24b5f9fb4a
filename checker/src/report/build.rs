//! From verdicts to the report.

use std::sync::Arc;

use corecheck_layouts::btf::Endian;
use corecheck_layouts::kernel::Kernel;

use super::checked::Checked;
use super::disagreements::disagreements;
use super::findings::findings;
use super::model::{
    AccessEntry, AnswerEntry, ChangeEntry, ConditionEntry, KernelEntry, LeftOut, LeftOutEntry, LoaderEntry,
    NeedsEntry, ObjectEntry, OutcomeEntry, ProgramEntry, ProgramResult, ReasonEntry, Report, ResultEntry,
    SCHEMA, SourceEntry, Tool, WithoutEntry,
};
use super::needs;
use super::needs::{meeting_entry, requirement_entry};
use super::unchecked::unchecked;
use super::words;
use crate::access::Access;
use crate::answer::Answer;
use crate::attach::{Meeting, Requirement};
use crate::loader::Loader;
use crate::object::Object;
use crate::reach::Reach;
use crate::resolve::{Change, Outcome, Reason, State};
use crate::verdict::{Cause, Condition, ObjectVerdict};

/// Builds the report.
pub fn build(checked: &[Checked], kernels: &[&Kernel]) -> Report {
    let mut answers = Vec::new();
    let mut needs = Vec::new();
    let mut results = Vec::new();
    for object in checked {
        let loader = object.loader.to_string();
        let first = answers.len();
        answers.extend(object.judged.answers.distinct.iter().enumerate().map(|(number, answer)| {
            AnswerEntry {
                id: first + number,
                object: object.number,
                loader: loader.clone(),
                outcomes: outcomes(&object.accesses, answer, &object.judged.reach[number]),
            }
        }));
        let first_needs = needs.len();
        let meetings = &object.judged.meetings;
        needs.extend(meetings.distinct.iter().enumerate().map(|(number, of)| NeedsEntry {
            id: first_needs + number,
            object: object.number,
            loader: loader.clone(),
            meetings: of.iter().enumerate().map(|(at, meeting)| meeting_entry(at, meeting)).collect(),
        }));
        let unchecked: Vec<Vec<ReasonEntry>> =
            meetings.distinct.iter().map(|of| unchecked(object, of)).collect();
        for (kernel_index, kernel) in kernels.iter().enumerate() {
            let answer = object.judged.answers.of_kernel[kernel_index];
            let verdict = &object.judged.verdicts[kernel_index];
            results.push(ResultEntry {
                object: object.number,
                kernel: kernel.name.to_string(),
                loader: loader.clone(),
                answer: first + answer,
                needs: first_needs + meetings.of_kernel[kernel_index],
                verdict: verdict.verdict.word(),
                conditions: conditions(object, kernel_index, kernel),
                reasons: reasons(
                    object,
                    verdict,
                    (&object.judged.answers.distinct[answer], meetings.of(kernel_index)),
                    kernel,
                    words::reason,
                ),
                unchecked: unchecked[meetings.of_kernel[kernel_index]].clone(),
                chosen: chosen(object, kernel_index),
                programs: programs(object, verdict),
            });
        }
    }
    Report {
        schema: SCHEMA,
        tool: Tool { name: "corecheck", version: env!("CARGO_PKG_VERSION") },
        shard: None,
        loaders: loaders(checked),
        objects: checked
            .iter()
            .filter(|checked| checked.is_first)
            .map(|checked| {
                let requirements = (&checked.requirements[..], &checked.judged.meetings.names[..]);
                object_entry(&checked.object, &checked.accesses, requirements)
            })
            .collect(),
        kernels: kernels.iter().map(|kernel| kernel_entry(kernel)).collect(),
        left_out: Vec::new(),
        answers,
        needs,
        results,
        disagreements: disagreements(checked, kernels),
        representatives: None,
        findings: findings(checked, kernels),
        inventory: None,
        policy: None,
    }
}

/// The loaders in the order in which they were asked for.
fn loaders(checked: &[Checked]) -> Vec<LoaderEntry> {
    loader_entries(checked.iter().filter(|checked| checked.number == 0).map(|checked| checked.loader))
}

/// Loaders as the report shows them.
pub fn loader_entries(loaders: impl Iterator<Item = Loader>) -> Vec<LoaderEntry> {
    loaders.map(|loader| LoaderEntry { name: loader.to_string(), title: loader.title() }).collect()
}

/// What the report says of a kernel that nobody named and that was left out for this cause.
pub fn left_out(kernel: &Kernel, cause: LeftOut) -> LeftOutEntry {
    let text = match (cause, kernel.endian()) {
        (LeftOut::Ignored, _) => "the policy ignores it",
        (LeftOut::NothingStored, _) => "nothing is stored of it that the objects ask about",
        (LeftOut::ByteOrder, Some(Endian::Big)) => "it is big-endian, and the objects are little-endian",
        (LeftOut::ByteOrder, _) => "it is little-endian, and the objects are big-endian",
    };
    LeftOutEntry { kernel: kernel.name.to_string(), code: cause.code(), text: text.to_owned() }
}

/// An object with these of its accesses, and with what else it needs, as the report shows it. What is known by a number may
/// have a name.
pub fn object_entry(
    object: &Object,
    accesses: &[Access],
    (requirements, names): (&[Requirement], &[Option<String>]),
) -> ObjectEntry {
    ObjectEntry {
        path: object.path.clone(),
        embedded_in: object.embedded_in.as_ref().map(|place| place.executable.clone()),
        programs: object
            .programs
            .iter()
            .map(|program| ProgramEntry {
                name: object.functions[program.function].name.clone(),
                section: program.section_name.clone(),
                autoload: program.autoload,
            })
            .collect(),
        accesses: accesses.iter().map(access_entry).collect(),
        requirements: requirements
            .iter()
            .enumerate()
            .map(|(id, of)| requirement_entry(id, of, names.get(id).and_then(Option::as_ref), object))
            .collect(),
    }
}

fn access_entry(access: &Access) -> AccessEntry {
    AccessEntry {
        id: access.id,
        key: access.key.clone(),
        function: access.function.clone(),
        section: access.section.clone(),
        insn: access.insn,
        kind: access.kind.word(),
        type_name: access.type_name.clone(),
        path: access.path.clone(),
        spec: access.spec_text.clone(),
        local_value: access.local.as_ref().ok().map(|local| local.value.number),
        source: access.source.as_ref().map(|source| SourceEntry {
            file: source.file.clone(),
            line: source.line,
            column: source.column,
            text: source.text.clone(),
            indent: source.indent,
        }),
    }
}

pub(crate) fn kernel_entry(kernel: &Kernel) -> KernelEntry {
    KernelEntry {
        name: kernel.name.to_string(),
        aliases: kernel.aliases.clone(),
        distro: kernel.name.distro.clone(),
        release: kernel.name.release.clone(),
        version: kernel.facts.version.clone(),
        flavour: kernel.facts.flavour.clone(),
        arch: kernel.name.arch.to_string(),
        group: kernel.facts.group.word().to_owned(),
        btf: kernel.facts.btf.word(),
        complete: kernel.is_complete(),
        standing: None,
    }
}

fn outcomes(accesses: &[Access], answer: &Answer, reach: &[Option<Reach>]) -> Vec<OutcomeEntry> {
    let all = accesses.iter().zip(&answer.outcomes).zip(reach);
    all.map(|((access, outcome), reach)| outcome_entry(access, outcome, *reach)).collect()
}

pub(super) fn outcome_entry(access: &Access, outcome: &Outcome, reach: Option<Reach>) -> OutcomeEntry {
    OutcomeEntry {
        access: access.id,
        outcome: outcome.state.word(),
        value: outcome.value,
        reason: outcome.reason.as_ref().map(|reason| words::reason(access, reason)),
        unit: outcome.target.as_ref().map(|place| place.unit.clone()),
        target: outcome.target.as_ref().map(|place| place.spec.clone()),
        changes: outcome.changes.iter().map(change_entry).collect(),
        // No program that is loaded holds it: nothing comes to it.
        reach: (outcome.state == State::Poisoned).then_some(reach.unwrap_or(Reach::Guarded).word()),
    }
}

fn change_entry(change: &Change) -> ChangeEntry {
    ChangeEntry { code: change.code.word(), was: change.was.clone(), is: change.is.clone() }
}

/// The programs of alternatives that are loaded on the kernel at this position.
fn chosen(checked: &Checked, at: usize) -> Vec<String> {
    let object = &checked.object;
    let chosen = checked.judged.chosen.get(at).map(Vec::as_slice).unwrap_or_default();
    chosen.iter().map(|&program| object.functions[object.programs[program].function].name.clone()).collect()
}

fn programs(checked: &Checked, verdict: &ObjectVerdict) -> Vec<ProgramResult> {
    let object = &checked.object;
    let named = |program: usize| object.functions[object.programs[program].function].name.clone();
    verdict
        .programs
        .iter()
        .map(|program| ProgramResult {
            name: named(program.program),
            verdict: program.verdict.map_or("skipped", |verdict| verdict.word()),
            phase: program.phase.map(|phase| phase.word()),
            conditions: program.conditions.iter().map(words::condition).collect(),
        })
        .collect()
}

/// What the verdict on the kernel at this position holds under, and what it is otherwise.
fn conditions(checked: &Checked, at: usize, kernel: &Kernel) -> Vec<ConditionEntry> {
    let entry = |condition: &Condition| {
        let without = checked.without.iter().find(|without| without.condition == *condition);
        let without = without.and_then(|without| {
            let (answer, verdict) = without.of(at)?;
            let answer = &without.judged.answers.distinct[answer];
            let meetings = without.judged.meetings.of(without.kernels.binary_search(&at).ok()?);
            let reasons = reasons(checked, verdict, (answer, meetings), kernel, words::reason_without);
            Some(WithoutEntry { verdict: verdict.verdict.word(), reasons })
        });
        ConditionEntry { without, ..words::condition(condition) }
    };
    checked.judged.verdicts[at].conditions.iter().map(entry).collect()
}

/// Why a verdict is not ok: every distinct reason once, in the order of the accesses.
pub(super) fn reasons(
    checked: &Checked,
    verdict: &ObjectVerdict,
    (answer, meetings): (&Answer, &[Arc<Meeting>]),
    kernel: &Kernel,
    in_words: impl Fn(&Access, &Reason) -> ReasonEntry,
) -> Vec<ReasonEntry> {
    let mut reasons: Vec<ReasonEntry> = Vec::new();
    let mut push = |reason: ReasonEntry| {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    };
    let of_access = |&access: &usize| {
        let reason = answer.outcomes[access].reason.as_ref()?;
        Some(in_words(&checked.accesses[access], reason))
    };
    let of_need = |&index: &usize| {
        let (requirement, meeting) = checked.requirements.get(index).zip(meetings.get(index))?;
        let name = checked.judged.meetings.names.get(index).and_then(Option::as_ref);
        needs::reason(requirement, name, &meeting.fate)
    };
    for cause in &verdict.causes {
        match cause {
            Cause::Refused => {
                checked.refusals.iter().for_each(|why| push(words::refused(why)));
            }
            Cause::ByteOrder => push(words::byte_order(checked.object.endian, kernel.endian())),
            Cause::Failing(accesses) | Cause::NotStored(accesses) => {
                accesses.iter().filter_map(of_access).for_each(&mut push);
            }
            Cause::MayBeReached(accesses) => push(words::may_be_reached(accesses.len())),
            Cause::Unmet(requirements) | Cause::Doubtful(requirements) => {
                requirements.iter().filter_map(of_need).for_each(&mut push);
            }
            Cause::Unreplaced(accesses) => push(words::unreplaced(accesses.len())),
            Cause::Changed(changed) => push(words::changed(changed)),
        }
    }
    reasons
}
