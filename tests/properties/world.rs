//! What properties are tried on: an object's types and accesses, and a kernel's types that are related to them.

use std::sync::Arc;

use corecheck::access::Access;
use corecheck::answer::{Answers, answer};
use corecheck::object::Object;
use corecheck::resolve::{MatchError, Outcome, Reason};
use corecheck_layouts::btf::{Btf, Endian, TypeId};
use corecheck_layouts::kernel::{Kernel, KernelName, Modules};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::model::{Model, Raw, RawModel, endian, raw, raw_model};
use crate::walks::{RawWalk, raw_walks};

/// The choices that make a case.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) endian: Endian,
    pub(crate) object: RawModel,
    pub(crate) walks: Vec<RawWalk>,
    /// Types of the object that are others in the kernel.
    changes: Vec<(Index, Raw)>,
    kernel_pointer_size: u32,
    /// Orders the kernel's types.
    shuffle: Vec<u32>,
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    (
        endian(),
        raw_model(14),
        raw_walks(),
        prop::collection::vec((any::<Index>(), raw()), 0..4),
        prop_oneof![Just(4u32), Just(8u32)],
        prop::collection::vec(any::<u32>(), 20),
    )
        .prop_map(|(endian, object, walks, changes, kernel_pointer_size, shuffle)| World {
            endian,
            object,
            walks,
            changes,
            kernel_pointer_size,
            shuffle,
        })
}

impl World {
    /// The kernel's types: the object's, some of them others.
    pub(crate) fn kernel(&self) -> Model {
        let mut types = self.object.types.clone();
        for (index, raw) in &self.changes {
            let place = index.index(types.len());
            types[place] = raw.clone();
        }
        Model::of(&RawModel { types, pointer_size: self.kernel_pointer_size })
    }

    /// An order of this many types.
    pub(crate) fn order(&self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&place| self.shuffle.get(place).copied().unwrap_or(0));
        order
    }
}

/// An object of nothing but types.
pub(crate) fn object(btf: Btf) -> Object {
    Object {
        path: "random".to_owned(),
        embedded_in: None,
        endian: btf.endian(),
        btf: Some(Arc::new(btf)),
        has_btf_ext: true,
        sections: Vec::new(),
        functions: Vec::new(),
        programs: Vec::new(),
        relos: Vec::new(),
        references: Vec::new(),
        externs: Vec::new(),
        maps: Vec::new(),
        data: Vec::new(),
        license: None,
        problems: Vec::new(),
        file: Arc::default(),
    }
}

/// A kernel of these types, without modules.
pub(crate) fn kernel_of(btf: &Arc<Btf>) -> Kernel {
    Kernel::of_vmlinux(KernelName::new("test", "random", "amd64"), Arc::clone(btf))
}

/// The outcomes of the accesses on a kernel of these types.
pub(crate) fn outcomes(object: &Object, accesses: &[Access], btf: Btf) -> Vec<Outcome> {
    let kernel = kernel_of(&Arc::new(btf));
    let mut answers = ask(object, accesses, &[&kernel]);
    answers.distinct.remove(0).outcomes.into_iter().map(Arc::unwrap_or_clone).collect()
}

pub(crate) fn ask(object: &Object, accesses: &[Access], kernels: &[&Kernel]) -> Answers {
    answer(object, accesses, kernels, &Modules::None)
}

/// The outcome with the target's type ids replaced: in the value of `target_type_id`, and in the one error with an id.
pub(crate) fn with_ids(access: &Access, mut outcome: Outcome, by: &impl Fn(TypeId) -> TypeId) -> Outcome {
    if access.kind == corecheck::access::RelocationKind::TypeIdTarget {
        let id = outcome.value.and_then(|value| u32::try_from(value).ok());
        outcome.value = id.map(|id| by(TypeId(id)).0.into());
        outcome.patched = None;
    }
    if let Some(Reason::Match(MatchError::NoSize(id))) = &mut outcome.reason {
        *id = by(*id);
    }
    outcome
}
