//! Split BTF that brings a distilled base (`.BTF.base`, kernel 6.11, libbpf 1.5) moves onto a vmlinux.
//!
//! A module that is built apart from its kernel cannot count on the vmlinux's type ids. So it brings what it needs of the
//! base with it: integers, floats, enumerations without their values, structs and unions without their members, forward
//! declarations, all by name. Whoever loads it looks for each in the vmlinux, and puts the ids found there in their place.
//!
//! Source of the rules, odd ones included: `btf__relocate` in libbpf's `btf_relocate.c`, which the kernel runs too.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use thiserror::Error;

use super::types::Type;
use super::{Btf, BtfError, Builder, Kind, TypeId, TypeSpec};

/// Split BTF that cannot be moved from its distilled base onto a vmlinux.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DistilledError {
    /// The distilled base is broken BTF.
    #[error("distilled base: {0}")]
    Base(#[source] BtfError),
    /// The split BTF is broken, or does not stand on the distilled base.
    #[error(transparent)]
    Split(BtfError),
    /// The byte order is not that of the vmlinux.
    #[error("its byte order is not that of the vmlinux")]
    ByteOrder,
    /// The distilled base has a type that none can have.
    #[error("distilled base: type [{id}] is {what}, which no distilled base has")]
    Unexpected {
        /// The type's id in the distilled base.
        id: u32,
        /// `of kind ptr`, `of kind struct and without a name`.
        what: String,
    },
    /// The vmlinux has no type that could stand for one of the distilled base.
    #[error("the vmlinux has no {wanted} as the distilled base needs it (type [{id}] there)")]
    Missing {
        /// The type's id in the distilled base.
        id: u32,
        /// Kind, name and, where it counts, size in bytes: `struct file of 184 bytes`.
        wanted: String,
    },
    /// The vmlinux has several types that could stand for one of the distilled base.
    #[error("the vmlinux has several {wanted}: [{first}] and [{second}]")]
    Ambiguous {
        /// Kind, name and, where it counts, size in bytes.
        wanted: String,
        /// The first type's id in the vmlinux.
        first: u32,
        /// The second's.
        second: u32,
    },
    /// The split BTF has a type of a kind that this program does not know, so what it refers to cannot be replaced.
    #[error("type [{id}] is of a kind that this program does not know, and cannot be moved to another base")]
    UnknownKind {
        /// Its id on top of the distilled base.
        id: u32,
    },
}

impl Btf {
    /// Reads split BTF that stands on a distilled base, and moves it onto a vmlinux, as `btf__relocate` does.
    ///
    /// The result is split BTF on top of `vmlinux`: its own types in their order, each id that meant a type of the
    /// distilled base replaced by that of the vmlinux's type with the same name. Its bytes are new ones.
    ///
    /// # Errors
    /// [`DistilledError`] names the type that the vmlinux lacks or has more than once, or says what is broken.
    pub fn parse_distilled(
        data: Vec<u8>,
        distilled: Vec<u8>,
        vmlinux: &Arc<Self>,
    ) -> Result<Self, DistilledError> {
        let distilled = Arc::new(Self::parse(distilled).map_err(DistilledError::Base)?);
        let split = Self::parse_split(data, Arc::clone(&distilled)).map_err(DistilledError::Split)?;
        if split.endian() != vmlinux.endian() {
            return Err(DistilledError::ByteOrder);
        }
        let wanted = Wanted::of(&split, &distilled)?;
        let places = wanted.find_in(vmlinux)?;

        let mut builder = Builder::split(vmlinux);
        let first = split.first_id;
        for id in split.own_ids() {
            let mut spec = TypeSpec::of(split.ty(id)).ok_or(DistilledError::UnknownKind { id: id.0 })?;
            spec.map_ids(|id| match id.0.checked_sub(first) {
                Some(own) => TypeId(vmlinux.type_count().saturating_add(own)),
                None => places.get(id.0 as usize).copied().unwrap_or_default(),
            });
            builder.add(spec);
        }
        let bytes = builder.finish().map_err(DistilledError::Split)?;
        Self::parse_split(bytes, Arc::clone(vmlinux)).map_err(DistilledError::Split)
    }
}

/// Types of one name in a distilled base. Real kernels have two or three; with more, matching would take as many times as
/// long.
const MOST_ALIKE: usize = 256;

/// The types of a distilled base, to be looked for in a vmlinux.
struct Wanted<'d> {
    distilled: &'d Btf,
    by_name: HashMap<&'d [u8], Vec<TypeId>>,
    /// What structs and unions of the split BTF hold by value, by its ids: the size must be the same.
    embedded: HashSet<TypeId>,
}

/// What matching asks of a type.
#[derive(Clone, Copy)]
struct Shape {
    kind: Kind,
    /// The third word of its record: the size in bytes, or 0 for forward declarations.
    size: u32,
    kind_flag: bool,
    /// Of integers: signed, character, boolean.
    encoding: u8,
}

impl Shape {
    fn of(btf: &Btf, id: TypeId) -> Self {
        let kind = btf.kind(id);
        let record = btf.record(id).map(|(_, record)| record);
        let encoding = if let Type::Int(int) = btf.ty(id) { int.encoding } else { 0 };
        Self {
            kind,
            size: record.as_ref().map_or(0, |record| record.word),
            kind_flag: record.is_some_and(|record| record.info.kind_flag),
            encoding,
        }
    }
}

impl<'d> Wanted<'d> {
    fn of(split: &Btf, distilled: &'d Btf) -> Result<Self, DistilledError> {
        let mut by_name: HashMap<&[u8], Vec<TypeId>> = HashMap::new();
        for id in distilled.ids() {
            let kind = distilled.kind(id);
            let unexpected = |what: String| DistilledError::Unexpected { id: id.0, what };
            if !matches!(kind, Kind::Int | Kind::Float | Kind::Enum | Kind::Struct | Kind::Union | Kind::Fwd)
            {
                return Err(unexpected(format!("of kind {}", kind.word())));
            }
            let name = distilled.name_bytes(id);
            if name.is_empty() {
                return Err(unexpected(format!("of kind {} and without a name", kind.word())));
            }
            let alike = by_name.entry(name).or_default();
            if alike.len() == MOST_ALIKE {
                return Err(unexpected(format!("one of more than {MOST_ALIKE} of one name")));
            }
            alike.push(id);
        }
        Ok(Self { distilled, by_name, embedded: embedded(split) })
    }

    /// For each id of the distilled base the vmlinux's.
    fn find_in(&self, vmlinux: &Btf) -> Result<Vec<TypeId>, DistilledError> {
        let mut found = vec![TypeId::VOID; self.distilled.type_count() as usize];
        // Where the vmlinux has several structs or unions of one name, the size tells which is meant.
        let mut composites: HashMap<&[u8], u32> = HashMap::new();
        for id in vmlinux.ids().filter(|&id| vmlinux.kind(id).is_composite()) {
            if let Some((&name, _)) = self.by_name.get_key_value(vmlinux.name_bytes(id)) {
                *composites.entry(name).or_default() += 1;
            }
        }
        for id in vmlinux.ids().filter(|&id| may_stand_for_one(vmlinux.kind(id))) {
            let Some((&name, ids)) = self.by_name.get_key_value(vmlinux.name_bytes(id)) else { continue };
            let there = Shape::of(vmlinux, id);
            let needs_size = match there.kind {
                Kind::Fwd => false,
                Kind::Struct | Kind::Union => composites.get(name).is_some_and(|&count| count > 1),
                _ => true,
            };
            for &wanted in ids {
                let here = Shape::of(self.distilled, wanted);
                let has_size = !needs_size || here.size == there.size;
                if !has_size || !self.fits(wanted, here, there) {
                    continue;
                }
                let Some(slot) = found.get_mut(wanted.0 as usize) else { continue };
                if *slot != TypeId::VOID {
                    let wanted = self.describe(wanted);
                    return Err(DistilledError::Ambiguous { wanted, first: slot.0, second: id.0 });
                }
                *slot = id;
            }
        }
        let missing = self.distilled.ids().find(|id| found.get(id.0 as usize) == Some(&TypeId::VOID));
        match missing {
            Some(id) => Err(DistilledError::Missing { id: id.0, wanted: self.describe(id) }),
            None => Ok(found),
        }
    }

    /// Whether a type of the vmlinux can stand for this one, name and size of duplicates apart.
    fn fits(&self, wanted: TypeId, here: Shape, there: Shape) -> bool {
        match here.kind {
            Kind::Fwd => match there.kind {
                Kind::Fwd => here.kind_flag == there.kind_flag,
                // libbpf asks the definition's own flag, which says that it has bit-fields, not the declaration's.
                Kind::Struct => !there.kind_flag,
                Kind::Union => there.kind_flag,
                _ => false,
            },
            Kind::Int => there.kind == Kind::Int && here.encoding == there.encoding,
            Kind::Float => there.kind == Kind::Float,
            Kind::Enum => there.kind.is_any_enum(),
            // Of any kind: libbpf does not ask.
            Kind::Struct | Kind::Union => !self.embedded.contains(&wanted) || here.size == there.size,
            _ => false,
        }
    }

    fn describe(&self, id: TypeId) -> String {
        let kind = self.distilled.kind(id);
        let name = self.distilled.name(id);
        match self.distilled.size_of(id) {
            Some(size) if !kind.is_composite() || self.embedded.contains(&id) => {
                format!("{} {name} of {size} bytes", kind.word())
            }
            _ => format!("{} {name}", kind.word()),
        }
    }
}

fn may_stand_for_one(kind: Kind) -> bool {
    kind.is_composite() || kind.is_any_enum() || matches!(kind, Kind::Int | Kind::Float | Kind::Fwd)
}

/// The structs and unions, the base's among them, that members of the split BTF's own have by value, also through
/// qualifiers, typedefs and arrays.
fn embedded(split: &Btf) -> HashSet<TypeId> {
    let mut found = HashSet::new();
    // A chain that was followed once leads nowhere else the second time; and what ends one comes back at once.
    let mut followed = HashSet::new();
    for id in split.own_ids() {
        let (Type::Struct(composite) | Type::Union(composite)) = split.ty(id) else { continue };
        for member in composite.members() {
            let mut of = member.of;
            while followed.insert(of) {
                match split.ty(of) {
                    Type::Qualifier { to, .. } | Type::Typedef { to, .. } | Type::TypeTag { to, .. } => {
                        of = to
                    }
                    Type::Array(array) => of = array.element,
                    Type::Struct(_) | Type::Union(_) => {
                        found.insert(of);
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
