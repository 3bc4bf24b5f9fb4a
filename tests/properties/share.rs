//! Kernels that answer alike share an answer, and only those; sharing changes no answer.

use std::cell::Cell;
use std::sync::Arc;

use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::Kernel;
use proptest::prelude::*;

use crate::model::Model;
use crate::walks::accesses;
use crate::world::{ask, kernel_of, object, world};
use crate::{regressions, try_all};

#[test]
fn kernels_share_an_answer_if_they_answer_alike() {
    let (shared, apart) = (Cell::new(0), Cell::new(0));
    try_all(800, regressions!("share"), &world(), |world| {
        let local = Model::of(&world.object);
        let object = object(local.write_plainly(world.endian).btf);
        let accesses = accesses(object.btf.as_deref().expect("it has types"), &world.walks);
        let kernel = world.kernel();
        let one = Arc::new(kernel.write_plainly(world.endian).btf);
        let again = Arc::new(Btf::parse(one.bytes().to_vec()).expect("it was sound before"));
        let shuffled = Arc::new(kernel.write(world.endian, &world.order(kernel.types.len())).btf);
        let own = Arc::new(local.write_plainly(world.endian).btf);
        let renumbered = Kernel { has_kernel_ids: false, ..kernel_of(&one) };
        let mut kernels: Vec<Kernel> = [&one, &own, &again, &shuffled, &one].map(kernel_of).into();
        kernels.push(renumbered);
        let kernels: Vec<&Kernel> = kernels.iter().collect();
        let together = ask(&object, &accesses, &kernels);
        prop_assert_eq!(together.of_kernel.len(), kernels.len());
        let mut next = 0;
        for (kernel, &index) in kernels.iter().zip(&together.of_kernel) {
            let alone = ask(&object, &accesses, &[kernel]);
            prop_assert_eq!(&alone.distinct[0], &together.distinct[index]);
            // Answers stand in the order of the first kernel that gives them, and none for nobody.
            prop_assert!(index <= next);
            next = next.max(index + 1);
        }
        prop_assert_eq!(next, together.distinct.len());
        for (index, answer) in together.distinct.iter().enumerate() {
            prop_assert!(!together.distinct[..index].contains(answer), "two answers are equal");
        }
        prop_assert_eq!(together.of_kernel[0], together.of_kernel[2], "equal types, read twice");
        prop_assert_eq!(together.of_kernel[0], together.of_kernel[4], "the same types");
        let count = if together.of_kernel[0] == together.of_kernel[1] { &shared } else { &apart };
        count.set(count.get() + 1);
        Ok(())
    });
    assert!(shared.get() > 20 && apart.get() > 20, "{} alike, {} not", shared.get(), apart.get());
}
