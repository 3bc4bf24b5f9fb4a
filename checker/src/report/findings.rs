//! Findings: each cause once, with all the kernels it concerns.

use std::collections::{BTreeMap, BTreeSet};

use corecheck_layouts::kernel::Kernel;

use super::alternatives::of_alternatives;
use super::checked::Checked;
use super::lacks::of_needs;
use super::model::FindingEntry;
use super::suggested::suggested;
use super::words;
use crate::access::Access;
use crate::help::{Lost, Subject};
use crate::resolve::{Reason, State};
use crate::rules::{self, Level, Rule};
use crate::verdict::{Cause, Observed};

/// A finding under way.
pub(super) struct Draft {
    pub(super) rule: &'static Rule,
    pub(super) level: Level,
    /// Position of the object under a loader.
    pub(super) object: usize,
    /// Positions of kernels.
    pub(super) kernels: BTreeSet<usize>,
    /// Positions of accesses within the object.
    pub(super) accesses: BTreeSet<usize>,
    /// Positions of requirements within the object.
    pub(super) requirements: BTreeSet<usize>,
    pub(super) message: String,
    pub(super) details: Vec<String>,
    pub(super) help: String,
    /// Findings about a type as a whole, or a field that changed, gather the accesses to it; others stand for one access.
    pub(super) is_about_type: bool,
    /// What is missing, where it is known what helps.
    pub(super) helped: Option<(Subject, Lost)>,
}

/// Gathers the findings: the gravest first, then by object and access.
pub(super) fn findings(checked: &[Checked], kernels: &[&Kernel]) -> Vec<FindingEntry> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (index, object) in checked.iter().enumerate() {
        of_object(index, object, kernels, &mut drafts);
        for (position, kernel) in kernels.iter().enumerate() {
            of_result(index, object, position, &mut drafts);
            of_needs(index, object, position, kernel, &mut drafts);
            of_broken_modules(index, object, position, kernel, &mut drafts);
        }
        of_alternatives(index, object, &mut drafts);
    }
    drafts.sort_by(|a, b| {
        let key = |draft: &Draft| {
            (
                draft.object,
                std::cmp::Reverse(draft.level),
                draft.accesses.first().copied(),
                draft.requirements.first().copied(),
            )
        };
        key(a).cmp(&key(b))
    });
    drafts.into_iter().map(|draft| draft.finish(checked, kernels)).collect()
}

/// Findings about the object itself.
fn of_object(index: usize, checked: &Checked, kernels: &[&Kernel], drafts: &mut Vec<Draft>) {
    let object = &checked.object;
    let mut add = |rule: &'static Rule, message: String, concerned: BTreeSet<usize>| {
        drafts.push(Draft {
            rule,
            level: rule.level,
            object: index,
            kernels: concerned,
            accesses: BTreeSet::new(),
            requirements: BTreeSet::new(),
            message,
            details: Vec::new(),
            help: (rule.help)(None),
            is_about_type: true,
            helped: None,
        });
    };
    for why in &checked.refusals {
        add(rules::OBJECT_REFUSED, why.clone(), BTreeSet::new());
    }
    if !checked.is_first {
        return;
    }
    if object.programs.is_empty() {
        add(rules::NO_PROGRAM, "the object holds no program".to_owned(), BTreeSet::new());
    } else if object.relos.is_empty() {
        let what = if object.btf.is_none() {
            "the object has no BTF at all (it was compiled without -g)"
        } else if !object.has_btf_ext {
            "the object has BTF but no .BTF.ext, where CO-RE accesses are recorded"
        } else {
            "the object has BTF, but not one CO-RE access"
        };
        let message =
            format!("{what}: whatever offsets it uses are baked in, and nothing can be said about them");
        add(rules::BAKED_IN_OFFSETS, message, BTreeSet::new());
    }
    let foreign: BTreeSet<usize> = kernels
        .iter()
        .enumerate()
        .filter(|(_, kernel)| kernel.endian().is_some_and(|endian| endian != object.endian))
        .map(|(position, _)| position)
        .collect();
    if let Some(&first) = foreign.first() {
        let message = words::byte_order(object.endian, kernels[first].endian()).text;
        add(rules::BYTE_ORDER, message, foreign);
    }
}

/// Findings from what an object's accesses come to on one kernel.
fn of_result(index: usize, checked: &Checked, kernel: usize, drafts: &mut Vec<Draft>) {
    let answer = &checked.judged.answers.distinct[checked.judged.answers.of_kernel[kernel]];
    for cause in &checked.judged.verdicts[kernel].causes {
        let (accesses, level) = match cause {
            Cause::Failing(accesses) => (accesses, Level::Error),
            Cause::MayBeReached(accesses) | Cause::NotStored(accesses) => (accesses, Level::Warning),
            Cause::Unreplaced(accesses) => (accesses, Level::Note),
            Cause::Changed(changed) => {
                of_changes(index, checked, kernel, changed, drafts);
                continue;
            }
            Cause::Refused | Cause::ByteOrder | Cause::Unmet(_) | Cause::Doubtful(_) => continue,
        };
        for &position in accesses {
            let outcome = &answer.outcomes[position];
            let Some(reason) = &outcome.reason else { continue };
            let access = &checked.accesses[position];
            let Some(rule) = rules::rule_of(reason) else { continue };
            let message = message(access, reason, outcome.state, level);
            let details = words::details(reason);
            let is_about_type = matches!(
                reason,
                Reason::TypeAbsent(_) | Reason::NotStored(_) | Reason::NotSearched(_) | Reason::Loader(_)
            );
            let known = drafts.iter_mut().find(|draft| {
                draft.object == index
                    && draft.rule.id == rule.id
                    && draft.level == level
                    && draft.message == message
                    && draft.details == details
                    && (is_about_type || draft.accesses.contains(&position))
            });
            if let Some(draft) = known {
                draft.kernels.insert(kernel);
                draft.accesses.insert(position);
                continue;
            }
            drafts.push(Draft {
                rule,
                level,
                object: index,
                kernels: BTreeSet::from([kernel]),
                accesses: BTreeSet::from([position]),
                requirements: BTreeSet::new(),
                message,
                details,
                help: (rule.help)(Some((access, reason))),
                is_about_type,
                helped: Lost::of(reason).map(|lost| (Subject::Access(position), lost)),
            });
        }
    }
}

/// Findings about fields that are something else there: each with all accesses that observe it.
fn of_changes(
    index: usize,
    checked: &Checked,
    kernel: usize,
    changed: &[(usize, Observed)],
    drafts: &mut Vec<Draft>,
) {
    let answer = &checked.judged.answers.distinct[checked.judged.answers.of_kernel[kernel]];
    for (position, observed) in changed {
        let rule = match observed {
            Observed::Change(change) => rules::rule_of_change(change.code),
            Observed::Misread { .. } => rules::READ_LENGTH,
        };
        let message = words::observed(&checked.accesses[*position], observed);
        let details: Vec<String> = answer.outcomes[*position].target.iter().map(words::shown).collect();
        let known = drafts.iter_mut().find(|draft| {
            draft.object == index
                && draft.rule.id == rule.id
                && draft.message == message
                && draft.details == details
        });
        if let Some(draft) = known {
            draft.kernels.insert(kernel);
            draft.accesses.insert(*position);
            continue;
        }
        drafts.push(Draft {
            rule,
            level: rule.level,
            object: index,
            kernels: BTreeSet::from([kernel]),
            accesses: BTreeSet::from([*position]),
            requirements: BTreeSet::new(),
            message,
            details,
            help: (rule.help)(None),
            is_about_type: true,
            helped: None,
        });
    }
}

/// A finding about modules that were left out where others answered. Where none did, the outcome is unknown and says so.
fn of_broken_modules(
    index: usize,
    checked: &Checked,
    position: usize,
    kernel: &Kernel,
    drafts: &mut Vec<Draft>,
) {
    let broken = kernel.broken_modules.iter().filter(|(module, _)| checked.modules.has(module));
    let broken: BTreeMap<String, String> =
        broken.map(|(module, why)| (module.clone(), why.clone())).collect();
    if broken.is_empty() {
        return;
    }
    let answer = &checked.judged.answers.distinct[checked.judged.answers.of_kernel[position]];
    let outcomes = answer.outcomes.iter().enumerate();
    let searched = outcomes.filter(|(_, outcome)| outcome.units().any(|unit| unit != "vmlinux"));
    let accesses: BTreeSet<usize> = searched.map(|(access, _)| access).collect();
    let Some(&first) = accesses.first() else { return };
    let name = checked.accesses[first].essential_type_name();
    let message = format!(
        "{name}: found in a module, but BTF of others is broken and was left out: {}",
        words::broken_modules(&broken)
    );
    let is_known =
        |draft: &&mut Draft| draft.object == index && draft.message == message && draft.accesses == accesses;
    if let Some(draft) = drafts.iter_mut().find(is_known) {
        draft.kernels.insert(position);
        return;
    }
    let rule = rules::BROKEN_BTF;
    drafts.push(Draft {
        rule,
        level: rule.level,
        object: index,
        kernels: BTreeSet::from([position]),
        accesses,
        requirements: BTreeSet::new(),
        message,
        details: Vec::new(),
        help: (rule.help)(None),
        is_about_type: true,
        helped: None,
    });
}

fn message(access: &Access, reason: &Reason, state: State, level: Level) -> String {
    let text = words::reason(access, reason).text;
    let text = match reason {
        Reason::TypeAbsent(_) | Reason::NotStored(_) | Reason::NotSearched(_) => {
            format!("{}: {text}", access.essential_type_name())
        }
        _ => text,
    };
    match (state, level) {
        (State::Poisoned, Level::Warning) => {
            format!("{text} (fails if the verifier comes to it, which it may)")
        }
        (State::Poisoned, Level::Note) => format!("{text}; the program guards the access, and does without"),
        _ => text,
    }
}

impl Draft {
    fn finish(self, checked: &[Checked], kernels: &[&Kernel]) -> FindingEntry {
        let accesses = &checked[self.object].accesses;
        let ids: Vec<usize> = self.accesses.iter().map(|&position| accesses[position].id).collect();
        debug_assert!(self.is_about_type || ids.len() == 1);
        let of = &checked[self.object];
        let help = self.helped.and_then(|helped| of.help.get(&helped));
        let is_error = self.level != Level::Note;
        let suggested = help.and_then(|help| suggested(help, is_error));
        FindingEntry {
            suggested,
            excused: Vec::new(),
            rule: self.rule.id,
            level: self.level.word(),
            object: checked[self.object].number,
            loader: checked[self.object].loader.to_string(),
            kernels: self.kernels.iter().map(|&position| kernels[position].name.to_string()).collect(),
            access: ids.first().copied(),
            accesses: ids,
            requirements: self.requirements.into_iter().collect(),
            message: self.message,
            details: self.details,
            help: self.help,
        }
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::kernel::{Kernel, Modules};

    use crate::check::{Settings, check};
    use crate::object::Object;
    use crate::report::model::FindingEntry;
    use crate::testing::{btf, kernel, kernel_of_things, member, object, programs, record};

    fn findings(objects: Vec<Object>, kernels: &[&Kernel]) -> Vec<FindingEntry> {
        let settings = Settings { modules: Modules::None, ..Settings::default() };
        check(objects, kernels, &settings).expect("nothing is set").findings
    }

    /// Rule, kernels' releases, and accesses of each.
    fn told(findings: &[FindingEntry]) -> Vec<(&str, Vec<&str>, &[usize])> {
        findings
            .iter()
            .map(|finding| {
                let kernels = finding.kernels.iter().map(|name| name.split('/').nth(1).unwrap_or_default());
                (finding.rule, kernels.collect(), finding.accesses.as_slice())
            })
            .collect()
    }

    /// The access of a function of the fixture.
    fn of(function: &str) -> usize {
        let accesses = crate::access::accesses(&programs());
        accesses.iter().position(|access| access.function == function).expect("every function has an access")
    }

    #[test]
    fn nothing_is_said_where_nothing_is_wrong() {
        assert!(findings(vec![programs()], &[&kernel_of_things("all", 0, &[])]).is_empty());
    }

    #[test]
    fn one_cause_is_told_once_with_all_its_kernels() {
        let lacking = kernel_of_things("lacking", 0, &["one"]);
        let fine = kernel_of_things("fine", 0, &[]);
        let again = kernel_of_things("again", 0, &["one"]);
        let found = findings(vec![programs()], &[&lacking, &fine, &again]);
        assert_eq!(told(&found), [("field-missing", vec!["lacking", "again"], &[of("first")][..])]);
        assert_eq!(found[0].access, Some(of("first")));
    }

    #[test]
    fn different_causes_of_one_access_are_told_apart() {
        let lacking = kernel_of_things("lacking", 0, &["one"]);
        // `one` is a struct there.
        let (types, ()) = btf(corecheck_layouts::btf::Endian::Little, |types| {
            let int = types.int("int", 4, 1);
            let inner = types.add(record("inner", 4, vec![member("n", int, 0)]));
            let names = ["two", "three", "four", "five", "six", "seven"];
            let mut members = vec![member("one", inner, 0)];
            members.extend(names.iter().map(|name| member(name, int, 32)));
            types.add(record("thing", 28, members));
        });
        let changed = kernel("changed", &types);
        let found = findings(vec![programs()], &[&changed, &lacking]);
        let first = of("first");
        let expected = [
            ("field-kind-changed", vec!["changed"], &[first][..]),
            ("field-missing", vec!["lacking"], &[first]),
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn different_accesses_are_told_apart() {
        let lacking = kernel_of_things("lacking", 0, &["two", "one"]);
        let found = findings(vec![programs()], &[&lacking]);
        let mut accesses: Vec<usize> = found.iter().filter_map(|finding| finding.access).collect();
        // In the order of the object.
        assert!(accesses.is_sorted());
        accesses.sort_unstable();
        let mut expected = vec![of("first"), of("second")];
        expected.sort_unstable();
        assert_eq!(accesses, expected);
    }

    #[test]
    fn a_type_that_is_not_there_is_one_cause_for_all_its_accesses() {
        let (types, ()) = btf(corecheck_layouts::btf::Endian::Little, |types| {
            types.int("int", 4, 1);
        });
        let without = kernel("without", &types);
        let found = findings(vec![programs()], &[&without]);
        assert_eq!(told(&found), [("type-missing", vec!["without"], &[0, 1, 2, 3, 4, 5, 6][..])]);
        assert!(found[0].message.starts_with("struct thing: "), "{}", found[0].message);
    }

    #[test]
    fn the_gravest_come_first_within_each_object() {
        let lacking = kernel_of_things("lacking", 0, &["one"]);
        let plain = || object("tests/fixtures/objects/plain_no_core.bpf.o");
        let found = findings(vec![plain(), programs()], &[&lacking]);
        let order: Vec<(usize, &str)> = found.iter().map(|finding| (finding.object, finding.level)).collect();
        assert_eq!(order, [(0, "warning"), (1, "error")]);
    }
}
