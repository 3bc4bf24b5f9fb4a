//! Reads the fixture objects and compares them with what other tools see in them, then breaks them in many ways.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use corecheck::object::{Object, read_bytes, read_file};

/// libbpf's words for the kinds of accesses, by number.
const KINDS: [&str; 13] = [
    "byte_off",
    "byte_sz",
    "field_exists",
    "signed",
    "lshift_u64",
    "rshift_u64",
    "local_type_id",
    "target_type_id",
    "type_exists",
    "type_size",
    "enumval_exists",
    "enumval_value",
    "type_matches",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/objects")
}

/// The rows of a table, by object.
fn table(name: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let text = fs::read_to_string(folder().join(name)).expect("the table is beside the objects");
    let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t').map(str::to_owned);
        let object = columns.next().expect("the first column names the object");
        rows.entry(object).or_default().push(columns.collect());
    }
    assert!(!rows.is_empty(), "{name} has rows");
    rows
}

fn object(name: &str) -> Object {
    let mut objects = read_file(&folder().join(name)).expect("a fixture is a sound object");
    assert_eq!(objects.len(), 1);
    objects.remove(0)
}

/// Every fixture object, by its file name.
fn fixtures() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder of fixtures");
    let names = entries.map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".bpf.o")).collect();
    names.sort();
    assert!(names.len() > 15, "{} fixtures", names.len());
    names
}

/// Section, function, instruction, kind, root type and access string of every access, sorted.
fn accesses(object: &Object) -> Vec<Vec<String>> {
    let btf = object.btf.as_ref();
    let row = |relo: &corecheck::object::CoreRelo| {
        let function = relo.function.map_or("-", |index| object.functions[index].name.as_str());
        let kind = KINDS.get(relo.kind as usize).copied().unwrap_or("?");
        let root = btf.map_or("", |btf| btf.name(relo.type_id));
        let insn = relo.insn.to_string();
        let columns =
            [&object.sections[relo.section].name, function, &insn, kind, root, object.access_str(relo)];
        columns.map(str::to_owned).to_vec()
    };
    let mut rows: Vec<_> = object.relos.iter().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn accesses_are_what_other_tools_see() {
    let mut expected = table("expected.tsv");
    for name in fixtures().into_iter().filter(|name| name != "maps_only.bpf.o") {
        let mut rows = expected.remove(&name).unwrap_or_default();
        rows.sort();
        assert_eq!(accesses(&object(&name)), rows, "{name}");
    }
    assert!(expected.is_empty(), "every object of the table is a fixture: {expected:?}");
}

#[test]
fn source_lines_are_those_of_the_marks() {
    for (name, expected) in table("expected_lines.tsv") {
        let object = object(&name);
        let line = |relo| {
            let source = object.source(relo).expect("compiled with -g");
            assert!(source.file.ends_with(".bpf.c") && source.text.contains('@'), "{source:?}");
            source.line.to_string()
        };
        let section = |relo: &corecheck::object::CoreRelo| object.sections[relo.section].name.clone();
        let mut rows: Vec<Vec<String>> =
            object.relos.iter().map(|relo| vec![section(relo), relo.insn.to_string(), line(relo)]).collect();
        let mut expected = expected;
        rows.sort();
        expected.sort();
        assert_eq!(rows, expected, "{name}");
    }
}

#[test]
fn programs_and_what_they_reach() {
    let object = object("programs.bpf.o");
    let name = |index: usize| object.functions[index].name.as_str();
    let programs: Vec<(&str, &str, Vec<&str>)> = object
        .programs
        .iter()
        .map(|p| (name(p.function), p.section_name.as_str(), p.functions.iter().map(|&f| name(f)).collect()))
        .collect();
    let expected = [
        ("first", "raw_tp/sys_enter", vec!["helper_static", "first"]),
        ("second", "raw_tp/sys_enter", vec!["helper_global", "helper_static", "each_step", "second"]),
        ("third", "kprobe/do_exit", vec!["helper_weak", "third"]),
    ];
    assert_eq!(programs, expected);
    assert!(object.functions.iter().all(|function| function.btf.is_some()));
}

#[test]
fn externs_maps_and_data() {
    use corecheck::object::ExternKind::{Kconfig, KsymFunction, KsymVariable};
    let externs = object("externs.bpf.o");
    let mut found: Vec<_> =
        externs.externs.iter().map(|ext| (ext.name.as_str(), ext.kind, ext.weak)).collect();
    found.sort_by_key(|(name, ..)| *name);
    let expected = [
        ("CONFIG_HZ", Kconfig, false),
        ("CONFIG_NOT_THERE", Kconfig, true),
        ("CONFIG_VFIO", Kconfig, true),
        ("LINUX_KERNEL_VERSION", Kconfig, false),
        ("strong_function", KsymFunction, false),
        ("typed_variable", KsymVariable, false),
        ("typed_weak", KsymVariable, true),
        ("untyped_symbol", KsymVariable, false),
        ("untyped_weak", KsymVariable, true),
        ("weak_function", KsymFunction, true),
    ];
    assert_eq!(found, expected);
    let uses = externs.program_uses(&externs.programs[0]);
    assert_eq!(uses.externs.len(), 10);
    assert!(!uses.reads_rodata);

    let data = object("data.bpf.o");
    let maps: Vec<_> = data.maps.iter().map(|map| (map.name.as_str(), map.map_type)).collect();
    assert_eq!(maps, [("inner_map", Some(2)), ("outer_map", Some(12)), ("hidden_map", Some(1))]);
    let mut sections: Vec<&str> = data.data.iter().map(|section| section.name.as_str()).collect();
    sections.sort_unstable();
    assert_eq!(sections, [".bss", ".data", ".data.own", ".rodata", ".rodata.own"]);
    assert!(data.program_uses(&data.programs[0]).reads_rodata);
}

#[test]
fn what_is_missing_is_no_error() {
    let no_btf = object("plain_no_btf.bpf.o");
    assert!(no_btf.btf.is_none() && !no_btf.has_btf_ext && no_btf.relos.is_empty());
    let no_core = object("plain_no_core.bpf.o");
    assert!(no_core.btf.is_some() && no_core.has_btf_ext && no_core.relos.is_empty());
    let no_code = object("maps_only.bpf.o");
    assert!(no_code.programs.is_empty() && no_code.maps.len() == 1, "libbpf opens it, too");
}

#[test]
fn an_overridden_weak_function_leaves_accesses_that_nobody_relocates() {
    let linked = object("linked.bpf.o");
    let relocated: Vec<bool> = linked.relos.iter().map(|relo| linked.is_relocated(relo)).collect();
    assert_eq!(relocated.iter().filter(|&&relocated| !relocated).count(), 2);
    assert_eq!(relocated.len(), 5);
    assert_eq!(linked.problems, []);
}

#[test]
fn no_fixture_has_a_problem() {
    for name in fixtures().into_iter().filter(|name| name != "maps_only.bpf.o") {
        assert_eq!(object(&name).problems, [], "{name}");
    }
}

/// A small generator of numbers, the same on every run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).expect("31 bits") % limit
    }
}

/// Asks an object everything that could go wrong when an index or offset were not checked.
fn walk(object: &Object) {
    for relo in &object.relos {
        assert!(object.sections[relo.section].insns.get(relo.insn as usize).is_some());
        let btf = object.btf.as_ref().expect("accesses need BTF");
        assert!(btf.contains(relo.type_id));
        let _ = (object.access_str(relo), object.source(relo), object.is_relocated(relo));
    }
    for program in &object.programs {
        let _ = &object.functions[program.function];
        let uses = object.program_uses(program);
        uses.externs.iter().for_each(|&index| assert!(index < object.externs.len()));
        uses.maps.iter().for_each(|&index| assert!(index < object.maps.len()));
        uses.data.iter().for_each(|&index| assert!(index < object.data.len()));
    }
    for function in &object.functions {
        assert!(
            (function.insn_off + function.insn_count) as usize
                <= object.sections[function.section].insns.len()
        );
    }
    for problem in &object.problems {
        assert!(!problem.to_string().is_empty());
    }
}

/// Changes up to eight bytes and reads the object again, `rounds` times over all fixtures.
fn mutate(rounds: usize, seed: u64) -> (usize, usize) {
    let originals: Vec<Vec<u8>> =
        fixtures().iter().map(|name| fs::read(folder().join(name)).expect("a fixture")).collect();
    let mut random = Random(seed);
    let (mut sound, mut broken) = (0, 0);
    for round in 0..rounds {
        let mut bytes = originals[round % originals.len()].clone();
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len());
            bytes[at] = match random.below(4) {
                0 => 0,
                1 => 0xff,
                2 => bytes[at] ^ 1 << random.below(8),
                _ => random.below(256).to_le_bytes()[0],
            };
        }
        if random.below(16) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        match read_bytes("mutated.o", &bytes) {
            Ok(objects) => {
                objects.iter().for_each(walk);
                sound += 1;
            }
            Err(error) => {
                assert!(error.to_string().starts_with("mutated.o"), "{error}");
                broken += 1;
            }
        }
    }
    (sound, broken)
}

#[test]
fn changed_bytes_give_an_object_or_an_error() {
    let (sound, broken) = mutate(20_000, 0x9e37_79b9_7f4a_7c15);
    assert!(sound > 100 && broken > 100, "{sound} sound, {broken} broken");
}
