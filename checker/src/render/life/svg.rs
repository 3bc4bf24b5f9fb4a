//! A picture as SVG: for a file of its own, or within a page that has the style.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::picture::{Band, Cell, Column, Lane, Picture, Text};
use crate::render::html::escape_text;

/// The style, for both.
pub(in crate::render) const STYLE: &str = include_str!("life.css");

/// Writes a file of its own.
///
/// # Errors
/// When `out` cannot be written.
pub fn file(picture: &Picture, out: &mut dyn Write) -> io::Result<()> {
    begin(picture, " xmlns=\"http://www.w3.org/2000/svg\"", out)?;
    writeln!(out, "<style>\n{STYLE}</style>")?;
    inner(picture, out)?;
    writeln!(out, "</svg>")
}

/// Writes it for a page.
///
/// # Errors
/// When `out` cannot be written.
pub fn inline(picture: &Picture, out: &mut dyn Write) -> io::Result<()> {
    begin(picture, "", out)?;
    inner(picture, out)?;
    writeln!(out, "</svg>")
}

fn begin(picture: &Picture, namespace: &str, out: &mut dyn Write) -> io::Result<()> {
    let (width, height) = (number(picture.width), number(picture.height));
    writeln!(
        out,
        "<svg{namespace} class=\"life\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         aria-label=\"{}\">",
        escape_text(&format!("How {} is laid out on different kernels", picture.title))
    )
}

fn inner(picture: &Picture, out: &mut dyn Write) -> io::Result<()> {
    text("l-title", &Text { x: 16.0, y: 24.0, text: picture.title.clone() }, out)?;
    legend(picture, out)?;
    for lane in &picture.lanes {
        self::lane(lane, out)?;
    }
    for (at, note) in picture.notes.iter().enumerate() {
        let y = picture.height - 8.0 - 17.0 * (picture.notes.len() - 1 - at) as f64;
        text("l-more", &Text { x: 16.0, y, text: note.clone() }, out)?;
    }
    Ok(())
}

/// What signs and colours say.
fn legend(picture: &Picture, out: &mut dyn Write) -> io::Result<()> {
    let mut x = 16.0;
    let read = picture.has_marks.then_some(("l-cell l-read", "● read by the program"));
    let told = [
        ("l-cell l-new", "+ new"),
        ("l-cell l-gone", "− gone in the next"),
        ("l-cell l-retyped", "~ another type"),
        ("l-cell l-gap", "hole"),
        ("l-cell l-folded", "fields alike everywhere"),
    ];
    for (class, says) in read.into_iter().chain(told) {
        writeln!(out, "<rect class=\"{class}\" x=\"{}\" y=\"36\" width=\"14\" height=\"12\"/>", number(x))?;
        text("l-legend", &Text { x: x + 19.0, y: 46.0, text: says.to_owned() }, out)?;
        x += 38.0 + says.chars().count() as f64 * 6.3;
    }
    let says = "a row is 8 bytes; ≈ drawn shorter than it is".to_owned();
    text("l-legend", &Text { x, y: 46.0, text: says }, out)
}

fn lane(lane: &Lane, out: &mut dyn Write) -> io::Result<()> {
    text("l-lane", &lane.title, out)?;
    // What is read lies above the rest.
    for band in
        lane.bands.iter().filter(|band| !band.is_read).chain(lane.bands.iter().filter(|band| band.is_read))
    {
        self::band(band, out)?;
    }
    lane.columns.iter().try_for_each(|column| self::column(column, out))
}

fn band(band: &Band, out: &mut dyn Write) -> io::Result<()> {
    let ((x1, top1, bottom1), (x2, top2, bottom2)) = (band.from, band.to);
    let middle = (x1 + x2) / 2.0;
    let path = format!(
        "M{} {}C{m} {} {m} {} {} {}L{} {}C{m} {} {m} {} {} {}Z",
        number(x1),
        number(top1),
        number(top1),
        number(top2),
        number(x2),
        number(top2),
        number(x2),
        number(bottom2),
        number(bottom2),
        number(bottom1),
        number(x1),
        number(bottom1),
        m = number(middle),
    );
    let read = if band.is_read { " l-band-read" } else { "" };
    writeln!(
        out,
        "<path class=\"l-band l-band-{}{read}\" d=\"{path}\"><title>{}</title></path>",
        band.change,
        escape_text(&band.about)
    )
}

fn column(column: &Column, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<g><title>{}</title>", escape_text(&column.about))?;
    for (at, line) in column.head.iter().enumerate() {
        text(if at == 0 { "l-head" } else { "l-more" }, line, out)?;
    }
    if column.state != "laid" {
        writeln!(
            out,
            "<rect class=\"l-none\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
            number(column.x),
            number(column.y),
            number(column.width),
            number(column.height)
        )?;
        column.why.iter().try_for_each(|line| text("l-more", line, out))?;
    }
    writeln!(out, "</g>")?;
    column.cells.iter().try_for_each(|cell| self::cell(cell, column, out))
}

fn cell(cell: &Cell, column: &Column, out: &mut dyn Write) -> io::Result<()> {
    let mut points = String::new();
    for (at, (x, y)) in cell.points.iter().enumerate() {
        let sign = if at == 0 { "M" } else { "L" };
        // Writing to a string cannot fail.
        let _ = write!(points, "{sign}{} {}", number(*x), number(*y));
    }
    let read = if cell.is_read { " l-read" } else { "" };
    writeln!(
        out,
        "<g><title>{}</title><path class=\"l-cell l-{}{read}\" d=\"{points}Z\"/>",
        escape_text(&cell.about),
        cell.change
    )?;
    if cell.is_shortened {
        let bottom = cell.points.iter().map(|(_, y)| *y).fold(f64::MIN, f64::max);
        text(
            "l-soft",
            &Text { x: column.x + column.width - 14.0, y: bottom - 4.0, text: "≈".to_owned() },
            out,
        )?;
    }
    if let Some(label) = &cell.label {
        let class = match (cell.change, cell.is_read) {
            ("gap" | "folded", _) => "l-soft",
            (_, true) => "l-strong",
            _ => "l-name",
        };
        text(class, &label.text, out)?;
        if let Some(aside) = &label.aside {
            text("l-aside", aside, out)?;
        }
    }
    if let Some(offset) = &cell.offset {
        text("l-offset", offset, out)?;
    }
    writeln!(out, "</g>")
}

fn text(class: &str, of: &Text, out: &mut dyn Write) -> io::Result<()> {
    let (x, y) = (number(of.x), number(of.y));
    writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escape_text(&of.text))
}

/// A length with one decimal at most: the same on every machine.
fn number(of: f64) -> String {
    let text = format!("{of:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
