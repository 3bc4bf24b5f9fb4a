//! Which part of a fleet comes to which verdict.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::place::Placed;
use crate::report::Report;
use crate::report::model::{FleetEntry, InventoryEntry, ShareEntry};
use crate::verdict::Verdict;

/// What the report says of a fleet. The kernels that a policy ignores are not in the report: their machines are told apart.
pub fn entry(file: String, machines: u64, placed: Placed, report: &Report) -> InventoryEntry {
    let is_judged = |kernel: &String| report.kernels.iter().any(|known| known.name == *kernel);
    let (mut judged, mut ignored) = (Vec::new(), Vec::new());
    for mut entry in placed.at_hand {
        if entry.kernels.iter().any(is_judged) {
            entry.kernels.retain(is_judged);
            judged.push(entry);
        } else {
            ignored.push(entry);
        }
    }
    let shares = shares(&judged, report);
    InventoryEntry { file, machines, judged, ignored, missing: placed.missing, shares }
}

/// The machines of every verdict, for each object and loader, the worst first. Where kernels of one release differ, and it is not
/// told which of them a machine runs, it is unknown.
pub fn shares(judged: &[FleetEntry], report: &Report) -> Vec<ShareEntry> {
    let mut verdicts: BTreeMap<(usize, &str, &str), &'static str> = BTreeMap::new();
    for result in &report.results {
        verdicts.insert((result.object, &result.loader, &result.kernel), result.verdict);
    }
    let mut shares = Vec::new();
    for object in 0..report.objects.len() {
        for loader in &report.loaders {
            let of = |kernel: &String| verdicts.get(&(object, &loader.name, kernel)).copied();
            let mut counted: BTreeMap<&'static str, Vec<&FleetEntry>> = BTreeMap::new();
            for entry in judged {
                let mut all = entry.kernels.iter().filter_map(of);
                let Some(first) = all.next() else { continue };
                let verdict = if all.all(|other| other == first) { first } else { Verdict::Unknown.word() };
                counted.entry(verdict).or_default().push(entry);
            }
            let worst_first = Verdict::ALL.iter().rev().map(|verdict| verdict.word());
            shares.extend(worst_first.filter_map(|verdict| {
                let mut entries = counted.remove(verdict)?;
                entries.sort_by_key(|entry| Reverse(entry.machines));
                Some(ShareEntry {
                    object,
                    loader: loader.name.clone(),
                    verdict,
                    machines: entries.iter().map(|entry| entry.machines).sum(),
                    releases: entries.iter().map(|entry| entry.title()).collect(),
                })
            }));
        }
    }
    shares
}
