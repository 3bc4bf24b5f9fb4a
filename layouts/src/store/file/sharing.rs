//! BTF on its way out of the store, in which equal types without a name are one.

use std::ops::{Deref, DerefMut};

use foldhash::{HashMap, HashMapExt};

use crate::btf::{Builder, TypeId, TypeSpec};

/// A [`Builder`] that knows the nameless types it has: definitions bring theirs along, each its own.
pub(super) struct Sharing {
    builder: Builder,
    nameless: HashMap<TypeSpec, TypeId>,
}

impl Sharing {
    pub(super) fn new(builder: Builder) -> Self {
        Self { builder, nameless: HashMap::new() }
    }

    /// A type without a name: the one that is there, or a new one.
    pub(super) fn shared(&mut self, spec: TypeSpec) -> TypeId {
        if let Some(&known) = self.nameless.get(&spec) {
            return known;
        }
        let id = self.builder.add(spec.clone());
        self.nameless.insert(spec, id);
        id
    }

    /// The bytes, as [`Builder::finish`] gives them.
    pub(super) fn finish(self) -> Result<Vec<u8>, crate::btf::BtfError> {
        self.builder.finish()
    }
}

impl Deref for Sharing {
    type Target = Builder;

    fn deref(&self) -> &Builder {
        &self.builder
    }
}

impl DerefMut for Sharing {
    fn deref_mut(&mut self) -> &mut Builder {
        &mut self.builder
    }
}
