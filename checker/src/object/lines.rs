//! The source line of an access.
//!
//! `line_info` has a record where the line changes, and an instruction without one of its own has the line of the last
//! record before it. For accesses that is often the wrong line: clang gives the instruction that loads a relocated number
//! (`r1 = 40`) no place at all, since it made it up itself, so that the last record before it is of the statement
//! before. The right line is where the number is used: with a record that begins between the load and an instruction
//! that reads the number, or what was computed from it. The addition of an offset to a pointer is made up in the same
//! way, so that for offsets the use is where the sum is used.

use foldhash::HashMap;

use super::btf_ext::{Group, fault};
use super::code::Code;
use super::model::{Function, LineRecord};
use super::{ErrorKind, Insn};

/// How far a use is sought, in instructions. Clang loads a number shortly before it is used.
const FARTHEST_USE: usize = 256;
/// The kind of access whose number is an offset (`BPF_CORE_FIELD_BYTE_OFFSET`).
const BYTE_OFFSET: u32 = 0;

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
            let line = LineRecord { file_off, text_off, line: place >> 10, column: place & 0x3ff };
            lines.push((insn, line));
        }
        Ok(())
    }

    /// To be called once after all records were added.
    pub(super) fn sort(&mut self) {
        self.by_section.values_mut().for_each(|lines| lines.sort_by_key(|&(insn, _)| insn));
    }

    /// The line of an access of this kind at an instruction of a function.
    pub(super) fn of_access(
        &self,
        code: &Code,
        function: &Function,
        insn: u32,
        kind: u32,
    ) -> Option<LineRecord> {
        let own = self.covering(function, insn);
        let relocated = *code.sections.get(function.section)?.insns.get(insn as usize)?;
        // A record with a column that begins right here is the compiler's word; without one, it is only the
        // function's first line, which clang puts where it knows nothing.
        let is_told = own.is_some_and(|(start, line)| start == insn && line.line != 0 && line.column != 0);
        let own = own.map(|(_, line)| line).filter(|line| line.line != 0);
        if is_told || !(relocated.is_ld_imm64() || is_mov_imm(relocated)) {
            return own;
        }
        self.of_first_use(code, function, insn, kind == BYTE_OFFSET).or(own)
    }

    /// The last record that begins at or before an instruction, within its function.
    fn covering(&self, function: &Function, insn: u32) -> Option<(u32, LineRecord)> {
        let lines = self.by_section.get(&function.section)?;
        let index = lines.partition_point(|&(start, _)| start <= insn).checked_sub(1)?;
        lines.get(index).copied().filter(|&(start, _)| start >= function.insn_off)
    }

    /// Follows the number that an instruction loads, up to one that reads it and has a line of its own.
    fn of_first_use(
        &self,
        code: &Code,
        function: &Function,
        load: u32,
        is_offset: bool,
    ) -> Option<LineRecord> {
        let insn_at = |at: u32| {
            let section = code.sections.get(function.section)?;
            section.insns.get(at as usize).copied().filter(|_| function.contains(at))
        };
        let mut holders = Registers::one(insn_at(load)?.dst);
        let mut at = load;
        let mut met = None;
        for _ in 0..FARTHEST_USE {
            at = next(at, insn_at(at)?)?;
            let insn = insn_at(at)?;
            let covering = self.covering(function, at);
            if let Some((_, line)) = covering.filter(|&(start, line)| start == at && line.line != 0) {
                met = Some(line);
            }
            let (reads, writes) = registers(insn);
            let uses = reads.meets(holders);
            if uses {
                // The compiler gives loads, stores, jumps and calls their line. It may give arithmetic none.
                let first = match insn.code & 7 {
                    4 | 7 if is_offset && is_pointer_sum(insn) => at,
                    4 | 7 => load + 1,
                    _ => 0,
                };
                if let Some((_, line)) = covering.filter(|&(start, _)| start >= first) {
                    // Line 0 says that the compiler made one instruction out of those of several lines.
                    return if line.line == 0 { met } else { Some(line) };
                }
            }
            holders = if uses { holders.with(writes) } else { holders.without(writes) };
            if insn.is_call() {
                holders = holders.without(Registers::ARGUMENTS);
            }
            if holders == Registers::NONE {
                return None;
            }
        }
        None
    }
}

/// The instruction that comes after this one, conditional jumps not taken.
fn next(at: u32, insn: Insn) -> Option<u32> {
    const GOTO: u8 = 0x05;
    const GOTO_FAR: u8 = 0x06;
    let step = match insn.code {
        GOTO => 1 + i64::from(insn.off),
        GOTO_FAR => 1 + i64::from(insn.imm),
        Insn::LD_IMM64 => 2,
        _ => 1,
    };
    u32::try_from(i64::from(at) + step).ok()
}

/// `r = number`, of either width.
fn is_mov_imm(insn: Insn) -> bool {
    insn.code == 0xb7 || insn.code == 0xb4
}

/// `r += r` or `r = r` of 64 bits.
fn is_pointer_sum(insn: Insn) -> bool {
    insn.code == 0x0f || insn.code == 0xbf
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
    use corecheck_layouts::btf::Endian;

    use super::super::testing::*;
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

    /// The line that an access of a kind at instruction 1 gets, with records (instruction, line, column).
    fn line_of(insns: &[Insn], kind: u32, records: &[(u32, u32, u32)]) -> Option<u32> {
        let endian = Endian::Little;
        let mut image = Image::empty(endian);
        let section = image.code("tc", insns);
        image.function("f", section, 0, insns.len() as u64);
        let (btf, [name, file, access]) = Types::new(endian).finish(["tc", "a.c", "0"]);
        let lines = records.iter().map(|&(at, line, column)| vec![at * 8, file, file, line << 10 | column]);
        let relo = vec![vec![8, 1, access, kind]];
        let tables = [(8, vec![]), (16, vec![(name, lines.collect())]), (16, vec![(name, relo)])];
        image.section(".BTF", 0, btf);
        image.section(".BTF.ext", 0, ext(endian, tables));
        let object = image.read().expect("a sound object");
        object.source(&object.relos[0]).map(|source| source.line)
    }

    const HELPER: Insn = Insn { code: Insn::CALL, dst: 0, src: 0, off: 0, imm: 4 };

    #[test]
    fn an_offset_has_the_line_of_the_call_that_reads_the_sum() {
        // r3 += r1 has a line of the statement before only because of the load between.
        let insns = [MOV, MOV, insn(0x79, 4, 10), insn(0x0f, 3, 1), insn(0xb7, 2, 0), HELPER, EXIT];
        let records = [(0, 10, 1), (2, 11, 1), (4, 12, 1), (6, 13, 1)];
        assert_eq!(line_of(&insns, BYTE_OFFSET, &records), Some(12));
        assert_eq!(line_of(&insns, 1, &records), Some(11), "a size may well be used by an addition");
        assert_eq!(line_of(&insns, BYTE_OFFSET, &[(0, 10, 1), (1, 15, 3)]), Some(15), "told right there");
        assert_eq!(
            line_of(&insns, BYTE_OFFSET, &[(1, 5, 0), (4, 12, 1)]),
            Some(12),
            "the function's line is no word"
        );
    }

    #[test]
    fn a_jump_or_a_load_has_the_line_it_has() {
        let check = [MOV, MOV, insn(0x15, 1, 0), EXIT];
        assert_eq!(line_of(&check, 2, &[(0, 10, 1), (2, 11, 1)]), Some(11));
        assert_eq!(line_of(&check, 2, &[(0, 10, 1)]), Some(10));
        let load = [MOV, insn(0x79, 1, 1), insn(0x15, 1, 0), EXIT];
        assert_eq!(line_of(&load, BYTE_OFFSET, &[(0, 10, 1), (2, 11, 1)]), Some(10));
    }

    #[test]
    fn a_call_shared_by_several_lines_gives_the_line_that_led_to_it() {
        let goto = Insn { code: 0x05, off: 1, ..Insn::default() };
        let insns = [MOV, MOV, insn(0xb7, 2, 0), goto, MOV, HELPER, EXIT];
        let records = [(0, 10, 1), (2, 11, 1), (4, 12, 1), (5, 0, 0)];
        assert_eq!(line_of(&insns, BYTE_OFFSET, &records), Some(11));
        assert_eq!(line_of(&insns, BYTE_OFFSET, &[(0, 10, 1), (5, 0, 0)]), Some(10));
        assert_eq!(line_of(&insns, BYTE_OFFSET, &[(0, 0, 0), (5, 0, 0)]), None, "unknown");
    }

    #[test]
    fn a_number_that_nobody_reads_has_the_line_before() {
        let circle = Insn { code: 0x05, off: -1, ..Insn::default() };
        assert_eq!(line_of(&[MOV, MOV, circle, EXIT], 0, &[(0, 10, 1), (3, 11, 1)]), Some(10));
        assert_eq!(line_of(&[MOV, MOV, MOV, EXIT], 0, &[(0, 10, 1), (3, 11, 1)]), Some(10), "overwritten");
        let far = Insn { code: 0x05, off: i16::MAX, ..Insn::default() };
        assert_eq!(line_of(&[MOV, MOV, far, EXIT], 0, &[(0, 10, 1)]), Some(10));
        assert_eq!(line_of(&[MOV, MOV, EXIT], 0, &[(2, 11, 1)]), None);
    }
}
