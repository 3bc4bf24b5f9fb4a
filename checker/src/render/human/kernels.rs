//! Lists of kernels that stay short, however many there are.

use crate::render::text::{count, fill, width};

/// Kernels of a row or a cause, by short name.
#[derive(Debug, Clone)]
pub(super) struct Kernels<'a> {
    names: Vec<&'a str>,
    /// Whether they follow one another in the report, so that the first and the last say which they are.
    is_run: bool,
}

impl<'a> Kernels<'a> {
    pub(super) fn new(names: Vec<&'a str>, is_run: bool) -> Self {
        Self { names, is_run }
    }

    /// Columns of all of them on one line.
    pub(super) fn width(&self) -> usize {
        self.names.iter().map(|name| width(name) + 1).sum::<usize>().saturating_sub(1)
    }

    /// Columns of the longest.
    pub(super) fn longest(&self) -> usize {
        self.names.iter().map(|name| width(name)).max().unwrap_or(0)
    }

    /// Number of lines that they take when none is left out.
    pub(super) fn height(&self, columns: usize) -> usize {
        fill(self.names.iter().copied(), columns).len()
    }

    /// The list in at most `height` lines: longer ones become `first … last (40 kernels)` or `first … and 39 more`.
    pub(super) fn lines(&self, columns: usize, height: usize) -> Vec<String> {
        let all = fill(self.names.iter().copied(), columns);
        if all.len() <= height {
            return all;
        }
        if let (true, [first, .., last]) = (self.is_run, self.names.as_slice()) {
            let number = format!("({})", count(self.names.len(), "kernel", "kernels"));
            let words = [*first, "…", last].into_iter().chain(number.split(' '));
            return fill(words, columns);
        }
        let mut fitting = Vec::new();
        for shown in 1..self.names.len() {
            let rest = format!("… and {} more", self.names.len() - shown);
            let lines = fill(self.names[..shown].iter().copied().chain(rest.split(' ')), columns);
            if lines.len() > height && shown > 1 {
                break;
            }
            fitting = lines;
        }
        fitting
    }
}
