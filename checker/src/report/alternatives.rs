//! Findings about programs that look like alternatives: what to ask instead.

use std::collections::{BTreeMap, BTreeSet};

use super::checked::Checked;
use super::findings::Draft;
use crate::load::Alternatives;
use crate::rules;
use crate::verdict::Verdict;

/// More programs of a set are counted.
const NAMED_PROGRAMS: usize = 2;

/// Adds what is suggested for an object, one finding for each verdict that it would have.
pub(super) fn of_alternatives(index: usize, checked: &Checked, drafts: &mut Vec<Draft>) {
    let Some(suggestion) = &checked.suggested else { return };
    let named: Vec<Alternatives> =
        suggestion.groups.iter().map(|group| group.named(&checked.object)).collect();
    let options: Vec<String> = named.iter().map(|group| format!("--alternatives {group}")).collect();
    let subjects: Vec<String> = named.iter().map(|group| subject(&group.sets)).collect();
    let mut by_verdict: BTreeMap<Verdict, BTreeSet<usize>> = BTreeMap::new();
    for &(kernel, verdict) in &suggestion.kernels {
        by_verdict.entry(verdict).or_default().insert(kernel);
    }
    let rule = rules::ALTERNATIVES;
    for (verdict, kernels) in by_verdict {
        let message = format!(
            "{} look like alternatives: the object is {} where the tool loads only one side{}",
            subjects.join("; "),
            verdict.word(),
            if subjects.len() > 1 { " of each" } else { "" }
        );
        drafts.push(Draft {
            rule,
            level: rule.level,
            object: index,
            kernels,
            accesses: BTreeSet::new(),
            requirements: BTreeSet::new(),
            message,
            details: Vec::new(),
            help: format!("if the tool chooses among them, say so: {}", options.join(" ")),
            is_about_type: true,
            helped: None,
        });
    }
}

/// `a_fentry + b_fentry or a_kprobe + 3 more`.
fn subject(sets: &[Vec<String>]) -> String {
    let sets: Vec<String> = sets.iter().map(|set| listed(set)).collect();
    sets.join(" or ")
}

fn listed(names: &[String]) -> String {
    match names.split_first() {
        Some((first, rest)) if names.len() > NAMED_PROGRAMS => format!("{first} + {} more", rest.len()),
        _ => names.join(" + "),
    }
}
