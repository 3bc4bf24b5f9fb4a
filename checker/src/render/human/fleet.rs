//! Which share of a fleet's machines comes to which verdict, and which of their kernels are not stored.

use std::io::{self, Write};

use super::summary::paragraph;
use crate::render::style::{paint, verdict};
use crate::render::text::{clean, count, grouped, share, wrap};
use crate::report::Report;
use crate::report::model::{InventoryEntry, MissingEntry, ShareEntry};

/// More releases of a verdict are counted.
const NAMED: usize = 4;
/// More releases that are not stored are counted.
const MISSING: usize = 8;
/// Columns that a release takes, more or less.
const ROOM: usize = 24;
/// What stands beside the verdicts.
const NOT_STORED: &str = "not stored";
const IGNORED: &str = "ignored";

/// Writes it, with an empty line after it; nothing where no fleet was asked about.
pub(super) fn write(report: &Report, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(fleet) = &report.inventory else { return Ok(()) };
    let releases = fleet.judged.len() + fleet.ignored.len() + fleet.missing.len();
    let head = format!(
        "{}: {}, {}",
        clean(&fleet.file),
        count_of(fleet.machines, "machine", "machines"),
        count(releases, "kernel", "kernels")
    );
    paragraph(&head, 0, columns, out)?;
    for (number, object) in report.objects.iter().enumerate() {
        for loader in &report.loaders {
            writeln!(out)?;
            let by =
                if report.loaders.len() > 1 { format!(" · {}", clean(&loader.name)) } else { String::new() };
            if report.objects.len() > 1 || report.loaders.len() > 1 {
                paragraph(&format!("{}{by}", clean(&object.path)), 2, columns, out)?;
            }
            let own = |share: &&ShareEntry| share.object == number && share.loader == loader.name;
            rows(fleet, &fleet.shares.iter().filter(own).collect::<Vec<_>>(), columns, out)?;
        }
    }
    writeln!(out)?;
    missing(fleet, columns, out)
}

/// One line for each verdict, and for what has none.
fn rows(
    fleet: &InventoryEntry,
    shares: &[&ShareEntry],
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rows: Vec<(&str, u64, Vec<String>)> =
        shares.iter().map(|share| (share.verdict, share.machines, share.releases.clone())).collect();
    let missing: Vec<&MissingEntry> = by_machines(&fleet.missing);
    if !missing.is_empty() {
        let machines = missing.iter().map(|entry| entry.machines).sum();
        rows.push((NOT_STORED, machines, missing.iter().map(|entry| entry.title()).collect()));
    }
    if !fleet.ignored.is_empty() {
        let machines = fleet.ignored.iter().map(|entry| entry.machines).sum();
        rows.push((IGNORED, machines, fleet.ignored.iter().map(|entry| entry.title()).collect()));
    }
    let word_width = rows.iter().map(|(word, ..)| word.len()).max().unwrap_or(0);
    let number_width = rows.iter().map(|(_, machines, _)| grouped(*machines).len()).max().unwrap_or(0);
    for (word, machines, releases) in &rows {
        let painted = paint(verdict(word), word);
        let fill = word_width - word.len();
        let part = share(*machines, fleet.machines);
        write!(out, "    {painted}{:fill$}  {:>number_width$}  {part:>6}", "", grouped(*machines))?;
        // Where there is no room beside the numbers, names stand below.
        let beside = 4 + word_width + 2 + number_width + 2 + 6 + 2;
        let (indent, is_beside) = if beside + ROOM > columns { (6, false) } else { (beside, true) };
        let named: Vec<String> = releases.iter().take(NAMED).map(|name| clean(name)).collect();
        let more = releases.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let lines = wrap(&format!("{}{more}", named.join(", ")), columns.saturating_sub(indent));
        if !is_beside {
            writeln!(out)?;
        }
        for (number, line) in lines.iter().enumerate() {
            let indent = if number == 0 && is_beside { 2 } else { indent };
            writeln!(out, "{:indent$}{line}", "")?;
        }
    }
    Ok(())
}

/// What is not stored, and how to add it.
fn missing(fleet: &InventoryEntry, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let missing = by_machines(&fleet.missing);
    if missing.is_empty() {
        return Ok(());
    }
    paragraph("not stored, so that nothing is said of them:", 0, columns, out)?;
    for entry in missing.iter().take(MISSING) {
        let near =
            entry.near.as_ref().map(|near| format!("; near it is {}", clean(near))).unwrap_or_default();
        let machines = count_of(entry.machines, "machine", "machines");
        paragraph(&format!("{} ({machines}){near}", clean(&entry.title())), 2, columns, out)?;
        entry.add.split("; ").try_for_each(|command| self::command(command, columns, out))?;
    }
    if let more @ 1.. = missing.len().saturating_sub(MISSING) {
        paragraph(&format!("and {more} more, which --format json lists"), 2, columns, out)?;
    }
    // Whatever distribution it is of.
    if missing.iter().any(|entry| !entry.add.contains("add live")) {
        let text = "or, on a machine that runs one of them: corecheck layouts add live";
        paragraph(text, 2, columns, out)?;
    }
    writeln!(out)
}

fn by_machines(missing: &[MissingEntry]) -> Vec<&MissingEntry> {
    let mut all: Vec<&MissingEntry> = missing.iter().collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.machines));
    all
}

fn count_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A command on one line, or with its lines so broken that a shell takes them for one.
fn command(command: &str, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let indent = 6;
    let lines = wrap(&clean(command), columns.saturating_sub(indent + 2));
    for (number, line) in lines.iter().enumerate() {
        let (further, goes_on) =
            (if number > 0 { 4 } else { 0 }, if number + 1 < lines.len() { " \\" } else { "" });
        writeln!(out, "{:1$}{line}{goes_on}", "", indent + further)?;
    }
    Ok(())
}
