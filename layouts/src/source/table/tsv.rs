//! Lines and cells of the data files: a first line with format and version, `#` comments, cells parted by tabs.

use super::TableError;

/// A line with data in it.
#[derive(Debug, Clone)]
pub(crate) struct Line<'t> {
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// Its cells, as many as the format has columns.
    pub(crate) cells: Vec<&'t str>,
}

/// A file that names itself: its first line is `#format<TAB>version`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// What the first line must say, without the `#`.
    pub(crate) name: &'static str,
    /// The only version this program reads.
    pub(crate) version: u32,
    /// How many cells each line has.
    pub(crate) columns: usize,
}

impl Format {
    /// The lines with data; comments and empty lines are left out.
    ///
    /// # Errors
    /// Another format, another version, or a line with too few or too many cells.
    pub(crate) fn read<'t>(&self, file: &str, text: &'t str) -> Result<Vec<Line<'t>>, TableError> {
        let wrong = |line: usize, what: String| TableError::new(file, line, what);
        let first = text.lines().next().unwrap_or_default();
        let version = first.strip_prefix('#').and_then(|rest| rest.split_once('\t'));
        let Some((_, version)) = version.filter(|(name, _)| *name == self.name) else {
            return Err(wrong(1, format!("the first line is not `#{}` with a version", self.name)));
        };
        if version.parse() != Ok(self.version) {
            return Err(wrong(
                1,
                format!("version {version:?} of {}; this program reads version {}", self.name, self.version),
            ));
        }
        let data = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        data.map(|(index, line)| {
            let number = index + 1;
            let cells: Vec<&str> = line.split('\t').collect();
            if cells.len() != self.columns {
                return Err(wrong(number, format!("{} cells, not {}", cells.len(), self.columns)));
            }
            Ok(Line { number, cells })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    const FORMAT: Format = Format { name: "corecheck.x", version: 2, columns: 2 };

    fn error(text: &str) -> String {
        FORMAT.read("x.tsv", text).expect_err("must be refused").to_string()
    }

    #[test]
    fn comments_and_empty_lines_are_left_out_and_numbers_stay() {
        let lines = FORMAT.read("x.tsv", "#corecheck.x\t2\n# c\n\na\tb\n").expect("it is well formed");
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].number, lines[0].cells.as_slice()), (4, ["a", "b"].as_slice()));
    }

    #[test]
    fn another_format_version_or_width_is_refused() {
        assert_eq!(error(""), "x.tsv:1: the first line is not `#corecheck.x` with a version");
        assert_eq!(error("corecheck.x\t2\n"), "x.tsv:1: the first line is not `#corecheck.x` with a version");
        assert_eq!(
            error("#corecheck.x\t3\n"),
            "x.tsv:1: version \"3\" of corecheck.x; this program reads version 2"
        );
        assert_eq!(error("#corecheck.x\t2\na\n"), "x.tsv:2: 1 cells, not 2");
        assert_eq!(error("#corecheck.x\t2\na\tb\tc\n"), "x.tsv:2: 3 cells, not 2");
    }
}
