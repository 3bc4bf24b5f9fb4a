//! One object under two loaders that disagree.

use corecheck::report::Report;
use corecheck::report::model::{
    AccessDisagreement, DisagreementEntry, LoaderOutcome, LoaderVerdict, RepresentativeEntry,
};

use super::{loader, naive, reason};

/// The sample object; aya finds nothing where the type is in a module.
pub fn loaders() -> Report {
    let mut report = naive();
    report.loaders.push(loader("aya", "aya (aya-obj 0.3.0)"));
    let first = report.answers.len();
    let mut answers = report.answers.clone();
    for answer in &mut answers {
        answer.id += first;
        answer.loader = "aya".to_owned();
    }
    let mut results = report.results.clone();
    for result in &mut results {
        result.answer += first;
        result.loader = "aya".to_owned();
    }
    let mut findings = report.findings.clone();
    findings.iter_mut().for_each(|finding| finding.loader = "aya".to_owned());
    let why =
        reason("module-not-searched", "not in vmlinux; in vfio.ko, whose BTF the loader does not search");
    let other = results.iter_mut().find(|result| result.verdict == "ok").expect("one loads");
    (other.verdict, other.reasons) = ("fails", vec![why.clone()]);
    let kernel = other.kernel.clone();
    if let Some(finding) = findings.first_mut() {
        finding.message = format!("struct vfio_group: {}", why.text);
        finding.kernels = vec![kernel.clone()];
    }
    let verdict =
        |loader: &str, verdict, reasons| LoaderVerdict { loader: loader.to_owned(), verdict, reasons };
    let outcome = |loader: &str, outcome, value| LoaderOutcome { loader: loader.to_owned(), outcome, value };
    report.disagreements.push(DisagreementEntry {
        object: 0,
        kernels: vec![kernel.clone()],
        verdicts: vec![verdict("libbpf", "ok", Vec::new()), verdict("aya", "fails", vec![why])],
        accesses: (0..6)
            .map(|access| AccessDisagreement {
                access,
                outcomes: vec![outcome("libbpf", "resolved", Some(8)), outcome("aya", "poisoned", None)],
            })
            .collect(),
    });
    report.answers.extend(answers);
    report.results.extend(results);
    report.findings.extend(findings);
    report
}

/// The same, asked for the kernels that suffice.
pub fn representatives() -> Report {
    let mut report = loaders();
    let (first, last) = (report.kernels[0].name.clone(), report.kernels[9].name.clone());
    let kernels = report.kernels[..9].iter().map(|kernel| kernel.name.clone()).collect();
    let entry =
        |kernel: &str, answers, kernels| RepresentativeEntry { kernel: kernel.to_owned(), answers, kernels };
    report.representatives =
        Some(vec![entry(&first, vec![0, 1], kernels), entry(&last, vec![2], vec![last.clone()])]);
    report
}
