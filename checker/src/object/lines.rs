//! The source line of an access.
//!
//! `line_info` has a record where the line changes, and an instruction without one of its own has the line of the last
//! record before it. For accesses that is often the wrong line: clang gives the instruction that loads a relocated number
//! (`r1 = 40`) no place at all, since it made it up itself, so that the last record before it is of the statement
//! before. The right line is where the number is used: with the first record between the load and an instruction that
//! reads the number, or what was computed from it.

use std::collections::HashMap;

use super::btf_ext::{Group, fault};
use super::code::Code;
use super::model::{Function, LineRecord};
use super::{ErrorKind, Insn};

/// How far a use is sought, in instructions. Clang loads a number shortly before it is used.
const FARTHEST_USE: usize = 256;

/// The source lines of each section, ordered by instruction.
#[derive(Default)]
pub(super) struct Lines {
    by_section: HashMap<usize, Vec<(u32, LineRecord)>>,
}

impl Lines {
    /// Takes the records of one section; `check_string` tells whether a string offset is in range.
    pub(super) fn add(
        &mut self,
        section: usize,
        group: &Group<'_>,
        code: &Code,
        check_string: impl Fn(u32) -> Result<(), String>,
    ) -> Result<(), ErrorKind> {
        let lines = self.by_section.entry(section).or_default();
        for record in group.records::<4>() {
            let [offset, file_off, text_off, place] = record.words;
            let wrong = |what: String| fault(record.offset, format!("line_info: {what}"));
            let insn = code.insn_at(section, u64::from(offset)).map_err(wrong)?;
            check_string(file_off).map_err(wrong)?;
            check_string(text_off).map_err(wrong)?;
            // The upper 22 bits are the line, the lower 10 the column (BPF_LINE_INFO_LINE_NUM and _COL).
            lines.push((insn, LineRecord { file_off, text_off, line: place >> 10, column: place & 0x3ff }));
        }
        Ok(())
    }

    /// To be called once after all records were added.
    pub(super) fn sort(&mut self) {
        self.by_section.values_mut().for_each(|lines| lines.sort_by_key(|&(insn, _)| insn));
    }

    /// The line of an access at an instruction of a function.
    pub(super) fn of_access(&self, code: &Code, function: &Function, insn: u32) -> Option<LineRecord> {
        let own = self.covering(function, insn);
        let insns = code.sections.get(function.section)?.insns.get(insn as usize..)?;
        let loads_number = insns.first().is_some_and(|insn| insn.is_ld_imm64() || is_mov_imm(*insn));
        // A record with a column that begins right here is the compiler's word; without one, it is only the
        // function's first line, which clang puts where it knows nothing.
        let is_told = own.is_some_and(|(start, line)| start == insn && line.column != 0);
        let used = if loads_number && !is_told { self.of_first_use(function, insns, insn) } else { None };
        used.or(own.map(|(_, line)| line))
    }

    /// The last record that begins at or before an instruction, within its function.
    fn covering(&self, function: &Function, insn: u32) -> Option<(u32, LineRecord)> {
        let lines = self.by_section.get(&function.section)?;
        let index = lines.partition_point(|&(start, _)| start <= insn).checked_sub(1)?;
        lines.get(index).copied().filter(|&(start, _)| start >= function.insn_off)
    }

    /// Follows the number that the first of `insns` loads, up to an instruction that reads it and has a record which
    /// begins behind the load.
    fn of_first_use(&self, function: &Function, insns: &[Insn], at: u32) -> Option<LineRecord> {
        let load = insns.first()?;
        let mut holders = Registers::one(load.dst);
        let mut is_second_slot = load.is_ld_imm64();
        for (insn, here) in insns.iter().zip(at..).skip(1).take(FARTHEST_USE) {
            if is_second_slot {
                is_second_slot = false;
                continue;
            }
            if !function.contains(here) {
                return None;
            }
            let (reads, writes) = registers(*insn);
            let uses = reads.meets(holders);
            if uses && let Some((_, line)) = self.covering(function, here).filter(|&(start, _)| start > at) {
                return Some(line);
            }
            holders = if uses { holders.with(writes) } else { holders.without(writes) };
            if insn.is_call() {
                holders = holders.without(Registers::ARGUMENTS);
            }
            is_second_slot = insn.is_ld_imm64();
        }
        None
    }
}

/// `r = number`, of either width.
fn is_mov_imm(insn: Insn) -> bool {
    insn.code == 0xb7 || insn.code == 0xb4
}

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Registers(u16);

impl Registers {
    const NONE: Self = Self(0);
    const RESULT: Self = Self(1);
    const ARGUMENTS: Self = Self(0b11_1110);

    fn one(register: u8) -> Self {
        Self(1 << (register & 0xf))
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What an instruction reads and what it writes.
fn registers(insn: Insn) -> (Registers, Registers) {
    const BY_REGISTER: u8 = 0x08;
    let (dst, src) = (Registers::one(insn.dst), Registers::one(insn.src));
    let operand = if insn.code & BY_REGISTER != 0 { src } else { Registers::NONE };
    match (insn.code & 7, insn.code & 0xf0) {
        // BPF_LD: 64-bit loads of numbers; the old loads from packets read another register and write the result.
        (0, _) if insn.is_ld_imm64() => (Registers::NONE, dst),
        (0, _) => (src, Registers::RESULT),
        // BPF_LDX, BPF_ST, BPF_STX.
        (1, _) => (src, dst),
        (2, _) => (dst, Registers::NONE),
        (3, _) => (dst.with(src), Registers::NONE),
        // BPF_ALU, BPF_ALU64: move, negate, swap, all others.
        (4 | 7, 0xb0) => (operand, dst),
        (4 | 7, 0x80 | 0xd0) => (dst, dst),
        (4 | 7, _) => (dst.with(operand), dst),
        // BPF_JMP, BPF_JMP32: always, call, exit, all others.
        (5 | 6, 0x00) => (Registers::NONE, Registers::NONE),
        (5 | 6, 0x80) => (Registers::ARGUMENTS, Registers::RESULT),
        (5 | 6, 0x90) => (Registers::RESULT, Registers::NONE),
        _ => (dst.with(operand), Registers::NONE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u8, dst: u8, src: u8) -> Insn {
        Insn { code, dst, src, off: 0, imm: 0 }
    }

    #[test]
    fn instructions_read_and_write_registers() {
        let set =
            |registers: &[u8]| registers.iter().fold(Registers::NONE, |all, &r| all.with(Registers::one(r)));
        let cases: [(u8, &[u8], &[u8]); 13] = [
            (0x18, &[], &[1]),              // r1 = number, 64 bits
            (0x30, &[2], &[0]),             // r0 = packet
            (0x79, &[2], &[1]),             // r1 = *(r2)
            (0x7a, &[1], &[]),              // *(r1) = number
            (0x7b, &[1, 2], &[]),           // *(r1) = r2
            (0xb7, &[], &[1]),              // r1 = number
            (0xbf, &[2], &[1]),             // r1 = r2
            (0x0f, &[1, 2], &[1]),          // r1 += r2
            (0x07, &[1], &[1]),             // r1 += number
            (0x87, &[1], &[1]),             // r1 = -r1
            (0x85, &[1, 2, 3, 4, 5], &[0]), // call
            (0x95, &[0], &[]),              // exit
            (0x1d, &[1, 2], &[]),           // if r1 == r2
        ];
        for (code, reads, writes) in cases {
            assert_eq!(registers(insn(code, 1, 2)), (set(reads), set(writes)), "code {code:#x}");
        }
    }
}
