//! `corecheck accesses`: what objects ask of a kernel.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::report::{list, text};
use crate::run::{corecheck, fixture, root, sample};

/// The accesses of one object.
#[track_caller]
pub fn accesses(object: &str) -> Vec<Value> {
    let answer = corecheck(&["accesses", "--format", "json", object]).expect_status(0).json();
    assert_eq!(answer["schema"], "corecheck.accesses/1");
    let [object] = list(&answer, "objects") else { panic!("one object") };
    list(object, "accesses").to_vec()
}

/// The rows of a table beside the fixtures, without their first column, which names the object.
pub fn rows(table: &str) -> Vec<(String, Vec<String>)> {
    let path = root().join("tests/fixtures/objects").join(table);
    let text = std::fs::read_to_string(path).expect("the table is beside the objects");
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (object, rest) = line.split_once('\t').expect("columns");
        (object.to_owned(), rest.split('\t').map(str::to_owned).collect())
    });
    rows.collect()
}

/// The objects of a table, each once.
pub fn objects(rows: &[(String, Vec<String>)]) -> BTreeSet<&str> {
    rows.iter().map(|(object, _)| object.as_str()).collect()
}

/// The rows of one object, sorted.
pub fn rows_of(rows: &[(String, Vec<String>)], object: &str) -> Vec<Vec<String>> {
    let own = rows.iter().filter(|(of, _)| of == object);
    let mut own: Vec<_> = own.map(|(_, columns)| columns.clone()).collect();
    own.sort();
    own
}

#[test]
fn the_samples_ask_for_what_their_source_says() {
    let told: Vec<_> = accesses(&sample("naive"))
        .iter()
        .map(|access| {
            for (key, value) in [("function", "read_group"), ("kind", "byte_off")] {
                assert_eq!(access[key], value);
            }
            assert_eq!(text(access, "section"), "raw_tp/sys_enter");
            assert_eq!(text(access, "type"), "struct vfio_group");
            let source = &access["source"];
            assert_eq!(text(source, "file"), "ebpf-probe/bpf/vfio_naive.bpf.c");
            let place = text(access, "path").to_owned();
            assert!(text(source, "text").contains(&format!("&group->{place})")), "{access:#}");
            (place, text(access, "spec").to_owned(), access["local_value"].as_u64(), source["line"].as_u64())
        })
        .collect();
    let expected = [
        ("kref.refcount.refs.counter", "0:0:0:0:0", 0, 37),
        ("minor", "0:1", 4, 38),
        ("container_users.counter", "0:2:0", 8, 39),
        ("iommu_group", "0:3", 16, 40),
        ("dev", "0:4", 24, 41),
        ("noiommu", "0:6", 36, 42),
        ("opened.counter", "0:5:0", 32, 43),
    ];
    let expected =
        expected.map(|(path, spec, value, line)| (path.to_owned(), spec.to_owned(), Some(value), Some(line)));
    assert_eq!(told, expected);
    let one = accesses(&sample("iommu_group"));
    assert_eq!((one.len(), text(&one[0], "path")), (1, "iommu_group"));
    // 14 reads, 15 checks that guard them, each flavour's own.
    let portable = accesses(&sample("portable"));
    let of = |kind: &str| portable.iter().filter(|access| access["kind"] == kind).count();
    assert_eq!((of("byte_off"), of("field_exists"), portable.len()), (13, 16, 29));
}

#[test]
fn accesses_of_every_fixture_are_what_other_tools_see() {
    let rows = rows("expected.tsv");
    assert!(objects(&rows).len() > 10);
    for name in objects(&rows) {
        let mut seen: Vec<Vec<String>> = accesses(&format!("tests/fixtures/objects/{name}"))
            .iter()
            .map(|access| {
                let function = match text(access, "function") {
                    "" => "-",
                    function => function,
                };
                let (_, root) = text(access, "type").split_once(' ').expect("a kind and a name");
                let insn = access["insn"].to_string();
                [text(access, "section"), function, &insn, text(access, "kind"), root, text(access, "spec")]
                    .map(str::to_owned)
                    .to_vec()
            })
            .collect();
        seen.sort();
        assert_eq!(seen, rows_of(&rows, name), "{name}");
    }
}

#[test]
fn keys_name_each_access_once_and_survive_another_compiler() {
    let keys = |object: &str| -> Vec<String> {
        accesses(&fixture(object)).iter().map(|access| text(access, "key").to_owned()).collect()
    };
    for name in ["all_kinds", "programs", "linked", "bitfields"] {
        let all = keys(name);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{name}");
    }
    let sorted = |object: &str| keys(object).into_iter().collect::<BTreeSet<_>>();
    let newest = sorted("fields_clang19");
    assert!(!newest.is_empty());
    for compiler in ["clang14", "clang15", "clang16", "big_endian"] {
        assert_eq!(sorted(&format!("fields_{compiler}")), newest, "{compiler}");
    }
}

#[test]
fn paths_are_in_words_of_c() {
    let all = accesses(&fixture("all_kinds"));
    let told = |id: usize| (text(&all[id], "type"), text(&all[id], "path"), all[id]["local_value"].as_i64());
    assert_eq!(told(0), ("struct thing", "choice", Some(4)));
    assert_eq!(told(4), ("struct thing", "bits", Some(59)));
    assert_eq!(told(8), ("typedef thing_t", "", Some(1)));
    assert_eq!(told(11), ("struct thing", "", Some(12)));
    assert_eq!(told(13), ("enum64 wide", "WIDE_HIGH", Some(1)));
    assert_eq!(told(15), ("enum64 wide", "WIDE_HIGH", Some(0x12_3456_7890)));
    // A negative enumerator is sign-extended to 64 bits, as loaders do.
    assert_eq!((told(14).1, all[14]["local_value"].as_u64()), ("CHOICE_LOW", Some(u64::MAX)));
}

#[test]
fn people_see_function_question_and_line() {
    let run = corecheck(&["accesses", &sample("naive"), &fixture("all_kinds")]).expect_status(0);
    let words = [
        "vfio_naive.bpf.o",
        "all_kinds.bpf.o",
        "read_group",
        "asks_all",
        "byte_off",
        "enumval_value",
        "container_users.counter",
        "WIDE_HIGH",
        "vfio_naive.bpf.c",
        "39 | ask(answer, container_users",
        "vfio_group",
    ];
    for word in words {
        assert!(run.stdout.contains(word), "{word:?} is not in\n{}", run.stdout);
    }
}

#[test]
fn only_one_type() {
    let run = corecheck(&["accesses", "--format", "json", "--type", "either", &fixture("all_kinds")]);
    let answer = run.expect_status(0).json();
    let accesses = list(&list(&answer, "objects")[0], "accesses");
    assert_eq!(accesses.iter().map(|access| access["id"].as_u64()).collect::<Vec<_>>(), [Some(9)]);
}

#[test]
fn an_object_without_accesses_is_listed_with_none() {
    for name in ["plain_no_btf", "plain_no_core"] {
        assert!(accesses(&fixture(name)).is_empty());
        let run = corecheck(&["accesses", &fixture(name)]).expect_status(0);
        assert!(run.stdout.contains(name), "{}", run.stdout);
    }
}
