//! What is in the way of whoever gates on a report: by its policy, else whatever fails.

use crate::report::Report;
use crate::report::model::{AccessEntry, BlockedEntry, FindingEntry, ResultEntry};

/// Whether a result is in the way. Where there is a policy the first loader decides.
pub(super) fn is_in_the_way(report: &Report, result: &ResultEntry) -> bool {
    match &report.policy {
        None => result.verdict == "fails",
        Some(policy) => {
            is_first(report, &result.loader)
                && policy.blocked.iter().any(|blocked| {
                    blocked.object == result.object && blocked.kernel.as_ref() == Some(&result.kernel)
                })
        }
    }
}

/// What is in the way of an object as such, on whatever kernel.
pub(super) fn in_the_way_as_such(report: &Report, object: usize) -> Option<&BlockedEntry> {
    let blocked = report.policy.iter().flat_map(|policy| &policy.blocked);
    blocked.into_iter().find(|blocked| blocked.object == object && blocked.kernel.is_none())
}

/// Whether a loader is the one that decides.
pub(super) fn is_first(report: &Report, loader: &str) -> bool {
    report.loaders.first().is_none_or(|first| first.name == loader)
}

/// The kernels on which a finding counts: without those on which it is excused.
pub(super) fn counting(finding: &FindingEntry) -> impl Iterator<Item = &str> {
    let excused = |kernel: &&String| finding.excused.iter().any(|excused| excused.kernels.contains(kernel));
    finding.kernels.iter().filter(move |kernel| !excused(kernel)).map(String::as_str)
}

/// How grave a finding is to a gate: `None` when it is excused wherever it was found, and a note when no kernel that decides is
/// concerned.
pub(super) fn gravity(report: &Report, finding: &FindingEntry) -> Option<&'static str> {
    let is_excused = match finding.kernels.is_empty() {
        true => !finding.excused.is_empty(),
        false => counting(finding).next().is_none(),
    };
    if is_excused {
        return None;
    }
    let is_required = |kernel: &str| {
        report.kernels.iter().any(|known| known.name == kernel && known.standing == Some("required"))
    };
    let decides = report.policy.is_none()
        || is_first(report, &finding.loader)
            && (finding.kernels.is_empty() || counting(finding).any(is_required));
    Some(if decides { finding.level } else { "note" })
}

/// The access that a finding shows.
pub(super) fn access<'r>(report: &'r Report, finding: &FindingEntry) -> Option<&'r AccessEntry> {
    report.objects.get(finding.object)?.accesses.iter().find(|access| Some(access.id) == finding.access)
}

/// An object's path, with the loader's name where several were asked for.
pub(super) fn title(report: &Report, object: usize, loader: &str) -> String {
    let path = report.objects.get(object).map_or("", |object| object.path.as_str());
    match report.loaders.len() {
        0 | 1 => path.to_owned(),
        _ => format!("{path} ({loader})"),
    }
}
