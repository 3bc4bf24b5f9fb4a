//! What is known of a number in a register: its bits, and ranges of the whole and of its lower half, signed and
//! unsigned, as the verifier keeps them (`struct bpf_reg_state`).

use super::tnum::Tnum;

/// A set of numbers. Each of the five descriptions holds all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Scalar {
    pub(super) bits: Tnum,
    pub(super) u64: (u64, u64),
    pub(super) s64: (i64, i64),
    /// Of the lower half.
    pub(super) u32: (u32, u32),
    /// Of the lower half.
    pub(super) s32: (i32, i32),
}

impl Scalar {
    /// Nothing is known.
    pub(super) const UNKNOWN: Self = Self {
        bits: Tnum::UNKNOWN,
        u64: (0, u64::MAX),
        s64: (i64::MIN, i64::MAX),
        u32: (0, u32::MAX),
        s32: (i32::MIN, i32::MAX),
    };

    /// Just this number.
    pub(super) fn of(number: u64) -> Self {
        let (whole, half) = (number.cast_signed(), number as u32);
        Self {
            bits: Tnum::of(number),
            u64: (number, number),
            s64: (whole, whole),
            u32: (half, half),
            s32: (half.cast_signed(), half.cast_signed()),
        }
    }

    /// Whatever so many bytes (1, 2, 4 or 8) can hold, the upper bits being 0.
    pub(super) fn of_bytes(bytes: u32) -> Self {
        match bytes {
            1 | 2 | 4 => Self::unsigned(0, (1 << (bytes * 8)) - 1),
            _ => Self::UNKNOWN,
        }
    }

    /// Whatever lies between two unsigned bounds.
    pub(super) fn unsigned(min: u64, max: u64) -> Self {
        Self { u64: (min, max), ..Self::UNKNOWN }.tidy().unwrap_or(Self::UNKNOWN)
    }

    /// Whatever lies between two signed bounds.
    pub(super) fn signed(min: i64, max: i64) -> Self {
        Self { s64: (min, max), ..Self::UNKNOWN }.tidy().unwrap_or(Self::UNKNOWN)
    }

    /// The number, if there is just one.
    pub(super) fn constant(&self) -> Option<u64> {
        self.bits.constant()
    }

    /// Whether every number of `other` is in this set.
    pub(super) fn contains(&self, other: &Self) -> bool {
        let within = self.u64.0 <= other.u64.0 && other.u64.1 <= self.u64.1;
        let within = within && self.s64.0 <= other.s64.0 && other.s64.1 <= self.s64.1;
        let within = within && self.u32.0 <= other.u32.0 && other.u32.1 <= self.u32.1;
        within && self.s32.0 <= other.s32.0 && other.s32.1 <= self.s32.1 && self.bits.contains(other.bits)
    }

    /// What both allow; `None` when nothing is left.
    pub(super) fn intersect(&self, other: &Self) -> Option<Self> {
        Self {
            bits: self.bits.intersect(other.bits)?,
            u64: (self.u64.0.max(other.u64.0), self.u64.1.min(other.u64.1)),
            s64: (self.s64.0.max(other.s64.0), self.s64.1.min(other.s64.1)),
            u32: (self.u32.0.max(other.u32.0), self.u32.1.min(other.u32.1)),
            s32: (self.s32.0.max(other.s32.0), self.s32.1.min(other.s32.1)),
        }
        .tidy()
    }

    /// The lower half as a number of its own: what a 32-bit operation sees and leaves.
    pub(super) fn low32(&self) -> Self {
        let half = Self {
            bits: self.bits.low32(),
            u32: self.u32,
            s32: self.s32,
            ..Self::unsigned(0, u32::MAX.into())
        };
        half.tidy().unwrap_or(Self::unsigned(0, u32::MAX.into()))
    }

    /// Whether the upper half is 0.
    pub(super) fn fits_u32(&self) -> bool {
        self.u64.1 <= u64::from(u32::MAX)
    }

    /// Lets each description learn from the others (`reg_bounds_sync`); `None` when they contradict each other, so
    /// that no number is left.
    pub(super) fn tidy(mut self) -> Option<Self> {
        // What one round finds serves the next; after three nothing that matters is left to find.
        for _ in 0..3 {
            self.learn_bounds_from_bits();
            self.learn_between_ranges();
            self.learn_bits_from_bounds()?;
        }
        let fits = self.u64.0 <= self.u64.1 && self.s64.0 <= self.s64.1;
        (fits && self.u32.0 <= self.u32.1 && self.s32.0 <= self.s32.1).then_some(self)
    }

    fn learn_bounds_from_bits(&mut self) {
        let (least, most) = (self.bits.value, self.bits.value | self.bits.mask);
        raise(&mut self.u64, least, most);
        raise(&mut self.u32, least as u32, most as u32);
        let sign = 1_u64 << 63;
        let least = if self.bits.mask & sign == 0 { least } else { least | sign };
        raise(&mut self.s64, least.cast_signed(), (most & !(self.bits.mask & sign)).cast_signed());
        let half = self.bits.low32();
        let sign = 1_u32 << 31;
        let (value, mask) = (half.value as u32, half.mask as u32);
        let least = value | (mask & sign);
        raise(&mut self.s32, least.cast_signed(), (value | mask & !sign).cast_signed());
    }

    fn learn_between_ranges(&mut self) {
        // A range that does not cross from positive to negative is the same signed and unsigned.
        if self.u64.0.cast_signed() <= self.u64.1.cast_signed() {
            raise(&mut self.s64, self.u64.0.cast_signed(), self.u64.1.cast_signed());
        }
        if self.s64.0.cast_unsigned() <= self.s64.1.cast_unsigned() {
            raise(&mut self.u64, self.s64.0.cast_unsigned(), self.s64.1.cast_unsigned());
        }
        if self.u32.0.cast_signed() <= self.u32.1.cast_signed() {
            raise(&mut self.s32, self.u32.0.cast_signed(), self.u32.1.cast_signed());
        }
        if self.s32.0.cast_unsigned() <= self.s32.1.cast_unsigned() {
            raise(&mut self.u32, self.s32.0.cast_unsigned(), self.s32.1.cast_unsigned());
        }
        // Where the upper halves of both bounds are equal, the lower halves are bounds of the lower half.
        if self.u64.0 >> 32 == self.u64.1 >> 32 {
            raise(&mut self.u32, self.u64.0 as u32, self.u64.1 as u32);
        }
        // Whatever the upper half is, the lower one is within its bounds (`__reg_deduce_mixed_bounds`).
        let (least, most) = (u64::from(self.u32.0), u64::from(self.u32.1));
        let with = |upper: u64, lower: u64| upper & !0xffff_ffff | lower;
        let unsigned = (with(self.u64.0, least), with(self.u64.1, most));
        raise(&mut self.u64, unsigned.0, unsigned.1);
        let signed = (with(self.s64.0.cast_unsigned(), least), with(self.s64.1.cast_unsigned(), most));
        raise(&mut self.s64, signed.0.cast_signed(), signed.1.cast_signed());
    }

    fn learn_bits_from_bounds(&mut self) -> Option<()> {
        if self.u64.0 <= self.u64.1 {
            self.bits = self.bits.intersect(Tnum::of_range(self.u64.0, self.u64.1))?;
        }
        if self.u32.0 <= self.u32.1 {
            let half = Tnum::of_range(self.u32.0.into(), self.u32.1.into());
            self.bits = self.bits.with_low32(self.bits.low32().intersect(half)?);
        }
        Some(())
    }
}

/// Moves both bounds inwards.
fn raise<T: Ord + Copy>(range: &mut (T, T), least: T, most: T) {
    range.0 = range.0.max(least);
    range.1 = range.1.min(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_in_every_way() {
        let minus_one = Scalar::of(u64::MAX);
        assert_eq!((minus_one.s64, minus_one.u32, minus_one.s32), ((-1, -1), (u32::MAX, u32::MAX), (-1, -1)));
        assert_eq!(minus_one.tidy(), Some(minus_one));
        assert_eq!(minus_one.low32(), Scalar::of(0xffff_ffff));
        assert_eq!(Scalar::of_bytes(4).constant(), None);
    }

    #[test]
    fn ranges_teach_each_other() {
        assert_eq!(Scalar::unsigned(3, 9).s64, (3, 9));
        assert_eq!(Scalar::signed(-5, -2).u64, (u64::MAX - 4, u64::MAX - 1));
        assert_eq!(Scalar::signed(-5, 7).u64, (0, u64::MAX));
        assert_eq!(Scalar::of_bytes(1).bits, Tnum { value: 0, mask: 0xff });
        let even = Scalar { bits: Tnum { value: 0, mask: !1 }, ..Scalar::unsigned(4, 5) };
        assert_eq!(even.tidy().and_then(|even| even.constant()), Some(4));
    }

    #[test]
    fn what_contradicts_itself_is_empty() {
        assert_eq!(Scalar::unsigned(0, 4).intersect(&Scalar::unsigned(5, 9)), None);
        assert_eq!(Scalar::of(3).intersect(&Scalar::of(4)), None);
        assert_eq!(Scalar::unsigned(0, 5).intersect(&Scalar::unsigned(5, 9)), Some(Scalar::of(5)));
        assert!(Scalar::UNKNOWN.contains(&Scalar::of(7)) && !Scalar::of(7).contains(&Scalar::UNKNOWN));
    }
}
