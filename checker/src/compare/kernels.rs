//! Which kernels are lost or gained, and why.

use std::collections::BTreeSet;

use super::model::{CauseEntry, VerdictEntry};
use crate::report::Report;
use crate::report::model::{FindingEntry, ResultEntry};

/// What is in the way of whoever gates on a report.
pub(super) struct Gate<'r> {
    pub(super) report: &'r Report,
    /// Whether unknown and risky kernels are, too; a policy that was applied knows of it.
    pub(super) strict: bool,
}

impl Gate<'_> {
    pub(super) fn is_first(&self, loader: &str) -> bool {
        self.report.loaders.first().is_none_or(|first| first.name == loader)
    }

    /// Whether a result is in the way; the first loader decides.
    fn blocks(&self, result: &ResultEntry) -> bool {
        if !self.is_first(&result.loader) {
            return false;
        }
        match &self.report.policy {
            Some(policy) => policy
                .blocked
                .iter()
                .any(|of| of.object == result.object && of.kernel.as_ref() == Some(&result.kernel)),
            None => match result.verdict {
                "fails" => true,
                "unknown" | "risky" => self.strict,
                _ => false,
            },
        }
    }

    /// Rules of errors about the new object itself that are no errors of the old one.
    pub(super) fn newly_blocked_as_such(&self, old: Option<usize>, new: usize) -> Vec<&'static str> {
        let of = |object: usize| -> BTreeSet<&'static str> {
            let blocked = self.report.policy.iter().flat_map(|policy| &policy.blocked);
            let own = blocked.filter(|of| of.object == object && of.kernel.is_none());
            own.flat_map(|of| of.rules.iter().copied()).collect()
        };
        let before = old.map(of).unwrap_or_default();
        of(new).difference(&before).copied().collect()
    }
}

/// Kernels with another verdict than before: what changed in the same way for the same causes together, the lost ones first.
pub(super) fn verdicts(gate: &Gate, old: Option<usize>, new: Option<usize>) -> Vec<VerdictEntry> {
    let Some(new) = new else { return Vec::new() };
    let mut all: Vec<VerdictEntry> = Vec::new();
    for now in gate.report.results.iter().filter(|result| result.object == new) {
        let is_same =
            |of: &&ResultEntry| Some(of.object) == old && of.loader == now.loader && of.kernel == now.kernel;
        let before = gate.report.results.iter().find(is_same);
        let decides = gate.blocks(now) && !before.is_some_and(|before| gate.blocks(before));
        let was = before.map(|before| before.verdict);
        let Some(change) = change(was, now.verdict, decides) else { continue };
        let (of, other) = match (change, old) {
            ("gained" | "better", Some(old)) => (old, Some(new)),
            _ => (new, old),
        };
        let causes = causes(gate.report, of, other, now);
        let is_alike = |of: &&mut VerdictEntry| {
            (of.change, of.was, of.is, of.decides) == (change, was, now.verdict, decides)
                && of.loader == now.loader
                && of.causes == causes
        };
        match all.iter_mut().find(is_alike) {
            Some(known) => known.kernels.push(now.kernel.clone()),
            None => all.push(VerdictEntry {
                change,
                loader: now.loader.clone(),
                was,
                is: now.verdict,
                decides,
                kernels: vec![now.kernel.clone()],
                causes,
            }),
        }
    }
    let order = |of: &VerdictEntry| {
        let place =
            ["lost", "unclear", "worse", "gained", "better"].iter().position(|known| *known == of.change);
        (!gate.is_first(&of.loader), !of.decides, place)
    };
    // Stable: within these by loader and kernel.
    all.sort_by_key(order);
    all
}

/// What became of a verdict; `None` when it is the same and not in the way for another reason.
fn change(was: Option<&str>, is: &str, decides: bool) -> Option<&'static str> {
    let rank =
        |verdict: &str| ["ok", "degraded", "risky", "unknown", "fails"].iter().position(|of| *of == verdict);
    match (was, is) {
        (None, "fails") => Some("lost"),
        (None, _) => decides.then_some("worse"),
        (Some(was), is) if was == is => decides.then_some("worse"),
        (Some(_), "fails") => Some("lost"),
        (Some(_), "unknown") => Some("unclear"),
        (Some("fails"), _) => Some("gained"),
        (Some(was), is) => Some(if rank(was) < rank(is) { "worse" } else { "better" }),
    }
}

/// The findings of an object on a kernel that another object does not have there.
fn causes(report: &Report, of: usize, other: Option<usize>, at: &ResultEntry) -> Vec<CauseEntry> {
    let on = |object: usize| {
        report.findings.iter().filter(move |finding| {
            finding.object == object && finding.loader == at.loader && finding.kernels.contains(&at.kernel)
        })
    };
    let known: BTreeSet<(&str, Vec<String>)> = match other {
        Some(other) => on(other).map(|finding| (finding.rule, subjects(report, finding))).collect(),
        None => BTreeSet::new(),
    };
    let mut own: Vec<&FindingEntry> =
        on(of).filter(|finding| !known.contains(&(finding.rule, subjects(report, finding)))).collect();
    // A verdict that is not fine has a graver cause than a note.
    if own.iter().any(|finding| finding.level != "note") {
        own.retain(|finding| finding.level != "note");
    }
    own.into_iter().map(|finding| cause(report, finding)).collect()
}

fn cause(report: &Report, finding: &FindingEntry) -> CauseEntry {
    let accesses = report.objects.get(finding.object).map(|object| object.accesses.as_slice());
    let shown = accesses.unwrap_or_default().iter().find(|access| Some(access.id) == finding.access);
    CauseEntry {
        rule: finding.rule,
        level: finding.level,
        message: finding.message.clone(),
        help: finding.help.clone(),
        access: shown.map(|access| access.key.clone()),
        function: shown.map(|access| access.function.clone()).filter(|name| !name.is_empty()),
        source: shown.and_then(|access| access.source.clone()),
    }
}

/// What a finding is about, without the functions that ask it: code moves.
fn subjects(report: &Report, finding: &FindingEntry) -> Vec<String> {
    let Some(object) = report.objects.get(finding.object) else { return Vec::new() };
    let accesses = finding.accesses.iter().filter_map(|&id| object.accesses.iter().find(|of| of.id == id));
    let needs = finding.requirements.iter().filter_map(|&id| object.requirements.get(id));
    let mut all: Vec<String> = accesses
        .map(|access| format!("{} {} {}", access.kind, access.type_name, access.path))
        .chain(needs.map(|need| format!("{}:{}", need.kind, need.name)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
