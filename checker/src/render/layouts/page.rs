//! What the pages about layouts are written with: lines, and notes behind a margin.

use std::io::{self, Write};

use corecheck_layouts::history::{Layout, Status};
use corecheck_layouts::kernel::Kernel;

use crate::render::text::{clean, wrap};
use crate::report::words;
use crate::resolve::Reason;

/// Notes stand behind this, apart from the lines that state facts of the seed's kind.
const MARGIN: &str = "  | ";

/// A page that is being written.
pub(super) struct Page<'o> {
    out: &'o mut dyn Write,
    /// Columns; only notes and lists are broken.
    width: usize,
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut dyn Write, width: usize) -> Self {
        Self { out, width }
    }

    /// A line as it is, names from foreign BTF made harmless.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", clean(text.trim_end()))
    }

    /// A note, broken at words.
    pub(super) fn note(&mut self, text: &str) -> io::Result<()> {
        for (index, line) in wrap(text, self.width.saturating_sub(MARGIN.len() + 2)).iter().enumerate() {
            let indent = if index == 0 { "" } else { "  " };
            self.line(&format!("{MARGIN}{indent}{line}"))?;
        }
        Ok(())
    }

    /// A line as it is, behind the margin of notes.
    pub(super) fn quote(&mut self, text: &str) -> io::Result<()> {
        self.line(&format!("{MARGIN}{text}"))
    }

    /// Text broken at words, indented.
    pub(super) fn text(&mut self, indent: &str, text: &str) -> io::Result<()> {
        wrap(text, self.width.saturating_sub(indent.len()))
            .iter()
            .try_for_each(|line| self.line(&format!("{indent}{line}")))
    }
}

/// What a kernel is called where names are short: its first alias, else its full name.
pub(super) fn short(kernel: &Kernel) -> String {
    kernel.aliases.first().cloned().unwrap_or_else(|| kernel.name.to_string())
}

/// Short names of kernels, parted by commas.
pub(super) fn short_list(kernels: &[&Kernel]) -> String {
    kernels.iter().map(|kernel| short(kernel)).collect::<Vec<_>>().join(", ")
}

/// Why a kernel has no such type, or does not tell: code and sentence. `None` when it has.
pub(super) fn reason(status: &Status) -> Option<(&'static str, String)> {
    match status {
        Status::Present(_) => None,
        Status::Absent(absence) => {
            Some((words::code(&Reason::TypeAbsent(absence.clone())), words::absent(absence)))
        }
        Status::Unknown(gap) => Some((words::code(&Reason::NotStored(gap.clone())), words::not_stored(gap))),
    }
}

/// A size in words.
pub(super) fn bytes(count: u32) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// A layout's size in words.
pub(super) fn size(layout: &Layout) -> String {
    layout.size_bytes.map_or_else(|| "no size".to_owned(), bytes)
}

/// A length in bits, in bytes where it has whole ones.
pub(super) fn bits(count: u64) -> String {
    match (count % 8, count) {
        (0, 8) => "1 byte".to_owned(),
        (0, count) => format!("{} bytes", count / 8),
        (_, 1) => "1 bit".to_owned(),
        (_, count) => format!("{count} bits"),
    }
}

/// An offset: bytes, and `:bit` where it is not at a byte's start.
pub(super) fn offset(bit_offset: u64) -> String {
    match bit_offset % 8 {
        0 => (bit_offset / 8).to_string(),
        bit => format!("{}:{bit}", bit_offset / 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_broken_at_words_behind_the_margin() {
        let mut out = Vec::new();
        let mut page = Page::new(&mut out, 20);
        page.note("one two three four incomprehensibilities").expect("memory takes it");
        page.line("a line\u{1b} is never broken   ").expect("memory takes it");
        let text = String::from_utf8(out).expect("text");
        let expected =
            "  | one two three\n  |   four\n  |   incomprehensibilities\na line\u{fffd} is never broken\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn offsets_and_lengths_have_their_units() {
        assert_eq!((offset(0), offset(64), offset(482)), ("0".to_owned(), "8".to_owned(), "60:2".to_owned()));
        assert_eq!(
            (bits(8), bits(32), bits(1), bits(13)),
            ("1 byte".to_owned(), "4 bytes".to_owned(), "1 bit".to_owned(), "13 bits".to_owned())
        );
    }
}
