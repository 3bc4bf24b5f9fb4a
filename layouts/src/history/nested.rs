//! Differences inside of what members hold by value.
//!
//! Two definitions that meet under members of the same name and declaration are compared once, however often they
//! meet: `struct mutex` differs in one place, not in every member that is a mutex.

use std::collections::HashMap;

use super::diff::{Change, Side, matches, meaning, members, own_changes};
use crate::btf::{Btf, Kind, Type, TypeId, cdecl};

/// Comparing stops behind this many pairs of definitions.
const MAX_PAIRS: usize = 10_000;
/// Looking for the own members that lead to a difference stops behind this many steps.
const MAX_STEPS: usize = 1_000_000;

/// A nested definition that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// What differs: `struct mutex`; of what has no name, the typedef or member that leads to it.
    pub what: String,
    /// The first way there, from the outermost type: `device_lock.wait_lock`.
    pub path: String,
    /// All own members of the outermost type that lead there, in the old order.
    pub members: Vec<String>,
    /// How the old and the new one differ.
    pub changes: Vec<Change>,
}

/// A pair of definitions, or of meanings of one name, that meet.
struct Node {
    what: String,
    path: String,
    changes: Vec<Change>,
    /// Pairs that meet inside of it.
    inner: Vec<usize>,
}

#[derive(Default)]
struct Walk {
    nodes: Vec<Node>,
    by_ids: HashMap<(TypeId, TypeId), usize>,
    /// Composites whose members are still to be compared.
    open: Vec<(usize, TypeId, TypeId)>,
    is_cut: bool,
}

/// What differs inside of the two, and whether some may be missing.
pub(super) fn changes(old: Side<'_>, new: Side<'_>) -> (Vec<Nested>, bool) {
    let mut walk = Walk::default();
    let own = match (old.0.ty(old.1), new.0.ty(new.1)) {
        // A name that stands for another: what differs behind it is inside of it.
        (Type::Typedef { name, to }, Type::Typedef { to: new_to, .. })
            if cdecl::type_name(old.0, to) == cdecl::type_name(new.0, new_to) =>
        {
            let target = walk.meet((old.0, to), (new.0, new_to), name);
            target.map(|node| (name.to_owned(), node)).into_iter().collect()
        }
        _ => walk.members(old, new, ""),
    };
    // Breadth first, so that the shortest way is the first; the list grows while it is worked off.
    let mut next = 0;
    while let Some(&(node, old_id, new_id)) = walk.open.get(next) {
        next += 1;
        let path = walk.nodes.get(node).map(|node| node.path.clone()).unwrap_or_default();
        let inner = walk.members((old.0, old_id), (new.0, new_id), &path);
        let inner = inner.into_iter().map(|(_, node)| node).collect();
        if let Some(node) = walk.nodes.get_mut(node) {
            node.inner = inner;
        }
    }
    let leading = walk.leading(&own);
    let nested = walk.nodes.into_iter().zip(leading).filter(|(node, _)| !node.changes.is_empty());
    let nested = nested.map(|(node, members)| Nested {
        what: node.what,
        path: node.path,
        members,
        changes: node.changes,
    });
    (nested.collect(), walk.is_cut)
}

impl Walk {
    /// The pairs that members of two composites lead to, with the member's name.
    fn members(&mut self, old: Side<'_>, new: Side<'_>, path: &str) -> Vec<(String, usize)> {
        let (old_members, new_members) = (members(old, false), members(new, false));
        let mut led = Vec::new();
        for (old_member, partner) in
            old_members.list.iter().zip(matches(&old_members.list, &new_members.list))
        {
            let Some(new_member) = partner.and_then(|index| new_members.list.get(index)) else { continue };
            if old_member.declared.text != new_member.declared.text {
                continue;
            }
            let name = old_member.member.name();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            if let Some(node) = self.meet((old.0, old_member.member.of), (new.0, new_member.member.of), &path)
            {
                led.push((name.to_owned(), node));
            }
        }
        led
    }

    /// The pair that two types of one spelling stand for, if it needs comparing.
    fn meet(&mut self, old: Side<'_>, new: Side<'_>, path: &str) -> Option<usize> {
        // The name that people see, for what has none of its own.
        let spelled = spelling(old.0, old.1);
        let (mut old_id, mut new_id) = (old.1, new.1);
        loop {
            old_id = old.0.skip_modifiers_and_typedefs(old_id);
            new_id = new.0.skip_modifiers_and_typedefs(new_id);
            match (old.0.ty(old_id), new.0.ty(new_id)) {
                (Type::Array(a), Type::Array(b)) if a.length == b.length => {
                    (old_id, new_id) = (a.element, b.element);
                }
                _ => break,
            }
        }
        if let Some(&known) = self.by_ids.get(&(old_id, new_id)) {
            return Some(known);
        }
        let (old_meaning, new_meaning) = (meaning(old.0, old_id), meaning(new.0, new_id));
        let is_same = old_meaning == new_meaning && same_kind(old.0.kind(old_id), new.0.kind(new_id));
        let has_inside = matches!(old.0.kind(old_id), Kind::Struct | Kind::Union | Kind::Enum | Kind::Enum64);
        if is_same && !has_inside {
            return None;
        }
        if self.nodes.len() >= MAX_PAIRS {
            self.is_cut = true;
            return None;
        }
        let changes = if is_same {
            let (changes, is_cut) = own_changes((old.0, old_id), (new.0, new_id), false);
            self.is_cut |= is_cut;
            changes
        } else {
            vec![Change::Means { old: old_meaning, new: new_meaning }]
        };
        let is_named = !old.0.name(old_id).is_empty() && is_same;
        let what = if is_named { meaning(old.0, old_id) } else { spelled };
        let node = self.nodes.len();
        self.nodes.push(Node { what, path: path.to_owned(), changes, inner: Vec::new() });
        self.by_ids.insert((old_id, new_id), node);
        if is_same && matches!(old.0.kind(old_id), Kind::Struct | Kind::Union) {
            self.open.push((node, old_id, new_id));
        }
        Some(node)
    }

    /// For each pair the own members that lead there.
    fn leading(&mut self, own: &[(String, usize)]) -> Vec<Vec<String>> {
        let mut leading = vec![Vec::new(); self.nodes.len()];
        let mut seen_by = vec![usize::MAX; self.nodes.len()];
        let mut steps = 0;
        for (number, (name, start)) in own.iter().enumerate() {
            let mut open = vec![*start];
            while let Some(node) = open.pop() {
                steps += 1;
                if steps > MAX_STEPS {
                    self.is_cut = true;
                    return leading;
                }
                let (Some(seen), Some(inside)) = (seen_by.get_mut(node), self.nodes.get(node)) else {
                    continue;
                };
                if *seen == number {
                    continue;
                }
                *seen = number;
                if !inside.changes.is_empty() {
                    leading[node].push(name.clone());
                }
                open.extend(&inside.inner);
            }
        }
        leading
    }
}

fn same_kind(old: Kind, new: Kind) -> bool {
    crate::kernel::is_compatible(old, new)
}

/// The typedef that a type is spelled with, or the type.
fn spelling(btf: &Btf, id: TypeId) -> String {
    let mut id = id;
    loop {
        match btf.ty(id) {
            Type::Qualifier { to, .. } | Type::TypeTag { to, .. } => id = to,
            Type::Array(array) => id = array.element,
            _ => return cdecl::type_name(btf, id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{FIRST, table};

    fn compare(old: &str, new: &str) -> Vec<Nested> {
        let (old, new) = (table(old), table(new));
        let (nested, is_cut) = changes((&old, FIRST), (&new, FIRST));
        assert!(!is_cut);
        nested
    }

    const HOLDER: &str = "struct~x 16 before 0 0 int -\n\
                          struct~x 16 a 32 0 lock_t -\n\
                          struct~x 16 b 64 0 [2]struct~lock -\n\
                          typedef~lock_t - - - - struct~lock -\n\
                          struct~lock 4 owner 0 0 owner_t -\n\
                          typedef~short - - - - int -\n";

    #[test]
    fn a_nested_definition_is_told_once_with_its_way() {
        let old =
            format!("{HOLDER}typedef~owner_t - - - - struct~(anon#1)\nstruct~(anon#1) 4 id 0 0 int -\n")
                .replace("(anon#1)\n", "(anon#1) -\n");
        let new = old.replace(" id ", " holder ");
        let nested = compare(&old, &new);
        assert_eq!(nested.len(), 1, "{nested:?}");
        assert_eq!((nested[0].what.as_str(), nested[0].path.as_str()), ("owner_t", "a.owner"));
        assert_eq!(nested[0].members, ["a", "b"]);
        assert!(matches!(
            nested[0].changes.as_slice(),
            [Change::Added { name: new, .. }, Change::Removed { name: old, .. }] if new == "holder" && old == "id"
        ));
        assert_eq!(compare(&old, &old), []);
    }

    #[test]
    fn a_typedef_that_stands_for_another_type_is_told() {
        let old = format!("{HOLDER}typedef~owner_t - - - - int -\n");
        let new = format!("{HOLDER}typedef~owner_t - - - - struct~o -\nstruct~o 4 id 0 0 int -\n");
        let nested = compare(&old, &new);
        let means = Change::Means { old: "int of 4 bytes, signed".to_owned(), new: "struct o".to_owned() };
        assert_eq!(nested.len(), 1);
        assert_eq!((nested[0].what.as_str(), &nested[0].changes), ("owner_t", &vec![means]));
    }

    #[test]
    fn arrays_enums_and_integers_behind_typedefs_are_looked_into() {
        let rows = |length: u32, value: i32, size: u32| {
            format!(
                "struct~x 64 a 0 0 mac_t -\nstruct~x 64 e 256 0 enum~e -\nstruct~x 64 i 320 0 id_t -\n\
                 typedef~mac_t - - - - [{length}]int -\nenum~e 4 A {value} - enumerator -\n\
                 typedef~id_t - - - - word -\nint~word {size} - - {} SIGNED -\n",
                size * 8
            )
        };
        assert_eq!(compare(&rows(4, 1, 4), &rows(4, 1, 4)), []);
        let whats = |old: &str, new: &str| {
            compare(old, new).into_iter().map(|nested| (nested.path, nested.what)).collect::<Vec<_>>()
        };
        let told = |path: &str, what: &str| vec![(path.to_owned(), what.to_owned())];
        assert_eq!(whats(&rows(4, 1, 4), &rows(6, 1, 4)), told("a", "mac_t"));
        assert_eq!(whats(&rows(4, 1, 4), &rows(4, 2, 4)), told("e", "enum e"));
        assert_eq!(whats(&rows(4, 1, 4), &rows(4, 1, 8)), told("i", "id_t"));
    }

    #[test]
    fn a_member_of_another_declaration_is_not_looked_into() {
        let old = "struct~x 8 a 0 0 struct~y -\nstruct~y 4 i 0 0 int -\n";
        let new = "struct~x 8 a 0 0 struct~z -\nstruct~z 8 j 0 0 int -\n";
        assert_eq!(compare(old, new), []);
    }

    #[test]
    fn what_is_behind_the_name_of_a_typedef_is_inside_of_it() {
        let rows = |name: &str| format!("typedef~t - - - - struct~y -\nstruct~y 4 {name} 0 0 int -\n");
        let nested = compare(&rows("a"), &rows("b"));
        assert_eq!((nested[0].what.as_str(), nested[0].path.as_str()), ("struct y", "t"));
    }
}
