//! A field, some fields or a gap: outline, name, and what it is compared with the columns beside it.

use std::collections::HashMap;

use super::Marks;
use super::fold::Unit;
use super::picture::{Cell, Label, Text};
use super::scale::{ROW_BITS, Scale, extent};
use super::slots::Slot;

/// Width of a column's fields.
pub(super) const WIDTH: f64 = 184.0;
/// Width of a character of a field's name.
pub(super) const CHAR: f64 = 6.7;

/// What is before and after a column.
pub(super) struct Around<'a> {
    pub(super) older: Option<HashMap<&'a str, &'a Slot>>,
    pub(super) newer: Option<HashMap<&'a str, &'a Slot>>,
    pub(super) marks: &'a Marks,
}

pub(super) fn by_name(slots: &[Slot]) -> HashMap<&str, &Slot> {
    slots.iter().flat_map(|slot| slot.names.iter().map(move |name| (name.as_str(), slot))).collect()
}

pub(super) fn partner<'a>(slot: &Slot, of: &HashMap<&'a str, &'a Slot>) -> Option<&'a Slot> {
    slot.names.iter().find_map(|name| of.get(name.as_str()).copied())
}

/// Whether two slots of the same fields are of the same types. Which fields overlay them may differ.
pub(super) fn is_retyped(old: &Slot, new: &Slot) -> bool {
    old.names.iter().zip(&old.declarations).any(|(name, declaration)| {
        let there = new.names.iter().position(|other| other == name);
        there.and_then(|at| new.declarations.get(at)).is_some_and(|other| other != declaration)
    }) || old.names.len() == 1 && new.names.len() == 1 && old.bits() != new.bits()
}

pub(super) fn cell(slots: &[Slot], unit: Unit, scale: &Scale, x: f64, around: &Around<'_>) -> Cell {
    let own = slots.get(unit.first..unit.first + unit.count).unwrap_or_default();
    let (start, end) = extent(slots, unit).unwrap_or_default();
    let points = outline(start, end, scale, x);
    let is_shortened = scale.is_shortened(start, end);
    let offset = start.is_multiple_of(ROW_BITS).then(|| Text {
        x: x - 6.0,
        y: scale.y(start) + 12.0,
        text: (start / 8).to_string(),
    });
    let Some(slot) = own.first().filter(|_| own.len() == 1) else {
        let names: Vec<&str> = own.iter().flat_map(|slot| slot.names.iter().map(String::as_str)).collect();
        let about = format!(
            "{}: {} fields, {} bytes: {}",
            place_of(start),
            names.len(),
            (end - start) / 8,
            list(&names)
        );
        let text = format!("{} fields", names.len());
        let label = label(start, end, scale, x, &text, Some(length(end - start)));
        return Cell { points, label, offset, about, is_read: false, change: "folded", is_shortened };
    };
    if slot.is_gap() {
        let text = length(slot.bits());
        let short = format!("hole {}", text.replace("bytes", "B").replace("byte", "B"));
        let label = label(start, end, scale, x, &short, None);
        let about = format!("{}: hole of {text}", place_of(start));
        return Cell { points, label, offset, about, is_read: false, change: "gap", is_shortened };
    }
    let read: Vec<&str> =
        slot.names.iter().filter_map(|name| around.marks.get(name)).flatten().map(String::as_str).collect();
    let is_new = around.older.as_ref().is_some_and(|older| partner(slot, older).is_none());
    let is_gone = around.newer.as_ref().is_some_and(|newer| partner(slot, newer).is_none());
    let is_retyped =
        around.older.as_ref().and_then(|older| partner(slot, older)).is_some_and(|old| is_retyped(old, slot));
    let (change, sign, says) = match (is_new, is_gone, is_retyped) {
        (true, true, _) => ("both", "± ", "; only here"),
        (true, false, _) => ("new", "+ ", "; new here"),
        (false, true, _) => ("gone", "− ", "; gone after this"),
        (false, false, true) => ("retyped", "~ ", "; of another type before"),
        (false, false, false) => ("kept", "", ""),
    };
    let mark = if read.is_empty() { "" } else { "● " };
    let text = format!("{mark}{sign}{}", slot.names.join(" | "));
    let label = label(start, end, scale, x, &text, is_shortened.then(|| length(slot.bits())));
    let mut about =
        format!("{}: {} ({}){says}", place_of(start), list(&slot.declarations), length(slot.bits()));
    if !read.is_empty() {
        about.push_str(&format!("; read: {}", list(&read)));
    }
    Cell { points, label, offset, about, is_read: !read.is_empty(), change, is_shortened }
}

/// More than these are counted.
const LISTED: usize = 12;

pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let shown: Vec<&str> = texts.iter().take(LISTED).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

pub(super) fn place_of(bit: u64) -> String {
    match bit % 8 {
        0 => format!("offset {}", bit / 8),
        odd => format!("offset {}:{odd}", bit / 8),
    }
}

fn length(bits: u64) -> String {
    match (bits % 8, bits) {
        (0, 8) => "1 byte".to_owned(),
        (0, bits) => format!("{} bytes", bits / 8),
        (_, 1) => "1 bit".to_owned(),
        (_, bits) => format!("{bits} bits"),
    }
}

/// The outline of bits: whole rows, with what is taken off at both ends.
fn outline(start: u64, end: u64, scale: &Scale, x: f64) -> Vec<(f64, f64)> {
    let across = |bit: u64| x + (bit % ROW_BITS) as f64 / ROW_BITS as f64 * WIDTH;
    let (first, last) = (start / ROW_BITS, end.saturating_sub(1) / ROW_BITS);
    let top = |row: u64| scale.y(row * ROW_BITS);
    let right = x + WIDTH;
    let end_x = if end.is_multiple_of(ROW_BITS) { right } else { across(end) };
    if first == last {
        return vec![
            (across(start), top(first)),
            (end_x, top(first)),
            (end_x, top(first + 1)),
            (across(start), top(first + 1)),
        ];
    }
    let mut points = vec![(across(start), top(first)), (right, top(first))];
    if end.is_multiple_of(ROW_BITS) {
        points.push((right, top(last + 1)));
    } else {
        points.extend([(right, top(last)), (end_x, top(last)), (end_x, top(last + 1))]);
    }
    points.push((x, top(last + 1)));
    if !start.is_multiple_of(ROW_BITS) {
        points.extend([(x, top(first + 1)), (across(start), top(first + 1))]);
    } else {
        points.push((x, top(first)));
    }
    points
}

/// A name where there is most room for it: in the whole rows, else in the longer end.
fn label(start: u64, end: u64, scale: &Scale, x: f64, text: &str, aside: Option<String>) -> Option<Label> {
    let (first, last) = (start.div_ceil(ROW_BITS), end / ROW_BITS);
    let (from, to, top, bottom) = if first < last {
        (0, ROW_BITS, scale.y(first * ROW_BITS), scale.y(last * ROW_BITS))
    } else {
        let row = start / ROW_BITS;
        let head_end = end.min((row + 1) * ROW_BITS);
        let tail_start = start.max(end.saturating_sub(1) / ROW_BITS * ROW_BITS);
        let (from, to) =
            if head_end - start >= end - tail_start { (start, head_end) } else { (tail_start, end) };
        let row = from / ROW_BITS;
        let to = to - row * ROW_BITS;
        (from % ROW_BITS, to, scale.y(row * ROW_BITS), scale.y((row + 1) * ROW_BITS))
    };
    let at = |bit: u64| x + bit as f64 / ROW_BITS as f64 * WIDTH;
    let room = at(to) - at(from) - 8.0;
    if room < CHAR * 2.5 {
        return None;
    }
    let y = (top + bottom) / 2.0 + 4.0;
    let text = cut(text, room, CHAR);
    let aside = aside.filter(|aside| (text.chars().count() + aside.chars().count() + 2) as f64 * CHAR < room);
    let aside = aside.map(|text| Text { x: at(to) - 5.0, y, text });
    Some(Label { text: Text { x: at(from) + 5.0, y, text }, aside })
}

/// A text that fits, with its end left out if need be.
pub(super) fn cut(text: &str, room: f64, char: f64) -> String {
    let fitting = (room / char).floor().max(1.0) as usize;
    if text.chars().count() <= fitting {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(fitting.saturating_sub(1)).collect();
    kept.push('…');
    kept
}
