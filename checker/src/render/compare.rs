//! Two builds compared, for people: on a terminal, and in Markdown for a pull request.

use std::io::{self, Write};

use super::markdown::{code, escaped};
use super::style::{level, paint, verdict};
use super::text::{clean, count, fill, wrap};
use super::words;
use crate::compare::{AskEntry, CauseEntry, Comparison, PairEntry, VerdictEntry};

/// So many kernels are named; more are counted.
const NAMED: usize = 12;
/// So many things of a sort are listed in Markdown; more are counted.
const LISTED: usize = 40;

/// Writes it, with escape codes for colours.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(comparison: &Comparison, width: usize, out: &mut dyn Write) -> io::Result<()> {
    for pair in &comparison.objects {
        pair_of(comparison, pair, width.max(20), out)?;
        writeln!(out)?;
    }
    writeln!(out, "{}", last_line(comparison))
}

fn pair_of(comparison: &Comparison, pair: &PairEntry, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let kernels = count(comparison.kernels.len(), "kernel", "kernels");
    words::headline(&names(pair), &[loader(comparison), kernels], columns, out)?;
    for (changes, title) in CHANGES {
        let of: Vec<&AskEntry> = pair.asks.iter().filter(|ask| ask.change == changes).collect();
        if of.is_empty() {
            continue;
        }
        writeln!(out, "\n  {title}")?;
        let widest = of.iter().map(|ask| sort(ask).len()).max().unwrap_or(0);
        for ask in of {
            let text = [clean(&ask.name), place(ask)].join(" ");
            let indent = 4 + widest + 2;
            for (at, line) in wrap(&text, columns.saturating_sub(indent)).iter().enumerate() {
                let sort = if at == 0 { sort(ask) } else { String::new() };
                writeln!(out, "    {sort:widest$}  {line}")?;
            }
        }
    }
    if pair.asks.is_empty() {
        writeln!(out, "\n  both ask the same")?;
    }
    if !pair.blocked_as_such.is_empty() {
        writeln!(out, "\n  not let through, on whatever kernel: {}", pair.blocked_as_such.join(", "))?;
    }
    pair.verdicts.iter().try_for_each(|of| changed(comparison, of, columns, out))
}

/// What the changes of asking are called.
const CHANGES: [(&str, &str); 4] = [
    ("new", "asks anew"),
    ("required", "cannot do without any more"),
    ("gone", "does not ask any more"),
    ("optional", "can do without now"),
];

fn sort(ask: &AskEntry) -> String {
    if ask.kind == "btf" { "BTF at all".to_owned() } else { ask.kind.to_owned() }
}

/// Who asks, and where: `(on_exit, probe.bpf.c:12:3)`.
fn place(ask: &AskEntry) -> String {
    /// More are counted.
    const FUNCTIONS: usize = 3;
    let mut parts: Vec<String> = ask.functions.iter().take(FUNCTIONS).map(|name| clean(name)).collect();
    let more = ask.functions.len().saturating_sub(FUNCTIONS);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts.extend(ask.source.as_ref().map(words::place));
    if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) }
}

fn changed(
    comparison: &Comparison,
    of: &VerdictEntry,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = |word: &'static str| paint(verdict(word), word);
    let was = of.was.map_or_else(|| "new".to_owned(), style);
    let by = if comparison.loaders.len() > 1 { format!(" ({})", of.loader) } else { String::new() };
    writeln!(out, "\n  {}: {was} → {}{by}", title(of), style(of.is))?;
    let named = short_names(comparison, &of.kernels);
    for line in fill(named.iter().flat_map(|name| name.split(' ')), columns.saturating_sub(4)) {
        writeln!(out, "    {line}")?;
    }
    for cause in &of.causes {
        let head = format!("{}[{}]", cause.level, cause.rule);
        let text = format!("{head}: {}", clean(&cause.message));
        for (at, line) in wrap(&text, columns.saturating_sub(6)).iter().enumerate() {
            match line.strip_prefix(&head).filter(|_| at == 0) {
                Some(rest) => writeln!(out, "    {}{rest}", paint(level(cause.level), &head))?,
                None => writeln!(out, "      {line}")?,
            }
        }
        if let Some(place) = at(cause) {
            writeln!(out, "      --> {place}")?;
        }
        for line in wrap(&format!("= help: {}", clean(&cause.help)), columns.saturating_sub(6)) {
            writeln!(out, "      {line}")?;
        }
    }
    Ok(())
}

/// `lost`, with what makes it count or not.
fn title(of: &VerdictEntry) -> String {
    let number = count(of.kernels.len(), "kernel", "kernels");
    let weight = if of.decides { " that must be fine" } else { "" };
    format!("{} on {number}{weight}", of.change)
}

fn at(cause: &CauseEntry) -> Option<String> {
    let function = cause.function.as_ref().map(|name| format!("({})", clean(name)));
    let parts: Vec<String> = cause.source.as_ref().map(words::place).into_iter().chain(function).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// First aliases, else full names; of many only some.
fn short_names(comparison: &Comparison, kernels: &[String]) -> Vec<String> {
    let short = |name: &String| {
        let entry = comparison.kernels.iter().find(|kernel| kernel.name == *name);
        let alias = entry.and_then(|entry| entry.aliases.first()).filter(|alias| {
            comparison.kernels.iter().filter(|other| other.aliases.first() == Some(alias)).count() == 1
        });
        clean(alias.unwrap_or(name))
    };
    let mut names: Vec<String> = kernels.iter().take(NAMED).map(short).collect();
    let more = kernels.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}

fn names(pair: &PairEntry) -> String {
    match (&pair.old, &pair.new) {
        (Some(old), Some(new)) => format!("{} → {}", clean(old), clean(new)),
        (Some(old), None) => format!("{} is gone", clean(old)),
        (None, new) => format!("{} is new", new.as_deref().map(clean).unwrap_or_default()),
    }
}

fn loader(comparison: &Comparison) -> String {
    let names: Vec<&str> = comparison.loaders.iter().map(|loader| loader.title.as_str()).collect();
    format!("by the rules of {}", names.join(", "))
}

/// `2 kernels lost, 1 gained, 53 as before`, under the rules of the first loader.
fn last_line(comparison: &Comparison) -> String {
    let first = comparison.loaders.first().map_or("", |loader| loader.name.as_str());
    let own = |change: &str| {
        let all = comparison.objects.iter().flat_map(|pair| &pair.verdicts);
        let of = all.filter(|of| of.change == change && of.loader == first);
        of.map(|of| of.kernels.len()).sum::<usize>()
    };
    let mut parts: Vec<String> = ["lost", "unclear", "worse", "gained", "better"]
        .into_iter()
        .filter(|change| own(change) > 0)
        .map(|change| format!("{} {change}", own(change)))
        .collect();
    parts.push(format!("{} as before", comparison.objects.iter().map(|pair| pair.unchanged).sum::<usize>()));
    format!("{}: {}", if comparison.passes { "passes" } else { "does not pass" }, parts.join(", "))
}

/// Writes it in Markdown.
///
/// # Errors
/// When `out` cannot be written.
pub fn markdown(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mark = if comparison.passes { "✅" } else { "❌" };
    writeln!(out, "## {mark} corecheck compare: {}", last_line(comparison))?;
    for pair in &comparison.objects {
        writeln!(out, "\n### {}", code(&names(pair)))?;
        if !pair.verdicts.is_empty() {
            writeln!(out, "\n| | was | is | kernels | why |\n|---|---|---|---|---|")?;
        }
        for of in &pair.verdicts {
            let names = short_names(comparison, &of.kernels);
            let kernels: Vec<String> = names.iter().map(|name| code(name)).collect();
            let why: Vec<String> = of.causes.iter().map(why).collect();
            let mark = if of.decides { "❌ " } else { "" };
            writeln!(
                out,
                "| {mark}{} | {} | {} | {} | {} |",
                of.change,
                of.was.unwrap_or(""),
                of.is,
                kernels.join(" "),
                why.join("; ")
            )?;
        }
        if !pair.blocked_as_such.is_empty() {
            writeln!(out, "\n❌ not let through, on whatever kernel: {}", pair.blocked_as_such.join(", "))?;
        }
        for (change, title) in CHANGES {
            let of: Vec<&AskEntry> = pair.asks.iter().filter(|ask| ask.change == change).collect();
            if of.is_empty() {
                continue;
            }
            writeln!(out, "\n**{title}**\n")?;
            for ask in of.iter().take(LISTED) {
                let name = if ask.name.is_empty() { String::new() } else { format!(" {}", code(&ask.name)) };
                writeln!(out, "- {}{name} {}", sort(ask), escaped(&place(ask)))?;
            }
            if of.len() > LISTED {
                writeln!(out, "- … and {} more", of.len() - LISTED)?;
            }
        }
        if pair.asks.is_empty() {
            writeln!(out, "\nBoth ask the same.")?;
        }
    }
    Ok(())
}

fn why(cause: &CauseEntry) -> String {
    let place = at(cause).map(|place| format!(" {}", code(&place))).unwrap_or_default();
    format!("**{}** {}{place}", cause.rule, escaped(&cause.message))
}
