//! `corecheck compare`: two builds, and what the new one costs.

use crate::run::{corecheck, fixture, sample};

fn kinds(pair: &serde_json::Value, change: &str) -> Vec<String> {
    let asks = pair["asks"].as_array().expect("a list").iter().filter(|ask| ask["change"] == change);
    asks.map(|ask| format!("{} {}", ask["kind"], ask["name"]).replace('"', "")).collect()
}

#[test]
fn a_build_that_fails_elsewhere_loses_kernels() {
    let (old, new) = (sample("portable"), sample("naive"));
    let run = corecheck(&["compare", "--format", "json", &old, &new]).expect_status(1);
    let document = run.json();
    assert_eq!(document["schema"], "corecheck.compare/1");
    assert_eq!(document["passes"], false);
    let pair = &document["objects"][0];
    let lost: Vec<_> =
        pair["verdicts"].as_array().expect("a list").iter().filter(|of| of["change"] == "lost").collect();
    assert!(!lost.is_empty());
    for of in lost {
        assert_eq!((&of["is"], &of["decides"]), (&"fails".into(), &true.into()));
        let cause = &of["causes"][0];
        assert!(cause["rule"].is_string() && cause["source"]["line"].as_u64() > Some(0), "{of}");
    }
    // The other way round they are gained, and nothing is lost.
    let back = corecheck(&["compare", "--format", "json", &new, &old]).expect_status(0).json();
    let gained = back["objects"][0]["verdicts"].as_array().expect("a list").iter();
    assert!(gained.clone().count() > 0 && gained.clone().all(|of| of["change"] != "lost"));
    assert_eq!(kinds(pair, "new"), kinds(&back["objects"][0], "gone"));
    let human = corecheck(&["compare", &old, &new]).expect_status(1).stdout;
    assert!(human.contains("lost on") && human.contains("does not pass:"), "{human}");
    let page = corecheck(&["compare", "--format", "markdown", &old, &new]).expect_status(1).stdout;
    assert!(page.starts_with("## ❌ corecheck compare: does not pass"), "{page}");
}

#[test]
fn only_kernels_that_decide_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("corecheck.toml");
    let (old, new) = (sample("portable"), sample("naive"));
    let of = |kernel: &str| {
        std::fs::write(&policy, format!("[[kernels]]\nname = \"{kernel}\"\nare = \"required\"\n"))
            .expect("it can be written");
        let policy = policy.to_str().expect("a plain name");
        corecheck(&["compare", "--policy", policy, &old, &new]).status
    };
    assert_eq!((of("5.15"), of("5.19")), (0, 1));
}

#[test]
fn what_is_asked_anew_is_told() {
    // Without CO-RE at all, and with it.
    let run = corecheck(&["compare", "--format", "json", &fixture("plain_no_core"), &fixture("externs")]);
    let document = run.json();
    let new = kinds(&document["objects"][0], "new");
    for wanted in ["btf ", "type struct ", "access ", "kfunc "] {
        assert!(new.iter().any(|ask| ask.starts_with(wanted)), "{wanted}: {new:?}");
    }
    // Itself asks nothing anew.
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.o");
    std::fs::copy(crate::run::root().join(sample("naive")), &copy).expect("it can be copied");
    let copy = copy.to_str().expect("a plain name");
    let same = corecheck(&["compare", "--format", "json", &sample("naive"), copy]).expect_status(0).json();
    let pair = &same["objects"][0];
    assert_eq!((&pair["asks"], &pair["verdicts"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    corecheck(&["compare", &sample("naive")]).expect_refusal(&["NEW"]);
    corecheck(&["compare", &sample("naive"), &sample("naive")]).expect_refusal(&["named twice"]);
    corecheck(&["compare", "no/such.o", &sample("naive")]).expect_refusal(&["no/such.o"]);
}
