//! What comes of the question.

use std::fmt;

use crate::render::human::{self, HumanOptions};
use crate::report::Report;
use crate::report::model::{BlockedEntry, FindingEntry};

/// Columns of what is shown.
const WIDTH: usize = 100;
/// More kernels than these are counted, not named.
const NAMED: usize = 4;

/// Whether the objects load on the kernels that count; if not, where and why.
///
/// Shown (`{answer}`), it is what `corecheck check` prints about causes, with source lines and what helps, without colour; shown
/// with `{answer:#}`, the table of kernels stands before.
#[derive(Debug, Clone)]
pub struct Answer {
    report: Report,
}

impl Answer {
    pub(super) fn new(report: Report) -> Self {
        Self { report }
    }

    /// Whether every object is fine on every required kernel.
    pub fn passes(&self) -> bool {
        self.blocked().is_empty()
    }

    /// What is in the way, a line for each cause: place in the source, what is wrong, the rule, and on which required kernels. Empty if
    /// it passes.
    pub fn complaints(&self) -> Vec<String> {
        let first = self.report.loaders.first().map(|loader| loader.name.as_str());
        let findings = self.report.findings.iter().filter(|finding| Some(finding.loader.as_str()) == first);
        let mut lines: Vec<String> = findings.filter_map(|finding| self.complaint(finding)).collect();
        // A verdict for which no rule has a finding.
        for (number, object) in self.report.objects.iter().enumerate() {
            for verdict in ["fails", "unknown", "risky"] {
                let is_of = |entry: &&BlockedEntry| {
                    entry.object == number && entry.rules.is_empty() && entry.verdict == Some(verdict)
                };
                let kernels: Vec<&str> =
                    self.blocked().iter().filter(is_of).filter_map(|entry| entry.kernel.as_deref()).collect();
                if !kernels.is_empty() {
                    lines.push(format!("{}: {verdict}, on {}", object.path, named(&kernels)));
                }
            }
        }
        lines
    }

    /// The required kernels, by full name, on which some object does not pass, each once.
    pub fn kernels_in_the_way(&self) -> Vec<&str> {
        let is_in_the_way =
            |name: &&str| self.blocked().iter().any(|entry| entry.kernel.as_deref() == Some(*name));
        self.report.kernels.iter().map(|kernel| kernel.name.as_str()).filter(is_in_the_way).collect()
    }

    /// All that was found out, for [`crate::render`] or for rules of one's own.
    pub fn report(&self) -> &Report {
        &self.report
    }

    fn blocked(&self) -> &[BlockedEntry] {
        self.report.policy.as_ref().map_or(&[], |policy| &policy.blocked)
    }

    /// A finding in a line, if it is in the way.
    fn complaint(&self, finding: &FindingEntry) -> Option<String> {
        let is_of = |entry: &&BlockedEntry| {
            let is_there = match &entry.kernel {
                Some(kernel) => finding.kernels.contains(kernel),
                None => finding.kernels.is_empty(),
            };
            entry.object == finding.object && entry.rules.contains(&finding.rule) && is_there
        };
        let entries: Vec<&BlockedEntry> = self.blocked().iter().filter(is_of).collect();
        if entries.is_empty() {
            return None;
        }
        let object = self.report.objects.get(finding.object)?;
        let access = finding.access.and_then(|access| object.accesses.iter().find(|of| of.id == access));
        let place = match access.and_then(|access| access.source.as_ref()) {
            Some(source) => format!("{}:{}", source.file, source.line),
            None => object.path.clone(),
        };
        let kernels: Vec<&str> = entries.iter().filter_map(|entry| entry.kernel.as_deref()).collect();
        let on = if kernels.is_empty() { String::new() } else { format!(", on {}", named(&kernels)) };
        // A message may have several lines; a complaint has one.
        let message = finding.message.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(format!("{place}: {message} ({}){on}", finding.rule))
    }
}

/// Some kernels in words.
fn named(kernels: &[&str]) -> String {
    let shown = kernels.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match kernels.len().checked_sub(NAMED) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = anstream::StripStream::new(Vec::new());
        human::render(&self.report, &HumanOptions { width: WIDTH, quiet: !f.alternate() }, &mut text)
            .map_err(|_| fmt::Error)?;
        f.write_str(String::from_utf8_lossy(&text.into_inner()).trim_end())
    }
}
