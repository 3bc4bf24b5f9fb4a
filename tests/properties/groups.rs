//! Accesses are resolved in groups, each once per set of candidates; the outcomes are those of resolving all in a row,
//! kernel by kernel.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use corecheck::access::{Access, RelocationKind};
use corecheck::resolve::{Outcome, Question, Rules, resolve};
use corecheck_layouts::btf::{Btf, TypeId, essential_name};
use corecheck_layouts::kernel::{Found, Kernel, Modules};
use proptest::prelude::*;

use crate::model::Model;
use crate::walks::accesses;
use crate::world::{World, ask, kernel_of, object, world};
use crate::{regressions, try_all};

#[test]
fn groups_resolve_as_all_in_a_row() {
    let (several, shared, alike) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<usize>, is: bool| cell.set(cell.get() + usize::from(is));
    try_all(1500, regressions!("groups"), &world(), |world| {
        let local = Model::of(&world.object);
        let object = object(local.write_plainly(world.endian).btf);
        let types = object.btf.as_deref().expect("it has types");
        let mut accesses = accesses(types, &world.walks);
        count(&shared, share_instructions(&mut accesses, &world));
        let roots: BTreeSet<TypeId> = accesses.iter().map(|access| access.root).collect();
        count(&several, roots.len() > 1);
        let kernel = world.kernel();
        let one = Arc::new(kernel.write_plainly(world.endian).btf);
        let other = Arc::new(kernel.write(world.endian, &world.order(kernel.types.len())).btf);
        let own = Arc::new(local.write_plainly(world.endian).btf);
        let mut kernels: Vec<Kernel> = [&one, &own, &other, &one].map(kernel_of).into();
        kernels[3].has_kernel_ids = false;
        let kernels: Vec<&Kernel> = kernels.iter().collect();
        let answers = ask(&object, &accesses, &kernels);
        count(&alike, answers.distinct.len() < kernels.len());
        for (kernel, &index) in kernels.iter().zip(&answers.of_kernel) {
            let grouped: Vec<&Outcome> = answers.distinct[index].outcomes.iter().map(Arc::as_ref).collect();
            let in_a_row = in_a_row(types, &accesses, kernel);
            prop_assert_eq!(grouped, in_a_row.iter().collect::<Vec<_>>());
        }
        Ok(())
    });
    let counts = (several.get(), shared.get(), alike.get());
    assert!(
        counts.0 > 700 && counts.1 > 300 && counts.2 > 300,
        "several roots, one instruction, alike: {counts:?}"
    );
}

/// Puts some accesses on the instruction of another. Whether any is.
fn share_instructions(accesses: &mut [Access], world: &World) -> bool {
    let order = world.order(accesses.len());
    let mut shares = false;
    for (at, &of) in order.iter().enumerate().filter(|(at, of)| at % 4 == 0 && at != *of) {
        (accesses[at].insn, accesses[at].slots) = (accesses[of].insn, accesses[of].slots);
        shares = true;
    }
    shares
}

/// All accesses in a row on one kernel.
fn in_a_row(local: &Btf, accesses: &[Access], kernel: &Kernel) -> Vec<Outcome> {
    let mut roots: HashMap<TypeId, Arc<Found>> = HashMap::new();
    let searched = |access: &&Access| access.local.is_ok() && access.kind != RelocationKind::TypeIdLocal;
    for access in accesses.iter().filter(searched) {
        let name = String::from_utf8_lossy(essential_name(local.name_bytes(access.root)));
        let found = kernel.find(&[(&name, local.kind(access.root))], &Modules::None).remove(0);
        roots.insert(access.root, Arc::new(found));
    }
    let has_kernel_ids = kernel.has_kernel_ids;
    resolve(
        accesses,
        &Question { local, endian: local.endian(), roots: &roots, has_kernel_ids, rules: Rules::LIBBPF },
    )
}
