//! Jumps: where a path goes on, and what its two sides know after a branch.

use super::branch::{Comparison, Side, sides};
use super::meeting::Meeting;
use super::scalar::Scalar;
use super::state::{State, not_null};
use super::value::{Null, Number, Pointer, Register, To, Value};
use super::verifier::Knows;
use super::walk::Walk;
use crate::object::Insn;

impl Walk<'_> {
    /// `BPF_JMP`, `BPF_JMP32`: jumps, calls, and the end of a function.
    pub(super) fn jump(&mut self, state: &mut State, insn: Insn) -> bool {
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
}

/// Notes in a state what a branch has told of a number, and of its copies.
fn refine(state: &mut State, register: u8, old: &Register, number: Number, to: Scalar, copies: Knows) {
    let told = Register { value: Value::Number(Number { scalar: to, ..number }), field_of: old.field_of };
    state.tell_copies(number.id, &told, copies);
    state.top_mut().set(register, told);
}
