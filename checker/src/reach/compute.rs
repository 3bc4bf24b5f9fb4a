//! Arithmetic between registers: of numbers, of pointers, and of what is either.

use super::alu::{Operation, half, is_inexact, sign_extended, whole};
use super::scalar::Scalar;
use super::state::{State, any_number};
use super::value::{Id, Number, Pointer, Register, To, Value};
use super::verifier::{Knows, Verifier};
use super::walk::Walk;
use crate::object::Insn;

impl Walk<'_> {
    pub(super) fn compute(&mut self, state: &mut State, insn: Insn) {
        let place = state.top().place;
        let Some(operation) = Operation::of_code(insn.code) else { return };
        let is_whole = insn.code & 0x07 == 7;
        let takes_register = insn.code & 0x08 != 0 && !matches!(operation, Operation::Neg | Operation::End);
        let mut source = match takes_register {
            true => state.top().register(insn.src),
            false => {
                let number = i64::from(insn.imm).cast_unsigned();
                Register { field_of: self.code.field(place), ..Register::number(Scalar::of(number)) }
            }
        };
        if self.code.is_unsure(place) {
            source = Register::LOST;
        }
        let old = state.top().register(insn.dst);
        let new = match operation {
            Operation::Mov if takes_register && insn.off != 0 => moved_extended(&source, insn.off, is_whole),
            Operation::Mov if is_whole => {
                if takes_register {
                    source = self.marked(state, insn.src, source);
                }
                source
            }
            Operation::Mov => {
                if takes_register {
                    source = self.marked(state, insn.src, source);
                }
                moved_half(&source, self.question.verifier.half_copies)
            }
            _ => computed(operation, &old, &source, is_whole, &self.question.verifier),
        };
        state.top_mut().set(insn.dst, new);
    }

    /// The register, marked so that copies of it are known.
    fn marked(&self, state: &mut State, number: u8, register: Register) -> Register {
        let mut register = register;
        if let Value::Number(of) = &mut register.value
            && of.id == 0
            && of.scalar.constant().is_none()
        {
            of.id = state.fresh();
            state.top_mut().set(number, register);
        }
        register
    }
}

/// A copy of the lower half.
fn moved_half(source: &Register, copies: Knows) -> Register {
    match &source.value {
        Value::Number(number) => {
            let is_copy = number.scalar.fits_u32() && copies == Knows::Yes;
            let is_lost = number.is_lost || number.id != 0 && copies == Knows::Perhaps;
            let scalar = number.scalar.low32();
            let id = if is_copy { number.id } else { 0 };
            let plus = number.plus;
            let number = Number { scalar, id, plus, is_lost, is_constant: false, may_be_pointer: false };
            Register { value: Value::Number(number), field_of: source.field_of }
        }
        Value::Pointer(_) => any_number(4, 0, false),
    }
}

/// A sign-extending copy of so many bits.
fn moved_extended(source: &Register, bits: i16, is_whole: bool) -> Register {
    let Value::Number(number) = &source.value else { return Register::LOST };
    let scalar = sign_extended(&number.scalar, u32::from(bits.unsigned_abs()));
    let scalar = if is_whole { scalar } else { scalar.low32() };
    Register::of(Value::Number(Number { scalar, id: 0, ..*number }))
}

/// The result of arithmetic.
fn computed(
    operation: Operation,
    a: &Register,
    b: &Register,
    is_whole: bool,
    verifier: &Verifier,
) -> Register {
    let value = match (&a.value, &b.value) {
        (Value::Number(one), Value::Number(other)) => {
            let followed = operation.is_followed(verifier);
            let scalar = match (followed, is_whole) {
                (Knows::Yes, true) => whole(operation, &one.scalar, &other.scalar),
                (Knows::Yes, false) => half(operation, &one.scalar, &other.scalar),
                // All 64 bits, also of a 32-bit operation.
                _ => Scalar::UNKNOWN,
            };
            let sum = match operation {
                Operation::Add | Operation::Sub => summed(operation, one, other, is_whole, verifier),
                _ => Sum::default(),
            };
            let is_lost = one.is_lost
                || other.is_lost
                || followed == Knows::Perhaps
                || sum.is_lost
                || is_inexact(operation, &one.scalar, &other.scalar);
            let keeps_pointers = is_whole && matches!(operation, Operation::Add | Operation::Sub);
            Value::Number(Number {
                scalar,
                id: sum.id,
                plus: sum.plus,
                is_lost: is_lost && scalar.constant().is_none(),
                is_constant: is_lost && one.is_known() && other.is_known(),
                may_be_pointer: keeps_pointers && (one.may_be_pointer || other.may_be_pointer),
            })
        }
        (Value::Pointer(pointer), Value::Number(number)) if is_whole => moved(operation, *pointer, number),
        (Value::Number(number), Value::Pointer(pointer)) if is_whole && operation == Operation::Add => {
            moved(operation, *pointer, number)
        }
        (Value::Pointer(_), Value::Pointer(_)) if is_whole && operation == Operation::Sub => {
            Register::number(Scalar::UNKNOWN).value
        }
        _ => Register::LOST.value,
    };
    Register { value, field_of: field_of_sum(operation, a, b, is_whole) }
}

/// What the sum of a number and a constant has to do with the number.
#[derive(Default)]
struct Sum {
    id: Id,
    plus: u32,
    is_lost: bool,
}

/// The sum of a copy and a constant that 31 bits hold stays a copy, but for the constant; a second sum does not. Newer
/// verifiers, and stable releases of those before, go on with differences and 32-bit sums.
fn summed(operation: Operation, one: &Number, other: &Number, is_whole: bool, verifier: &Verifier) -> Sum {
    let is_constant = other.scalar.low32().constant().is_some();
    if one.id == 0 || !is_constant || one.scalar.constant().is_some() || verifier.sums == Knows::No {
        return Sum::default();
    }
    let by = other.scalar.constant().and_then(|by| i32::try_from(by).ok());
    match by.filter(|_| operation == Operation::Add && is_whole) {
        Some(_) if one.plus != 0 => Sum::default(),
        Some(by) if verifier.sums == Knows::Yes => {
            Sum { id: one.id, plus: by.cast_unsigned(), is_lost: false }
        }
        _ => Sum { is_lost: true, ..Sum::default() },
    }
}

/// A pointer moved by a number of bytes.
fn moved(operation: Operation, pointer: Pointer, by: &Number) -> Value {
    let by = match (operation, by.scalar.constant().map(u64::cast_signed)) {
        (Operation::Add, by) => by,
        (Operation::Sub, by) => by.and_then(i64::checked_neg),
        _ => return Register::LOST.value,
    };
    let add = |at: Option<i64>| at.zip(by).and_then(|(at, by)| at.checked_add(by));
    let to = match pointer.to {
        To::Stack { frame, at } => {
            let at = add(at.map(i64::from)).and_then(|at| i32::try_from(at).ok());
            To::Stack { frame, at }
        }
        To::Data { section, at } => To::Data { section, at: add(at) },
        To::Kconfig { symbol, at } => To::Kconfig { symbol, at: add(at) },
        other => other,
    };
    Value::Pointer(Pointer { to, null: pointer.null })
}

/// The access of whose field the sum is the address: that whose offset was added to something that is no constant.
fn field_of_sum(operation: Operation, a: &Register, b: &Register, is_whole: bool) -> Option<u32> {
    if operation != Operation::Add || !is_whole {
        return None;
    }
    match (a.constant(), b.constant()) {
        (None, Some(_)) => b.field_of,
        (Some(_), None) => a.field_of,
        _ => None,
    }
}
