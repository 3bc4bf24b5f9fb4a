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
    // Most text is plain, and tables ask about each cell.
    match text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => text.len(),
        false => text.width(),
    }
}

/// `12,345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `65.8%`. What is not all is never 100.0%, and what is something never 0.0%.
pub(super) fn share(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    match tenths {
        0 if part > 0 => "<0.1%".to_owned(),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// Breaks words into lines of at most `columns`; a word that is longer stands alone and sticks out. There is at
/// least one line, which is empty when there is no word.
pub(super) fn fill<'a>(words: impl IntoIterator<Item = &'a str>, columns: usize) -> Vec<String> {
    join(words, " ", columns)
}

/// Breaks a text between its words. What stands in backquotes or brackets stays together while it is short.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut pieces: Vec<&str> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = piece_end(rest);
        pieces.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    fill(pieces, columns)
}

/// Columns up to which something in backquotes or brackets stays together.
const TOGETHER: usize = 24;

/// Where the first piece of a text ends: at the first space that is in no short pair of backquotes or brackets.
fn piece_end(text: &str) -> usize {
    let mut spaces = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let Some(first) = spaces.next() else { return text.len() };
    let opening = text[..first].find(['`', '(']);
    let Some(opening) = opening else { return first };
    let closing = if text[opening..].starts_with('`') { '`' } else { ')' };
    let Some(length) = text[opening + 1..].find(closing) else { return first };
    let closed = opening + 1 + length;
    if closed < first || width(&text[opening..closed]) > TOGETHER {
        return first;
    }
    text[closed..].find(char::is_whitespace).map_or(text.len(), |at| closed + at)
}

/// As [`fill`], with something else than a space between, which is left out where a line ends.
pub(super) fn join<'a>(
    pieces: impl IntoIterator<Item = &'a str>,
    between: &str,
    columns: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut taken = 0;
    let gap = width(between);
    for piece in pieces {
        let own = width(piece);
        if !line.is_empty() && taken + gap + own > columns {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        }
        if !line.is_empty() {
            line.push_str(between);
            taken += gap;
        }
        line.push_str(piece);
        taken += own;
    }
    lines.push(line);
    lines
}

/// `1 access`, `7 accesses`.
pub(super) fn count(number: usize, singular: &str, plural: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {plural}") }
}

#[cfg(test)]
mod tests {
    use super::{clean, count, fill, join, wrap};

    #[test]
    fn lines_break_between_words() {
        assert_eq!(fill(["a", "bb", "ccc"], 4), ["a bb", "ccc"]);
        assert_eq!(fill(["a", "abcdefgh", "b"], 4), ["a", "abcdefgh", "b"]);
        assert_eq!(fill([], 4), [""]);
        assert_eq!(fill(["語語", "語"], 6), ["語語", "語"], "each takes two columns");
        assert_eq!(join(["a b", "c"], " · ", 6), ["a b", "c"]);
        assert_eq!(join(["a b", "c"], " · ", 7), ["a b · c"]);
        assert_eq!(wrap("  a \n b ", 9), ["a b"]);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        assert_eq!(wrap("it is `struct device *` there", 12), ["it is", "`struct device *`", "there"]);
        assert_eq!(
            wrap("struct s.f (0:3 @ offset 8), of a type", 20),
            ["struct s.f", "(0:3 @ offset 8), of", "a type"]
        );
        assert_eq!(wrap("f(a b) c", 3), ["f(a b)", "c"]);
        assert_eq!(wrap("an open ` or ( breaks", 9), ["an open `", "or (", "breaks"]);
        let long = "(fails unless the program guards the access)";
        assert_eq!(wrap(long, 20), ["(fails unless the", "program guards the", "access)"]);
        for text in ["`", "(", "``", "()", "` `", "a` b(` c)` d", ") ( `a"] {
            let words = wrap(text, 1).join(" ");
            assert_eq!(words, text, "nothing is lost");
        }
    }

    #[test]
    fn foreign_text_is_made_harmless() {
        assert_eq!(clean("a\tb\nc\u{1b}[0m\u{202e}\u{7f}\u{9b}"), "a b c\u{fffd}[0m\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(count(1, "access", "accesses"), "1 access");
        assert_eq!(count(0, "access", "accesses"), "0 accesses");
    }
}
