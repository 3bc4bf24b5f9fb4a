//! What corecheck says of the same traps.

use anyhow::{Context, Result, ensure};
use corecheck::access::{Access, accesses};
use corecheck::answer::answer;
use corecheck::attach::ExternValue;
use corecheck::object::{Object, read_bytes};
use corecheck::reach::{self, Question, Reach};
use corecheck::resolve::State;
use corecheck_layouts::kernel::{Kernel, Modules};

use crate::running::Running;
use crate::subject::Asked;
use crate::trap;

/// An object as corecheck reads it.
pub struct Predictor {
    object: Object,
    accesses: Vec<Access>,
    externs: Vec<ExternValue>,
    data: Vec<Vec<u8>>,
}

/// What corecheck says of a trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predicted {
    /// Whether the verifier comes to it.
    pub reach: Reach,
    /// Whether that is said only because the budget was spent.
    pub is_cut_short: bool,
}

impl Predictor {
    /// Reads an object; for the running kernel's externs.
    pub fn read(name: &str, bytes: &[u8], running: &Running) -> Result<Self> {
        let mut objects = read_bytes(name, bytes)?;
        ensure!(objects.len() == 1, "corecheck finds {} objects", objects.len());
        let object = objects.remove(0);
        let accesses = accesses(&object);
        let externs = running.externs(&object);
        let data = object.data.iter().map(|data| data.bytes.clone()).collect();
        Ok(Self { object, accesses, externs, data })
    }

    /// What corecheck says of each trap of one program that libbpf made of a target, in their order. That these are the
    /// accesses which corecheck calls poisoned is made sure of.
    pub fn predict(
        &self,
        kernel: &Kernel,
        running: &Running,
        program: &str,
        asked: &[Asked],
    ) -> Result<Vec<Predicted>> {
        let mut answers = answer(&self.object, &self.accesses, &[kernel], &Modules::Only(Default::default()));
        let outcomes = answers.distinct.swap_remove(0).outcomes;
        let index =
            self.object.programs.iter().position(|one| self.object.functions[one.function].name == program);
        let index = index.with_context(|| format!("corecheck finds no program {program}"))?;
        let mut traps = Vec::new();
        for one in asked {
            let section = self.object.sections.iter().position(|section| section.name == one.trap.section);
            let section =
                section.with_context(|| format!("corecheck finds no section {}", one.trap.section))?;
            traps.push(reach::Trap { section, insn: u32::try_from(one.trap.insn)? });
        }
        let functions = &self.object.programs[index].functions;
        for (access, outcome) in self.accesses.iter().zip(&outcomes) {
            let is_own = access.function_index.is_some_and(|function| functions.contains(&function));
            if is_own && access.skipped.is_none() && outcome.state == State::Poisoned {
                let is_trap = asked.iter().zip(&traps).any(|(one, trap)| {
                    one.trap.kind == trap::Kind::Access
                        && (trap.section, trap.insn) == (access.section_index, access.insn)
                });
                ensure!(is_trap, "corecheck says that {} is poisoned, and libbpf has not", access.key);
            }
        }
        for (one, trap) in asked.iter().zip(&traps) {
            let is_poisoned = self.accesses.iter().zip(&outcomes).any(|(access, outcome)| {
                (trap.section, trap.insn) == (access.section_index, access.insn)
                    && outcome.state == State::Poisoned
            });
            ensure!(is_poisoned || one.trap.kind == trap::Kind::Kfunc, "libbpf has poisoned {:?}", one.trap);
        }
        let reached = reach::reach(&Question {
            object: &self.object,
            program: index,
            accesses: &self.accesses,
            outcomes: &outcomes,
            externs: &self.externs,
            data: &self.data,
            verifier: running.verifier,
            traps: &traps,
            steps: reach::MOST_STEPS,
        });
        let is_cut_short = reached.is_cut_short;
        Ok(reached.traps.into_iter().map(|reach| Predicted { reach, is_cut_short }).collect())
    }
}
