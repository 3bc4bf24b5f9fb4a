//! Findings about what objects need besides their accesses: each thing that is missing once, with all its kernels.

use std::collections::BTreeSet;

use corecheck_layouts::kernel::Kernel;

use super::checked::Checked;
use super::findings::Draft;
use super::needs;
use crate::attach::{By, Doubt, Fate, What};
use crate::help::{Lost, Subject};
use crate::rules::{self, Level};
use crate::verdict::Cause;

/// Adds what is found on the kernel at this position.
pub(super) fn of_needs(
    index: usize,
    checked: &Checked,
    position: usize,
    kernel: &Kernel,
    drafts: &mut Vec<Draft>,
) {
    let meetings = checked.judged.meetings.of(position);
    let verdict = &checked.judged.verdicts[position];
    let causes = &verdict.causes;
    let mut told: Vec<(usize, Level)> = Vec::new();
    for cause in causes {
        match cause {
            Cause::Unmet(unmet) => told.extend(unmet.iter().map(|&at| (at, Level::Error))),
            Cause::Doubtful(doubtful) => told.extend(doubtful.iter().map(|&at| (at, Level::Warning))),
            // Whatever it needs, it never comes so far.
            Cause::Refused | Cause::ByteOrder => return,
            _ => {}
        }
    }
    if checked.judges_requirements {
        let probes = checked.requirements.iter().zip(meetings).enumerate();
        let doubtful = probes.filter(|(_, (requirement, meeting))| {
            let is_probe = matches!(requirement.what, What::ProbedFunction(_) | What::SystemCall(_));
            // Of alternatives only those that are loaded there have a verdict.
            let is_loaded = match requirement.by {
                By::Program(program) => verdict.programs.get(program).is_some_and(|of| of.verdict.is_some()),
                _ => !requirement.optional,
            };
            is_probe && is_loaded && meeting.fate == Fate::Unknown(Doubt::NotInBtf)
        });
        told.extend(doubtful.map(|(at, _)| (at, Level::Warning)));
    }
    for (at, level) in told {
        let Some((requirement, meeting)) = checked.requirements.get(at).zip(meetings.get(at)) else {
            continue;
        };
        let name = checked.judged.meetings.names.get(at).and_then(Option::as_ref);
        let (Some(rule), Some(reason)) = (
            rules::rule_of_need(&requirement.what, &meeting.fate),
            needs::reason(requirement, name, &meeting.fate),
        ) else {
            continue;
        };
        let near = needs::near(&requirement.what, &meeting.fate, kernel);
        let details = if near.is_empty() { Vec::new() } else { vec![format!("near: {}", near.join(", "))] };
        let known = drafts.iter_mut().find(|draft| {
            draft.object == index
                && draft.rule.id == rule.id
                && draft.level == level
                && draft.message == reason.text
                && draft.details == details
        });
        match known {
            Some(draft) => {
                draft.kernels.insert(position);
                draft.requirements.insert(at);
            }
            None => drafts.push(Draft {
                rule,
                level,
                object: index,
                kernels: BTreeSet::from([position]),
                accesses: BTreeSet::new(),
                requirements: BTreeSet::from([at]),
                message: reason.text,
                details,
                help: (rule.help)(None),
                is_about_type: true,
                helped: Some((Subject::Requirement(at), Lost::Need)),
            }),
        }
    }
}
