//! What becomes of a verdict by what the object needs besides its accesses.
//!
//! What is certainly missing fails what needs it. What cannot be said leaves the verdict as it is, and stands under what was not
//! checked; unless the vmlinux was looked through and does not have it, so that only a module that is not stored could: then it
//! is unknown.

use std::collections::BTreeSet;
use std::sync::Arc;

use corecheck_layouts::kernel::Gap;

use super::{Cause, Condition, ObjectVerdict, Phase, Verdict};
use crate::attach::{By, Doubt, Effect, Fate, Lack, Meeting, Requirement, What, When, requirements};
use crate::loader::{Loader, Version};
use crate::object::{Object, Target};
use crate::reach::Reach;

/// What an object needs, and what becomes of it on one kernel.
#[derive(Debug, Clone, Copy)]
pub struct Needed<'a> {
    /// The object.
    pub object: &'a Object,
    /// What it needs.
    pub requirements: &'a [Requirement],
    /// What becomes of each.
    pub meetings: &'a [Arc<Meeting>],
}

/// An instruction at which something fails if the verifier comes to it.
struct Awaited {
    /// The requirement that it is of.
    requirement: usize,
    place: (usize, u32),
    /// The program that fails; `None` for every one that has the instruction.
    program: Option<usize>,
    phase: Phase,
}

/// What an object needs when this loader loads it: other loaders than libbpf know other sections.
pub fn needed_by(loader: Loader, object: &Object) -> Vec<Requirement> {
    let (knows, version) = match loader {
        Loader::Libbpf(version) => (true, version),
        Loader::Kernel => (true, Version::NEWEST),
        _ => (false, Version::NEWEST),
    };
    let mut all = requirements(object, version);
    all.retain(|requirement| knows || !matches!(requirement.what, What::KnownSection { .. }));
    all
}

impl Needed<'_> {
    /// The instructions at which something fails if the verifier comes to them, besides calls of weak functions: each once,
    /// ascending.
    pub fn places(&self) -> BTreeSet<(usize, u32)> {
        self.missing()
            .flat_map(|(_, requirement, lack)| match requirement.effect(lack, |_| Vec::new()) {
                Effect::Calls(places) | Effect::Reached { places, .. } => places,
                _ => Vec::new(),
            })
            .collect()
    }

    /// The instructions at which something fails if the verifier comes to them: calls of helpers and of weak functions that are
    /// missing, reads beyond what there is, and what it does not know.
    fn traps(&self) -> Vec<Awaited> {
        let mut traps = Vec::new();
        for (requirement, of, lack) in self.missing() {
            let (places, program, phase) = match of.effect(lack, |symbol| calls_of(self.object, symbol)) {
                Effect::Calls(places) => (places, None, Phase::Verify),
                Effect::Reached { program, places, when } => (places, Some(program), phase(when)),
                Effect::None | Effect::Object(_) | Effect::Program(..) => continue,
            };
            traps.extend(places.into_iter().map(|place| Awaited { requirement, place, program, phase }));
        }
        traps
    }

    /// Whether a doubt makes the verdict unknown: all that was looked through does not have it.
    pub fn decides(doubt: &Doubt) -> bool {
        match doubt {
            Doubt::NotStored(gap) => !matches!(gap, Gap::TypeNotStored),
            Doubt::Several(_)
            | Doubt::AlsoInVmlinux
            | Doubt::Context { .. }
            | Doubt::HelperOfType
            | Doubt::Instructions { .. }
            | Doubt::Trampoline { .. } => true,
            _ => false,
        }
    }

    fn missing(&self) -> impl Iterator<Item = (usize, &Requirement, &Lack)> {
        let all = self.requirements.iter().zip(self.meetings).enumerate();
        all.filter_map(|(index, (requirement, meeting))| Some((index, requirement, meeting.fate.lack()?)))
    }

    /// Adds it to the verdict. `reach` tells whether the verifier comes to an instruction when it checks this program.
    pub fn add_to(&self, verdict: &mut ObjectVerdict, reach: impl Fn(usize, (usize, u32)) -> Reach) {
        if verdict.causes.iter().any(|cause| matches!(cause, Cause::Refused | Cause::ByteOrder)) {
            // It never comes so far.
            return;
        }
        let (mut unmet, mut doubtful) = (Vec::new(), Vec::new());
        for (index, requirement, lack) in self.missing() {
            match requirement.effect(lack, |_| Vec::new()) {
                Effect::None | Effect::Calls(_) | Effect::Reached { .. } => continue,
                Effect::Object(when) => fail_all(verdict, phase(when)),
                Effect::Program(program, when) => fail(verdict, program, phase(when)),
            }
            unmet.push(index);
        }
        for Awaited { requirement: index, place, program: only, phase } in self.traps() {
            for program in 0..verdict.programs.len() {
                let is_asked = self.is_in(program, place) && only.is_none_or(|only| only == program);
                if !is_asked || verdict.programs[program].verdict.is_none() {
                    continue;
                }
                match reach(program, place) {
                    Reach::Guarded => {}
                    Reach::MayBeReached => {
                        doubt(verdict, program);
                        doubtful.push(index);
                    }
                    Reach::Reached => {
                        fail(verdict, program, phase);
                        unmet.push(index);
                    }
                }
            }
        }
        for (index, (requirement, meeting)) in self.requirements.iter().zip(self.meetings).enumerate() {
            match &meeting.fate {
                Fate::Unknown(why) if Self::decides(why) => match requirement.doubtful() {
                    Effect::Object(_) => {
                        (0..verdict.programs.len()).for_each(|program| doubt(verdict, program))
                    }
                    Effect::Program(program, _) => doubt(verdict, program),
                    Effect::None | Effect::Calls(_) | Effect::Reached { .. } => continue,
                },
                Fate::Met { unit: Some(module) } if module != "vmlinux" && !requirement.optional => {
                    self.add_conditions(verdict, requirement, module);
                    continue;
                }
                _ => continue,
            }
            doubtful.push(index);
        }
        unmet.sort_unstable();
        unmet.dedup();
        doubtful.sort_unstable();
        doubtful.dedup();
        doubtful.retain(|index| !unmet.contains(index));
        let all = [(unmet, Cause::Unmet as fn(Vec<usize>) -> Cause), (doubtful, Cause::Doubtful)];
        verdict
            .causes
            .extend(all.into_iter().filter(|(list, _)| !list.is_empty()).map(|(list, cause)| cause(list)));
    }

    /// Whether an instruction is in a function that the program reaches.
    fn is_in(&self, program: usize, (section, insn): (usize, u32)) -> bool {
        let function = self.object.function_at(section, insn);
        let program = self.object.programs.get(program);
        function.zip(program).is_some_and(|(function, program)| program.functions.contains(&function))
    }

    fn add_conditions(&self, verdict: &mut ObjectVerdict, requirement: &Requirement, module: &str) {
        let mut conditions = vec![Condition::ModuleLoaded(module.to_owned())];
        if requirement.needs_own_btf() {
            conditions.push(Condition::ModulesReadable);
        }
        let programs = self.object.programs.iter().zip(&mut verdict.programs).enumerate();
        for (index, (program, own)) in programs {
            let is_concerned = own.verdict.is_some()
                && match requirement.by {
                    By::Program(program) | By::Reads { program, .. } | By::Instructions { program, .. } => {
                        program == index
                    }
                    // Without a strong extern or a map nothing is loaded.
                    By::Extern(_) | By::Map(_) => true,
                    By::Calls(_) => program.functions.is_empty(),
                };
            if is_concerned {
                add(&mut own.conditions, &conditions);
            }
        }
        add(&mut verdict.conditions, &conditions);
    }
}

fn add(to: &mut Vec<Condition>, conditions: &[Condition]) {
    to.extend_from_slice(conditions);
    to.sort_unstable();
    to.dedup();
}

/// The instructions that call an extern, or take its address to call it.
fn calls_of(object: &Object, symbol: usize) -> Vec<(usize, u32)> {
    let calls = object.references.iter().filter(|reference| reference.target == Target::ExternCall(symbol));
    calls.map(|reference| (reference.section, reference.insn)).collect()
}

fn phase(when: When) -> Phase {
    match when {
        When::Prepare => Phase::Relocate,
        When::Load => Phase::Verify,
        When::Attach => Phase::Attach,
    }
}

fn fail_all(verdict: &mut ObjectVerdict, phase: Phase) {
    (0..verdict.programs.len()).for_each(|program| fail(verdict, program, phase));
    verdict.verdict = Verdict::Fails;
}

/// A program fails, at the first phase of all at which it does; and with it the object.
fn fail(verdict: &mut ObjectVerdict, program: usize, phase: Phase) {
    let Some(own) = verdict.programs.get_mut(program).filter(|own| own.verdict.is_some()) else { return };
    own.verdict = Some(Verdict::Fails);
    own.phase = Some(own.phase.map_or(phase, |known| known.min(phase)));
    verdict.verdict = Verdict::Fails;
}

/// Nothing certain can be said of a program.
fn doubt(verdict: &mut ObjectVerdict, program: usize) {
    let Some(own) = verdict.programs.get_mut(program) else { return };
    if let Some(known) = own.verdict {
        own.verdict = Some(known.max(Verdict::Unknown));
        verdict.verdict = verdict.verdict.max(Verdict::Unknown);
    }
}
