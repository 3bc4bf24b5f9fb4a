//! The bugs as cargo-mutants lists them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde::Deserialize;

/// One bug.
#[derive(Debug)]
pub(crate) struct Mutant {
    /// From 1, over all lists; the tests are told this number. See [`renumber`].
    pub(crate) number: u32,
    /// What it is called, without line numbers so that the name lasts: `FILE: replace + with - in FUNCTION`. Where a
    /// function has several of the same words, ` #2` and so on.
    pub(crate) name: String,
    /// The file, from the root of the repository.
    pub(crate) file: String,
    /// What is replaced.
    pub(crate) span: Span,
    /// The function it is in; `None` outside of any.
    pub(crate) function: Option<Span>,
    /// Whether the whole body of the function is replaced.
    pub(crate) is_whole_body: bool,
    /// By what.
    pub(crate) replacement: String,
    /// The changed lines, for a person.
    pub(crate) shown: String,
}

impl Mutant {
    /// The line where it begins.
    pub(crate) fn line(&self) -> usize {
        self.span.start.line
    }
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

/// A place in a file; line and column from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// One entry of the list.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    file: String,
    genre: String,
    replacement: String,
    span: Span,
    function: Option<Function>,
    diff: String,
}

#[derive(Debug, Deserialize)]
struct Function {
    span: Span,
}

/// Reads one list; numbers are given by [`renumber`].
pub(crate) fn read(json: &str) -> Result<Vec<Mutant>> {
    let listed: Vec<Listed> =
        serde_json::from_str(json).context("not what cargo mutants --list --json says")?;
    let mut times: HashMap<String, usize> = HashMap::new();
    listed
        .into_iter()
        .map(|entry| {
            // FILE:LINE:COLUMN: WORDS
            let words =
                entry.name.splitn(4, ':').nth(3).context("the name of a bug has no place")?.trim_start();
            let name = format!("{}: {words}", entry.file);
            let time = times.entry(name.clone()).or_default();
            *time += 1;
            let changed: Vec<&str> = entry
                .diff
                .lines()
                .filter(|line| line.starts_with('+') && !line.starts_with("+++"))
                .map(|line| line[1..].trim())
                .collect();
            Ok(Mutant {
                number: 0,
                name: if *time == 1 { name } else { format!("{name} #{time}") },
                file: entry.file,
                span: entry.span,
                function: entry.function.map(|function| function.span),
                is_whole_body: entry.genre == "FnValue",
                replacement: entry.replacement,
                shown: changed.join(" ").replace(" /* ~ changed by cargo-mutants ~ */", ""),
            })
        })
        .collect()
}

/// Gives every bug its number.
pub(crate) fn renumber(mutants: &mut [Mutant]) {
    for (number, mutant) in (1..).zip(mutants) {
        mutant.number = number;
    }
}
