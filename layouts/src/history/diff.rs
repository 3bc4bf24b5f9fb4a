//! How two definitions differ, member by member.
//!
//! Told apart are what the declarations of a type's own members say (that is what the seed's page compares), and
//! what only offsets, sizes and nested definitions show.

use std::collections::{HashMap, VecDeque};

use super::layout::{EnumValue, Pointee, enum_values, pointee};
use super::nested::{self, Nested};
use crate::btf::types::Member;
use crate::btf::{Btf, Kind, Type, TypeId, cdecl};

/// Anonymous members are looked into down to this depth and up to this many members.
const MAX_DEPTH: usize = 64;
const MAX_MEMBERS: usize = 100_000;

/// A member's declaration, with what BTF tells besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// In C, without the semicolon.
    pub text: String,
    /// Whether the struct that it points to is defined; told of own members only.
    pub pointee: Option<Pointee>,
}

/// One difference between an old and a new definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the new one has this member.
    Added {
        /// Its name.
        name: String,
        /// Its declaration.
        new: Declared,
        /// Its offset in bits.
        bit_offset: u64,
    },
    /// Only the old one has this member.
    Removed {
        /// Its name.
        name: String,
        /// Its declaration.
        old: Declared,
        /// Its offset in bits.
        bit_offset: u64,
    },
    /// Both have the member, with another type or another [`Pointee`].
    Changed {
        /// Its name.
        name: String,
        /// Its old declaration.
        old: Declared,
        /// Its new declaration; the same text when only the pointee differs.
        new: Declared,
    },
    /// Only the new one has this enumerator.
    ValueAdded(EnumValue),
    /// Only the old one has this enumerator.
    ValueRemoved(EnumValue),
    /// The enumerator has another value.
    ValueChanged {
        /// Its name.
        name: String,
        /// Its old value.
        old: i128,
        /// Its new value.
        new: i128,
    },
    /// The name stands for another type: a typedef's target, or an integer's size or sign.
    Means {
        /// What it stood for.
        old: String,
        /// What it stands for.
        new: String,
    },
    /// The member lies elsewhere. Offsets are in bits from the start of the type compared.
    Moved {
        /// Its name.
        name: String,
        /// Its old offset.
        old_bit_offset: u64,
        /// Its new offset.
        new_bit_offset: u64,
    },
    /// The type has another size.
    Resized {
        /// Its old size in bytes, if it has one.
        old_bytes: Option<u32>,
        /// Its new size in bytes, if it has one.
        new_bytes: Option<u32>,
    },
}

impl Change {
    /// Whether declarations tell it. Offsets and sizes they do not tell.
    pub fn is_declared(&self) -> bool {
        !matches!(self, Self::Moved { .. } | Self::Resized { .. })
    }
}

/// How two definitions differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypeDiff {
    /// Differences of the type itself: members added in the new order, removed and changed in the old one, then
    /// what moved, then the size.
    pub own: Vec<Change>,
    /// Differences inside of what members hold by value, where their own declaration is the same on both sides.
    pub nested: Vec<Nested>,
    /// Whether there was too much to compare, and some differences may be missing.
    pub is_cut: bool,
}

impl TypeDiff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.nested.is_empty()
    }

    /// What declarations of own members tell, as the seed's page has it.
    pub fn declared(&self) -> impl Iterator<Item = &Change> {
        self.own.iter().filter(|change| change.is_declared())
    }

    /// What only offsets and sizes of own members tell.
    pub fn laid_out(&self) -> impl Iterator<Item = &Change> {
        self.own.iter().filter(|change| !change.is_declared())
    }
}

/// A definition within its BTF.
pub(super) type Side<'b> = (&'b Btf, TypeId);

/// Compares two definitions.
pub fn diff(old: Side<'_>, new: Side<'_>) -> TypeDiff {
    let (own, is_cut) = own_changes(old, new, true);
    let (nested, is_nested_cut) = nested::changes(old, new);
    TypeDiff { own, nested, is_cut: is_cut || is_nested_cut }
}

/// Differences of the two definitions themselves, and whether some may be missing.
/// `with_pointees` is for outermost types only: see [`super::Member::pointee`].
pub(super) fn own_changes(old: Side<'_>, new: Side<'_>, with_pointees: bool) -> (Vec<Change>, bool) {
    let mut changes = Vec::new();
    let mut is_cut = false;
    match (old.0.ty(old.1), new.0.ty(new.1)) {
        (Type::Struct(_), Type::Struct(_)) | (Type::Union(_), Type::Union(_)) => {
            let (old_members, new_members) = (members(old, with_pointees), members(new, with_pointees));
            is_cut = old_members.is_cut || new_members.is_cut;
            changes = members_changes(&old_members.list, &new_members.list);
        }
        (
            Type::Enum(old_values) | Type::Enum64(old_values),
            Type::Enum(new_values) | Type::Enum64(new_values),
        ) => {
            changes = value_changes(&enum_values(&old_values), &enum_values(&new_values));
        }
        _ => {
            let (old, new) = (meaning(old.0, old.1), meaning(new.0, new.1));
            if old != new {
                changes.push(Change::Means { old, new });
            }
        }
    }
    let (old_bytes, new_bytes) = (old.0.size_of(old.1), new.0.size_of(new.1));
    if old_bytes != new_bytes {
        changes.push(Change::Resized { old_bytes, new_bytes });
    }
    (changes, is_cut)
}

/// What a name stands for: a typedef's target, an integer's size and encoding; of others what they are.
pub(super) fn meaning(btf: &Btf, id: TypeId) -> String {
    match btf.ty(id) {
        Type::Typedef { to, .. } => cdecl::type_name(btf, to),
        Type::Int(int) => {
            let sign = if int.is_signed() { "signed" } else { "unsigned" };
            format!("{} of {} bytes, {sign}", int.name, int.size)
        }
        Type::Float { name, size } => format!("{name} of {size} bytes"),
        Type::Struct(_) | Type::Union(_) | Type::Enum(_) | Type::Enum64(_) | Type::Fwd { .. } => {
            cdecl::definition_name(btf, id)
        }
        _ => cdecl::type_name(btf, id),
    }
}

/// A member as its type's user sees it: those of anonymous members count as the type's own.
pub(super) struct Flat<'b> {
    pub(super) member: Member<'b>,
    pub(super) declared: Declared,
    pub(super) bit_offset: u64,
}

pub(super) struct FlatMembers<'b> {
    pub(super) list: Vec<Flat<'b>>,
    pub(super) is_cut: bool,
}

pub(super) fn members<'b>((btf, id): Side<'b>, with_pointees: bool) -> FlatMembers<'b> {
    let mut flat = FlatMembers { list: Vec::new(), is_cut: false };
    flatten(btf, id, 0, with_pointees, MAX_DEPTH, &mut flat);
    flat
}

fn flatten<'b>(
    btf: &'b Btf,
    id: TypeId,
    base: u64,
    with_pointees: bool,
    depth: usize,
    flat: &mut FlatMembers<'b>,
) {
    let (Type::Struct(composite) | Type::Union(composite)) = btf.ty(id) else { return };
    for member in composite.members() {
        let bit_offset = base + u64::from(member.bit_offset);
        let of = btf.skip_modifiers_and_typedefs(member.of);
        let is_anonymous = member.name().is_empty() && matches!(btf.kind(of), Kind::Struct | Kind::Union);
        if flat.list.len() >= MAX_MEMBERS || is_anonymous && depth == 0 {
            flat.is_cut = true;
            return;
        }
        if is_anonymous {
            flatten(btf, of, bit_offset, with_pointees, depth - 1, flat);
            continue;
        }
        let text = cdecl::member_declaration(btf, &member);
        let pointee = if with_pointees { pointee(btf, member.of) } else { None };
        flat.list.push(Flat { member, declared: Declared { text, pointee }, bit_offset });
    }
}

/// Members of one name are matched in their order; only BTF that no compiler writes has several.
pub(super) fn matches(old: &[Flat<'_>], new: &[Flat<'_>]) -> Vec<Option<usize>> {
    let mut by_name: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (index, flat) in new.iter().enumerate() {
        by_name.entry(flat.member.name()).or_default().push_back(index);
    }
    old.iter().map(|flat| by_name.get_mut(flat.member.name()).and_then(VecDeque::pop_front)).collect()
}

fn members_changes(old: &[Flat<'_>], new: &[Flat<'_>]) -> Vec<Change> {
    let matches = matches(old, new);
    let mut is_matched = vec![false; new.len()];
    let (mut removed, mut changed, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    for (old, partner) in old.iter().zip(&matches) {
        let name = old.member.name().to_owned();
        let Some((index, new)) = partner.and_then(|index| new.get(index).map(|new| (index, new))) else {
            removed.push(Change::Removed { name, old: old.declared.clone(), bit_offset: old.bit_offset });
            continue;
        };
        is_matched[index] = true;
        if old.declared != new.declared {
            let (old, new) = (old.declared.clone(), new.declared.clone());
            changed.push(Change::Changed { name: name.clone(), old, new });
        }
        if old.bit_offset != new.bit_offset {
            let (old_bit_offset, new_bit_offset) = (old.bit_offset, new.bit_offset);
            moved.push(Change::Moved { name, old_bit_offset, new_bit_offset });
        }
    }
    let added =
        new.iter().zip(&is_matched).filter(|(_, is_matched)| !**is_matched).map(|(new, _)| Change::Added {
            name: new.member.name().to_owned(),
            new: new.declared.clone(),
            bit_offset: new.bit_offset,
        });
    added.chain(removed).chain(changed).chain(moved).collect()
}

fn value_changes(old: &[EnumValue], new: &[EnumValue]) -> Vec<Change> {
    let by_name = |values: &[EnumValue]| -> HashMap<String, i128> {
        values.iter().map(|value| (value.name.clone(), value.value)).collect()
    };
    let (old_by_name, new_by_name) = (by_name(old), by_name(new));
    let added = new.iter().filter(|value| !old_by_name.contains_key(&value.name)).cloned();
    let removed = old.iter().filter(|value| !new_by_name.contains_key(&value.name)).cloned();
    let changed = old.iter().filter_map(|value| {
        let new = *new_by_name.get(&value.name)?;
        let changed = Change::ValueChanged { name: value.name.clone(), old: value.value, new };
        (new != value.value).then_some(changed)
    });
    added.map(Change::ValueAdded).chain(removed.map(Change::ValueRemoved)).chain(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{FIRST, table};

    /// Changes in short: `+decl@bit`, `-decl@bit`, `old>new`, `name:bit>bit`, `size a>b`.
    fn changes(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (table(old), table(new));
        let diff = diff((&old, FIRST), (&new, FIRST));
        let short = |change: &Change| match change {
            Change::Added { new, bit_offset, .. } => format!("+{}@{bit_offset}", new.text),
            Change::Removed { old, bit_offset, .. } => format!("-{}@{bit_offset}", old.text),
            Change::Changed { old, new, .. } if old.text == new.text => {
                format!("{:?}>{:?}", old.pointee, new.pointee)
            }
            Change::Changed { old, new, .. } => format!("{}>{}", old.text, new.text),
            Change::ValueAdded(value) => format!("+{}={}", value.name, value.value),
            Change::ValueRemoved(value) => format!("-{}={}", value.name, value.value),
            Change::ValueChanged { name, old, new } => format!("{name}={old}>{new}"),
            Change::Means { old, new } => format!("{old}>{new}"),
            Change::Moved { name, old_bit_offset, new_bit_offset } => {
                format!("{name}:{old_bit_offset}>{new_bit_offset}")
            }
            Change::Resized { old_bytes, new_bytes } => format!("size {old_bytes:?}>{new_bytes:?}"),
        };
        assert!(!diff.is_cut);
        assert_eq!(diff.declared().count() + diff.laid_out().count(), diff.own.len());
        diff.own.iter().map(short).collect()
    }

    #[test]
    fn changes_come_in_their_order() {
        let old = "struct~x 16 gone 0 0 int -\nstruct~x 16 kept 32 0 int -\nstruct~x 16 other 64 0 int -\n";
        let new = "struct~x 24 come 0 0 int -\nstruct~x 24 other 64 0 *int -\nstruct~x 24 kept 128 0 int -\n";
        let expected =
            ["+int come@0", "-int gone@0", "int other>int *other", "kept:32>128", "size Some(16)>Some(24)"];
        assert_eq!(changes(old, new), expected);
        assert_eq!(changes(old, old), [""; 0]);
    }

    #[test]
    fn the_pointee_of_own_members_counts() {
        let old = "struct~x 8 kvm 0 0 *struct~kvm declared\n";
        let new = "struct~x 8 kvm 0 0 *struct~kvm defined\n";
        assert_eq!(changes(old, new), ["Some(Declared)>Some(Defined)"]);
        // Behind a named member it does not, because what is stored in part does not know it.
        let inside =
            |kind: &str| format!("struct~x 8 in 0 0 struct~y -\nstruct~y 8 kvm 0 0 *struct~kvm {kind}\n");
        let (old, new) = (table(&inside("declared")), table(&inside("defined")));
        assert!(diff((&old, FIRST), (&new, FIRST)).is_empty());
    }

    #[test]
    fn members_of_anonymous_ones_are_the_types_own() {
        let old = "struct~x 8 (anon) 32 0 union~(anon#1) -\nunion~(anon#1) 4 a 0 0 int -\n";
        let new = "struct~x 8 a 32 0 int -\n";
        assert_eq!(changes(old, new), [""; 0]);
        let moved = "struct~x 8 a 0 0 int -\n";
        assert_eq!(changes(old, moved), ["a:32>0"]);
    }

    #[test]
    fn the_width_of_a_bit_field_is_part_of_its_declaration() {
        let rows = |width: u32| format!("struct~x 4 a 0 {width} int -\n");
        assert_eq!(changes(&rows(3), &rows(4)), ["int a:3>int a:4"]);
        assert_eq!(changes(&rows(3), &rows(3)), [""; 0]);
    }

    #[test]
    fn enumerators_are_compared_by_name() {
        let old = "enum~e 4 A -1 - enumerator -\nenum~e 4 B 1 - enumerator -\nenum~e 4 C 2 - enumerator -\n";
        let new = "enum~e 8 B 1 - enumerator -\nenum~e 8 C 3 - enumerator -\nenum~e 8 D 4 - enumerator -\n";
        assert_eq!(changes(old, new), ["+D=4", "-A=-1", "C=2>3", "size Some(4)>Some(8)"]);
    }

    #[test]
    fn another_kind_of_definition_is_told() {
        let expected = ["struct x>union x", "size Some(4)>Some(8)"];
        assert_eq!(changes("struct~x 4 a 0 0 int -\n", "union~x 8 a 0 0 *int -\n"), expected);
        assert_eq!(changes("typedef~t - - - - int -\n", "typedef~t - - - - *int -\n")[0], "int>int *");
    }
}
