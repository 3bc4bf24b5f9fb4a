//! What objects ask of a kernel, for people: every access below the source line that makes it, function by function.

use std::io::{self, Write};

use super::text::{clean, fill, width, wrap};
use super::{snippet, words};
use crate::report::model::{AccessEntry, ObjectEntry, SourceEntry};

/// Columns left of what belongs to a function.
const INDENT: usize = 2;

/// Renders the accesses of objects.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn render(objects: &[ObjectEntry], width: usize, out: &mut dyn Write) -> io::Result<()> {
    for (number, object) in objects.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        words::headline(&clean(&object.path), &[words::contents(object)], width, out)?;
        let is_together =
            |a: &AccessEntry, b: &AccessEntry| a.function == b.function && a.section == b.section;
        for function in object.accesses.chunk_by(is_together) {
            write_function(object, function, width, out)?;
        }
    }
    Ok(())
}

/// A function's accesses: first its name, then line by line.
fn write_function(
    object: &ObjectEntry,
    accesses: &[AccessEntry],
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(first) = accesses.first() else { return Ok(()) };
    writeln!(out)?;
    let name = if first.function.is_empty() { "(no function)".to_owned() } else { clean(&first.function) };
    let program = object.programs.iter().find(|program| program.name == first.function);
    let what = match program {
        Some(program) if program.autoload => format!("program in {}", clean(&first.section)),
        Some(_) => format!("program in {}, not loaded automatically", clean(&first.section)),
        None => format!("in {}", clean(&first.section)),
    };
    writeln!(out, "{name} · {what}")?;
    let table = Table::new(accesses);
    let mut file = None;
    for line in accesses.chunk_by(|a, b| same_line(a.source.as_ref(), b.source.as_ref())) {
        if let Some(source) = line.first().and_then(|access| access.source.as_ref()) {
            if file != Some(&source.file) {
                writeln!(out, "  {}", clean(&source.file))?;
                file = Some(&source.file);
            }
            let text = wrap(&clean(&source.text), columns.saturating_sub(INDENT + table.line + 3));
            for (number, text) in text.iter().filter(|text| !text.is_empty()).enumerate() {
                let line = if number == 0 { source.line.to_string() } else { String::new() };
                writeln!(out, "{:INDENT$}{line:>width$} | {text}", "", width = table.line)?;
            }
        }
        for access in line {
            table.write(access, columns, out)?;
        }
    }
    Ok(())
}

fn same_line(a: Option<&SourceEntry>, b: Option<&SourceEntry>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.file == b.file && a.line == b.line && a.text == b.text,
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Widths of the columns of a function's accesses.
struct Table {
    line: usize,
    id: usize,
    insn: usize,
    kind: usize,
}

impl Table {
    fn new(accesses: &[AccessEntry]) -> Self {
        let widest = |of: fn(&AccessEntry) -> usize| accesses.iter().map(of).max().unwrap_or(0);
        Self {
            line: widest(|access| access.source.as_ref().map_or(0, snippet::gutter)),
            id: widest(|access| access.id.to_string().len()),
            insn: widest(|access| access.insn.to_string().len()),
            kind: widest(|access| access.kind.len()),
        }
    }

    /// `0  insn 12  byte_off  struct vfio_group.minor (0:1) = 4`.
    fn write(&self, access: &AccessEntry, columns: usize, out: &mut dyn Write) -> io::Result<()> {
        let head = format!(
            "{:INDENT$}{:line$}   {:>id$}  insn {:>insn$}  {:kind$}  ",
            "",
            "",
            access.id,
            access.insn,
            access.kind,
            line = self.line,
            id = self.id,
            insn = self.insn,
            kind = self.kind
        );
        let value = match access.local_value {
            Some(value) => format!("= {value}"),
            None => "(broken)".to_owned(),
        };
        let what = words::asked(access);
        let indent = width(&head);
        let words = what.split(' ').chain([value.as_str()]);
        for (number, line) in fill(words, columns.saturating_sub(indent)).iter().enumerate() {
            if number == 0 {
                writeln!(out, "{head}{line}")?;
            } else {
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
        Ok(())
    }
}
