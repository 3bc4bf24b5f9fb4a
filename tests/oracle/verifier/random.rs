//! Instructions that nobody thought of: programs with room for some are filled, and the branches after them changed, so that
//! what corecheck knows of numbers is held against what the verifier knows.
//!
//! They come from numbers that begin at a fixed one, so that every run has the same.

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection, SectionKind};

use crate::ffi::Slot;
use crate::targets::Dice;

/// `r5 = r5`, which no compiler writes.
const ROOM: Slot = [0xbf, 0x55, 0, 0, 0, 0, 0, 0];
/// Constants of interest, as instructions have them.
const CONSTANTS: [i32; 14] = [0, 1, 2, 3, 5, 7, 8, 31, 32, 255, 256, i32::MAX, i32::MIN, -1];
/// Arithmetic: sum, difference, product, or, and, shifts, xor, copy; negation, quotient, remainder and byte swap are rarer.
const COMMON: [u8; 9] = [0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0];
const RARE: [u8; 5] = [0x80, 0x30, 0x90, 0xd0, 0xc0];
/// Comparisons.
const COMPARISONS: [u8; 11] = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0];
/// Sizes of loads and stores: their code, and bytes.
const SIZES: [(u8, i16); 4] = [(0x00, 4), (0x08, 2), (0x10, 1), (0x18, 8)];

/// The object with its rooms filled, for a number.
pub fn fill(bytes: &[u8], number: u64) -> Result<Vec<u8>> {
    let elf = object::File::parse(bytes).context("cannot read the ELF file")?;
    let (mut new, mut dice, mut rooms) = (bytes.to_vec(), Dice::new(number), 0);
    for section in elf.sections().filter(|section| section.kind() == SectionKind::Text) {
        let Some((start, size)) = section.file_range() else { continue };
        let start = usize::try_from(start)?;
        let code = &mut new[start..start + usize::try_from(size)?];
        let (slots, _) = code.as_chunks_mut::<8>();
        let mut at = 0;
        while at < slots.len() {
            let left = slots[at..].iter().take_while(|slot| **slot == ROOM).count();
            rooms += usize::from(left > 0);
            for (index, slot) in slots[at..at + left].iter_mut().enumerate() {
                *slot = instruction(&mut dice, left - index - 1);
            }
            at += left;
            if let Some(slot) = slots.get_mut(at).filter(|slot| is_branch(slot)) {
                slot[0] = dice.one_of(&COMPARISONS) | if dice.once_in(3) { 6 } else { 5 };
                slot[4..].copy_from_slice(&dice.one_of(&CONSTANTS).to_ne_bytes());
            }
            at += 1;
        }
    }
    ensure!(rooms > 0, "there is no room for instructions");
    Ok(new)
}

/// A comparison of r6 to r9 with a constant.
fn is_branch(slot: &Slot) -> bool {
    let is_comparison = matches!(slot[0] & 0x0f, 5 | 6) && COMPARISONS.contains(&(slot[0] & 0xf0));
    is_comparison && (6..=9).contains(&slot[1])
}

/// An instruction, after which so many are left in the room.
fn instruction(dice: &mut Dice, left: usize) -> Slot {
    let (dst, src) = (dice.below(10) as u8, dice.below(10) as u8);
    let registers = |dst: u8, src: u8| src << 4 | dst;
    let encode = |code: u8, registers: u8, off: i16, imm: i32| {
        let (off, imm) = (off.to_ne_bytes(), imm.to_ne_bytes());
        [code, registers, off[0], off[1], imm[0], imm[1], imm[2], imm[3]]
    };
    let constant = dice.one_of(&CONSTANTS);
    let frame = 10;
    match dice.below(20) {
        0..=8 => {
            let operation = if dice.once_in(5) { dice.one_of(&RARE) } else { dice.one_of(&COMMON) };
            let width = if dice.once_in(3) { 4 } else { 7 };
            match operation {
                0x80 => encode(0x80 | width, registers(dst, 0), 0, 0),
                0xd0 => encode(if dice.once_in(2) { 0xd4 } else { 0xdc }, dst, 0, 16 << dice.below(3)),
                0xb0 if dice.once_in(6) => {
                    let bits = if width == 4 { 8 << dice.below(2) } else { 8 << dice.below(3) };
                    encode(0xb8 | width, registers(dst, src), bits, 0)
                }
                _ if dice.once_in(2) => encode(operation | 8 | width, registers(dst, src), 0, 0),
                0x60 | 0x70 | 0xc0 => {
                    let bits = if width == 4 { 32 } else { 64 };
                    encode(operation | width, dst, 0, dice.below(bits) as i32)
                }
                0x30 | 0x90 => encode(operation | width, dst, 0, if constant == 0 { 6 } else { constant }),
                _ => encode(operation | width, dst, 0, constant),
            }
        }
        9..=13 if left > 0 => {
            let by = 1 + dice.below(left.min(5)) as i16;
            let class = if dice.once_in(3) { 6 } else { 5 };
            let comparison = dice.one_of(&COMPARISONS);
            match dice.once_in(3) {
                // Nobody compares a register with itself.
                true if dst != src => encode(comparison | 8 | class, registers(dst, src), by, 0),
                true => encode(comparison | class, dst, by, 4),
                false => encode(comparison | class, dst, by, constant),
            }
        }
        14..=16 => {
            let ((size, bytes), slot) = (dice.one_of(&SIZES), -64 - 8 * dice.below(4) as i16);
            let at = slot + bytes * dice.below(8 / bytes as usize) as i16;
            match dice.once_in(4) {
                true => encode(0x62 | size, frame, at, constant),
                false => encode(0x63 | size, registers(frame, src), at, 0),
            }
        }
        17..=18 => {
            let ((size, bytes), slot) = (dice.one_of(&SIZES), -64 - 8 * dice.below(4) as i16);
            let at = slot + bytes * dice.below(8 / bytes as usize) as i16;
            // The newest instructions extend the sign.
            let mode = if dice.once_in(6) && bytes < 8 { 0x80 } else { 0x60 };
            encode(0x01 | mode | size, registers(dst, frame), at, 0)
        }
        _ => encode(0xbf, registers(dst, src), 0, 0),
    }
}
