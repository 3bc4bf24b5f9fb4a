//! Many bugs in one program, of which a number switches one on.
//!
//! A function with bugs becomes a choice between copies of its body:
//!
//! ```text
//! fn f(…) -> … { match planted::bug() { 7 => { body with bug 7 } 8 => { … } _ => { body } } }
//! ```

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use super::mutant::{Mutant, Position, Span};

/// The environment variable with the number.
pub(crate) const SWITCH: &str = "CORECHECK_PLANTED_BUG";

/// What is added to the package that all others use.
pub(crate) const SWITCHBOARD: &str = r#"
/// Which planted bug is switched on; 0 for none.
#[doc(hidden)]
pub mod planted {
    /// Its number.
    #[inline]
    pub fn bug() -> u32 {
        static BUG: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| {
            std::env::var("CORECHECK_PLANTED_BUG").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
        });
        *BUG
    }
}
"#;

/// A file with its bugs.
pub(crate) struct Planted {
    /// The changed text.
    pub(crate) text: String,
    /// First and last line of each copy of a body, with the number of its bug.
    pub(crate) copies: Vec<(usize, usize, u32)>,
}

/// Plants `mutants`, all of this file, into its text; `switch` is the path of the function that tells the number.
pub(crate) fn plant(source: &str, mutants: &[&Mutant], switch: &str) -> Result<Planted> {
    let places = Places::new(source);
    let mut functions: BTreeMap<Span, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        // A constant has one value in the whole program: write it out as a plain number.
        let Some(function) = mutant.function else { bail!("{}: it is in no function", mutant.name) };
        functions.entry(function).or_default().push(mutant);
    }
    let mut planted = Planted { text: String::new(), copies: Vec::new() };
    let mut done = 0;
    for (function, mutants) in functions {
        let (start, end) = places.body(source, function)?;
        ensure!(done <= start && start < end, "functions within each other at line {}", function.start.line);
        planted.text.push_str(&source[done..start]);
        planted.text.push_str(&format!("match {switch}() {{"));
        let body = &source[start..end];
        for mutant in mutants {
            let changed = if mutant.is_whole_body {
                mutant.replacement.clone()
            } else {
                let (from, to) = (places.offset(mutant.span.start), places.offset(mutant.span.end));
                ensure!(start <= from && from <= to && to <= end, "{}: not in its function", mutant.name);
                [&source[start..from], &mutant.replacement, &source[to..end]].concat()
            };
            let first = planted.text.lines().count() + 1;
            planted.text.push_str(&format!("\n{} => {{\n{changed}\n}}", mutant.number));
            planted.copies.push((first, planted.text.lines().count(), mutant.number));
        }
        planted.text.push_str(&format!("\n_ => {{{body}}}\n}}"));
        done = end;
    }
    planted.text.push_str(&source[done..]);
    Ok(planted)
}

/// Where lines begin.
struct Places<'a> {
    source: &'a str,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(source: &'a str) -> Self {
        let lines = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { source, lines }
    }

    fn offset(&self, at: Position) -> usize {
        let line = self.lines.get(at.line - 1).copied().unwrap_or(self.source.len());
        let column = self.source[line..].char_indices().nth(at.column - 1).map_or(0, |(offset, _)| offset);
        line + column
    }

    /// Begin and end of what stands between the braces of a function, whose comments and attributes come before.
    fn body(&self, source: &str, function: Span) -> Result<(usize, usize)> {
        let end = self.offset(function.end) - 1;
        let signature = (function.start.line..=function.end.line).find(|line| {
            let text = source[self.lines[line - 1]..].trim_start();
            !text.starts_with("//") && !text.starts_with('#')
        });
        let from = signature.map_or(end, |line| self.lines[line - 1]);
        let open = source[from..end].find('{').map(|at| from + at + 1);
        ensure!(source[end..].starts_with('}'), "no end of the function at line {}", function.start.line);
        let Some(open) = open else { bail!("no body of the function at line {}", function.start.line) };
        Ok((open, end))
    }
}

#[cfg(test)]
mod tests {
    use super::super::mutant::{read, renumber};
    use super::*;

    #[test]
    fn a_function_becomes_a_choice_of_bodies() {
        let source = "/// Sum {\nfn sum(a: u32) -> u32 {\n    a + 1 // …\n}\n\nfn other() {}\n";
        let entry = |name: &str, genre: &str, replacement: &str, from: usize, to: usize| {
            format!(
                r#"{{"name": "f.rs:3:{from}: {name} in sum", "file": "f.rs", "genre": "{genre}", "diff": "",
                "replacement": "{replacement}",
                "span": {{"start": {{"line": 3, "column": {from}}}, "end": {{"line": 3, "column": {to}}}}},
                "function": {{"function_name": "sum", "span":
                    {{"start": {{"line": 1, "column": 1}}, "end": {{"line": 4, "column": 2}}}}}}}}"#
            )
        };
        let list =
            [entry("replace + with -", "BinaryOperator", "-", 7, 8), entry("replace", "FnValue", "0", 5, 10)];
        let mut mutants = read(&format!("[{}]", list.join(","))).expect("a list");
        renumber(&mut mutants);
        assert_eq!(mutants[0].name, "f.rs: replace + with - in sum");
        let planted = plant(source, &mutants.iter().collect::<Vec<_>>(), "bug").expect("they can be planted");
        let lines: Vec<&str> = planted.text.lines().map(str::trim).collect();
        let before = ["/// Sum {", "fn sum(a: u32) -> u32 {match bug() {"];
        let bugs = ["1 => {", "", "a - 1 // …", "", "}", "2 => {", "0", "}"];
        let after = ["_ => {", "a + 1 // …", "}", "}}", "", "fn other() {}"];
        assert_eq!(lines, [&before[..], &bugs, &after].concat());
        assert_eq!(planted.copies, [(3, 7, 1), (8, 10, 2)]);
    }

    #[test]
    fn the_switchboard_reads_the_switch() {
        assert!(SWITCHBOARD.contains(SWITCH));
    }
}
