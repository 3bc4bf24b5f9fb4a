//! Why a verdict is what it is, as short as a table needs it. The causes below the table say more.

use super::Section;
use crate::render::text::{clean, count};
use crate::report::model::{ProgramResult, ReasonEntry, ResultEntry};

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
        parts.extend(result.conditions.iter().map(condition));
    }
    parts.extend(programs(result));
    parts
}

/// One reason is told; of several the failing accesses are counted.
fn reasons(section: &Section, result: &ResultEntry) -> Vec<String> {
    let of_object = |reason: &&ReasonEntry| matches!(reason.code, "object-refused" | "byte-order");
    let refusals: Vec<String> = result.reasons.iter().filter(of_object).map(|r| clean(&r.text)).collect();
    if !refusals.is_empty() {
        return refusals;
    }
    if let [only] = result.reasons.as_slice() {
        return vec![clean(&only.text)];
    }
    let Some(answer) = section.index.answer(result.answer) else { return Vec::new() };
    let stopped = answer.outcomes.iter().filter(|outcome| match outcome.outcome {
        "error" | "poisoned" => true,
        "unknown" => result.verdict == "unknown",
        _ => false,
    });
    let stopped = stopped.count();
    if stopped == 0 {
        return result.reasons.iter().map(|reason| clean(&reason.text)).collect();
    }
    vec![format!("{stopped} of {}", count(answer.outcomes.len(), "access", "accesses"))]
}

/// A condition in few words.
fn condition(condition: &ReasonEntry) -> String {
    match condition.code {
        "btf-brought-along" => "BTF must be brought along".to_owned(),
        _ => format!("if {}", clean(&condition.text)),
    }
}

/// The programs' own verdicts, where not all are the object's.
fn programs(result: &ResultEntry) -> Option<String> {
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
    Some(format!("programs: {}", told.join(", ")))
}

/// `a b c`, `a b and 7 more`.
fn listed(names: &[String]) -> String {
    if names.len() <= NAMED_PROGRAMS {
        return names.join(" ");
    }
    let (shown, rest) = names.split_at(NAMED_PROGRAMS - 1);
    format!("{} and {} more", shown.join(" "), rest.len())
}
