//! Silent changes: a compiled program that reads fields in many ways, against kernels in which they changed.

use std::path::Path;

use corecheck_layouts::btf::{Builder, Endian, MemberSpec, TypeSpec};

use crate::against::{member, record};
use crate::report::{Report, check, list, text};
use crate::run::{corecheck, fixture};

/// The rules of silent changes.
const RULES: [&str; 8] = [
    "array-changed",
    "bitfield-changed",
    "enumerators-changed",
    "field-overlaid",
    "pointee-changed",
    "read-length",
    "size-or-sign-changed",
    "struct-changed",
];

/// BTF with the `struct thing` of tests/fixtures/objects/changes.bpf.c, changed in these ways.
fn a_kernel(changes: &[&str]) -> Vec<u8> {
    let is = |change: &str| changes.contains(&change);
    let mut btf = Builder::new(Endian::Little);
    let name = |name: &str| name.to_owned();
    let long = btf.int("long unsigned int", 8, 0);
    let word = btf.int("unsigned int", 4, 0);
    let int = btf.int("int", 4, 1);
    let number = match (is("number grows"), is("number is signed")) {
        (true, _) => long,
        (_, true) => int,
        _ => btf.add(TypeSpec::Typedef { name: name("u32"), to: word }),
    };
    let one = btf.add(record(if is("pointer") { "two" } else { "one" }, 8, vec![member("x", word, 4)]));
    let pointer = btf.add(TypeSpec::Ptr { to: one });
    let second = if is("pair moves") { 16 } else { 8 };
    let pair =
        btf.add(record("pair", second + 8, vec![member("first", long, 0), member("second", long, second)]));
    let values = match is("state") {
        true => vec![
            (name("STATE_NEW"), 0),
            (name("STATE_WAIT"), 1),
            (name("STATE_RUN"), 2),
            (name("STATE_DONE"), 3),
        ],
        false => vec![(name("STATE_NEW"), 0), (name("STATE_RUN"), 1), (name("STATE_DONE"), 2)],
    };
    let (size, is_signed, is_64) = (4, false, false);
    let state = btf.add(TypeSpec::Enum { name: name("state"), size, is_signed, is_64, values });
    let length = if is("row is shorter") { 4 } else { 16 };
    let row = btf.add(TypeSpec::Array { element: word, index: word, length });
    let bits = |name: &str, bit: u32, bits: u8| MemberSpec {
        name: name.to_owned(),
        of: word,
        bit_offset: 160 * 8 + bit,
        bitfield_bits: bits,
    };
    let half = member("half", word, 0);
    let view = btf.add(TypeSpec::Composite {
        is_union: true,
        name: String::new(),
        size: 8,
        kind_flag: false,
        members: vec![member("stamp", long, 0), half],
    });
    let stamp = if is("stamp is overlaid") { member("", view, 168) } else { member("stamp", long, 168) };
    btf.add(TypeSpec::Composite {
        is_union: false,
        name: name("thing"),
        size: 176,
        kind_flag: true,
        members: vec![
            member("number", number, 8),
            member("pointer", pointer, 16),
            member("pair", pair, 32),
            member("state", state, 64),
            member("row", row, 72),
            bits("bits", if is("bits move") { 9 } else { 0 }, 3),
            stamp,
        ],
    });
    btf.finish().expect("sound BTF")
}

fn write(folder: &Path, changes: &[&str]) -> String {
    let path = folder.join("kernel.btf");
    std::fs::write(&path, a_kernel(changes)).expect("it can be written");
    path.to_string_lossy().into_owned()
}

/// The programs that are risky, and the rules of findings with the message of each.
fn judged(changes: &[&str]) -> (Vec<String>, Vec<(String, String)>) {
    let folder = tempfile::tempdir().expect("a folder");
    let report: Report = check(0, &["--against", &write(folder.path(), changes), &fixture("changes")]);
    let result = report.result("local/kernel.btf/unknown");
    let programs = list(result, "programs").iter();
    let risky: Vec<String> = programs
        .filter(|program| text(program, "verdict") == "risky")
        .map(|program| text(program, "name").to_owned())
        .collect();
    assert_eq!(text(result, "verdict"), if risky.is_empty() { "ok" } else { "risky" });
    let findings = list(&report.0, "findings").iter();
    let told = findings.map(|finding| {
        assert!(RULES.contains(&text(finding, "rule")), "{finding:#}");
        assert_eq!(text(finding, "level"), "warning");
        (text(finding, "rule").to_owned(), text(finding, "message").to_owned())
    });
    (risky, told.collect())
}

#[test]
fn each_change_is_told_of_the_programs_that_observe_it() {
    let cases = [
        (
            "number grows",
            "number",
            "read-length",
            "4 bytes are read of `number` of struct thing, which has 8 there, not 4",
        ),
        (
            "pointer",
            "pointer",
            "pointee-changed",
            "`pointer` of struct thing is struct two * there, not struct one *",
        ),
        (
            "pair moves",
            "pair",
            "read-length",
            "16 bytes are read of `pair` of struct thing, of which members lie elsewhere there",
        ),
        (
            "state",
            "state",
            "enumerators-changed",
            "numbers of `state` of struct thing mean something else there: STATE_RUN = 2, STATE_DONE = 3, \
             not STATE_RUN = 1, STATE_DONE = 2",
        ),
        (
            "row is shorter",
            "row",
            "read-length",
            "32 bytes are read of `row` of struct thing, which has only 16 there: what follows is read with it",
        ),
        (
            "stamp is overlaid",
            "stamp",
            "field-overlaid",
            "`stamp` of struct thing is in a union with `unsigned int half` there, and had bytes of its own",
        ),
    ];
    for (change, program, rule, message) in cases {
        let (risky, told) = judged(&[change]);
        assert_eq!(risky, [program], "{change}");
        assert_eq!(told, [(rule.to_owned(), message.to_owned())], "{change}");
    }
    let (risky, told) = judged(&["number is signed"]);
    // Of whatever size it is read, the sign is the field's.
    assert_eq!(risky, ["number", "number_kept", "low_half_kept", "guarded_kept"]);
    assert_eq!(told.len(), 1, "one cause is told once: {told:?}");
    assert_eq!(told[0].0, "size-or-sign-changed");
    let (risky, told) = judged(&["number grows", "pointer", "state"]);
    assert_eq!((risky.len(), told.len()), (3, 3));
}

#[test]
fn what_is_alike_or_adapts_is_no_finding() {
    for changes in [&[][..], &["bits move"]] {
        assert_eq!(judged(changes), (Vec::new(), Vec::new()), "{changes:?}");
    }
}

#[test]
fn risky_fails_only_when_that_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), &["pointer"]);
    let run = corecheck(&["check", "--against", &file, &fixture("changes")]).expect_status(0);
    for word in ["risky", "warning[pointee-changed]", "struct two * there, not struct one *", "help:"] {
        assert!(run.stdout.contains(word), "{word:?} is not in\n{}", run.stdout);
    }
    corecheck(&["check", "--strict", "--against", &file, &fixture("changes")]).expect_status(1);
    let unchanged = write(folder.path(), &[]);
    corecheck(&["check", "--strict", "--against", &unchanged, &fixture("changes")]).expect_status(0);
    // What changed stands at the outcome too.
    let file = write(folder.path(), &["pointer", "number grows"]);
    let report = check(0, &["--against", &file, &fixture("changes")]);
    let outcomes = report.outcomes("local/kernel.btf/unknown");
    let changed = |access: usize| {
        let changes = outcomes[access]["changes"].as_array().cloned().unwrap_or_default();
        let shown =
            changes.iter().map(|change| (text(change, "code"), text(change, "was"), text(change, "is")));
        shown.map(|(code, was, is)| format!("{code}: {was} -> {is}")).collect::<Vec<_>>()
    };
    assert_eq!(changed(0), ["size: unsigned int (4 bytes) -> long unsigned int (8 bytes)"]);
    assert_eq!(changed(7), ["pointee: struct one * -> struct two *"]);
    assert_eq!(
        (changed(2), changed(8)),
        (Vec::new(), Vec::new()),
        "its size is asked for, and it did not change"
    );
}
