//! What is known at a point of a path.

use super::alu::{Operation, whole};
use super::code::{Code, Place};
use super::copies::Copies;
use super::meeting::Meeting;
use super::scalar::Scalar;
use super::stack::Stack;
use super::value::{Id, Null, Number, Pointer, Register, To, Value};
use super::verifier::Knows;

/// A function under way.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) place: Place,
    pub(super) registers: [Register; 11],
    pub(super) stack: Stack,
    pub(super) after: After,
}

/// What happens when a function ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum After {
    /// The path ends.
    End,
    /// The caller goes on after the call, with what the function returns.
    Call,
    /// The caller goes on after the call of the helper that called it back, with any number.
    Once,
    /// The helper is called again: it may call back as often as it likes.
    Again,
}

/// A point of a path.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The functions under way, the innermost last; never empty.
    pub(super) frames: Vec<Frame>,
    /// Whether the verifier comes here for certain.
    pub(super) is_certain: bool,
    /// Where it will be certain again.
    pub(super) meeting: Option<Meeting>,
}

impl Frame {
    pub(super) fn new(place: Place, number: usize, after: After) -> Self {
        let mut registers = [Register::LOST; 11];
        let to = To::Stack { frame: number as u8, at: Some(0) };
        registers[10] = Register::pointer(to, Null::Never);
        Self { place, registers, stack: Stack::default(), after }
    }

    pub(super) fn register(&self, number: u8) -> Register {
        self.registers.get(usize::from(number)).copied().unwrap_or(Register::LOST)
    }

    pub(super) fn set(&mut self, number: u8, register: Register) {
        // The frame pointer cannot be written.
        if let Some(place) = self.registers.get_mut(usize::from(number)).filter(|_| number < 10) {
            *place = register;
        }
    }

    /// What a call leaves in `r1` to `r5`: nothing that can be read.
    pub(super) fn clobber(&mut self) {
        for register in &mut self.registers[1..=5] {
            *register = Register::LOST;
        }
    }
}

impl State {
    /// The start of a function that is verified by itself.
    pub(super) fn at(place: Place, is_certain: bool) -> Self {
        Self { frames: vec![Frame::new(place, 0, After::End)], is_certain, meeting: None }
    }

    pub(super) fn top(&self) -> &Frame {
        let last = self.frames.len() - 1;
        &self.frames[last]
    }

    pub(super) fn top_mut(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The mark of a value that comes into being here. No older value keeps it.
    pub(super) fn fresh(&mut self) -> Id {
        let place = self.top().place;
        let depth = self.frames.len() as u32 & 0xf;
        let id = (place.insn << 4 | depth).wrapping_mul(2).wrapping_add(1);
        for register in self.all_registers() {
            if register.id() == id {
                register.forget_id();
            }
        }
        id
    }

    fn all_registers(&mut self) -> impl Iterator<Item = &mut Register> {
        self.frames.iter_mut().flat_map(|frame| frame.registers.iter_mut().chain(frame.stack.registers_mut()))
    }

    /// Tells the copies of a value what a branch has told of it.
    pub(super) fn tell_copies(&mut self, id: Id, told: &Register, numbers: Knows) {
        if id == 0 {
            return;
        }
        let new = *told;
        for register in self.all_registers().filter(|register| register.id() == id) {
            let field_of = register.field_of;
            match (&register.value, numbers) {
                (Value::Pointer(_), _) => *register = Register { field_of, ..new },
                (Value::Number(number), Knows::Yes) => {
                    *register = Register { field_of, ..told_of_sum(&new, number.plus) };
                }
                (Value::Number(_), Knows::Perhaps) => *register = register.lose(),
                (Value::Number(_), Knows::No) => {}
            }
        }
    }

    /// Whether whatever is found from `other` on is found from here on, too. Both stand at the same place.
    pub(super) fn covers(&self, other: &Self, code: &Code<'_>) -> bool {
        let is_as_certain = match (&self.meeting, &other.meeting) {
            _ if self.is_certain => true,
            _ if other.is_certain => false,
            (_, None) => true,
            (Some(one), Some(other)) => one.is_same(other),
            (None, Some(_)) => false,
        };
        if !is_as_certain {
            return false;
        }
        let last = self.frames.len() - 1;
        let mut copies = Copies::default();
        self.frames.iter().zip(&other.frames).enumerate().all(|(number, (one, two))| {
            let live = match number == last {
                true => code.live(one.place),
                false => code.live(one.place) | code.live(Place { insn: one.place.insn + 1, ..one.place }),
            };
            let registers = one.registers.iter().zip(&two.registers).enumerate();
            let mut alive = registers.filter(|(register, _)| live >> register & 1 == 1);
            alive.all(|(_, (one, two))| one.covers(two) && copies.agree(one, two))
                && one.stack.covers(&two.stack, &mut copies)
        })
    }

    /// Takes up what `other` may be at the same place. Where the two differ nothing is certain any more.
    pub(super) fn join(&mut self, other: &Self) {
        self.is_certain = false;
        self.meeting = None;
        for (one, two) in self.frames.iter_mut().zip(&other.frames) {
            for (register, new) in one.registers.iter_mut().zip(&two.registers) {
                register.join(new);
            }
            one.stack.join(&two.stack);
        }
    }

    /// Something that is not known was written to: any stack may have changed.
    pub(super) fn lose_stacks(&mut self) {
        for frame in &mut self.frames {
            frame.stack.lose();
        }
    }
}

/// What is told of a number, for one that is its sum with something.
fn told_of_sum(told: &Register, plus: u32) -> Register {
    let Value::Number(number) = told.value else { return *told };
    let by = i64::from(plus) - i64::from(number.plus);
    let scalar = match by {
        0 => number.scalar,
        _ => whole(Operation::Add, &number.scalar, &Scalar::of(by.cast_unsigned())),
    };
    Register::of(Value::Number(Number { scalar, plus, ..number }))
}

/// A number nobody knows anything of, of so many bytes, that came into being with this mark.
pub(super) fn any_number(bytes: u32, id: Id, may_be_pointer: bool) -> Register {
    let scalar = Scalar::of_bytes(bytes);
    let number = Number { scalar, id, plus: 0, is_lost: false, is_constant: false, may_be_pointer };
    Register::of(Value::Number(number))
}

/// The same pointer, known not to be null.
pub(super) fn not_null(pointer: Pointer) -> Register {
    Register::pointer(pointer.to, Null::Never)
}
