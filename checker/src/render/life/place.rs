//! Where everything is drawn. Lengths are in the picture's own units, which are pixels where nobody scales it.

use std::collections::{BTreeSet, HashMap};

use super::Marks;
use super::fold::{Unit, notable, units};
use super::lanes::{Drawn, Said, Stage};
use super::slots::Slot;
use crate::render::text::wrap;

/// Bits in a row.
const ROW_BITS: u64 = 64;
/// Height of a row.
const ROW: f64 = 17.0;
/// Width of a column's fields.
const WIDTH: f64 = 184.0;
/// Left of a column, for offsets.
const GUTTER: f64 = 42.0;
/// Between columns, for bands.
const GAP: f64 = 58.0;
/// Width of a column that has no fields.
const EMPTY_WIDTH: f64 = 140.0;
/// Heads of columns.
const HEAD: f64 = 50.0;
/// Around everything.
const MARGIN: f64 = 16.0;
/// The picture's title and legend.
const TOP: f64 = 62.0;
/// Rows of lanes are not made wider than this where they can be broken.
const WIDEST: f64 = 1500.0;
/// Whole rows of one field beyond these are drawn as fewer.
const WHOLE: u64 = 6;
const SHORTENED: f64 = 4.0;
/// The same for fields that are drawn together.
const WHOLE_FOLDED: u64 = 2;
const SHORTENED_FOLDED: f64 = 2.0;
/// Lanes and columns beyond these are only counted.
const MAX_LANES: usize = 8;
const MAX_COLUMNS: usize = 24;
/// Width of a character of a field's name.
const CHAR: f64 = 6.7;

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The type's name.
    pub title: String,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// Histories.
    pub lanes: Vec<Lane>,
    /// What it leaves out, in sentences.
    pub notes: Vec<String>,
    /// Whether some field is one that a program reads.
    pub has_marks: bool,
}

/// A history.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Whose, and where that stands.
    pub title: Text,
    /// Its columns.
    pub columns: Vec<Column>,
    /// What connects them.
    pub bands: Vec<Band>,
}

/// A layout, or that there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Where its fields begin.
    pub x: f64,
    /// Their top.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// The height of its fields.
    pub height: f64,
    /// Which kernels, how many, how large.
    pub head: Vec<Text>,
    /// All kernels, for who points at it.
    pub about: String,
    /// `laid`, `absent` or `unknown`.
    pub state: &'static str,
    /// Fields and gaps.
    pub cells: Vec<Cell>,
    /// Why there are none, line by line.
    pub why: Vec<Text>,
}

/// A field, some fields, or a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its outline.
    pub points: Vec<(f64, f64)>,
    /// Its name, if there is room for it.
    pub label: Option<Label>,
    /// Its offset, where it begins a row.
    pub offset: Option<Text>,
    /// What it is, for who points at it.
    pub about: String,
    /// Whether a program reads it.
    pub is_read: bool,
    /// What it is compared with its neighbours: `new`, `gone`, `both`, `retyped`, or `kept`; `gap` and `folded`.
    pub change: &'static str,
    /// Whether it is drawn shorter than it is.
    pub is_shortened: bool,
}

/// A name in a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The text and its place.
    pub text: Text,
    /// What stands at the right end, if there is room.
    pub aside: Option<Text>,
}

/// Text with the place where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// From the left.
    pub x: f64,
    /// Its base line.
    pub y: f64,
    /// The text.
    pub text: String,
}

/// What connects the same fields of two columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Right edge of the left column: x, top, bottom.
    pub from: (f64, f64, f64),
    /// Left edge of the right column.
    pub to: (f64, f64, f64),
    /// `same`, `moved` or `retyped`.
    pub change: &'static str,
    /// Whether a program reads it.
    pub is_read: bool,
    /// What it is, for who points at it.
    pub about: String,
}

/// Gives everything its place.
pub(super) fn place(title: &str, lanes: &[Drawn<'_>], marks: &Marks, most: usize) -> Picture {
    let mut notes = Vec::new();
    if let Some(more) = lanes.len().checked_sub(MAX_LANES).filter(|&more| more > 0) {
        notes.push(format!("{more} further histories are not drawn; --kernel chooses."));
    }
    let (mut x, mut y) = (MARGIN, TOP);
    let (mut bottom, mut right) = (y, MARGIN);
    let mut placed = Vec::new();
    let mut left = most;
    for lane in lanes.iter().take(MAX_LANES) {
        let notable = notable(lane, marks);
        let fitting = fitting(lane, &notable, &mut left);
        let stages = lane.stages.get(..fitting).unwrap_or(&lane.stages);
        if stages.is_empty() {
            notes.push(format!("{} is not drawn; --kernel chooses.", lane.titles.join(", ")));
            continue;
        }
        if stages.len() < lane.stages.len() {
            let (more, of) = (lane.stages.len() - stages.len(), lane.titles.join(", "));
            notes.push(format!("{more} further columns of {of} are not drawn; --kernel chooses."));
        }
        let width: f64 = stages.iter().map(stage_width).sum::<f64>() + GAP * (stages.len() - 1) as f64;
        if x > MARGIN && x + width > WIDEST {
            (x, y) = (MARGIN, bottom + ROW * 2.0);
        }
        let (lane, lane_bottom) = place_lane(lane, stages, &notable, marks, x, y);
        bottom = bottom.max(lane_bottom);
        right = right.max(x + width);
        x += width + GAP;
        placed.push(lane);
    }
    let height = bottom + MARGIN + ROW * notes.len() as f64;
    // The legend needs its room.
    let width = (right + MARGIN).max(760.0);
    let has_marks = placed
        .iter()
        .flat_map(|lane| &lane.columns)
        .flat_map(|column| &column.cells)
        .any(|cell| cell.is_read);
    Picture { title: title.to_owned(), width, height, lanes: placed, notes, has_marks }
}

/// How many columns of a history are drawn.
fn fitting(lane: &Drawn<'_>, notable: &BTreeSet<String>, left: &mut usize) -> usize {
    for (at, stage) in lane.stages.iter().enumerate() {
        let cells = match &stage.said {
            Said::Laid { slots, .. } => units(slots, notable).len(),
            _ => 1,
        };
        if at >= MAX_COLUMNS || cells > *left {
            return at;
        }
        *left -= cells;
    }
    lane.stages.len()
}

fn stage_width(stage: &Stage<'_>) -> f64 {
    match stage.said {
        Said::Laid { .. } => GUTTER + WIDTH,
        _ => EMPTY_WIDTH,
    }
}

fn place_lane(
    lane: &Drawn<'_>,
    stages: &[Stage<'_>],
    notable: &BTreeSet<String>,
    marks: &Marks,
    x: f64,
    y: f64,
) -> (Lane, f64) {
    let title = Text { x, y: y + 14.0, text: lane.titles.join(" · ") };
    let top = y + 22.0;
    let mut columns = Vec::new();
    let mut bands = Vec::new();
    let mut left = x;
    let mut bottom = top;
    let laid: Vec<Option<&[Slot]>> = stages
        .iter()
        .map(|stage| match &stage.said {
            Said::Laid { slots, .. } => Some(slots.as_slice()),
            _ => None,
        })
        .collect();
    let mut before: Option<(&[Slot], Scale, f64)> = None;
    for (at, stage) in stages.iter().enumerate() {
        let Some(slots) = laid.get(at).copied().flatten() else {
            columns.push(empty_column(stage, left, top));
            left += EMPTY_WIDTH + GAP;
            bottom = bottom.max(top + HEAD + ROW * 6.0);
            before = None;
            continue;
        };
        let units = units(slots, notable);
        let scale = Scale::of(slots, &units, top + HEAD);
        let older = laid.iter().take(at).rev().find_map(|slots| *slots);
        let newer = laid.iter().skip(at + 1).find_map(|slots| *slots);
        let cells_x = left + GUTTER;
        if let Some((old, old_scale, old_right)) = &before {
            bands.extend(connect((old, old_scale, *old_right), (slots, &scale, cells_x), marks));
        }
        let around = Around { older: older.map(by_name), newer: newer.map(by_name), marks };
        let cells = units.iter().map(|unit| cell(slots, *unit, &scale, cells_x, &around)).collect();
        let end = slots.last().map_or(0, |slot| slot.end);
        let height = scale.y(end) - (top + HEAD);
        columns.push(Column {
            x: cells_x,
            y: top + HEAD,
            width: WIDTH,
            height,
            head: head(stage, cells_x, top, WIDTH),
            about: about_kernels(stage),
            state: "laid",
            cells,
            why: Vec::new(),
        });
        bottom = bottom.max(top + HEAD + height);
        before = Some((slots, scale, cells_x + WIDTH));
        left = cells_x + WIDTH + GAP;
    }
    (Lane { title, columns, bands }, bottom)
}

fn empty_column(stage: &Stage<'_>, x: f64, top: f64) -> Column {
    let (state, says) = match &stage.said {
        Said::Unknown(text) => ("unknown", text.as_str()),
        Said::Absent(text) => ("absent", text.as_str()),
        Said::Laid { .. } => ("laid", ""),
    };
    let lines = wrap(says, (EMPTY_WIDTH / CHAR) as usize).into_iter().take(6).enumerate();
    let why = lines.map(|(at, text)| Text { x: x + 8.0, y: top + HEAD + 18.0 + at as f64 * 14.0, text });
    Column {
        x,
        y: top + HEAD,
        width: EMPTY_WIDTH,
        height: ROW * 6.0,
        head: head(stage, x, top, EMPTY_WIDTH),
        about: about_kernels(stage),
        state,
        cells: Vec::new(),
        why: why.collect(),
    }
}

fn head(stage: &Stage<'_>, x: f64, top: f64, width: f64) -> Vec<Text> {
    let (second, third) = match &stage.said {
        Said::Laid { bytes, unit, others, .. } => {
            let mut unit = if unit == "vmlinux" { String::new() } else { format!("in {unit}.ko") };
            if *others > 0 {
                unit = format!("{unit}{}+{others} of that name", if unit.is_empty() { "" } else { ", " });
            }
            (format!("{bytes} bytes · {}", kernels(stage.kernels.len())), unit)
        }
        Said::Absent(_) => ("absent".to_owned(), kernels(stage.kernels.len())),
        Said::Unknown(_) => ("unknown".to_owned(), kernels(stage.kernels.len())),
    };
    let line = |at: f64, text: String| Text { x, y: top + 14.0 + at, text };
    // Heads are a little wider than names, being set in another letter.
    let mut lines = vec![line(0.0, cut(&stage.label, width, 7.0)), line(14.0, second)];
    if !third.is_empty() {
        lines.push(line(28.0, third));
    }
    lines
}

fn kernels(number: usize) -> String {
    if number == 1 { "1 kernel".to_owned() } else { format!("{number} kernels") }
}

/// How many kernels are named to who points at a column.
const NAMED: usize = 12;

fn about_kernels(stage: &Stage<'_>) -> String {
    let mut names: Vec<String> =
        stage.kernels.iter().take(NAMED).map(|kernel| kernel.name.to_string()).collect();
    if let Some(more) = stage.kernels.len().checked_sub(NAMED).filter(|&more| more > 0) {
        names.push(format!("and {more} more"));
    }
    let why = match &stage.said {
        Said::Laid { .. } => String::new(),
        Said::Absent(text) | Said::Unknown(text) => format!("{text}: "),
    };
    format!("{why}{}", names.join(", "))
}

/// Where bits are from top to bottom: even rows, but for those within a long field.
struct Scale {
    top: f64,
    /// Rows from, to (exclusive) that are drawn as so many, in rising order, with what was saved before them.
    shortened: Vec<(u64, u64, f64, f64)>,
}

impl Scale {
    fn of(slots: &[Slot], units: &[Unit], top: f64) -> Self {
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
    fn y(&self, bit: u64) -> f64 {
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

    fn is_shortened(&self, start: u64, end: u64) -> bool {
        self.shortened.iter().any(|&(first, last, ..)| first * ROW_BITS < end && last * ROW_BITS > start)
    }
}

/// The bits of a unit.
fn extent(slots: &[Slot], unit: Unit) -> Option<(u64, u64)> {
    let own = slots.get(unit.first..unit.first + unit.count)?;
    Some((own.first()?.start, own.last()?.end))
}

/// What is before and after a column.
struct Around<'a> {
    older: Option<HashMap<&'a str, &'a Slot>>,
    newer: Option<HashMap<&'a str, &'a Slot>>,
    marks: &'a Marks,
}

fn by_name(slots: &[Slot]) -> HashMap<&str, &Slot> {
    slots.iter().flat_map(|slot| slot.names.iter().map(move |name| (name.as_str(), slot))).collect()
}

fn partner<'a>(slot: &Slot, of: &HashMap<&'a str, &'a Slot>) -> Option<&'a Slot> {
    slot.names.iter().find_map(|name| of.get(name.as_str()).copied())
}

/// Whether two slots of the same fields are of the same types. Which fields overlay them may differ.
fn is_retyped(old: &Slot, new: &Slot) -> bool {
    old.names.iter().zip(&old.declarations).any(|(name, declaration)| {
        let there = new.names.iter().position(|other| other == name);
        there.and_then(|at| new.declarations.get(at)).is_some_and(|other| other != declaration)
    }) || old.names.len() == 1 && new.names.len() == 1 && old.bits() != new.bits()
}

fn cell(slots: &[Slot], unit: Unit, scale: &Scale, x: f64, around: &Around<'_>) -> Cell {
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

fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let shown: Vec<&str> = texts.iter().take(LISTED).map(AsRef::as_ref).collect();
    match texts.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn place_of(bit: u64) -> String {
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
fn cut(text: &str, room: f64, char: f64) -> String {
    let fitting = (room / char).floor().max(1.0) as usize;
    if text.chars().count() <= fitting {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(fitting.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// The bands between two neighbours. Fields that go the same way together make one.
fn connect(old: (&[Slot], &Scale, f64), new: (&[Slot], &Scale, f64), marks: &Marks) -> Vec<Band> {
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
