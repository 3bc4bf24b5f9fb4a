//! A kernel out of a store answers as it does by its whole BTF, changes included, and kernels that a store takes as alike answer
//! alike: what is not stored of a type for some accesses decides nothing about them.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use corecheck::access::Access;
use corecheck::answer::needs_of;
use corecheck::resolve::Outcome;
use corecheck_layouts::btf::{Btf, Kind, TypeId, essential_name};
use corecheck_layouts::kernel::{Kernel, KernelName};
use corecheck_layouts::store::Store;
use corecheck_layouts::store::file::{Import, StoreFile};
use proptest::prelude::*;

use crate::model::Model;
use crate::walks::accesses;
use crate::world::{ask, object, world};
use crate::{regressions, try_all};

/// Whether the order of a kernel's types may decide about an access: the kernel itself has several flavours of its root. Their
/// first gives the width of a load, and after an error for ambiguity those before it are left. A store keeps the order of types
/// of one full name alone.
fn decides_by_order(access: &Access, local: &Btf, kernel: &Btf) -> bool {
    let (root, kind) = (essential_name(local.name_bytes(access.root)), local.kind(access.root));
    let is_candidate =
        |&id: &TypeId| kernel.kind(id) == kind && essential_name(kernel.name_bytes(id)) == root;
    let names: BTreeSet<&[u8]> =
        kernel.own_ids().filter(is_candidate).map(|id| kernel.name_bytes(id)).collect();
    names.len() > 1
}

#[test]
fn a_kernel_answers_alike_out_of_a_store() {
    let (changed, extents, compared) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let folder = tempfile::tempdir().expect("a folder");
    let count = |cell: &Cell<usize>, more: usize| cell.set(cell.get() + more);
    try_all(400, regressions!("stored"), &world(), |world| {
        let local = Model::of(&world.object);
        let object = object(local.write_plainly(world.endian).btf);
        let btf = object.btf.as_deref().expect("it has types");
        let is_field_of_composite = |access: &Access| {
            access.kind.is_field_based() && matches!(btf.kind(access.root), Kind::Struct | Kind::Union)
        };
        let accesses: Vec<Access> =
            accesses(btf, &world.walks).into_iter().filter(is_field_of_composite).collect();
        let named = |release: &str, types: Model| {
            let btf: Arc<Btf> = Arc::new(types.write_plainly(world.endian).btf);
            Kernel::of_vmlinux(KernelName::new("test", release, "amd64"), btf)
        };
        let kernels = [named("own", local.clone()), named("other", world.kernel())];
        let path = folder.path().join("store");
        // Not all that can be written as BTF can be stored.
        let stored =
            kernels.iter().all(|kernel| Import::new(kernel).is_ok_and(|new| new.commit(&path).is_ok()));
        if stored {
            let mut store = Store::of(Vec::new());
            store.add_file(StoreFile::open(&path).expect("it was written"));
            let listed: Vec<&Kernel> = store.kernels().iter().collect();
            let mut needs = needs_of(btf, &accesses);
            // Of several local types of one name the store is asked once, for what serves all.
            for at in (0..needs.len()).rev() {
                let root = needs[at].clone();
                if let Some(first) =
                    needs[..at].iter().position(|known| (&known.name, known.kind) == (&root.name, root.kind))
                {
                    needs[first].need = needs[first].need.clone().with(root.need);
                    needs.remove(at);
                }
            }
            let looked = store.look_up(&listed, &needs).expect("it can be read");
            for kernel in &kernels {
                let looked = looked.iter().find(|looked| looked.name == kernel.name).expect("it is stored");
                let answers =
                    [kernel, looked].map(|kernel| ask(&object, &accesses, &[kernel]).distinct.remove(0));
                let facts = |outcome: &Outcome| {
                    (outcome.state, outcome.value, outcome.changes.clone(), outcome.extent)
                };
                let types = kernel.vmlinux.as_deref().expect("it is whole");
                for (access, (whole, stored)) in
                    accesses.iter().zip(answers[0].outcomes.iter().zip(&answers[1].outcomes))
                {
                    if decides_by_order(access, btf, types) {
                        continue;
                    }
                    prop_assert_eq!(facts(whole), facts(stored), "{:?}", whole);
                    count(&compared, 1);
                    count(&changed, whole.changes.len());
                    count(&extents, usize::from(whole.extent.is_some()));
                }
            }
        }
        let _ = std::fs::remove_file(&path);
        Ok(())
    });
    let (changed, extents, compared) = (changed.get(), extents.get(), compared.get());
    assert!(
        compared > 1000 && changed > 8 && extents > 5,
        "{changed} changes and {extents} extents of {compared} outcomes"
    );
}
