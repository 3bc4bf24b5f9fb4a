//! What a log says went wrong, for people: the line, what of the object it means, and what to do.

use std::io::{self, Write};

use super::style::{level, paint};
use super::suggested::{guard, history, note};
use super::text::{clean, wrap};
use super::{snippet, words};
use crate::log::{Cause, LogEntry};
use crate::rules;

/// Writes it, with escape codes for colours.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(entry: &LogEntry, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for cause in &entry.causes {
        one(cause, columns.max(20), out)?;
        writeln!(out)?;
    }
    let number = super::text::count(entry.causes.len(), "cause", "causes");
    let concern = if entry.causes.len() == 1 { "concerns" } else { "concern" };
    writeln!(out, "{number} in the log that {concern} {}", clean(&entry.object))
}

fn one(cause: &Cause, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let word = rules::find(cause.rule).map_or("error", |rule| rule.level.word());
    let head = format!("{word}[{}]", cause.rule);
    for (at, line) in wrap(&format!("{head}: {}", clean(&cause.message)), columns - 2).into_iter().enumerate()
    {
        match line.strip_prefix(&head).filter(|_| at == 0) {
            Some(rest) => writeln!(out, "{}{rest}", paint(level(word), &head))?,
            None => writeln!(out, "  {line}")?,
        }
    }
    let source = cause.access.as_ref().and_then(|access| access.source.as_ref());
    let gutter = source.map_or(1, snippet::gutter).max(2);
    if let Some(access) = &cause.access {
        let place = source.map(|source| format!("{} ", words::place(source))).unwrap_or_default();
        writeln!(out, "{:gutter$}--> {place}{}", "", words::code(access))?;
        if let Some(source) = source {
            snippet::write(source, gutter, columns, out)?;
        }
        note(&words::access(access), gutter, columns, out)?;
    }
    if let Some(need) = &cause.requirement {
        note(&format!("needed by {}", words::needed_by(&[need])), gutter, columns, out)?;
    } else if let Some(program) = &cause.program {
        note(&format!("program {}", clean(program)), gutter, columns, out)?;
    }
    note(
        &format!("line {} of the log ({}): {}", cause.line, cause.speaker, clean(&cause.text)),
        gutter,
        columns,
        out,
    )?;
    if let Some(suggested) = &cause.suggested {
        history(suggested, gutter, columns, out)?;
    }
    note(&format!("help: {}", clean(&cause.help)), gutter, columns, out)?;
    if let Some(suggested) = &cause.suggested {
        guard(suggested, gutter, columns, out)?;
    }
    note(&format!("corecheck explain {}", cause.rule), gutter, columns, out)
}
