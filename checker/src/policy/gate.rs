//! What a policy makes of a report: levels, excuses, and whether the required kernels are fine.

use std::collections::BTreeSet;

use corecheck_layouts::source::gather::OfRelease;

use super::excuse::{Excused, Excuses};
use super::waiver::Date;
use super::{Baseline, Policy, Standing, Traits};
use crate::report::Report;
use crate::report::model::{BlockedEntry, FindingEntry, PolicyEntry};
use crate::rules::Level;

/// What decides besides the policy.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'t> {
    /// What becomes of each of the report's kernels, in their order.
    pub standings: &'t [Standing],
    /// What is known from before.
    pub baseline: Option<&'t Baseline>,
    /// The day.
    pub today: Date,
    /// Whether unknown and risky kernels are not let through, either.
    pub strict: bool,
}

/// Applies a policy to a report: sets levels, takes rules out that are off, marks what is excused, and says what is in the way.
/// The first loader decides.
pub fn apply(report: &mut Report, policy: &Policy, terms: &Terms<'_>) {
    let mut excuses = Excuses::new(&policy.waivers, terms.baseline, terms.today);
    let first = report.loaders.first().map(|loader| loader.name.clone()).unwrap_or_default();
    let mut weights = Vec::new();
    let mut findings = std::mem::take(&mut report.findings);
    for finding in &mut findings {
        let own = finding.level;
        let excused = excuses.of(report, finding);
        let level = match policy.levels.get(finding.rule) {
            Some(level) => level.map(Level::word),
            None => Some(own),
        };
        if finding.loader == first {
            weights.push(Weight::new(finding, own, level, &excused));
        }
        finding.level = level.unwrap_or(OFF);
        finding.excused = excuses.entries(&excused);
    }
    findings.retain(|finding| finding.level != OFF);
    report.findings = findings;
    for (kernel, standing) in report.kernels.iter_mut().zip(terms.standings) {
        kernel.standing = Some(standing.word());
    }
    if let Some(shard) = &mut report.shard {
        shard.waivers_used = excuses.used();
    }
    let blocked = blocked(report, policy, terms, &first, &weights);
    let is_unknown = is_missing(report, policy) && !policy.unknown_passes;
    report.policy = Some(PolicyEntry {
        file: policy.file.clone(),
        passes: blocked.is_empty() && !is_unknown,
        blocked,
        findings: excuses.findings(report),
    });
}

/// Whether machines of a fleet run kernels that are required, of which nothing is stored; sets what each of these is to the policy.
fn is_missing(report: &mut Report, policy: &Policy) -> bool {
    let missing = report.inventory.iter_mut().flat_map(|inventory| &mut inventory.missing);
    let mut is_required = false;
    for entry in missing {
        let told = OfRelease::new(&entry.release);
        let distro = told.distro.as_deref().unwrap_or("local");
        let arch = entry.arch.as_ref().or(told.arch.as_ref()).map_or("", String::as_str);
        let standing = policy.standing_of(&Traits {
            name: &format!("{distro}/{}/{arch}", entry.release),
            aliases: &[],
            distro: told.distro.as_deref().unwrap_or_default(),
            arch,
            flavour: &told.flavour,
            version: &told.version,
        });
        entry.standing = Some(standing.word());
        is_required |= standing == Standing::Required;
    }
    is_required
}

/// Stands for a finding whose rule is off.
const OFF: &str = "";
const ERROR: &str = "error";

/// What a finding weighs on each kernel.
struct Weight {
    object: usize,
    rule: &'static str,
    /// By its rule's own level, before the policy.
    was_error: bool,
    was_note: bool,
    is_error: bool,
    kernels: Vec<String>,
    excused: BTreeSet<Option<String>>,
}

impl Weight {
    fn new(finding: &FindingEntry, own: &str, level: Option<&str>, excused: &Excused) -> Self {
        Self {
            object: finding.object,
            rule: finding.rule,
            was_error: own == ERROR,
            was_note: own == Level::Note.word(),
            is_error: level == Some(ERROR),
            kernels: finding.kernels.clone(),
            excused: excused.iter().map(|(kernel, _)| kernel.clone()).collect(),
        }
    }

    fn concerns(&self, object: usize, kernel: &str) -> bool {
        self.object == object && self.kernels.iter().any(|own| own == kernel)
    }

    fn is_excused(&self, kernel: Option<&str>) -> bool {
        self.excused.contains(&kernel.map(str::to_owned))
    }
}

/// What is in the way: objects on required kernels, and objects as such.
fn blocked(
    report: &Report,
    policy: &Policy,
    terms: &Terms<'_>,
    first: &str,
    weights: &[Weight],
) -> Vec<BlockedEntry> {
    let mut all = Vec::new();
    for (object, _) in report.objects.iter().enumerate() {
        let own = weights.iter().filter(|weight| weight.object == object && weight.kernels.is_empty());
        let rules = ids(own.filter(|weight| weight.is_error && !weight.is_excused(None)));
        if !rules.is_empty() {
            all.push(BlockedEntry { object, kernel: None, verdict: None, rules });
        }
        let results =
            report.results.iter().filter(|result| result.object == object && result.loader == first);
        for (result, standing) in results.zip(terms.standings) {
            if *standing != Standing::Required {
                continue;
            }
            let kernel = result.kernel.as_str();
            let here: Vec<&Weight> =
                weights.iter().filter(|weight| weight.concerns(object, kernel)).collect();
            let open = |weight: &&&Weight| !weight.is_excused(Some(kernel));
            // A verdict that is not fine has a cause; it passes when every cause is excused.
            let causes: Vec<&Weight> = here.iter().filter(|weight| !weight.was_note).copied().collect();
            let is_open = causes.is_empty() || causes.iter().any(|weight| open(&weight));
            let mut rules = ids(here.iter().filter(open).filter(|weight| weight.is_error).copied());
            // What the verdict rests on; a rule that the policy makes less than an error lets it pass.
            let is_decided = match result.verdict {
                "fails" => !here.iter().any(|weight| weight.was_error),
                "unknown" if !policy.unknown_passes => is_open,
                "risky" if terms.strict => is_open,
                _ => false,
            };
            if is_decided && rules.is_empty() {
                rules = ids(causes.iter().filter(open).copied());
            }
            if is_decided || !rules.is_empty() {
                let kernel = Some(result.kernel.clone());
                all.push(BlockedEntry { object, kernel, verdict: Some(result.verdict), rules });
            }
        }
    }
    all
}

/// The rules of some findings, each once.
fn ids<'w>(weights: impl Iterator<Item = &'w Weight>) -> Vec<&'static str> {
    let ids: BTreeSet<&'static str> = weights.map(|weight| weight.rule).collect();
    ids.into_iter().collect()
}
