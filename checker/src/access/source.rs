//! The source line an access belongs to.
//!
//! Compilers give the instruction that materialises an offset or an existence answer no line of its own, so the
//! last line record before it names the statement *before*. What has a line is the instruction that uses the
//! number: so the number is followed, through moves and additions, to its first use.

use aya_obj::generated::{BPF_ALU, BPF_ALU64, BPF_JMP, BPF_LD, BPF_LDX, BPF_ST, BPF_STX};

use super::RelocationKind;
use crate::object::{CoreRelo, Insn, Object};

/// A place in the source of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The file as the compiler was told of it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 when the compiler did not know.
    pub column: u32,
    /// The line itself, without indentation; empty when the compiler left it out.
    pub text: String,
    /// How many bytes of indentation were taken off.
    pub indent: u32,
}

/// The source line of a relocation, if the object has line information.
pub(super) fn of(object: &Object, relo: &CoreRelo) -> Option<Source> {
    let insns = &object.sections.get(relo.section)?.insns;
    let function = relo.function.map(|index| &object.functions[index]);
    let end = function.map_or(insns.len(), |f| (f.insn_off + f.insn_count) as usize).min(insns.len());
    let first = relo.insn as usize;
    let used = first_use(&insns[..end], first, RelocationKind::from_number(relo.kind)).unwrap_or(first);
    let line = object.line_at(relo.section, used as u32)?;
    let text = line.text.trim_start();
    Some(Source {
        file: line.file.to_owned(),
        line: line.line,
        column: line.column,
        text: text.trim_end().to_owned(),
        indent: (line.text.len() - text.len()) as u32,
    })
}

/// Registers as a set of bits.
type Registers = u16;

/// The instruction that first uses the number which the one at `at` puts into a register; `None` when it puts none
/// there, or when the number is lost or a jump comes first.
fn first_use(insns: &[Insn], at: usize, kind: RelocationKind) -> Option<usize> {
    let defining = insns.get(at)?;
    let is_move = matches!(u32::from(defining.code), 0xb4 | 0xb7) || defining.is_ld_imm64();
    if !is_move {
        return None;
    }
    let follows_additions = kind == RelocationKind::FieldByteOffset;
    let mut held: Registers = bit(defining.dst);
    let mut next = at + if defining.is_ld_imm64() { 2 } else { 1 };
    while held != 0 {
        let insn = insns.get(next)?;
        match step(insn, held, follows_additions) {
            Step::Use => return Some(next),
            Step::Go(now) => held = now,
            Step::Stop => return None,
        }
        next += if insn.is_ld_imm64() { 2 } else { 1 };
    }
    None
}

enum Step {
    Use,
    Go(Registers),
    Stop,
}

/// What one instruction does with the held registers.
fn step(insn: &Insn, held: Registers, follows_additions: bool) -> Step {
    let (dst, src) = (bit(insn.dst), bit(insn.src));
    let code = u32::from(insn.code);
    let reads_source_register = code & 0x08 != 0;
    let reads_src = reads_source_register && held & src != 0;
    match code & 0x07 {
        BPF_ALU | BPF_ALU64 => match code & 0xf0 {
            MOV if reads_src => Step::Go(held | dst),
            MOV => Step::Go(held & !dst),
            ADD if follows_additions && reads_src => Step::Go(held | dst),
            ADD if follows_additions && reads_source_register && held & dst != 0 => Step::Go(held),
            _ if reads_src || held & dst != 0 => Step::Use,
            _ => Step::Go(held),
        },
        BPF_LD => Step::Go(held & !dst),
        BPF_LDX if held & src != 0 => Step::Use,
        BPF_LDX => Step::Go(held & !dst),
        BPF_ST | BPF_STX if held & (dst | src) != 0 => Step::Use,
        BPF_ST | BPF_STX => Step::Go(held),
        _ if insn.is_call() && held & ARGUMENTS != 0 => Step::Use,
        _ if insn.is_call() => Step::Go(held & !CLOBBERED),
        BPF_JMP if code == GOTO || code == EXIT => Step::Stop,
        // Conditional jumps: either they use the number, or it is used on one of two ways.
        _ if reads_src || held & dst != 0 => Step::Use,
        _ => Step::Stop,
    }
}

/// `BPF_MOV`.
const MOV: u32 = 0xb0;
/// `BPF_ADD`.
const ADD: u32 = 0x00;
/// `goto`.
const GOTO: u32 = 0x05;
/// `exit`.
const EXIT: u32 = 0x95;
/// r1 to r5.
const ARGUMENTS: Registers = 0b11_1110;
/// r0 to r5, which a call overwrites.
const CLOBBERED: Registers = 0b11_1111;

fn bit(register: u8) -> Registers {
    1 << (register & 0xf)
}
