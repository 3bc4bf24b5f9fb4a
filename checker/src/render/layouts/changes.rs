//! How two kernels' definitions differ: lines as the seed's page has them, and notes on what it does not show.

use std::io;

use corecheck_layouts::btf::cdecl;
use corecheck_layouts::history::{Change, Comparison, Declared, Definition, Nested, Pair, Pointee};
use serde_json::{Value, json};

use super::page::{Page, bytes, offset};
use super::show::{number, pointee_word};

/// Marks of the seed's page.
pub(super) const SAME: &str = "✅";
pub(super) const DIFFERENT: &str = "⚠️";
const TO: &str = "➡️";

/// Two kernels by the names that they have here.
#[derive(Clone, Copy)]
pub(super) struct Labels<'l> {
    pub(super) old: &'l str,
    pub(super) new: &'l str,
}

/// The mark of a comparison: what the declarations of the first definition's own members tell.
pub(super) fn mark(comparison: &Comparison) -> &'static str {
    match comparison.pairs.first() {
        Some(pair) if pair.diff.declared().next().is_none() => SAME,
        _ => DIFFERENT,
    }
}

/// The lines of a comparison, then its notes.
pub(super) fn human(labels: Labels<'_>, comparison: &Comparison, page: &mut Page<'_>) -> io::Result<()> {
    if let Some(pair) = comparison.pairs.first() {
        for change in pair.diff.declared() {
            page.line(&format!("    {}", declared(labels, change)))?;
        }
        notes(labels, pair, page)?;
    }
    for pair in comparison.pairs.iter().skip(1).filter(|pair| !pair.diff.is_empty()) {
        page.note(&format!("Another {}:", definition_words(&pair.old)))?;
        for change in pair.diff.declared() {
            page.quote(&format!("    {}", declared(labels, change)))?;
        }
        notes(labels, pair, page)?;
    }
    let another = if comparison.pairs.is_empty() { "" } else { "Another " };
    for definition in &comparison.gone {
        page.note(&format!("{another}{} is only on {}.", definition_words(definition), labels.old))?;
    }
    for definition in &comparison.come {
        page.note(&format!("{another}{} is only on {}.", definition_words(definition), labels.new))?;
    }
    Ok(())
}

/// `struct vfio_group of 32 bytes`.
fn definition_words(definition: &Definition) -> String {
    let name = cdecl::definition_name(&definition.btf, definition.id);
    let unit =
        if definition.unit == "vmlinux" { String::new() } else { format!(" in {}.ko", definition.unit) };
    match definition.btf.size_of(definition.id) {
        Some(size) => format!("{name} of {}{unit}", bytes(size)),
        None => format!("{name}{unit}"),
    }
}

/// One difference in a line.
fn declared(labels: Labels<'_>, change: &Change) -> String {
    match change {
        Change::Added { new, .. } => format!("{} — only on {}", new.text, labels.new),
        Change::Removed { old, .. } => format!("{} — only on {}", old.text, labels.old),
        Change::Changed { old, new, .. } => format!("{} {TO} {}", old.text, new.text),
        Change::ValueAdded(value) => format!("{} = {} — only on {}", value.name, value.value, labels.new),
        Change::ValueRemoved(value) => format!("{} = {} — only on {}", value.name, value.value, labels.old),
        Change::ValueChanged { name, old, new } => format!("{name} = {old} {TO} {name} = {new}"),
        Change::Means { old, new } => format!("{old} {TO} {new}"),
        Change::Moved { name, old_bit_offset, new_bit_offset } => {
            format!("{name} at {} {TO} {}", offset(*old_bit_offset), offset(*new_bit_offset))
        }
        Change::Resized { old_bytes, new_bytes } => {
            let size = |size: &Option<u32>| size.map_or_else(|| "no size".to_owned(), bytes);
            format!("{} {TO} {}", size(old_bytes), size(new_bytes))
        }
    }
}

/// What the lines do not tell: pointees, offsets, sizes, and what members hold.
fn notes(labels: Labels<'_>, pair: &Pair, page: &mut Page<'_>) -> io::Result<()> {
    for change in pair.diff.declared() {
        if let Change::Changed { name, old, new } = change
            && let Some(text) = pointee_note(labels, old, new)
        {
            page.note(&format!("{name}: {text}"))?;
        }
    }
    let mut moved = Vec::new();
    for change in pair.diff.laid_out() {
        match change {
            Change::Moved { .. } => moved.push(declared(labels, change)),
            _ => page.note(&format!("Size: {}.", declared(labels, change)))?,
        }
    }
    if !moved.is_empty() {
        page.note(&format!("Moved: {}.", moved.join(", ")))?;
    }
    let differs = pair.diff.declared().next().is_some();
    if differs && pair.diff.laid_out().next().is_none() {
        page.note("What both have lies at equal offsets, and the size is the same.")?;
    }
    for nested in &pair.diff.nested {
        page.note(&nested_note(labels, nested))?;
    }
    if pair.diff.is_cut {
        page.note("There is too much to compare: some differences may be missing.")?;
    }
    Ok(())
}

/// Why two declarations of the same text differ.
fn pointee_note(labels: Labels<'_>, old: &Declared, new: &Declared) -> Option<String> {
    if old.text != new.text {
        return None;
    }
    let (declared, defined) = match (old.pointee?, new.pointee?) {
        (Pointee::Declared, Pointee::Defined) => (labels.old, labels.new),
        (Pointee::Defined, Pointee::Declared) => (labels.new, labels.old),
        _ => return None,
    };
    Some(format!(
        "the struct that it points to is only declared in vmlinux on {declared} (BTF: FWD), and defined on {defined} \
         (BTF: STRUCT). The pointer itself is the same."
    ))
}

fn nested_note(labels: Labels<'_>, nested: &Nested) -> String {
    let others: Vec<&str> = nested
        .members
        .iter()
        .map(String::as_str)
        .filter(|member| nested.path.split('.').next() != Some(member))
        .collect();
    let also = if others.is_empty() { String::new() } else { format!(", also in {}", others.join(", ")) };
    let changes: Vec<String> = nested.changes.iter().map(|change| declared(labels, change)).collect();
    format!("Inside, {} ({}{also}): {}.", nested.what, nested.path, changes.join("; "))
}

/// For machines.
pub(super) fn value(comparison: &Comparison) -> Value {
    let pairs = comparison.pairs.iter().map(|pair| {
        json!({
            "old": definition_value(&pair.old),
            "new": definition_value(&pair.new),
            "changes": pair.diff.own.iter().map(change_value).collect::<Vec<_>>(),
            "nested": pair.diff.nested.iter().map(nested_value).collect::<Vec<_>>(),
            "is_cut": pair.diff.is_cut,
        })
    });
    json!({
        "pairs": pairs.collect::<Vec<_>>(),
        "only_old": comparison.gone.iter().map(definition_value).collect::<Vec<_>>(),
        "only_new": comparison.come.iter().map(definition_value).collect::<Vec<_>>(),
    })
}

fn definition_value(definition: &Definition) -> Value {
    json!({
        "name": cdecl::definition_name(&definition.btf, definition.id),
        "unit": definition.unit,
        "size_bytes": definition.btf.size_of(definition.id),
    })
}

fn nested_value(nested: &Nested) -> Value {
    json!({
        "what": nested.what,
        "path": nested.path,
        "members": nested.members,
        "changes": nested.changes.iter().map(change_value).collect::<Vec<_>>(),
    })
}

fn change_value(change: &Change) -> Value {
    let declared = |declared: &Declared| json!({ "declaration": declared.text, "pointee": declared.pointee.map(pointee_word) });
    match change {
        Change::Added { name, new, bit_offset } => {
            json!({ "change": "added", "name": name, "new": declared(new), "bit_offset": bit_offset })
        }
        Change::Removed { name, old, bit_offset } => {
            json!({ "change": "removed", "name": name, "old": declared(old), "bit_offset": bit_offset })
        }
        Change::Changed { name, old, new } => {
            let kind = if old.text == new.text { "pointee" } else { "type" };
            json!({ "change": kind, "name": name, "old": declared(old), "new": declared(new) })
        }
        Change::ValueAdded(value) => {
            json!({ "change": "value-added", "name": value.name, "new": number(value.value) })
        }
        Change::ValueRemoved(value) => {
            json!({ "change": "value-removed", "name": value.name, "old": number(value.value) })
        }
        Change::ValueChanged { name, old, new } => {
            json!({ "change": "value", "name": name, "old": number(*old), "new": number(*new) })
        }
        Change::Means { old, new } => json!({ "change": "meaning", "old": old, "new": new }),
        Change::Moved { name, old_bit_offset, new_bit_offset } => json!({
            "change": "moved",
            "name": name,
            "old_bit_offset": old_bit_offset,
            "new_bit_offset": new_bit_offset,
        }),
        Change::Resized { old_bytes, new_bytes } => {
            json!({ "change": "size", "old_size_bytes": old_bytes, "new_size_bytes": new_bytes })
        }
    }
}
