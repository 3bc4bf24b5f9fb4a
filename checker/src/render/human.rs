//! The report for people: a table of verdicts that fits the terminal, then each cause once at its source line with
//! what to do, and one last line that sums up.

mod finding;
mod fleet;
mod index;
mod kernels;
mod loaders;
mod policy;
mod representatives;
mod summary;
mod table;
mod why;

use std::io::{self, Write};

use super::text;
use crate::report::Report;
use crate::report::model::{AccessEntry, FindingEntry, ObjectEntry, ResultEntry};
use index::Index;

/// How the report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HumanOptions {
    /// Columns of the terminal. Lines are longer only where a single word is.
    pub width: usize,
    /// Leaves only the causes and the last lines: no headlines, no tables.
    pub quiet: bool,
}

impl Default for HumanOptions {
    fn default() -> Self {
        Self { width: 80, quiet: false }
    }
}

/// What the report says of one object under one loader's rules.
struct Section<'a> {
    index: &'a Index<'a>,
    /// Index of the object.
    number: usize,
    object: &'a ObjectEntry,
    loader: &'a str,
    /// The same for people.
    title: &'a str,
    /// One per kernel, in the report's order.
    results: Vec<&'a ResultEntry>,
    findings: Vec<&'a FindingEntry>,
    /// How many more findings are word for word those of the first loader, and with which that is.
    shared: (usize, &'a str),
}

/// Renders a report, with escape codes for colours: a caller that writes to no terminal strips them.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn render(report: &Report, options: &HumanOptions, out: &mut dyn Write) -> io::Result<()> {
    let index = Index::new(report);
    if let Some(representatives) = &report.representatives {
        return representatives::write(report, representatives, options, out);
    }
    let sections = sections(report, &index);
    let columns = options.width.max(20);
    // Said once when it holds for all, else below what it holds for.
    let advice_on_all = summary::advice(&report.results.iter().collect::<Vec<_>>(), &index);
    let mut is_qualified = false;
    for section in &sections {
        if !options.quiet {
            summary::headline(section, columns, out)?;
            writeln!(out)?;
            table::write(section, columns, out)?;
            summary::brought_along(section, 2, columns, out)?;
            summary::modules_readable(section, 2, columns, out)?;
            if !is_qualified && section.has_good_verdict() {
                writeln!(out)?;
                summary::what_ok_means(report, 2, columns, out)?;
                is_qualified = true;
            }
            writeln!(out)?;
        }
        for block in finding::blocks(section) {
            block.write(section, columns, out)?;
            writeln!(out)?;
        }
        if let (more @ 1.., first) = section.shared {
            let causes = text::count(more, "cause is", "causes are");
            summary::paragraph(&format!("{causes} the same as with {first}"), 0, columns, out)?;
            writeln!(out)?;
        }
        if advice_on_all.is_none()
            && let Some(advice) = summary::advice(&section.results, &index)
        {
            summary::paragraph(&advice, 0, columns, out)?;
            writeln!(out)?;
        }
        if sections.len() > 1 && !options.quiet {
            summary::counts_of(section, out)?;
            writeln!(out)?;
        }
    }
    loaders::disagreements(report, &index, columns, out)?;
    if !is_qualified && sections.iter().any(Section::has_good_verdict) {
        summary::what_ok_means(report, 0, columns, out)?;
        writeln!(out)?;
    }
    summary::left_out(report, columns, out)?;
    if let Some(advice) = advice_on_all {
        summary::paragraph(&advice, 0, columns, out)?;
        writeln!(out)?;
    }
    if sections.len() > 1 && options.quiet {
        for section in &sections {
            summary::counts_of(section, out)?;
        }
    }
    fleet::write(report, columns, out)?;
    policy::write(report, &index, columns, out)?;
    summary::part(report, columns, out)?;
    summary::last_line(report, out)
}

/// Objects in their order, each under every loader that judged it.
fn sections<'a>(report: &'a Report, index: &'a Index<'a>) -> Vec<Section<'a>> {
    let mut sections = Vec::new();
    for (number, object) in report.objects.iter().enumerate() {
        let mut loaders: Vec<&str> = Vec::new();
        let judged =
            report.results.iter().filter(|result| result.object == number).map(|r| r.loader.as_str());
        let found =
            report.findings.iter().filter(|finding| finding.object == number).map(|f| f.loader.as_str());
        for loader in judged.chain(found) {
            if !loaders.contains(&loader) {
                loaders.push(loader);
            }
        }
        let first = loaders.first().copied().unwrap_or_default();
        for loader in loaders {
            let is_own = |object: usize, by: &str| object == number && by == loader;
            let mut findings: Vec<&FindingEntry> =
                report.findings.iter().filter(|f| is_own(f.object, &f.loader)).collect();
            let all = findings.len();
            if loader != first {
                let of_first = || report.findings.iter().filter(|f| f.object == number && f.loader == first);
                findings.retain(|own| !of_first().any(|other| is_same(own, other)));
            }
            sections.push(Section {
                index,
                number,
                object,
                loader,
                title: report
                    .loaders
                    .iter()
                    .find(|entry| entry.name == loader)
                    .map_or(loader, |entry| &entry.title),
                results: report.results.iter().filter(|r| is_own(r.object, &r.loader)).collect(),
                shared: (all - findings.len(), first),
                findings,
            });
        }
    }
    sections
}

/// Whether two loaders stumble over the same on the same kernels.
fn is_same(one: &FindingEntry, other: &FindingEntry) -> bool {
    one.rule == other.rule
        && one.level == other.level
        && one.message == other.message
        && one.accesses == other.accesses
        && one.kernels == other.kernels
        && one.details == other.details
}

impl<'a> Section<'a> {
    /// The object's access of that number.
    fn access(&self, id: usize) -> Option<&'a AccessEntry> {
        self.index.access(self.number, id)
    }

    /// Whether a verdict says that the object loads.
    fn has_good_verdict(&self) -> bool {
        self.results.iter().any(|result| matches!(result.verdict, "ok" | "degraded" | "risky"))
    }
}
