//! Numbers of which some bits are known, as the kernel tracks them (`kernel/bpf/tnum.c`).

/// A set of 64-bit numbers: where `mask` has a 0 the bit is that of `value`, where it has a 1 the bit is not known.
/// `value & mask` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tnum {
    pub(super) value: u64,
    pub(super) mask: u64,
}

impl Tnum {
    /// Nothing is known.
    pub(super) const UNKNOWN: Self = Self { value: 0, mask: u64::MAX };

    /// Just this number.
    pub(super) const fn of(value: u64) -> Self {
        Self { value, mask: 0 }
    }

    /// A set that holds everything from `min` to `max`: the bits in which the two agree from the top.
    pub(super) fn of_range(min: u64, max: u64) -> Self {
        let differing = min ^ max;
        let mask = if differing == 0 { 0 } else { u64::MAX >> differing.leading_zeros() };
        Self { value: min & !mask, mask }
    }

    /// The number, if all bits are known.
    pub(super) fn constant(self) -> Option<u64> {
        (self.mask == 0).then_some(self.value)
    }

    /// Whether every number of `other` is in this set.
    pub(super) fn contains(self, other: Self) -> bool {
        other.mask & !self.mask == 0 && other.value & !self.mask == self.value
    }

    /// What both allow; `None` when their known bits differ.
    pub(super) fn intersect(self, other: Self) -> Option<Self> {
        let known_by_both = !self.mask & !other.mask;
        if (self.value ^ other.value) & known_by_both != 0 {
            return None;
        }
        let mask = self.mask & other.mask;
        Some(Self { value: (self.value | other.value) & !mask, mask })
    }

    pub(super) fn add(self, other: Self) -> Self {
        let masks = self.mask.wrapping_add(other.mask);
        let values = self.value.wrapping_add(other.value);
        let carries = masks.wrapping_add(values) ^ values;
        let mask = carries | self.mask | other.mask;
        Self { value: values & !mask, mask }
    }

    pub(super) fn sub(self, other: Self) -> Self {
        let values = self.value.wrapping_sub(other.value);
        let most = values.wrapping_add(self.mask);
        let least = values.wrapping_sub(other.mask);
        let mask = (most ^ least) | self.mask | other.mask;
        Self { value: values & !mask, mask }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let value = self.value & other.value;
        let mask = (self.value | self.mask) & (other.value | other.mask) & !value;
        Self { value, mask }
    }

    pub(super) fn or(self, other: Self) -> Self {
        let value = self.value | other.value;
        Self { value, mask: (self.mask | other.mask) & !value }
    }

    pub(super) fn xor(self, other: Self) -> Self {
        let mask = self.mask | other.mask;
        Self { value: (self.value ^ other.value) & !mask, mask }
    }

    pub(super) fn shl(self, by: u32) -> Self {
        Self { value: self.value << by, mask: self.mask << by }
    }

    pub(super) fn shr(self, by: u32) -> Self {
        Self { value: self.value >> by, mask: self.mask >> by }
    }

    /// Shifts right and keeps the sign of the lower `bits` (32 or 64) bits.
    pub(super) fn sar(self, by: u32, bits: u32) -> Self {
        if bits == 32 {
            let half = |half: u64| u64::from(((half as u32).cast_signed() >> by).cast_unsigned());
            return Self { value: half(self.value), mask: half(self.mask) };
        }
        let whole = |whole: u64| (whole.cast_signed() >> by).cast_unsigned();
        Self { value: whole(self.value), mask: whole(self.mask) }
    }

    /// The lower half, the upper bits being 0.
    pub(super) fn low32(self) -> Self {
        Self { value: self.value & 0xffff_ffff, mask: self.mask & 0xffff_ffff }
    }

    /// The same with another lower half.
    pub(super) fn with_low32(self, low: Self) -> Self {
        Self {
            value: self.value & !0xffff_ffff | low.value & 0xffff_ffff,
            mask: self.mask & !0xffff_ffff | low.mask & 0xffff_ffff,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every set of three bits, and the numbers in it.
    fn sets() -> Vec<(Tnum, Vec<u64>)> {
        let mut sets = Vec::new();
        for mask in 0..8_u64 {
            for value in (0..8).filter(|value| value & mask == 0) {
                let set = Tnum { value, mask };
                sets.push((set, (0..8).filter(|number| number & !mask == value).collect()));
            }
        }
        sets
    }

    #[test]
    fn every_operation_holds_what_its_operands_can_give() {
        type Case = (fn(Tnum, Tnum) -> Tnum, fn(u64, u64) -> u64);
        let cases: [Case; 6] = [
            (Tnum::add, u64::wrapping_add),
            (Tnum::sub, u64::wrapping_sub),
            (Tnum::and, |a, b| a & b),
            (Tnum::or, |a, b| a | b),
            (Tnum::xor, |a, b| a ^ b),
            (|a, _| a.shl(61).sar(61, 64), |a, _| ((a << 61).cast_signed() >> 61).cast_unsigned()),
        ];
        for (of_sets, of_numbers) in cases {
            for (one, ones) in sets() {
                for (other, others) in sets() {
                    let result = of_sets(one, other);
                    for (a, b) in ones.iter().flat_map(|&a| others.iter().map(move |&b| (a, b))) {
                        let number = of_numbers(a, b);
                        assert!(
                            result.contains(Tnum::of(number)),
                            "{one:?} {other:?}: {number} in {result:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn sets_meet_and_join() {
        for (one, ones) in sets() {
            for (other, others) in sets() {
                let common: Vec<u64> =
                    ones.iter().copied().filter(|number| others.contains(number)).collect();
                match one.intersect(other) {
                    None => assert!(common.is_empty()),
                    Some(both) => {
                        let inside: Vec<u64> = (0..8).filter(|&n| both.contains(Tnum::of(n))).collect();
                        assert_eq!(inside, common);
                    }
                }
                assert_eq!(one.contains(other), others.iter().all(|number| ones.contains(number)));
            }
        }
    }

    #[test]
    fn ranges_and_halves() {
        assert_eq!(Tnum::of_range(4, 7), Tnum { value: 4, mask: 3 });
        assert_eq!(Tnum::of_range(5, 5).constant(), Some(5));
        assert_eq!(Tnum::of_range(0, u64::MAX), Tnum::UNKNOWN);
        assert_eq!(Tnum::of(0x8000_0000).sar(4, 32).constant(), Some(0xf800_0000));
        let whole = Tnum::of(0x1_0000_0002);
        assert_eq!(whole.with_low32(Tnum::of(7)).constant(), Some(0x1_0000_0007));
        assert_eq!(whole.low32().constant(), Some(2));
    }
}
