//! What helps with what a log complains of: what a check of the same object against stored kernels suggests.

use super::LogEntry;
use crate::report::Report;
use crate::report::model::FindingEntry;

/// Adds to each access what a report about the object suggests for it: from a finding of the same rule, else from any.
pub fn suggest(entry: &mut LogEntry, report: &Report) {
    let Some(object) = report.objects.iter().position(|object| object.path == entry.object) else { return };
    for cause in &mut entry.causes {
        let Some(access) = &cause.access else { continue };
        let is_about = |finding: &&FindingEntry| {
            finding.object == object && finding.suggested.is_some() && finding.accesses.contains(&access.id)
        };
        let all = || report.findings.iter().filter(is_about);
        let same = all().find(|finding| finding.rule == cause.rule);
        cause.suggested = same.or_else(|| all().next()).and_then(|finding| finding.suggested.clone());
    }
}
