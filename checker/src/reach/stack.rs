//! The stack of one function: what was stored there and stays known (`check_stack_write_fixed_off`,
//! `check_stack_read_fixed_off`).

use std::collections::BTreeMap;

use corecheck_layouts::btf::Endian;

use super::alu::sign_extended;
use super::copies::Copies;
use super::scalar::Scalar;
use super::value::{Null, Number, Pointer, Register, Value};
use super::verifier::{Knows, Verifier};

/// Slots of 8 bytes, by the offset of their first byte from the frame's end in bytes: a negative multiple of 8. Those that
/// are not there were never written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stack {
    slots: BTreeMap<i32, Slot>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Slot {
    /// A register that was stored where the slot begins, and how many of its bytes.
    spilled: Option<(Register, u32)>,
    /// The bytes, as far as they are not the register's.
    bytes: [Byte; 8],
}

/// A byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Byte {
    /// Not written.
    Unset,
    /// 0, and the verifier knows.
    Zero,
    /// Anything.
    Any,
    /// Anything, and the verifier may know what.
    Lost,
    /// One of a register's.
    Spilled,
}

/// Slots are 8 bytes.
const SLOT: i32 = 8;
/// A stack is no deeper, in bytes.
const DEEPEST: i32 = -512;
const UNSET: Slot = Slot { spilled: None, bytes: [Byte::Unset; 8] };
const LOST: Slot = Slot { spilled: None, bytes: [Byte::Lost; 8] };

/// The slot that a byte is in, by its offset, and its place within.
fn slot_of(at: i32) -> (i32, usize) {
    (at.div_euclid(SLOT) * SLOT, at.rem_euclid(SLOT) as usize)
}

impl Stack {
    /// Stores the lowest so many bytes (1, 2, 4 or 8) of a register. `is_immediate`: the instruction holds the number.
    pub(super) fn store(
        &mut self,
        at: i32,
        bytes: u32,
        register: Register,
        is_immediate: bool,
        verifier: &Verifier,
    ) {
        // Beyond its stack no program is let: nothing has to be known there, nor room be taken for it.
        if !(DEEPEST..0).contains(&at) {
            return;
        }
        let (start, within) = slot_of(at);
        let constant = register.constant().map(|number| number & Scalar::of_bytes(bytes).u64.1);
        let is_zero = constant == Some(0);
        let stays = match (&register.value, constant) {
            _ if within != 0 => Knows::No,
            (Value::Pointer(_), _) if bytes == 8 => Knows::Yes,
            (Value::Pointer(_), _) => Knows::No,
            _ if is_zero => verifier.zero_spills,
            (_, Some(_)) if is_immediate => verifier.stored_constants,
            (Value::Number(number), _) if bytes == 8 && number.may_be_pointer => Knows::Yes,
            (_, Some(_)) if bytes == 8 => Knows::Yes,
            (_, None) if bytes == 8 => verifier.spilled_ranges,
            _ => verifier.narrow_spills,
        };
        if stays == Knows::No {
            let byte = match &register.value {
                _ if is_zero => Byte::Zero,
                Value::Number(number) if number.is_lost => Byte::Lost,
                _ => Byte::Any,
            };
            self.set(at, bytes as i32, byte);
            return;
        }
        let stored = if bytes < 8 { register.cut(bytes) } else { register };
        let slot = self.slots.entry(start).or_insert(UNSET);
        if slot.spilled.take().is_some() {
            slot.bytes = [Byte::Any; 8];
        }
        slot.spilled = Some((if stays == Knows::Perhaps { stored.lose() } else { stored }, bytes));
        for (place, byte) in (0..).zip(&mut slot.bytes) {
            *byte = match *byte {
                _ if place < bytes => Byte::Spilled,
                Byte::Unset | Byte::Zero => *byte,
                _ => Byte::Any,
            };
        }
    }

    /// Loads so many bytes (1, 2, 4 or 8), on a machine of this byte order.
    pub(super) fn load(&self, at: i32, bytes: u32, endian: Endian, verifier: &Verifier) -> Register {
        let (start, within) = slot_of(at);
        let slot = self.slots.get(&start).copied().unwrap_or(UNSET);
        let unknown = Register::number(Scalar::of_bytes(bytes));
        if let (Some((register, stored)), 0) = (slot.spilled, within) {
            if stored == bytes {
                return register;
            }
            if bytes < stored && matches!(register.value, Value::Number(_)) {
                return match (verifier.narrow_fills, endian) {
                    (Knows::Yes, Endian::Little) => register.cut(bytes),
                    (Knows::No, _) if register.constant() != Some(0) => unknown,
                    _ => self.load_bytes(at, bytes, register.constant() == Some(0)),
                };
            }
        }
        let is_zero = slot.spilled.is_some_and(|(register, _)| register.constant() == Some(0));
        self.load_bytes(at, bytes, is_zero && verifier.zero_spills == Knows::Yes)
    }

    /// Loads bytes one by one; `is_zero`: the register that was stored there is 0.
    fn load_bytes(&self, at: i32, bytes: u32, is_zero: bool) -> Register {
        let all = || (at..at.saturating_add(bytes as i32)).map(|at| self.byte(at));
        if all().all(|byte| byte == Byte::Zero || is_zero && byte == Byte::Spilled) {
            return Register::number(Scalar::of(0));
        }
        let unknown = Register::number(Scalar::of_bytes(bytes));
        if all().any(|byte| byte == Byte::Lost) { unknown.lose() } else { unknown }
    }

    fn byte(&self, at: i32) -> Byte {
        let (start, within) = slot_of(at);
        self.slots.get(&start).map_or(Byte::Unset, |slot| slot.bytes[within])
    }

    fn set(&mut self, at: i32, bytes: i32, byte: Byte) {
        for offset in at.max(DEEPEST)..at.saturating_add(bytes).min(0) {
            let (start, within) = slot_of(offset);
            let slot = self.slots.entry(start).or_insert(UNSET);
            // A register is no more known when a part of it is written.
            if slot.spilled.take().is_some() {
                slot.bytes = [Byte::Any; 8];
            }
            slot.bytes[within] = byte;
        }
    }

    /// Something else may have written to so many bytes; the verifier takes them for anything, if `is_certain`.
    pub(super) fn overwrite(&mut self, at: i32, bytes: i32, is_certain: bool) {
        self.set(at, bytes, if is_certain { Byte::Any } else { Byte::Lost });
    }

    /// Something else may have written anywhere.
    pub(super) fn lose(&mut self) {
        self.slots.values_mut().for_each(|slot| *slot = LOST);
    }

    /// Every register that is kept here.
    pub(super) fn registers_mut(&mut self) -> impl Iterator<Item = &mut Register> {
        self.slots.values_mut().filter_map(|slot| slot.spilled.as_mut().map(|(register, _)| register))
    }

    /// As [`Register::covers`], for all of it.
    pub(super) fn covers(&self, other: &Self, copies: &mut Copies) -> bool {
        self.slots.iter().all(|(at, slot)| slot.covers(other.slots.get(at).unwrap_or(&UNSET), copies))
    }

    /// What either may hold; what they do not have in common is lost.
    pub(super) fn join(&mut self, other: &Self) {
        self.slots.retain(|at, _| other.slots.contains_key(at));
        for (at, slot) in &mut self.slots {
            let new = other.slots.get(at).unwrap_or(&UNSET);
            match (&mut slot.spilled, &new.spilled) {
                (Some((one, stored)), Some((two, of_new))) if stored == of_new => one.join(two),
                (None, None) => {}
                _ => *slot = LOST,
            }
            for (one, two) in slot.bytes.iter_mut().zip(new.bytes) {
                if *one != two {
                    *one = Byte::Lost;
                }
            }
        }
    }
}

impl Slot {
    fn covers(&self, other: &Self, copies: &mut Copies) -> bool {
        let bytes = self.bytes.iter().zip(&other.bytes).all(|(one, two)| match one {
            // What was not written cannot be read.
            Byte::Unset | Byte::Any => true,
            _ => one == two,
        });
        bytes
            && match (&self.spilled, &other.spilled) {
                (Some((one, stored)), Some((two, of_other))) => {
                    stored == of_other && one.covers(two) && copies.agree(one, two)
                }
                (Some(_), None) => false,
                // Numbers are read as anything; pointers are not.
                (None, Some((register, _))) => matches!(register.value, Value::Number(_)),
                (None, None) => true,
            }
    }
}

impl Register {
    /// The lowest bytes of a number.
    fn cut(self, bytes: u32) -> Self {
        let mut cut = self;
        if let Value::Number(number) = &mut cut.value {
            number.scalar =
                number.scalar.intersect(&Scalar::of_bytes(bytes)).unwrap_or(Scalar::of_bytes(bytes));
            if let Some(constant) = self.constant() {
                number.scalar = Scalar::of(constant & ((1 << (bytes * 8)) - 1));
            }
            number.id = 0;
            number.may_be_pointer = false;
        }
        cut
    }

    /// The same where it is not certain that the verifier knows it.
    pub(super) fn lose(self) -> Self {
        match self.value {
            Value::Number(number) => {
                let lost = Number { scalar: Scalar::UNKNOWN, is_lost: true, ..number };
                Self { value: Value::Number(lost), ..self }
            }
            Value::Pointer(_) => self,
        }
    }

    /// The value sign-extended from so many bytes.
    pub(super) fn extended(self, bytes: u32) -> Self {
        match self.value {
            Value::Number(number) => {
                let scalar = sign_extended(&number.scalar, bytes * 8);
                Self::of(Value::Number(Number { scalar, id: 0, ..number }))
            }
            Value::Pointer(_) => Self::LOST,
        }
    }

    /// What either may be; where they differ the verifier may know more.
    pub(super) fn join(&mut self, other: &Self) {
        if self.field_of != other.field_of {
            self.field_of = None;
        }
        if self.value == other.value {
            return;
        }
        match (&mut self.value, &other.value) {
            (Value::Pointer(Pointer { to, null }), Value::Pointer(other)) if *to == other.to => {
                *null = Null::Unclear(0);
            }
            _ => self.value = Self::LOST.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::To;
    use super::*;

    const NEW: &str = "6.18.0";

    fn number(number: u64) -> Register {
        Register::number(Scalar::of(number))
    }

    fn is_lost(register: &Register) -> bool {
        register.as_number().is_some_and(|number| number.is_lost)
    }

    fn load(stack: &Stack, at: i32, bytes: u32) -> Register {
        stack.load(at, bytes, Endian::Little, &Verifier::of_release(NEW))
    }

    #[test]
    fn what_was_stored_is_loaded() {
        let verifier = Verifier::of_release(NEW);
        let mut stack = Stack::default();
        stack.store(-8, 8, number(7), false, &verifier);
        stack.store(-16, 4, number(9), false, &verifier);
        stack.store(-24, 8, Register::pointer(To::Context, Null::Never), false, &verifier);
        assert_eq!(load(&stack, -8, 8).constant(), Some(7));
        assert_eq!(load(&stack, -16, 4).constant(), Some(9));
        assert_eq!(load(&stack, -24, 8).value, Register::pointer(To::Context, Null::Never).value);
        assert_eq!(load(&stack, -8, 4).constant(), Some(7));
        assert_eq!(load(&stack, -4, 4).constant(), None);
        assert!(!is_lost(&load(&stack, -32, 8)));
    }

    #[test]
    fn zeros_are_known_byte_by_byte_or_as_one_number() {
        for (release, expected) in [("5.4.0", Some(0)), (NEW, None)] {
            let mut stack = Stack::default();
            let verifier = Verifier::of_release(release);
            stack.store(-16, 8, number(0), true, &verifier);
            let load = |stack: &Stack, at, bytes| stack.load(at, bytes, Endian::Little, &verifier).constant();
            assert_eq!(load(&stack, -14, 2), Some(0));
            stack.store(-14, 1, number(3), false, &verifier);
            assert_eq!(load(&stack, -14, 2), None);
            assert_eq!(load(&stack, -12, 4), expected, "{release}");
        }
    }

    #[test]
    fn versions_decide_what_stays_known() {
        let load = |release: &str, bytes, is_immediate| {
            let mut stack = Stack::default();
            let verifier = Verifier::of_release(release);
            stack.store(-8, bytes, number(7), is_immediate, &verifier);
            stack.load(-8, bytes, Endian::Little, &verifier)
        };
        assert_eq!(load("5.10.0", 8, false).constant(), Some(7));
        assert_eq!(load("5.10.0", 4, false).constant(), None);
        assert!(!is_lost(&load("5.10.0", 4, false)));
        assert_eq!(load("6.1.0", 8, true).constant(), None);
        assert_eq!(load(NEW, 4, true).constant(), Some(7));
        assert!(is_lost(&load("unknown", 4, false)));
    }

    #[test]
    fn what_others_write_is_known_no_more() {
        let verifier = Verifier::of_release(NEW);
        let mut stack = Stack::default();
        stack.store(-8, 8, number(7), false, &verifier);
        stack.store(-16, 8, number(0), false, &verifier);
        let before = stack.clone();
        stack.overwrite(-8, 8, true);
        assert!(load(&stack, -8, 8).constant().is_none() && !is_lost(&load(&stack, -8, 8)));
        assert!(
            stack.covers(&before, &mut Copies::default()) && !before.covers(&stack, &mut Copies::default())
        );
        stack.lose();
        assert!(is_lost(&load(&stack, -16, 8)));
    }

    #[test]
    fn nothing_is_kept_beyond_the_stack() {
        let verifier = Verifier::of_release(NEW);
        let mut stack = Stack::default();
        for at in [-1 << 20, -520, 0, 8, 1 << 20] {
            stack.store(at, 8, number(7), false, &verifier);
        }
        assert_eq!(stack, Stack::default());
        stack.store(-512, 8, number(7), false, &verifier);
        assert_eq!(load(&stack, -512, 8).constant(), Some(7));
    }

    #[test]
    fn stacks_join() {
        let verifier = Verifier::of_release(NEW);
        let (mut one, mut two) = (Stack::default(), Stack::default());
        for (stack, own) in [(&mut one, 1), (&mut two, 2)] {
            stack.store(-8, 8, number(7), false, &verifier);
            stack.store(-16, 8, number(own), false, &verifier);
        }
        one.join(&two);
        assert_eq!(load(&one, -8, 8).constant(), Some(7));
        assert!(is_lost(&load(&one, -16, 8)));
    }
}
