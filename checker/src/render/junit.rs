//! JUnit XML, which CI systems read: a suite for each object, a case for each kernel.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use super::decided::{access, counting, in_the_way_as_such, is_in_the_way, title};
use super::words;
use crate::report::Report;
use crate::report::model::{FindingEntry, ResultEntry};

/// Writes it. A case fails when its result is in the way, and is skipped when nothing is known; all others pass, and tell of
/// what was found.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = Suites::new(report.tool.name);
    for object in 0..report.objects.len() {
        for loader in &report.loaders {
            suites.add_test_suite(suite(report, object, &loader.name));
        }
    }
    suites.serialize(out).map_err(io::Error::other)
}

fn suite(report: &Report, object: usize, loader: &str) -> TestSuite {
    let name = title(report, object, loader);
    let mut suite = TestSuite::new(name.as_str());
    if let Some(blocked) = in_the_way_as_such(report, object) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(blocked.rules.join(", ")).set_type("policy");
        suite.add_test_case(case("the object itself", &name, status));
    }
    let of = |result: &&ResultEntry| result.object == object && result.loader == loader;
    for result in report.results.iter().filter(of) {
        let told = told(report, result);
        let mut status = match result.verdict {
            _ if is_in_the_way(report, result) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            "unknown" => TestCaseStatus::skipped(),
            _ => TestCaseStatus::success(),
        };
        let reasons: Vec<&str> = result.reasons.iter().map(|reason| reason.text.as_str()).collect();
        let is_success = matches!(status, TestCaseStatus::Success { .. });
        if !is_success {
            let message = format!("{}: {}", result.verdict, reasons.join("; "));
            status.set_message(message).set_type(result.verdict);
            status.set_description(told.clone());
        }
        let mut case = case(&result.kernel, &name, status);
        if is_success && !told.is_empty() {
            case.set_system_out(told);
        }
        suite.add_test_case(case);
    }
    suite
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

/// What was found on a kernel, with its place and what to do.
fn told(report: &Report, result: &ResultEntry) -> String {
    let own = |finding: &&FindingEntry| {
        finding.object == result.object
            && finding.loader == result.loader
            && counting(finding).any(|kernel| kernel == result.kernel)
    };
    let block = |finding: &FindingEntry| {
        let mut lines = vec![format!("{}[{}]: {}", finding.level, finding.rule, finding.message)];
        if let Some(access) = access(report, finding) {
            let place = access.source.as_ref().map(|source| format!("{} ", words::place(source)));
            lines.push(format!("  at {}{}", place.unwrap_or_default(), words::code(access)));
            lines.push(format!("  {}", words::access(access)));
        }
        lines.extend(finding.details.iter().map(|detail| format!("  there: {detail}")));
        if !finding.help.is_empty() {
            lines.push(format!("  help: {}", finding.help));
        }
        lines.join("\n")
    };
    report.findings.iter().filter(own).map(block).collect::<Vec<_>>().join("\n\n")
}
