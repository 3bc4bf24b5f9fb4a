//! A line of source with its number and a mark below the column, as rustc shows it. The text comes from the object's line
//! information, so the file need not be there.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::text::{clean_char, width};
use crate::report::model::SourceEntry;

/// Columns of the line's number.
pub(super) fn gutter(source: &SourceEntry) -> usize {
    source.line.to_string().len()
}

/// Writes the line, cut around the column where it is too long, or nothing when the compiler left the text out.
pub(super) fn write(
    source: &SourceEntry,
    gutter: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    if source.text.is_empty() {
        return Ok(());
    }
    let (text, mark) = window(source, columns.saturating_sub(gutter + 3).max(8));
    writeln!(out, "{:gutter$} |", "")?;
    writeln!(out, "{:>gutter$} | {text}", source.line)?;
    if let Some(mark) = mark {
        writeln!(out, "{:gutter$} | {:mark$}^", "", "")?;
    }
    Ok(())
}

/// What of the line fits, and below which of its columns the mark belongs.
fn window(source: &SourceEntry, columns: usize) -> (String, Option<usize>) {
    // The compiler counts bytes, and the indentation with them.
    let at = (source.column as usize).checked_sub(1).and_then(|at| at.checked_sub(source.indent as usize));
    let at = at.filter(|&at| at < source.text.len());
    // Character by character from here on: cleaning may change how many bytes one takes.
    let mut chars = Vec::new();
    // `ends[n]` is where the first n characters end, in columns.
    let mut ends = vec![0];
    let mut marked = None;
    for (start, c) in source.text.char_indices() {
        if at.is_some_and(|at| start <= at) {
            marked = Some(chars.len());
        }
        let c = clean_char(c);
        chars.push(c);
        ends.push(ends[ends.len() - 1] + c.width().unwrap_or(0));
    }
    let total = ends[chars.len()];
    if total <= columns {
        return (chars.into_iter().collect(), marked.map(|number| ends[number]));
    }
    // Too long: the marked column stays in view, a quarter of the room before it.
    let from = marked.map_or(0, |number| ends[number]);
    let is_cut_before = from + columns / 4 > columns;
    let start = if is_cut_before { (from - columns / 4).min(total + 1 - columns) } else { 0 };
    let first = ends.partition_point(|&end| end < start).min(chars.len());
    let before = if first > 0 { "…" } else { "" };
    let room = columns - width(before);
    let mut last = chars.len();
    let mut after = "";
    if total - ends[first] > room {
        last = ends.partition_point(|&end| end < ends[first] + room) - 1;
        after = "…";
    }
    let middle: String = chars[first..last].iter().collect();
    let text = format!("{before}{}{after}", middle.trim_end());
    let mark = marked.filter(|&number| number >= first && number < last);
    (text, mark.map(|number| width(before) + ends[number] - ends[first]))
}

#[cfg(test)]
mod tests {
    use super::{gutter, window, write};
    use crate::render::text::width;
    use crate::report::model::SourceEntry;

    fn source(text: &str, indent: u32, column: u32) -> SourceEntry {
        SourceEntry { file: "a.c".to_owned(), line: 7, column, text: text.to_owned(), indent }
    }

    /// The character above the mark.
    fn marked(source: &SourceEntry, columns: usize) -> Option<char> {
        let (text, mark) = window(source, columns);
        assert!(width(&text) <= columns, "{text}");
        let mut taken = 0;
        text.chars().find(|c| {
            let is_it = Some(taken) == mark;
            taken += width(&c.to_string());
            is_it
        })
    }

    #[test]
    fn the_mark_stands_below_its_column() {
        assert_eq!(marked(&source("return x->y;", 1, 9), 80), Some('x'));
        assert_eq!(marked(&source("return x->y;", 1, 2), 80), Some('r'));
        assert_eq!(
            marked(&source("/* 語 */ x->y;", 0, 11), 80),
            Some('x'),
            "bytes, and two columns for one character"
        );
        assert_eq!(marked(&source("/* 語 */ x->y;", 0, 5), 80), Some('語'), "within a character");
        for column in [0, 1, 2, 20, 400, u32::MAX] {
            assert_eq!(marked(&source("return x->y;", 2, column), 80), None, "column {column}");
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text: String = (0..1000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
        for columns in [8, 9, 40, 77, 999] {
            for column in 1..=1000 {
                let wanted = text.chars().nth(column as usize - 1);
                let found = marked(&source(&text, 0, column), columns);
                assert!(
                    found.is_none_or(|found| Some(found) == wanted),
                    "column {column} in {columns}: {found:?}"
                );
                assert!(
                    found.is_some() || column > 990 && columns < 12,
                    "column {column} in {columns} is lost"
                );
            }
        }
        let wide = "語".repeat(1000);
        for column in [1, 2, 3, 1500, 2998] {
            assert_eq!(marked(&source(&wide, 0, column), 41), Some('語'));
        }
    }

    #[test]
    fn no_text_no_snippet_and_no_escape_codes() {
        let mut out = Vec::new();
        write(&source("", 0, 1), 2, 80, &mut out).expect("memory is written");
        assert!(out.is_empty());
        write(&source("a\u{1b}[31mb\tc\u{202e}", 0, 1), 2, 80, &mut out).expect("memory is written");
        let shown = String::from_utf8(out).expect("text");
        assert_eq!(shown, "   |\n 7 | a\u{fffd}[31mb c\u{fffd}\n   | ^\n");
        assert_eq!(gutter(&source("", 0, 1)), 1);
    }
}
