//! One instruction.

use super::alu::{Operation, half, is_inexact, sign_extended, whole};
use super::branch::{Comparison, Side, sides};
use super::code::{Code, Place};
use super::meeting::Meeting;
use super::memory::Width;
use super::scalar::Scalar;
use super::state::{After, State, any_number, not_null};
use super::value::{Id, Null, Number, Pointer, Register, To, Value};
use super::verifier::{Knows, Verifier};
use super::walk::Walk;
use crate::attach::ExternValue;
use crate::object::{ExternKind, Insn, Target};

impl Walk<'_> {
    /// Follows one instruction; `false` when the path ends. Where it parts, the other side is left for later.
    pub(super) fn step(&mut self, state: &mut State, insn: Insn) -> bool {
        match insn.code & 0x07 {
            0 => self.load_constant(state, insn),
            1 => self.load_register(state, insn),
            2 | 3 => self.store_register(state, insn),
            4 | 7 => self.compute(state, insn),
            _ => return self.jump(state, insn),
        }
        let size = Code::slots(insn);
        state.top_mut().place.insn += size;
        true
    }

    /// `BPF_LD`: a 64-bit constant or address, or a load from the packet.
    fn load_constant(&mut self, state: &mut State, insn: Insn) {
        if !insn.is_ld_imm64() {
            let id = state.fresh();
            state.top_mut().set(0, any_number(8, id, false));
            state.top_mut().clobber();
            return;
        }
        let place = state.top().place;
        let second = self.code.insn(Place { insn: place.insn + 1, ..place }).unwrap_or_default();
        let register = match self.code.reference(place) {
            _ if self.code.is_unsure(place) => Register::LOST,
            Some(Target::Map(map)) => Register::pointer(To::Map(map as u32), Null::Never),
            Some(Target::Data { data, offset }) => {
                Register::pointer(To::Data { section: data as u32, at: Some(offset) }, Null::Never)
            }
            Some(Target::FunctionAddress(function)) => {
                Register::pointer(To::Function(function as u32), Null::Never)
            }
            Some(Target::ExternAddress(symbol)) => self.address_of(symbol),
            _ => {
                let number =
                    u64::from(insn.imm.cast_unsigned()) | u64::from(second.imm.cast_unsigned()) << 32;
                let field_of = self.code.field(place);
                Register { field_of, ..Register::number(Scalar::of(number)) }
            }
        };
        state.top_mut().set(insn.dst, register);
    }

    fn address_of(&self, symbol: usize) -> Register {
        let kind = self.question.object.externs.get(symbol).map(|symbol| symbol.kind);
        if kind == Some(ExternKind::Kconfig) {
            return Register::pointer(To::Kconfig { symbol: symbol as u32, at: Some(0) }, Null::Never);
        }
        match self.question.externs.get(symbol) {
            Some(ExternValue::Missing) => Register::number(Scalar::of(0)),
            Some(ExternValue::Present) => Register::pointer(To::Other, Null::Never),
            _ => Register::LOST,
        }
    }

    fn compute(&mut self, state: &mut State, insn: Insn) {
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

    /// `BPF_JMP`, `BPF_JMP32`: jumps, calls, and the end of a function.
    fn jump(&mut self, state: &mut State, insn: Insn) -> bool {
        let by = match (insn.code & 0x07, insn.code & 0xf0) {
            (_, 0x80) => return self.call(state, insn),
            (_, 0x90) => return self.leave(state),
            (6, 0) => i64::from(insn.imm),
            _ => i64::from(insn.off),
        };
        let place = state.top().place;
        let target = u32::try_from(i64::from(place.insn) + 1 + by).unwrap_or(u32::MAX);
        if insn.code & 0xf0 == 0 {
            state.top_mut().place.insn = target;
            return true;
        }
        let Some(comparison) = Comparison::of_code(insn.code) else {
            // may_goto: the verifier goes both ways.
            let mut taken = state.clone();
            taken.top_mut().place.insn = target;
            self.todo.push(taken);
            state.top_mut().place.insn += 1;
            return true;
        };
        let is_whole = insn.code & 0x07 == 5;
        let [taken, not] = self.part(state, insn, comparison, is_whole);
        let taken = taken.map(|mut taken| {
            taken.top_mut().place.insn = target;
            taken
        });
        match (taken, not) {
            (Some(taken), Some(mut not)) => {
                self.todo.push(taken);
                not.top_mut().place.insn += 1;
                *state = not;
            }
            (Some(taken), None) => *state = taken,
            (None, Some(mut not)) => {
                not.top_mut().place.insn += 1;
                *state = not;
            }
            (None, None) => return false,
        }
        true
    }

    /// The states on both sides of a branch.
    fn part(
        &mut self,
        state: &State,
        insn: Insn,
        comparison: Comparison,
        is_whole: bool,
    ) -> [Option<State>; 2] {
        let a = state.top().register(insn.dst);
        let takes_register = insn.code & 0x08 != 0;
        let b = match takes_register {
            true => state.top().register(insn.src),
            false => Register::number(Scalar::of(i64::from(insn.imm).cast_unsigned())),
        };
        let is_null_check = matches!(comparison, Comparison::Equal | Comparison::NotEqual) && is_whole;
        let (one, other) = match (&a.value, &b.value) {
            (Value::Number(one), Value::Number(other)) => (*one, *other),
            (Value::Pointer(pointer), Value::Number(number))
                if is_null_check && number.scalar.constant() == Some(0) =>
            {
                return self.part_by_null(state, insn.dst, *pointer, comparison == Comparison::Equal);
            }
            // Comparing pointers tells nothing that is followed here.
            _ => return [Some(state.clone()), Some(state.clone())],
        };
        let checks_null = is_null_check && other.scalar.constant() == Some(0) && one.may_be_pointer;
        let is_certain = state.is_certain && !one.is_lost && !other.is_lost;
        let [taken, not] = sides(comparison, &one.scalar, &other.scalar, is_whole);
        // What is a constant for the verifier goes one way, and which is known if it is out of the bounds known here.
        let is_constant = one.is_known() && other.is_known();
        let knows_ranges = self.question.verifier.ranges == Knows::Yes && !one.is_lost && !other.is_lost;
        let is_decided = taken == Side::Never || not == Side::Never;
        let make = |side: Side, is_null_side: bool| {
            let mut new = state.clone();
            match side {
                Side::Never => return None,
                Side::OutOfRange if is_constant || knows_ranges => return None,
                Side::OutOfRange => new.is_certain = false,
                Side::Open(left, right) => {
                    // A branch that constants decide goes one way, whatever else the verifier may know.
                    new.is_certain = if is_decided { state.is_certain } else { is_certain };
                    if checks_null && is_null_side {
                        new.is_certain = false;
                    }
                    let copies = self.question.verifier.copies;
                    refine(&mut new, insn.dst, &a, one, left, copies);
                    if takes_register {
                        refine(&mut new, insn.src, &b, other, right, copies);
                    }
                }
            }
            Some(new)
        };
        let is_equal = comparison == Comparison::Equal;
        let mut both = [make(taken, is_equal), make(not, !is_equal)];
        if state.is_certain && !is_certain && !is_decided {
            // One of the two is taken, and it is not known which: where they meet it is certain again.
            let branch = state.top().place;
            let place = self.meeting_of(branch);
            let meeting = Meeting::of(state, place, self.written_from(branch, place));
            both.iter_mut().flatten().for_each(|side| side.meeting = Some(meeting.clone()));
        }
        both
    }

    /// The two sides of a comparison of a pointer with 0.
    fn part_by_null(
        &self,
        state: &State,
        number: u8,
        pointer: Pointer,
        is_equal: bool,
    ) -> [Option<State>; 2] {
        let knows = self.question.verifier.null_checks;
        let mut null = state.clone();
        let mut other = state.clone();
        let is_gone_to = match pointer.null {
            Null::Never => {
                // Verifiers know it of pointers to memory; of others, not all of them.
                let is_known =
                    !matches!(pointer.to, To::Context | To::Stack { .. } | To::Map(_) | To::Function(_));
                match (knows, is_known) {
                    (Knows::Yes, true) => false,
                    (Knows::No, _) => true,
                    _ => {
                        null.is_certain = false;
                        true
                    }
                }
            }
            Null::Either(id) | Null::Unclear(id) => {
                if matches!(pointer.null, Null::Unclear(_)) {
                    null.is_certain = false;
                }
                let zero = Register::number(Scalar::of(0));
                let some = not_null(pointer);
                null.tell_copies(id, &zero, Knows::Yes);
                null.top_mut().set(number, zero);
                other.tell_copies(id, &some, Knows::Yes);
                other.top_mut().set(number, some);
                true
            }
        };
        let null = is_gone_to.then_some(null);
        if is_equal { [null, Some(other)] } else { [Some(other), null] }
    }

    /// The end of a function.
    fn leave(&mut self, state: &mut State) -> bool {
        let Some(mut left) = state.frames.pop() else { return false };
        if state.frames.is_empty() {
            return false;
        }
        let result = left.register(0);
        let depth = state.frames.len() as u8;
        // Nothing may point to the stack that is gone.
        let is_gone = |register: &Register| matches!(register.value, Value::Pointer(Pointer { to: To::Stack { frame, .. }, .. }) if frame == depth);
        let id = state.fresh();
        let caller = state.top_mut();
        match left.after {
            After::End => return false,
            After::Call => {
                left.clobber();
                caller.clobber();
                caller.set(0, if is_gone(&result) { Register::LOST } else { result });
                caller.place.insn += 1;
            }
            After::Once => {
                caller.clobber();
                caller.set(0, any_number(8, id, false));
                caller.place.insn += 1;
            }
            // The call is looked at again, with what the callback has changed.
            After::Again => {
                // Where jumps lead, that is asked anyway.
                let place = state.top().place;
                return self.code.is_joined(place) || !self.was_here(state);
            }
        }
        true
    }

    /// Loads and stores through registers.
    fn load_register(&mut self, state: &mut State, insn: Insn) {
        let place = state.top().place;
        let width = Width::of_code(insn.code);
        let base = state.top().register(insn.src);
        let mut loaded = match self.code.is_unsure(place) {
            true => Register::LOST,
            false => self.load(state, &base, insn.off, width),
        };
        if insn.code & 0xe0 == 0x80 {
            loaded = loaded.extended(width.bytes());
        }
        if let Value::Number(number) = &mut loaded.value
            && number.id == 0
            && number.scalar.constant().is_none()
        {
            number.id = state.fresh();
        }
        state.top_mut().set(insn.dst, loaded);
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

/// Notes in a state what a branch has told of a number, and of its copies.
fn refine(state: &mut State, register: u8, old: &Register, number: Number, to: Scalar, copies: Knows) {
    let told = Register { value: Value::Number(Number { scalar: to, ..number }), field_of: old.field_of };
    state.tell_copies(number.id, &told, copies);
    state.top_mut().set(register, told);
}
