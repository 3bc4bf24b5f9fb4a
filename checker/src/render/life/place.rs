//! Where everything is drawn: histories beside each other, in each its columns.

use std::collections::BTreeSet;

use super::Marks;
use super::bands::connect;
use super::cell::{Around, CHAR, WIDTH, by_name, cell, cut};
use super::fold::{notable, units};
use super::lanes::{Drawn, Said, Stage};
use super::picture::{Column, Lane, Picture, Text};
use super::scale::{ROW, Scale};
use super::slots::Slot;
use crate::render::text::{count, wrap};

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
/// Lanes and columns beyond these are only counted.
const MAX_LANES: usize = 8;
const MAX_COLUMNS: usize = 24;

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
            (format!("{bytes} bytes · {}", count(stage.kernels.len(), "kernel", "kernels")), unit)
        }
        Said::Absent(_) => ("absent".to_owned(), count(stage.kernels.len(), "kernel", "kernels")),
        Said::Unknown(_) => ("unknown".to_owned(), count(stage.kernels.len(), "kernel", "kernels")),
    };
    let line = |at: f64, text: String| Text { x, y: top + 14.0 + at, text };
    // Heads are a little wider than names, being set in another letter.
    let mut lines = vec![line(0.0, cut(&stage.label, width, 7.0)), line(14.0, second)];
    if !third.is_empty() {
        lines.push(line(28.0, third));
    }
    lines
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
