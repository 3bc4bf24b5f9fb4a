//! Two builds compared: what is told, and how it looks.

use corecheck::compare::{Comparison, compare};
use corecheck::render::compare as render;
use corecheck::report::Report;

use super::samples;

/// The sample with everything in it, as a new build of one that asked for less and failed elsewhere.
pub fn builds() -> Report {
    let mut report = samples::policy();
    report.objects.truncate(1);
    report.results.retain(|of| of.object == 0);
    report.findings.retain(|of| of.object == 0);
    if let Some(policy) = &mut report.policy {
        policy.blocked.retain(|of| of.object == 0);
    }
    let new = report.objects[0].clone();
    let mut old = new.clone();
    old.path = "out/before/tracer.bpf.o".to_owned();
    // It knew nothing of the first access, and asked something else in its place.
    old.accesses[0].path = "f_before".to_owned();
    old.accesses[0].key.push_str("-before");
    if let Some(need) = old.requirements.first_mut() {
        need.optional = !need.optional;
    }
    report.objects = vec![old, new];
    let mut before = report.results.clone();
    for of in &mut report.results {
        of.object = 1;
    }
    for (at, of) in before.iter_mut().enumerate() {
        of.verdict = match (at % 2, of.verdict) {
            (0, "fails") => "ok",
            (0, _) => "fails",
            (_, verdict) => verdict,
        };
    }
    before.append(&mut report.results);
    report.results = before;
    for finding in &mut report.findings {
        finding.object = 1;
    }
    for blocked in report.policy.iter_mut().flat_map(|policy| &mut policy.blocked) {
        blocked.object = 1;
    }
    report
}

fn shown(
    render: impl Fn(&Comparison, &mut dyn std::io::Write) -> std::io::Result<()>,
    comparison: &Comparison,
) -> String {
    let mut out = Vec::new();
    render(comparison, &mut out).unwrap();
    anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
}

#[test]
fn it_looks_as_it_should() {
    let comparison = compare(&builds(), 1, false);
    for width in [60, 100] {
        let text = shown(|of, out| render::render(of, width, out), &comparison);
        insta::assert_snapshot!(format!("compare_{width}"), text);
    }
    insta::assert_snapshot!("compare_markdown", shown(render::markdown, &comparison));
}

#[test]
fn a_build_compared_with_itself_changes_nothing() {
    let mut report = builds();
    let (old, new) = (0, 1);
    report.objects[old] = report.objects[new].clone();
    let of_new: Vec<_> = report.results.iter().filter(|of| of.object == new).cloned().collect();
    let mut of_old = of_new.clone();
    of_old.iter_mut().for_each(|of| of.object = old);
    report.results = of_old.into_iter().chain(of_new).collect();
    let mut blocked = report.policy.as_ref().map(|policy| policy.blocked.clone()).unwrap_or_default();
    blocked.iter_mut().for_each(|of| of.object = old);
    if let Some(policy) = &mut report.policy {
        policy.blocked.extend(blocked);
    }
    let comparison = compare(&report, 1, false);
    let pair = &comparison.objects[0];
    assert!(comparison.passes && pair.asks.is_empty() && pair.verdicts.is_empty(), "{pair:?}");
    assert_eq!(pair.unchanged, report.kernels.len());
}

#[test]
fn a_policy_says_what_decides() {
    let mut report = builds();
    let lost = |report: &Report, strict| {
        let all = compare(report, 1, strict);
        let decides: Vec<String> = all.objects[0]
            .verdicts
            .iter()
            .filter(|of| of.decides)
            .flat_map(|of| of.kernels.clone())
            .collect();
        assert_eq!(all.passes, decides.is_empty() && all.objects[0].blocked_as_such.is_empty());
        decides
    };
    let by_policy = lost(&report, false);
    let blocked = report.policy.as_ref().unwrap().blocked.iter().filter_map(|of| of.kernel.clone());
    assert_eq!(by_policy, blocked.collect::<Vec<_>>());
    // Without one: whatever fails that did not.
    report.policy = None;
    let verdict = |object: usize, kernel: &str| {
        let of = report.results.iter().find(|of| of.object == object && of.kernel == kernel);
        of.unwrap().verdict
    };
    let mut expected: Vec<String> = report.kernels.iter().map(|kernel| kernel.name.clone()).collect();
    expected.retain(|kernel| verdict(1, kernel) == "fails" && verdict(0, kernel) != "fails");
    let mut found = lost(&report, false);
    found.sort_by_key(|name| report.kernels.iter().position(|kernel| kernel.name == *name));
    assert_eq!(found, expected);
    assert!(lost(&report, true).len() >= found.len());
}

#[test]
fn objects_find_their_other_half() {
    let mut report = builds();
    let of = |report: &mut Report, at: usize, path: &str| {
        let mut object = report.objects[0].clone();
        object.path = path.to_owned();
        object.embedded_in = path.split_once('@').map(|(file, _)| file.to_owned());
        report.objects.insert(at, object);
    };
    report.objects.clear();
    report.objects.push(builds().objects[0].clone());
    for (at, path) in
        ["old@one", "old@two", "old@0x10", "new@two", "new@0x20", "new@three"].iter().enumerate()
    {
        of(&mut report, at, path);
    }
    report.objects.pop();
    (report.results, report.findings, report.policy) = (Vec::new(), Vec::new(), None);
    let pairs: Vec<(Option<String>, Option<String>)> =
        compare(&report, 3, false).objects.into_iter().map(|pair| (pair.old, pair.new)).collect();
    let some = |name: &str| Some(name.to_owned());
    // By name, and what is left in its order.
    assert_eq!(
        pairs,
        [
            (some("old@two"), some("new@two")),
            (some("old@one"), some("new@0x20")),
            (some("old@0x10"), some("new@three"))
        ]
    );
    report.objects.pop();
    let pairs: Vec<_> =
        compare(&report, 3, false).objects.into_iter().map(|pair| pair.new.is_none()).collect();
    assert_eq!(pairs, [false, true, true, false], "two are gone and one is new");
}
