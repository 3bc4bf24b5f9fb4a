//! The code of one program as the verifier gets it: relocated, with what each instruction refers to.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};

use super::Question;
use super::live::{Live, live};
use crate::access::RelocationKind;
use crate::object::{Function, Insn, Object, Target};
use crate::resolve::State as OutcomeState;

/// Where an instruction stands: index of the function, and the instruction counted from the start of its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) function: u32,
    pub(super) insn: u32,
}

/// The code of one program.
pub(super) struct Code<'a> {
    pub(super) object: &'a Object,
    /// Instructions that relocation changes: by section and instruction.
    changed: HashMap<(usize, u32), Insn>,
    /// Instructions with a relocation whose outcome is not known.
    unsure: HashMap<(usize, u32), ()>,
    /// Instructions that hold the offset of an access's field.
    fields: HashMap<(usize, u32), u32>,
    traps: HashMap<(usize, u32), usize>,
    /// What is used later, per function of the program.
    live: BTreeMap<u32, Live>,
}

impl<'a> Code<'a> {
    pub(super) fn new(question: &Question<'a>) -> Self {
        let object = question.object;
        let mut code = Self {
            object,
            changed: HashMap::new(),
            unsure: HashMap::new(),
            fields: HashMap::new(),
            traps: question
                .traps
                .iter()
                .enumerate()
                .map(|(n, trap)| ((trap.section, trap.insn), n))
                .collect(),
            live: BTreeMap::new(),
        };
        let program = &object.programs[question.program];
        for (access, outcome) in question.accesses.iter().zip(question.outcomes) {
            let is_own = access
                .function_index
                .is_some_and(|function| program.functions.binary_search(&function).is_ok());
            if !is_own || access.skipped.is_some() {
                continue;
            }
            let place = (access.section_index, access.insn);
            match outcome.state {
                OutcomeState::Unknown => {
                    code.unsure.insert(place, ());
                }
                // As compiled: what comes after it is looked at as if it had been found as the compiler saw it.
                OutcomeState::Poisoned => {}
                _ => {
                    if let Some(slots) = outcome.patched {
                        code.changed.insert(place, slots.first);
                        if let Some(second) = slots.second {
                            code.changed.insert((place.0, place.1 + 1), second);
                        }
                    }
                    if access.kind == RelocationKind::FieldByteOffset {
                        code.fields.insert(place, access.id as u32);
                    }
                }
            }
        }
        for &function in &program.functions {
            if let Some(of) = object.functions.get(function) {
                let is_main = function == program.function;
                let found = live(&code, function as u32, of, is_main);
                code.live.insert(function as u32, found);
            }
        }
        code
    }

    pub(super) fn function(&self, place: Place) -> &'a Function {
        &self.object.functions[place.function as usize]
    }

    fn key(&self, place: Place) -> (usize, u32) {
        (self.function(place).section, place.insn)
    }

    /// The instruction; `None` outside of the function.
    pub(super) fn insn(&self, place: Place) -> Option<Insn> {
        let function = self.function(place);
        if !function.contains(place.insn) {
            return None;
        }
        let key = (function.section, place.insn);
        if let Some(changed) = self.changed.get(&key) {
            return Some(*changed);
        }
        self.object.sections.get(key.0)?.insns.get(key.1 as usize).copied()
    }

    /// What the instruction refers to.
    pub(super) fn reference(&self, place: Place) -> Option<Target> {
        let key = self.key(place);
        let references = &self.object.references;
        let found = references.binary_search_by_key(&key, |reference| (reference.section, reference.insn));
        found.ok().and_then(|index| references.get(index)).map(|reference| reference.target)
    }

    /// The trap that stands here.
    pub(super) fn trap(&self, place: Place) -> Option<usize> {
        self.traps.get(&self.key(place)).copied()
    }

    /// Whether what relocation makes of the instruction is not known.
    pub(super) fn is_unsure(&self, place: Place) -> bool {
        self.unsure.contains_key(&self.key(place))
    }

    /// The access whose field's offset the instruction holds.
    pub(super) fn field(&self, place: Place) -> Option<u32> {
        self.fields.get(&self.key(place)).copied()
    }

    /// Registers that matter from here on, one bit each.
    pub(super) fn live(&self, place: Place) -> u16 {
        self.live.get(&place.function).map_or(u16::MAX, |live| live.before(place.insn))
    }

    /// Whether jumps lead here.
    pub(super) fn is_joined(&self, place: Place) -> bool {
        self.live.get(&place.function).is_none_or(|live| live.is_joined(place.insn))
    }

    /// The size of the instruction in slots.
    pub(super) fn slots(insn: Insn) -> u32 {
        if insn.is_ld_imm64() { 2 } else { 1 }
    }
}
