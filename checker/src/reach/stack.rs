//! The stack of one function: what was stored there and stays known (`check_stack_write_fixed_off`,
//! `check_stack_read_fixed_off`).

use std::collections::BTreeMap;

use super::alu::sign_extended;
use super::scalar::Scalar;
use super::value::{Null, Pointer, Register, Value};
use super::verifier::{Knows, Verifier};

/// Slots of 8 bytes, by the offset of their first byte from the frame's end in bytes: a negative multiple of 8. Those that
/// are not there were never written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stack {
    slots: BTreeMap<i32, Slot>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Slot {
    /// A register of which the first so many bytes were stored.
    Spilled { register: Register, bytes: u32 },
    /// Bytes of which no more is known than whether they are 0.
    Bytes([Byte; 8]),
}

/// A byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Byte {
    /// Not written.
    Unset,
    /// 0, and every verifier knows.
    Zero,
    /// Anything.
    Any,
    /// Anything, and the verifier may know what.
    Lost,
}

/// Slots are 8 bytes.
const SLOT: i32 = 8;
/// A stack is no deeper, in bytes.
const DEEPEST: i32 = -512;

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
        let start = at.div_euclid(SLOT) * SLOT;
        let within = at.rem_euclid(SLOT) as usize;
        let constant = register.constant().map(|number| match bytes {
            8 => number,
            _ => number & ((1 << (bytes * 8)) - 1),
        });
        let is_zero = constant == Some(0);
        let stays = match (&register.value, constant) {
            _ if within != 0 => Knows::No,
            (Value::Pointer(_), _) => {
                if bytes == 8 {
                    Knows::Yes
                } else {
                    Knows::No
                }
            }
            (_, _) if is_zero => Knows::No,
            (_, Some(_)) if is_immediate => verifier.stored_constants,
            (Value::Number(number), _) if bytes == 8 && number.may_be_pointer => Knows::Yes,
            (_, Some(_)) if bytes == 8 => Knows::Yes,
            (_, None) if bytes == 8 => verifier.spilled_ranges,
            _ => verifier.narrow_spills,
        };
        if stays != Knows::No {
            let mut register = register;
            if bytes < 8 {
                register = register.cut(bytes);
            }
            match stays {
                Knows::Perhaps => register = register.lose(),
                _ => {}
            }
            self.slots.insert(start, Slot::Spilled { register, bytes });
            return;
        }
        let byte = match &register.value {
            _ if is_zero => Byte::Zero,
            Value::Number(number) if number.is_lost => Byte::Lost,
            _ => Byte::Any,
        };
        self.set(at, bytes as i32, byte);
    }

    /// Loads so many bytes (1, 2, 4 or 8).
    pub(super) fn load(&self, at: i32, bytes: u32) -> Register {
        let start = at.div_euclid(SLOT) * SLOT;
        let within = at.rem_euclid(SLOT);
        if let (Some(Slot::Spilled { register, bytes: stored }), 0) = (self.slots.get(&start), within) {
            if *stored == bytes {
                return *register;
            }
        }
        let mut is_zero = true;
        let mut is_lost = false;
        for offset in at..at.saturating_add(bytes as i32) {
            match self.byte(offset) {
                Byte::Zero => {}
                Byte::Any | Byte::Unset => is_zero = false,
                Byte::Lost => (is_zero, is_lost) = (false, true),
            }
        }
        if is_zero {
            return Register::number(Scalar::of(0));
        }
        let mut loaded = Register::number(Scalar::of_bytes(bytes));
        if let Value::Number(number) = &mut loaded.value {
            number.is_lost = is_lost;
        }
        loaded
    }

    fn byte(&self, at: i32) -> Byte {
        match self.slots.get(&(at.div_euclid(SLOT) * SLOT)) {
            None => Byte::Unset,
            // A part of a spilled value: newer verifiers know it.
            Some(Slot::Spilled { .. }) => Byte::Lost,
            Some(Slot::Bytes(bytes)) => bytes[at.rem_euclid(SLOT) as usize],
        }
    }

    fn set(&mut self, at: i32, bytes: i32, byte: Byte) {
        for offset in at.max(DEEPEST)..at.saturating_add(bytes).min(0) {
            let start = offset.div_euclid(SLOT) * SLOT;
            let slot = self.slots.entry(start).or_insert(Slot::Bytes([Byte::Unset; 8]));
            if let Slot::Spilled { .. } = slot {
                *slot = Slot::Bytes([Byte::Lost; 8]);
            }
            if let Slot::Bytes(bytes) = slot {
                bytes[offset.rem_euclid(SLOT) as usize] = byte;
            }
        }
    }

    /// Something else may have written to so many bytes; the verifier takes them for anything, if `is_certain`.
    pub(super) fn overwrite(&mut self, at: i32, bytes: i32, is_certain: bool) {
        self.set(at, bytes, if is_certain { Byte::Any } else { Byte::Lost });
    }

    /// Something else may have written anywhere.
    pub(super) fn lose(&mut self) {
        for slot in self.slots.values_mut() {
            *slot = Slot::Bytes([Byte::Lost; 8]);
        }
    }

    /// Every register that is kept here.
    pub(super) fn registers_mut(&mut self) -> impl Iterator<Item = &mut Register> {
        self.slots.values_mut().filter_map(|slot| match slot {
            Slot::Spilled { register, .. } => Some(register),
            Slot::Bytes(_) => None,
        })
    }

    /// As [`Register::covers`], for all of it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.slots.iter().all(|(at, slot)| match (slot, other.slots.get(at)) {
            (Slot::Bytes(bytes), None) => bytes.iter().all(|byte| *byte == Byte::Unset),
            (Slot::Spilled { .. }, None) => false,
            (Slot::Spilled { register, bytes }, Some(Slot::Spilled { register: new, bytes: of_new })) => {
                bytes == of_new && register.covers(new)
            }
            (Slot::Bytes(bytes), Some(Slot::Bytes(of_new))) => {
                bytes.iter().zip(of_new).all(|(one, two)| one.covers(*two))
            }
            (Slot::Bytes(bytes), Some(Slot::Spilled { register, .. })) => {
                let is_number = matches!(register.value, Value::Number(number) if !number.may_be_pointer);
                is_number && bytes.iter().all(|&byte| byte == Byte::Any || byte == Byte::Unset)
            }
            (Slot::Spilled { .. }, Some(Slot::Bytes(_))) => false,
        })
    }

    /// What either may hold; what they do not have in common is lost.
    pub(super) fn join(&mut self, other: &Self) {
        self.slots.retain(|at, _| other.slots.contains_key(at));
        for (at, slot) in &mut self.slots {
            let Some(new) = other.slots.get(at) else { continue };
            *slot = match (*slot, *new) {
                (
                    Slot::Spilled { register: mut one, bytes },
                    Slot::Spilled { register: two, bytes: of_two },
                ) if bytes == of_two => {
                    one.join(&two);
                    Slot::Spilled { register: one, bytes }
                }
                (Slot::Bytes(mut bytes), Slot::Bytes(new)) => {
                    for (one, two) in bytes.iter_mut().zip(new) {
                        if *one != two {
                            *one = Byte::Lost;
                        }
                    }
                    Slot::Bytes(bytes)
                }
                _ => Slot::Bytes([Byte::Lost; 8]),
            };
        }
    }
}

impl Byte {
    fn covers(self, other: Self) -> bool {
        match self {
            // What was not written cannot be read.
            Self::Unset | Self::Any => true,
            Self::Zero => other == Self::Zero,
            Self::Lost => other == Self::Lost,
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
                let lost = super::value::Number { scalar: Scalar::UNKNOWN, is_lost: true, ..number };
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
                Self::of(Value::Number(super::value::Number { scalar, id: 0, ..number }))
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
    use super::*;

    const NEW: &str = "6.18.0";

    fn number(number: u64) -> Register {
        Register::number(Scalar::of(number))
    }

    fn is_lost(register: &Register) -> bool {
        register.as_number().is_some_and(|number| number.is_lost)
    }

    #[test]
    fn what_was_stored_is_loaded() {
        let verifier = Verifier::of_release(NEW);
        let mut stack = Stack::default();
        stack.store(-8, 8, number(7), false, &verifier);
        stack.store(-16, 4, number(9), false, &verifier);
        stack.store(-24, 8, Register::pointer(To::Context, Null::Never), false, &verifier);
        assert_eq!(stack.load(-8, 8).constant(), Some(7));
        assert_eq!(stack.load(-16, 4).constant(), Some(9));
        assert_eq!(stack.load(-24, 8).value, Register::pointer(To::Context, Null::Never).value);
        // A part of it may be known, or not.
        assert!(is_lost(&stack.load(-8, 4)) && stack.load(-8, 4).constant().is_none());
        assert!(!is_lost(&stack.load(-32, 8)));
    }

    #[test]
    fn zeros_are_known_byte_by_byte() {
        let mut stack = Stack::default();
        let old = Verifier::of_release("5.4.0");
        stack.store(-16, 8, number(0), true, &old);
        assert_eq!(stack.load(-14, 2).constant(), Some(0));
        stack.store(-14, 1, number(3), false, &old);
        assert_eq!(stack.load(-14, 2).constant(), None);
        assert_eq!(stack.load(-12, 4).constant(), Some(0));
    }

    #[test]
    fn versions_decide_what_stays_known() {
        let load = |release: &str, bytes, is_immediate| {
            let mut stack = Stack::default();
            stack.store(-8, bytes, number(7), is_immediate, &Verifier::of_release(release));
            stack.load(-8, bytes)
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
        assert!(stack.load(-8, 8).constant().is_none() && !is_lost(&stack.load(-8, 8)));
        assert!(stack.covers(&before) && !before.covers(&stack));
        stack.lose();
        assert!(is_lost(&stack.load(-16, 8)));
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
        assert_eq!(one.load(-8, 8).constant(), Some(7));
        assert!(is_lost(&one.load(-16, 8)));
    }
}
