//! From verdicts to the report.

use corecheck_layouts::btf::Endian;
use corecheck_layouts::kernel::Kernel;

use super::checked::Checked;
use super::disagreements::disagreements;
use super::findings::findings;
use super::model::{
    AccessEntry, AnswerEntry, ChangeEntry, ConditionEntry, KernelEntry, LeftOut, LeftOutEntry, LoaderEntry,
    ObjectEntry, OutcomeEntry, ProgramEntry, ProgramResult, ReasonEntry, Report, ResultEntry, SCHEMA,
    SourceEntry, Tool, WithoutEntry,
};
use super::words;
use crate::access::Access;
use crate::answer::Answer;
use crate::loader::Loader;
use crate::object::{ExternKind, Object};
use crate::reach::Reach;
use crate::resolve::{Change, Outcome, Reason, State};
use crate::verdict::{Cause, Condition, ObjectVerdict};

/// Builds the report.
pub fn build(checked: &[Checked], kernels: &[&Kernel]) -> Report {
    let mut answers = Vec::new();
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
        let unchecked = unchecked(object);
        for (kernel_index, kernel) in kernels.iter().enumerate() {
            let answer = object.judged.answers.of_kernel[kernel_index];
            let verdict = &object.judged.verdicts[kernel_index];
            results.push(ResultEntry {
                object: object.number,
                kernel: kernel.name.to_string(),
                loader: loader.clone(),
                answer: first + answer,
                verdict: verdict.verdict.word(),
                conditions: conditions(object, kernel_index, kernel),
                reasons: reasons(
                    object,
                    verdict,
                    &object.judged.answers.distinct[answer],
                    kernel,
                    words::reason,
                ),
                unchecked: unchecked.clone(),
                programs: programs(object, verdict),
            });
        }
    }
    Report {
        schema: SCHEMA,
        tool: Tool { name: "corecheck", version: env!("CARGO_PKG_VERSION") },
        loaders: loaders(checked),
        objects: checked
            .iter()
            .filter(|checked| checked.is_first)
            .map(|checked| object_entry(&checked.object, &checked.accesses))
            .collect(),
        kernels: kernels.iter().map(|kernel| kernel_entry(kernel)).collect(),
        left_out: Vec::new(),
        answers,
        results,
        disagreements: disagreements(checked, kernels),
        representatives: None,
        findings: findings(checked, kernels),
    }
}

/// The loaders in the order in which they were asked for.
fn loaders(checked: &[Checked]) -> Vec<LoaderEntry> {
    let of_first = checked.iter().filter(|checked| checked.number == 0);
    let entry =
        |checked: &Checked| LoaderEntry { name: checked.loader.to_string(), title: checked.loader.title() };
    of_first.map(entry).collect()
}

/// What the report says of a kernel that nobody named and that was left out for this cause.
pub fn left_out(kernel: &Kernel, cause: LeftOut) -> LeftOutEntry {
    let text = match (cause, kernel.endian()) {
        (LeftOut::NothingStored, _) => "nothing is stored of it that the objects ask about",
        (LeftOut::ByteOrder, Some(Endian::Big)) => "it is big-endian, and the objects are little-endian",
        (LeftOut::ByteOrder, _) => "it is little-endian, and the objects are big-endian",
    };
    LeftOutEntry { kernel: kernel.name.to_string(), code: cause.code(), text: text.to_owned() }
}

/// An object with these of its accesses as the report shows it.
pub fn object_entry(object: &Object, accesses: &[Access]) -> ObjectEntry {
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
            let reasons = reasons(checked, verdict, answer, kernel, words::reason_without);
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
    answer: &Answer,
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
            Cause::Unreplaced(accesses) => push(words::unreplaced(accesses.len())),
            Cause::Changed(changed) => push(words::changed(changed)),
        }
    }
    reasons
}

/// What no verdict of this object covers.
fn unchecked(checked: &Checked) -> Vec<ReasonEntry> {
    let object = &checked.object;
    let mut unchecked = Vec::new();
    let mut add = |code: &'static str, text: String| unchecked.push(ReasonEntry { code, text });
    if object.relos.is_empty() && !object.programs.is_empty() {
        add(
            "baked-in-offsets",
            "the object has no CO-RE access; offsets baked into it are not judged".to_owned(),
        );
    }
    if checked.left_out > 0 {
        add("other-types", format!("{} accesses on types that were not asked about", checked.left_out));
    }
    let mut sections: Vec<&str> =
        object.programs.iter().map(|program| program.section_name.as_str()).collect();
    sections.sort_unstable();
    sections.dedup();
    if !sections.is_empty() {
        add("attach-points", format!("whether what the programs attach to exists: {}", sections.join(", ")));
    }
    let symbols: Vec<&str> = object
        .externs
        .iter()
        .filter(|symbol| symbol.kind != ExternKind::Kconfig)
        .map(|symbol| symbol.name.as_str())
        .collect();
    if !symbols.is_empty() {
        add("ksyms", format!("whether kernel symbols and kfuncs exist: {}", symbols.join(", ")));
    }
    if checked.loader == Loader::Cilium {
        add("other-modules", "types of the same name in modules whose BTF is not stored".to_owned());
    }
    add("helpers", "whether the kernel has the helpers, map types and program types".to_owned());
    add("verifier", "whether the verifier accepts the programs' logic".to_owned());
    unchecked
}
