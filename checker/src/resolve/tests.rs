//! Whole questions: several candidates, pruning, what is patched and what is said.

use std::sync::Arc;

use corecheck_layouts::btf::{Builder, TypeSpec};
use corecheck_layouts::kernel::{Absence, Candidates, Gap};

use super::*;
use crate::access::Skipped;
use crate::object::Insn;
use crate::testing::{btf, member, record, union};

fn int(types: &mut Builder) -> TypeId {
    types.int("int", 4, 1)
}

/// `struct NAME { … }` with an int member at each of these byte offsets.
fn ints(types: &mut Builder, name: &str, members: &[(&str, u32)]) -> TypeId {
    let int = int(types);
    let members = members.iter().map(|&(name, offset)| member(name, int, offset * 8)).collect();
    types.add(record(name, 64, members))
}

/// The object's own `struct s { int a; int b; }`.
fn local() -> (Arc<Btf>, TypeId) {
    btf(Endian::Little, |types| ints(types, "s", &[("a", 0), ("b", 4)]))
}

/// An access to it whose instruction, `r1 = NUMBER`, holds what it should.
fn access(kind: RelocationKind, text: &str, insn: u32) -> Access {
    let (local, root) = local();
    let asked = Access::of_types(&local, Endian::Little, root, kind, text.as_bytes());
    let imm = asked.local.as_ref().map_or(0, |local| local.value.number as i32);
    let slots = Slots { first: Insn { code: 0xb7, imm, ..Insn::default() }, second: None };
    Access { slots, insn, ..asked }
}

fn offset(text: &str, insn: u32) -> Access {
    access(RelocationKind::FieldByteOffset, text, insn)
}

/// Candidates from one BTF: what `fill` adds, of those those that it returns.
fn unit(name: &str, fill: impl FnOnce(&mut Builder) -> Vec<TypeId>) -> Candidates {
    let (btf, ids) = btf(Endian::Little, fill);
    Candidates { unit: name.to_owned(), btf, ids }
}

fn ask(accesses: &[Access], found: Option<Found>) -> Vec<Outcome> {
    let (local, root) = local();
    let roots: HashMap<TypeId, Arc<Found>> = found.map(|found| (root, Arc::new(found))).into_iter().collect();
    let question = Question {
        local: &local,
        endian: Endian::Little,
        roots: &roots,
        has_kernel_ids: true,
        rules: Rules::LIBBPF,
    };
    resolve(accesses, &question)
}

fn states(outcomes: &[Outcome]) -> Vec<(State, Option<u64>)> {
    outcomes.iter().map(|outcome| (outcome.state, outcome.value)).collect()
}

#[test]
fn candidates_that_did_not_match_are_forgotten() {
    // `b` is only in the second, which does not count any more once `a` was found in the first alone.
    let found = || {
        Some(Found::In(vec![unit("vmlinux", |types| {
            vec![ints(types, "s", &[("a", 8)]), ints(types, "s___old", &[("b", 12)])]
        })]))
    };
    let (resolved, poisoned) = (|value| (State::Resolved, Some(value)), (State::Poisoned, None));
    assert_eq!(states(&ask(&[offset("0:0", 0), offset("0:1", 1)], found())), [resolved(8), poisoned]);
    assert_eq!(states(&ask(&[offset("0:1", 0), offset("0:0", 1)], found())), [resolved(12), poisoned]);
    // Nor does the third count, if the first two agree.
    let found = || {
        Some(Found::In(vec![unit("vmlinux", |types| {
            let agreeing = [ints(types, "s", &[("a", 8)]), ints(types, "s___2", &[("a", 8)])];
            vec![agreeing[0], agreeing[1], ints(types, "s___3", &[("b", 12)])]
        })]))
    };
    assert_eq!(states(&ask(&[offset("0:0", 0), offset("0:1", 1)], found())), [resolved(8), poisoned]);
    assert_eq!(states(&ask(&[offset("0:1", 0), offset("0:0", 1)], found())), [resolved(12), poisoned]);
    // What all match forgets nothing.
    let nothing = ask(&[access(RelocationKind::TypeSize, "0", 0), offset("0:1", 1)], found());
    assert_eq!(states(&nothing)[1], resolved(12), "both are as large");
}

#[test]
fn what_nothing_matches_prunes_nothing() {
    let found = Some(Found::In(vec![unit("vmlinux", |types| vec![ints(types, "s", &[("a", 8)])])]));
    let outcomes = ask(&[offset("0:1", 0), offset("0:0", 1)], found);
    assert_eq!(states(&outcomes), [(State::Poisoned, None), (State::Resolved, Some(8))]);
    let call = Insn { code: 0x85, imm: POISON, ..Insn::default() };
    assert_eq!(outcomes[0].patched, Some(Slots { first: call, second: None }));
    let place = outcomes[1].target.as_ref().map(|place| (&place.unit[..], &place.spec[..]));
    assert_eq!(place, Some(("vmlinux", "struct s.a (0:0 @ offset 8)")));
}

#[test]
fn candidates_must_agree() {
    let two = |first: u32, second: u32| {
        Some(Found::In(vec![
            unit("vmlinux", |types| vec![ints(types, "s", &[("a", first)])]),
            unit("module", |types| vec![ints(types, "s", &[("a", second)])]),
        ]))
    };
    assert_eq!(states(&ask(&[offset("0:0", 0)], two(8, 8))), [(State::Resolved, Some(8))]);
    let outcomes = ask(&[offset("0:0", 0)], two(8, 12));
    let Some(Reason::Ambiguous(ambiguity)) = &outcomes[0].reason else { panic!("{outcomes:?}") };
    assert_eq!((outcomes[0].state, ambiguity.differs), (State::Error, "offset"));
    assert_eq!(ambiguity.candidates.each_ref().map(|place| &place.unit[..]), ["vmlinux", "module"]);
    assert_eq!(ambiguity.sizes, [Some(64); 2]);
    // Equal offsets, and sizes that differ: the value decides.
    let sizes = |types: &mut Builder| {
        let (int, long) = (int(types), types.int("long", 8, 1));
        let of = |types: &mut Builder, of| types.add(record("s", 64, vec![member("a", of, 64)]));
        vec![of(types, int), of(types, long)]
    };
    let found = Some(Found::In(vec![unit("vmlinux", sizes)]));
    let outcomes = ask(&[access(RelocationKind::FieldByteSize, "0:0", 0)], found);
    let Some(Reason::Ambiguous(ambiguity)) = &outcomes[0].reason else { panic!("{outcomes:?}") };
    assert_eq!(ambiguity.differs, "value");
    // Existence is the same number wherever the field lies, but libbpf compares offsets all the same.
    let outcomes = ask(&[access(RelocationKind::FieldExists, "0:0", 0)], two(8, 12));
    assert_eq!(states(&outcomes), [(State::Error, None)]);
}

#[test]
fn the_candidate_that_came_farthest_explains() {
    // Both lack `b`; the second has one of another kind.
    let found = Some(Found::In(vec![
        unit("vmlinux", |types| vec![ints(types, "s", &[("a", 0)])]),
        unit("module", |types| {
            let pointer = types.add(TypeSpec::Ptr { to: TypeId::VOID });
            vec![types.add(record("s", 8, vec![member("b", pointer, 0)]))]
        }),
        // As far as the one before it, which says it first.
        unit("another", |types| {
            let float = types.add(TypeSpec::Float { name: "float".to_owned(), size: 4 });
            vec![types.add(record("s", 8, vec![member("b", float, 0)]))]
        }),
    ]));
    let outcomes = ask(&[offset("0:1", 0)], found);
    let Some(Reason::NoMatch(explained)) = &outcomes[0].reason else { panic!("{outcomes:?}") };
    assert_eq!(explained.code, MismatchCode::FieldKindChanged);
    assert_eq!(explained.text, "`b` is `void *` there, not `int`");
    let nearest = explained.nearest.as_ref().map(|place| (&place.unit[..], &place.spec[..]));
    assert_eq!(nearest, Some(("module", "struct s.b (0:0 @ offset 0)")));
}

#[test]
fn an_instruction_that_is_patched_twice_holds_the_first_number() {
    let found = Some(Found::In(vec![unit("vmlinux", |types| vec![ints(types, "s", &[("a", 8), ("b", 0)])])]));
    // Offset 0 becomes 8, which is not what the second access expects there.
    let outcomes = ask(&[offset("0:0", 5), offset("0:0", 5), offset("0:0", 6)], found);
    let error = PatchError::UnexpectedValue { found: 8, expected: 0 };
    assert_eq!(outcomes[1].reason, Some(Reason::Patch(error)));
    let states: Vec<State> = outcomes.iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Resolved, State::Error, State::Resolved]);
}

#[test]
fn where_the_root_type_is_absent_or_not_known() {
    let exists = || [access(RelocationKind::FieldExists, "0:0", 0), offset("0:0", 1)];
    let absent = ask(&exists(), Some(Found::Absent(Absence::NotInBtf)));
    assert_eq!(states(&absent), [(State::Absent, Some(0)), (State::Poisoned, None)]);
    let reason = Some(Reason::TypeAbsent(Absence::NotInBtf));
    assert!(absent.iter().all(|outcome| outcome.reason == reason));
    assert_eq!(absent[0].patched.map(|slots| slots.first.imm), Some(0));
    let unknown = ask(&exists(), Some(Found::Unknown(Gap::TypeNotStored)));
    assert_eq!(states(&unknown), [(State::Unknown, None); 2]);
    assert_eq!(states(&ask(&exists(), None)), [(State::Error, None); 2]);
    // A compiler's number that is not there is an error also where nothing matches.
    let mut wrong = access(RelocationKind::FieldExists, "0:0", 0);
    wrong.slots.first.imm = 7;
    assert_eq!(states(&ask(&[wrong], Some(Found::Absent(Absence::NotInBtf)))), [(State::Error, None)]);
    let skipped = Access { skipped: Some(Skipped::NotLoaded), ..offset("0:0", 0) };
    assert_eq!(states(&ask(&[skipped], None)), [(State::Skipped, None)]);
}

#[test]
fn a_load_whose_width_would_change_is_poisoned() {
    let found = Some(Found::In(vec![unit("vmlinux", |types| {
        let long = types.int("long", 8, 1);
        vec![types.add(record("s", 8, vec![member("a", long, 64)]))]
    })]));
    let load = Slots { first: Insn { code: 0x61, dst: 1, src: 2, ..Insn::default() }, second: None };
    let outcome = ask(&[Access { slots: load, ..offset("0:0", 0) }], found).remove(0);
    let (local, target) = ((4, "int".to_owned()), (8, "long".to_owned()));
    assert_eq!(outcome.reason, Some(Reason::WidthChanged { local, target }));
    assert_eq!((outcome.state, outcome.patched), (State::Poisoned, Some(poison(load))));
    assert!(outcome.target.is_some_and(|place| place.spec == "struct s.a (0:0 @ offset 8)"));
}

#[test]
fn a_name_that_stands_for_something_else_is_told() {
    let typedef = |types: &mut Builder, to: TypeId| {
        let name = "t".to_owned();
        let of = types.add(TypeSpec::Typedef { name, to });
        types.add(record("s", 8, vec![member("a", of, 0)]))
    };
    let (local, root) = btf(Endian::Little, |types| {
        let int = int(types);
        typedef(types, int)
    });
    let access = Access::of_types(&local, Endian::Little, root, RelocationKind::FieldByteOffset, b"0:0");
    let text = |fill: &dyn Fn(&mut Builder) -> TypeId| {
        let found = Found::In(vec![unit("vmlinux", |types| {
            let to = fill(types);
            vec![typedef(types, to)]
        })]);
        let roots = HashMap::from([(root, Arc::new(found))]);
        let question = Question {
            local: &local,
            endian: Endian::Little,
            roots: &roots,
            has_kernel_ids: true,
            rules: Rules::LIBBPF,
        };
        match resolve(std::slice::from_ref(&access), &question).remove(0).reason {
            Some(Reason::NoMatch(explained)) => explained.text,
            other => panic!("{other:?}"),
        }
    };
    let structure = |types: &mut Builder| types.add(record("x", 8, Vec::new()));
    assert_eq!(text(&structure), "`a` is `t` there too, but it stands for struct x and not for int");
    let anonymous = |types: &mut Builder| types.add(union("", 8, Vec::new()));
    assert_eq!(text(&anonymous), "`a` is `t` there too, but it stands for union (anonymous) and not for int");
    let pointer = |types: &mut Builder| types.add(TypeSpec::Ptr { to: TypeId::VOID });
    assert_eq!(text(&pointer), "`a` is `t` there too, but it stands for void * and not for int");
}

#[test]
fn enumerators_are_found_by_name_wherever_they_stand() {
    let fill = |names: &'static [&'static str]| {
        move |types: &mut Builder| {
            let values = (10..).zip(names).map(|(value, &name)| (name.to_owned(), value)).collect();
            types.add(TypeSpec::Enum {
                name: "e".to_owned(),
                size: 4,
                is_signed: false,
                is_64: false,
                values,
            })
        }
    };
    let (local, root) = btf(Endian::Little, fill(&["A", "B"]));
    let value = |names| {
        let mut access = Access::of_types(&local, Endian::Little, root, RelocationKind::EnumvalValue, b"1");
        access.slots.first = Insn { code: 0xb7, imm: 11, ..Insn::default() };
        let found = Found::In(vec![unit("vmlinux", |types| vec![fill(names)(types)])]);
        let roots = HashMap::from([(root, Arc::new(found))]);
        let question = Question {
            local: &local,
            endian: Endian::Little,
            roots: &roots,
            has_kernel_ids: true,
            rules: Rules::LIBBPF,
        };
        let outcome = resolve(&[access], &question).remove(0);
        (outcome.value, outcome.target.map(|place| place.spec))
    };
    assert_eq!(value(&["B", "A"]), (Some(10), Some("enum e::B = 10".to_owned())));
    assert_eq!(value(&["A", "C", "B___new", "B"]), (Some(12), Some("enum e::B___new = 12".to_owned())));
    assert_eq!(value(&["A"]), (None, None));
}

#[test]
fn states_have_a_word_each() {
    let states =
        [State::Resolved, State::Absent, State::Poisoned, State::Error, State::Skipped, State::Unknown];
    let words = ["resolved", "absent", "poisoned", "error", "skipped", "unknown"];
    assert_eq!(states.map(State::word), words);
}

#[test]
fn local_ids_need_no_kernel() {
    let local_id = access(RelocationKind::TypeIdLocal, "0", 0);
    let outcomes = ask(&[local_id], Some(Found::Absent(Absence::NotInBtf)));
    assert_eq!(states(&outcomes), [(State::Resolved, Some(2))]);
    assert_eq!(outcomes[0].target, None);
}

#[test]
fn types_are_compared_as_the_kind_asks() {
    let found =
        |fill: fn(&mut Builder) -> TypeId| Some(Found::In(vec![unit("vmlinux", |types| vec![fill(types)])]));
    let other = |types: &mut Builder| ints(types, "s", &[("a", 0), ("c", 4)]);
    let ask_both = |fill| {
        let kinds = [RelocationKind::TypeExists, RelocationKind::TypeMatches];
        kinds.map(|kind| ask(&[access(kind, "0", 0)], found(fill)).remove(0))
    };
    let [exists, matches] = ask_both(other);
    assert_eq!(states(&[exists, matches.clone()]), [(State::Resolved, Some(1)), (State::Absent, Some(0))]);
    let Some(Reason::NoMatch(explained)) = &matches.reason else { panic!("{matches:?}") };
    assert_eq!(explained.text, "`struct s` there does not match the object's `struct s`");
    let [exists, _] = ask_both(|types| types.add(union("s", 8, Vec::new())));
    let Some(Reason::NoMatch(explained)) = &exists.reason else { panic!("{exists:?}") };
    assert_eq!(explained.text, "`union s` there does not go with the object's `struct s`");
    let place = explained.nearest.as_ref().map(|place| &place.spec[..]);
    assert_eq!((explained.code, place), (MismatchCode::TypeChanged, Some("union s (8 bytes)")));
}

#[test]
fn the_comparisons_that_were_made_would_have_been_enough() {
    let found = Found::In(vec![unit("vmlinux", |types| vec![ints(types, "s", &[("a", 8), ("b", 12)])])]);
    let (local, root) = local();
    let roots = HashMap::from([(root, Arc::new(found))]);
    let question = Question {
        local: &local,
        endian: Endian::Little,
        roots: &roots,
        has_kernel_ids: true,
        rules: Rules::LIBBPF,
    };
    let accesses = [offset("0:0", 0), offset("0:1", 1)];
    let accesses: Vec<&Access> = accesses.iter().collect();
    let whole = resolve_some(&accesses, &question, 1000);
    assert!(whole.steps > 1 && !whole.is_cut_short, "{} comparisons", whole.steps);
    assert!(!resolve_some(&accesses, &question, whole.steps).is_cut_short);
    assert!(resolve_some(&accesses, &question, whole.steps - 1).is_cut_short);
}
