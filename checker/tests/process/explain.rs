//! `corecheck explain`: what findings mean.

use crate::run::{corecheck, sample};

/// The ids of all rules, as the list for machines has them.
fn ids() -> Vec<String> {
    let document = corecheck(&["explain", "--format", "json"]).json();
    let rules = document["rules"].as_array().expect("a list").clone();
    rules.iter().map(|rule| rule["id"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn without_a_rule_all_are_listed() {
    let run = corecheck(&["explain"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let ids = ids();
    assert!(ids.len() > 16 && ids.is_sorted(), "{ids:?}");
    for id in &ids {
        let line = run.stdout.lines().find(|line| line.starts_with(&format!("{id} ")));
        assert!(
            line.is_some_and(|line| ["error ", "warning ", "note "].iter().any(|level| line.contains(level))),
            "{id}"
        );
    }
}

#[test]
fn every_rule_has_a_page_with_all_its_parts() {
    for id in ids() {
        let run = corecheck(&["explain", &id]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{id}");
        let heads = ["What it means", "Why it happens", "Example", "What to do"];
        let places: Vec<_> = heads.iter().map(|head| run.stdout.find(&format!("\n\n{head}\n\n"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{id}: {places:?}");
        assert!(run.stdout.lines().next().is_some_and(|line| line.ends_with(&format!("[{id}]"))), "{id}");
        assert!(run.stdout.lines().all(|line| line.chars().count() <= 100), "{id}: a line is too long");
        let document = corecheck(&["explain", &id, "--format", "json"]).json();
        assert_eq!(document["schema"], "corecheck.rules/1");
        let rule = &document["rules"][0];
        assert_eq!((document["rules"].as_array().map(Vec::len), &rule["id"]), (Some(1), &id.clone().into()));
        for part in ["meaning", "cause", "example", "remedy"] {
            assert!(rule[part].as_str().is_some_and(|text| text.len() > 40), "{id}: {part}");
        }
    }
}

#[test]
fn a_rule_is_found_as_a_finding_shows_it() {
    let report = corecheck(&["check", &sample("naive")]);
    let shown = report.stdout.lines().find_map(|line| line.split(": ").next().filter(|w| w.contains('[')));
    let shown = shown.expect("a finding has its rule in brackets");
    let bare = shown.trim_end_matches(']').rsplit('[').next().expect("a word");
    assert_eq!(corecheck(&["explain", shown]).stdout, corecheck(&["explain", bare]).stdout);
}

#[test]
fn an_unknown_rule_is_refused_with_the_nearest() {
    corecheck(&["explain", "feild-missing"])
        .expect_refusal(&["feild-missing is no rule", "near: field-missing"]);
    corecheck(&["explain", ""]).expect_refusal(&["is no rule"]);
    corecheck(&["explain", "field-missing", "type-missing"]).expect_refusal(&["type-missing"]);
}

/// The repository's page of all rules is what the program writes: `corecheck explain --all --format markdown`.
#[test]
fn the_page_of_all_rules_is_up_to_date() {
    let page = corecheck(&["explain", "--all", "--format", "markdown"]).expect_status(0).stdout;
    let file = crate::run::root().join("checker/docs/rules.md");
    let kept = std::fs::read_to_string(&file).expect("the page is there");
    assert!(
        kept == page,
        "checker/docs/rules.md is old: corecheck explain --all --format markdown=checker/docs/rules.md"
    );
    for id in ids() {
        assert!(
            page.contains(&format!("| [{id}](#{id}) |")) && page.contains(&format!("\n## {id}\n")),
            "{id}"
        );
    }
    let human = corecheck(&["explain", "--all"]).expect_status(0).stdout;
    assert!(ids().iter().all(|id| human.contains(&format!("[{id}]\n"))));
}
