//! `check --shard` and `corecheck merge`: the parts say together what one run says, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Run, corecheck, fixture, sample};

/// What is compared; each form in a file.
const FORMS: [&str; 6] = ["human", "json", "sarif", "junit", "markdown", "html"];

fn objects() -> Vec<String> {
    let fixtures = ["guards_direct", "externs", "all_kinds", "plain_no_core", "changes", "maps_only"];
    fixtures.iter().map(|name| fixture(name)).chain([sample("naive"), sample("portable")]).collect()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain name").to_owned()
}

/// The reports of all parts.
fn parts(folder: &Path, of: usize, arguments: &[String]) -> Vec<PathBuf> {
    let one = |number: usize| {
        let file = folder.join(format!("{number}-of-{of}.json"));
        let format = format!("json={}", text(&file));
        let more = ["check".into(), "--shard".into(), format!("{number}/{of}"), "--format".into(), format];
        let run = corecheck(&[&more[..], arguments].concat());
        assert!(run.status < 2 && run.stderr.is_empty(), "{number}/{of}: {run:?}");
        file
    };
    (1..=of).map(one).collect()
}

fn merge(parts: &[PathBuf], more: &[String]) -> Run {
    let parts: Vec<String> = parts.iter().map(|part| text(part)).collect();
    corecheck(&[&["merge".to_owned()], &parts[..], more].concat())
}

/// Arguments that write every form to a file of this name.
fn to_files(folder: &Path, name: &str) -> Vec<String> {
    let one = |form: &&str| {
        ["--format".to_owned(), format!("{form}={}", text(&folder.join(format!("{name}.{form}"))))]
    };
    FORMS.iter().flat_map(one).collect()
}

fn same_as_one_run(of: usize, arguments: &[String]) {
    let folder = folder();
    let folder = folder.path();
    let one = corecheck(&[&["check".to_owned()], arguments, &to_files(folder, "one")].concat());
    assert!(one.stderr.is_empty(), "{}", one.stderr);
    let mut parts = parts(folder, of, arguments);
    // The order in which they come is of no account.
    parts.reverse();
    let all = merge(&parts, &to_files(folder, "all"));
    assert_eq!((all.status, all.stderr.as_str()), (one.status, ""), "{of} parts of {arguments:?}");
    for form in FORMS {
        let read = |name: &str| fs::read(folder.join(format!("{name}.{form}"))).expect("it was written");
        assert!(!read("one").is_empty() && read("one") == read("all"), "{form}: {of} parts of {arguments:?}");
    }
}

fn with(more: &[&str]) -> Vec<String> {
    objects().into_iter().chain(more.iter().map(|&one| one.to_owned())).collect()
}

#[test]
fn parts_come_to_what_one_run_says() {
    same_as_one_run(3, &with(&[]));
    // More parts than objects: some have none.
    same_as_one_run(11, &with(&["--loader", "all"]));
    same_as_one_run(1, &with(&["--representatives", "--strict"]));
    same_as_one_run(2, &with(&["--kernel", "5.19", "--kernel", "debian/6.1*"]));
    let folder = folder();
    let fleet = folder.path().join("fleet.txt");
    fs::write(&fleet, "5.15.0-25-generic 7\n5.4.0-26-generic\n6.9.0 2\n").expect("it can be written");
    same_as_one_run(3, &with(&["--inventory", &text(&fleet)]));
}

#[test]
fn waivers_are_judged_by_all_parts_together() {
    let folder = folder();
    let policy = folder.path().join("policy.toml");
    let waiver = |rule: &str, object: &str, expires: &str| {
        format!(
            "[[waivers]]\nrule = \"{rule}\"\nkernels = \"*\"\nobject = \"{object}\"\nreason = \"why\"\nexpires = {expires}\n"
        )
    };
    let waivers = [
        // Of use in one part, and not in another.
        waiver("field-kind-changed", "*", "2999-01-01"),
        waiver("field-kind-changed", "vfio_naive*", "2020-01-01"),
        waiver("field-kind-changed", "maps_only*", "2999-01-01"),
        waiver("field-missing", "none_of_these*", "2999-01-01"),
    ];
    fs::write(&policy, format!("unknown = \"passes\"\n{}", waivers.concat())).expect("it can be written");
    let arguments = with(&["--policy", &text(&policy)]);
    same_as_one_run(4, &arguments);
    let whole = merge(&parts(folder.path(), 4, &arguments), &["--format".into(), "json".into()]).json();
    let told = whole["policy"]["findings"].as_array().expect("a list").iter();
    let told: Vec<String> = told.map(|of| format!("{} {}", of["rule"], of["waiver"])).collect();
    assert_eq!(told, ["\"waiver-expired\" 1", "\"waiver-unused\" 2"]);
}

#[test]
fn what_is_not_all_of_one_check_is_refused() {
    let folder = folder();
    let here = parts(folder.path(), 3, &with(&["--kernel", "5.19"]));
    let refused = |parts: &[PathBuf], why: &str| {
        let run = merge(parts, &[]);
        assert!(run.status == 2 && run.stdout.is_empty() && run.stderr.contains(why), "{why}: {run:?}");
    };
    refused(&here[..2], "of 3 parts 3 is missing");
    refused(&here[1..2], "of 3 parts 1, 3 are missing");
    refused(&[&here[..], &here[..1]].concat(), "1-of-3.json: part 1 was given before");
    for (more, why) in [
        (&["--kernel", "5.15"][..], "the kernels differ"),
        (&["--kernel", "5.19", "--loader", "aya"], "the loaders differ"),
        (&["--kernel", "5.19", "--strict"], "--strict and its absence differ"),
        (
            &["--kernel", "5.19", &fixture("bitfields")],
            "the objects, or into how many parts they were put, differ",
        ),
    ] {
        let folder = self::folder();
        let others = parts(folder.path(), 3, &with(more));
        refused(&[&here[..2], &others[2..]].concat(), why);
    }
}

#[test]
fn damaged_parts_are_refused() {
    let folder = folder();
    let part = parts(folder.path(), 1, &[sample("naive"), "--kernel".into(), "5.19".into()]).remove(0);
    let whole: Value = serde_json::from_slice(&fs::read(&part).expect("it was written")).expect("JSON");
    let refused = |damaged: &Value, why: &str| {
        fs::write(&part, damaged.to_string()).expect("it can be written");
        let run = merge(std::slice::from_ref(&part), &[]);
        assert!(run.status == 2 && run.stderr.contains(why), "{why}: {run:?}");
    };
    for (pointer, value, why) in [
        ("/schema", "corecheck.report/2".into(), "corecheck.report/2"),
        ("/tool/version", "0.0.0".into(), "corecheck 0.0.0 wrote it"),
        ("/shard/number", 2.into(), "part 2 of 1"),
        ("/shard/objects/0", 7.into(), "list of objects"),
        ("/results/0/answer", 99.into(), "answer 99"),
        ("/results/0/object", 5.into(), "one result for each"),
        ("/results/0/kernel", "other".into(), "one result for each"),
        ("/answers/0/outcomes/0/access", 77.into(), "no access 77"),
        ("/answers/0/id", 4.into(), "number 4 stands at place 0"),
        ("/findings/0/rule", "nonsense".into(), "no rule \"nonsense\""),
        ("/findings/0/accesses/0", 1234.into(), "no access 1234"),
        ("/findings/0/kernels/0", "x".into(), "no kernel \"x\""),
        ("/results/0/verdict", "two words".into(), "no word of a report"),
        ("/kernels", Value::Null, "no report that check --shard wrote"),
    ] {
        let mut damaged = whole.clone();
        *damaged.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = value;
        refused(&damaged, why);
    }
    let mut is_whole = whole.clone();
    is_whole.as_object_mut().expect("an object").remove("shard");
    refused(&is_whole, "no part");
}
