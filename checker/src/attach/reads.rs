//! What programs read of their context: which instructions load through the pointer that a program is called with.
//!
//! The pointer is followed through registers, the places on the stack where compilers keep registers, and calls of the object's
//! own functions. Where paths meet of which not all have it, it is given up: so an instruction that is found here reads the
//! context whenever it is run. A pointer to which something was added is given up, too: most verifiers refuse loads through it.

use std::collections::{BTreeMap, BTreeSet};

use crate::object::{Insn, Object, Program, Target};

/// A read of a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextRead {
    /// Where it begins, in bytes from the start.
    pub at: u32,
    /// Index of the instruction's section in the object.
    pub section: usize,
    /// The instruction, counted from the start of the section.
    pub insn: u32,
}

/// Which registers, and which places on the stack (in bytes from its end), hold the context's pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Holders {
    registers: u16,
    stack: BTreeSet<i16>,
}

/// The register of the stack's end.
const FRAME: u8 = 10;

impl Holders {
    fn holds(&self, register: u8) -> bool {
        self.registers & (1 << register) != 0
    }

    fn set(&mut self, register: u8, holds: bool) {
        self.registers = self.registers & !(1 << register) | u16::from(holds) << register;
    }

    /// What both hold; whether that is less than this held.
    fn meet(&mut self, other: &Self) -> bool {
        let (registers, places) = (self.registers & other.registers, self.stack.len());
        let is_less = registers != self.registers;
        self.registers = registers;
        self.stack.retain(|at| other.stack.contains(at));
        is_less || self.stack.len() != places
    }
}

/// What is being followed.
struct Follow<'a> {
    object: &'a Object,
    program: &'a Program,
    /// By function and instruction, what holds the pointer before it.
    before: BTreeMap<(usize, u32), Holders>,
    todo: Vec<(usize, u32)>,
}

/// What a program reads of its context, each instruction once, ascending.
pub(super) fn context_reads(object: &Object, program: &Program) -> Vec<ContextRead> {
    let mut follow = Follow { object, program, before: BTreeMap::new(), todo: Vec::new() };
    let called_back: BTreeSet<usize> = object
        .references
        .iter()
        .filter_map(|reference| match reference.target {
            Target::FunctionAddress(function) => Some(function),
            _ => None,
        })
        .collect();
    for function in called_back {
        follow.enter(function, Holders::default());
    }
    follow.enter(program.function, Holders { registers: 1 << 1, ..Holders::default() });
    while let Some(place) = follow.todo.pop() {
        follow.step(place);
    }
    let mut reads: Vec<ContextRead> =
        follow.before.iter().filter_map(|(&place, holders)| follow.read(place, holders)).collect();
    reads.sort_unstable();
    reads
}

impl Follow<'_> {
    fn insn(&self, (function, insn): (usize, u32)) -> Option<Insn> {
        let of = self.object.functions.get(function).filter(|of| of.contains(insn))?;
        self.object.sections.get(of.section)?.insns.get(usize::try_from(insn).ok()?).copied()
    }

    fn reference(&self, (function, insn): (usize, u32)) -> Option<Target> {
        let key = (self.object.functions.get(function)?.section, insn);
        let references = &self.object.references;
        let at =
            references.binary_search_by_key(&key, |reference| (reference.section, reference.insn)).ok()?;
        references.get(at).map(|reference| reference.target)
    }

    fn enter(&mut self, function: usize, holders: Holders) {
        let Some(of) = self.object.functions.get(function) else { return };
        if self.program.functions.binary_search(&function).is_ok() {
            self.go((function, of.insn_off), &holders);
        }
    }

    /// Comes to an instruction. Each time something is given up, so that this ends.
    fn go(&mut self, place: (usize, u32), holders: &Holders) {
        let is_news = match self.before.get_mut(&place) {
            Some(known) => known.meet(holders),
            None => self.before.insert(place, holders.clone()).is_none(),
        };
        if is_news {
            self.todo.push(place);
        }
    }

    fn step(&mut self, place: (usize, u32)) {
        let (Some(insn), Some(mut holders)) = (self.insn(place), self.before.get(&place).cloned()) else {
            return;
        };
        let next = |by: i64| Some((place.0, u32::try_from(i64::from(place.1).checked_add(by)?).ok()?));
        let mut ways = vec![next(if insn.is_ld_imm64() { 2 } else { 1 })];
        match insn.code & 0x07 {
            5 | 6 => match insn.code {
                Insn::CALL => self.call(place, &mut holders),
                // `exit`
                0x95 => ways.clear(),
                0x05 => ways = vec![next(i64::from(insn.off) + 1)],
                // `gotol`
                0x06 => ways = vec![next(i64::from(insn.imm) + 1)],
                _ => ways.push(next(i64::from(insn.off) + 1)),
            },
            _ => compute(insn, &mut holders),
        }
        for way in ways.into_iter().flatten() {
            self.go(way, &holders);
        }
    }

    fn call(&mut self, place: (usize, u32), holders: &mut Holders) {
        if let Some(Target::Call(callee)) = self.reference(place) {
            self.enter(callee, Holders { registers: holders.registers & 0x3e, ..Holders::default() });
        }
        // `r0` to `r5`
        holders.registers &= !0x3f;
    }

    fn read(&self, place: (usize, u32), holders: &Holders) -> Option<ContextRead> {
        let insn = self.insn(place)?;
        // `BPF_LDX`, with or without sign.
        let is_load = insn.code & 0x07 == 1 && matches!(insn.code & 0xe0, 0x60 | 0x80);
        let at = u32::try_from(insn.off).ok()?;
        let section = self.object.functions.get(place.0)?.section;
        (is_load && holders.holds(insn.src)).then_some(ContextRead { at, section, insn: place.1 })
    }
}

/// What an instruction that is no jump leaves.
fn compute(insn: Insn, holders: &mut Holders) {
    const MEMORY: u8 = 0x60;
    const DOUBLE_WORD: u8 = 0x18;
    let is_whole = insn.code & 0xe0 == MEMORY && insn.code & 0x18 == DOUBLE_WORD;
    match insn.code & 0x07 {
        // A 64-bit constant, or a load from the packet, which is a call.
        0 if insn.is_ld_imm64() => holders.set(insn.dst, false),
        0 => holders.registers &= !0x3f,
        1 => {
            let is_kept = is_whole && insn.src == FRAME && holders.stack.contains(&insn.off);
            holders.set(insn.dst, is_kept);
        }
        2 | 3 => {
            let is_plain = insn.code & 0xe0 == MEMORY;
            if insn.dst == FRAME {
                let is_kept = is_whole && insn.code & 0x07 == 3 && holders.holds(insn.src);
                holders.stack.retain(|at| at.abs_diff(insn.off) >= 8);
                if is_kept {
                    holders.stack.insert(insn.off);
                }
            }
            if !is_plain {
                // An atomic operation may give back what was there.
                [0, insn.src, insn.dst].into_iter().for_each(|register| holders.set(register, false));
            }
        }
        // `mov` of a whole register.
        7 if insn.code == 0xbf && insn.off == 0 => holders.set(insn.dst, holders.holds(insn.src)),
        _ => holders.set(insn.dst, false),
    }
}
