//! Reading BTF: what is well-formed is read and written back the same; what is not is an error with its place.

use std::sync::Arc;

use corecheck_layouts::btf::types::SecInfo;
use corecheck_layouts::btf::{
    Btf, BtfError, Builder, Endian, Kind, MemberSpec, Type, TypeId, TypeSpec, cdecl,
};

/// One type of every kind, referring to each other.
fn every_kind() -> Vec<TypeSpec> {
    let name = |name: &str| name.to_owned();
    let member = |name: &str, of: u32, bit_offset: u32, bitfield_bits: u8| MemberSpec {
        name: name.to_owned(),
        of: TypeId(of),
        bit_offset,
        bitfield_bits,
    };
    vec![
        TypeSpec::Int { name: name("long int"), size: 8, encoding: 1, offset: 0, bits: 64 },
        TypeSpec::Ptr { to: TypeId(4) },
        TypeSpec::Array { element: TypeId(2), index: TypeId(1), length: 3 },
        TypeSpec::Composite {
            is_union: false,
            name: name("s"),
            size: 48,
            kind_flag: true,
            members: vec![member("a", 3, 0, 0), member("", 5, 192, 0), member("b", 1, 256, 5)],
        },
        TypeSpec::Composite {
            is_union: true,
            name: name(""),
            size: 8,
            kind_flag: false,
            members: vec![member("x", 1, 0, 0), member("y", 2, 0, 0)],
        },
        TypeSpec::Enum {
            name: name("e"),
            size: 4,
            is_signed: true,
            is_64: false,
            values: vec![(name("MINUS"), u64::MAX), (name("PLUS"), 1)],
        },
        TypeSpec::Enum {
            name: name("e64"),
            size: 8,
            is_signed: false,
            is_64: true,
            values: vec![(name("BIG"), 1 << 40)],
        },
        TypeSpec::Fwd { name: name("f"), is_union: true },
        TypeSpec::Typedef { name: name("t"), to: TypeId(10) },
        TypeSpec::Qualifier { kind: Kind::Const, to: TypeId(11) },
        TypeSpec::Qualifier { kind: Kind::Volatile, to: TypeId(4) },
        TypeSpec::Qualifier { kind: Kind::Restrict, to: TypeId(2) },
        TypeSpec::Func { name: name("fn"), proto: TypeId(14), linkage: 1 },
        TypeSpec::FuncProto {
            returns: TypeId(0),
            params: vec![(name("p"), TypeId(2)), (name(""), TypeId(0))],
        },
        TypeSpec::Var { name: name("v"), of: TypeId(1), linkage: 1 },
        TypeSpec::DataSec {
            name: name(".data"),
            size: 8,
            entries: vec![SecInfo { of: TypeId(15), offset: 0, size: 8 }],
        },
        TypeSpec::Float { name: name("double"), size: 8 },
        TypeSpec::DeclTag { name: name("tag"), on: TypeId(4), component: -1, attribute: true },
        TypeSpec::TypeTag { name: name("user"), to: TypeId(1), attribute: true },
    ]
}

fn build(endian: Endian, specs: &[TypeSpec]) -> Vec<u8> {
    let mut builder = Builder::new(endian);
    for spec in specs {
        builder.add(spec.clone());
    }
    builder.finish().expect("it can be written")
}

/// Asks everything of every type: nothing of it may panic, whatever the bytes were.
fn walk(btf: &Btf) {
    for id in btf.ids() {
        let _ = (btf.kind(id), btf.name(id), btf.size_of(id), btf.innermost_element(id));
        let _ = (cdecl::type_name(btf, id), cdecl::definition_name(btf, id));
        if let Type::Struct(composite) | Type::Union(composite) = btf.ty(id) {
            assert_eq!(composite.members().count(), composite.len());
        }
        let _ = TypeSpec::of(btf.ty(id));
    }
}

#[test]
fn every_kind_is_read_as_it_was_written_in_both_byte_orders() {
    for endian in [Endian::Little, Endian::Big] {
        let specs = every_kind();
        let bytes = build(endian, &specs);
        let btf = Btf::parse(bytes.clone()).expect("it is sound");
        assert_eq!(btf.endian(), endian);
        assert_eq!(btf.pointer_size(), Some(8));
        let read: Vec<TypeSpec> = btf.ids().filter_map(|id| TypeSpec::of(btf.ty(id))).collect();
        assert_eq!(read, specs);
        assert_eq!(build(endian, &read), bytes);
        walk(&btf);
    }
}

#[test]
fn types_are_written_as_in_c() {
    let btf = Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound");
    let name = |id: u32| cdecl::type_name(&btf, TypeId(id));
    assert_eq!(name(2), "struct s *");
    assert_eq!(name(3), "struct s *[3]");
    assert_eq!(cdecl::declaration(&btf, TypeId(3), "a"), "struct s *a[3]");
    assert_eq!(name(9), "t");
    assert_eq!(name(10), "const volatile struct s");
    assert_eq!(cdecl::declaration(&btf, TypeId(12), "r"), "struct s *restrict r");
    assert_eq!(cdecl::declaration(&btf, TypeId(14), "(*fn)"), "void (*fn)(struct s *, ...)");
    assert_eq!(cdecl::definition_name(&btf, TypeId(8)), "union f (declared only)");
}

#[test]
fn sizes_multiply_arrays_and_look_through_names() {
    let btf = Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound");
    assert_eq!(btf.size_of(TypeId(3)), Some(24));
    assert_eq!(btf.size_of(TypeId(9)), Some(48));
    assert_eq!(btf.size_of(TypeId(8)), None, "a declaration has no size");
    assert_eq!(btf.size_of(TypeId(0)), None, "void has no size");
}

#[test]
fn a_four_byte_long_makes_pointers_small() {
    let mut builder = Builder::new(Endian::Little);
    builder.int("unsigned long", 4, 0);
    let pointer = builder.add(TypeSpec::Ptr { to: TypeId(0) });
    let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
    assert_eq!((btf.pointer_size(), btf.size_of(pointer)), (Some(4), Some(4)));
}

#[test]
fn every_prefix_is_an_error() {
    let bytes = build(Endian::Little, &every_kind());
    for length in 0..bytes.len() {
        assert!(Btf::parse(bytes[..length].to_vec()).is_err(), "{length} of {} bytes", bytes.len());
    }
}

/// Sets the `word`-th 32-bit word of the record of type `id`.
fn with_word(id: u32, word: usize, value: u32) -> Result<Btf, BtfError> {
    let mut bytes = build(Endian::Little, &every_kind());
    let at = record_offset(id) + word * 4;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    Btf::parse(bytes)
}

/// Where the record of a type begins in [`build`]'s bytes: every kind's size is written out here once more.
fn record_offset(id: u32) -> usize {
    let sizes =
        [16, 12, 24, 12 + 36, 12 + 24, 12 + 16, 12 + 12, 12, 12, 12, 12, 12, 12, 12 + 16, 16, 24, 12, 16, 12];
    24 + sizes[..id as usize - 1].iter().sum::<usize>()
}

#[test]
fn every_reference_is_checked() {
    // Type, word of its record: every place where a kind refers to a type.
    let references =
        [(2, 2), (3, 3), (3, 4), (4, 4), (4, 7), (4, 10), (5, 4), (9, 2), (10, 2), (11, 2), (12, 2), (13, 2)]
            .into_iter()
            .chain([(14, 2), (14, 4), (14, 6), (15, 2), (16, 3), (18, 2), (19, 2)]);
    for (id, word) in references {
        for wrong in [20, u32::MAX] {
            match with_word(id, word, wrong) {
                Err(BtfError::Type { id: named, offset, .. }) => {
                    assert_eq!((named, offset), (id, record_offset(id)));
                }
                other => panic!("type {id} word {word}: {other:?}"),
            }
        }
        assert!(with_word(id, word, 1).is_ok() || id == 13, "type {id} word {word} may refer to an integer");
    }
}

#[test]
fn every_string_offset_is_checked() {
    let names = (1..=19).map(|id| (id, 0));
    let inner = [(4, 3), (4, 6), (4, 9), (5, 3), (5, 6), (6, 3), (6, 5), (7, 3), (14, 3), (14, 5)];
    for (id, word) in names.chain(inner) {
        let result = with_word(id, word, 0x00ff_ffff);
        assert!(
            matches!(result, Err(BtfError::Type { id: named, .. }) if named == id),
            "type {id} word {word}: {result:?}"
        );
    }
}

#[test]
fn a_type_that_holds_itself_is_refused() {
    // An array of itself, a struct with a member that is itself, a typedef of itself, a cycle over three types.
    for (id, word, to) in [(3, 3, 3), (4, 4, 4), (9, 2, 9), (5, 4, 9), (11, 2, 9), (3, 3, 4), (15, 2, 15)] {
        let result = with_word(id, word, to);
        assert!(matches!(result, Err(BtfError::Cycle { .. })), "type {id} word {word} to {to}: {result:?}");
    }
    // A pointer breaks the circle.
    assert!(with_word(2, 2, 3).is_ok());
}

/// `const` on `const` … on an integer: `count` types.
fn chain(count: u32) -> Result<Btf, BtfError> {
    let mut builder = Builder::new(Endian::Little);
    for next in 2..=count {
        builder.add(TypeSpec::Qualifier { kind: Kind::Const, to: TypeId(next) });
    }
    builder.int("int", 4, 1);
    Btf::parse(builder.finish().expect("BTF"))
}

#[test]
fn a_chain_is_no_cycle() {
    let btf = chain(512).expect("it is sound");
    assert_eq!(btf.skip_modifiers_and_typedefs(TypeId(1)), TypeId(512));
    assert_eq!(btf.size_of(TypeId(1)), None, "libbpf gives up after 32 steps");
    assert_eq!(btf.size_of(TypeId(512 - 31)), Some(4));
    assert!(cdecl::type_name(&btf, TypeId(1)).len() < 1000);
}

#[test]
fn a_chain_without_end_is_refused_at_no_cost_of_stack() {
    for count in [513, 200_000] {
        assert!(matches!(chain(count), Err(BtfError::TooDeep { levels: 512, .. })), "{count}");
    }
}

#[test]
fn a_function_needs_a_prototype() {
    assert!(matches!(with_word(13, 2, 1), Err(BtfError::Type { id: 13, .. })));
}

#[test]
fn an_unknown_kind_needs_a_layout_section() {
    // Kind 21 in place of the float, as large as one: with and without a section that says so.
    let mut bytes = build(Endian::Little, &every_kind());
    let at = record_offset(17) + 4;
    bytes[at + 3] = 21;
    let error = Btf::parse(bytes.clone()).expect_err("nobody sizes kind 21");
    assert!(error.to_string().contains("kind 21"), "{error}");

    let strings = bytes.split_off(record_offset(19) + 12);
    let mut layout = vec![0; 4 * 22];
    layout[4 * 21] = 0;
    let types = &bytes[24..];
    let mut longer: Vec<u8> = bytes[..4].to_vec();
    let type_len = types.len() as u32;
    let layout_len = layout.len() as u32;
    for word in [32, 0, type_len, type_len + layout_len, strings.len() as u32, type_len, layout_len] {
        longer.extend(word.to_le_bytes());
    }
    longer.extend(types);
    longer.extend(layout);
    longer.extend(strings);
    let btf = Btf::parse(longer).expect("kind 21 is sized");
    assert!(matches!(btf.ty(TypeId(17)), Type::Unknown { kind: 21 }));
    assert_eq!(btf.name(TypeId(18)), "tag", "what follows is found");
    walk(&btf);
}

/// BTF with a header of 32 bytes: these words of types, this layout section and no strings.
fn newest(types: &[u32], layout: &[u8]) -> Vec<u8> {
    let (types_len, layout_len) = (types.len() as u32 * 4, layout.len() as u32);
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    for word in [32, 0, types_len, types_len + layout_len, 1, types_len, layout_len] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(types.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(layout);
    bytes.push(0);
    bytes
}

/// A layout section of which only the last kind's sizes count.
fn layout_up_to(kind: u8, once: u8, each: u8) -> Vec<u8> {
    let mut layout = vec![0; usize::from(kind) * 4];
    layout.extend([once, each, 0, 0]);
    layout
}

#[test]
fn newest_headers_count_to_24_bits() {
    // 70000 members do not fit the 16 bits of older headers, and are read with a header of either length.
    let count = 70_000;
    let member =
        |at: u32| MemberSpec { name: String::new(), of: TypeId(1), bit_offset: at * 8, bitfield_bits: 0 };
    let mut builder = Builder::new(Endian::Little);
    builder.int("char", 1, 0);
    let members = (0..count).map(member).collect();
    let name = "wide".to_owned();
    builder.add(TypeSpec::Composite { is_union: false, name, size: count, kind_flag: false, members });
    let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
    let Type::Struct(wide) = btf.ty(TypeId(2)) else { panic!("{:?}", btf.ty(TypeId(2))) };
    assert_eq!(wide.len(), 70_000);
    assert_eq!(wide.members().next_back().map(|member| member.bit_offset), Some((count - 1) * 8));

    let mut types = vec![0, 19 << 24 | count, 8];
    types.extend(std::iter::repeat_n(0, count as usize * 3));
    let btf = Btf::parse(newest(&types, &[])).expect("it is sound");
    let Type::Enum64(values) = btf.ty(TypeId(1)) else { panic!("{:?}", btf.ty(TypeId(1))) };
    assert_eq!(values.len(), 70_000);
}

#[test]
fn newest_headers_have_kinds_of_7_bits_that_a_layout_section_sizes() {
    // Kind 100, of 4 bytes and 8 for each of two elements; what follows it is found.
    let types = [0, 100 << 24 | 1 << 31 | 2, 7, 1, 2, 3, 4, 5, 0, 2 << 24, 1];
    let btf = Btf::parse(newest(&types, &layout_up_to(100, 4, 8))).expect("kind 100 is sized");
    assert!(matches!(btf.ty(TypeId(1)), Type::Unknown { kind: 100 }));
    assert!(matches!(btf.ty(TypeId(2)), Type::Ptr { to: TypeId(1) }));
    assert_eq!(btf.type_count(), 3);
    walk(&btf);

    let without = Btf::parse(newest(&types, &[])).expect_err("nobody sizes kind 100");
    assert!(without.to_string().contains("has kind 100, which this program does not know"), "{without}");
    for layout in [layout_up_to(99, 4, 8), layout_up_to(100, 3, 8), layout_up_to(100, 4, 255)] {
        assert!(Btf::parse(newest(&types, &layout)).is_err(), "too short, no words, or beyond the end");
    }
    // A known kind's size is not the layout section's to say.
    let mut layout = layout_up_to(100, 4, 8);
    layout[2 * 4] = 12;
    assert!(Btf::parse(newest(&types, &layout)).is_ok());
}

#[test]
fn a_module_has_its_unknown_kinds_sized_by_its_vmlinux() {
    let types = [0, 100 << 24, 7, 1];
    let base = Arc::new(Btf::parse(newest(&types, &layout_up_to(100, 4, 0))).expect("it is sized"));
    let mut split = newest(&types, &[]);
    split.pop();
    split[20..24].copy_from_slice(&0u32.to_le_bytes());
    let btf = Btf::parse_split(split, base).expect("the base's section counts");
    assert!(matches!(btf.ty(TypeId(2)), Type::Unknown { kind: 100 }));
}

#[test]
fn types_in_any_order_are_found_alike() {
    // As 7.2 and 7.3 have them, by name, and as older kernels do, as they come.
    let int = |name: &str| TypeSpec::Int { name: name.to_owned(), size: 8, encoding: 1, offset: 0, bits: 64 };
    let fwd = |name: &str| TypeSpec::Fwd { name: name.to_owned(), is_union: false };
    let sorted = [fwd("a"), fwd("file"), int("long"), fwd("z")];
    let unsorted = [int("long"), fwd("z"), fwd("file"), fwd("a")];
    for types in [&sorted, &unsorted] {
        let btf = Btf::parse(build(Endian::Little, types)).expect("it is sound");
        let place = types.iter().position(|spec| *spec == fwd("file")).map(|index| TypeId(index as u32 + 1));
        assert_eq!(btf.find_exact("file", |_| true), Vec::from_iter(place));
        assert_eq!(btf.pointer_size(), Some(8));
    }
}

#[test]
fn without_a_long_pointers_have_the_hosts_size() {
    let pointers = |long: Option<u32>| {
        let mut builder = Builder::new(Endian::Little);
        if let Some(size) = long {
            builder.int("long", size, 1);
        }
        let to = builder.add(TypeSpec::Ptr { to: TypeId::VOID });
        let array = builder.add(TypeSpec::Array { element: to, index: TypeId::VOID, length: 2 });
        let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
        (btf.pointer_size(), btf.size_of(array))
    };
    assert_eq!(pointers(Some(4)), (Some(4), Some(8)));
    // The size of `p[2]` is another: BTF made for a 32-bit target must keep its `long`.
    assert_eq!(pointers(None), (None, Some(16)));
}

#[test]
fn split_btf_counts_on_from_its_base() {
    let base = Arc::new(Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound"));
    let mut builder = Builder::split(&base);
    let pointer = builder.add(TypeSpec::Ptr { to: TypeId(4) });
    builder.add(TypeSpec::Typedef { name: "handle".to_owned(), to: pointer });
    let bytes = builder.finish().expect("BTF");
    assert!(Btf::parse(bytes.clone()).is_err(), "it does not stand alone");
    let btf = Btf::parse_split(bytes, Arc::clone(&base)).expect("it is sound");
    assert_eq!(pointer, TypeId(20));
    assert_eq!((btf.own_ids().next(), btf.type_count()), (Some(TypeId(20)), 22));
    assert_eq!(cdecl::type_name(&btf, pointer), "struct s *");
    assert_eq!(btf.find_exact("handle", |_| true), [TypeId(21)]);
    assert!(btf.find_exact("s", |_| true).is_empty(), "types of the base are the base's");
    assert_eq!(btf.pointer_size(), Some(8));
}

#[test]
fn split_btf_without_strings_is_legal() {
    let base = Arc::new(Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound"));
    let mut builder = Builder::split(&base);
    builder.add(TypeSpec::Ptr { to: TypeId(4) });
    let btf = Btf::parse_split(builder.finish().expect("BTF"), base).expect("it is sound");
    assert_eq!(btf.name(TypeId(20)), "");
}

#[test]
fn split_names_at_the_border_of_the_base_are_one_sides_or_the_others() {
    let end = build(Endian::Little, &every_kind()).len() as u32 - record_offset(19) as u32 - 12;
    let typedef = |name: u32| one_record(&[name, 8 << 24, 1]);
    // The base's last string, "user", begins 5 bytes before the border, the split unit's first one at it.
    let name = |offset| typedef(offset).map(|btf| btf.name(TypeId(20)).to_owned());
    assert_eq!(name(end - 5).as_deref(), Ok("user"));
    assert_eq!(name(end).as_deref(), Ok("own"));
    // None runs on from one to the other.
    for offset in (end - 4..end).chain(end + 1..end + 6).chain([u32::MAX]) {
        assert!(matches!(name(offset), Err(BtfError::WrongBase { id: 20, .. })), "{offset}");
    }
    // Nor does a type: 19 is the base's last, 20 the unit's only one.
    for (to, is_there) in [(19, true), (20, true), (21, false), (u32::MAX, false)] {
        assert_eq!(one_record(&[0, 2 << 24, to]).is_ok(), is_there, "{to}");
    }
}

/// A split unit of one record on top of [`every_kind`], and the error that it makes.
fn one_record(words: &[u32]) -> Result<Btf, BtfError> {
    let base = Arc::new(Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound"));
    let mut bytes = build(Endian::Little, &[]);
    let length = words.len() as u32 * 4;
    bytes.truncate(24);
    bytes.extend(words.iter().copied().flat_map(u32::to_le_bytes));
    for (at, value) in [(12, length), (16, length), (20, 4)] {
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes.extend(b"own\0");
    Btf::parse_split(bytes, base)
}

#[test]
fn a_wrong_base_shows_in_names_that_begin_inside_others() {
    let own = build(Endian::Little, &every_kind()).len() as u32 - record_offset(19) as u32 - 12;
    let typedef = |name: u32| one_record(&[name, 8 << 24, 1]);
    let member = |name: u32| one_record(&[1, 4 << 24 | 1, 8, name, 1, 0]);
    for with_name in [&typedef as &dyn Fn(u32) -> Result<Btf, BtfError>, &member] {
        // Offset 1 is where the base's first string begins, "long int"; 3 lies inside it.
        assert!(with_name(1).is_ok() && with_name(own).is_ok());
        for inside in [3, own + 1] {
            let what = format!("string offset {inside} begins inside another string");
            assert_eq!(with_name(inside).expect_err("wrong base"), BtfError::WrongBase { id: 20, what });
        }
        let beyond = with_name(own + 4).expect_err("beyond the end").to_string();
        assert!(beyond.contains("does not belong to the base BTF it was given"), "{beyond}");
    }
}

#[test]
fn a_wrong_base_shows_in_references_that_make_no_sense() {
    // Kinds of the base's types: 13 is a function, 14 its prototype, 4 a struct.
    let base = Btf::parse(build(Endian::Little, &every_kind())).expect("it is sound");
    assert_eq!([14, 13, 4].map(|id| base.kind(TypeId(id))), [Kind::FuncProto, Kind::Func, Kind::Struct]);
    let pointer = |to| one_record(&[0, 2 << 24, to]);
    let constant = |to| one_record(&[0, 10 << 24, to]);
    let array = |of| one_record(&[0, 3 << 24, 0, of, 1, 1]);
    let member = |of| one_record(&[1, 4 << 24 | 1, 8, 1, of, 0]);
    for sound in [pointer(4), pointer(14), constant(14), array(4), member(4)] {
        assert!(sound.is_ok(), "{sound:?}");
    }
    for wrong in [pointer(13), constant(13), array(14), array(13), member(14), member(13), pointer(21)] {
        assert!(matches!(wrong, Err(BtfError::WrongBase { id: 20, .. })), "{wrong:?}");
    }
    // A module may have no name at all; the index of its only array shows it then.
    let index = |index| one_record(&[0, 3 << 24, 0, 4, index, 1]);
    assert!(index(1).is_ok() && index(0).is_ok());
    assert!(matches!(index(4), Err(BtfError::WrongBase { id: 20, .. })));
    let text = array(13).expect_err("an array of functions").to_string();
    assert!(text.contains("type [20] is of kind array and refers to type [13] of kind func"), "{text}");
}

#[test]
fn flavours_are_found_by_their_essential_name() {
    let mut builder = Builder::new(Endian::Little);
    for name in ["task", "task___old", "task_struct", "xtask", "task___a___b", "task"] {
        builder.add(TypeSpec::Fwd { name: name.to_owned(), is_union: false });
    }
    builder.int("task", 4, 0);
    let btf = Btf::parse(builder.finish().expect("BTF")).expect("it is sound");
    let found = btf.find_by_essential_name(&[b"task", b"task___a", b"none"], |kind| kind == Kind::Fwd);
    let ids =
        |name: &str| found.get(name.as_bytes()).map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    assert_eq!(ids("task"), Some(vec![1, 2, 6]));
    assert_eq!(ids("task___a"), Some(vec![5]));
    assert_eq!(ids("none"), None);
    assert_eq!(btf.find_exact("task", |_| true), [TypeId(1), TypeId(6), TypeId(7)]);
}

#[test]
fn changed_bytes_are_an_error_or_sound() {
    // A fixed sequence (Knuth's MMIX constants), so that a failure comes again.
    let mut state = 42u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let bytes = build(Endian::Little, &every_kind());
    let mut sound = 0;
    for _ in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..=next() % 3 {
            let at = next() % changed.len();
            changed[at] = [0, 1, 0xff, 0x80, (next() % 256) as u8][next() % 5];
        }
        if let Ok(btf) = Btf::parse(changed) {
            walk(&btf);
            sound += 1;
        }
    }
    assert!((1_000..19_000).contains(&sound), "{sound} of 20000: the changes are too mild or too wild");
}
