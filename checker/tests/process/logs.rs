//! `corecheck explain --log`: what real loaders and verifiers said, explained.

use serde_json::Value;

use crate::run::{bytes_of, corecheck, fixture, sample, with_input};

fn log(name: &str) -> String {
    format!("tests/fixtures/logs/{name}.log")
}

fn causes(name: &str, object: &str) -> Vec<Value> {
    let run = corecheck(&["explain", "--log", &log(name), "--format", "json", object]).expect_status(0);
    let document = run.json();
    assert_eq!(document["schema"], "corecheck.log/1");
    document["causes"].as_array().expect("a list").clone()
}

/// Every real log, with the rule, the program and the access or other thing that it is about.
#[test]
fn real_logs_are_explained() {
    let mut known = vec!["README.md".to_owned()];
    for (name, object, rule, program, about) in [
        (
            "vfio_iommu_group_libbpf_debian_5.10-cloud",
            sample("iommu_group"),
            "field-missing",
            "read_group",
            "iommu_group",
        ),
        (
            "vfio_iommu_group_aya_debian_5.10-cloud",
            sample("iommu_group"),
            "field-missing",
            "read_group",
            "iommu_group",
        ),
        (
            "vfio_naive_libbpf_debian_6.1",
            sample("naive"),
            "field-missing",
            "read_group",
            "kref.refcount.refs.counter",
        ),
        ("programs_bpftool_6.18", fixture("programs"), "field-missing", "first", "one"),
        ("alternatives_bpftool_6.18", fixture("alternatives"), "field-missing", "switch_raw", "state"),
        (
            "guards_direct_bpftool_6.18",
            fixture("guards_direct"),
            "field-missing",
            "unguarded_reached",
            "nosuch",
        ),
        ("unguarded_cilium_6.18", fixture("guards_direct"), "field-missing", "unguarded_reached", "nosuch"),
        (
            "enumerator_cilium_6.18",
            fixture("guards_direct"),
            "enumerator-missing",
            "enumerator_reached",
            "BPF_FUNC_nosuch",
        ),
        ("externs_bpftool_6.18", fixture("externs"), "kfunc-missing", "", "strong_function"),
    ] {
        let causes = causes(name, &object);
        let cause = &causes[0];
        assert_eq!((causes.len(), &cause["rule"]), (1, &rule.into()), "{name}: {causes:?}");
        let what = cause["access"]["path"].as_str().or(cause["requirement"]["name"].as_str());
        assert_eq!(what, Some(about), "{name}");
        if !program.is_empty() {
            assert_eq!(cause["program"], program, "{name}");
        }
        if rule == "field-missing" {
            assert!(cause["access"]["source"]["line"].as_u64() > Some(0), "{name}: {cause}");
        }
        assert!(cause["help"].as_str().is_some_and(|help| !help.is_empty()));
        known.push(format!("{name}.log"));
    }
    let folder = crate::run::root().join("tests/fixtures/logs");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<String> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("plain")).collect();
    files.sort_unstable();
    known.sort_unstable();
    assert_eq!(files, known, "every log is tried");
}

#[test]
fn people_are_shown_the_line_of_the_source() {
    let name = log("vfio_naive_libbpf_debian_6.1");
    let run = corecheck(&["explain", "--log", &name, &sample("naive")]).expect_status(0);
    for wanted in [
        "error[field-missing]",
        "vfio_naive.bpf.c:",
        "ask(answer, references",
        "bpf_core_field_exists",
        "corecheck explain field-missing",
    ] {
        assert!(run.stdout.contains(wanted), "{wanted}: {}", run.stdout);
    }
    // The same from standard input.
    let piped = with_input(&["explain", "--log", "-", &sample("naive")], &bytes_of(&name)).expect_status(0);
    assert_eq!(piped.stdout, run.stdout);
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let naive = sample("naive");
    with_input(&["explain", "--log", "-", &naive], b"nothing to see here\n\xff\xfe")
        .expect_refusal(&["no message"]);
    corecheck(&["explain", "--log", "no/such.log", &naive]).expect_refusal(&["no/such.log"]);
    corecheck(&["explain", "--log", "-"]).expect_refusal(&["OBJECT"]);
    let markdown =
        ["explain", "--log", &log("programs_bpftool_6.18"), "--format", "markdown", &fixture("programs")];
    corecheck(&markdown).expect_refusal(&["human and json"]);
}

#[test]
fn what_a_check_suggests_is_told_with_it() {
    let log = "tests/fixtures/logs/vfio_naive_libbpf_debian_6.1.log";
    let run = corecheck(&["explain", "--log", log, &sample("naive")]).expect_status(0);
    for wanted in [
        "= history: last in ubuntu/5.15.0-25-generic/amd64",
        "if (bpf_core_field_exists(of->kref.refcount.refs.counter))",
    ] {
        assert!(run.stdout.contains(wanted), "{wanted}: {}", run.stdout);
    }
    let told = corecheck(&["explain", "--log", log, "--format", "json", &sample("naive")]).json();
    assert!(told["causes"][0]["suggested"]["guard"]["code"].is_string(), "{told}");
}
