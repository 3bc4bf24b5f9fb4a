//! What helps with what is missing, for people: lines below a source line.

use std::io::{self, Write};

use super::text::{clean, count, wrap};
use crate::report::model::SuggestedEntry;

/// A line `= text` below the snippet, behind so many columns.
pub(super) fn note(text: &str, gutter: usize, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for (number, line) in wrap(text, columns.saturating_sub(gutter + 3)).iter().enumerate() {
        let mark = if number == 0 { '=' } else { ' ' };
        writeln!(out, "{:gutter$} {mark} {line}", "")?;
    }
    Ok(())
}

/// Which kernels first or last had it, and what it may be called.
pub(super) fn history(
    suggested: &SuggestedEntry,
    gutter: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let Some(first) = suggested.history.first() {
        let others = suggested.history.len() - 1;
        let likewise = match others {
            0 => String::new(),
            _ => format!(" (and {})", count(others, "other history", "other histories")),
        };
        note(&format!("history: {}{likewise}", clean(&first.text)), gutter, columns, out)?;
    }
    match &suggested.renamed {
        Some(renamed) => note(&format!("renamed: {}", clean(&renamed.text)), gutter, columns, out),
        None => Ok(()),
    }
}

/// The guard, as C. It is to be copied: its lines are never broken.
pub(super) fn guard(
    suggested: &SuggestedEntry,
    gutter: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(guard) = &suggested.guard else { return Ok(()) };
    note("help: this reads it where it is:", gutter, columns, out)?;
    for line in guard.code.lines() {
        let line = format!("{:gutter$}     {}", "", clean(&line.replace('\t', "    ")));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
