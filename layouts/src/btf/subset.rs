//! The part of BTF that some types need: what they hold by value, and stand-ins for what they only point to.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{Btf, BtfError, Builder, Endian, MemberSpec, Type, TypeId, TypeSpec};

/// How much of a type is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Need {
    Whole,
    /// Its name and kind, if it is a struct or union: loaders look no further behind a pointer.
    Pointee,
}

impl Btf {
    /// BTF of its own with these types: all that they hold by value, as far as enumerations, prototypes and typedefs go
    /// behind pointers too. A struct or union that is only pointed to becomes one without members, so that kind and name
    /// stay; where it is one of `roots`, it is that one. Whoever relocates accesses to the roots finds what he finds in
    /// the whole BTF, but for type ids.
    ///
    /// Returns the bytes, and the ids that the roots have there.
    ///
    /// # Errors
    /// [`BtfError::Write`] when there is too much for BTF.
    pub fn subset(&self, roots: &BTreeSet<TypeId>) -> Result<(Vec<u8>, Vec<TypeId>), BtfError> {
        self.subset_with(roots, &[])
    }

    /// As [`Btf::subset`], with types of modules that stand on this BTF. Loaders to whom a BTF is given search no modules
    /// (`bpf_core_find_cands`), so what is to be found must be in the one that they get.
    ///
    /// Returns the bytes, and the ids that the roots have there, the modules' in turn after the own.
    ///
    /// # Errors
    /// As [`Btf::subset`].
    pub fn subset_with(
        &self,
        roots: &BTreeSet<TypeId>,
        modules: &[(&Self, BTreeSet<TypeId>)],
    ) -> Result<(Vec<u8>, Vec<TypeId>), BtfError> {
        let own = (0, self, roots);
        let others = modules.iter().enumerate().map(|(index, (module, roots))| (index + 1, *module, roots));
        let units: Vec<(usize, &Self, &BTreeSet<TypeId>)> = std::iter::once(own).chain(others).collect();
        let mut all: BTreeSet<Place> = BTreeSet::new();
        for (unit, _, roots) in &units {
            all.extend(roots.iter().map(|&id| Place::new(*unit, id, Some(self))));
        }
        let mut copy = Copy {
            base: Some(self),
            units: units.iter().map(|(_, btf, _)| *btf).collect(),
            roots: &all,
            hides: &|_| false,
            builder: Builder::new(self.endian()),
            known: HashMap::new(),
            enums: HashMap::new(),
            queue: VecDeque::new(),
        };
        let mut ids = Vec::new();
        for (unit, _, roots) in &units {
            ids.extend(roots.iter().map(|&root| copy.map(*unit, root, Need::Whole)));
        }
        if let Some(size) = self.pointer_size() {
            // By this type BTF tells how large pointers are (`btf__pointer_size`).
            copy.builder.int("long unsigned int", size, 0);
        }
        Ok((copy.finish()?, ids))
    }
}

/// BTF with roots from several BTFs that have nothing to do with each other, with all that [`Btf::subset`] takes along.
///
/// Each name that a root has, without a flavour, is one that `hides`: whatever else has it, because a root holds it or because
/// it was there in another BTF, loses its name, so that nobody who looks for the name finds more than the roots. Enumerations
/// keep theirs, because loaders compare it; equal ones are there once.
///
/// Returns the bytes, and the ids that the roots have there, in their order.
///
/// # Errors
/// As [`Btf::subset`].
pub fn gather(
    endian: Endian,
    units: &[(&Btf, BTreeSet<TypeId>)],
    hides: &dyn Fn(&[u8]) -> bool,
) -> Result<(Vec<u8>, Vec<TypeId>), BtfError> {
    let places = units.iter().enumerate();
    let places =
        places.flat_map(|(unit, (_, roots))| roots.iter().map(move |&id| Place::new(unit, id, None)));
    let all: BTreeSet<Place> = places.collect();
    let mut copy = Copy {
        base: None,
        units: units.iter().map(|(btf, _)| *btf).collect(),
        roots: &all,
        hides,
        builder: Builder::new(endian),
        known: HashMap::new(),
        enums: HashMap::new(),
        queue: VecDeque::new(),
    };
    let ids = all.iter().map(|place| copy.map(place.unit, place.id, Need::Whole)).collect();
    Ok((copy.finish()?, ids))
}

/// A type of one of the units; what a module has of its base is the base's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Place {
    unit: usize,
    id: TypeId,
}

impl Place {
    fn new(unit: usize, id: TypeId, base: Option<&Btf>) -> Self {
        Self { unit: if base.is_some_and(|base| id.0 < base.type_count()) { 0 } else { unit }, id }
    }
}

struct Copy<'b> {
    /// What all units stand on, if they stand on one.
    base: Option<&'b Btf>,
    units: Vec<&'b Btf>,
    roots: &'b BTreeSet<Place>,
    /// Names that only roots may have.
    hides: &'b dyn Fn(&[u8]) -> bool,
    builder: Builder,
    known: HashMap<(Place, Need), TypeId>,
    /// Enumerations of hidden names.
    enums: HashMap<TypeSpec, TypeId>,
    queue: VecDeque<(Place, Need, TypeId)>,
}

impl Copy<'_> {
    /// Copies what is still to be copied, and writes it all.
    fn finish(mut self) -> Result<Vec<u8>, BtfError> {
        while let Some((from, need, to)) = self.queue.pop_front() {
            let spec = self.spec(from, need);
            self.builder.define(to, spec);
        }
        self.builder.finish()
    }

    /// The new id of a type, which is copied later.
    fn map(&mut self, unit: usize, id: TypeId, need: Need) -> TypeId {
        let from = self.units[unit];
        if matches!(from.ty(id), Type::Void | Type::Unknown { .. }) {
            return TypeId::VOID;
        }
        let place = Place::new(unit, id, self.base);
        let need = match from.ty(id) {
            _ if self.roots.contains(&place) => Need::Whole,
            // Whether these are behind a pointer makes no difference.
            Type::Int(_) | Type::Float { .. } | Type::Enum(_) | Type::Enum64(_) | Type::Fwd { .. } => {
                Need::Whole
            }
            _ => need,
        };
        if let Some(&known) = self.known.get(&(place, need)) {
            return known;
        }
        if (self.hides)(from.name_bytes(id)) {
            match from.ty(id) {
                Type::Typedef { to, .. } if !self.roots.contains(&place) => {
                    let new = self.map(unit, to, need);
                    self.known.insert((place, need), new);
                    return new;
                }
                ty @ (Type::Enum(_) | Type::Enum64(_)) => {
                    if let Some(spec) = TypeSpec::of(ty) {
                        let new =
                            *self.enums.entry(spec).or_insert_with_key(|spec| self.builder.add(spec.clone()));
                        self.known.insert((place, need), new);
                        return new;
                    }
                }
                _ => {}
            }
        }
        let new = self.builder.reserve();
        self.known.insert((place, need), new);
        self.queue.push_back((place, need, new));
        new
    }

    fn spec(&mut self, from: Place, need: Need) -> TypeSpec {
        let unit = from.unit;
        let ty = self.units[unit].ty(from.id);
        let hidden = !self.roots.contains(&from) && (self.hides)(self.units[unit].name_bytes(from.id));
        let shown = |name: &str| if hidden { String::new() } else { name.to_owned() };
        match ty {
            Type::Int(int) => TypeSpec::Int {
                name: shown(int.name),
                size: int.size,
                encoding: int.encoding,
                offset: int.offset,
                bits: int.bits,
            },
            Type::Float { name, size } => TypeSpec::Float { name: shown(name), size },
            Type::Struct(composite) | Type::Union(composite) => {
                let is_stub = need == Need::Pointee;
                let members = composite.members().filter(|_| !is_stub).map(|member| MemberSpec {
                    name: member.name().to_owned(),
                    of: self.map(unit, member.of, Need::Whole),
                    bit_offset: member.bit_offset,
                    bitfield_bits: member.bitfield_bits,
                });
                TypeSpec::Composite {
                    is_union: matches!(ty, Type::Union(_)),
                    name: shown(composite.name),
                    size: composite.size,
                    kind_flag: composite.kind_flag(),
                    members: members.collect(),
                }
            }
            Type::Ptr { to } => TypeSpec::Ptr { to: self.map(unit, to, Need::Pointee) },
            Type::Array(array) => TypeSpec::Array {
                element: self.map(unit, array.element, need),
                index: self.map(unit, array.index, Need::Whole),
                length: array.length,
            },
            Type::Typedef { name, to } => {
                TypeSpec::Typedef { name: name.to_owned(), to: self.map(unit, to, need) }
            }
            Type::Qualifier { kind, to } => TypeSpec::Qualifier { kind, to: self.map(unit, to, need) },
            Type::TypeTag { name, to, attribute } => {
                TypeSpec::TypeTag { name: name.to_owned(), to: self.map(unit, to, need), attribute }
            }
            Type::FuncProto(proto) => TypeSpec::FuncProto {
                returns: self.map(unit, proto.returns, Need::Whole),
                params: proto
                    .params()
                    .map(|param| (param.name.to_owned(), self.map(unit, param.of, Need::Whole)))
                    .collect(),
            },
            Type::Func { name, proto, linkage } => {
                TypeSpec::Func { name: name.to_owned(), proto: self.map(unit, proto, Need::Whole), linkage }
            }
            Type::Var { name, of, linkage } => {
                TypeSpec::Var { name: name.to_owned(), of: self.map(unit, of, Need::Whole), linkage }
            }
            // Nothing that relocation looks at refers to the rest; what has no ids is copied as it is.
            other => TypeSpec::of(other).unwrap_or(TypeSpec::Fwd { name: String::new(), is_union: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::{Endian, Kind};

    /// `struct root { struct held held; struct far *far; struct root *self; }`, `struct held { int x; }`, and more.
    fn btf() -> Btf {
        let mut types = Builder::new(Endian::Little);
        types.int("long", 4, 1);
        let int = types.int("int", 4, 1);
        let composite = |name: &str, members: &[(&str, TypeId, u32)], size| TypeSpec::Composite {
            is_union: false,
            name: name.to_owned(),
            size,
            kind_flag: false,
            members: members
                .iter()
                .map(|&(name, of, bit_offset)| MemberSpec {
                    name: name.to_owned(),
                    of,
                    bit_offset,
                    bitfield_bits: 0,
                })
                .collect(),
        };
        let held = types.add(composite("held", &[("x", int, 0)], 4));
        let far = types.add(composite("far", &[("y", held, 0)], 4));
        let to_far = types.add(TypeSpec::Ptr { to: far });
        let root = types.reserve();
        let to_root = types.add(TypeSpec::Ptr { to: root });
        types.define(
            root,
            composite("root", &[("held", held, 0), ("far", to_far, 32), ("self", to_root, 64)], 12),
        );
        types.add(composite("unrelated", &[], 0));
        Btf::parse(types.finish().expect("it can be written")).expect("sound BTF")
    }

    fn names(btf: &Btf, kind: Kind) -> Vec<&str> {
        btf.ids().filter(|&id| btf.kind(id) == kind).map(|id| btf.name(id)).collect()
    }

    #[test]
    fn what_is_held_is_whole_and_what_is_pointed_to_has_no_members() {
        let whole = btf();
        let roots: BTreeSet<TypeId> =
            whole.find_exact("root", |kind| kind == Kind::Struct).into_iter().collect();
        let (bytes, ids) = whole.subset(&roots).expect("it can be written");
        let part = Btf::parse(bytes).expect("sound BTF");
        assert_eq!(ids.iter().map(|&id| part.name(id)).collect::<Vec<_>>(), ["root"]);
        let mut structs = names(&part, Kind::Struct);
        structs.sort_unstable();
        // The root points to itself, not to a stand-in.
        assert_eq!(structs, ["far", "held", "root"]);
        let members = |name: &str| {
            let id = part.find_exact(name, |kind| kind == Kind::Struct)[0];
            let Type::Struct(found) = part.ty(id) else { panic!("{name} is a struct") };
            found.members().map(|member| (member.name().to_owned(), member.bit_offset)).collect::<Vec<_>>()
        };
        let expected = [("held", 0), ("far", 32), ("self", 64)].map(|(name, at)| (name.to_owned(), at));
        assert_eq!(members("root"), expected);
        assert_eq!(members("held"), [("x".to_owned(), 0)]);
        assert_eq!(members("far"), []);
        assert_eq!(part.pointer_size(), Some(4));
    }

    #[test]
    fn what_has_no_members_is_copied_once_and_void_never() {
        let mut types = Builder::new(Endian::Little);
        let int = types.int("int", 4, 1);
        let to_int = types.add(TypeSpec::Ptr { to: int });
        let to_void = types.add(TypeSpec::Ptr { to: TypeId::VOID });
        let params = [int, to_int, to_void].map(|of| (String::new(), of)).to_vec();
        let root = types.add(TypeSpec::FuncProto { returns: TypeId::VOID, params });
        let whole = Btf::parse(types.finish().expect("it can be written")).expect("sound BTF");
        let (bytes, ids) = whole.subset(&BTreeSet::from([root])).expect("it can be written");
        let part = Btf::parse(bytes).expect("sound BTF");
        assert_eq!(names(&part, Kind::Int), ["int"]);
        let Some(Type::FuncProto(proto)) = ids.first().map(|&id| part.ty(id)) else {
            panic!("the root is a prototype")
        };
        assert_eq!(proto.returns, TypeId::VOID);
        assert!(!ids.iter().any(|&id| part.has_name(id)), "prototypes have no name");
        let of: Vec<TypeId> = proto.params().map(|param| param.of).collect();
        let behind = |id| if let Type::Ptr { to } = part.ty(id) { Some(to) } else { None };
        assert_eq!(
            of.iter().map(|&id| behind(id)).collect::<Vec<_>>(),
            [None, Some(of[0]), Some(TypeId::VOID)]
        );
    }

    #[test]
    fn types_of_modules_stand_beside_those_of_their_base() {
        let whole = std::sync::Arc::new(btf());
        let module = |name: &str| {
            let mut types = Builder::split(&whole);
            let held = whole.find_exact("held", |kind| kind == Kind::Struct)[0];
            let members =
                vec![MemberSpec { name: "in".to_owned(), of: held, bit_offset: 0, bitfield_bits: 0 }];
            let name = name.to_owned();
            types.add(TypeSpec::Composite { is_union: false, name, size: 4, kind_flag: false, members });
            let bytes = types.finish().expect("it can be written");
            Btf::parse_split(bytes, std::sync::Arc::clone(&whole)).expect("sound BTF")
        };
        // Their own types have the same id.
        let (one, other) = (module("one"), module("other"));
        let own = BTreeSet::from([TypeId(whole.type_count())]);
        let (bytes, ids) =
            whole.subset_with(&BTreeSet::new(), &[(&one, own.clone()), (&other, own)]).expect("written");
        let part = Btf::parse(bytes).expect("sound BTF");
        assert_eq!(ids.iter().map(|&id| part.name(id)).collect::<Vec<_>>(), ["one", "other"]);
        let mut structs = names(&part, Kind::Struct);
        structs.sort_unstable();
        // What both hold is their base's, and is there once.
        assert_eq!(structs, ["held", "one", "other"]);
        assert!(ids.iter().all(|&id| part.has_name(id)));
    }

    #[test]
    fn chains_of_any_length_are_copied() {
        let mut types = Builder::new(Endian::Big);
        let mut last = types.int("int", 4, 1);
        for _ in 0..200_000 {
            last = types.add(TypeSpec::Ptr { to: last });
        }
        let whole = Btf::parse(types.finish().expect("it can be written")).expect("sound BTF");
        let (bytes, _) = whole.subset(&BTreeSet::from([last])).expect("it can be written");
        assert_eq!(Btf::parse(bytes).expect("sound BTF").type_count(), 200_002);
    }
}
