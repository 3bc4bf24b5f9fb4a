//! Two builds of an object beside each other: what the new one asks of kernels that the old one did not, and which kernels that
//! costs. Pure: a report about both goes in, with the old objects first.

mod asks;
mod kernels;
mod model;
mod pairs;

pub use model::{AskEntry, CauseEntry, Comparison, PairEntry, SCHEMA, VerdictEntry};

use crate::report::Report;
use crate::report::model::Tool;

/// Compares the objects of a report: the first `old` of them are the old build, the others the new one. `strict`: without a
/// policy unknown and risky kernels count as failing ones do.
pub fn compare(report: &Report, old: usize, strict: bool) -> Comparison {
    let decides = kernels::Gate { report, strict };
    let pair = |(old, new): (Option<usize>, Option<usize>)| {
        let path = |at: usize| report.objects.get(at).map(|object| object.path.clone());
        let verdicts = kernels::verdicts(&decides, old, new);
        let touched: usize =
            verdicts.iter().filter(|of| decides.is_first(&of.loader)).map(|of| of.kernels.len()).sum();
        PairEntry {
            old: old.and_then(path),
            new: new.and_then(path),
            asks: asks::asks(report, old, new),
            blocked_as_such: new.map(|new| decides.newly_blocked_as_such(old, new)).unwrap_or_default(),
            unchanged: if new.is_some() { report.kernels.len().saturating_sub(touched) } else { 0 },
            verdicts,
        }
    };
    let pairs: Vec<PairEntry> = pairs::pairs(report, old).into_iter().map(pair).collect();
    let is_lost =
        |of: &PairEntry| !of.blocked_as_such.is_empty() || of.verdicts.iter().any(|verdict| verdict.decides);
    Comparison {
        schema: SCHEMA,
        tool: Tool { name: "corecheck", version: env!("CARGO_PKG_VERSION") },
        loaders: report.loaders.clone(),
        policy: report.policy.as_ref().map(|policy| policy.file.clone()),
        kernels: report.kernels.clone(),
        left_out: report.left_out.clone(),
        passes: !pairs.iter().any(is_lost),
        objects: pairs,
    }
}
