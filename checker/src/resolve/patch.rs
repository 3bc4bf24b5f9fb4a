//! The instruction as a loader would leave it (`bpf_core_patch_insn`).

use aya_obj::generated::{
    BPF_ALU, BPF_ALU64, BPF_B, BPF_CALL, BPF_DW, BPF_H, BPF_JMP, BPF_K, BPF_LD, BPF_LDX, BPF_ST, BPF_STX,
    BPF_W,
};
use corecheck_layouts::btf::{Btf, Type};
use thiserror::Error;

use super::Rules;
use crate::access::{Slots, Value};
use crate::object::Insn;

/// The helper number that stands for an unresolved access: `0xbad2310`, "bad relo".
/// The verifier says `invalid func unknown#195896080` when it reaches it.
pub const POISON: i32 = 195_896_080;

/// An instruction that a loader refuses to patch: the load fails.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
pub enum PatchError {
    /// The instruction does not hold what the compiler's own layout says it must.
    #[error("the instruction holds {found}, but the object's own types say {expected}")]
    UnexpectedValue {
        /// What it holds.
        found: i64,
        /// What it should hold.
        expected: u64,
    },
    /// The offset does not fit the 16 bits that loads and stores have.
    #[error("offset {0} does not fit into a load or store, which reach 32767 bytes")]
    OffsetTooLarge(u64),
    /// The width of the load is not that of the local field.
    #[error("the instruction accesses {found} bytes, but the local field has {expected}")]
    UnexpectedWidth {
        /// Bytes the instruction accesses.
        found: u32,
        /// Size of the local field in bytes.
        expected: u32,
    },
    /// The new width is none that a load can have.
    #[error("no load or store is {0} bytes wide")]
    NoSuchWidth(u32),
    /// The number does not fit the 32 bits that the instruction has (cilium/ebpf).
    #[error("{0} does not fit into the instruction, which holds numbers up to 2147483647")]
    NumberTooLarge(u64),
    /// Not an instruction that can carry a relocation.
    #[error("instruction {0:#04x} cannot carry a relocation")]
    UnexpectedInstruction(u8),
}

/// What patching gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patched {
    /// The instruction with the new value.
    Done(Slots),
    /// The width would change in a way that changes what is read: poisoned.
    WidthPoisoned(Slots),
}

/// The slots with every one replaced by the poison call.
pub(crate) fn poison(slots: Slots) -> Slots {
    let call = Insn { code: (BPF_JMP | BPF_CALL) as u8, imm: POISON, ..Insn::default() };
    Slots { first: call, second: slots.first.is_ld_imm64().then_some(call) }
}

/// Whether a load may change its width: pointers, and integers of which neither is signed.
fn may_resize(local: &Value, local_btf: &Btf, target: &Value, target_btf: &Btf) -> bool {
    match (local_btf.ty(local.field_type), target_btf.ty(target.field_type)) {
        (Type::Ptr { .. }, Type::Ptr { .. }) => true,
        // libbpf compares the whole encoding with SIGNED: a signed char or bool does not occur.
        (Type::Int(from), Type::Int(to)) => from.encoding != 1 && to.encoding != 1,
        _ => false,
    }
}

/// Patches one instruction.
pub(super) fn patch(
    slots: Slots,
    (local, local_btf): (&Value, &Btf),
    (target, target_btf): (&Value, &Btf),
    rules: Rules,
) -> Result<Patched, PatchError> {
    let mut slots = slots;
    let insn = &mut slots.first;
    let expect = |found: i64| {
        let expected = local.number;
        // Where numbers have 32 bits, so have immediate values and offsets when they are compared.
        let is_same =
            if rules.wide_numbers { found as u64 == expected } else { found as u32 == expected as u32 };
        if local.validate && !is_same {
            return Err(PatchError::UnexpectedValue { found, expected });
        }
        Ok(())
    };
    let unexpected = PatchError::UnexpectedInstruction(insn.code);
    match u32::from(insn.code) & 0x07 {
        BPF_ALU | BPF_ALU64 => {
            if u32::from(insn.code) & 0x08 != BPF_K {
                return Err(unexpected);
            }
            expect(insn.imm.into())?;
            insn.imm = target.number as i32;
        }
        BPF_LDX | BPF_ST | BPF_STX => {
            expect(insn.off.into())?;
            let offset =
                i16::try_from(target.number).map_err(|_| PatchError::OffsetTooLarge(target.number))?;
            let resized = local.field_size != target.field_size;
            if resized && !may_resize(local, local_btf, target, target_btf) {
                return Ok(Patched::WidthPoisoned(poison(slots)));
            }
            insn.off = offset;
            if resized {
                let found = width(insn.code);
                if found != local.field_size {
                    return Err(PatchError::UnexpectedWidth { found, expected: local.field_size });
                }
                let size = size_bits(target.field_size).ok_or(PatchError::NoSuchWidth(target.field_size))?;
                insn.code = insn.code & !0x18 | size as u8;
            }
        }
        BPF_LD => {
            let second = slots.second.as_mut();
            let Some(second) = second.filter(|second| insn.is_ld_imm64() && is_plain_constant(insn, second))
            else {
                return Err(unexpected);
            };
            if rules.wide_numbers {
                expect(i64::from(insn.imm as u32) | i64::from(second.imm) << 32)?;
            } else {
                // Until libbpf 1.0 the sign of the lower half went into the upper one (fixed by 0167a883).
                let found = i64::from(insn.imm).wrapping_add(i64::from(second.imm) << 32);
                if local.validate && found as u64 != local.number {
                    return Err(PatchError::UnexpectedValue { found, expected: local.number });
                }
            }
            insn.imm = target.number as i32;
            second.imm = (target.number >> 32) as i32;
        }
        _ => return Err(unexpected),
    }
    Ok(Patched::Done(slots))
}

fn is_plain_constant(first: &Insn, second: &Insn) -> bool {
    first.src == 0 && first.off == 0 && *second == Insn { imm: second.imm, ..Insn::default() }
}

/// Width of a load or store in bytes.
fn width(code: u8) -> u32 {
    match u32::from(code) & 0x18 {
        BPF_DW => 8,
        BPF_W => 4,
        BPF_H => 2,
        _ => 1,
    }
}

fn size_bits(bytes: u32) -> Option<u32> {
    match bytes {
        8 => Some(BPF_DW),
        4 => Some(BPF_W),
        2 => Some(BPF_H),
        1 => Some(BPF_B),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
