//! Why a verdict is what it is, as short as a table needs it. The causes below the table say more.

use super::Section;
use crate::render::text::{clean, count};
use crate::render::words;
use crate::report::model::{
    AccessEntry, AnswerEntry, ConditionEntry, ProgramResult, ReasonEntry, ResultEntry, WithoutEntry,
};

/// How many programs are named before the rest is counted.
const NAMED_PROGRAMS: usize = 3;

/// The paragraphs of the table's last column.
pub(super) fn why(section: &Section, result: &ResultEntry) -> Vec<String> {
    let mut parts = Vec::new();
    if result.verdict != "ok" {
        parts.extend(reasons(section, result));
    }
    // What fails does so whatever its conditions are.
    if result.verdict != "fails" {
        parts.extend(result.conditions.iter().flat_map(condition));
    }
    parts
}

/// One reason is told; of several the failing accesses are counted.
fn reasons(section: &Section, result: &ResultEntry) -> Vec<String> {
    let of_object = |reason: &&ReasonEntry| matches!(reason.code, "object-refused" | "byte-order");
    let refusals: Vec<String> = result.reasons.iter().filter(of_object).map(|r| clean(&r.text)).collect();
    if !refusals.is_empty() {
        return refusals;
    }
    let answer = section.index.answer(result.answer);
    if let [only] = result.reasons.as_slice() {
        let types = answer.map(|answer| types(section, answer, only)).unwrap_or_default();
        return vec![format!("{types}{}", clean(&only.text))];
    }
    let Some(answer) = answer else { return Vec::new() };
    let stopped = answer.outcomes.iter().filter(|outcome| match outcome.outcome {
        "error" | "poisoned" => true,
        "unknown" => result.verdict == "unknown",
        _ => false,
    });
    let stopped = stopped.count();
    if stopped == 0 {
        return result.reasons.iter().map(|reason| clean(&reason.text)).collect();
    }
    // The codes as words: the causes below the table are found by them.
    let mut kinds: Vec<String> = Vec::new();
    for reason in &result.reasons {
        let kind = reason.code.replace('-', " ").replace("btf", "BTF");
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let accesses = count(answer.outcomes.len(), "access", "accesses");
    vec![format!("{stopped} of {accesses}: {}", kinds.join(", "))]
}

/// The types that a reason about types is about, unless the object has but one: `struct request: `.
fn types(section: &Section, answer: &AnswerEntry, reason: &ReasonEntry) -> String {
    let is_about_type =
        reason.code.starts_with("type-") || reason.code.starts_with("module") || reason.code == "broken-btf";
    if !is_about_type || reason.code == "type-changed" {
        return String::new();
    }
    let accesses = &section.object.accesses;
    let root = |access: &AccessEntry| words::essential(&access.type_name);
    if accesses.windows(2).all(|pair| root(&pair[0]) == root(&pair[1])) {
        return String::new();
    }
    let mut types: Vec<String> = Vec::new();
    for outcome in answer.outcomes.iter().filter(|outcome| outcome.reason.as_ref() == Some(reason)) {
        types.extend(section.access(outcome.access).map(root).filter(|root| !types.contains(root)));
    }
    match types.as_slice() {
        [] => String::new(),
        [only] => format!("{only}: "),
        [one, other] => format!("{one}, {other}: "),
        [first, rest @ ..] => format!("{first} and {} more types: ", rest.len()),
    }
}

/// A condition in few words, and what is without it. What all conditions about modules need is said below the table.
fn condition(condition: &ConditionEntry) -> Vec<String> {
    let mut told = match condition.code {
        "btf-brought-along" => vec!["BTF must be brought along".to_owned()],
        "modules-readable" => return Vec::new(),
        _ => vec![format!("if {}", clean(&condition.text))],
    };
    told.extend(condition.without.as_ref().map(without));
    told
}

/// `without it: fails to load: struct vfio_group is not in vmlinux`.
fn without(without: &WithoutEntry) -> String {
    let verdict = match without.verdict {
        "ok" => return "without it: ok, too".to_owned(),
        "fails" => "fails to load",
        verdict => verdict,
    };
    match without.reasons.as_slice() {
        [] => format!("without it: {verdict}"),
        [only] => format!("without it: {verdict}: {}", clean(&only.text)),
        [first, rest @ ..] => {
            let more = count(rest.len(), "more reason", "more reasons");
            format!("without it: {verdict}: {} and {more}", clean(&first.text))
        }
    }
}

/// The programs' own verdicts, where not all are the object's.
pub(super) fn programs(result: &ResultEntry) -> Option<String> {
    let loaded: Vec<&ProgramResult> = result.programs.iter().filter(|p| p.verdict != "skipped").collect();
    if loaded.len() < 2 || loaded.iter().all(|program| program.verdict == result.verdict) {
        return None;
    }
    let told: Vec<String> = ["fails", "unknown", "risky", "degraded", "ok"]
        .into_iter()
        .filter_map(|verdict| {
            let names = loaded.iter().filter(|program| program.verdict == verdict);
            let names: Vec<String> = names.map(|program| clean(&program.name)).collect();
            (!names.is_empty()).then(|| format!("{} {verdict}", listed(&names)))
        })
        .collect();
    Some(format!("programs: {}", told.join("; ")))
}

/// Which programs of alternatives are loaded.
pub(super) fn chosen(result: &ResultEntry) -> Option<String> {
    let names: Vec<String> = result.chosen.iter().map(|name| clean(name)).collect();
    (!names.is_empty()).then(|| format!("loaded of alternatives: {}", listed(&names)))
}

/// `a, b, c`, `a, b and 7 more`.
fn listed(names: &[String]) -> String {
    if names.len() <= NAMED_PROGRAMS {
        return names.join(", ");
    }
    let (shown, rest) = names.split_at(NAMED_PROGRAMS - 1);
    format!("{} and {} more", shown.join(", "), rest.len())
}
