//! The fewest kernels that give every distinct answer: one a line, with those that it stands for.

use std::io::{self, Write};

use super::HumanOptions;
use super::index::Index;
use super::kernels::Kernels;
use super::summary::paragraph;
use crate::render::text::{clean, count};
use crate::report::Report;
use crate::report::model::RepresentativeEntry;

/// More lines of kernels than these are shortened.
const LINES_OF_KERNELS: usize = 3;

/// Writes the list; only the names when `quiet`.
pub(super) fn write(
    report: &Report,
    representatives: &[RepresentativeEntry],
    options: &HumanOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = options.width.max(20);
    let index = Index::new(report);
    for entry in representatives {
        writeln!(out, "{}", clean(&entry.kernel))?;
        if options.quiet {
            continue;
        }
        let others: Vec<_> = entry
            .kernels
            .iter()
            .filter(|kernel| **kernel != entry.kernel)
            .map(|kernel| index.short_name(kernel))
            .collect();
        if others.is_empty() {
            continue;
        }
        for line in Kernels::new(others, false).lines(columns.saturating_sub(4), LINES_OF_KERNELS) {
            writeln!(out, "    {line}")?;
        }
    }
    if options.quiet {
        return Ok(());
    }
    writeln!(out)?;
    let text = format!(
        "{} of {} give every distinct answer ({})",
        count(representatives.len(), "kernel", "kernels"),
        report.kernels.len(),
        count(report.answers.len(), "answer", "answers"),
    );
    paragraph(&text, 0, columns, out)
}
