//! What the sides of a branch may change before they meet.

use std::collections::BTreeSet;

use super::code::{Code, Place};
use super::helpers::{self, Writes};
use super::live::jump_target;
use super::memory::Width;
use crate::object::Insn;

/// What is written between a branch and a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Registers, one bit each.
    pub(super) registers: u16,
    /// Places on the stack of the function, in bytes from its end, and how many bytes there.
    pub(super) stack: BTreeSet<(i32, i32)>,
    /// Whether something is written through a pointer, which may be one to any stack.
    pub(super) elsewhere: bool,
}

/// `r0` to `r5`.
const SCRATCHED: u16 = 0b11_1111;
/// The frame pointer.
const FRAME: u8 = 10;

/// What paths from a branch write before they come to `meeting`, or, if that is `None`, to the end of the function.
pub(super) fn written(code: &Code<'_>, branch: Place, meeting: Option<Place>) -> Written {
    let first = code.function(branch).insn_off;
    let (mut found, mut seen, mut todo) = (Written::default(), BTreeSet::new(), vec![branch.insn]);
    while let Some(at) = todo.pop() {
        let place = Place { insn: at, ..branch };
        if meeting.is_some_and(|meeting| meeting.insn == at) || !seen.insert(at) {
            continue;
        }
        let Some(insn) = code.insn(place) else { continue };
        found.add(insn);
        let is_jump = matches!(insn.code & 0x07, 5 | 6);
        let target = jump_target((at - first) as usize, &insn).and_then(|to| u32::try_from(to).ok());
        todo.extend(target.map(|to| first.saturating_add(to)));
        // Neither after the end nor after a jump that is always taken.
        if !(is_jump && matches!(insn.code & 0xf0, 0x90 | 0)) {
            todo.push(at.saturating_add(Code::slots(insn)));
        }
    }
    found
}

impl Written {
    fn add(&mut self, insn: Insn) {
        let dst = 1 << (insn.dst & 0xf);
        match insn.code & 0x07 {
            0 if !insn.is_ld_imm64() => self.registers |= SCRATCHED,
            0 | 1 | 4 | 7 => self.registers |= dst,
            2 | 3 if insn.dst == FRAME => {
                self.stack.insert((insn.off.into(), Width::of_code(insn.code).bytes().cast_signed()));
                self.add_atomic(insn);
            }
            2 | 3 => {
                self.elsewhere = true;
                self.add_atomic(insn);
            }
            _ if insn.code & 0xf0 == 0x80 => {
                self.registers |= SCRATCHED;
                let only_reads = insn.src == 0 && helpers::writes(insn.imm) == Writes::Nothing;
                self.elsewhere |= !only_reads;
            }
            _ => {}
        }
    }

    /// An atomic operation may return the old value.
    fn add_atomic(&mut self, insn: Insn) {
        if insn.code & 0xe7 == 0xc3 {
            self.registers |= 1 | 1 << (insn.src & 0xf) | 1 << (insn.dst & 0xf);
        }
    }
}
