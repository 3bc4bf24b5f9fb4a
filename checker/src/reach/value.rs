//! What a register or a place on the stack holds.

use super::scalar::Scalar;

/// Where a value came into being: copies of it have the same, so that what a branch tells of one is known of all.
/// 0 is none.
pub(super) type Id = u32;

/// A value, and which access it is the address or the offset of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Register {
    pub(super) value: Value,
    /// The access whose relocated offset was added, as an index among the object's: then this is the address of its field.
    pub(super) field_of: Option<u32>,
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// A number, or what was loaded from where pointers may be.
    Number(Number),
    /// A pointer.
    Pointer(Pointer),
}

/// A number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) scalar: Scalar,
    /// Its copies.
    pub(super) id: Id,
    /// What was added to the copy.
    pub(super) plus: u32,
    /// Whether a verifier may know more of it than this: then which way a branch on it goes is not certain.
    pub(super) is_lost: bool,
    /// Whether it is one number that the verifier knows, and of which only bounds are known here.
    pub(super) is_constant: bool,
    /// Whether the verifier may take it for a pointer that cannot be null.
    pub(super) may_be_pointer: bool,
}

/// A pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) to: To,
    pub(super) null: Null,
}

/// What a pointer points to. Offsets are in bytes; `None` is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// What the program was called with.
    Context,
    /// The stack of the frame with this number; offsets are at most 0.
    Stack { frame: u8, at: Option<i32> },
    /// A section of variables, by its index in the object.
    Data { section: u32, at: Option<i64> },
    /// A value of the configuration, by its index among the externs.
    Kconfig { symbol: u32, at: Option<i64> },
    /// A map itself, by its index in the object.
    Map(u32),
    /// A value of a map.
    MapValue,
    /// A function, by its index in the object.
    Function(u32),
    /// Anything else.
    Other,
}

/// Whether a pointer is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Null {
    /// It is not, and verifiers that know that of any know it of this.
    Never,
    /// The verifier checks both.
    Either(Id),
    /// It may be; the verifier may know that it is not.
    Unclear(Id),
}

impl Register {
    /// A value that is no address of a field.
    pub(super) const fn of(value: Value) -> Self {
        Self { value, field_of: None }
    }

    /// A number that the verifier knows as well as this does.
    pub(super) const fn number(scalar: Scalar) -> Self {
        Self::of(Value::Number(Number {
            scalar,
            id: 0,
            plus: 0,
            is_lost: false,
            is_constant: false,
            may_be_pointer: false,
        }))
    }

    /// A value of which the verifier may know anything.
    pub(super) const LOST: Self = Self::of(Value::Number(Number {
        scalar: Scalar::UNKNOWN,
        id: 0,
        plus: 0,
        is_lost: true,
        is_constant: false,
        may_be_pointer: true,
    }));

    /// A pointer.
    pub(super) const fn pointer(to: To, null: Null) -> Self {
        Self::of(Value::Pointer(Pointer { to, null }))
    }

    /// The number, if it is one.
    pub(super) fn as_number(&self) -> Option<&Number> {
        match &self.value {
            Value::Number(number) => Some(number),
            Value::Pointer(_) => None,
        }
    }

    /// The constant, if it is one.
    pub(super) fn constant(&self) -> Option<u64> {
        self.as_number()?.scalar.constant()
    }

    /// Its mark, by which copies are known.
    pub(super) fn id(&self) -> Id {
        match self.value {
            Value::Number(number) => number.id,
            Value::Pointer(Pointer { null: Null::Either(id) | Null::Unclear(id), .. }) => id,
            Value::Pointer(_) => 0,
        }
    }

    /// Takes the mark off.
    pub(super) fn forget_id(&mut self) {
        match &mut self.value {
            Value::Number(number) => number.id = 0,
            Value::Pointer(Pointer { null: Null::Either(id) | Null::Unclear(id), .. }) => *id = 0,
            Value::Pointer(_) => {}
        }
    }

    /// Whether every value that `other` may be is one that this may be, so that what was found out with this holds of that;
    /// as far as one register tells ([`super::copies`]).
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is_same_field = self.field_of == other.field_of || other.field_of.is_none();
        is_same_field
            && match (&self.value, &other.value) {
                (Value::Number(one), Value::Number(two)) => {
                    // What is lost here makes branches uncertain that would be certain there.
                    let is_as_sure = !one.is_lost || two.is_lost;
                    let is_as_sure = is_as_sure && (!one.may_be_pointer || two.may_be_pointer);
                    is_as_sure && one.scalar.contains(&two.scalar)
                }
                (Value::Pointer(one), Value::Pointer(two)) => {
                    one.to.covers(two.to)
                        && matches!(
                            (one.null, two.null),
                            (Null::Never, Null::Never)
                                | (Null::Either(_), Null::Either(_) | Null::Never)
                                | (Null::Unclear(_), Null::Unclear(_))
                        )
                }
                _ => false,
            }
    }
}

impl Number {
    /// Whether the verifier knows it as one number.
    pub(super) fn is_known(&self) -> bool {
        self.is_constant || self.scalar.constant().is_some()
    }
}

impl To {
    fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Stack { frame: one, at: None }, Self::Stack { frame: two, .. }) => one == two,
            (Self::Data { section: one, at: None }, Self::Data { section: two, .. }) => one == two,
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wider_covers() {
        let any = Register::number(Scalar::UNKNOWN);
        let one = Register::number(Scalar::of(1));
        assert!(any.covers(&one) && !one.covers(&any) && one.covers(&one));
        // What is lost says less of certain things than what is merely wide.
        assert!(any.covers(&Register::LOST) && !Register::LOST.covers(&one));
        let either = Register::pointer(To::MapValue, Null::Either(3));
        let never = Register::pointer(To::MapValue, Null::Never);
        assert!(either.covers(&never) && !never.covers(&either) && !any.covers(&never));
        let wide = Register::pointer(To::Stack { frame: 0, at: None }, Null::Never);
        let exact = Register::pointer(To::Stack { frame: 0, at: Some(-8) }, Null::Never);
        assert!(wide.covers(&exact) && !exact.covers(&wide));
        let field = Register { field_of: Some(1), ..one };
        assert!(field.covers(&one) && !one.covers(&field));
    }
}
