//! Which types of a unit have definitions of their own, in which order, and how others refer to them: by class and name, and
//! where several have one name, by which.

use std::cmp::Ordering;

use foldhash::{HashMap, HashMapExt};

use super::{Class, Key};
use crate::btf::{Btf, Kind, Type, TypeId};

/// The class of a type that has a definition of its own: one that has a name.
pub(super) fn named_class(btf: &Btf, id: TypeId) -> Option<Class> {
    let kind = btf.kind(id);
    let is_union = kind == Kind::Fwd && matches!(btf.ty(id), Type::Fwd { is_union: true, .. });
    Class::of(kind, is_union).filter(|_| btf.has_name(id))
}

/// A type that has a definition of its own.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) key: Key<'a>,
    pub(super) id: TypeId,
}

impl Named<'_> {
    /// By key, then by id.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.id.cmp(&other.id))
    }
}

/// All types of a unit that have definitions of their own, sorted.
pub(super) fn named(btf: &Btf) -> Vec<Named<'_>> {
    let all = btf.own_ids();
    all.filter_map(|id| Some(Named { key: Key::new(named_class(btf, id)?, btf.name_bytes(id)), id }))
        .collect::<Vec<_>>()
        .sorted()
}

/// Sorting by names, of which there are so many that comparing their bytes where they stand is most of the work.
pub(super) trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Vec<Named<'_>> {
    fn sorted(self) -> Self {
        // What mostly decides stands with the place of each: whether it is a type, then how the name begins.
        const BYTES: usize = 24;
        let mut order: Vec<(u64, [u64; 3], u32)> = self
            .iter()
            .enumerate()
            .map(|(at, named)| {
                let mut words = [[0; 8]; BYTES / 8];
                let bytes = words.as_flattened_mut().iter_mut();
                // No name has a NUL in it, so that what ends early comes first, as it should.
                bytes.zip(named.key.essential()).for_each(|(to, &from)| *to = from);
                (u64::from(named.key.class.is_type()), words.map(u64::from_be_bytes), at as u32)
            })
            .collect();
        order.sort_unstable_by(|a, b| {
            let starts = (a.0, a.1).cmp(&(b.0, b.1));
            starts.then_with(|| {
                let (one, other) = (&self[a.2 as usize], &self[b.2 as usize]);
                let is_all = |named: &Named<'_>| named.key.name.len() <= BYTES && named.key.has_no_flavour();
                if is_all(one) && is_all(other) {
                    // The names are equal: thousands have none.
                    one.key.class.cmp(&other.key.class).then(one.id.cmp(&other.id))
                } else {
                    one.order(other)
                }
            })
        });
        order.into_iter().map(|(_, _, at)| self[at as usize]).collect()
    }
}

/// What a type without a name is filed under: its first enumerator or member, so that kernels which define it alike find it.
pub(super) fn orphan_name(btf: &Btf, id: TypeId) -> &[u8] {
    match btf.ty(id) {
        Type::Enum(values) | Type::Enum64(values) => values.value(0).map(|value| value.name_bytes()),
        Type::Struct(composite) | Type::Union(composite) => {
            composite.member(0).map(|member| member.name_bytes())
        }
        Type::DeclTag { name, .. } | Type::TypeTag { name, .. } => Some(name.as_bytes()),
        _ => None,
    }
    .unwrap_or_default()
}

/// How a unit's own types are referred to: the class of those that have a name; and, of those that are not the first of
/// their class and name, how many come before.
#[derive(Debug, Default)]
pub struct Namesakes {
    /// The first own id.
    first: u32,
    /// Classes by id.
    classes: Vec<Option<Class>>,
    before: HashMap<TypeId, u32>,
}

impl Namesakes {
    /// Those of a unit, its base left out.
    pub fn of(btf: &Btf) -> Self {
        Self::among(btf, &named(btf))
    }

    pub(super) fn among(btf: &Btf, named: &[Named<'_>]) -> Self {
        let own = btf.own_ids().count();
        let first = btf.type_count() - own as u32;
        let mut classes = vec![None; own];
        let mut before = HashMap::new();
        for run in named.chunk_by(|a, b| a.key == b.key) {
            for (number, one) in run.iter().enumerate() {
                if let Some(class) = classes.get_mut((one.id.0 - first) as usize) {
                    *class = Some(one.key.class);
                }
                if number > 0 {
                    before.insert(one.id, number as u32);
                }
            }
        }
        Self { first, classes, before }
    }

    /// The class of a type that has a definition of its own. The outer `None` is for types of another unit.
    pub(super) fn class(&self, id: TypeId) -> Option<Option<Class>> {
        let place = id.0.checked_sub(self.first)?;
        self.classes.get(place as usize).copied()
    }

    pub(super) fn before(&self, id: TypeId) -> Option<u32> {
        // Hardly any unit has more than a few.
        if self.before.is_empty() { None } else { self.before.get(&id).copied() }
    }
}
