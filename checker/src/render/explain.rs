//! `corecheck explain`: rules and their pages, for people and for machines.

use std::io::{self, Write};

use serde::Serialize;

use super::style::{level, paint};
use super::text::wrap;
use crate::report::model::Tool;
use crate::rules::Rule;

/// Version of the form that [`json`] writes.
pub const SCHEMA: &str = "corecheck.rules/1";

/// Prose is not set wider than this.
const WIDEST: usize = 100;

/// The rules for machines, with their pages.
#[derive(Debug, Serialize)]
struct Rules {
    schema: &'static str,
    tool: Tool,
    rules: Vec<RuleEntry>,
}

/// A rule with its page. Paragraphs are parted by empty lines.
#[derive(Debug, Serialize)]
struct RuleEntry {
    id: &'static str,
    level: &'static str,
    summary: &'static str,
    meaning: String,
    cause: String,
    example: String,
    remedy: String,
}

/// Lists rules: id, level and summary.
///
/// # Errors
/// Those of `out`.
pub fn list(rules: &[&Rule], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let ids = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let indent = ids + 2 + "warning".len() + 2;
    for rule in rules {
        let word = rule.level.word();
        let room = " ".repeat("warning".len().saturating_sub(word.len()) + 2);
        write!(out, "{:<ids$}  {}{room}", rule.id, paint(level(word), word))?;
        for (at, line) in
            wrap(rule.summary, width.min(WIDEST + indent).saturating_sub(indent)).iter().enumerate()
        {
            let before = if at == 0 { 0 } else { indent };
            writeln!(out, "{:before$}{line}", "")?;
        }
    }
    writeln!(out, "\ncorecheck explain RULE says what one means, why it happens and what to do.")
}

/// The page of a rule.
///
/// # Errors
/// Those of `out`.
pub fn page(rule: &Rule, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let columns = width.min(WIDEST);
    let word = rule.level.word();
    writeln!(out, "{}", paint(level(word), &format!("{word}[{}]", rule.id)))?;
    write_paragraphs(rule.summary, columns, out)?;
    let Some(page) = rule.page() else { return Ok(()) };
    for (heading, text) in [("What it means", &page.meaning), ("Why it happens", &page.cause)] {
        writeln!(out, "\n{heading}\n")?;
        write_paragraphs(text, columns, out)?;
    }
    writeln!(out, "\nExample\n")?;
    for line in page.example.lines() {
        writeln!(out, "{}", format!("    {}", line.replace('\t', "    ")).trim_end())?;
    }
    writeln!(out, "\nWhat to do\n")?;
    write_paragraphs(&page.remedy, columns, out)
}

/// The pages of rules, one after the other.
///
/// # Errors
/// Those of `out`.
pub fn pages(rules: &[&Rule], width: usize, out: &mut dyn Write) -> io::Result<()> {
    for (at, rule) in rules.iter().enumerate() {
        if at > 0 {
            writeln!(out, "\n")?;
        }
        page(rule, width, out)?;
    }
    Ok(())
}

/// Rules in Markdown: a table of them, where there are several, and their pages.
///
/// # Errors
/// Those of `out`.
pub fn markdown(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    if let [rule] = rules {
        return write!(out, "{}", rule.page);
    }
    writeln!(
        out,
        "# Rules\n\nWhat findings mean, why they happen and what to do: the pages of `corecheck explain`.\n"
    )?;
    writeln!(out, "| rule | level | |\n|---|---|---|")?;
    for rule in rules {
        writeln!(out, "| [{0}](#{0}) | {1} | {2} |", rule.id, rule.level.word(), rule.summary)?;
    }
    for rule in rules {
        writeln!(out)?;
        let mut is_code = false;
        for line in rule.page.lines() {
            // One level below the title of all.
            let is_heading = line.starts_with('#') && !is_code;
            is_code ^= line.starts_with("```");
            writeln!(out, "{}{line}", if is_heading { "#" } else { "" })?;
        }
    }
    Ok(())
}

fn write_paragraphs(text: &str, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for (at, paragraph) in text.split("\n\n").enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        wrap(paragraph, columns.saturating_sub(2)).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    }
    Ok(())
}

/// Rules for machines (`checker/schema/rules-1.json`).
///
/// # Errors
/// Those of `out`.
pub fn json(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    let entries = rules.iter().filter_map(|rule| {
        let page = rule.page()?;
        Some(RuleEntry {
            id: rule.id,
            level: rule.level.word(),
            summary: rule.summary,
            meaning: page.meaning,
            cause: page.cause,
            example: page.example,
            remedy: page.remedy,
        })
    });
    let tool = Tool { name: "corecheck", version: env!("CARGO_PKG_VERSION") };
    let document = Rules { schema: SCHEMA, tool, rules: entries.collect() };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
