//! Whether the numbers and names in a report that was read point at something.

use std::collections::BTreeSet;

use super::share::MOST;
use crate::report::Report;
use crate::report::model::ShardEntry;
use crate::rules;

/// Says what does not fit, if anything does not.
pub(super) fn check(report: &Report, shard: &ShardEntry) -> Result<(), String> {
    if !(1..=shard.of).contains(&shard.number) || shard.of > MOST {
        return Err(format!("it is part {} of {}", shard.number, shard.of));
    }
    if !shard.objects.is_sorted_by(|one, other| one < other)
        || shard.objects.len() != report.objects.len()
        || shard.objects.last().is_some_and(|&last| last >= shard.files.len())
    {
        return Err("its list of objects is not of these objects".to_owned());
    }
    let names = shard.objects.iter().map(|&at| &shard.files[at]);
    if !names.eq(report.objects.iter().map(|object| &object.path)) {
        return Err("its list of objects names others".to_owned());
    }
    for object in &report.objects {
        let ids = object.accesses.iter().map(|access| access.id);
        if !ids.is_sorted_by(|one, other| one < other) {
            return Err(format!("accesses of {} are out of order", object.path));
        }
        numbered(object.requirements.iter().map(|of| of.id), "requirements")?;
    }
    numbered(report.answers.iter().map(|of| of.id), "answers")?;
    numbered(report.needs.iter().map(|of| of.id), "needs")?;
    of_answers(report)?;
    of_results(report)?;
    of_inventory(report)?;
    of_findings(report)
}

/// Numbers are positions.
fn numbered(ids: impl Iterator<Item = usize>, what: &str) -> Result<(), String> {
    match ids.enumerate().find(|(at, id)| at != id) {
        Some((at, id)) => Err(format!("{what}: number {id} stands at place {at}")),
        None => Ok(()),
    }
}

/// What an object's numbers may be.
struct Numbers<'r> {
    report: &'r Report,
    loaders: BTreeSet<&'r str>,
    kernels: BTreeSet<&'r str>,
}

impl<'r> Numbers<'r> {
    fn new(report: &'r Report) -> Self {
        Self {
            report,
            loaders: report.loaders.iter().map(|loader| loader.name.as_str()).collect(),
            kernels: report.kernels.iter().map(|kernel| kernel.name.as_str()).collect(),
        }
    }

    fn object(&self, object: usize) -> Result<(), String> {
        self.report.objects.get(object).map(|_| ()).ok_or_else(|| format!("there is no object {object}"))
    }

    fn access(&self, object: usize, access: usize) -> Result<(), String> {
        let of = self.report.objects.get(object);
        let is_there =
            of.is_some_and(|of| of.accesses.binary_search_by_key(&access, |known| known.id).is_ok());
        if is_there { Ok(()) } else { Err(format!("object {object} has no access {access}")) }
    }

    fn requirement(&self, object: usize, requirement: usize) -> Result<(), String> {
        let of = self.report.objects.get(object);
        let is_there = of.is_some_and(|of| requirement < of.requirements.len());
        if is_there { Ok(()) } else { Err(format!("object {object} has no requirement {requirement}")) }
    }

    fn loader(&self, loader: &str) -> Result<(), String> {
        if self.loaders.contains(loader) { Ok(()) } else { Err(format!("nobody asked about {loader:?}")) }
    }

    fn kernel(&self, kernel: &str) -> Result<(), String> {
        if self.kernels.contains(kernel) { Ok(()) } else { Err(format!("there is no kernel {kernel:?}")) }
    }
}

fn of_answers(report: &Report) -> Result<(), String> {
    let numbers = Numbers::new(report);
    // Those of one object stand together.
    let is_in_order = report.answers.is_sorted_by_key(|of| of.object)
        && report.needs.is_sorted_by_key(|of| of.object)
        && report.findings.is_sorted_by_key(|of| of.object)
        && report.disagreements.is_sorted_by_key(|of| of.object);
    if !is_in_order {
        return Err("objects are out of order".to_owned());
    }
    for answer in &report.answers {
        numbers.object(answer.object)?;
        numbers.loader(&answer.loader)?;
        answer.outcomes.iter().try_for_each(|of| numbers.access(answer.object, of.access))?;
    }
    for needs in &report.needs {
        numbers.object(needs.object)?;
        numbers.loader(&needs.loader)?;
        needs.meetings.iter().try_for_each(|of| numbers.requirement(needs.object, of.requirement))?;
    }
    for entry in &report.disagreements {
        numbers.object(entry.object)?;
        entry.kernels.iter().try_for_each(|kernel| numbers.kernel(kernel))?;
        entry.accesses.iter().try_for_each(|of| numbers.access(entry.object, of.access))?;
    }
    Ok(())
}

/// One result for each object, loader and kernel, in this order.
fn of_results(report: &Report) -> Result<(), String> {
    let numbers = Numbers::new(report);
    let expected = (0..report.objects.len()).flat_map(|object| {
        let of =
            move |loader| report.kernels.iter().map(move |kernel| (object, loader, kernel.name.as_str()));
        report.loaders.iter().flat_map(move |loader| of(loader.name.as_str()))
    });
    let given = report.results.iter().map(|of| (of.object, of.loader.as_str(), of.kernel.as_str()));
    if !expected.eq(given) {
        return Err("there is not one result for each object, loader and kernel".to_owned());
    }
    for result in &report.results {
        let answer = report.answers.get(result.answer);
        if answer.is_none_or(|of| (of.object, &of.loader) != (result.object, &result.loader)) {
            return Err(format!("answer {} is not of {}", result.answer, result.kernel));
        }
        let needs = report.needs.get(result.needs);
        if needs.is_none_or(|of| (of.object, &of.loader) != (result.object, &result.loader)) {
            return Err(format!("needs {} are not of {}", result.needs, result.kernel));
        }
    }
    for entry in report.representatives.iter().flatten() {
        numbers.kernel(&entry.kernel)?;
    }
    Ok(())
}

fn of_inventory(report: &Report) -> Result<(), String> {
    let numbers = Numbers::new(report);
    let Some(inventory) = &report.inventory else { return Ok(()) };
    inventory.judged.iter().flat_map(|of| &of.kernels).try_for_each(|kernel| numbers.kernel(kernel))?;
    let counts = inventory.judged.iter().chain(&inventory.ignored).map(|of| of.machines);
    let mut counts = counts.chain(inventory.missing.iter().map(|of| of.machines));
    if counts.try_fold(0_u64, u64::checked_add) != Some(inventory.machines) {
        return Err(format!("its inventory does not come to {} machines", inventory.machines));
    }
    for share in &inventory.shares {
        numbers.object(share.object)?;
        numbers.loader(&share.loader)?;
    }
    Ok(())
}

fn of_findings(report: &Report) -> Result<(), String> {
    let numbers = Numbers::new(report);
    let known = |rule: &str| match rules::find(rule) {
        Some(_) => Ok(()),
        None => Err(format!("there is no rule {rule:?}")),
    };
    for finding in &report.findings {
        known(finding.rule)?;
        numbers.object(finding.object)?;
        numbers.loader(&finding.loader)?;
        finding.kernels.iter().try_for_each(|kernel| numbers.kernel(kernel))?;
        let accesses = finding.access.iter().chain(&finding.accesses);
        accesses.copied().try_for_each(|access| numbers.access(finding.object, access))?;
        finding.requirements.iter().try_for_each(|&of| numbers.requirement(finding.object, of))?;
    }
    let policy = report.policy.iter();
    for blocked in policy.clone().flat_map(|policy| &policy.blocked) {
        numbers.object(blocked.object)?;
        blocked.kernel.iter().try_for_each(|kernel| numbers.kernel(kernel))?;
        blocked.rules.iter().try_for_each(|rule| known(rule))?;
    }
    policy.flat_map(|policy| &policy.findings).try_for_each(|finding| known(finding.rule))
}
