//! How high everything is: rows of 8 bytes, with long fields drawn shorter.

use super::fold::Unit;
use super::slots::Slot;

/// Bits in a row.
pub(super) const ROW_BITS: u64 = 64;
/// Height of a row.
pub(super) const ROW: f64 = 17.0;
/// Whole rows of one field beyond these are drawn as fewer.
const WHOLE: u64 = 6;
const SHORTENED: f64 = 4.0;
/// The same for fields that are drawn together.
const WHOLE_FOLDED: u64 = 2;
const SHORTENED_FOLDED: f64 = 2.0;

/// Where bits are from top to bottom: even rows, but for those within a long field.
pub(super) struct Scale {
    top: f64,
    /// Rows from, to (exclusive) that are drawn as so many, in rising order, with what was saved before them.
    shortened: Vec<(u64, u64, f64, f64)>,
}

impl Scale {
    pub(super) fn of(slots: &[Slot], units: &[Unit], top: f64) -> Self {
        let mut shortened = Vec::new();
        let mut saved = 0.0;
        for unit in units {
            let Some((start, end)) = extent(slots, *unit) else { continue };
            let (whole, as_rows) = match unit.count {
                1 => (WHOLE, SHORTENED),
                _ => (WHOLE_FOLDED, SHORTENED_FOLDED),
            };
            let (first, last) = (start.div_ceil(ROW_BITS), end / ROW_BITS);
            let rows = last.saturating_sub(first);
            if rows > whole {
                shortened.push((first, last, as_rows, saved));
                saved += rows as f64 - as_rows;
            }
        }
        Self { top, shortened }
    }

    /// The place of a bit.
    pub(super) fn y(&self, bit: u64) -> f64 {
        let rows = bit as f64 / ROW_BITS as f64;
        let at = self.shortened.partition_point(|(first, ..)| (*first as f64) <= rows);
        let drawn = match at.checked_sub(1).and_then(|at| self.shortened.get(at)) {
            None => rows,
            Some(&(first, last, as_rows, saved)) => {
                let (first, last) = (first as f64, last as f64);
                if rows >= last {
                    rows - saved - (last - first - as_rows)
                } else {
                    first - saved + (rows - first) / (last - first) * as_rows
                }
            }
        };
        self.top + drawn * ROW
    }

    pub(super) fn is_shortened(&self, start: u64, end: u64) -> bool {
        self.shortened.iter().any(|&(first, last, ..)| first * ROW_BITS < end && last * ROW_BITS > start)
    }
}

/// The bits of a unit.
pub(super) fn extent(slots: &[Slot], unit: Unit) -> Option<(u64, u64)> {
    let own = slots.get(unit.first..unit.first + unit.count)?;
    Some((own.first()?.start, own.last()?.end))
}
