//! Verdicts from outcomes, set one by one.

use std::sync::Arc;

use corecheck_layouts::kernel::{Gap, Modules};

use super::*;
use crate::access::{Broken, accesses};
use crate::answer::answer;
use crate::reach::Read;
use crate::resolve::{Change, ChangeCode, Explained, Extent, MismatchCode, Misread, Outcome, Place, Reason};
use crate::testing::{kernel_of_things, programs};
use Verdict::{Degraded, Fails, Ok, Risky, Unknown};

const HERE: Option<Reach> = Some(Reach::Reached);
const PERHAPS: Option<Reach> = Some(Reach::MayBeReached);
const NOT_HERE: Option<Reach> = Some(Reach::Guarded);

/// An object with what its accesses come to, to be changed.
struct Case {
    object: Object,
    accesses: Vec<Access>,
    reach: ObjectReach,
    answer: Answer,
    kernel: Kernel,
    loader: Loader,
}

impl Case {
    /// The three programs, everything resolved and nothing to guard with.
    fn new() -> Self {
        let object = programs();
        let accesses = accesses(&object);
        let kernel = kernel_of_things("all", 0, &[]);
        let answers = answer(&object, &accesses, &[&kernel], &Modules::None);
        let reach = ObjectReach { programs: vec![None; object.programs.len()] };
        let loader = Loader::LIBBPF;
        Self { answer: answers.distinct[0].clone(), object, accesses, reach, kernel, loader }
    }

    fn of(&self, function: &str) -> usize {
        let found = self.accesses.iter().position(|access| access.function == function);
        found.expect("every function has an access")
    }

    fn set(self, function: &str, state: State) -> Self {
        let reason = match state {
            State::Unknown => Reason::NotStored(Gap::TypeNotStored),
            _ => Reason::Broken(Broken::AnonymousRoot),
        };
        self.because(function, state, reason)
    }

    fn because(mut self, function: &str, state: State, reason: Reason) -> Self {
        let access = self.of(function);
        let reason = Some(reason);
        let (changes, extent) = (Vec::new(), None);
        let outcome = Outcome { state, value: None, target: None, reason, changes, extent, patched: None };
        self.answer.outcomes[access] = Arc::new(outcome);
        self
    }

    /// In the programs, by their order, the verifier comes to the access as said.
    fn reached(mut self, function: &str, programs: [Option<Reach>; 3]) -> Self {
        let access = self.of(function);
        for (of, reach) in self.reach.programs.iter_mut().zip(programs) {
            let Some(reach) = reach else { continue };
            let mut poisoned = of.as_deref().map(|of| of.poisoned.clone()).unwrap_or_default();
            poisoned.insert(access, reach);
            let mut unreplaced = of.as_deref().map(|of| of.unreplaced.clone()).unwrap_or_default();
            if reach == Reach::Guarded {
                unreplaced.push(access);
            }
            *of = Some(Arc::new(ProgramReach {
                poisoned,
                unreplaced,
                missing_calls: Default::default(),
                reached: Vec::new(),
                reads: Vec::new(),
                steps: 0,
                is_cut_short: false,
            }));
        }
        self
    }

    fn judge(&self) -> ObjectVerdict {
        let is_refused = !self.loader.refusals(&self.object).is_empty();
        let load = Load { object: &self.object, loader: self.loader, is_refused };
        judge(&load, &self.accesses, &self.answer, &self.reach, &self.kernel)
    }

    /// The verdict on the object, and on `first`, `second` and `third`.
    fn verdicts(&self) -> (Verdict, [Option<Verdict>; 3]) {
        let judged = self.judge();
        let programs = judged.programs.iter().map(|program| program.verdict).collect::<Vec<_>>();
        (judged.verdict, programs.try_into().expect("three programs"))
    }

    fn phases(&self) -> Vec<Option<Phase>> {
        self.judge().programs.iter().map(|program| program.phase).collect()
    }
}

#[test]
fn all_is_well() {
    let case = Case::new();
    assert_eq!(case.verdicts(), (Ok, [Some(Ok); 3]));
    assert_eq!(case.judge().causes, []);
    assert_eq!(case.judge().conditions, []);
}

#[test]
fn poison_fails_the_programs_that_hold_it() {
    let case = Case::new().set("third", State::Poisoned).reached("third", [None, None, HERE]);
    assert_eq!(case.verdicts(), (Fails, [Some(Ok), Some(Ok), Some(Fails)]));
    assert_eq!(case.phases(), [None, None, Some(Phase::Verify)]);
    assert_eq!(case.judge().causes, [Cause::Failing(vec![case.of("third")])]);
    // In a subprogram, those that reach it.
    let poisoned = || Case::new().set("helper_static", State::Poisoned);
    let case = poisoned().reached("helper_static", [HERE, HERE, None]);
    assert_eq!(case.verdicts(), (Fails, [Some(Fails), Some(Fails), Some(Ok)]));
    let case = poisoned().reached("helper_static", [NOT_HERE, HERE, None]);
    assert_eq!(case.verdicts(), (Fails, [Some(Degraded), Some(Fails), Some(Ok)]));
    assert_eq!(case.judge().causes, [Cause::Failing(vec![case.of("helper_static")])]);
    // Honest zeros are no harm.
    assert_eq!(Case::new().set("first", State::Absent).verdicts().0, Ok);
}

#[test]
fn poison_behind_a_guard_degrades_unless_something_takes_its_place() {
    let mut case = Case::new().set("third", State::Poisoned).reached("third", [None, None, NOT_HERE]);
    assert_eq!(case.verdicts(), (Degraded, [Some(Ok), Some(Ok), Some(Degraded)]));
    assert_eq!(case.judge().causes, [Cause::Unreplaced(vec![case.of("third")])]);
    let reach = case.reach.programs[2].take().expect("it was followed");
    let poisoned = reach.poisoned.clone();
    case.reach.programs[2] = Some(Arc::new(ProgramReach {
        poisoned,
        unreplaced: Vec::new(),
        missing_calls: Default::default(),
        reached: Vec::new(),
        reads: Vec::new(),
        steps: 0,
        is_cut_short: false,
    }));
    assert_eq!((case.verdicts().0, case.judge().causes), (Ok, vec![]));
}

#[test]
fn a_program_that_may_come_to_its_poison_is_unknown() {
    let poisoned = || Case::new().set("helper_static", State::Poisoned);
    let case = poisoned().reached("helper_static", [PERHAPS, PERHAPS, None]);
    assert_eq!(case.verdicts(), (Unknown, [Some(Unknown), Some(Unknown), Some(Ok)]));
    assert_eq!(case.judge().causes, [Cause::MayBeReached(vec![case.of("helper_static")])]);
    // One program fails for certain, so the access is no longer in doubt.
    let case = poisoned().reached("helper_static", [PERHAPS, HERE, None]);
    assert_eq!(case.verdicts(), (Fails, [Some(Unknown), Some(Fails), Some(Ok)]));
    assert_eq!(case.judge().causes, [Cause::Failing(vec![case.of("helper_static")])]);
}

#[test]
fn an_error_beats_poison_and_fails_every_program() {
    let case = Case::new().set("third", State::Error).set("first", State::Poisoned);
    let case = case.reached("first", [PERHAPS, None, None]);
    assert_eq!(case.verdicts(), (Fails, [Some(Fails); 3]));
    assert_eq!(case.phases(), [Some(Phase::Relocate); 3]);
    let expected = [Cause::Failing(vec![case.of("third")]), Cause::MayBeReached(vec![case.of("first")])];
    assert_eq!(case.judge().causes, expected);
    let case = Case::new().set("first", State::Error).set("second", State::Unknown);
    assert_eq!(case.verdicts().0, Fails);
}

#[test]
fn a_subprogram_that_nobody_calls() {
    let uncalled = |state: State| {
        let mut case = Case::new().set("helper_weak", state);
        let access = case.of("helper_weak");
        let function = case.accesses[access].function_index.expect("it has one");
        for program in &mut case.object.programs {
            program.functions.retain(|&reached| reached != function);
        }
        case.verdicts()
    };
    // Its poison reaches no verifier; its errors stop the loader; what is unknown may turn out to be one.
    assert_eq!(uncalled(State::Poisoned), (Ok, [Some(Ok); 3]));
    assert_eq!(uncalled(State::Error), (Fails, [Some(Fails); 3]));
    assert_eq!(uncalled(State::Unknown), (Unknown, [Some(Ok); 3]));
}

#[test]
fn unknown_accesses_make_their_programs_unknown() {
    let case = Case::new().set("helper_global", State::Unknown);
    assert_eq!(case.verdicts(), (Unknown, [Some(Ok), Some(Unknown), Some(Ok)]));
    assert_eq!(case.judge().causes, [Cause::NotStored(vec![case.of("helper_global")])]);
    // What certainly fails does so whatever is unknown.
    let case = Case::new().set("helper_global", State::Unknown).set("second", State::Poisoned);
    let case = case.reached("second", [None, HERE, None]);
    assert_eq!(case.verdicts(), (Fails, [Some(Ok), Some(Fails), Some(Ok)]));
}

#[test]
fn programs_that_are_not_loaded_are_not_judged() {
    let mut case = Case::new().set("third", State::Poisoned);
    case.object.programs[2].autoload = false;
    // As the resolver leaves its accesses, and even if it did not.
    assert_eq!(case.verdicts(), (Ok, [Some(Ok), Some(Ok), None]));
    let mut case = Case::new();
    case.object.programs.iter_mut().for_each(|program| program.autoload = false);
    assert_eq!(case.verdicts(), (Ok, [None; 3]));
}

#[test]
fn an_object_that_loaders_refuse() {
    let mut case = Case::new().set("third", State::Poisoned);
    case.object.problems.push(crate::object::Problem::LegacyMaps);
    assert_eq!(case.verdicts(), (Fails, [Some(Fails); 3]));
    assert_eq!(case.phases(), [Some(Phase::Open); 3]);
    assert_eq!(case.judge().causes[0], Cause::Refused);
    // What they only leave out is no harm.
    let mut case = Case::new();
    case.object.problems.push(crate::object::Problem::BtfExtWithoutBtf);
    assert_eq!(case.verdicts().0, Ok);
}

#[test]
fn conditions_name_what_must_be_there() {
    let mut case = Case::new();
    case.kernel.facts.btf = ShippedBtf::None;
    assert_eq!(case.judge().conditions, [Condition::BtfBroughtAlong]);
    for outcome in &mut case.answer.outcomes {
        let outcome = Arc::make_mut(outcome);
        outcome.target.as_mut().expect("all resolved").unit = "vfio".to_owned();
    }
    let loaded = Condition::ModuleLoaded("vfio".to_owned());
    let expected = [Condition::BtfBroughtAlong, loaded.clone(), Condition::ModulesReadable];
    assert_eq!(case.judge().conditions, expected);
    // A program has the conditions of its own accesses.
    let mut case = Case::new();
    let access = case.of("third");
    let outcome = Arc::make_mut(&mut case.answer.outcomes[access]);
    outcome.target.as_mut().expect("all resolved").unit = "vfio".to_owned();
    let judged = case.judge();
    assert_eq!(judged.conditions, [loaded.clone(), Condition::ModulesReadable]);
    let of_programs: Vec<usize> = judged.programs.iter().map(|program| program.conditions.len()).collect();
    assert_eq!(of_programs, [0, 0, 2]);
    // What decides is not only what matches.
    let nearest = Some(Place { unit: "vfio".to_owned(), spec: "struct thing".to_owned() });
    let explained = Explained { code: MismatchCode::FieldMissing, text: String::new(), nearest };
    let case = Case::new().because("first", State::Poisoned, Reason::NoMatch(explained));
    assert_eq!(case.judge().conditions, [loaded, Condition::ModulesReadable]);
}

#[test]
fn a_program_that_comes_to_what_changed_is_risky() {
    let change =
        Change { code: ChangeCode::Pointee, was: "struct a *".to_owned(), is: "struct b *".to_owned() };
    let extent = Extent { local: 4, target: 8, alike: 4, is_number: true };
    let changed =
        |changes: &[Change], extent: Option<Extent>, reads: &[u64], reached: bool, is_cut_short: bool| {
            let mut case = Case::new();
            let access = case.of("helper_static");
            let outcome =
                Outcome { changes: changes.to_vec(), extent, ..(*case.answer.outcomes[access]).clone() };
            case.answer.outcomes[access] = Arc::new(outcome);
            let reach = Arc::new(ProgramReach {
                poisoned: Default::default(),
                unreplaced: Vec::new(),
                missing_calls: Default::default(),
                reached: if reached { vec![access] } else { Vec::new() },
                reads: reads.iter().map(|&bytes| Read { access, bytes }).collect(),
                steps: 0,
                is_cut_short,
            });
            // The second holds it too, and does not come to it.
            let elsewhere =
                Arc::new(ProgramReach { reached: Vec::new(), reads: Vec::new(), ..(*reach).clone() });
            case.reach.programs = vec![Some(reach), Some(elsewhere), None];
            (case.verdicts(), case.judge().causes)
        };
    let (verdicts, causes) = changed(std::slice::from_ref(&change), None, &[], true, false);
    assert_eq!(verdicts, (Risky, [Some(Risky), Some(Ok), Some(Ok)]));
    let access = Case::new().of("helper_static");
    assert_eq!(causes, [Cause::Changed(vec![(access, Observed::Change(change.clone()))])]);
    let (verdicts, causes) = changed(&[], Some(extent), &[4], true, false);
    assert_eq!(verdicts, (Risky, [Some(Risky), Some(Ok), Some(Ok)]));
    let misread = Observed::Misread { bytes: 4, how: Misread::Part, local: 4, target: 8 };
    assert_eq!(causes, [Cause::Changed(vec![(access, misread)])]);
    // Not what no path leads to, nor a length that fits.
    assert_eq!(changed(std::slice::from_ref(&change), Some(extent), &[4], false, false).0.0, Ok);
    assert_eq!(changed(&[], Some(extent), &[2], true, false), ((Ok, [Some(Ok); 3]), vec![]));
    // Where not all was followed, it may be reached in any program that holds it.
    assert_eq!(changed(&[change], None, &[], false, true).0, (Risky, [Some(Risky), Some(Risky), Some(Ok)]));
}
