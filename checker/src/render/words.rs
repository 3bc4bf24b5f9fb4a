//! Phrases that several renderers use.

use std::io::{self, Write};

use super::text::{clean, count, join, wrap};
use crate::report::model::{AccessEntry, ObjectEntry, SourceEntry};

/// What an access asks, in libbpf's words: `byte_off struct vfio_group.minor (0:1)`.
pub(super) fn access(access: &AccessEntry) -> String {
    format!("{} {}", access.kind, asked(access))
}

/// What an access is about, in libbpf's words: `struct vfio_group.minor (0:1)`.
pub(super) fn asked(access: &AccessEntry) -> String {
    let (root, path) = (clean(&access.type_name), clean(&access.path));
    if path.is_empty() {
        return root;
    }
    let dot = match access.kind {
        kind if kind.starts_with("enumval") => "::",
        _ if path.starts_with('[') => "",
        _ => ".",
    };
    format!("{root}{dot}{path} ({})", clean(&access.spec))
}

/// A type's name as kernels know it: without what follows three underscores.
pub(super) fn essential(type_name: &str) -> String {
    match type_name.split_once("___") {
        Some((name, _)) if !name.is_empty() && !name.ends_with(' ') => clean(name),
        _ => clean(type_name),
    }
}

/// Where an access is in the code: `(read_group, insn 21)`.
pub(super) fn code(access: &AccessEntry) -> String {
    let function = if access.function.is_empty() { &access.section } else { &access.function };
    format!("({}, insn {})", clean(function), access.insn)
}

/// Where something stands in the source: `probe.bpf.c:34:22`.
pub(super) fn place(source: &SourceEntry) -> String {
    let file = clean(&source.file);
    match source.column {
        0 => format!("{file}:{}", source.line),
        column => format!("{file}:{}:{column}", source.line),
    }
}

/// An object in short: `1 program`, `7 accesses, all on struct vfio_group`.
pub(super) fn contents(object: &ObjectEntry) -> Vec<String> {
    let mut accesses = count(object.accesses.len(), "access", "accesses");
    let mut roots: Vec<String> = object.accesses.iter().map(|access| essential(&access.type_name)).collect();
    roots.sort_unstable();
    roots.dedup();
    match (roots.as_slice(), object.accesses.len()) {
        ([], _) => accesses = "no CO-RE access".to_owned(),
        ([root], 1) => accesses = format!("{accesses}, on {root}"),
        ([root], _) => accesses = format!("{accesses}, all on {root}"),
        (several, _) => accesses = format!("{accesses} on {} types", several.len()),
    }
    vec![format!("{}, {accesses}", count(object.programs.len(), "program", "programs"))]
}

/// The parts of a headline with dots between, broken at the dots where they do not fit on one line.
pub(super) fn headline(parts: &[String], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let lines = join(parts.iter().map(String::as_str), " · ", columns);
    let [first, ..] = lines.as_slice() else { return Ok(()) };
    writeln!(out, "{first}")?;
    // What follows is indented, so it is broken anew.
    let taken = if lines.len() == 1 { parts.len() } else { first.split(" · ").count() };
    let room = columns.saturating_sub(2);
    for line in join(parts.iter().skip(taken).map(String::as_str), " · ", room) {
        for line in wrap(&line, room).iter().filter(|line| !line.is_empty()) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
