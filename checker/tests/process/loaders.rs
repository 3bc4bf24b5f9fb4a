//! `--loader` and `--representatives`.

use serde_json::Value;

use crate::report::{Report, check, list, text};
use crate::run::{corecheck, fixture, sample};

/// Verdicts under one loader, by the kernel's first alias or name.
fn verdicts(report: &Report, loader: &str) -> Vec<(String, String)> {
    let results = list(&report.0, "results").iter().filter(|result| text(result, "loader") == loader);
    results.map(|result| (text(result, "kernel").to_owned(), text(result, "verdict").to_owned())).collect()
}

fn names(report: &Report) -> Vec<String> {
    list(&report.0, "loaders").iter().map(|loader| text(loader, "name").to_owned()).collect()
}

const MODULE: &str = "debian/6.1.0-56-amd64/amd64";

#[test]
fn loaders_are_reported_in_the_order_in_which_they_are_named_and_once_each() {
    let naive = sample("naive");
    let report = check(0, &["--kernel", "5.15", &naive]);
    assert_eq!(names(&report), ["libbpf"]);
    assert_eq!(report.0["disagreements"], Value::Array(Vec::new()));
    let report = check(0, &["--loader", "all", "--kernel", "5.15", &naive]);
    assert_eq!(names(&report), ["libbpf", "aya", "cilium", "kernel"]);
    let report = check(0, &["--loader", "libbpf@1.1", "--loader", "all", "--kernel", "5.15", &naive]);
    assert_eq!(names(&report), ["libbpf@1.1", "libbpf", "aya", "cilium", "kernel"]);
    let title = text(&list(&report.0, "loaders")[2], "title").to_owned();
    assert!(title.starts_with("aya (aya-obj 0."), "{title}");
    corecheck(&["check", "--loader", "bpftool", &naive]).expect_refusal(&["bpftool", "cilium"]);
    corecheck(&["check", "--loader", "libbpf@0.1", &naive]).expect_refusal(&["0.1", "before 0.5"]);
}

#[test]
fn a_type_in_a_module_is_found_by_all_but_aya() {
    let portable = sample("portable");
    let report = check(0, &["--loader", "all", "--kernel", MODULE, &portable]);
    let of = |loader: &str| verdicts(&report, loader)[0].1.clone();
    assert_eq!(["libbpf", "cilium", "kernel"].map(of), ["ok"; 3]);
    let entry = &list(&report.0, "disagreements")[0];
    assert_eq!(entry["kernels"], serde_json::json!([MODULE]));
    let aya = list(entry, "verdicts").iter().find(|by| text(by, "loader") == "aya").expect("it is there");
    let accesses = list(entry, "accesses");
    assert!(!accesses.is_empty());
    let reasons: Vec<String> =
        list(aya, "reasons").iter().map(|reason| text(reason, "code").to_owned()).collect();
    assert_ne!(text(aya, "verdict"), "ok");
    // A program that guards every access does without them; one that does not fails for that reason.
    let naive = check(1, &["--loader", "aya", "--kernel", MODULE, &sample("naive")]);
    assert_eq!(verdicts(&naive, "aya")[0].1, "fails");
    let finding = &naive.findings("module-not-searched")[0];
    assert!(text(finding, "help").contains("layouts export"), "{finding} {reasons:?}");
    // The BTF that the help speaks of.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("least.btf").display().to_string();
    let least = ["layouts", "export", MODULE, "--for", &portable, "-o", &file];
    assert_eq!(corecheck(&least).status, 0);
    let report = check(0, &["--loader", "aya", "--against", &file, &portable]);
    assert_eq!(verdicts(&report, "aya")[0].1, "ok");
}

#[test]
fn the_first_loader_decides_the_exit_status() {
    // The kernel takes light skeletons since 5.17; libbpf has no such bound.
    let portable = sample("portable");
    let kernel = ["--kernel", "5.15"];
    let both = |first: &str, second: &str| {
        let status = if first == "libbpf" { 0 } else { 1 };
        check(status, &[&["--loader", first, "--loader", second], &kernel[..], &[&portable]].concat())
    };
    let report = both("libbpf", "kernel");
    assert_eq!(verdicts(&report, "kernel")[0].1, "fails");
    both("kernel", "libbpf");
    // What aya-obj does not read it does not load, whatever the kernel.
    let kinds = fixture("all_kinds");
    let report = check(1, &["--loader", "aya", "--kernel", "debian/6.1.0-56-amd64/amd64", &kinds]);
    let refused = report.findings("object-refused");
    assert!(text(refused[0], "message").starts_with("aya-obj 0."), "{refused:?}");
}

#[test]
fn old_versions_of_libbpf() {
    let naive = sample("naive");
    // 5.10 has no 64-bit enumerations, 6.1 has.
    let of = |kernel: &str, version: &str, status: i32| {
        let loader = format!("libbpf@{version}");
        let report = check(status, &["--loader", &loader, "--kernel", kernel, "--modules", "none", &naive]);
        let reasons = list(&list(&report.0, "results")[0], "reasons");
        reasons.iter().map(|reason| text(reason, "code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(MODULE, "0.8", 1), ["loader-refuses"]);
    assert_eq!(of(MODULE, "1.0", 1), ["module-not-loaded"]);
    assert_eq!(of("debian/5.10.0-46-amd64/amd64", "0.8", 1), ["type-missing"]);
}

#[test]
fn representatives_give_every_answer() {
    let (naive, portable) = (sample("naive"), sample("portable"));
    let report =
        check(1, &["--representatives", "--loader", "libbpf", "--loader", "cilium", &naive, &portable]);
    let representatives = list(&report.0, "representatives");
    let chosen: Vec<&str> = representatives.iter().map(|entry| text(entry, "kernel")).collect();
    let results = list(&report.0, "results");
    let of = |kernel: &str| -> Vec<u64> {
        let own = results.iter().filter(|result| text(result, "kernel") == kernel);
        own.filter_map(|result| result["answer"].as_u64()).collect()
    };
    let mut given: Vec<u64> = chosen.iter().flat_map(|kernel| of(kernel)).collect();
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), list(&report.0, "answers").len());
    assert!(chosen.len() < list(&report.0, "kernels").len());
    // For people just the names, and with --quiet nothing else.
    let quiet = corecheck(&["check", "--representatives", "--quiet", &naive]);
    let report = check(1, &["--representatives", &naive]);
    let representatives = list(&report.0, "representatives");
    let chosen: Vec<&str> = representatives.iter().map(|entry| text(entry, "kernel")).collect();
    assert_eq!(quiet.stdout.lines().collect::<Vec<_>>(), chosen);
    let plain = check(1, &[&naive]);
    assert_eq!(plain.0.get("representatives"), None);
}
