//! Conditional jumps: which way they go, and what that tells of the numbers compared (`is_branch_taken`,
//! `reg_set_min_max`).

use super::scalar::Scalar;

/// What a conditional jump compares by: the upper four bits of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    /// Whether they have a bit in common.
    Set,
    Above,
    AtLeast,
    Below,
    AtMost,
    SignedAbove,
    SignedAtLeast,
    SignedBelow,
    SignedAtMost,
}

impl Comparison {
    /// The comparison of a jump; `None` when it makes none.
    pub(super) fn of_code(code: u8) -> Option<Self> {
        Some(match code & 0xf0 {
            0x10 => Self::Equal,
            0x20 => Self::Above,
            0x30 => Self::AtLeast,
            0x40 => Self::Set,
            0x50 => Self::NotEqual,
            0x60 => Self::SignedAbove,
            0x70 => Self::SignedAtLeast,
            0xa0 => Self::Below,
            0xb0 => Self::AtMost,
            0xc0 => Self::SignedBelow,
            0xd0 => Self::SignedAtMost,
            _ => return None,
        })
    }

    /// Holds exactly when the other does not; `None` for [`Comparison::Set`].
    fn opposite(self) -> Option<Self> {
        Some(match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Above => Self::AtMost,
            Self::AtMost => Self::Above,
            Self::AtLeast => Self::Below,
            Self::Below => Self::AtLeast,
            Self::SignedAbove => Self::SignedAtMost,
            Self::SignedAtMost => Self::SignedAbove,
            Self::SignedAtLeast => Self::SignedBelow,
            Self::SignedBelow => Self::SignedAtLeast,
            Self::Set => return None,
        })
    }

    fn of_constants(self, a: u64, b: u64, is_whole: bool) -> bool {
        let (a, b) = if is_whole { (a, b) } else { (u64::from(a as u32), u64::from(b as u32)) };
        let signed = |number: u64| match is_whole {
            true => number.cast_signed(),
            false => (number as u32).cast_signed().into(),
        };
        match self {
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            Self::Set => a & b != 0,
            Self::Above => a > b,
            Self::AtLeast => a >= b,
            Self::Below => a < b,
            Self::AtMost => a <= b,
            Self::SignedAbove => signed(a) > signed(b),
            Self::SignedAtLeast => signed(a) >= signed(b),
            Self::SignedBelow => signed(a) < signed(b),
            Self::SignedAtMost => signed(a) <= signed(b),
        }
    }
}

/// What is known of one side of a branch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Side {
    /// No verifier goes there: the numbers are constants, and the comparison says no.
    Never,
    /// By ranges no number leads there; older verifiers know less of ranges, and go.
    OutOfRange,
    /// It is gone to, and there the two numbers are these.
    Open(Scalar, Scalar),
}

/// The two sides of a branch on `a` and `b`, 64 or 32 bits wide: where the jump is taken, and where not.
pub(super) fn sides(comparison: Comparison, a: &Scalar, b: &Scalar, is_whole: bool) -> [Side; 2] {
    let constant = |of: &Scalar| match is_whole {
        true => of.constant(),
        false => of.low32().constant(),
    };
    if let (Some(one), Some(other)) = (constant(a), constant(b)) {
        let open = Side::Open(*a, *b);
        return match comparison.of_constants(one, other, is_whole) {
            true => [open, Side::Never],
            false => [Side::Never, open],
        };
    }
    let side = |found: Option<(Scalar, Scalar)>| found.map_or(Side::OutOfRange, |(a, b)| Side::Open(a, b));
    let holds = |comparison: Comparison| match is_whole {
        true => refined(comparison, a, b),
        false => refined_half(comparison, a, b),
    };
    match comparison.opposite() {
        Some(opposite) => [side(holds(comparison)), side(holds(opposite))],
        None => [side(common_bits(a, b, is_whole)), side(no_common_bits(a, b, is_whole))],
    }
}

/// The numbers where a 64-bit comparison holds; `None` when it cannot hold.
fn refined(comparison: Comparison, a: &Scalar, b: &Scalar) -> Option<(Scalar, Scalar)> {
    let (mut x, mut y) = (*a, *b);
    match comparison {
        Comparison::Equal => {
            let both = a.intersect(b)?;
            return Some((both, both));
        }
        Comparison::NotEqual => {
            if let Some(number) = b.constant() {
                without(&mut x.u64, number, u64::wrapping_add, u64::wrapping_sub);
                without(&mut x.s64, number.cast_signed(), i64::wrapping_add, i64::wrapping_sub);
            }
        }
        Comparison::Above => order(&mut y.u64, &mut x.u64, u64::checked_add, u64::checked_sub, 1)?,
        Comparison::AtLeast => order(&mut y.u64, &mut x.u64, u64::checked_add, u64::checked_sub, 0)?,
        Comparison::Below => order(&mut x.u64, &mut y.u64, u64::checked_add, u64::checked_sub, 1)?,
        Comparison::AtMost => order(&mut x.u64, &mut y.u64, u64::checked_add, u64::checked_sub, 0)?,
        Comparison::SignedAbove => order(&mut y.s64, &mut x.s64, i64::checked_add, i64::checked_sub, 1)?,
        Comparison::SignedAtLeast => order(&mut y.s64, &mut x.s64, i64::checked_add, i64::checked_sub, 0)?,
        Comparison::SignedBelow => order(&mut x.s64, &mut y.s64, i64::checked_add, i64::checked_sub, 1)?,
        Comparison::SignedAtMost => order(&mut x.s64, &mut y.s64, i64::checked_add, i64::checked_sub, 0)?,
        Comparison::Set => {}
    }
    Some((x.tidy()?, y.tidy()?))
}

/// The numbers where a 32-bit comparison of their lower halves holds; `None` when it cannot hold.
fn refined_half(comparison: Comparison, a: &Scalar, b: &Scalar) -> Option<(Scalar, Scalar)> {
    let (mut x, mut y) = (*a, *b);
    match comparison {
        Comparison::Equal => {
            let half = a.low32().intersect(&b.low32())?;
            return Some((with_half(a, &half)?, with_half(b, &half)?));
        }
        Comparison::NotEqual => {
            if let Some(number) = b.low32().constant() {
                without(&mut x.u32, number as u32, u32::wrapping_add, u32::wrapping_sub);
                without(&mut x.s32, (number as u32).cast_signed(), i32::wrapping_add, i32::wrapping_sub);
            }
        }
        Comparison::Above => order(&mut y.u32, &mut x.u32, u32::checked_add, u32::checked_sub, 1)?,
        Comparison::AtLeast => order(&mut y.u32, &mut x.u32, u32::checked_add, u32::checked_sub, 0)?,
        Comparison::Below => order(&mut x.u32, &mut y.u32, u32::checked_add, u32::checked_sub, 1)?,
        Comparison::AtMost => order(&mut x.u32, &mut y.u32, u32::checked_add, u32::checked_sub, 0)?,
        Comparison::SignedAbove => order(&mut y.s32, &mut x.s32, i32::checked_add, i32::checked_sub, 1)?,
        Comparison::SignedAtLeast => order(&mut y.s32, &mut x.s32, i32::checked_add, i32::checked_sub, 0)?,
        Comparison::SignedBelow => order(&mut x.s32, &mut y.s32, i32::checked_add, i32::checked_sub, 1)?,
        Comparison::SignedAtMost => order(&mut x.s32, &mut y.s32, i32::checked_add, i32::checked_sub, 0)?,
        Comparison::Set => {}
    }
    Some((x.tidy()?, y.tidy()?))
}

/// A number with what is known of its lower half.
fn with_half(of: &Scalar, half: &Scalar) -> Option<Scalar> {
    let bits = of.bits.with_low32(half.bits);
    of.intersect(&Scalar { bits, u32: half.u32, s32: half.s32, ..Scalar::UNKNOWN })
}

/// Makes the range `less` end before the range `more` ends, and that begin after it begins, by `by`.
fn order<T: Ord + Copy>(
    less: &mut (T, T),
    more: &mut (T, T),
    add: impl Fn(T, T) -> Option<T>,
    sub: impl Fn(T, T) -> Option<T>,
    by: T,
) -> Option<()> {
    less.1 = less.1.min(sub(more.1, by)?);
    more.0 = more.0.max(add(less.0, by)?);
    (less.0 <= less.1 && more.0 <= more.1).then_some(())
}

/// Takes a number off a range that begins or ends with it.
fn without<T: Eq + Copy + From<bool>>(
    range: &mut (T, T),
    number: T,
    add: impl Fn(T, T) -> T,
    sub: impl Fn(T, T) -> T,
) {
    if range.0 == range.1 {
        return;
    }
    if range.0 == number {
        range.0 = add(range.0, T::from(true));
    } else if range.1 == number {
        range.1 = sub(range.1, T::from(true));
    }
}

/// The numbers where the two have a bit in common.
fn common_bits(a: &Scalar, b: &Scalar, is_whole: bool) -> Option<(Scalar, Scalar)> {
    let bits = if is_whole { (a.bits, b.bits) } else { (a.bits.low32(), b.bits.low32()) };
    let can_be = (bits.0.value | bits.0.mask) & (bits.1.value | bits.1.mask);
    if can_be == 0 {
        return None;
    }
    let mut x = *a;
    // A bit that is asked about alone is set.
    if let Some(bit) = asked_bits(b, is_whole).filter(|bits| bits.is_power_of_two()) {
        x.bits.value |= bit;
        x.bits.mask &= !bit;
    }
    Some((x.tidy()?, *b))
}

/// The numbers where they have none.
fn no_common_bits(a: &Scalar, b: &Scalar, is_whole: bool) -> Option<(Scalar, Scalar)> {
    let bits = if is_whole { (a.bits, b.bits) } else { (a.bits.low32(), b.bits.low32()) };
    if bits.0.value & bits.1.value != 0 {
        return None;
    }
    let mut x = *a;
    if let Some(bits) = asked_bits(b, is_whole) {
        x.bits.mask &= !bits;
    }
    Some((x.tidy()?, *b))
}

/// The bits that are asked about, if that is a constant.
fn asked_bits(b: &Scalar, is_whole: bool) -> Option<u64> {
    if is_whole { b.constant() } else { b.low32().constant() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Comparison; 11] = [
        Comparison::Equal,
        Comparison::Above,
        Comparison::AtLeast,
        Comparison::Set,
        Comparison::NotEqual,
        Comparison::SignedAbove,
        Comparison::SignedAtLeast,
        Comparison::Below,
        Comparison::AtMost,
        Comparison::SignedBelow,
        Comparison::SignedAtMost,
    ];

    const EDGES: [u64; 10] =
        [0, 1, 5, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32, (1 << 63) + 5, u64::MAX];

    fn sets() -> Vec<Scalar> {
        let mut sets = vec![
            Scalar::UNKNOWN,
            Scalar::of_bytes(4),
            Scalar::unsigned(1, 7),
            Scalar::unsigned(5, 1 << 32),
            Scalar::signed(-9, 5),
        ];
        sets.extend(EDGES.map(Scalar::of));
        sets
    }

    /// Every pair of numbers is on the side to which the machine would go, and that side still holds it.
    #[test]
    fn no_number_is_lost() {
        for comparison in ALL {
            for (a, b) in sets().into_iter().flat_map(|a| sets().into_iter().map(move |b| (a, b))) {
                for is_whole in [true, false] {
                    let sides = sides(comparison, &a, &b, is_whole);
                    let inside =
                        |of: &Scalar| EDGES.into_iter().filter(|&n| of.contains(&Scalar::of(n))).collect();
                    let (ones, others): (Vec<u64>, Vec<u64>) = (inside(&a), inside(&b));
                    for (&x, &y) in ones.iter().flat_map(|x| others.iter().map(move |y| (x, y))) {
                        let side = usize::from(!comparison.of_constants(x, y, is_whole));
                        let Side::Open(left, right) = sides[side] else {
                            panic!("{comparison:?} {x:#x} {y:#x} {is_whole}: {a:?} {b:?}");
                        };
                        assert!(left.contains(&Scalar::of(x)), "{comparison:?} {x:#x} {y:#x}: {left:?}");
                        assert!(right.contains(&Scalar::of(y)), "{comparison:?} {x:#x} {y:#x}: {right:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn constants_decide_and_ranges_nearly_do() {
        let [taken, not] = sides(Comparison::Equal, &Scalar::of(1), &Scalar::of(0), true);
        assert_eq!((taken, not), (Side::Never, Side::Open(Scalar::of(1), Scalar::of(0))));
        let [taken, not] = sides(Comparison::Above, &Scalar::unsigned(0, 4), &Scalar::of(9), true);
        assert_eq!(taken, Side::OutOfRange);
        assert_eq!(not, Side::Open(Scalar::unsigned(0, 4), Scalar::of(9)));
    }

    #[test]
    fn a_side_tells_what_the_number_is() {
        let [taken, _] = sides(Comparison::Equal, &Scalar::UNKNOWN, &Scalar::of(7), true);
        assert_eq!(taken, Side::Open(Scalar::of(7), Scalar::of(7)));
        let [_, not] = sides(Comparison::SignedAbove, &Scalar::of_bytes(4), &Scalar::of(5), false);
        let Side::Open(a, _) = not else { panic!("{not:?}") };
        assert_eq!(a.s32, (i32::MIN, 5));
        assert_eq!(sides(Comparison::Equal, &a, &Scalar::of(10), false)[0], Side::OutOfRange);
        let [_, not] = sides(Comparison::Set, &Scalar::UNKNOWN, &Scalar::of(4), true);
        let Side::Open(a, _) = not else { panic!("{not:?}") };
        assert_eq!(a.bits.mask, !4);
    }
}
