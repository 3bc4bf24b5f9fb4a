//! Phrases that several renderers use.

use std::io::{self, Write};

use super::text::{clean, count, join, wrap};
use crate::report::model::{AccessEntry, ObjectEntry, RequirementEntry, SourceEntry};

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

/// What in an object needs something besides accesses: `(program on_exit, program on_exec)`.
pub(super) fn needed_by(needed: &[&RequirementEntry]) -> String {
    /// More are counted.
    const NAMED: usize = 4;
    let mut names: Vec<String> = Vec::new();
    for of in needed {
        let one = |word: &str, name: &String| format!("{word} {}", clean(name));
        names.extend(of.program.iter().map(|name| one("program", name)));
        names.extend(of.symbol.iter().map(|name| one("extern", name)));
        names.extend(of.map.iter().map(|name| one("map", name)));
        names.extend(of.functions.iter().map(|name| one("function", name)));
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    format!("({})", names.join(", "))
}

/// Where something stands in the source: `probe.bpf.c:34:22`.
pub(super) fn place(source: &SourceEntry) -> String {
    let file = clean(&source.file);
    match source.column {
        0 => format!("{file}:{}", source.line),
        column => format!("{file}:{}:{column}", source.line),
    }
}

/// An object in short: `1 program, 7 accesses, all on struct vfio_group`.
pub(super) fn contents(object: &ObjectEntry) -> String {
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
    format!("{}, {accesses}", count(object.programs.len(), "program", "programs"))
}

/// A name and what is to be said of it, with dots between: on one line, or else the name first and the rest below.
pub(super) fn headline(name: &str, about: &[String], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let about = about.iter().map(String::as_str);
    if let [line] = join(std::iter::once(name).chain(about.clone()), " · ", columns).as_slice() {
        return writeln!(out, "{line}");
    }
    writeln!(out, "{name}")?;
    let room = columns.saturating_sub(2);
    for line in join(about, " · ", room) {
        wrap(&line, room).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    Ok(())
}
