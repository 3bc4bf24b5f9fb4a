//! What is excused, by waivers and by a baseline: a finding does not count on a kernel if everything that it is about is excused
//! there. By keys that survive recompiling a finding is known again.

use std::collections::BTreeSet;

use super::Baseline;
use super::waiver::{Date, Waiver};
use crate::report::Report;
use crate::report::model::{ExcusedEntry, FindingEntry, PolicyFinding};
use crate::rules::{self, Rule};

/// Why a finding does not count on some kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Excuse {
    Waiver(usize),
    Baseline,
}

/// A finding's excuses: by kernel, those that hold; `None` stands for the object itself.
pub(super) type Excused = Vec<(Option<String>, Vec<Excuse>)>;

/// Whoever looks for excuses, and what of them is used.
pub(super) struct Excuses<'t> {
    waivers: &'t [Waiver],
    baseline: Option<&'t Baseline>,
    today: Date,
    used: BTreeSet<usize>,
    expired: BTreeSet<usize>,
}

impl<'t> Excuses<'t> {
    pub(super) fn new(waivers: &'t [Waiver], baseline: Option<&'t Baseline>, today: Date) -> Self {
        Self { waivers, baseline, today, used: BTreeSet::new(), expired: BTreeSet::new() }
    }

    /// On which kernels everything that a finding is about is excused.
    pub(super) fn of(&mut self, report: &Report, finding: &FindingEntry) -> Excused {
        let about = subjects(report, finding);
        let object = file_name(report, finding.object);
        let on: Vec<Option<&str>> = match &finding.kernels[..] {
            [] => vec![None],
            kernels => kernels.iter().map(|kernel| Some(kernel.as_str())).collect(),
        };
        let mut excused = Vec::new();
        for kernel in on {
            let each: Option<Vec<Excuse>> =
                about.iter().map(|about| self.one(finding.rule, object, about, kernel)).collect();
            if let Some(mut each) = each {
                each.dedup();
                excused.push((kernel.map(str::to_owned), each));
            }
        }
        excused
    }

    fn one(&mut self, rule: &str, object: &str, about: &str, kernel: Option<&str>) -> Option<Excuse> {
        let fits = |waiver: &Waiver| {
            waiver.rule == rule
                && waiver.object.fits(object)
                && waiver.about.fits(about)
                && waiver.kernels.fits(kernel.unwrap_or(""))
        };
        let mut valid = None;
        for (number, waiver) in self.waivers.iter().enumerate().filter(|(_, waiver)| fits(waiver)) {
            self.used.insert(number);
            if waiver.is_expired(self.today) {
                self.expired.insert(number);
            } else {
                valid = valid.or(Some(Excuse::Waiver(number)));
            }
        }
        let known = || self.baseline.is_some_and(|known| known.knows(object, rule, about, kernel));
        valid.or_else(|| known().then_some(Excuse::Baseline))
    }

    /// The waivers that fit something, expired or not.
    pub(super) fn used(&self) -> Vec<usize> {
        self.used.iter().copied().collect()
    }

    /// Waivers that are of no use any more. One about objects or kernels that this check did not have may be of use elsewhere.
    pub(super) fn findings(&self, report: &Report) -> Vec<PolicyFinding> {
        let finding = |number: usize, rule: &'static Rule, message: String| PolicyFinding {
            waiver: number,
            rule: rule.id,
            level: rule.level.word(),
            message,
            help: (rule.help)(None),
        };
        let mut all = Vec::new();
        for (number, waiver) in self.waivers.iter().enumerate() {
            if self.expired.contains(&number) {
                let message =
                    format!("the waiver of {waiver} expired on {}: {}", waiver.expires, waiver.reason);
                all.push(finding(number, rules::WAIVER_EXPIRED, message));
            } else if !self.used.contains(&number) && self.could_be_of_use(report, waiver) {
                let message = format!("the waiver of {waiver} excuses nothing: {}", waiver.reason);
                all.push(finding(number, rules::WAIVER_UNUSED, message));
            }
        }
        all
    }

    /// As the report shows them: one for each waiver, and one for the baseline, with the kernels on which they hold.
    pub(super) fn entries(&self, excused: &Excused) -> Vec<ExcusedEntry> {
        let mut all: Vec<(&Excuse, Vec<String>)> = Vec::new();
        for (kernel, excuses) in excused {
            for excuse in excuses {
                let at = all.iter().position(|(known, _)| *known == excuse).unwrap_or_else(|| {
                    all.push((excuse, Vec::new()));
                    all.len() - 1
                });
                all[at].1.extend(kernel.clone());
            }
        }
        let entry = |(excuse, kernels): (&Excuse, Vec<String>)| {
            let waiver = match excuse {
                Excuse::Waiver(number) => self.waivers.get(*number),
                Excuse::Baseline => None,
            };
            ExcusedEntry {
                by: if waiver.is_some() { "waiver" } else { "baseline" },
                kernels,
                reason: waiver.map(|waiver| waiver.reason.clone()),
                expires: waiver.map(|waiver| waiver.expires.to_string()),
            }
        };
        all.into_iter().map(entry).collect()
    }

    fn could_be_of_use(&self, report: &Report, waiver: &Waiver) -> bool {
        (0..report.objects.len()).any(|object| waiver.object.fits(file_name(report, object)))
            && report.kernels.iter().any(|kernel| waiver.kernels.fits(&kernel.name))
    }
}

/// The keys of what a finding is about: its accesses, and what else is needed. One about an object as a whole has an empty one.
pub(super) fn subjects(report: &Report, finding: &FindingEntry) -> Vec<String> {
    let Some(object) = report.objects.get(finding.object) else { return Vec::new() };
    let accesses = finding.accesses.iter().filter_map(|&at| object.accesses.get(at));
    let needs = finding.requirements.iter().filter_map(|&at| object.requirements.get(at));
    let mut keys: Vec<String> = accesses
        .map(|access| access.key.clone())
        .chain(needs.map(|need| format!("{}:{}", need.kind, need.name)))
        .collect();
    if keys.is_empty() {
        keys.push(String::new());
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// An object's name without the folders that it lies in: they are others on every machine.
pub(super) fn file_name(report: &Report, object: usize) -> &str {
    let path = report.objects.get(object).map_or("", |object| object.path.as_str());
    path.rsplit('/').next().unwrap_or(path)
}
