//! Which values of two states are copies of each other.
//!
//! What a branch tells of a number it tells of its copies. So what was found out with two copies does not hold of two numbers
//! that only may be the same (`check_scalar_ids`, `check_ids`).

use super::value::{Id, Null, Pointer, Register, Value};

/// What the copies of a state that is known are in another, as far as they were compared.
#[derive(Default)]
pub(super) struct Copies(Vec<(Id, i64, Same)>);

/// What makes two values of the other state the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    /// They have the same mark, and differ by a constant.
    Mark(Id, i64),
    /// They are constants, that differ by a constant.
    Constant(i64),
    /// They are no null pointers: of copies that is all that a branch asks.
    NotNull,
    /// Nothing does.
    Not,
}

impl Copies {
    /// Whether `new` is a copy of what it should be, if `known` is a copy of a value that was compared before.
    pub(super) fn agree(&mut self, known: &Register, new: &Register) -> bool {
        let id = known.id();
        if id == 0 || known.constant().is_some() {
            return true;
        }
        let plus = match known.value {
            Value::Number(number) => i64::from(number.plus),
            Value::Pointer(_) => 0,
        };
        let same = same(new);
        match self.0.iter().find(|(of, _, _)| *of == id) {
            None => {
                self.0.push((id, plus, same));
                true
            }
            Some(&(_, first, of_first)) => match (of_first, same) {
                (Same::Mark(one, of_one), Same::Mark(other, of_other)) => {
                    one == other && of_other.wrapping_sub(of_one) == plus - first
                }
                (Same::Constant(one), Same::Constant(other)) => other.wrapping_sub(one) == plus - first,
                (Same::NotNull, Same::NotNull) => true,
                _ => false,
            },
        }
    }
}

fn same(new: &Register) -> Same {
    match new.value {
        Value::Number(number) => match (number.scalar.constant(), number.id) {
            (Some(constant), _) => Same::Constant(constant.cast_signed()),
            (None, 0) => Same::Not,
            (None, id) => Same::Mark(id, number.plus.into()),
        },
        Value::Pointer(Pointer { null: Null::Never, .. }) => Same::NotNull,
        Value::Pointer(Pointer { null: Null::Either(0) | Null::Unclear(0), .. }) => Same::Not,
        Value::Pointer(Pointer { null: Null::Either(id) | Null::Unclear(id), .. }) => Same::Mark(id, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar::Scalar;
    use super::super::value::{Number, To};
    use super::*;

    fn number(id: Id, plus: u32) -> Register {
        let scalar = Scalar::UNKNOWN;
        Register::of(Value::Number(Number {
            scalar,
            id,
            plus,
            is_lost: false,
            is_constant: false,
            may_be_pointer: false,
        }))
    }

    fn agree(known: [Register; 2], new: [Register; 2]) -> bool {
        let mut copies = Copies::default();
        copies.agree(&known[0], &new[0]) && copies.agree(&known[1], &new[1])
    }

    #[test]
    fn copies_must_be_copies_again() {
        assert!(agree([number(1, 0), number(1, 0)], [number(5, 0), number(5, 0)]));
        assert!(!agree([number(1, 0), number(1, 0)], [number(5, 0), number(6, 0)]));
        assert!(!agree([number(1, 0), number(1, 0)], [number(0, 0), number(0, 0)]));
        // What were no copies may be some.
        assert!(agree([number(1, 0), number(2, 0)], [number(5, 0), number(5, 0)]));
        let constant = |number| Register::number(Scalar::of(number));
        assert!(agree([number(1, 0), number(1, 0)], [constant(3), constant(3)]));
        assert!(!agree([number(1, 0), number(1, 0)], [constant(3), constant(4)]));
    }

    #[test]
    fn sums_must_be_the_same_sums() {
        assert!(agree([number(1, 0), number(1, 4)], [number(5, 2), number(5, 6)]));
        assert!(!agree([number(1, 0), number(1, 4)], [number(5, 0), number(5, 0)]));
        let constant = |number| Register::number(Scalar::of(number));
        assert!(agree([number(1, 0), number(1, 4)], [constant(3), constant(7)]));
    }

    #[test]
    fn pointers_are_null_together() {
        let pointer = |null| Register::pointer(To::MapValue, null);
        let both = [pointer(Null::Either(1)), pointer(Null::Either(1))];
        assert!(agree(both, [pointer(Null::Either(2)), pointer(Null::Either(2))]));
        assert!(!agree(both, [pointer(Null::Either(2)), pointer(Null::Either(3))]));
        assert!(!agree(both, [pointer(Null::Either(2)), pointer(Null::Never)]));
        assert!(agree(both, [pointer(Null::Never), pointer(Null::Never)]));
    }
}
