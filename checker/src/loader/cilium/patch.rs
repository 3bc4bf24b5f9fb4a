//! The instruction as cilium/ebpf leaves it (`COREFixup.Apply`): no widths are looked at.

use aya_obj::generated::{BPF_ALU, BPF_ALU64, BPF_K, BPF_LD, BPF_LDX, BPF_ST, BPF_STX};

use crate::access::Slots;
use crate::object::Insn;
use crate::resolve::{POISON, PatchError, poison};

/// Whether it is a load or a store.
pub(super) fn is_memory(slots: Slots) -> bool {
    matches!(u32::from(slots.first.code) & 0x07, BPF_LDX | BPF_ST | BPF_STX)
}

/// What stands where there is no answer: a call of no function, as with libbpf; for a load of 64 bits a load into the frame pointer, which the
/// verifier refuses as well (`frame pointer is read only`).
pub(super) fn poisoned(slots: Slots) -> Slots {
    let Some(second) = slots.second.filter(|_| slots.first.is_ld_imm64()) else { return poison(slots) };
    let first = Insn { dst: 10, src: 0, off: 0, imm: POISON, ..slots.first };
    Slots { first, second: Some(Insn { imm: 0, ..second }) }
}

/// Puts the number `target` where `local` should be.
pub(super) fn patch(slots: Slots, local: u64, target: u64, validate: bool) -> Result<Slots, PatchError> {
    let mut slots = slots;
    let insn = &mut slots.first;
    let expect = |found: i64, expected: i64| match validate && found != expected {
        true => Err(PatchError::UnexpectedValue { found, expected: local }),
        false => Ok(()),
    };
    let unexpected = PatchError::UnexpectedInstruction(insn.code);
    match u32::from(insn.code) & 0x07 {
        BPF_LDX | BPF_ST | BPF_STX => {
            expect(insn.off.into(), i64::from(local as i16))?;
            insn.off = i16::try_from(target).map_err(|_| PatchError::OffsetTooLarge(target))?;
        }
        BPF_LD => {
            let Some(second) = slots.second.as_mut().filter(|_| insn.is_ld_imm64()) else {
                return Err(unexpected);
            };
            expect(i64::from(insn.imm as u32) | i64::from(second.imm) << 32, local as i64)?;
            insn.imm = target as i32;
            second.imm = (target >> 32) as i32;
        }
        BPF_ALU | BPF_ALU64 if u32::from(insn.code) & 0x08 == BPF_K => {
            expect(insn.imm.into(), local as i64)?;
            insn.imm = i32::try_from(target).map_err(|_| PatchError::NumberTooLarge(target))?;
        }
        _ => return Err(unexpected),
    }
    Ok(slots)
}
