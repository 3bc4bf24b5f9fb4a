//! `layouts health` for machines.

use std::io::{self, Write};

use corecheck_layouts::btf::Endian;
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::kernel::health::{Duplicate, Health, VMLINUX};
use serde_json::{Value, json};

use super::super::write_json;
use super::{by_weight, keyword};
use crate::report::kernel_entry;

/// For machines: everything. `repeats` is null where it cannot be said, `modules_shipped` where that is not known.
///
/// # Errors
/// Those of `out`.
pub fn json(kernel: &Kernel, health: &Health, out: &mut dyn Write) -> io::Result<()> {
    let unreadable = health.unreadable.iter().map(
        |(unit, why)| json!({ "unit": unit, "reason": { "code": why.word(), "text": why.to_string() } }),
    );
    let unknown_kinds = health.unknown_kinds.iter().map(|unknown| {
        let counts = unknown.counts.iter().map(|(kind, types)| json!({ "kind": kind, "types": types }));
        json!({ "unit": unknown.unit, "kinds": counts.collect::<Vec<_>>() })
    });
    let repeats = kernel.is_complete().then(|| {
        let repeats = by_weight(kernel, health).into_iter();
        let values = repeats
            .map(|repeat| json!({ "module": repeat.module, "names": repeat.names, "alike": repeat.alike }));
        values.collect::<Vec<_>>()
    });
    let document = json!({
        "kernel": kernel_entry(kernel),
        "has_vmlinux": kernel.vmlinux.is_some(),
        "modules": kernel.modules.len(),
        "modules_shipped": kernel.shipped_modules.as_ref().map(|shipped| shipped.len()),
        "types": health.types,
        "size_bytes": health.bytes,
        "endian": health.endian.map(|endian| if endian == Endian::Big { "big" } else { "little" }),
        "unreadable": unreadable.collect::<Vec<_>>(),
        "other_base": health.other_base,
        "other_order": health.other_order,
        "unknown_kinds": unknown_kinds.collect::<Vec<_>>(),
        "duplicates": health.duplicates.iter().map(duplicate_value).collect::<Vec<_>>(),
        "repeats": repeats,
        "empty": health.empty,
    });
    write_json("health", document, out)
}

fn duplicate_value(duplicate: &Duplicate) -> Value {
    let definitions = duplicate
        .definitions
        .iter()
        .map(|one| json!({ "id": one.id.0, "kind": keyword(one.kind), "size_bytes": one.size }));
    json!({ "unit": VMLINUX, "name": duplicate.name, "definitions": definitions.collect::<Vec<_>>() })
}
