//! Programs of which a tool loads one: what is suggested, and what it comes to.

use serde_json::Value;

use crate::report::{Report, check, codes, list, text, texts};
use crate::run::{corecheck, fixture};

/// Kernels whose vmlinux is stored whole, before and after 5.14, and nothing left open.
const KERNELS: [&str; 6] = [
    "--modules",
    "none",
    "--kernel",
    "debian/5.10.0-46-amd64/amd64",
    "--kernel",
    "debian/6.12.117+deb13-amd64/amd64",
];

fn told(report: &Report) -> Vec<(String, Vec<&str>)> {
    let results = list(&report.0, "results").iter();
    results.map(|result| (text(result, "verdict").to_owned(), texts(result, "chosen"))).collect()
}

fn suggestion(report: &Report) -> Option<&Value> {
    list(&report.0, "findings").iter().find(|finding| finding["rule"] == "alternatives")
}

#[test]
fn what_is_suggested_is_what_it_comes_to() {
    let object = fixture("alternatives");
    let plain = check(1, &[&KERNELS[..], &[object.as_str()]].concat());
    assert_eq!(plain.verdicts().into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>(), ["fails"; 2]);
    assert!(list(&plain.0, "results").iter().all(|result| result["chosen"].is_null()));
    let note = suggestion(&plain).expect("some look like alternatives");
    assert_eq!((text(note, "level"), texts(note, "kernels").len()), ("note", 2));
    assert!(text(note, "message").contains("the object is ok"), "{note:#}");
    let (_, options) = text(note, "help").split_once(": ").expect("the options");
    let options: Vec<&str> = options.split(' ').collect();
    assert_eq!(
        options,
        [
            "--alternatives",
            "exit_fentry,exit_kprobe+exit_kretprobe",
            "--alternatives",
            "switch_btf,switch_raw"
        ]
    );
    let given = check(0, &[&KERNELS[..], &options, &[object.as_str()]].concat());
    let expected = [
        ("ok".to_owned(), vec!["exit_kprobe", "exit_kretprobe", "switch_raw"]),
        ("ok".to_owned(), vec!["exit_kprobe", "exit_kretprobe", "switch_btf"]),
    ];
    assert_eq!(told(&given), expected);
    assert!(list(&given.0, "findings").is_empty());
    // Each program that is not chosen is skipped, and always is judged on every kernel.
    for (result, skipped) in list(&given.0, "results").iter().zip(["switch_btf", "switch_raw"]) {
        let all = list(result, "programs").iter();
        let of = |verdict: &str| -> Vec<&str> {
            let with = all.clone().filter(|program| program["verdict"] == verdict);
            with.map(|program| text(program, "name")).collect()
        };
        assert_eq!(of("skipped"), [skipped, "exit_fentry"]);
        assert!(of("ok").contains(&"always"));
    }
    let human =
        corecheck(&[&["check"], &KERNELS[..], &options, &[object.as_str()]].concat()).expect_status(0);
    assert!(human.stdout.contains("ok  loaded of alternatives: exit_kprobe,"), "{}", human.stdout);
}

#[test]
fn a_part_of_it_is_suggested_where_the_rest_is_given() {
    let object = fixture("alternatives");
    let given = ["--alternatives", "switch_raw,switch_btf"];
    let report = check(1, &[&KERNELS[..], &given, &[object.as_str()]].concat());
    let note = suggestion(&report).expect("the others look like alternatives");
    assert!(
        text(note, "help").ends_with(": --alternatives exit_fentry,exit_kprobe+exit_kretprobe"),
        "{note:#}"
    );
    // What changes nothing is not suggested: without the fentry program only the tracepoint is left.
    let report = check(1, &[&KERNELS[..], &["--no-autoload", "exit_fentry", &object]].concat());
    let note = suggestion(&report).expect("two look like alternatives");
    assert!(text(note, "help").ends_with(": --alternatives switch_btf,switch_raw"), "{note:#}");
}

#[test]
fn near_misses_are_not_suggested() {
    let report = check(1, &[&KERNELS[..], &[&fixture("alternatives_near")]].concat());
    assert_eq!(suggestion(&report), None);
    // Nor is anything where all is well, or where it would not help.
    let object = fixture("alternatives");
    let fine = ["--no-autoload", "exit_fentry", "--no-autoload", "switch_raw", "--no-autoload", "switch_btf"];
    assert_eq!(suggestion(&check(0, &[&KERNELS[..], &fine, &[object.as_str()]].concat())), None);
}

#[test]
fn the_best_of_bad_ones_stands() {
    let object = fixture("alternatives");
    let only = ["--program", "always", "--alternatives", "exit_fentry,switch_raw"];
    let report = check(1, &[&KERNELS[..], &only, &[object.as_str()]].concat());
    let expected = [("ok".to_owned(), vec!["switch_raw"]), ("fails".to_owned(), vec!["exit_fentry"])];
    assert_eq!(told(&report), expected);
    assert_eq!(codes(&list(&report.0, "results")[1], "reasons"), ["not-in-btf"]);
}

#[test]
fn other_loaders_have_alternatives_too() {
    let object = fixture("alternatives");
    let options =
        ["--loader", "cilium", "--alternatives", "exit_fentry,exit_kprobe+exit_kretprobe", "--alternatives"];
    let report = check(0, &[&KERNELS[..], &options, &["switch_btf,switch_raw", &object]].concat());
    assert_eq!(told(&report)[0].1, ["exit_kprobe", "exit_kretprobe", "switch_raw"]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let object = fixture("alternatives");
    let refused = |options: &[&str], words: &[&str]| {
        corecheck(&[&["check", object.as_str()], options].concat()).expect_refusal(words);
    };
    refused(&["--alternatives", "switch_btf,switch_row"], &["switch_row", "near", "switch_raw"]);
    refused(&["--alternatives", "switch_btf,switch_raw", "--no-autoload", "switch_raw"], &["switch_raw"]);
    let twice = ["--alternatives", "switch_btf,switch_raw", "--alternatives", "exit_fentry,switch_btf"];
    refused(&twice, &["switch_btf", "two groups"]);
    let across = ["--alternatives", "switch_btf,first", &fixture("programs")];
    refused(&across, &["no object has all of these"]);
    for wrong in ["switch_btf", "switch_btf,", "switch_btf+,switch_raw"] {
        refused(&["--alternatives", wrong], &["invalid value", wrong, "A+B,C+D"]);
    }
}
