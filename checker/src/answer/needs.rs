//! What objects need of a kernel: so that a store reads that alone.

use std::collections::BTreeSet;

use corecheck_layouts::btf::{Btf, Kind};
use corecheck_layouts::kernel::{Need, Root};

use super::groups::roots;
use crate::access::{Access, RelocationKind, accesses};
use crate::object::Object;

/// The root types that these objects' accesses are resolved against, and how much of each decides.
pub fn needs(objects: &[Object]) -> Vec<Root> {
    let mut needs: Vec<Root> = Vec::new();
    for object in objects {
        let Some(local) = object.btf.as_deref() else { continue };
        for root in needs_of(local, &accesses(object)) {
            match needs.iter_mut().find(|known| known.name == root.name && known.kind == root.kind) {
                Some(known) => known.need = std::mem::replace(&mut known.need, Need::Kind).with(root.need),
                None => needs.push(root),
            }
        }
    }
    needs
}

/// The same for some accesses by these types of an object; two local types of one essential name count apart.
pub fn needs_of(local: &Btf, accesses: &[Access]) -> Vec<Root> {
    let needs = roots(local, accesses).into_iter().map(|root| {
        let of_root = accesses.iter().filter(|access| access.root == root.id);
        let need = of_root.map(|access| need(access, root.kind)).fold(Need::Kind, Need::with);
        Root { name: root.name, kind: root.kind, need }
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
