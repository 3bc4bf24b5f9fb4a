//! Which kernels have a type alike: for every kernel a hash of the type, with all that is needed of what it holds.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use super::columns::Columns;
use super::error::StoreError;
use super::made::stub;
use crate::btf::{Endian, TypeId, TypeSpec};
use crate::store::bytes::Damage;
use crate::store::content::{Class, Key, Target, Use, decode};

/// What no sound kernel nests deeper than: twice what BTF may.
const MAX_DEPTH: u32 = 1100;

/// So many types of one name a kernel may have. Real ones have a few; but a damaged store may say of one that a kernel has
/// it a million times, and each would be looked at.
const MOST_ALIKE: usize = 1000;

/// A hash for every kernel of the store, by place.
type Hashes = Rc<[u64]>;

/// What a signature is of: column, number, and how it is used.
type Subject = (usize, u32, u8);

/// The signatures for one need.
pub(super) struct Signatures<'c, 's, 'n> {
    columns: &'c mut Columns<'s>,
    used: Use<'n>,
    known: HashMap<Subject, Hashes>,
}

/// What one definition comes to: itself, and what it needs.
struct Parts {
    own: u64,
    needs: Vec<(Class, Vec<u8>, u32, u8)>,
}

const USES: [Use<'static>; 4] = [Use::All, Use::Pointee, Use::Kind, Use::Named];
const MEMBERS: u8 = 4;

fn number_of(used: Use<'_>) -> u8 {
    USES.iter().position(|&known| known == used).map_or(MEMBERS, |number| number as u8)
}

impl<'c, 's, 'n> Signatures<'c, 's, 'n> {
    pub(super) fn new(columns: &'c mut Columns<'s>, used: Use<'n>) -> Self {
        Self { columns, used, known: HashMap::new() }
    }

    /// Those of a root: of all its columns, and all definitions in them, together.
    pub(super) fn of_root(mut self, columns: &[usize]) -> Result<Vec<u64>, StoreError> {
        let mut all = self.columns.machines().to_vec();
        for &column in columns {
            let most = self.columns.get(column).states.iter().map(Vec::len).max().unwrap_or(0);
            if most > MOST_ALIKE {
                let place = String::from_utf8_lossy(&self.columns.get(column).name).into_owned();
                let what = "a kernel has too many types of this name";
                return Err(StoreError::damaged(place)(Damage { offset: 0, what }));
            }
            for which in 0..most as u32 {
                let of_one = self.of((column, which, number_of(self.used)), 0)?;
                all.iter_mut().zip(of_one.iter()).for_each(|(all, &one)| *all = mix(*all, one));
            }
        }
        Ok(all)
    }

    fn of(&mut self, subject: Subject, depth: u32) -> Result<Hashes, StoreError> {
        if let Some(known) = self.known.get(&subject) {
            return Ok(Rc::clone(known));
        }
        if depth > MAX_DEPTH {
            return Err(StoreError::damaged("a type")(Damage { offset: 0, what: "it nests too deep" }));
        }
        let (column, which, used) = subject;
        let kernels = self.columns.kernels();
        // Definitions of different kernels may hold each other; those of one never do.
        self.known.insert(subject, vec![column as u64; kernels].into());
        let of = self.columns.get(column);
        // Which definition each state has, and which kernels have each definition.
        let of_states: Vec<Option<u32>> =
            of.states.iter().map(|state| state.get(which as usize).copied()).collect();
        let mut places = vec![Vec::new(); of.variants.len()];
        for (place, &state) in of.of_kernel.iter().enumerate() {
            if let Some(variant) = of_states.get(state as usize).copied().flatten() {
                let what = "a kernel has a definition that is not there";
                let damaged = || StoreError::damaged("a type")(Damage { offset: 0, what });
                places.get_mut(variant as usize).ok_or_else(damaged)?.push(place);
            }
        }
        let mut hashes = vec![0_u64; kernels];
        for (variant, places) in (0..).zip(places).filter(|(_, places)| !places.is_empty()) {
            let parts = self.parts(column, variant, used)?;
            for &place in &places {
                hashes[place] = parts.own;
            }
            for (class, name, which, used) in parts.needs {
                let Some(needed) = self.columns.of_key(Key::new(class, &name))? else { continue };
                let of_needed = self.of((needed, which, used), depth + 1)?;
                for &place in &places {
                    hashes[place] = mix(hashes[place], of_needed[place]);
                }
            }
        }
        let hashes: Hashes = hashes.into();
        self.known.insert(subject, Rc::clone(&hashes));
        Ok(hashes)
    }

    fn parts(&self, column: usize, variant: u32, used: u8) -> Result<Parts, StoreError> {
        let of = self.columns.get(column);
        let content = of.variant(variant).unwrap_or_default();
        let used = USES.get(usize::from(used)).copied().unwrap_or(self.used);
        let mut collect = Collect { hasher: DefaultHasher::new(), needs: Vec::new() };
        let (spec, _) =
            decode(of.key(), content, used, &mut collect).map_err(StoreError::damaged("a definition"))?;
        spec.hash(&mut collect.hasher);
        of.name.hash(&mut collect.hasher);
        (of.class as u8).hash(&mut collect.hasher);
        Ok(Parts { own: collect.hasher.finish(), needs: collect.needs })
    }
}

/// Takes note of what a definition needs. Every type it is given counts by what it is and when it came.
struct Collect {
    hasher: DefaultHasher,
    needs: Vec<(Class, Vec<u8>, u32, u8)>,
}

impl Target for Collect {
    fn add(&mut self, spec: TypeSpec) -> TypeId {
        spec.hash(&mut self.hasher);
        TypeId::VOID
    }

    fn resolve(
        &mut self,
        key: Key<'_>,
        which: u32,
        of_base: bool,
        used: Use<'_>,
    ) -> Result<TypeId, &'static str> {
        (key.class as u8, key.name, which, of_base, number_of(used)).hash(&mut self.hasher);
        if stub(key, used).is_none() {
            let need = (key.class, key.name.to_vec(), which, number_of(used));
            if !self.needs.contains(&need) {
                self.needs.push(need);
            }
        }
        Ok(TypeId::VOID)
    }
}

/// The signature that kernels of a machine begin with.
pub(super) fn of_machine(endian: Endian, pointer_size: Option<u32>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (endian, pointer_size).hash(&mut hasher);
    mix(0, hasher.finish())
}

/// Two hashes to one, by the order they come in.
fn mix(one: u64, other: u64) -> u64 {
    let mixed = (one.rotate_left(5) ^ other).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}
