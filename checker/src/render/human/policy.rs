//! What a policy makes of the report: what is wrong with it, and what is in the way.

use std::io::{self, Write};

use super::index::Index;
use super::kernels::Kernels;
use super::summary::paragraph;
use crate::render::style::{level, paint};
use crate::render::text::{clean, count, wrap};
use crate::report::Report;
use crate::report::model::{BlockedEntry, ExcusedEntry, PolicyFinding};

/// More lines of kernels than these are shortened.
const LINES_OF_KERNELS: usize = 3;

/// Writes it, with an empty line after it; nothing where there is no policy.
pub(super) fn write(report: &Report, index: &Index, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(policy) = &report.policy else { return Ok(()) };
    policy.findings.iter().try_for_each(|finding| problem(finding, columns, out))?;
    let name = if policy.file.is_empty() { "the baseline".to_owned() } else { clean(&policy.file) };
    let required = report.kernels.iter().filter(|kernel| kernel.standing == Some("required")).count();
    let required = count(required, "required kernel", "required kernels");
    let passes = if policy.passes { "passes" } else { "does not pass" };
    paragraph(&format!("{name}: {passes} ({required})"), 0, columns, out)?;
    in_the_way(report, &policy.blocked, index, columns, out)?;
    not_stored(report, columns, out)?;
    writeln!(out)
}

/// What is wrong with the policy itself.
fn problem(finding: &PolicyFinding, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let head = format!("{}[{}]", finding.level, finding.rule);
    for (number, line) in wrap(&format!("{head}: {}", clean(&finding.message)), columns.saturating_sub(2))
        .into_iter()
        .enumerate()
    {
        match line.strip_prefix(&head).filter(|_| number == 0) {
            Some(rest) => writeln!(out, "{}{rest}", paint(level(finding.level), &head))?,
            None => writeln!(out, "  {line}")?,
        }
    }
    paragraph(&format!("= help: {}", clean(&finding.help)), 3, columns, out)?;
    writeln!(out)
}

/// Required kernels of a fleet of which nothing is stored, where the policy does not let them pass.
fn not_stored(report: &Report, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let fleet =
        report.inventory.iter().filter(|_| report.policy.as_ref().is_some_and(|policy| !policy.passes));
    let missing = fleet.flat_map(|inventory| &inventory.missing);
    let required = missing.filter(|entry| entry.standing == Some("required"));
    let names: Vec<String> = required.map(|entry| clean(&entry.title())).collect();
    if names.is_empty() {
        return Ok(());
    }
    paragraph("unknown (not stored)", 2, columns, out)?;
    for line in Kernels::new(names.iter().map(String::as_str).collect(), false)
        .lines(columns.saturating_sub(4), LINES_OF_KERNELS)
    {
        writeln!(out, "    {line}")?;
    }
    Ok(())
}

/// What is in the way, that which is so for the same reasons together.
fn in_the_way(
    report: &Report,
    blocked: &[BlockedEntry],
    index: &Index,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut told: Vec<(&BlockedEntry, Vec<&BlockedEntry>)> = Vec::new();
    for entry in blocked {
        let is_alike = |known: &BlockedEntry| {
            (known.object, known.verdict, &known.rules, known.kernel.is_some())
                == (entry.object, entry.verdict, &entry.rules, entry.kernel.is_some())
        };
        match told.iter_mut().find(|(first, _)| is_alike(first)) {
            Some((_, all)) => all.push(entry),
            None => told.push((entry, vec![entry])),
        }
    }
    for (first, all) in told {
        let object = match report.objects.get(first.object).filter(|_| report.objects.len() > 1) {
            Some(object) => format!("{}: ", clean(&object.path)),
            None => String::new(),
        };
        let rules =
            if first.rules.is_empty() { String::new() } else { format!(" ({})", first.rules.join(", ")) };
        let verdict = first.verdict.unwrap_or("the object itself");
        paragraph(&format!("{object}{verdict}{rules}"), 2, columns, out)?;
        let kernels = all.iter().filter_map(|entry| entry.kernel.as_deref());
        let names: Vec<_> = kernels.map(|kernel| index.short_name(kernel)).collect();
        if names.is_empty() {
            continue;
        }
        for line in Kernels::new(names, false).lines(columns.saturating_sub(4), LINES_OF_KERNELS) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// Why a finding does not count on some kernels.
pub(super) fn excused(excused: &ExcusedEntry) -> String {
    let on = match excused.kernels.len() {
        0 => String::new(),
        number => format!(" on {}", count(number, "kernel", "kernels")),
    };
    match (&excused.reason, &excused.expires) {
        (Some(reason), Some(expires)) => format!("waived{on} until {expires}: {}", clean(reason)),
        _ => format!("known{on} from the baseline"),
    }
}
