//! What objects need of a kernel: so that a store reads that alone.

use std::collections::BTreeSet;

use corecheck_layouts::btf::{Btf, Kind};
use corecheck_layouts::kernel::{NAMED_TYPES, Need, Root, Search, is_compatible};

use super::groups::roots;
use crate::access::{Access, RelocationKind, accesses};
use crate::loader::{Loader, libbpf};
use crate::object::Object;

/// The root types that these objects' accesses are resolved against by the newest libbpf, and how much of each decides.
pub fn needs(objects: &[Object]) -> Vec<Root> {
    needs_by(&[Loader::LIBBPF], objects)
}

/// The same for these loaders together.
pub fn needs_by(loaders: &[Loader], objects: &[Object]) -> Vec<Root> {
    let mut needs = Needs::default();
    for object in objects {
        let Some(local) = object.btf.as_deref() else { continue };
        let accesses = accesses(object);
        for &loader in loaders {
            for root in of_accesses(local, &accesses, loader) {
                // What else could be taken for it must be as complete.
                for &kind in NAMED_TYPES.iter().filter(|_| root.everywhere) {
                    if !is_compatible(kind, root.kind) {
                        needs.add(Root { kind, need: Need::All, ..root.clone() });
                    }
                }
                needs.add(root);
            }
        }
    }
    if loaders.iter().any(|&loader| libbpf::asks_for_enum64(loader)) {
        needs.add(libbpf::enum64_root());
    }
    needs.0
}

#[derive(Default)]
struct Needs(Vec<Root>);

impl Needs {
    fn add(&mut self, root: Root) {
        let known = |known: &&mut Root| known.name == root.name && is_compatible(known.kind, root.kind);
        match self.0.iter_mut().find(known) {
            // The two kinds of enumerations are found together; whoever asks for one asks by its own kind.
            Some(known) if known.kind == root.kind => {
                known.need = std::mem::replace(&mut known.need, Need::Kind).with(root.need);
                known.everywhere |= root.everywhere;
            }
            _ => self.0.push(root),
        }
    }
}

/// As [`needs`] for some accesses by these types of an object; two local types of one essential name count apart.
pub fn needs_of(local: &Btf, accesses: &[Access]) -> Vec<Root> {
    of_accesses(local, accesses, Loader::LIBBPF)
}

fn of_accesses(local: &Btf, accesses: &[Access], loader: Loader) -> Vec<Root> {
    let everywhere = loader.search() == Search::Everywhere;
    let needs = roots(local, accesses, loader).into_iter().map(|root| {
        let of_root = accesses.iter().filter(|access| access.root == root.id);
        let need = of_root.map(|access| need(access, root.kind)).fold(Need::Kind, Need::with);
        Root { name: root.name, kind: root.kind, need, everywhere }
    });
    needs.collect()
}

/// How much of its root decides about an access.
fn need(access: &Access, root: Kind) -> Need {
    let is_whole = matches!(root, Kind::Struct | Kind::Union | Kind::Fwd | Kind::Int | Kind::Float);
    match access.kind {
        // The size and the kind of these do not depend on what they hold (`bpf_core_types_are_compat`).
        RelocationKind::TypeExists | RelocationKind::TypeSize | RelocationKind::TypeIdTarget if is_whole => {
            Need::Kind
        }
        RelocationKind::FieldByteOffset
        | RelocationKind::FieldByteSize
        | RelocationKind::FieldExists
        | RelocationKind::FieldSigned
        | RelocationKind::FieldLshiftU64
        | RelocationKind::FieldRshiftU64 => match &access.local {
            Ok(local) => {
                let names = local.spec.accessors.iter().filter_map(|accessor| accessor.name.as_deref());
                Need::Members(names.map(<[u8]>::to_vec).collect::<BTreeSet<_>>())
            }
            Err(_) => Need::Kind,
        },
        _ => Need::All,
    }
}

#[cfg(test)]
mod tests;
