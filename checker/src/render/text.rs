//! Text for terminals: foreign bytes made harmless, widths in columns, lines broken between words.

use unicode_width::UnicodeWidthStr;

/// Makes a text from an object safe to print: names and source lines are foreign, and an escape code or a mark that
/// turns the direction of writing must not reach a terminal. Tabs become a space, so that columns can be counted.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(clean_char).collect()
}

/// [`clean`] for one character.
pub(super) fn clean_char(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        // Marks that turn the direction of writing, and characters that take no room at all.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// Columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Breaks words into lines of at most `columns`; a word that is longer stands alone and sticks out. There is at
/// least one line, which is empty when there is no word.
pub(super) fn fill<'a>(words: impl IntoIterator<Item = &'a str>, columns: usize) -> Vec<String> {
    join(words, " ", columns)
}

/// Breaks a text between its words.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    fill(text.split_whitespace(), columns)
}

/// As [`fill`], with something else than a space between, which is left out where a line ends.
pub(super) fn join<'a>(
    pieces: impl IntoIterator<Item = &'a str>,
    between: &str,
    columns: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces {
        if !line.is_empty() && width(&line) + width(between) + width(piece) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push_str(between);
        }
        line.push_str(piece);
    }
    lines.push(line);
    lines
}

/// `1 access`, `7 accesses`.
pub(super) fn count(number: usize, singular: &str, plural: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {plural}") }
}
