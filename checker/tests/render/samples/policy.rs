//! A report that a policy does not let through.

use corecheck::report::Report;
use corecheck::report::model::{BlockedEntry, ExcusedEntry, PolicyEntry, PolicyFinding};

use super::several;

/// As [`several`], with a policy: one kernel is in the way, a cause is waived, and a waiver is of no use.
pub fn policy() -> Report {
    let mut report = several();
    for (number, kernel) in report.kernels.iter_mut().enumerate() {
        kernel.standing = Some(if number < 3 { "required" } else { "wanted" });
    }
    let kernel = report.kernels[1].name.clone();
    if let Some(finding) = report.findings.first_mut() {
        let waived = ExcusedEntry {
            by: "waiver",
            kernels: finding.kernels.iter().take(1).cloned().collect(),
            reason: Some("these machines are to be replaced".to_owned()),
            expires: Some("2027-03-31".to_owned()),
        };
        let known = ExcusedEntry { by: "baseline", kernels: Vec::new(), reason: None, expires: None };
        finding.excused = vec![waived, known];
    }
    let on_kernel = BlockedEntry {
        object: 0,
        kernel: Some(kernel),
        verdict: Some("fails"),
        rules: vec!["ambiguous", "field-missing"],
    };
    let as_such = BlockedEntry { object: 1, kernel: None, verdict: None, rules: vec!["baked-in-offsets"] };
    report.policy = Some(PolicyEntry {
        file: "tools/corecheck.toml".to_owned(),
        passes: false,
        blocked: vec![on_kernel, as_such],
        findings: vec![PolicyFinding {
            rule: "waiver-unused",
            level: "warning",
            message: "the waiver of ambiguous on ubuntu/4.* for * in * excuses nothing: to be replaced"
                .to_owned(),
            help: "take it out, or see whether its rule, kernels and what it is about are still called so"
                .to_owned(),
            waiver: 2,
        }],
    });
    report
}
