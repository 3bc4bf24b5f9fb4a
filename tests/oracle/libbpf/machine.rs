//! A machine that runs a BPF program once: enough of it for the kernel's tests.
//!
//! It knows the instructions and helpers that these programs use, and refuses others; nothing is guessed. So what a relocated
//! program writes can be held against what the kernel's tests expect it to write.

use anyhow::{Context, Result, bail, ensure};
use corecheck::object::Insn;
use corecheck::resolve::POISON;

/// Where the program's data begins.
pub const DATA: u64 = 1 << 32;
/// Where the context begins: what `r1` points to at first.
pub const CONTEXT: u64 = 2 << 32;
/// Where the stack begins; it grows down from its end.
const STACK: u64 = 3 << 32;
/// Where the running task begins; `selftests/build` tells the compiler.
pub const TASK: u64 = 4 << 32;
/// Where else a context may point to.
pub const ARGUMENT: u64 = 5 << 32;

/// Bytes of stack that a program has.
const STACK_SIZE: usize = 512;
/// No program of the tests has loops.
const MOST_STEPS: usize = 10_000;
/// What helpers leave in the registers that they may use.
const CLOBBERED: u64 = 0xdead_0000_dead_0000;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The program returned.
    Returned(u64),
    /// It reached the instruction that stands for an unresolved access, at this place.
    Poison(usize),
}

/// Memory and registers.
pub struct Machine {
    registers: [u64; 11],
    regions: Vec<(u64, Vec<u8>)>,
    /// What tells a program which process and thread it runs in.
    process: u64,
}

impl Machine {
    /// A machine with these regions of memory (address and bytes) and a stack.
    pub fn new(mut regions: Vec<(u64, Vec<u8>)>, process: u64) -> Self {
        regions.push((STACK, vec![0; STACK_SIZE]));
        let mut registers = [CLOBBERED; 11];
        registers[1] = CONTEXT;
        registers[10] = STACK + STACK_SIZE as u64;
        Self { registers, regions, process }
    }

    /// The region that begins at an address.
    pub fn region(&self, begin: u64) -> Option<&[u8]> {
        self.regions.iter().find(|(at, _)| *at == begin).map(|(_, bytes)| &**bytes)
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    ///
    /// An instruction or helper that is not known, memory that is not there, or no end.
    pub fn run(&mut self, code: &[Insn]) -> Result<End> {
        let mut at = 0_usize;
        for _ in 0..MOST_STEPS {
            let insn = *code.get(at).with_context(|| format!("instruction {at} is behind the end"))?;
            if insn.code == Insn::CALL && insn.src == 0 && insn.imm == POISON {
                return Ok(End::Poison(at));
            }
            if insn.code == EXIT {
                return Ok(End::Returned(self.registers[0]));
            }
            let next = code.get(at + 1).copied();
            let jump = self.step(insn, next).with_context(|| format!("instruction {at}, {insn:?}"))?;
            let length = if insn.is_ld_imm64() { 2 } else { 1 };
            at = at.checked_add_signed(jump + length).context("a jump before the begin")?;
        }
        bail!("no end after {MOST_STEPS} instructions")
    }

    /// Does one instruction; gives the distance that it jumps beyond the next.
    fn step(&mut self, insn: Insn, next: Option<Insn>) -> Result<isize> {
        let Insn { code, dst, src, off, imm } = insn;
        let operand = if code & SOURCE_IS_REGISTER != 0 { self.get(src)? } else { imm as i64 as u64 };
        match code & CLASS {
            ALU64 => {
                let value = alu(code & OPERATION, self.get(dst)?, operand, 64)?;
                self.set(dst, value)?;
            }
            ALU32 => {
                let value = alu(code & OPERATION, self.get(dst)?, operand, 32)?;
                self.set(dst, value)?;
            }
            JUMP if code == Insn::CALL => {
                ensure!(src == 0, "only helpers are called");
                self.help(imm)?;
            }
            JUMP if code & OPERATION == ALWAYS => return Ok(off.into()),
            JUMP if holds(code & OPERATION, self.get(dst)?, operand)? => return Ok(off.into()),
            JUMP32 => {
                let [one, other] = [self.get(dst)?, operand].map(|number| number as u32 as i32 as i64 as u64);
                // Sign-extended, numbers of 32 bits compare as they do themselves, signed or not.
                if holds(code & OPERATION, one, other)? {
                    return Ok(off.into());
                }
            }
            JUMP => (),
            LOAD if code & MODE == MEMORY => {
                let mut raw = [0; 8];
                let width = width(code);
                raw[..width].copy_from_slice(self.read(offset(self.get(src)?, off), width)?);
                self.set(dst, u64::from_le_bytes(raw))?;
            }
            STORE | STORE_REGISTER if code & MODE == MEMORY => {
                let value = if code & CLASS == STORE { imm as i64 as u64 } else { self.get(src)? };
                let at = offset(self.get(dst)?, off);
                self.write(at, &value.to_le_bytes()[..width(code)])?;
            }
            _ if insn.is_ld_imm64() => {
                let high = next.context("half a load")?.imm;
                self.set(dst, u64::from(imm as u32) | u64::from(high as u32) << 32)?;
            }
            _ => bail!("this machine does not know the instruction"),
        }
        Ok(0)
    }

    /// Calls a helper.
    fn help(&mut self, number: i32) -> Result<()> {
        let [_, to, size, from, ..] = self.registers;
        let size = usize::try_from(size)?;
        let result = match number {
            PROBE_READ | PROBE_READ_KERNEL => match self.read(from, size).map(<[u8]>::to_vec) {
                Ok(bytes) => {
                    self.write(to, &bytes)?;
                    0
                }
                Err(_) => {
                    self.write(to, &vec![0; size])?;
                    FAULT
                }
            },
            PROBE_READ_STR | PROBE_READ_KERNEL_STR => {
                let mut text = Vec::new();
                // Cut short, the text still ends with a zero.
                while text.len() + 1 < size && text.last() != Some(&0) {
                    let at = from.wrapping_add(text.len() as u64);
                    text.extend_from_slice(self.read(at, 1)?);
                }
                if text.last() != Some(&0) {
                    text.push(0);
                }
                self.write(to, &text)?;
                text.len() as u64
            }
            GET_CURRENT_PID_TGID => self.process,
            GET_CURRENT_TASK => TASK,
            _ => bail!("this machine does not know helper {number}"),
        };
        self.registers[0] = result;
        self.registers[1..=5].fill(CLOBBERED);
        Ok(())
    }

    fn get(&self, register: u8) -> Result<u64> {
        self.registers.get(usize::from(register)).copied().context("there is no such register")
    }

    fn set(&mut self, register: u8, value: u64) -> Result<()> {
        ensure!(register < 10, "the register cannot be written");
        self.registers[usize::from(register)] = value;
        Ok(())
    }

    fn read(&self, at: u64, size: usize) -> Result<&[u8]> {
        let (index, begin) = self.find(at)?;
        let bytes = &self.regions[index].1;
        bytes.get(begin..begin + size).with_context(|| format!("{size} bytes at {at:#x} cannot be read"))
    }

    fn write(&mut self, at: u64, from: &[u8]) -> Result<()> {
        let (index, begin) = self.find(at)?;
        let bytes = self.regions[index].1.get_mut(begin..begin + from.len());
        bytes
            .with_context(|| format!("{} bytes at {at:#x} cannot be written", from.len()))?
            .copy_from_slice(from);
        Ok(())
    }

    fn find(&self, at: u64) -> Result<(usize, usize)> {
        let is_in = |(begin, bytes): &(u64, Vec<u8>)| {
            at.checked_sub(*begin).is_some_and(|far| far <= bytes.len() as u64)
        };
        let index =
            self.regions.iter().position(is_in).with_context(|| format!("there is nothing at {at:#x}"))?;
        Ok((index, usize::try_from(at - self.regions[index].0)?))
    }
}

// Parts of an instruction's code (`include/uapi/linux/bpf.h`, `bpf_common.h`).
const CLASS: u8 = 0x07;
const ALU32: u8 = 0x04;
const ALU64: u8 = 0x07;
const JUMP: u8 = 0x05;
const JUMP32: u8 = 0x06;
const LOAD: u8 = 0x01;
const STORE: u8 = 0x02;
const STORE_REGISTER: u8 = 0x03;
const MODE: u8 = 0xe0;
const MEMORY: u8 = 0x60;
const OPERATION: u8 = 0xf0;
const SOURCE_IS_REGISTER: u8 = 0x08;
const ALWAYS: u8 = 0x00;
const EXIT: u8 = 0x95;

// Helpers (`include/uapi/linux/bpf.h`).
const PROBE_READ: i32 = 4;
const GET_CURRENT_PID_TGID: i32 = 14;
const GET_CURRENT_TASK: i32 = 35;
const PROBE_READ_STR: i32 = 45;
const PROBE_READ_KERNEL: i32 = 113;
const PROBE_READ_KERNEL_STR: i32 = 115;
/// `-EFAULT`.
const FAULT: u64 = (-14_i64) as u64;

/// Bytes that a load or store moves.
fn width(code: u8) -> usize {
    match code & 0x18 {
        0x00 => 4,
        0x08 => 2,
        0x10 => 1,
        _ => 8,
    }
}

fn offset(base: u64, off: i16) -> u64 {
    base.wrapping_add_signed(off.into())
}

/// Arithmetics in 32 or 64 bits; a result of 32 bits clears the upper half.
fn alu(operation: u8, one: u64, other: u64, bits: u32) -> Result<u64> {
    let mask = u64::MAX >> (64 - bits);
    let (one, other) = (one & mask, other & mask);
    let by = other as u32 & (bits - 1);
    let signed = (one << (64 - bits)) as i64 >> (64 - bits);
    let result = match operation {
        0x00 => one.wrapping_add(other),
        0x10 => one.wrapping_sub(other),
        0x40 => one | other,
        0x50 => one & other,
        0x60 => one << by,
        0x70 => one >> by,
        0xa0 => one ^ other,
        0xb0 => other,
        0xc0 => (signed >> by) as u64,
        _ => bail!("this machine does not know the operation {operation:#04x}"),
    };
    Ok(result & mask)
}

/// Whether a conditional jump is taken.
fn holds(operation: u8, one: u64, other: u64) -> Result<bool> {
    let (signed_one, signed_other) = (one as i64, other as i64);
    Ok(match operation {
        0x10 => one == other,
        0x20 => one > other,
        0x30 => one >= other,
        0x40 => one & other != 0,
        0x50 => one != other,
        0x60 => signed_one > signed_other,
        0x70 => signed_one >= signed_other,
        0xa0 => one < other,
        0xb0 => one <= other,
        0xc0 => signed_one < signed_other,
        0xd0 => signed_one <= signed_other,
        _ => bail!("this machine does not know the jump {operation:#04x}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
        Insn { code, dst, src, off, imm }
    }

    fn machine() -> Machine {
        Machine::new(vec![(DATA, vec![0; 16]), (CONTEXT, b"hello\0rest".to_vec())], 7)
    }

    const EXIT_INSN: Insn = Insn { code: EXIT, dst: 0, src: 0, off: 0, imm: 0 };

    #[test]
    fn numbers_wrap_and_shift_as_the_machine_has_them() {
        let cases: [(u8, u64, u64, u32, u64); 9] = [
            (0x00, u64::MAX, 1, 64, 0),
            (0x00, u64::MAX, 1, 32, 0),
            (0x10, 0, 1, 32, 0xffff_ffff),
            (0x60, 1, 63, 64, 1 << 63),
            (0x60, 1, 33, 32, 2),
            (0x70, 1 << 63, 63, 64, 1),
            (0xc0, 1 << 63, 63, 64, u64::MAX),
            (0xc0, 0x8000_0000, 31, 32, 0xffff_ffff),
            (0xb0, 5, u64::MAX, 32, 0xffff_ffff),
        ];
        for (operation, one, other, bits, expected) in cases {
            assert_eq!(
                alu(operation, one, other, bits).expect("known"),
                expected,
                "{operation:#x} {one} {other}"
            );
        }
        assert!(alu(0x30, 1, 1, 64).is_err());
    }

    #[test]
    fn jumps_compare_signed_or_not_and_in_32_bits() {
        let minus = u64::MAX;
        assert!(holds(0x20, minus, 1).expect("known") && !holds(0x60, minus, 1).expect("known"));
        // if w1 s> 3 with 0xffffffff, which is -1.
        let code = [
            insn(0xb4, 1, 0, 0, -1),
            insn(0xb7, 0, 0, 0, 1),
            insn(0x66, 1, 0, 1, 3),
            insn(0xb7, 0, 0, 0, 2),
            EXIT_INSN,
        ];
        assert_eq!(machine().run(&code).expect("runs"), End::Returned(2));
    }

    #[test]
    fn memory_is_read_and_written_only_where_it_is() {
        let mut machine = machine();
        let code = [
            insn(0x18, 2, 0, 0, 0),
            insn(0, 0, 0, 0, 1),
            insn(0x71, 3, 1, 1, 0),
            insn(0x7b, 2, 3, 8, 0),
            insn(0x79, 0, 2, 8, 0),
            EXIT_INSN,
        ];
        assert_eq!(machine.run(&code).expect("runs"), End::Returned(u64::from(b'e')));
        assert_eq!(machine.region(DATA).expect("data")[8], b'e');
        for off in [-1, 9, 16, 17] {
            let code = [code[0], code[1], insn(0x79, 0, 2, off, 0), EXIT_INSN];
            assert!(machine.run(&code).is_err(), "{off}");
        }
    }

    #[test]
    fn a_text_is_copied_up_to_its_end() {
        for (size, length, copied) in [(10, 6, &b"hello\0\0"[..]), (3, 3, b"he\0\0"), (6, 6, b"hello\0\0")] {
            let mut machine = machine();
            machine.registers[1..=3].copy_from_slice(&[DATA, size, CONTEXT]);
            machine.help(PROBE_READ_KERNEL_STR).expect("known");
            assert_eq!(machine.registers[0], length);
            assert!(machine.region(DATA).expect("data").starts_with(copied));
        }
    }

    #[test]
    fn a_faulting_read_clears_and_says_so() {
        let mut machine = machine();
        machine.regions[0].1.fill(0xff);
        machine.registers[1..=3].copy_from_slice(&[DATA, 8, 0]);
        machine.help(PROBE_READ_KERNEL).expect("known");
        assert_eq!(
            (machine.registers[0], machine.region(DATA).expect("data")[..9].to_vec()),
            (FAULT, {
                let mut bytes = vec![0; 8];
                bytes.push(0xff);
                bytes
            })
        );
    }

    #[test]
    fn poison_counts_only_where_it_is_reached() {
        let poison = insn(Insn::CALL, 0, 0, 0, POISON);
        assert_eq!(machine().run(&[insn(0x05, 0, 0, 1, 0), poison, poison]).expect("runs"), End::Poison(2));
        assert!(machine().run(&[insn(0x05, 0, 0, -1, 0)]).is_err(), "no end");
        assert!(machine().run(&[insn(Insn::CALL, 0, 0, 0, 1)]).is_err(), "another helper");
    }
}
