//! A type's layout as people know it from pahole: members with offsets and sizes, holes and padding.

use crate::btf::types::Composite;
use crate::btf::{Btf, Kind, Type, TypeId, cdecl};

/// Expanding stops behind this many members: foreign BTF can hold one type in another exponentially often.
const MAX_MEMBERS: usize = 100_000;
/// Expanding stops below this depth.
const MAX_DEPTH: usize = 64;

/// How far members are expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The type's own members.
    Own,
    /// All that it holds by value.
    All,
}

/// One definition, laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Its name with its keyword: `struct vfio_group`.
    pub name: String,
    /// Its size in bytes; `None` for what has none, such as a declaration.
    pub size_bytes: Option<u32>,
    /// What is in it.
    pub body: Body,
}

/// What is in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Members, holes and padding of a struct or union.
    Composite {
        /// In the order of declaration.
        items: Vec<Item>,
        /// Whether some members were not expanded, because there are too many.
        is_cut: bool,
    },
    /// Enumerators in their order.
    Enum(Vec<EnumValue>),
    /// What a typedef stands for, in C.
    Alias(String),
    /// An integer or floating-point number.
    Scalar,
    /// A declaration without definition.
    Declared,
}

/// A line of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A member.
    Member(Member),
    /// Bits that belong to no member.
    Hole(Hole),
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, empty for an anonymous struct or union.
    pub name: String,
    /// Its declaration in C, without the semicolon: `struct list_head *next`, `unsigned int state:3`.
    pub declaration: String,
    /// Its offset in bits, from the start of the outermost type.
    pub bit_offset: u64,
    /// Its width in bits if it is a bit-field, else 0.
    pub bitfield_bits: u8,
    /// Size of its type in bytes, if it has one.
    pub size_bytes: Option<u32>,
    /// Whether the struct that it points to is defined. Only told of the outermost type's own members: what is
    /// stored in part does not know it of others.
    pub pointee: Option<Pointee>,
    /// What it holds, if that was asked for; of an array the first element.
    pub items: Vec<Item>,
}

/// A gap between members, or behind the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// Its offset in bits, from the start of the outermost type.
    pub bit_offset: u64,
    /// Its length in bits.
    pub bits: u64,
    /// Whether it is the end of its struct or union.
    pub is_padding: bool,
}

/// What BTF knows of the struct behind a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pointee {
    /// It is only declared there (`BTF_KIND_FWD`).
    Declared,
    /// It is defined there.
    Defined,
}

/// An enumerator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// Its name.
    pub name: String,
    /// Its value. Of old BTF, which does not tell signed enumerations from others, values beyond the signed range
    /// of 32 bits come out negative, as libbpf takes them.
    pub value: i128,
}

/// Lays a type out.
pub fn layout(btf: &Btf, id: TypeId, depth: Depth) -> Layout {
    let mut expand = Expand { btf, left: MAX_MEMBERS, is_cut: false };
    let body = match btf.ty(id) {
        Type::Struct(composite) => Body::Composite {
            items: expand.items(&composite, false, 0, depth, MAX_DEPTH),
            is_cut: expand.is_cut,
        },
        Type::Union(composite) => Body::Composite {
            items: expand.items(&composite, true, 0, depth, MAX_DEPTH),
            is_cut: expand.is_cut,
        },
        Type::Enum(values) | Type::Enum64(values) => Body::Enum(enum_values(&values)),
        Type::Typedef { to, .. } => Body::Alias(cdecl::type_name(btf, to)),
        Type::Fwd { .. } => Body::Declared,
        _ => Body::Scalar,
    };
    Layout { name: cdecl::definition_name(btf, id), size_bytes: btf.size_of(id), body }
}

/// The enumerators, with the sign that they have.
pub(super) fn enum_values(values: &crate::btf::types::Enumeration<'_>) -> Vec<EnumValue> {
    let is_64 = values.size > 4;
    let value = |value: u64| {
        // Values of up to 32 bits come sign-extended.
        if values.is_signed || !is_64 { i128::from(value.cast_signed()) } else { i128::from(value) }
    };
    values.values().map(|it| EnumValue { name: it.name().to_owned(), value: value(it.value) }).collect()
}

/// What is known of the struct behind a pointer, through further pointers, typedefs and qualifiers.
pub(super) fn pointee(btf: &Btf, of: TypeId) -> Option<Pointee> {
    let mut id = btf.innermost_element(of);
    // Pointers can lead in a circle.
    for _ in 0..MAX_DEPTH {
        let Type::Ptr { to } = btf.ty(id) else { return None };
        id = btf.skip_modifiers_and_typedefs(to);
        match btf.kind(id) {
            Kind::Fwd => return Some(Pointee::Declared),
            Kind::Struct | Kind::Union => return Some(Pointee::Defined),
            _ => {}
        }
    }
    None
}

struct Expand<'b> {
    btf: &'b Btf,
    /// How many members may still be listed.
    left: usize,
    is_cut: bool,
}

impl Expand<'_> {
    /// `base` is where the composite begins, in bits from the start of the outermost type.
    fn items(
        &mut self,
        composite: &Composite<'_>,
        is_union: bool,
        base: u64,
        depth: Depth,
        levels: usize,
    ) -> Vec<Item> {
        let is_outermost = levels == MAX_DEPTH;
        let mut items = Vec::new();
        // Ends of members so far, in bits from the composite's start.
        let mut end = 0;
        for member in composite.members() {
            self.left = self.left.saturating_sub(1);
            let offset = u64::from(member.bit_offset);
            if !is_union && offset > end {
                items.push(hole(base + end, offset - end, false));
            }
            let size_bytes = self.btf.size_of(member.of);
            let bits = match member.bitfield_bits {
                0 => u64::from(size_bytes.unwrap_or(0)) * 8,
                width => u64::from(width),
            };
            end = end.max(offset + bits);
            items.push(Item::Member(Member {
                name: member.name().to_owned(),
                declaration: cdecl::member_declaration(self.btf, &member),
                bit_offset: base + offset,
                bitfield_bits: member.bitfield_bits,
                size_bytes,
                pointee: if is_outermost { pointee(self.btf, member.of) } else { None },
                // Members of what has no name are the holder's own, as C sees it.
                items: match depth {
                    Depth::Own if !member.name().is_empty() => Vec::new(),
                    _ => self.nested(member.of, base + offset, depth, levels),
                },
            }));
        }
        let size = u64::from(composite.size) * 8;
        if size > end && !composite.is_empty() {
            items.push(hole(base + end, size - end, true));
        }
        items
    }

    fn nested(&mut self, of: TypeId, base: u64, depth: Depth, levels: usize) -> Vec<Item> {
        let (composite, is_union) = match self.btf.ty(self.btf.innermost_element(of)) {
            Type::Struct(composite) => (composite, false),
            Type::Union(composite) => (composite, true),
            _ => return Vec::new(),
        };
        match levels.checked_sub(1) {
            Some(levels) if composite.len() <= self.left => {
                self.items(&composite, is_union, base, depth, levels)
            }
            _ => {
                self.is_cut = true;
                Vec::new()
            }
        }
    }
}

fn hole(bit_offset: u64, bits: u64, is_padding: bool) -> Item {
    Item::Hole(Hole { bit_offset, bits, is_padding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::table;

    /// `offset:bits declaration` in bits, nested lines behind `>`.
    fn lines(items: &[Item], level: usize) -> Vec<String> {
        let mut all = Vec::new();
        for item in items {
            let mark = ">".repeat(level);
            match item {
                Item::Member(member) => {
                    all.push(format!("{mark}{} {}", member.bit_offset, member.declaration));
                    all.extend(lines(&member.items, level + 1));
                }
                Item::Hole(hole) => {
                    let what = if hole.is_padding { "padding" } else { "hole" };
                    all.push(format!("{mark}{} {what} {}", hole.bit_offset, hole.bits));
                }
            }
        }
        all
    }

    fn shown(btf: &Btf, id: u32, depth: Depth) -> Vec<String> {
        match layout(btf, TypeId(id), depth).body {
            Body::Composite { items, is_cut: false } => lines(&items, 0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn holes_and_padding_are_counted_in_bits() {
        let btf = table(
            "struct~x 24 a 0 0 int -\n\
             struct~x 24 p 64 0 *struct~y -\n\
             struct~x 24 f 128 3 int -\n\
             struct~x 24 g 136 5 int -\n\
             struct~full 4 a 0 0 int -\n\
             union~u 8 a 0 0 int -\n\
             union~u 8 p 0 0 *void -\n",
        );
        let expected = [
            "0 int a",
            "32 hole 32",
            "64 struct y *p",
            "128 int f:3",
            "131 hole 5",
            "136 int g:5",
            "141 padding 51",
        ];
        assert_eq!(shown(&btf, 2, Depth::Own), expected);
        assert_eq!(shown(&btf, 3, Depth::Own), ["0 int a"]);
        assert_eq!(shown(&btf, 4, Depth::Own), ["0 int a", "0 void *p"]);
    }

    #[test]
    fn anonymous_members_are_always_expanded_and_named_ones_on_request() {
        let btf = table(
            "struct~x 16 named 32 0 [2]struct~y -\n\
             struct~x 16 (anon) 96 0 union~(anon#1) -\n\
             struct~y 4 i 0 0 int -\n\
             union~(anon#1) 4 j 0 0 int -\n",
        );
        let own = ["0 hole 32", "32 struct y named[2]", "96 union {…}", ">96 int j"];
        assert_eq!(shown(&btf, 2, Depth::Own), own);
        let all = ["0 hole 32", "32 struct y named[2]", ">32 int i", "96 union {…}", ">96 int j"];
        assert_eq!(shown(&btf, 2, Depth::All), all);
    }

    #[test]
    fn only_own_members_tell_of_their_pointee() {
        let btf = table(
            "struct~x 32 a 0 0 **const~struct~y defined\n\
             struct~x 32 b 64 0 *struct~z -\n\
             struct~x 32 c 128 0 *void -\n\
             struct~x 32 d 192 0 struct~w -\n\
             struct~w 8 e 0 0 *struct~z -\n",
        );
        let Body::Composite { items, .. } = layout(&btf, TypeId(2), Depth::All).body else {
            panic!("a struct")
        };
        let pointees: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Member(member) => Some(member.pointee),
                Item::Hole(_) => None,
            })
            .collect();
        assert_eq!(pointees, [Some(Pointee::Defined), Some(Pointee::Declared), None, None]);
        let Some(Item::Member(Member { items, .. })) = items.last() else { panic!("the member d") };
        assert!(matches!(items.as_slice(), [Item::Member(member)] if member.pointee.is_none()));
    }

    #[test]
    fn what_holds_another_exponentially_often_is_cut() {
        let mut rows = String::new();
        for level in 0..20 {
            let size = 16_u64 << (19 - level);
            let half = size * 4;
            let of = if level == 19 { "[2]int".to_owned() } else { format!("struct~s{}", level + 1) };
            rows += &format!("struct~s{level} {size} a 0 0 {of} -\n");
            rows += &format!("struct~s{level} {size} b {half} 0 {of} -\n");
        }
        let btf = table(&rows);
        let body = layout(&btf, TypeId(2), Depth::All).body;
        assert!(matches!(body, Body::Composite { is_cut: true, ref items } if items.len() == 2), "{body:?}");
    }

    #[test]
    fn enumerators_have_their_sign() {
        let btf = table(
            "enum~e 4 A 18446744073709551615 - enumerator -\nenum~e 4 B 7 - enumerator -\n\
             enum~f 8 C 18446744073709551615 - enumerator -\n",
        );
        let values = |id: u32| match layout(&btf, TypeId(id), Depth::Own).body {
            Body::Enum(values) => values.into_iter().map(|value| value.value).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(values(2), [-1, 7]);
        assert_eq!(values(3), [i128::from(u64::MAX)]);
    }
}
