//! Options of `check`: which kernels, types, modules, forms, and standard input.

use std::fs;

use crate::kernels::{MODULE_NOT_STORED, SEED, SEEDS};
use crate::report::{Report, check, codes, list, text};
use crate::run::{bytes_of, corecheck, fixture, sample, with_input};

fn aliases(report: &Report) -> Vec<String> {
    report.verdicts().into_iter().map(|(alias, _)| alias).collect()
}

#[test]
fn kernels_by_alias_and_by_glob() {
    let naive = sample("naive");
    let of = |status: i32, patterns: &[&str]| {
        let options = patterns.iter().flat_map(|pattern| ["--kernel", pattern]);
        aliases(&check(status, &options.chain([naive.as_str()]).collect::<Vec<_>>()))
    };
    assert_eq!(of(0, &["5.15"]), ["5.15"]);
    // Every alias of a kernel names it.
    for alias in ["5.4", "generic", "amd64", "ubuntu/5.4.0-26-generic/amd64"] {
        assert_eq!(of(0, &[alias]), ["5.4"], "{alias}");
    }
    assert_eq!(of(0, &["*-azure/*"]), ["azure"]);
    assert_eq!(of(1, &["ubuntu/5.1?.*"]), ["5.11", "5.13", "5.15", "5.19"]);
    // In the seed's order and once each, however they are named.
    assert_eq!(of(1, &["riscv64", "*/5.15*", "5.15", "4.4"]), ["4.4", "5.15", "riscv64"]);
    assert_eq!(of(1, &[SEEDS]).len(), SEED.len());
    assert!(of(1, &["*"]).len() > SEED.len());
}

#[test]
fn a_kernel_that_is_not_known_is_refused_with_near_names() {
    let naive = sample("naive");
    corecheck(&["check", "--kernel", "5.51", &naive]).expect_refusal(&["5.51", "near", "5.15"]);
    corecheck(&["check", "--kernel", "lowlatncy", &naive]).expect_refusal(&["lowlatncy", "lowlatency"]);
    corecheck(&["check", "--kernel", "5.15", "--kernel", "nobody/*", &naive]).expect_refusal(&["nobody/*"]);
    corecheck(&["check", "--kernel", "ubuntu/[5", &naive]).expect_refusal(&["ubuntu/[5", "pattern"]);
}

#[test]
fn types_narrow_what_is_asked() {
    let report = check(2, &["--kernel", "5.15", "--type", "thing_t", &fixture("all_kinds")]);
    let accesses = list(&list(&report.0, "objects")[0], "accesses");
    let asked: Vec<_> = accesses.iter().map(|a| (a["id"].as_u64(), text(a, "type"))).collect();
    // Its number stays the one it has within the whole object.
    assert_eq!(asked, [(Some(8), "typedef thing_t")]);
    assert_eq!(report.outcomes("5.15")[0]["access"], 8);
    assert_eq!(report.findings("type-not-stored")[0]["access"], 8);
    let unchecked = list(&list(&report.0, "results")[0], "unchecked");
    let others =
        unchecked.iter().find(|entry| entry["code"] == "other-types").expect("it says what is left out");
    assert_eq!(text(others, "text"), "17 accesses on types that were not asked about");
    // With and without the keyword, flavours included, several at once.
    let portable = sample("portable");
    let all = list(&list(&check(0, &[&portable]).0, "objects")[0], "accesses").len();
    for name in ["vfio_group", "struct vfio_group"] {
        let report = check(0, &["--type", name, &portable]);
        assert_eq!(list(&list(&report.0, "objects")[0], "accesses").len(), all, "{name}");
    }
    let both = ["--kernel", "5.15", "--type", "union either", "--type", "wide", &fixture("all_kinds")];
    let both = check(2, &both);
    assert_eq!(both.outcomes("5.15").len(), 4);
}

#[test]
fn a_guard_counts_even_when_its_type_was_not_asked_about() {
    // The accesses of the type that is asked about are poisoned, and the program asks about others.
    let report = check(2, &["--kernel", "5.15", "--type", "thing", &fixture("all_kinds")]);
    assert_eq!(report.verdicts()[0].1, "unknown");
}

#[test]
fn a_type_that_is_not_accessed_is_refused_with_near_names() {
    for command in ["check", "accesses"] {
        corecheck(&[command, "--type", "vfio_grup", &sample("naive")]).expect_refusal(&[
            "vfio_grup",
            "near",
            "vfio_group",
        ]);
        corecheck(&[command, "--type", "vfio_group", &fixture("plain_no_core")])
            .expect_refusal(&["vfio_group", "no CO-RE access"]);
    }
}

#[test]
fn modules_are_taken_as_loaded_or_not() {
    let naive = sample("naive");
    let verdicts = |modules: &str, status: i32| {
        let options = MODULE_NOT_STORED.iter().flat_map(|alias| ["--kernel", alias]);
        let arguments = ["--modules", modules, &naive];
        let report = check(status, &options.chain(arguments).collect::<Vec<_>>());
        let reason = codes(report.results()[0].1, "reasons").join(" ");
        (report.verdicts().into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>(), reason)
    };
    let of = |verdict: &str, reason: &str| (vec![verdict.to_owned(); 3], reason.to_owned());
    assert_eq!(verdicts("all", 2), of("unknown", "module-not-stored"));
    assert_eq!(verdicts("vfio", 2), of("unknown", "module-not-stored"));
    assert_eq!(verdicts("other,vfio", 2), of("unknown", "module-not-stored"));
    assert_eq!(verdicts("none", 1), of("fails", "module-not-loaded"));
    assert_eq!(verdicts("other", 1), of("fails", "module-not-loaded"));
    // Nothing else depends on it.
    let elsewhere = |modules: &str| {
        let report = check(1, &["--kernel", SEEDS, "--modules", modules, &naive]);
        let all = report.verdicts().into_iter();
        all.filter(|(alias, _)| !MODULE_NOT_STORED.contains(&alias.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(elsewhere("none"), elsewhere("all"));
}

#[test]
fn several_forms_at_once_and_to_files() {
    let naive = sample("naive");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (json, human) = (file("a=b.json"), file("report.txt"));
    let run = corecheck(&[
        "check",
        "--format",
        "human",
        "--format",
        &format!("json={json}"),
        "--format",
        &format!("human={human}"),
        &naive,
    ])
    .expect_status(1);
    assert_eq!(run.stdout, corecheck(&["check", &naive]).stdout);
    assert_eq!(fs::read_to_string(human).expect("it was written"), run.stdout);
    let written = fs::read_to_string(json).expect("it was written");
    assert_eq!(written, corecheck(&["check", "--format", "json", &naive]).stdout);
    // To a file alone: nothing on the screen.
    let run = corecheck(&["check", "--format", &format!("json={}", file("c.json")), &naive]);
    assert_eq!(run.expect_status(1).stdout, "");
    let coloured = file("d.txt");
    corecheck(&["--color", "always", "check", "--format", &format!("human={coloured}"), &naive]);
    assert!(!fs::read_to_string(coloured).expect("it was written").contains('\x1b'));
}

#[test]
fn colour_where_it_is_wanted() {
    let naive = sample("naive");
    assert!(corecheck(&["check", "--color", "always", &naive]).stdout.contains('\x1b'));
    for arguments in [&["check", &naive][..], &["check", "--color", "never", &naive]] {
        assert!(!corecheck(arguments).stdout.contains('\x1b'), "{arguments:?}");
    }
    assert!(!corecheck(&["check", "--color", "always", "--format", "json", &naive]).stdout.contains('\x1b'));
}

#[test]
fn standard_input_is_an_object_like_any() {
    let bytes = bytes_of(&sample("naive"));
    let named = check(1, &[&sample("naive")]);
    let run = with_input(&["check", "--format", "json", "-"], &bytes).expect_status(1);
    let piped = Report::of(&run);
    assert_eq!(piped.verdicts(), named.verdicts());
    assert_eq!(text(&list(&piped.0, "objects")[0], "path"), "-");
    assert_eq!(piped.0["findings"], named.0["findings"]);
    with_input(&["accesses", "-"], &bytes).expect_status(0);
    with_input(&["check", "-"], b"").expect_refusal(&["-: ", "not an ELF file", "empty"]);
    with_input(&["check", "-"], b"#!/bin/sh\n").expect_refusal(&["-: ", "not an ELF file"]);
}

#[test]
fn several_objects_keep_their_order_and_their_findings() {
    let (portable, naive, plain) = (sample("portable"), sample("naive"), fixture("plain_no_core"));
    let report = check(1, &["--kernel", "5.19", "--kernel", "4.4", &portable, &naive, &plain]);
    let objects: Vec<_> = list(&report.0, "objects").iter().map(|object| text(object, "path")).collect();
    assert_eq!(objects, [portable, naive, plain]);
    let results: Vec<_> = list(&report.0, "results")
        .iter()
        .map(|result| (result["object"].as_u64(), text(result, "kernel"), text(result, "verdict")))
        .collect();
    let (old, new) = ("ubuntu/4.4.0-21-generic/amd64", "ubuntu/5.19.0-21-generic/amd64");
    let expected = [
        (Some(0), old, "degraded"),
        (Some(0), new, "ok"),
        (Some(1), old, "fails"),
        (Some(1), new, "fails"),
        // It has 32-bit jumps.
        (Some(2), old, "fails"),
        (Some(2), new, "ok"),
    ];
    assert_eq!(results, expected);
    // An answer belongs to its object.
    for result in list(&report.0, "results") {
        let answer = list(&report.0, "answers").iter().find(|answer| answer["id"] == result["answer"]);
        assert_eq!(answer.expect("a result names an answer")["object"], result["object"]);
    }
    let of = |rule: &str| report.findings(rule).iter().map(|f| f["object"].as_u64()).collect::<Vec<_>>();
    assert_eq!(of("module-without-btf"), [Some(0), Some(1)]);
    assert_eq!(of("baked-in-offsets"), [Some(2)]);
}

/// Several formats at once; the log of SARIF says how the program ended, and lies at the source line of each access.
#[test]
fn sarif_goes_to_a_file_beside_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("out.sarif");
    let to_file = format!("sarif={}", file.display());
    let run = corecheck(&["check", "--format", "human", "--format", &to_file, &sample("naive")]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("field-missing"));
    let text = fs::read_to_string(&file).expect("it was written");
    let log: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let of_run = &log["runs"][0];
    assert_eq!(of_run["invocations"][0]["exitCode"], 1);
    let results = of_run["results"].as_array().expect("results");
    let source = "ebpf-probe/bpf/vfio_naive.bpf.c";
    let lines = fs::read_to_string(crate::run::root().join(source)).expect("the source is there");
    let mut at_a_line = 0;
    for result in results {
        let physical = &result["locations"][0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().expect("a URI");
        let Some(line) = physical["region"]["startLine"].as_u64() else { continue };
        assert!(source.ends_with(uri.trim_start_matches("./")), "{uri}");
        let line =
            lines.lines().nth(usize::try_from(line).expect("a line") - 1).expect("it is in the source");
        let shown = physical["contextRegion"]["snippet"]["text"].as_str().expect("the line");
        assert_eq!(line.trim(), shown.trim());
        at_a_line += 1;
    }
    assert!(at_a_line > 2, "{results:?}");
}

#[test]
fn a_type_that_no_kernel_has_is_told_with_its_like() {
    for command in ["show", "history"] {
        let run = corecheck(&["layouts", command, "struct", "vfio_grup"]);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(
            run.stderr.contains("none of these kernels has a type called vfio_grup; near: vfio_group"),
            "{}",
            run.stderr
        );
        // One that some have is no mistake.
        corecheck(&["layouts", command, "struct", "vfio_group"]).expect_status(0);
    }
    let run = corecheck(&["layouts", "show", "struct", "task_strct"]);
    assert!(run.stderr.contains("near: task_struct"), "{}", run.stderr);
}
