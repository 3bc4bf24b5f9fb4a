//! Where loaders disagree: kernels on which they do so alike are told together, with each loader's verdict, and the accesses
//! that do not come to the same.

use std::io::{self, Write};

use super::index::Index;
use super::kernels::Kernels;
use super::summary::paragraph;
use crate::render::style::{paint, verdict};
use crate::render::text::{clean, count, width, wrap};
use crate::render::words;
use crate::report::Report;
use crate::report::model::{AccessDisagreement, DisagreementEntry};

/// More accesses than these are only counted.
const NAMED_ACCESSES: usize = 4;
/// More lines of kernels than these are shortened.
const LINES_OF_KERNELS: usize = 3;

/// All disagreements of a report.
pub(super) fn disagreements(
    report: &Report,
    index: &Index,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut last = None;
    for entry in &report.disagreements {
        if last != Some(entry.object) {
            let path = report.objects.get(entry.object).map_or("", |object| object.path.as_str());
            paragraph(&format!("loaders disagree about {}:", clean(path)), 0, columns, out)?;
            writeln!(out)?;
            last = Some(entry.object);
        }
        disagreement(entry, index, columns, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn disagreement(
    entry: &DisagreementEntry,
    index: &Index,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names = entry.kernels.iter().map(|kernel| index.short_name(kernel)).collect();
    for line in Kernels::new(names, false).lines(columns.saturating_sub(2), LINES_OF_KERNELS) {
        writeln!(out, "  {line}")?;
    }
    let loader_width = entry.verdicts.iter().map(|by| width(&by.loader)).max().unwrap_or(0);
    let verdict_width = entry.verdicts.iter().map(|by| width(by.verdict)).max().unwrap_or(0);
    let indent = 4 + loader_width + 2 + verdict_width + 2;
    for by in &entry.verdicts {
        let fill = loader_width - width(&by.loader) + 2;
        let word = paint(verdict(by.verdict), by.verdict);
        let why: Vec<String> = by.reasons.iter().map(|reason| clean(&reason.text)).collect();
        let lines = wrap(&why.join("; "), columns.saturating_sub(indent));
        let mut lines = lines.iter().filter(|line| !line.is_empty());
        match lines.next() {
            None => writeln!(out, "    {}{:fill$}{word}", clean(&by.loader), "")?,
            Some(first) => {
                let gap = verdict_width - width(by.verdict) + 2;
                writeln!(out, "    {}{:fill$}{word}{:gap$}{first}", clean(&by.loader), "", "")?;
            }
        }
        lines.try_for_each(|line| writeln!(out, "{:indent$}{line}", ""))?;
    }
    let shown = if entry.accesses.len() > NAMED_ACCESSES { NAMED_ACCESSES - 1 } else { entry.accesses.len() };
    for access in &entry.accesses[..shown] {
        paragraph(&outcomes(entry.object, access, index), 4, columns, out)?;
    }
    match entry.accesses.len() - shown {
        0 => Ok(()),
        more => paragraph(&format!("and {} more", count(more, "access", "accesses")), 4, columns, out),
    }
}

/// `byte_off struct s.a (0:0): libbpf 4, aya poisoned`.
fn outcomes(object: usize, entry: &AccessDisagreement, index: &Index) -> String {
    let asked = index.access(object, entry.access).map(words::access).unwrap_or_default();
    let by = entry.outcomes.iter().map(|by| match by.value {
        Some(value) => format!("{} {value}", by.loader),
        None => format!("{} {}", by.loader, by.outcome),
    });
    format!("{asked}: {}", by.collect::<Vec<_>>().join(", "))
}
