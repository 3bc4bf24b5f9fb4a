//! Each kind of change with what just is none.

use std::collections::HashMap;
use std::sync::Arc;

use corecheck_layouts::btf::{Builder, Endian, Kind, TypeId, TypeSpec};
use corecheck_layouts::kernel::{Candidates, Found};

use super::{Change, ChangeCode, Extent};
use crate::access::{Access, Asks, RelocationKind, Slots};
use crate::object::Insn;
use crate::resolve::{Outcome, Question, Rules, State, resolve};
use crate::testing::{bitfield, btf, member, record, union};

/// `r1 = NUMBER`, and loads and stores of four bytes.
const MOVE: u8 = 0xb7;
const LOAD: u8 = 0x61;
const STORE: u8 = 0x63;

/// What a test makes: types, of which the last is `struct s`.
type Fill<'f> = &'f dyn Fn(&mut Builder) -> TypeId;

/// The outcome of an access to the offset of this walk of `struct s`.
fn outcome(code: u8, asks: Asks, spec: &str, local: Fill<'_>, target: Fill<'_>) -> Outcome {
    let with_long = |fill: Fill<'_>| {
        btf(Endian::Little, |types| {
            types.int("long", 8, 1);
            fill(types)
        })
    };
    let (local, root) = with_long(local);
    let (target, found) = with_long(target);
    let mut access =
        Access::of_types(&local, Endian::Little, root, RelocationKind::FieldByteOffset, spec.as_bytes());
    let value = access.local.as_ref().expect("the test's walk is sound").value.number;
    let first = match code {
        MOVE => Insn { code, imm: value as i32, ..Insn::default() },
        _ => Insn { code, off: value as i16, ..Insn::default() },
    };
    (access.slots, access.asks) = (Slots { first, second: None }, asks);
    let found = Found::In(vec![Candidates { unit: "vmlinux".to_owned(), btf: target, ids: vec![found] }]);
    let roots = HashMap::from([(root, Arc::new(found))]);
    let question = Question {
        local: &local,
        endian: Endian::Little,
        roots: &roots,
        has_kernel_ids: true,
        rules: Rules::LIBBPF,
    };
    let outcome = resolve(&[access], &question).remove(0);
    assert_eq!(outcome.state, State::Resolved, "{:?}", outcome.reason);
    outcome
}

/// The changes of `s.f` read through its address.
fn changes(local: Fill<'_>, target: Fill<'_>) -> Vec<Change> {
    outcome(MOVE, Asks::default(), "0:0", local, target).changes
}

fn codes(local: Fill<'_>, target: Fill<'_>) -> Vec<ChangeCode> {
    changes(local, target).into_iter().map(|change| change.code).collect()
}

fn extent(local: Fill<'_>, target: Fill<'_>) -> Option<Extent> {
    outcome(MOVE, Asks::default(), "0:0", local, target).extent
}

fn change(code: ChangeCode, was: &str, is: &str) -> Vec<Change> {
    vec![Change { code, was: was.to_owned(), is: is.to_owned() }]
}

/// `struct s { … f; }`
fn of(types: &mut Builder, f: TypeId) -> TypeId {
    types.add(record("s", 64, vec![member("f", f, 0)]))
}

/// `struct s { NAME f; }` with an integer of this size and encoding.
fn int(name: &'static str, size: u32, encoding: u8) -> impl Fn(&mut Builder) -> TypeId {
    move |types| {
        let f = types.int(name, size, encoding);
        of(types, f)
    }
}

fn typedef(types: &mut Builder, name: &str, to: TypeId) -> TypeId {
    types.add(TypeSpec::Typedef { name: name.to_owned(), to })
}

fn pointer(types: &mut Builder, to: TypeId) -> TypeId {
    types.add(TypeSpec::Ptr { to })
}

fn array(types: &mut Builder, element: TypeId, length: u32) -> TypeId {
    let index = types.int("unsigned int", 4, 0);
    types.add(TypeSpec::Array { element, index, length })
}

fn enumeration(types: &mut Builder, name: &str, values: &[(&str, u64)]) -> TypeId {
    let values = values.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    types.add(TypeSpec::Enum { name: name.to_owned(), size: 4, is_signed: false, is_64: false, values })
}

#[test]
fn an_integer_of_another_size_or_sign() {
    let sized = change(ChangeCode::Size, "int (4 bytes)", "long (8 bytes)");
    assert_eq!(changes(&int("int", 4, 1), &int("long", 8, 1)), sized);
    let signed = change(ChangeCode::Sign, "int (4 bytes, signed)", "unsigned int (4 bytes, unsigned)");
    assert_eq!(changes(&int("int", 4, 1), &int("unsigned int", 4, 0)), signed);
    let both = codes(&int("long", 8, 1), &int("unsigned int", 4, 0));
    assert_eq!(both, [ChangeCode::Sign, ChangeCode::Size]);
    assert_eq!(codes(&int("signed char", 1, 1), &int("unsigned char", 1, 0)), [ChangeCode::Sign]);
    let none = Vec::<Change>::new();
    // Names do not count, nor typedefs and qualifiers, nor how a writer puts the sign of a character.
    assert_eq!(changes(&int("unsigned long", 8, 0), &int("long unsigned int", 8, 0)), none);
    assert_eq!(changes(&int("char", 1, 1), &int("char", 1, 0)), none);
    assert_eq!(changes(&int("char", 1, 1), &int("unsigned char", 1, 0)), none);
    assert_eq!(changes(&int("signed char", 1, 1), &int("signed char", 1, 0)), none);
    assert_eq!(changes(&int("_Bool", 1, 4), &int("unsigned char", 1, 0)), none);
    let renamed = |types: &mut Builder| {
        let int = types.int("int", 4, 1);
        let pid = typedef(types, "pid_t", int);
        let f = types.add(TypeSpec::Qualifier { kind: Kind::Const, to: pid });
        of(types, f)
    };
    assert_eq!(changes(&int("int", 4, 1), &renamed), none);
}

#[test]
fn loads_and_stores_have_the_width_of_the_field() {
    let with = |code: u8, from: u32, to: u32| {
        // The width is that of four bytes in both.
        let of = |size: u32| int(["", "u8", "", "", "u32", "", "", "", "u64"][size as usize], size, 0);
        outcome(code, Asks::default(), "0:0", &of(from), &of(to))
    };
    let is_changed = |code: u8, from: u32, to: u32| !with(code, from, to).changes.is_empty();
    assert!(is_changed(LOAD, 4, 8), "more may be loaded than there is room for");
    assert!(!is_changed(LOAD, 4, 1) && !is_changed(LOAD, 4, 4));
    assert!(is_changed(STORE, 4, 1), "less is stored");
    assert!(!is_changed(STORE, 4, 8));
    assert_eq!(with(LOAD, 4, 8).extent, None, "it is no copy");
    let sign = outcome(LOAD, Asks::default(), "0:0", &int("int", 4, 1), &int("unsigned int", 4, 0));
    assert_eq!(sign.changes.len(), 1);
}

#[test]
fn what_the_program_asks_about_is_no_change() {
    let asks = |size: bool, sign: bool| {
        let asks = Asks { size, sign, shifts: false };
        let outcome = outcome(MOVE, asks, "0:0", &int("int", 4, 1), &int("u64", 8, 0));
        (outcome.changes.into_iter().map(|change| change.was).next(), outcome.extent.is_some())
    };
    let was = |text: &str| Some(text.to_owned());
    assert_eq!(asks(false, false), (was("int (4 bytes, signed)"), true));
    assert_eq!(asks(false, true), (was("int (4 bytes)"), true));
    assert_eq!(asks(true, false), (was("int (4 bytes, signed)"), false));
    assert_eq!(asks(true, true), (None, false));
    let lengths = |size: bool| {
        let of = |length: u32| {
            move |types: &mut Builder| {
                let int = types.int("int", 4, 1);
                let f = array(types, int, length);
                of(types, f)
            }
        };
        outcome(MOVE, Asks { size, ..Asks::default() }, "0:0", &of(4), &of(2))
    };
    assert_eq!((lengths(false).changes.len(), lengths(false).extent.is_some()), (1, true));
    assert_eq!((lengths(true).changes.len(), lengths(true).extent.is_some()), (0, false));
}

#[test]
fn a_struct_that_is_another_one() {
    let structure = |name: &'static str, members: &'static [(&'static str, u32)], size: u32| {
        move |types: &mut Builder| {
            let long = types.int("long", 8, 1);
            let members = members.iter().map(|&(name, at)| member(name, long, at * 8)).collect();
            let f = types.add(record(name, size, members));
            of(types, f)
        }
    };
    let old = structure("a", &[("x", 0), ("y", 8)], 16);
    let other = structure("b", &[("x", 0), ("z", 8)], 16);
    assert_eq!(
        changes(&old, &other),
        change(ChangeCode::Struct, "struct a (16 bytes)", "struct b (16 bytes)")
    );
    // The same with a new name, a flavour, a new member, or of which nothing is told.
    for same in [
        structure("b", &[("x", 0), ("y", 8)], 16),
        structure("a___new", &[("x", 0), ("z", 8)], 16),
        structure("a", &[("x", 0), ("y", 8), ("z", 16)], 24),
        structure("b", &[], 16),
        structure("a", &[("w", 0)], 8),
    ] {
        assert_eq!(changes(&old, &same), []);
    }
    assert_eq!(changes(&structure("a", &[], 0), &other), []);
    let as_union = |members: &'static [&'static str]| {
        move |types: &mut Builder| {
            let long = types.int("long", 8, 1);
            let f = types.add(union("a", 8, members.iter().map(|name| member(name, long, 0)).collect()));
            of(types, f)
        }
    };
    assert_eq!(codes(&old, &as_union(&["x", "y"])), [ChangeCode::Struct]);
    assert_eq!(codes(&as_union(&["x", "y"]), &as_union(&["y", "x"])), []);
    // A copy of the whole is what was believed as far as members lie where they did.
    let whole = |local: u32, target: u32, alike: u32| Some(Extent { local, target, alike, is_number: false });
    assert_eq!(extent(&old, &structure("a", &[("x", 0), ("y", 8)], 16)), None);
    assert_eq!(extent(&old, &structure("a", &[("x", 0), ("y", 8), ("z", 16)], 24)), None);
    assert_eq!(extent(&old, &structure("a", &[("x", 0), ("y", 16)], 24)), whole(16, 24, 8));
    assert_eq!(extent(&old, &structure("a", &[("x", 0)], 8)), whole(16, 8, 8));
    assert_eq!(extent(&old, &structure("a", &[("y", 0), ("x", 8)], 16)), whole(16, 16, 0));
}

#[test]
fn a_pointer_to_something_else() {
    let to = |pointee: fn(&mut Builder) -> TypeId| {
        move |types: &mut Builder| {
            let to = pointee(types);
            let f = pointer(types, to);
            of(types, f)
        }
    };
    let a = to(|types| types.add(record("a", 8, Vec::new())));
    let b = to(|types| types.add(record("b", 8, Vec::new())));
    assert_eq!(changes(&a, &b), change(ChangeCode::Pointee, "struct a *", "struct b *"));
    let int = to(|types| types.int("int", 4, 1));
    assert_eq!(changes(&a, &int), change(ChangeCode::Pointee, "struct a *", "int *"));
    let long = to(|types| types.int("long", 8, 1));
    assert_eq!(changes(&int, &long), change(ChangeCode::Pointee, "int *", "long *"));
    let twice = to(|types| {
        let a = types.add(record("a", 8, Vec::new()));
        pointer(types, a)
    });
    let twice_b = to(|types| {
        let b = types.add(record("b", 8, Vec::new()));
        pointer(types, b)
    });
    assert_eq!(changes(&twice, &twice_b), change(ChangeCode::Pointee, "struct a **", "struct b **"));
    assert_eq!(changes(&a, &twice), change(ChangeCode::Pointee, "struct a *", "struct a **"));
    // Flavours, typedefs, qualifiers, what is only declared, and what says nothing.
    let flavoured = to(|types| types.add(record("a___new", 4, Vec::new())));
    let declared = to(|types| types.add(TypeSpec::Fwd { name: "a".to_owned(), is_union: false }));
    let named = to(|types| {
        let a = types.add(record("a", 8, Vec::new()));
        let a = types.add(TypeSpec::Qualifier { kind: Kind::Const, to: a });
        typedef(types, "a_t", a)
    });
    let nameless = to(|types| types.add(record("", 8, Vec::new())));
    let nothing = to(|_| TypeId::VOID);
    let function = to(|types| types.add(TypeSpec::FuncProto { returns: TypeId::VOID, params: Vec::new() }));
    for same in [&flavoured as Fill<'_>, &declared, &named, &nameless, &nothing, &function, &a] {
        assert_eq!((changes(&a, same), changes(same, &a)), (Vec::new(), Vec::new()));
    }
    let characters = to(|types| types.int("char", 1, 1));
    let bytes = to(|types| types.int("unsigned char", 1, 0));
    assert_eq!(changes(&characters, &bytes), []);
    let row = to(|types| {
        let a = types.add(record("a", 8, Vec::new()));
        array(types, a, 4)
    });
    assert_eq!(changes(&a, &row), [], "an array begins with its first element");
}

#[test]
fn a_pointer_of_another_size() {
    let of_size = |size: u32| {
        move |types: &mut Builder| {
            // The first `long` tells, and the tests' own comes first: so it must be a target's own.
            let f = types.int("u", size, 0);
            of(types, f)
        }
    };
    assert_eq!(changes(&of_size(8), &of_size(4)).len(), 1);
    let (local, root) = btf(Endian::Little, |types| {
        let f = pointer(types, TypeId::VOID);
        of(types, f)
    });
    let ask = |code: u8, long: Option<u32>| {
        let (target, found) = btf(Endian::Little, |types| {
            if let Some(size) = long {
                types.int("long", size, 1);
            }
            let f = pointer(types, TypeId::VOID);
            of(types, f)
        });
        let mut access =
            Access::of_types(&local, Endian::Little, root, RelocationKind::FieldByteOffset, b"0:0");
        access.slots.first = Insn { code, ..Insn::default() };
        let found = Found::In(vec![Candidates { unit: "vmlinux".to_owned(), btf: target, ids: vec![found] }]);
        let roots = HashMap::from([(root, Arc::new(found))]);
        let question = Question {
            local: &local,
            endian: Endian::Little,
            roots: &roots,
            has_kernel_ids: true,
            rules: Rules::LIBBPF,
        };
        resolve(&[access], &question).remove(0)
    };
    let changed = ask(MOVE, Some(4));
    assert_eq!(changed.changes, change(ChangeCode::Size, "void * (8 bytes)", "void * (4 bytes)"));
    assert_eq!(changed.extent, Some(Extent { local: 8, target: 4, alike: 4, is_number: true }));
    assert_eq!((ask(MOVE, Some(8)).changes, ask(MOVE, None).changes), (Vec::new(), Vec::new()));
    assert_eq!(ask(0x79, Some(4)).changes, [], "a load gets the pointer's width");
}

#[test]
fn an_enumeration_whose_numbers_mean_something_else() {
    let values = |values: &'static [(&'static str, u64)]| {
        move |types: &mut Builder| {
            let f = enumeration(types, "e", values);
            of(types, f)
        }
    };
    let old = values(&[("A", 0), ("B", 1), ("C", 2), ("E_MAX", 3)]);
    let inserted = values(&[("A", 0), ("X", 1), ("B", 2), ("C", 3), ("E_MAX", 4)]);
    let expected = change(ChangeCode::Enumerators, "B = 1, C = 2", "B = 2, C = 3");
    assert_eq!(changes(&old, &inserted), expected, "the last one only counts the others");
    assert_eq!(codes(&values(&[("A", 0), ("B", 1)]), &values(&[("A", 0), ("X", 1), ("B", 2)])).len(), 1);
    for same in [
        values(&[("A", 0), ("B", 1), ("C", 2), ("E_MAX", 3)]),
        values(&[("C", 2), ("B", 1), ("A", 0), ("E_MAX", 3)]),
        values(&[("A", 0), ("B", 1), ("C", 2), ("D", 3), ("E_MAX", 4)]),
        values(&[("A", 0), ("RENAMED", 1), ("C", 2), ("E_MAX", 3)]),
        values(&[("A___new", 0), ("B", 1), ("C", 2), ("E_MAX", 3)]),
        values(&[("A", 0), ("B", 1)]),
        values(&[("A", 0), ("FIRST", 0), ("B", 1), ("C", 2), ("E_MAX", 3)]),
    ] {
        assert_eq!(changes(&old, &same), []);
    }
    // Two names of one number: it means what it meant while one keeps it.
    let twice = values(&[("A", 0), ("B", 1), ("LAST_ONE", 1)]);
    assert_eq!(changes(&twice, &values(&[("A", 0), ("B", 1), ("C", 2), ("LAST_ONE", 2)])), []);
    // As many bits as both have: -1 of 32 is 0xffffffff.
    let wide = |value: u64| {
        move |types: &mut Builder| {
            let values = vec![("A".to_owned(), value), ("B".to_owned(), 7)];
            let (name, size) = ("e".to_owned(), 4);
            let f = types.add(TypeSpec::Enum { name, size, is_signed: false, is_64: true, values });
            of(types, f)
        }
    };
    let narrow = values(&[("A", u64::MAX), ("B", 7)]);
    assert_eq!(changes(&narrow, &wide(0xffff_ffff)), []);
    assert_eq!(changes(&narrow, &wide(0x7fff_ffff)).len(), 1);
}

#[test]
fn an_array_that_is_shorter_or_of_other_elements() {
    let of_length = |size: u32, length: u32| {
        move |types: &mut Builder| {
            let element = types.int(if size == 1 { "char" } else { "int" }, size, 1);
            let f = array(types, element, length);
            of(types, f)
        }
    };
    let shorter = change(ChangeCode::Array, "char[16] (16 bytes)", "char[8] (8 bytes)");
    assert_eq!(changes(&of_length(1, 16), &of_length(1, 8)), shorter);
    let other = change(ChangeCode::Array, "int[4] (4 bytes each)", "char[16] (1 byte each)");
    assert_eq!(changes(&of_length(4, 4), &of_length(1, 16)), other);
    let extents = |from: (u32, u32), to: (u32, u32)| {
        extent(&of_length(from.0, from.1), &of_length(to.0, to.1)).map(|extent| (extent.target, extent.alike))
    };
    assert_eq!(extents((1, 16), (1, 8)), Some((8, 8)));
    assert_eq!(extents((4, 4), (1, 16)), Some((16, 0)));
    assert_eq!(extents((1, 8), (1, 16)), None);
    // Longer, as long, or of a length that is not told.
    for same in [of_length(1, 32), of_length(1, 16), of_length(1, 0)] {
        assert_eq!(changes(&of_length(1, 16), &same), []);
    }
    let pointers = |name: &'static str| {
        move |types: &mut Builder| {
            let to = types.add(record(name, 8, Vec::new()));
            let element = pointer(types, to);
            let f = array(types, element, 4);
            of(types, f)
        }
    };
    assert_eq!(
        changes(&pointers("a"), &pointers("b")),
        change(ChangeCode::Pointee, "struct a *", "struct b *")
    );
    assert_eq!(changes(&pointers("a"), &pointers("a___new")), []);
    let grid = |rows: u32, columns: u32| {
        move |types: &mut Builder| {
            let int = types.int("int", 4, 1);
            let row = array(types, int, columns);
            let f = array(types, row, rows);
            of(types, f)
        }
    };
    assert_eq!(codes(&grid(4, 4), &grid(4, 2)), [ChangeCode::Array]);
    assert_eq!(codes(&grid(4, 4), &grid(4, 8)), []);
}

#[test]
fn a_bit_field_that_is_none_or_lies_elsewhere() {
    let bits = |at: u32, width: u8| {
        move |types: &mut Builder| {
            let int = types.int("unsigned int", 4, 0);
            types.add(record("s", 64, vec![bitfield("f", int, at, width)]))
        }
    };
    let plain = int("unsigned int", 4, 0);
    let was = "a bit-field of 3 bits of unsigned int (bits 5 to 7)";
    assert_eq!(changes(&bits(5, 3), &plain), change(ChangeCode::Bitfield, was, "unsigned int (4 bytes)"));
    assert_eq!(changes(&plain, &bits(5, 3)), change(ChangeCode::Bitfield, "unsigned int (4 bytes)", was));
    let one = "a bit-field of 1 bit of unsigned int (bit 4)";
    assert_eq!(changes(&bits(5, 3), &bits(4, 1)), change(ChangeCode::Bitfield, was, one));
    // The bytes around it are other ones, in which it lies alike.
    assert_eq!(changes(&bits(5, 3), &bits(37, 3)), []);
    let shifts = Asks { shifts: true, ..Asks::default() };
    assert_eq!(outcome(MOVE, shifts, "0:0", &bits(5, 3), &plain).changes, []);
    assert_eq!(outcome(MOVE, shifts, "0:0", &bits(5, 3), &bits(4, 1)).changes, []);
}

#[test]
fn a_field_that_a_union_overlays() {
    let plain = |types: &mut Builder| {
        let long = types.int("long", 8, 1);
        types.add(record("s", 24, vec![member("f", long, 0), member("g", long, 64), member("h", long, 128)]))
    };
    // `union { long f; OTHER }` at the start, then `h`.
    let overlaid = |other: fn(&mut Builder) -> (&'static str, TypeId)| {
        move |types: &mut Builder| {
            let long = types.int("long", 8, 1);
            let (name, other) = other(types);
            let union = types.add(union("", 8, vec![member("f", long, 0), member(name, other, 0)]));
            types.add(record("s", 24, vec![member("", union, 0), member("h", long, 128)]))
        }
    };
    let half = overlaid(|types| ("half", types.int("int", 4, 1)));
    let is = "in a union with `int half`";
    assert_eq!(changes(&plain, &half), change(ChangeCode::Overlaid, "bytes of its own", is));
    let known = overlaid(|types| ("g", types.int("int", 4, 1)));
    assert_eq!(codes(&plain, &known), [ChangeCode::Overlaid]);
    let group = overlaid(|types| {
        let int = types.int("int", 4, 1);
        ("", types.add(record("", 4, vec![member("g", int, 0)])))
    });
    assert_eq!(codes(&plain, &group), [ChangeCode::Overlaid]);
    // Another name of the same thing, something of no size, and what was a union before.
    let alias = overlaid(|types| ("other", types.int("u64", 8, 0)));
    let empty = overlaid(|types| ("other", types.add(record("nothing", 0, Vec::new()))));
    assert_eq!((changes(&plain, &alias), changes(&plain, &empty)), (Vec::new(), Vec::new()));
    let padding = overlaid(|types| ("__pad2", types.int("int", 4, 1)));
    assert_eq!(changes(&plain, &padding), []);
    // Another view of the whole, as large as it is.
    let view = |size: u32| {
        move |types: &mut Builder| {
            let (long, all) = (types.int("long", 8, 1), types.int("view", size, 0));
            let both = types.add(record("", 16, vec![member("f", long, 0), member("g", long, 64)]));
            let union = types.add(union("", 16, vec![member("", both, 0), member("all", all, 0)]));
            types.add(record("s", 24, vec![member("", union, 0), member("h", long, 128)]))
        }
    };
    assert_eq!((changes(&plain, &view(16)).len(), changes(&plain, &view(8)).len()), (0, 1));
    let at_home = |local: Fill<'_>, target: Fill<'_>, spec: &str| {
        outcome(MOVE, Asks::default(), spec, local, target).changes
    };
    assert_eq!(at_home(&half, &known, "0:0:0"), []);
    assert_eq!(at_home(&half, &plain, "0:0:0"), [], "what has bytes of its own now is read rightly");
    // An object that declares a few members says nothing of the others, but of those.
    let few = |more: &'static [&'static str]| {
        move |types: &mut Builder| {
            let long = types.int("long", 8, 1);
            let names = [&["f"][..], more].concat();
            let members = names.iter().zip(0..).map(|(name, at)| member(name, long, at * 64));
            let members = members.collect();
            types.add(record("s", 16, members))
        }
    };
    let large = |types: &mut Builder| {
        let (long, int) = (types.int("long", 8, 1), types.int("int", 4, 1));
        let union = types.add(union("", 8, vec![member("f", long, 0), member("half", int, 0)]));
        let names = ["h", "i", "j", "k", "l", "m"];
        let others = names.iter().zip(1..).map(|(name, at)| member(name, long, at * 64));
        let members = std::iter::once(member("", union, 0)).chain(others).collect();
        types.add(record("s", 64, members))
    };
    assert_eq!(changes(&few(&[]), &large), []);
    assert_eq!(codes(&few(&["half"]), &large), [ChangeCode::Overlaid]);
}
