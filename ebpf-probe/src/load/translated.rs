//! A loaded program's instructions, each with the number that it had in the object.

use std::collections::HashMap;
use std::io;
use std::os::fd::BorrowedFd;

use corecheck::access::Slots;
use corecheck::object::Insn;
use corecheck_layouts::btf::Endian;

use super::syscall;

/// A program as the kernel runs it.
#[derive(Debug, Clone)]
pub struct Translated {
    /// Its number, as in `bpftool prog`.
    pub id: u32,
    insns: Vec<Insn>,
    /// By number in the object: the place in `insns`.
    places: HashMap<u32, usize>,
}

/// What became of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    There(Slots),
    /// The verifier removed it, because no path leads to it.
    Removed,
    /// Another instruction is in its place.
    Replaced,
    /// The kernel does not show the program.
    NotShown,
}

impl Translated {
    /// Asks the kernel.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn read(program: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self::of(&syscall::read(program)?))
    }

    fn of(raw: &syscall::Raw) -> Self {
        let endian = if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little };
        let chunks = raw.insns.chunks_exact(Insn::SIZE);
        let insns = chunks.filter_map(|chunk| Some(Insn::decode(endian, chunk.try_into().ok()?))).collect();
        let places = raw.lines.iter().map(|&(insn, number)| (number, insn as usize)).collect();
        Self { id: raw.id, insns, places }
    }

    /// Whether the kernel shows its instructions at all.
    pub fn is_shown(&self) -> bool {
        !self.insns.is_empty() && !self.places.is_empty()
    }

    /// What became of the instruction with this number, which was `before`.
    pub fn fate(&self, number: u32, before: Insn) -> Fate {
        if !self.is_shown() {
            return Fate::NotShown;
        }
        let Some(&place) = self.places.get(&number) else { return Fate::Removed };
        // Barriers are put before an instruction, and the record stays in front (`BPF_ST | BPF_NOSPEC`).
        let at = (place..self.insns.len()).find(|&at| self.insns[at].code != NOSPEC);
        let Some(first) = at.and_then(|at| self.insns.get(at)).copied() else { return Fate::Removed };
        if !is_same(before, first) {
            return Fate::Replaced;
        }
        let second = at.and_then(|at| self.insns.get(at + 1)).copied().filter(|_| first.is_ld_imm64());
        Fate::There(Slots { first, second })
    }
}

/// `BPF_ST | BPF_NOSPEC`: only the kernel itself uses it.
const NOSPEC: u8 = 0xc2;

/// Whether an instruction is what became of another when a loader relocated it: a loader may poison it, and change the width of
/// a load; the verifier changes how loads from untrusted pointers are made (`BPF_PROBE_MEM`).
fn is_same(before: Insn, after: Insn) -> bool {
    if after.code == Insn::CALL && after.imm == POISON {
        return true;
    }
    let class = |insn: Insn| insn.code & 0x07;
    let is_memory = matches!(class(before), 1..=3);
    let is_alike = before.code == after.code || is_memory && class(before) == class(after);
    is_alike && before.dst == after.dst && (before.src == after.src || before.is_ld_imm64())
}

/// The helper that loaders call where an access is poisoned (libbpf, aya).
pub const POISON: i32 = 0x0bad_2310;

/// The number in an instruction, as far as it has room for one: 16 bits of offset in loads and stores, 64 bits in two slots, else 32.
pub fn value(slots: Slots) -> u64 {
    let imm = slots.first.imm as u32;
    match (slots.first.code & 0x07, slots.second) {
        (1..=3, _) => u64::from(slots.first.off as u16),
        (0, Some(second)) => u64::from(imm) | u64::from(second.imm as u32) << 32,
        _ => u64::from(imm),
    }
}

/// As much of a number as this instruction has room for: what [`value`] gives when a loader puts it there.
pub fn fitted(slots: Slots, number: u64) -> u64 {
    match (slots.first.code & 0x07, slots.second) {
        (1..=3, _) => number & 0xffff,
        (0, Some(_)) => number,
        _ => number & 0xffff_ffff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOV: u8 = 0xb7;
    const LOAD: u8 = 0x79;

    fn insn(code: u8, off: i16, imm: i32) -> Insn {
        Insn { code, off, imm, ..Insn::default() }
    }

    fn bytes(insn: Insn) -> [u8; 8] {
        let [o0, o1] = insn.off.to_le_bytes();
        let [i0, i1, i2, i3] = insn.imm.to_le_bytes();
        [insn.code, insn.dst | insn.src << 4, o0, o1, i0, i1, i2, i3]
    }

    #[test]
    fn an_instruction_is_found_by_its_number_wherever_it_went() {
        let code =
            [insn(MOV, 0, 7), insn(0x05, 1, 0), insn(NOSPEC, 0, 0), insn(LOAD, 24, 0), insn(0x95, 0, 0)];
        let raw = syscall::Raw {
            id: 5,
            insns: code.iter().flat_map(|&insn| bytes(insn)).collect(),
            lines: vec![(0, 11), (2, 14), (4, 15)],
        };
        let translated = Translated::of(&raw);
        let slots = |insn| Fate::There(Slots { first: insn, second: None });
        assert_eq!(translated.fate(11, insn(MOV, 0, 0)), slots(code[0]));
        assert_eq!(translated.fate(12, insn(MOV, 0, 0)), Fate::Removed);
        // Behind the barrier that was put before it; another width is no other instruction.
        assert_eq!(translated.fate(14, insn(LOAD - 0x18, 0, 0)), slots(code[3]));
        assert_eq!(translated.fate(15, insn(MOV, 0, 0)), Fate::Replaced);
        let hidden = Translated::of(&syscall::Raw { insns: Vec::new(), ..raw });
        assert_eq!(hidden.fate(11, insn(MOV, 0, 0)), Fate::NotShown);
    }

    #[test]
    fn numbers_are_as_wide_as_their_place() {
        let one = |first| Slots { first, second: None };
        let wide = Slots { first: insn(0x18, 0, -1), second: Some(insn(0, 0, 2)) };
        assert_eq!(value(one(insn(LOAD, -2, 9))), 0xfffe);
        assert_eq!(fitted(one(insn(LOAD, 0, 0)), u64::MAX - 1), 0xfffe);
        assert_eq!(value(one(insn(MOV, 3, -2))), 0xffff_fffe);
        assert_eq!(value(wide), 0x2_ffff_ffff);
        assert_eq!(fitted(wide, u64::MAX), u64::MAX);
    }
}
