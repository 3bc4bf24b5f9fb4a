//! Where loaders differ: every row for every loader, aya by aya-obj itself.

mod world;

use corecheck_layouts::btf::{Builder, TypeId, TypeSpec};

use self::world::{Ask, Put, World};
use super::*;
use crate::access::RelocationKind::{
    EnumvalExists, EnumvalValue, FieldByteOffset, FieldExists, FieldLshiftU64, TypeExists, TypeIdTarget,
    TypeMatches, TypeSize,
};
use crate::testing::{bitfield, member, record, union};

fn int(types: &mut Builder) -> TypeId {
    types.int("int", 4, 1)
}

fn unsigned(types: &mut Builder, name: &str, size: u32) -> TypeId {
    types.int(name, size, 0)
}

fn pointer(types: &mut Builder, to: TypeId) -> TypeId {
    types.add(TypeSpec::Ptr { to })
}

fn array(types: &mut Builder, element: TypeId, length: u32) -> TypeId {
    let index = types.int("__ARRAY_SIZE_TYPE__", 4, 0);
    types.add(TypeSpec::Array { element, index, length })
}

fn enumeration(types: &mut Builder, name: &str, is_64: bool, values: &[(&str, u64)]) -> TypeId {
    let values = values.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    let size = if is_64 { 8 } else { 4 };
    types.add(TypeSpec::Enum { name: name.to_owned(), size, is_signed: false, is_64, values })
}

/// `struct s` with int members at these byte offsets.
fn ints(types: &mut Builder, members: &[(&str, u32)]) -> TypeId {
    let int = int(types);
    let members = members.iter().map(|&(name, offset)| member(name, int, offset * 8)).collect();
    types.add(record("s", 64, members))
}

/// What libbpf, the kernel, aya and cilium/ebpf make of it, in this order.
fn row(world: &World) -> [String; 4] {
    [Loader::LIBBPF, Loader::Kernel, Loader::Aya, Loader::Cilium].map(|loader| world.ask(loader))
}

#[test]
fn type_matches() {
    let mut world = World::new(
        |types| vec![Ask::whole(TypeMatches, ints(types, &[("a", 0)]))],
        |types| ints(types, &[("a", 0), ("b", 4)]),
    );
    assert_eq!(row(&world), ["1", "1", "refused", "1"]);
    world.kernel.facts.version = "5.19".to_owned();
    assert_eq!(world.ask(Loader::Kernel), "ERR");
    assert_eq!(world.ask(Loader::Libbpf(Version::new(1, 0))), "1");
    // What the kernel's BTF has is known, so that old versions read it.
    assert_eq!(world.ask(Loader::Libbpf(Version::new(0, 8))), "ERR");
}

#[test]
fn type_matches_through_a_pointer_to_a_struct_that_changed() {
    let holder = |types: &mut Builder, fields: &[&str]| {
        let int = int(types);
        let members = (0..).zip(fields).map(|(at, name)| member(name, int, at * 32)).collect();
        let far = types.add(record("far", 8, members));
        let to = pointer(types, far);
        types.add(record("s", 8, vec![member("p", to, 0)]))
    };
    let world = World::new(
        |types| vec![Ask::whole(TypeMatches, holder(types, &["a", "b"]))],
        |types| holder(types, &["a"]),
    );
    assert_eq!(row(&world), ["1", "1", "refused", "0"]);
}

#[test]
fn the_size_or_id_of_a_type_that_is_not_there() {
    for kind in [TypeSize, TypeIdTarget] {
        let world = World::new(|types| vec![Ask::whole(kind, ints(types, &[("a", 0)]))], |types| int(types));
        assert_eq!(row(&world), ["0", "0", "ERR", "P"], "{kind:?}");
    }
}

#[test]
fn a_64_bit_enumeration_in_the_object_and_one_of_32_bits_in_the_kernel() {
    let values = [("A", 7), ("B", 8)];
    let world = World::new(
        |types| {
            let root = enumeration(types, "e", true, &values);
            vec![Ask::of(EnumvalValue, root, "1").put(Put::Wide), Ask::of(EnumvalExists, root, "1")]
        },
        |types| enumeration(types, "e", false, &[("B", 9)]),
    );
    assert_eq!(row(&world), ["9 1", "P 0", "P 0", "9 1"]);
}

#[test]
fn an_enumeration_without_a_name_for_one_with() {
    let holder = |types: &mut Builder, name: &str| {
        let of = enumeration(types, name, false, &[("A", 1)]);
        types.add(record("s", 8, vec![member("f", of, 32)]))
    };
    let world = World::new(
        |types| vec![Ask::of(FieldByteOffset, holder(types, "e"), "0:0")],
        |types| holder(types, ""),
    );
    assert_eq!(row(&world), ["4", "4", "P", "4"]);
}

#[test]
fn two_structs_of_one_name_each_with_one_of_the_fields() {
    let world = World::new(
        |types| {
            let root = ints(types, &[("a", 0), ("b", 4)]);
            vec![Ask::of(FieldExists, root, "0:0"), Ask::of(FieldExists, root, "0:1")]
        },
        |types| {
            ints(types, &[("a", 0)]);
            ints(types, &[("b", 0)]);
        },
    );
    assert_eq!(row(&world), ["1 0", "1 1", "1 1", "ERR ?"]);
}

#[test]
fn two_structs_of_one_name_and_the_order_of_accesses() {
    let target = |types: &mut Builder| {
        ints(types, &[("a", 8), ("b", 4)]);
        ints(types, &[("a", 12)]);
    };
    let root = |types: &mut Builder| ints(types, &[("a", 0), ("b", 4)]);
    let exists_then_read = World::new(
        |types| {
            let root = root(types);
            vec![Ask::of(FieldExists, root, "0:1"), Ask::of(FieldByteOffset, root, "0:0")]
        },
        target,
    );
    assert_eq!(row(&exists_then_read), ["1 8", "1 ERR", "1 ERR", "1 8"]);
    let read_then_exists = World::new(
        |types| {
            let root = root(types);
            vec![Ask::of(FieldByteOffset, root, "0:0"), Ask::of(FieldExists, root, "0:1")]
        },
        target,
    );
    assert_eq!(row(&read_then_exists), ["ERR 1", "ERR 1", "ERR ?", "8 1"]);
}

/// A load of `a`, a field of this type in the object and of that one in the kernel.
fn load(local: impl Fn(&mut Builder) -> TypeId, target: impl Fn(&mut Builder) -> TypeId, width: u8) -> World {
    let holder = |types: &mut Builder, of: TypeId| types.add(record("s", 32, vec![member("a", of, 64)]));
    World::new(
        |types| {
            let of = local(types);
            vec![Ask::of(FieldByteOffset, holder(types, of), "0:0").put(Put::Load(width))]
        },
        |types| {
            let of = target(types);
            holder(types, of);
        },
    )
}

const WORD: u8 = 0x61;
const LONG: u8 = 0x79;

#[test]
fn loads_of_fields_whose_size_changed() {
    let signed = load(int, |types| types.int("long", 8, 1), WORD);
    assert_eq!(row(&signed), ["P", "P", "ERR", "8"]);
    assert_eq!(signed.code(Loader::Cilium), WORD, "the wrong width");
    let of_enum = load(
        |types| enumeration(types, "e", false, &[("A", 1)]),
        |types| enumeration(types, "e", true, &[("A", 1)]),
        WORD,
    );
    assert_eq!(row(&of_enum), ["P", "P", "ERR", "8"]);
    let wider = load(|types| unsigned(types, "u32", 4), |types| unsigned(types, "u64", 8), WORD);
    assert_eq!(row(&wider), ["8", "8", "8", "8"]);
    let codes =
        [Loader::LIBBPF, Loader::Kernel, Loader::Aya, Loader::Cilium].map(|loader| wider.code(loader));
    assert_eq!(codes, [LONG, LONG, LONG, WORD]);
}

#[test]
fn a_load_of_what_became_a_bit_field() {
    let world = World::new(
        |types| {
            let int = unsigned(types, "unsigned int", 4);
            let root = types.add(record("s", 8, vec![member("a", int, 32)]));
            vec![Ask::of(FieldByteOffset, root, "0:0").put(Put::Load(WORD))]
        },
        |types| {
            let int = unsigned(types, "unsigned int", 4);
            types.add(record("s", 8, vec![bitfield("a", int, 33, 7)]));
        },
    );
    assert_eq!(row(&world), ["P", "P", "ERR", "4"]);
    assert!(world.why(Loader::Aya).contains("panics"), "{}", world.why(Loader::Aya));
}

#[test]
fn a_bit_field_that_no_load_covers() {
    let world = World::new(
        |types| {
            let long = unsigned(types, "u64", 8);
            let root = types.add(record("s", 16, vec![bitfield("a", long, 0, 8)]));
            vec![Ask::of(FieldLshiftU64, root, "0:0")]
        },
        |types| {
            let long = unsigned(types, "u64", 8);
            types.add(record("s", 16, vec![bitfield("a", long, 60, 10)]));
        },
    );
    assert_eq!(row(&world), ["ERR", "ERR", "P", "ERR"]);
}

#[test]
fn structs_within_each_other_beyond_64() {
    let world = World::new(
        |types| vec![Ask::of(FieldByteOffset, ints(types, &[("a", 0)]), "0:0")],
        |types| {
            let mut inner = int(types);
            let mut name = "a";
            for _ in 0..70 {
                inner = types.add(record("", 8, vec![member(name, inner, 0)]));
                name = "";
            }
            types.add(record("s", 16, vec![member("", inner, 64)]));
        },
    );
    assert_eq!(row(&world), ["ERR", "ERR", "8", "ERR"]);
}

#[test]
fn arrays_without_a_length() {
    let flexible = |types: &mut Builder, is_union: bool, before: u32| {
        let int = int(types);
        let array = array(types, int, 0);
        let members = vec![member("n", int, 0), member("a", array, before * 8)];
        types.add(if is_union { union("s", 16, members) } else { record("s", 16, members) })
    };
    for is_union in [false, true] {
        let world = World::new(
            |types| vec![Ask::of(FieldByteOffset, flexible(types, is_union, 4), "0:1:3")],
            |types| flexible(types, is_union, 8),
        );
        assert_eq!(row(&world), ["20", "20", "ERR", "20"], "{is_union}");
    }
    let not_last = World::new(
        |types| {
            let int = int(types);
            let array = array(types, int, 4);
            let root = types.add(record("s", 20, vec![member("a", array, 0), member("b", int, 128)]));
            vec![Ask::of(FieldByteOffset, root, "0:0:1")]
        },
        |types| {
            let int = int(types);
            let array = array(types, int, 0);
            types.add(record("s", 20, vec![member("a", array, 0), member("b", int, 128)]));
        },
    );
    // Not an error to aya-obj 0.3, unless the object's own array is such a one.
    assert_eq!(row(&not_last), ["P", "P", "P", "ERR"]);
}

#[test]
fn arrays_of_arrays() {
    let nested = |types: &mut Builder| {
        let mut of = int(types);
        for length in [4, 3, 2] {
            of = array(types, of, length);
        }
        types.add(record("s", 96, vec![member("a", of, 0)]))
    };
    let world =
        World::new(|types| vec![Ask::of(FieldByteOffset, nested(types), "0:0:1:2:3")], |types| nested(types));
    // aya-obj takes the size of an inner array for that of one row.
    let aya = world.ask(Loader::Aya);
    assert_eq!(row(&world), ["92", "92", &aya, "92"]);
    assert!(aya != "92" && aya.parse::<u64>().is_ok(), "silently wrong: {aya}");
}

#[test]
fn roots_of_another_kind() {
    let field = World::new(
        |types| vec![Ask::of(FieldExists, ints(types, &[("a", 0)]), "0:0")],
        |types| {
            let int = int(types);
            types.add(union("s", 8, vec![member("a", int, 0)]));
        },
    );
    assert_eq!(row(&field), ["0", "0", "0", "1"]);
    let typedef = World::new(
        |types| {
            let to = types.add(record("", 8, Vec::new()));
            vec![Ask::whole(TypeExists, types.add(TypeSpec::Typedef { name: "s".to_owned(), to }))]
        },
        |types| ints(types, &[("a", 0)]),
    );
    assert_eq!(row(&typedef), ["0", "0", "0", "1"]);
}

#[test]
fn flavours() {
    for name in ["a___b___c", "a____b"] {
        let world = World::new(
            |types| vec![Ask::whole(TypeExists, types.add(record(name, 8, Vec::new())))],
            |types| types.add(record("a", 8, Vec::new())),
        );
        assert_eq!(row(&world), ["0", "0", "1", "0"], "{name}");
    }
    let plain = World::new(
        |types| vec![Ask::whole(TypeExists, types.add(record("a___b", 8, Vec::new())))],
        |types| types.add(record("a", 8, Vec::new())),
    );
    assert_eq!(row(&plain), ["1", "1", "1", "1"]);
}

#[test]
fn an_enumeration_without_a_name_as_the_root() {
    let world = World::new(
        |types| {
            let root = enumeration(types, "", false, &[("A", 1)]);
            vec![Ask::of(EnumvalValue, root, "0").put(Put::Wide)]
        },
        |types| enumeration(types, "", false, &[("A", 5)]),
    );
    assert_eq!(row(&world), ["ERR", "ERR", "5", "ERR"]);
}

#[test]
fn floating_point() {
    let float = |types: &mut Builder| types.add(TypeSpec::Float { name: "float".to_owned(), size: 4 });
    let world = World::new(|types| vec![Ask::whole(TypeExists, float(types))], |types| float(types));
    assert_eq!(row(&world), ["0", "0", "1", "ERR"]);
}

#[test]
fn an_unsigned_enumerator_above_the_signed_ones() {
    let values = [("A", 0xffff_fffe)];
    let world = World::new(
        |types| {
            let root = enumeration(types, "e", false, &values);
            vec![Ask::of(EnumvalValue, root, "0").put(Put::Number(0xffff_fffe))]
        },
        |types| enumeration(types, "e", false, &values),
    );
    let value = 0xffff_fffe_u64.to_string();
    assert_eq!(row(&world), ["ERR", "ERR", &value, &value]);
}

#[test]
fn a_type_that_only_a_module_has() {
    let mut world = World::new(
        |types| vec![Ask::of(FieldByteOffset, ints(types, &[("a", 0)]), "0:0")],
        |types| int(types),
    );
    world.add_module("vfio", |types| ints(types, &[("a", 8)]));
    assert_eq!(row(&world), ["8", "8", "P", "8"]);
    let reason = world.reason(Loader::Aya);
    assert_eq!(reason, Some(Reason::NotSearched("vfio".to_owned())));
}

#[test]
fn a_program_that_is_not_loaded() {
    let mut world = World::new(
        |types| {
            let root = ints(types, &[("a", 0), ("b", 4)]);
            vec![
                Ask::of(FieldByteOffset, root, "0:0"),
                Ask::whole(TypeSize, types.add(record("gone", 4, Vec::new()))),
            ]
        },
        |types| {
            ints(types, &[("a", 8)]);
            ints(types, &[("a", 12)]);
        },
    );
    assert_eq!(row(&world), ["ERR 0", "ERR 0", "ERR ?", "ERR P"]);
    world.object.programs[0].autoload = false;
    assert_eq!(row(&world), ["- -", "- -", "ERR ?", "ERR P"]);
}

#[test]
fn loaders_are_named_as_on_the_command_line() {
    for text in ["libbpf", "libbpf@1.1", "libbpf@0.5", "aya", "cilium", "kernel"] {
        assert_eq!(text.parse::<Loader>().expect("it is one").to_string(), text);
    }
    assert_eq!("libbpf@1.7".parse(), Ok(Loader::LIBBPF));
    assert_eq!("libbpf@1.1.2".parse(), Ok(Loader::Libbpf(Version::new(1, 1))));
    assert_eq!("libbpf@9.0".parse(), Ok(Loader::LIBBPF));
    for wrong in ["libbpf@", "libbpf@1", "libbpf@0.4", "libbpf@1.x", "aya@0.14", "bpftool", "", "all"] {
        assert!(wrong.parse::<Loader>().is_err(), "{wrong}");
    }
    assert_eq!(Loader::Libbpf(Version::new(1, 1)).title(), "libbpf 1.1");
    assert_eq!(Loader::Aya.title(), format!("aya (aya-obj {})", aya::VERSION));
}

#[test]
fn the_version_of_aya_obj_is_the_one_that_is_linked() {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    let lock = std::fs::read_to_string(lock).expect("the workspace has a lock file");
    let wanted = format!("name = \"aya-obj\"\nversion = \"{}\"\n", aya::VERSION);
    assert!(lock.contains(&wanted), "{wanted}");
}
