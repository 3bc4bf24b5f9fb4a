//! Markdown for a pull request or a step's summary: verdicts in a table, and each cause below.

use std::io::{self, Write};

use super::decided::{access, counting, gravity, is_in_the_way, title};
use super::text::{count, grouped, share};
use super::words;
use crate::report::Report;
use crate::report::model::{FindingEntry, InventoryEntry, ResultEntry};

/// So many kernels are named in a cell; more are counted.
const NAMED: usize = 8;
/// So many causes are told; more are counted.
const CAUSES: usize = 20;

/// Writes it.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    headline(report, out)?;
    for object in 0..report.objects.len() {
        for loader in &report.loaders {
            let of = |result: &&ResultEntry| result.object == object && result.loader == loader.name;
            let results: Vec<&ResultEntry> = report.results.iter().filter(of).collect();
            writeln!(out, "\n### {}\n", code(&title(report, object, &loader.name)))?;
            table(report, &results, out)?;
        }
    }
    if let Some(inventory) = &report.inventory {
        fleet(report, inventory, out)?;
    }
    causes(report, out)
}

fn headline(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let in_the_way = report.results.iter().filter(|result| is_in_the_way(report, result)).count();
    let (mark, text) = match &report.policy {
        Some(policy) if policy.passes => ("✅", format!("passes {}", code(&policy.file))),
        Some(policy) => ("❌", format!("does not pass {}", code(&policy.file))),
        None if in_the_way > 0 => ("❌", format!("{} fail", count(in_the_way, "result", "results"))),
        None => ("✅", "nothing fails".to_owned()),
    };
    let objects = count(report.objects.len(), "object", "objects");
    let kernels = count(report.kernels.len(), "kernel", "kernels");
    writeln!(out, "## {mark} corecheck: {text}\n\n{objects}, {kernels}")?;
    for finding in report.policy.iter().flat_map(|policy| &policy.findings) {
        writeln!(
            out,
            "\n> **{}**: {} ({})",
            finding.rule,
            escaped(&finding.message),
            escaped(&finding.help)
        )?;
    }
    Ok(())
}

/// The shares of a fleet's machines, and what of it is not stored.
fn fleet(report: &Report, fleet: &InventoryEntry, out: &mut dyn Write) -> io::Result<()> {
    let machines = grouped(fleet.machines);
    writeln!(out, "\n### {machines} machines of {}\n", code(&fleet.file))?;
    writeln!(out, "| object | verdict | machines | | kernels |\n|---|---|---:|---:|---|")?;
    let mut row = |object: &str, word: &str, machines: u64, releases: Vec<String>| {
        let named: Vec<String> = releases.iter().take(NAMED).map(|name| code(name)).collect();
        let more = releases.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let part = share(machines, fleet.machines);
        let machines = grouped(machines);
        writeln!(out, "| {object} | {word} | {machines} | {part} | {}{more} |", named.join(" "))
    };
    for of in &fleet.shares {
        let object = code(&title(report, of.object, &of.loader));
        row(&object, of.verdict, of.machines, of.releases.clone())?;
    }
    if !fleet.missing.is_empty() {
        let machines = fleet.missing.iter().map(|entry| entry.machines).sum();
        row("", "not stored", machines, fleet.missing.iter().map(|entry| entry.title()).collect())?;
    }
    if !fleet.ignored.is_empty() {
        let machines = fleet.ignored.iter().map(|entry| entry.machines).sum();
        row("", "ignored", machines, fleet.ignored.iter().map(|entry| entry.title()).collect())?;
    }
    for entry in fleet.missing.iter().take(NAMED) {
        writeln!(out, "\nNot stored: {}. {}", code(&entry.title()), code(&entry.add))?;
    }
    Ok(())
}

/// Kernels that come to the same for the same reasons are one row.
fn table(report: &Report, results: &[&ResultEntry], out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<(&ResultEntry, bool, Vec<&str>)> = Vec::new();
    for &result in results {
        let blocks = is_in_the_way(report, result);
        let is_alike = |known: &ResultEntry| {
            let conditions =
                |of: &'_ ResultEntry| of.conditions.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
            (known.verdict, &known.reasons) == (result.verdict, &result.reasons)
                && conditions(known) == conditions(result)
        };
        match rows.iter_mut().find(|(known, also, _)| *also == blocks && is_alike(known)) {
            Some((_, _, kernels)) => kernels.push(&result.kernel),
            None => rows.push((result, blocks, vec![&result.kernel])),
        }
    }
    writeln!(out, "| | verdict | kernels | |\n|---|---|---|---|")?;
    for (first, blocks, kernels) in rows {
        let named: Vec<String> = kernels.iter().take(NAMED).map(|kernel| code(kernel)).collect();
        let more = kernels.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let reasons = first.reasons.iter().map(|reason| escaped(&reason.text));
        let conditions = first.conditions.iter().map(|condition| format!("if {}", escaped(&condition.text)));
        let why: Vec<String> = reasons.chain(conditions).collect();
        let mark = if blocks { "❌" } else { "" };
        writeln!(out, "| {mark} | **{}** | {}{more} | {} |", first.verdict, named.join(" "), why.join("; "))?;
    }
    Ok(())
}

fn causes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let told = report.findings.iter().filter_map(|finding| Some((gravity(report, finding)?, finding)));
    let mut told: Vec<(&str, &FindingEntry)> = told.filter(|(level, _)| *level != "note").collect();
    let all = told.len();
    told.truncate(CAUSES);
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>{}</summary>", count(all, "cause", "causes"))?;
    for (level, finding) in told {
        writeln!(out, "\n**{level}[{}]**: {}\n", finding.rule, escaped(&finding.message))?;
        if let Some(access) = access(report, finding) {
            if let Some(source) = &access.source {
                writeln!(out, "{} {}\n", code(&words::place(source)), escaped(&words::code(access)))?;
                writeln!(out, "```c\n{}\n```\n", source.text.replace("```", "` ` `"))?;
            }
            writeln!(out, "- {}", code(&words::access(access)))?;
        }
        let kernels: Vec<&str> = counting(finding).collect();
        if !kernels.is_empty() {
            let named: Vec<String> = kernels.iter().take(NAMED).map(|kernel| code(kernel)).collect();
            let more = kernels.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            writeln!(out, "- on {}{more}", named.join(" "))?;
        }
        if !finding.help.is_empty() {
            writeln!(out, "- help: {}", escaped(&finding.help))?;
        }
    }
    if all > CAUSES {
        writeln!(out, "\n… and {}", count(all - CAUSES, "more cause", "more causes"))?;
    }
    writeln!(out, "\n</details>")
}

/// A text as code; what would end it is left out.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace(['`', '\n', '|'], " "))
}

/// A text that means nothing to Markdown, but for what stands between backticks, which is code there, too.
pub(super) fn escaped(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let mut all = String::with_capacity(text.len());
    for (number, part) in parts.iter().enumerate() {
        if number % 2 == 1 && is_paired {
            all.push_str(&code(part));
            continue;
        }
        if number > 0 && !is_paired {
            all.push_str("\\`");
        }
        for c in part.chars() {
            match c {
                '\n' | '\r' => all.push(' '),
                '<' => all.push_str("&lt;"),
                '*' | '_' | '|' | '[' | ']' | '\\' | '#' | '@' => all.extend(['\\', c]),
                c => all.push(c),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("`a_b` is *not* a_b <x>"), "`a_b` is \\*not\\* a\\_b &lt;x>");
        assert_eq!(escaped("odd ` one"), "odd \\` one");
        assert_eq!(code("a`b|c"), "`a b c`");
    }
}
