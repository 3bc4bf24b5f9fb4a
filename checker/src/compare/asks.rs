//! What an object asks of kernels, so that two builds can be told apart: functions and lines may change, what is asked is the same.

use std::collections::BTreeMap;

use super::model::AskEntry;
use crate::report::Report;
use crate::report::model::{ObjectEntry, SourceEntry};

/// Something that is asked: its sort, in the order of the list, and its name.
type Key = (usize, &'static str, String);

/// Who asks it.
#[derive(Debug, Default)]
struct Asked {
    functions: Vec<String>,
    source: Option<SourceEntry>,
    /// Whether the object is loaded without it.
    is_optional: bool,
}

/// What is asked otherwise than before.
pub(super) fn asks(report: &Report, old: Option<usize>, new: Option<usize>) -> Vec<AskEntry> {
    let of = |at: Option<usize>| at.and_then(|at| report.objects.get(at)).map(asked).unwrap_or_default();
    let (mut before, now) = (of(old), of(new));
    let mut all: Vec<(Key, AskEntry)> = Vec::new();
    let mut add = |key: Key, change: &'static str, asked: Asked| {
        let entry = AskEntry {
            change,
            kind: key.1,
            name: key.2.clone(),
            functions: asked.functions,
            source: asked.source,
        };
        all.push((key, entry));
    };
    for (key, asked) in now {
        match before.remove(&key) {
            None => add(key, "new", asked),
            Some(was) if was.is_optional && !asked.is_optional => add(key, "required", asked),
            Some(was) if !was.is_optional && asked.is_optional => add(key, "optional", asked),
            Some(_) => {}
        }
    }
    for (key, asked) in before {
        add(key, "gone", asked);
    }
    let order =
        |change: &str| ["new", "required", "gone", "optional"].iter().position(|known| *known == change);
    all.sort_by(|(one, a), (other, b)| (order(a.change), one).cmp(&(order(b.change), other)));
    all.into_iter().map(|(_, entry)| entry).collect()
}

/// Requirements of these sorts are looked up in the kernel's own BTF.
const OF_BTF: [&str; 7] =
    ["traced-function", "typed-tracepoint", "lsm-hook", "iterator", "kfunc", "variable", "struct-ops"];

/// Everything that an object asks. What no program is loaded for is optional, as what weak externs ask.
fn asked(object: &ObjectEntry) -> BTreeMap<Key, Asked> {
    let mut all: BTreeMap<Key, Asked> = BTreeMap::new();
    let mut add = |key: Key, function: Option<&String>, source: Option<&SourceEntry>, is_optional: bool| {
        let own = all.entry(key).or_insert_with(|| Asked { is_optional: true, ..Asked::default() });
        own.is_optional &= is_optional;
        if let Some(function) = function.filter(|name| !name.is_empty() && !own.functions.contains(name)) {
            own.functions.push(function.clone());
        }
        if own.source.is_none() {
            own.source = source.cloned();
        }
    };
    for access in &object.accesses {
        let root = essential(&access.type_name);
        let dot = if access.kind.starts_with("enumval") { "::" } else { "." };
        let path = if access.path.is_empty() { String::new() } else { format!("{dot}{}", access.path) };
        let (function, source) = (Some(&access.function), access.source.as_ref());
        let is_waiting = object.programs.iter().any(|of| of.name == access.function && !of.autoload);
        add((0, "btf", String::new()), function, source, is_waiting);
        add((1, "type", root.clone()), function, source, is_waiting);
        add((2, "access", format!("{} {root}{path}", access.kind)), function, source, is_waiting);
    }
    for need in &object.requirements {
        let asking: Vec<&String> = need.program.iter().chain(&need.functions).collect();
        let mut add = |key: Key| match asking.as_slice() {
            [] => add(key, None, None, need.optional),
            all => all.iter().for_each(|function| add(key.clone(), Some(function), None, need.optional)),
        };
        if OF_BTF.contains(&need.kind) {
            add((0, "btf", String::new()));
        }
        add((3, need.kind, need.name.clone()));
    }
    for program in &object.programs {
        let name = format!("{} ({})", program.name, program.section);
        add((4, "program", name), None, None, !program.autoload);
    }
    all
}

/// A type's name as kernels know it.
fn essential(type_name: &str) -> String {
    let name = corecheck_layouts::btf::essential_name(type_name.as_bytes());
    String::from_utf8_lossy(name).into_owned()
}
