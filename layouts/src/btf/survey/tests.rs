//! The pass against the closer look it stands in for: whatever the bytes, both come to the same.

use super::super::{Builder, MemberSpec, TypeId, TypeSpec, cycle};
use super::*;

/// References of every sort, forwards and backwards.
fn bytes(endian: Endian) -> Vec<u8> {
    let mut builder = Builder::new(endian);
    let text = |text: &str| text.to_owned();
    let member = |of: u32| MemberSpec { name: text("m"), of: TypeId(of), bit_offset: 0, bitfield_bits: 0 };
    let record = |of: &[u32]| TypeSpec::Composite {
        is_union: false,
        name: text("s"),
        size: 8,
        kind_flag: false,
        members: of.iter().map(|&id| member(id)).collect(),
    };
    builder.int("long", 8, 1);
    for spec in [
        record(&[1, 3, 7]),
        TypeSpec::Array { element: TypeId(4), index: TypeId(1), length: 2 },
        TypeSpec::Typedef { name: text("t"), to: TypeId(5) },
        TypeSpec::Ptr { to: TypeId(2) },
        TypeSpec::Func { name: text("early"), proto: TypeId(8), linkage: 1 },
        record(&[1, 5]),
        TypeSpec::FuncProto { returns: TypeId(9), params: vec![(text("p"), TypeId(10))] },
        TypeSpec::Func { name: text("late"), proto: TypeId(8), linkage: 1 },
        TypeSpec::Enum {
            name: text("e"),
            size: 4,
            is_signed: false,
            is_64: false,
            values: vec![(text("A"), 1)],
        },
        TypeSpec::Enum {
            name: text("f"),
            size: 8,
            is_signed: false,
            is_64: true,
            values: vec![(text("B"), 1)],
        },
        TypeSpec::Var { name: text("v"), of: TypeId(2), linkage: 1 },
        TypeSpec::DeclTag { name: text("tag"), on: TypeId(2), component: -1, attribute: false },
        record(&[12, 7]),
    ] {
        builder.add(spec);
    }
    builder.finish().expect("it can be written")
}

type Checked = Result<(), BtfError>;

/// The pass, and the checks of references and of cycles, each made in full; `None` when there is nothing to check.
fn closer_look(data: &[u8]) -> Option<(Survey, Checked, Checked)> {
    let header = Header::parse(data).ok()?;
    if data.get(header.strings.clone())?.first() != Some(&0) {
        return None;
    }
    let ids = Ids { first: 1, string_end: header.strings.len() as u32 };
    let seen = survey(data, &header, None, ids).ok()?;
    let count = seen.records.len();
    let btf = Btf {
        data: data.to_vec(),
        header,
        base: None,
        records: seen.records.clone(),
        kinds: seen.kinds.clone(),
        first_id: 1,
        first_string: 0,
        pointer_size: None,
    };
    let references = btf.check_references();
    let all: Vec<u32> = (0..count as u32).collect();
    let cycles = references.clone().and_then(|()| cycle::check(&btf, vec![0; count], &all));
    Some((seen, references, cycles))
}

#[test]
fn the_pass_and_the_closer_look_agree() {
    // A fixed sequence (Knuth's MMIX constants), so that a failure comes again.
    let mut state = 7u64;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut sound, mut broken, mut cyclic) = (0, 0, 0);
    for endian in [Endian::Little, Endian::Big] {
        let original = bytes(endian);
        assert!(closer_look(&original).is_some_and(|(seen, ..)| seen.references_are_sound));
        let types = Header::parse(&original).expect("a header").types;
        for _ in 0..10_000 {
            let mut data = original.clone();
            for _ in 0..=next(2) {
                // A word, so that ids and offsets stay near the border between right and wrong.
                let at = types.start + next(types.len() / 4) * 4;
                data[at..at + 4].copy_from_slice(&endian.u32_bytes(next(18) as u32));
            }
            let Some((seen, references, cycles)) = closer_look(&data) else { continue };
            assert_eq!(seen.references_are_sound, references.is_ok(), "{data:?}");
            assert_eq!(Btf::parse(data).map(drop), cycles);
            match (&references, &cycles) {
                (Err(_), _) => broken += 1,
                (Ok(()), Err(_)) => cyclic += 1,
                (Ok(()), Ok(())) => sound += 1,
            }
        }
    }
    assert!(sound > 1000 && broken > 1000 && cyclic > 200, "{sound} sound, {broken} broken, {cyclic} cyclic");
}

/// BTF with one type of kind 21 and one element, three words long, a pointer after it, and a layout section that says
/// of each kind what follows its record: nothing for those before 21, for 21 so many bytes once and per element.
fn with_unknown_kind(once: u8, each: u8) -> Result<Btf, BtfError> {
    let types = [0, 21 << 24 | 1, 0, 7, 8, 9, 0, 2 << 24, 0];
    let mut layout = vec![[0; 4]; 21];
    layout.push([once, each, 0, 0]);
    let (types_len, layout_len) = (4 * types.len() as u32, 4 * layout.len() as u32);
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    let header = [32, 0, types_len, types_len + layout_len, 1, types_len, layout_len];
    bytes.extend(header.into_iter().chain(types).flat_map(u32::to_le_bytes));
    bytes.extend(layout.concat());
    bytes.push(0);
    Btf::parse(bytes)
}

#[test]
fn a_layout_section_sizes_what_is_not_known() {
    for (once, each) in [(4, 8), (8, 4), (12, 0), (0, 12)] {
        let btf = with_unknown_kind(once, each).expect("sound BTF");
        let kinds = [1, 2].map(|id| btf.kind(TypeId(id)));
        assert_eq!((kinds, btf.type_count()), ([Kind::Unknown(21), Kind::Ptr], 3), "{once} {each}");
    }
    // Records are made of words: others are no sizes, even where their sum would be.
    for (once, each) in [(6, 6), (10, 2), (4, 9), (9, 4), (4, 2), (2, 4)] {
        let error = with_unknown_kind(once, each).expect_err("it is no size").to_string();
        assert!(error.contains("no layout section sizes"), "{error}");
    }
}
