//! Arithmetic on what is known of numbers (`adjust_scalar_min_max_vals`).

use super::scalar::Scalar;
use super::tnum::Tnum;
use super::verifier::{Knows, Verifier};

/// What an instruction computes: the upper four bits of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Sub,
    Mul,
    Div,
    Or,
    And,
    Lsh,
    Rsh,
    Neg,
    Mod,
    Xor,
    Mov,
    Arsh,
    End,
}

impl Operation {
    /// The operation of an arithmetic instruction; `None` when there is none of that number.
    pub(super) fn of_code(code: u8) -> Option<Self> {
        Some(match code & 0xf0 {
            0x00 => Self::Add,
            0x10 => Self::Sub,
            0x20 => Self::Mul,
            0x30 => Self::Div,
            0x40 => Self::Or,
            0x50 => Self::And,
            0x60 => Self::Lsh,
            0x70 => Self::Rsh,
            0x80 => Self::Neg,
            0x90 => Self::Mod,
            0xa0 => Self::Xor,
            0xb0 => Self::Mov,
            0xc0 => Self::Arsh,
            0xd0 => Self::End,
            _ => return None,
        })
    }

    /// Whether a verifier follows numbers through it.
    pub(super) fn is_followed(self, verifier: &Verifier) -> Knows {
        match self {
            Self::Neg => verifier.negation,
            Self::Div | Self::Mod => verifier.division,
            Self::End => verifier.swaps,
            _ => Knows::Yes,
        }
    }
}

/// The result of a 64-bit operation on two numbers.
pub(super) fn whole(operation: Operation, a: &Scalar, b: &Scalar) -> Scalar {
    if let (Some(a), Some(b)) = (a.constant(), b.constant()) {
        return folded(operation, a, b).map_or(Scalar::UNKNOWN, Scalar::of);
    }
    let result = match operation {
        Operation::Mov => return *b,
        Operation::Neg => return whole(Operation::Sub, &Scalar::of(0), a),
        Operation::Add => Scalar {
            bits: a.bits.add(b.bits),
            u64: both(a.u64, b.u64, u64::checked_add).unwrap_or(Scalar::UNKNOWN.u64),
            s64: both(a.s64, b.s64, i64::checked_add).unwrap_or(Scalar::UNKNOWN.s64),
            u32: both(a.u32, b.u32, u32::checked_add).unwrap_or(Scalar::UNKNOWN.u32),
            s32: both(a.s32, b.s32, i32::checked_add).unwrap_or(Scalar::UNKNOWN.s32),
        },
        Operation::Sub => Scalar {
            bits: a.bits.sub(b.bits),
            u64: both(a.u64, swapped(b.u64), u64::checked_sub).unwrap_or(Scalar::UNKNOWN.u64),
            s64: both(a.s64, swapped(b.s64), i64::checked_sub).unwrap_or(Scalar::UNKNOWN.s64),
            u32: both(a.u32, swapped(b.u32), u32::checked_sub).unwrap_or(Scalar::UNKNOWN.u32),
            s32: both(a.s32, swapped(b.s32), i32::checked_sub).unwrap_or(Scalar::UNKNOWN.s32),
        },
        Operation::Mul => {
            let power = |of: &Scalar| of.constant().filter(|number| number.is_power_of_two());
            let bits = match (power(a), power(b)) {
                (_, Some(power)) => a.bits.shl(power.trailing_zeros()),
                (Some(power), None) => b.bits.shl(power.trailing_zeros()),
                (None, None) => Tnum::UNKNOWN,
            };
            Scalar {
                bits,
                u64: both(a.u64, b.u64, u64::checked_mul).unwrap_or(Scalar::UNKNOWN.u64),
                s64: products(a.s64, b.s64, i64::checked_mul).unwrap_or(Scalar::UNKNOWN.s64),
                u32: both(a.u32, b.u32, u32::checked_mul).unwrap_or(Scalar::UNKNOWN.u32),
                s32: products(a.s32, b.s32, i32::checked_mul).unwrap_or(Scalar::UNKNOWN.s32),
            }
        }
        Operation::And => {
            let most = a.u64.1.min(b.u64.1);
            Scalar { bits: a.bits.and(b.bits), u64: (0, most), ..Scalar::UNKNOWN }
        }
        Operation::Or => {
            let least = a.u64.0.max(b.u64.0);
            Scalar { bits: a.bits.or(b.bits), u64: (least, u64::MAX), ..Scalar::UNKNOWN }
        }
        Operation::Xor => Scalar { bits: a.bits.xor(b.bits), ..Scalar::UNKNOWN },
        Operation::Lsh | Operation::Rsh | Operation::Arsh => match b.constant() {
            Some(by @ 0..=63) => shifted(operation, a, by as u32),
            _ => Scalar::UNKNOWN,
        },
        Operation::Div | Operation::Mod | Operation::End => Scalar::UNKNOWN,
    };
    result.tidy().unwrap_or(Scalar::UNKNOWN)
}

/// The result of a 32-bit operation: on the lower halves, the upper half of the result being 0. That is forgotten where the
/// verifier does not follow the operation: then all 64 bits are unknown to it (`is_safe_to_compute_dst_reg_range`).
pub(super) fn half(operation: Operation, a: &Scalar, b: &Scalar) -> Scalar {
    let is_shift = matches!(operation, Operation::Lsh | Operation::Rsh | Operation::Arsh);
    if is_shift && (b.low32().constant().is_none() || b.u64.1 > 31) {
        return Scalar::UNKNOWN;
    }
    let (a, b) = (a.low32(), b.low32());
    match (operation, b.constant()) {
        (Operation::Arsh, Some(by)) => Scalar { bits: a.bits.sar(by as u32, 32), ..Scalar::of_bytes(4) }
            .tidy()
            .unwrap_or(Scalar::of_bytes(4)),
        _ => whole(operation, &a, &b).low32(),
    }
}

/// Operations on two numbers, as the machine does them; `None` for those that verifiers do not follow.
fn folded(operation: Operation, a: u64, b: u64) -> Option<u64> {
    Some(match operation {
        Operation::Add => a.wrapping_add(b),
        Operation::Sub => a.wrapping_sub(b),
        Operation::Mul => a.wrapping_mul(b),
        Operation::Or => a | b,
        Operation::And => a & b,
        Operation::Xor => a ^ b,
        Operation::Mov => b,
        Operation::Neg => a.wrapping_neg(),
        Operation::Lsh if b < 64 => a << b,
        Operation::Rsh if b < 64 => a >> b,
        Operation::Arsh if b < 64 => (a.cast_signed() >> b).cast_unsigned(),
        _ => return None,
    })
}

fn shifted(operation: Operation, a: &Scalar, by: u32) -> Scalar {
    match operation {
        Operation::Lsh => {
            let fits = a.u64.1.leading_zeros() >= by;
            let range = if fits { (a.u64.0 << by, a.u64.1 << by) } else { Scalar::UNKNOWN.u64 };
            Scalar { bits: a.bits.shl(by), u64: range, ..Scalar::UNKNOWN }
        }
        Operation::Rsh => {
            Scalar { bits: a.bits.shr(by), u64: (a.u64.0 >> by, a.u64.1 >> by), ..Scalar::UNKNOWN }
        }
        _ => Scalar { bits: a.bits.sar(by, 64), s64: (a.s64.0 >> by, a.s64.1 >> by), ..Scalar::UNKNOWN },
    }
}

/// The operation on both bounds, if neither overflows.
fn both<T: Copy>(a: (T, T), b: (T, T), operation: impl Fn(T, T) -> Option<T>) -> Option<(T, T)> {
    Some((operation(a.0, b.0)?, operation(a.1, b.1)?))
}

/// Whether verifiers, each in its way, know more or less of the result than this does.
pub(super) fn is_inexact(operation: Operation, a: &Scalar, b: &Scalar) -> bool {
    let power = |of: &Scalar| of.constant().is_some_and(u64::is_power_of_two);
    match operation {
        Operation::Neg => a.constant().is_none(),
        _ if a.constant().is_some() && b.constant().is_some() => false,
        Operation::Mul => !power(a) && !power(b),
        // Where both bounds overflow the newest still know them.
        Operation::Add => a.u64.0.checked_add(b.u64.0).is_none() || a.u32.0.checked_add(b.u32.0).is_none(),
        Operation::Sub => a.u64.1 < b.u64.0 || a.u32.1 < b.u32.0,
        _ => false,
    }
}

/// The least and the largest product of bounds, if none overflows.
fn products<T: Copy + Ord>(a: (T, T), b: (T, T), product: impl Fn(T, T) -> Option<T>) -> Option<(T, T)> {
    let all = [product(a.0, b.0)?, product(a.0, b.1)?, product(a.1, b.0)?, product(a.1, b.1)?];
    Some((all.into_iter().min()?, all.into_iter().max()?))
}

fn swapped<T>(range: (T, T)) -> (T, T) {
    (range.1, range.0)
}

/// The lower `bits` (8, 16 or 32) bits, extended by their sign (`BPF_MOVSX`, `BPF_MEMSX`).
pub(super) fn sign_extended(a: &Scalar, bits: u32) -> Scalar {
    let by = 64 - bits.clamp(1, 64);
    let up = whole(Operation::Lsh, a, &Scalar::of(by.into()));
    let half = 1_i64 << (bits.clamp(1, 63) - 1);
    let down = whole(Operation::Arsh, &up, &Scalar::of(by.into()));
    down.intersect(&Scalar::signed(-half, half - 1)).unwrap_or(Scalar::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Operation; 14] = [
        Operation::Add,
        Operation::Sub,
        Operation::Mul,
        Operation::Div,
        Operation::Or,
        Operation::And,
        Operation::Lsh,
        Operation::Rsh,
        Operation::Neg,
        Operation::Mod,
        Operation::Xor,
        Operation::Mov,
        Operation::Arsh,
        Operation::End,
    ];

    /// Sets with the numbers that are tried of each.
    fn sets() -> Vec<(Scalar, Vec<u64>)> {
        let edges = [
            0,
            1,
            2,
            7,
            31,
            32,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            1 << 32,
            (1 << 63) - 1,
            1 << 63,
            u64::MAX,
        ];
        let mut sets = vec![
            Scalar::UNKNOWN,
            Scalar::of_bytes(1),
            Scalar::of_bytes(4),
            Scalar::unsigned(1, 7),
            Scalar::signed(-4095, 31),
            Scalar { bits: Tnum { value: 1, mask: !3 }, ..Scalar::UNKNOWN }.tidy().unwrap_or(Scalar::UNKNOWN),
        ];
        sets.extend(edges.map(Scalar::of));
        let inside = |set: &Scalar| edges.into_iter().filter(|&n| set.contains(&Scalar::of(n))).collect();
        sets.into_iter().map(|set| (set, inside(&set))).collect()
    }

    #[test]
    fn results_hold_what_the_machine_computes() {
        for operation in ALL {
            for (one, ones) in sets() {
                for (other, others) in sets() {
                    let (long, short) = (whole(operation, &one, &other), half(operation, &one, &other));
                    for (&a, &b) in ones.iter().flat_map(|a| others.iter().map(move |b| (a, b))) {
                        if let Some(number) = folded(operation, a, b) {
                            assert!(
                                long.contains(&Scalar::of(number)),
                                "{operation:?} {a:#x} {b:#x} in {long:?}"
                            );
                        }
                        let (a, b) = (a as u32, b as u32);
                        let number = match operation {
                            Operation::Arsh => (b < 32).then(|| (a.cast_signed() >> b).cast_unsigned()),
                            Operation::Lsh | Operation::Rsh if b > 31 => None,
                            _ => folded(operation, a.into(), b.into()).map(|number| number as u32),
                        };
                        if let Some(number) = number {
                            let number = Scalar::of(number.into());
                            assert!(short.contains(&number), "32 {operation:?} {a:#x} {b:#x} in {short:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn constants_stay_constants() {
        let (a, b) = (Scalar::of(12), Scalar::of(3));
        let value = |operation| whole(operation, &a, &b).constant();
        assert_eq!(value(Operation::Add), Some(15));
        assert_eq!(value(Operation::Sub), Some(9));
        assert_eq!(value(Operation::Lsh), Some(96));
        assert_eq!(value(Operation::Div), None);
        assert_eq!(half(Operation::Sub, &b, &a).constant(), Some(0xffff_fff7));
        assert_eq!(half(Operation::Arsh, &Scalar::of(0x8000_0000), &b).constant(), Some(0xf000_0000));
        assert_eq!(sign_extended(&Scalar::of(0xff), 8).constant(), Some(u64::MAX));
        assert_eq!(sign_extended(&Scalar::UNKNOWN, 8).s64, (-128, 127));
    }

    #[test]
    fn every_code_has_its_operation() {
        let found: Vec<Operation> =
            (0..=0xd_u8).filter_map(|high| Operation::of_code(high << 4 | 7)).collect();
        assert_eq!(found, ALL);
        assert_eq!(Operation::of_code(0xe7), None);
    }
}
