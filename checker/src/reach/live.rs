//! Which registers matter at an instruction: those that a later branch, address or call may depend on. Paths that differ
//! in others need not be followed twice.

use super::code::{Code, Place};
use crate::object::{Function, Insn};

/// What is found out about one function.
pub(super) struct Live {
    first: u32,
    /// Per instruction, the registers that matter before it, one bit each.
    before: Vec<u16>,
    /// Per instruction, whether a jump leads there.
    joined: Vec<bool>,
}

/// `r1` to `r5`: the arguments of calls.
const ARGUMENTS: u16 = 0b11_1110;
/// `r0` to `r5`: what calls leave unusable, or return.
const SCRATCHED: u16 = 0b11_1111;
/// How often the instructions are gone through before all registers are taken to matter: loops within loops take some more.
const MOST_ROUNDS: usize = 64;
/// The frame pointer is always known.
const FRAME: u16 = 1 << 10;

impl Live {
    pub(super) fn before(&self, insn: u32) -> u16 {
        let index = insn.wrapping_sub(self.first) as usize;
        self.before.get(index).copied().unwrap_or(u16::MAX) & !FRAME
    }

    pub(super) fn is_joined(&self, insn: u32) -> bool {
        self.joined.get(insn.wrapping_sub(self.first) as usize).copied().unwrap_or(true)
    }
}

/// Finds out about one function. What the main function of a program returns does not matter.
pub(super) fn live(code: &Code<'_>, index: u32, function: &Function, is_main: bool) -> Live {
    let first = function.insn_off;
    let count = function.insn_count as usize;
    let insns: Vec<Insn> = (0..function.insn_count)
        .map(|at| code.insn(Place { function: index, insn: first + at }).unwrap_or_default())
        .collect();
    let mut joined = vec![false; count];
    for (at, insn) in insns.iter().enumerate() {
        if let Some(target) = jump_target(at, insn)
            && let Some(joined) = joined.get_mut(target)
        {
            *joined = true;
        }
    }
    let mut before = vec![0_u16; count];
    // A fixed point: masks only grow, so it ends; the order makes it quick, unless somebody wants it slow.
    for _ in 0..MOST_ROUNDS {
        let mut has_changed = false;
        for at in (0..count).rev() {
            let insn = &insns[at];
            let next = |at: usize| before.get(at).copied().unwrap_or(0);
            let mut after = 0;
            if !ends(insn) {
                after |= next(at + Code::slots(*insn) as usize);
            }
            if let Some(target) = jump_target(at, insn) {
                after |= next(target);
            }
            let new = transfer(insn, after, is_main);
            if new != before[at] {
                before[at] = new;
                has_changed = true;
            }
        }
        if !has_changed {
            return Live { first, before, joined };
        }
    }
    Live { first, before: vec![u16::MAX; count], joined }
}

/// Where a jump leads, as an index within the function.
pub(super) fn jump_target(at: usize, insn: &Insn) -> Option<usize> {
    let by = match (insn.code & 0x07, insn.code & 0xf0) {
        (5 | 6, 0x80 | 0x90) => return None,
        (5, _) => i64::from(insn.off),
        (6, 0) => i64::from(insn.imm),
        (6, _) => i64::from(insn.off),
        _ => return None,
    };
    usize::try_from(at as i64 + 1 + by).ok()
}

/// Whether the instruction after it is not reached from it.
fn ends(insn: &Insn) -> bool {
    matches!((insn.code & 0x07, insn.code & 0xf0), (5, 0x90) | (5 | 6, 0))
}

fn bit(register: u8) -> u16 {
    1 << (register & 0xf)
}

/// The registers that matter before an instruction, given those after it.
fn transfer(insn: &Insn, after: u16, is_main: bool) -> u16 {
    let (dst, src) = (bit(insn.dst), bit(insn.src));
    match insn.code & 0x07 {
        // A 64-bit constant; or a load from the packet, which uses r6 and a register and leaves its result in r0.
        0 if insn.is_ld_imm64() => after & !dst,
        0 => after & !SCRATCHED | 1 << 6 | src,
        // A load.
        1 if after & dst != 0 => after & !dst | src,
        1 => after,
        // Stores; atomic ones may return a value.
        2 => after | dst,
        3 => after | dst | src,
        5 | 6 => match insn.code & 0xf0 {
            0x80 => after & !SCRATCHED | ARGUMENTS,
            0x90 if is_main => 0,
            0x90 => 1,
            0 => after,
            _ if insn.code & 0x08 != 0 => after | dst | src,
            _ => after | dst,
        },
        // Arithmetic.
        _ if after & dst == 0 => after,
        _ => {
            let kept = if insn.code & 0xf0 == 0xb0 { after & !dst } else { after };
            let has_source = insn.code & 0x08 != 0 && insn.code & 0xf0 != 0xd0 && insn.code & 0xf0 != 0x80;
            if has_source { kept | src } else { kept }
        }
    }
}
