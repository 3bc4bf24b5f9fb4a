//! Newer kernels sort their types by name.

use anyhow::{Context, Result, ensure};
use corecheck_layouts::btf::{Btf, Kind, TypeId};

use crate::kernels::Corpus;

/// Some kernels are sorted, and begin with another type than an integer; some are not. Both tell the size of a pointer, and
/// have the types that every kernel has, by name.
pub fn sorted_or_not_types_are_found(corpus: &Corpus) -> Result<String> {
    let (mut sorted, mut unsorted) = (Vec::new(), Vec::new());
    for (name, btf) in corpus.all() {
        let wanted = [("task_struct", Kind::Struct), ("int", Kind::Int), ("pid_t", Kind::Typedef)];
        for (wanted, kind) in wanted {
            let found = btf.find_exact(wanted, |found| found == kind);
            let id = found.first().with_context(|| format!("{name} has no {wanted}"))?;
            ensure!(btf.name(*id) == wanted, "{name}: another than {wanted}");
        }
        ensure!(btf.pointer_size().is_some(), "{name} does not tell the size of its pointers");
        if is_sorted(btf) {
            ensure!(btf.kind(TypeId(1)) != Kind::Int, "{name} is sorted and begins with an integer");
            sorted.push(name);
        } else {
            unsorted.push(name);
        }
    }
    ensure!(!sorted.is_empty() && !unsorted.is_empty(), "all are of one sort");
    Ok(format!("sorted: {}; not: {}", sorted.join(", "), unsorted.join(", ")))
}

/// Names ascend among the types that have one.
fn is_sorted(btf: &Btf) -> bool {
    let named: Vec<&[u8]> = btf.ids().map(|id| btf.name_bytes(id)).filter(|name| !name.is_empty()).collect();
    named.is_sorted()
}
