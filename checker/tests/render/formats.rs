//! What CI systems read: snapshots, and that it is well-formed.

use corecheck::render::{github, junit, markdown};
use corecheck::report::Report;

use super::samples;

fn shown(
    render: impl Fn(&Report, &mut dyn std::io::Write) -> std::io::Result<()>,
    report: &Report,
) -> String {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn some() -> [(&'static str, Report); 4] {
    [
        ("naive", samples::naive()),
        ("no_core", samples::no_core()),
        ("policy", samples::policy()),
        ("loaders", samples::loaders()),
    ]
}

#[test]
fn junit_looks_as_it_should() {
    for (name, report) in some() {
        insta::assert_snapshot!(format!("{name}_junit"), shown(junit::render, &report));
    }
}

#[test]
fn github_looks_as_it_should() {
    for (name, report) in some() {
        insta::assert_snapshot!(format!("{name}_github"), shown(github::render, &report));
    }
}

#[test]
fn markdown_looks_as_it_should() {
    for (name, report) in some() {
        insta::assert_snapshot!(format!("{name}_markdown"), shown(markdown::render, &report));
    }
}

/// Whatever a name or a source line holds, XML stays XML, a command one line, and a cell of a table one cell.
#[test]
fn foreign_text_breaks_no_form() {
    let mut report = samples::policy();
    let nasty = "</testcase>&\"'<!-- ]]> | ` \u{1b}[31m \u{0} \n::error::x";
    report.objects[0].path = nasty.to_owned();
    report.kernels[0].name = nasty.to_owned();
    for result in &mut report.results {
        result.kernel = nasty.to_owned();
    }
    for finding in &mut report.findings {
        finding.message = nasty.to_owned();
        finding.help = nasty.to_owned();
        finding.kernels = vec![nasty.to_owned()];
    }
    let xml = shown(junit::render, &report);
    let read = quick_junit::Report::deserialize_from_str(&xml).expect("it is XML, and JUnit's");
    assert_eq!(read.test_suites.len(), report.objects.len());
    for line in shown(github::render, &report).lines() {
        let is_command = ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start));
        assert!(is_command && !line.contains('\r'), "{line}");
    }
    let page = shown(markdown::render, &report);
    for row in page.lines().filter(|line| line.starts_with("| ") && line.contains("**")) {
        let bars = row.char_indices().filter(|&(at, c)| c == '|' && !row[..at].ends_with('\\')).count();
        assert_eq!(bars, 5, "{row}");
    }
}

/// A case for each object, kernel and loader; those fail that are in the way.
#[test]
fn junit_counts_what_the_report_says() {
    for (name, report) in samples::all() {
        let read =
            quick_junit::Report::deserialize_from_str(&shown(junit::render, &report)).expect("JUnit's");
        let cases: Vec<_> = read.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
        let failing = read.test_suites.iter().map(|suite| suite.failures).sum::<usize>();
        match &report.policy {
            None => {
                assert_eq!(cases.len(), report.results.len(), "{name}");
                assert_eq!(failing, report.results.iter().filter(|r| r.verdict == "fails").count(), "{name}");
            }
            Some(policy) => assert_eq!(failing, policy.blocked.len(), "{name}"),
        }
    }
}
