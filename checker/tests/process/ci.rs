//! What continuous integration runs: the script behind `action.yml`.

use std::process::{Command, Output};

use crate::run::{root, sample};

/// The script, with these variables and nothing of the environment that another step of a job would have set.
fn step(summary: &std::path::Path, variables: &[(&str, &str)]) -> Output {
    Command::new(root().join("checker/ci/github"))
        .current_dir(root())
        .env("CORECHECK", env!("CARGO_BIN_EXE_corecheck"))
        .env("GITHUB_STEP_SUMMARY", summary)
        .env_remove("POLICY")
        .envs(variables.iter().copied())
        .output()
        .expect("the script runs")
}

#[test]
fn a_step_annotates_sums_up_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let (summary, sarif) = (folder.path().join("summary.md"), folder.path().join("out.sarif"));
    let objects = "ebpf-probe/bpf/vfio_na*.bpf.o\nebpf-probe/bpf/vfio_portable.bpf.o";
    let sarif_path = sarif.display().to_string();
    let variables =
        [("OBJECTS", objects), ("SARIF", &sarif_path), ("ARGUMENTS", "--kernel 5.19 --kernel 5.4")];
    let out = step(&summary, &variables);
    let text = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&out.stderr));
    assert!(
        text.lines().any(|line| line.starts_with("::error file=ebpf-probe/bpf/vfio_naive.bpf.c,line=39")),
        "{text}"
    );
    let summed_up = std::fs::read_to_string(&summary).expect("a summary");
    assert!(summed_up.contains("vfio_naive") && summed_up.contains("vfio_portable"), "{summed_up}");
    let found: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&sarif).expect("a log")).expect("it is JSON");
    assert_eq!(found["version"], "2.1.0");
}

#[test]
fn a_step_passes_and_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary.md");
    let portable = sample("portable");
    let out = step(&summary, &[("OBJECTS", &portable), ("ARGUMENTS", "--kernel 5.19")]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let out = step(&summary, &[("OBJECTS", "no/such/*.bpf.o")]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("no/such/*.bpf.o"));
    let out = step(&summary, &[("OBJECTS", "")]);
    assert!(!out.status.success() && String::from_utf8_lossy(&out.stderr).contains("names no object"));
}
