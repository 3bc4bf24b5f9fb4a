//! What is not well-formed is an error that names its place.

use corecheck_layouts::btf::{Btf, BtfError, Builder, Endian, Kind, TypeId, TypeSpec, cdecl};

use crate::{build, every_kind, record_offset, walk, with_word};

#[test]
fn every_prefix_is_an_error() {
    let bytes = build(Endian::Little, &every_kind());
    for length in 0..bytes.len() {
        assert!(Btf::parse(bytes[..length].to_vec()).is_err(), "{length} of {} bytes", bytes.len());
    }
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
