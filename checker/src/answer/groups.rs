//! Which accesses of an object must be resolved together.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use corecheck_layouts::btf::{Btf, Kind, TypeId};

use crate::access::{Access, Broken, RelocationKind};
use crate::loader::Loader;

/// A local root type that candidates are searched for.
pub(super) struct Root {
    pub(super) id: TypeId,
    /// Its essential name.
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// Accesses that are resolved together, in their order.
pub(super) struct Group<'a> {
    pub(super) accesses: Vec<&'a Access>,
    /// Their positions among all accesses.
    pub(super) positions: Vec<usize>,
    /// Numbers of the roots whose candidates decide.
    pub(super) roots: Vec<usize>,
    /// Whether one asks for a type id of the target.
    pub(super) asks_for_ids: bool,
}

/// The root types whose candidates decide, in the order of their first access.
pub(super) fn roots(local: &Btf, accesses: &[Access], loader: Loader) -> Vec<Root> {
    let mut known: HashSet<TypeId> = HashSet::new();
    let mut roots = Vec::new();
    for access in accesses.iter().filter(|access| is_searched(access, loader)) {
        if known.insert(access.root) {
            let name = loader.essential(local.name_bytes(access.root));
            let name = String::from_utf8_lossy(name).into_owned();
            roots.push(Root { id: access.root, name, kind: local.kind(access.root) });
        }
    }
    roots
}

fn is_searched(access: &Access, loader: Loader) -> bool {
    // aya does not mind a root without a name.
    let is_sound = match &access.local {
        Ok(_) => true,
        Err(broken) => loader == Loader::Aya && *broken == Broken::AnonymousRoot,
    };
    loader.looks_at(access) && is_sound && access.kind != RelocationKind::TypeIdLocal
}

/// Puts accesses together that the same candidates decide, or that share an instruction: of one the other finds what
/// the first has left. Groups stand in the order of their first access.
pub(super) fn groups<'a>(accesses: &'a [Access], roots: &[Root], loader: Loader) -> Vec<Group<'a>> {
    let numbers: HashMap<TypeId, usize> =
        roots.iter().enumerate().map(|(number, root)| (root.id, number)).collect();
    let mut joined = Joined { parents: (0..accesses.len()).collect() };
    let mut of_root: HashMap<TypeId, usize> = HashMap::new();
    let mut of_place: HashMap<(usize, u32), usize> = HashMap::new();
    for (position, access) in accesses.iter().enumerate() {
        if is_searched(access, loader) {
            let first = *of_root.entry(access.root).or_insert(position);
            joined.join(first, position);
        }
        let first = *of_place.entry((access.section_index, access.insn)).or_insert(position);
        joined.join(first, position);
    }
    let mut groups: BTreeMap<usize, Group<'a>> = BTreeMap::new();
    for (position, access) in accesses.iter().enumerate() {
        let group = groups.entry(joined.first(position)).or_insert_with(|| Group {
            accesses: Vec::new(),
            positions: Vec::new(),
            roots: Vec::new(),
            asks_for_ids: false,
        });
        group.accesses.push(access);
        group.positions.push(position);
        group.asks_for_ids |= access.kind == RelocationKind::TypeIdTarget;
        if is_searched(access, loader) {
            group.roots.extend(numbers.get(&access.root));
        }
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    for group in &mut groups {
        group.roots.sort_unstable();
        group.roots.dedup();
    }
    groups
}

/// Sets of positions; each is known by its smallest.
struct Joined {
    parents: Vec<usize>,
}

impl Joined {
    fn first(&mut self, position: usize) -> usize {
        let mut at = position;
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        let first = one.min(other);
        self.parents[one] = first;
        self.parents[other] = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::accesses;
    use crate::testing::object;

    /// The positions of each group.
    fn together(accesses: &[Access], local: &Btf) -> Vec<Vec<usize>> {
        let roots = roots(local, accesses, Loader::LIBBPF);
        groups(accesses, &roots, Loader::LIBBPF).into_iter().map(|group| group.positions).collect()
    }

    #[test]
    fn accesses_of_one_root_or_one_instruction_stay_together() {
        let object = object("tests/fixtures/objects/all_kinds.bpf.o");
        let local = object.btf.as_deref().expect("it has types");
        let mut accesses = accesses(&object);
        let apart = together(&accesses, local);
        let mut all: Vec<usize> = apart.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..accesses.len()).collect::<Vec<_>>(), "each access is in one group");
        assert!(apart.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        assert!(apart.len() > 2, "{apart:?}");
        for group in &apart {
            assert!(group.is_sorted());
            assert!(group.iter().all(|&at| accesses[at].root == accesses[group[0]].root), "{apart:?}");
        }
        // The last of the first group and the first of the third patch one instruction.
        let (one, other) = (*apart[0].last().expect("a group"), apart[2][0]);
        accesses[other].section_index = accesses[one].section_index;
        accesses[other].insn = accesses[one].insn;
        let joined = together(&accesses, local);
        assert_eq!(joined.len(), apart.len() - 1);
        let mut both = [apart[0].clone(), apart[2].clone()].concat();
        both.sort_unstable();
        assert_eq!(joined[0], both);
    }
}
