//! `check --inventory`: which share of a fleet's machines comes to which verdict.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Run, corecheck, sample, with_input};

const FLEET: &str = "\
# uname -r | sort | uniq -c
    600 5.19.0-21-generic
   1400 5.15.0-25-generic
      7 5.4.0-26-generic aarch64
      3 5.4.0-26-generic
     90 6.1.0-18-cloud-amd64
     10 6.9.0
";

fn check(folder: &Path, fleet: &str, more: &[&str]) -> Run {
    let file = folder.join("fleet.txt");
    fs::write(&file, fleet).expect("it can be written");
    let object = sample("naive");
    let arguments = ["check", &object, "--inventory", file.to_str().expect("a plain name")];
    corecheck(&[&arguments[..], more].concat())
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn machines_are_counted_by_verdict() {
    let folder = folder();
    let run = check(folder.path(), FLEET, &["--format", "json"]);
    let report = run.expect_status(1).json();
    let fleet = &report["inventory"];
    assert_eq!(fleet["machines"], 2110);
    let shares: Vec<Value> = fleet["shares"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|of| json!([of["verdict"], of["machines"], of["releases"]]))
        .collect();
    // Without an architecture 5.4 is one of four kernels, on which the verdicts differ.
    let expected = [
        json!(["fails", 607, ["5.19.0-21-generic", "5.4.0-26-generic arm64"]]),
        json!(["unknown", 3, ["5.4.0-26-generic"]]),
        json!(["ok", 1400, ["5.15.0-25-generic"]]),
    ];
    assert_eq!(shares, expected);
    let missing = fleet["missing"].as_array().expect("a list");
    assert_eq!((missing.len(), &missing[0]["release"]), (2, &json!("6.1.0-18-cloud-amd64")));
    assert_eq!(missing[0]["near"], "debian/6.1.0-56-cloud-amd64/amd64");
    let add = missing[0]["add"].as_str().expect("text");
    assert!(
        add.starts_with("apt-get download linux-image-6.1.0-18-cloud-amd64; corecheck layouts add "),
        "{add}"
    );
    // No other kernel is judged.
    let kernels = report["kernels"].as_array().expect("a list").iter();
    let releases: Vec<&Value> = kernels.map(|kernel| &kernel["release"]).collect();
    assert!(releases.iter().all(|release| FLEET.contains(release.as_str().expect("text"))), "{releases:?}");
}

#[test]
fn people_see_shares_and_what_to_add() {
    let folder = folder();
    let text = check(folder.path(), FLEET, &[]).expect_status(1).stdout;
    for line in [
        "2,110 machines, 6 kernels",
        "    fails         607   28.7%  5.19.0-21-generic, 5.4.0-26-generic arm64",
        "    ok          1,400   66.3%  5.15.0-25-generic",
        "    not stored    100    4.7%  6.1.0-18-cloud-amd64, 6.9.0",
        "      on one of these machines: corecheck layouts add live",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn what_is_not_stored_is_unknown() {
    let folder = folder();
    let folder = folder.path();
    let fine = "5.15.0-25-generic\n";
    let partly = "5.15.0-25-generic\n6.9.0\n";
    let status = |fleet: &str, more: &[&str]| check(folder, fleet, more).status;
    assert_eq!((status(fine, &[]), status(partly, &[]), status(partly, &["--strict"])), (0, 0, 1));
    assert_eq!(status("6.9.0\n", &[]), 2);
    // A policy takes it for what its release tells.
    let policy = folder.join("corecheck.toml");
    let path = policy.to_str().expect("a plain name").to_owned();
    let by = |text: &str| {
        fs::write(&policy, text).expect("it can be written");
        status(partly, &["--policy", &path])
    };
    assert_eq!(by(""), 1);
    assert_eq!(by("unknown = \"passes\"\n"), 0);
    assert_eq!(by("[[kernels]]\nversion = \">= 6.9\"\nare = \"ignored\"\n"), 0);
    assert_eq!(by("[[kernels]]\ndistro = \"ubuntu\"\nare = \"required\"\n"), 0);
    assert_eq!(by("[[kernels]]\nversion = \">= 5\"\nare = \"required\"\n"), 1);
    assert_eq!(by("[[kernels]]\nversion = \"< 6\"\nare = \"ignored\"\n"), 2);
}

#[test]
fn kernels_that_a_policy_ignores_are_told_apart() {
    let folder = folder();
    let policy = folder.path().join("corecheck.toml");
    fs::write(&policy, "[[kernels]]\nversion = \"5.19\"\nare = \"ignored\"\n").expect("it can be written");
    let policy = policy.to_str().expect("a plain name");
    let fleet = "5.15.0-25-generic 3\n5.19.0-21-generic 4\n";
    let report =
        check(folder.path(), fleet, &["--policy", policy, "--format", "json"]).expect_status(0).json();
    assert_eq!(report["inventory"]["ignored"][0]["machines"], 4);
    assert_eq!(report["inventory"]["shares"][0]["machines"], 3);
    assert_eq!(report["kernels"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_no_inventory_is_refused() {
    let folder = folder();
    check(folder.path(), "5.15.0-25-generic\nLinux host 6.1\n", &[])
        .expect_refusal(&["fleet.txt", "line 2: \"Linux host 6.1\""]);
    check(folder.path(), FLEET, &["--kernel", "5.15"]).expect_refusal(&["--kernel and --inventory"]);
    corecheck(&["check", &sample("naive"), "--inventory", "/nonexistent"])
        .expect_refusal(&["the inventory /nonexistent cannot be read"]);
}

#[test]
fn it_may_come_through_a_pipe() {
    let arguments = ["check", &sample("naive"), "--inventory", "-", "--format", "json"];
    let report = with_input(&arguments, b"5.15.0-25-generic\n").expect_status(0).json();
    assert_eq!(report["inventory"]["file"], "-");
}
