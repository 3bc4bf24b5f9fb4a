//! Headers with a layout section, whose types count further and may be of any kind.

use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, Endian, MemberSpec, Type, TypeId, TypeSpec};

use crate::{build, every_kind, record_offset, walk};

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
