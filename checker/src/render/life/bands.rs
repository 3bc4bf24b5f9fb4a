//! Where the fields of a column went.

use super::Marks;
use super::cell::{by_name, is_retyped, list, partner, place_of};
use super::picture::Band;
use super::scale::{ROW_BITS, Scale};
use super::slots::Slot;

/// The bands between two neighbours. Fields that go the same way together make one.
pub(super) fn connect(old: (&[Slot], &Scale, f64), new: (&[Slot], &Scale, f64), marks: &Marks) -> Vec<Band> {
    /// What goes together: from, to, how.
    struct Run {
        old: (u64, u64),
        new: (u64, u64),
        change: &'static str,
        is_read: bool,
        names: Vec<String>,
    }
    let there = by_name(new.0);
    let mut runs: Vec<Run> = Vec::new();
    for slot in old.0.iter().filter(|slot| !slot.is_gap()) {
        let Some(partner) = partner(slot, &there) else { continue };
        let change = match (is_retyped(slot, partner), slot.start == partner.start) {
            (true, _) => "retyped",
            (false, true) => "same",
            (false, false) => "moved",
        };
        let is_read = slot.names.iter().any(|name| marks.contains_key(name));
        let goes_along = |run: &&mut Run| {
            run.change == change
                && change != "retyped"
                && !is_read
                && !run.is_read
                && run.new.1 <= partner.start
                && partner.start - run.new.0 == slot.start - run.old.0
                // Nothing else may be between them.
                && slot.start - run.old.1 < ROW_BITS
        };
        match runs.last_mut().filter(goes_along) {
            Some(run) => {
                (run.old.1, run.new.1) = (slot.end, partner.end);
                run.names.extend(slot.names.iter().cloned());
            }
            None => runs.push(Run {
                old: (slot.start, slot.end),
                new: (partner.start, partner.end),
                change,
                is_read,
                names: slot.names.clone(),
            }),
        }
    }
    let band = |run: Run| Band {
        from: (old.2, old.1.y(run.old.0), old.1.y(run.old.1)),
        to: (new.2, new.1.y(run.new.0), new.1.y(run.new.1)),
        change: run.change,
        is_read: run.is_read,
        about: match run.old.0 == run.new.0 {
            true => format!("{}: {}", place_of(run.old.0), list(&run.names)),
            false => format!("{} → {}: {}", place_of(run.old.0), place_of(run.new.0), list(&run.names)),
        },
    };
    runs.into_iter().map(band).collect()
}
