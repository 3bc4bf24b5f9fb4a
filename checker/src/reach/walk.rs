//! All paths of a program, one after the other, within a budget.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use corecheck_layouts::btf::Type;

use super::code::{Code, Place};
use super::meeting::{Meetings, meetings};
use super::scalar::Scalar;
use super::state::{After, State};
use super::value::{Null, Register, To};
use super::verifier::Knows;
use super::written::{Written, written};
use super::{MOST_STEPS, Question, Reach, Reached, Read};
use crate::object::Binding;

/// After so many instructions, paths that meet are joined: what differs between them is given up.
const STEPS_APART: usize = 250_000;
/// How many states are kept at one instruction before others are joined with the last.
const MOST_STATES: usize = 256;
/// How many states are kept in all before all are joined.
const MOST_STATES_IN_ALL: usize = 20_000;

/// What is found on the way.
#[derive(Default)]
pub(super) struct Found {
    /// For each trap, whether it was come to for certain, if it was at all.
    traps: BTreeMap<usize, bool>,
    pub(super) reads: BTreeSet<Read>,
    accesses: BTreeSet<usize>,
    /// Functions that are verified by themselves, and whether for certain.
    pub(super) apart: BTreeMap<u32, bool>,
}

/// The paths of one program.
pub(super) struct Walk<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) code: Code<'a>,
    pub(super) todo: Vec<State>,
    /// States that were followed from an instruction on, by the places of all functions under way.
    seen: HashMap<Vec<(Place, After)>, Vec<State>>,
    states: usize,
    steps: usize,
    most_steps: usize,
    pub(super) found: Found,
    /// Where the sides of branches meet, per function.
    meetings: HashMap<u32, Meetings>,
    written: HashMap<Place, Rc<Written>>,
    /// Accesses by place, to tell which are come to.
    accesses: HashMap<(usize, u32), Vec<usize>>,
    /// Whether programs of this sort are called with pointers of known types.
    pub(super) has_typed_context: bool,
}

/// Follows all paths.
pub(super) fn walk(question: &Question<'_>) -> Reached {
    let mut accesses: HashMap<(usize, u32), Vec<usize>> = HashMap::new();
    for access in question.accesses {
        accesses.entry((access.section_index, access.insn)).or_default().push(access.id);
    }
    let program = &question.object.programs[question.program];
    let mut walk = Walk {
        question,
        code: Code::new(question),
        todo: Vec::new(),
        seen: HashMap::new(),
        states: 0,
        steps: 0,
        most_steps: question.steps.min(MOST_STEPS),
        found: Found::default(),
        meetings: HashMap::new(),
        written: HashMap::new(),
        accesses,
        has_typed_context: has_typed_context(&program.section_name),
    };
    let mut is_cut_short = false;
    let mut done: BTreeMap<u32, bool> = BTreeMap::new();
    walk.start_main();
    walk.start_globals();
    loop {
        while let Some(state) = walk.todo.pop() {
            if walk.steps >= walk.most_steps {
                is_cut_short = true;
                break;
            }
            walk.follow(state);
        }
        // Functions that are verified by themselves, when the verifier has come to a call of them.
        let next = walk.found.apart.iter().find(|&(function, is_certain)| {
            done.get(function).is_none_or(|was_certain| *is_certain && !was_certain)
        });
        let Some((&function, &is_certain)) = next else { break };
        if is_cut_short {
            break;
        }
        done.insert(function, is_certain);
        walk.start_apart(function, is_certain);
    }
    let traps = (0..question.traps.len()).map(|trap| match walk.found.traps.get(&trap) {
        Some(true) => Reach::Reached,
        Some(false) => Reach::MayBeReached,
        None if is_cut_short => Reach::MayBeReached,
        None => Reach::Guarded,
    });
    Reached {
        traps: traps.collect(),
        reads: walk.found.reads.into_iter().collect(),
        accesses: walk.found.accesses.into_iter().collect(),
        steps: walk.steps,
        is_cut_short,
    }
}

/// Whether the arguments of programs of this section are pointers to types that the verifier knows from BTF.
fn has_typed_context(section_name: &str) -> bool {
    let prefix = section_name.split(['/', '.']).next().unwrap_or_default();
    matches!(
        prefix,
        "tp_btf"
            | "fentry"
            | "fexit"
            | "fmod_ret"
            | "fsession"
            | "lsm"
            | "lsm_cgroup"
            | "iter"
            | "struct_ops"
            | "freplace"
    )
}

impl Walk<'_> {
    fn place_of(&self, function: u32) -> Option<Place> {
        let of = self.question.object.functions.get(function as usize)?;
        Some(Place { function, insn: of.insn_off })
    }

    fn start_main(&mut self) {
        let function = self.question.object.programs[self.question.program].function as u32;
        let Some(place) = self.place_of(function) else { return };
        let mut state = State::at(place, true);
        state.top_mut().set(1, Register::pointer(To::Context, Null::Never));
        self.todo.push(state);
    }

    /// Before 6.8 all global functions are verified, called or not: libbpf appends those that something calls.
    fn start_globals(&mut self) {
        if self.question.verifier.lazy_globals == Knows::Yes {
            return;
        }
        let is_certain = self.question.verifier.lazy_globals == Knows::No;
        let program = &self.question.object.programs[self.question.program];
        for &function in &program.functions {
            if function != program.function && self.is_global(function) {
                self.come_apart(function as u32, is_certain);
            }
        }
    }

    /// Whether the verifier takes this function for a global one.
    pub(super) fn is_global(&self, function: usize) -> bool {
        let of = self.question.object.functions.get(function);
        let is_global = of.is_some_and(|of| of.binding != Binding::Local && !of.hidden && of.btf.is_some());
        is_global && self.question.verifier.global_functions != Knows::No
    }

    /// Notes a function that is verified by itself.
    pub(super) fn come_apart(&mut self, function: u32, is_certain: bool) {
        *self.found.apart.entry(function).or_insert(is_certain) |= is_certain;
    }

    /// A function that is verified by itself gets anything that its prototype allows.
    fn start_apart(&mut self, function: u32, is_certain: bool) {
        let Some(place) = self.place_of(function) else { return };
        let mut state = State::at(place, is_certain);
        let object = self.question.object;
        let of = object.functions.get(function as usize);
        let proto =
            of.and_then(|of| of.btf).zip(object.btf.as_deref()).and_then(|(id, btf)| match btf.ty(id) {
                Type::Func { proto, .. } => match btf.ty(proto) {
                    Type::FuncProto(proto) => Some((proto, btf)),
                    _ => None,
                },
                _ => None,
            });
        if let Some((proto, btf)) = proto.filter(|_| self.is_global(function as usize)) {
            for (number, param) in (1..=5_u8).zip(proto.params()) {
                let is_pointer =
                    matches!(btf.ty(btf.skip_modifiers_and_typedefs(param.of)), Type::Ptr { .. });
                let argument = match is_pointer {
                    true => Register::pointer(To::Other, Null::Unclear(0)),
                    false => Register::number(Scalar::UNKNOWN),
                };
                state.top_mut().set(number, argument);
            }
        }
        self.todo.push(state);
    }

    /// Follows one path until it ends or only goes where others went; where it parts, the other side is left in `todo`.
    fn follow(&mut self, mut state: State) {
        loop {
            if self.steps >= self.most_steps {
                self.todo.push(state);
                return;
            }
            self.steps += 1;
            if state.meeting.as_ref().is_some_and(|meeting| meeting.is_at(&state))
                && let Some(meeting) = state.meeting.take()
            {
                meeting.settle(&mut state);
            }
            let place = state.top().place;
            let Some(insn) = self.code.insn(place) else { return };
            if self.code.is_joined(place) && self.was_here(&mut state) {
                return;
            }
            self.note(place, state.is_certain);
            if !self.step(&mut state, insn) {
                return;
            }
        }
    }

    /// Where the sides of a branch meet.
    pub(super) fn meeting_of(&mut self, place: Place) -> Option<Place> {
        let code = &self.code;
        let of = self
            .meetings
            .entry(place.function)
            .or_insert_with(|| meetings(code, place.function, code.function(place)));
        of.at(place)
    }

    /// What the sides of a branch may write before they meet.
    pub(super) fn written_from(&mut self, branch: Place, meeting: Option<Place>) -> Rc<Written> {
        let code = &self.code;
        let known = self.written.entry(branch).or_insert_with(|| Rc::new(written(code, branch, meeting)));
        Rc::clone(known)
    }

    fn note(&mut self, place: Place, is_certain: bool) {
        if let Some(trap) = self.code.trap(place) {
            *self.found.traps.entry(trap).or_insert(is_certain) |= is_certain;
        }
        let section = self.code.function(place).section;
        if let Some(accesses) = self.accesses.remove(&(section, place.insn)) {
            self.found.accesses.extend(accesses);
        }
    }

    /// Whether all that this state can lead to was found before. Else it is kept, joined with another if there are many.
    pub(super) fn was_here(&mut self, state: &mut State) -> bool {
        let key = state.frames.iter().map(|frame| (frame.place, frame.after)).collect();
        let code = &self.code;
        let known = self.seen.entry(key).or_default();
        if known.iter().rev().any(|known| known.covers(state, code)) {
            return true;
        }
        let are_many =
            self.steps > STEPS_APART || self.states > MOST_STATES_IN_ALL || known.len() >= MOST_STATES;
        if let Some(last) = known.last_mut().filter(|_| are_many) {
            // What is joined grows until it covers what comes: so every loop ends.
            state.join(last);
            if last.covers(state, code) {
                return true;
            }
            *last = state.clone();
            return false;
        }
        self.states += 1;
        known.push(state.clone());
        false
    }
}
