//! What must be looked up for all requirements: so that a store reads that alone.

use std::collections::BTreeSet;

use corecheck_layouts::kernel::{Need, Root};

use super::{Requirement, kconfig, requirements, since, what};
use crate::object::{ExternKind, Object};

/// Adds to the roots of accesses what these objects' attach points, externs and calls are looked up by.
pub fn add_needs(objects: &[Object], roots: &mut Vec<Root>) {
    let by_all = |object| since::ALL_ASKED.into_iter().flat_map(move |version| requirements(object, version));
    let all: Vec<Requirement> = objects.iter().flat_map(by_all).collect();
    add_needs_of(&all, roots);
}

/// The same for some requirements.
pub fn add_needs_of<'r>(some: impl IntoIterator<Item = &'r Requirement>, roots: &mut Vec<Root>) {
    for requirement in some {
        for ask in what::asks(&requirement.what) {
            let known = roots.iter_mut().find(|known| known.name == ask.name && known.kind == ask.kind);
            match known {
                Some(known) => known.need = std::mem::replace(&mut known.need, Need::Kind).with(ask.need),
                None => {
                    roots.push(Root { name: ask.name, kind: ask.kind, need: ask.need, everywhere: false })
                }
            }
        }
    }
}

/// The options of the kernel's configuration that these objects read, and what tells whether it is known at all; none when
/// they read none.
pub fn options(objects: &[Object]) -> BTreeSet<String> {
    let externs = objects.iter().flat_map(|object| &object.externs);
    let read =
        externs.filter(|symbol| symbol.kind == ExternKind::Kconfig && symbol.name.starts_with("CONFIG_"));
    let mut options: BTreeSet<String> = read.map(|symbol| symbol.name.clone()).collect();
    if !options.is_empty() {
        options.insert(kconfig::SENTINEL.to_owned());
    }
    options
}
