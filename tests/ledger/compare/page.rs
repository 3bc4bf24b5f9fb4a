//! The ledger as a page for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use super::book::{Book, Line, counts};
use super::cause::Cause;
use super::record::{Class, Record, Step};

/// Lines that a table shows of one kind.
const SHOWN: usize = 40;

/// Writes the page.
pub fn page(book: &Book) -> Result<String, fmt::Error> {
    let mut out = String::new();
    head(book, &mut out)?;
    machines(book, &mut out)?;
    wrong(book, &mut out)?;
    causes(book, &mut out)?;
    unknown(book, &mut out)?;
    failing(book, &mut out)?;
    another_reason(book, &mut out)?;
    Ok(out)
}

fn head(book: &Book, out: &mut String) -> fmt::Result {
    writeln!(out, "# Ledger: what corecheck says, and what kernels do\n")?;
    writeln!(
        out,
        "Made by `tests/ledger/run` on {}: corecheck {}; {}. Not written by hand.\n",
        book.date,
        book.corecheck,
        book.loaders.join("; ")
    )?;
    writeln!(
        out,
        "{} objects (the samples, and all that the oldest and the newest of Debian's libbpf-tools carry) in {} machines that run Debian's kernels, with VFIO's \
         modules loaded (`+vfio`) and without. libbpf loads each object as a whole, and each program alone when that fails; what \
         is loaded is attached. aya loads program by program. A line is one such attempt.\n",
        book.objects.len(),
        book.machines.len()
    )?;
    writeln!(
        out,
        "- **right**: it went as corecheck says.\n- **falsely ok**, **falsely failing**: it did not, because of CO-RE, an attach \
         point, a kernel function, a helper, an extern, an argument or an instruction, or nobody knows why.\n- **unknown**: corecheck says that it does not \
         know.\n- **other cause**: it failed because of what no verdict speaks about; the causes are below.\n- **not tried**: \
         libbpf attaches such programs only when it is told to what.\n"
    )
}

fn row(out: &mut String, name: &str, of: &BTreeMap<Class, usize>) -> fmt::Result {
    write!(out, "| {name} |")?;
    for class in Class::ALL {
        write!(out, " {} |", of.get(&class).copied().unwrap_or(0))?;
    }
    writeln!(out)
}

fn machines(book: &Book, out: &mut String) -> fmt::Result {
    writeln!(out, "## Counts\n")?;
    write!(out, "| |")?;
    Class::ALL.iter().try_for_each(|class| write!(out, " {} |", class.word()))?;
    writeln!(out, "\n|---|{}", "--:|".repeat(Class::ALL.len()))?;
    row(out, "**all**", &book.counts)?;
    let loaders: BTreeSet<&str> = book.lines.iter().map(|line| line.record.loader).collect();
    for loader in loaders {
        for step in [Step::Load, Step::Attach] {
            let of =
                book.lines.iter().filter(|line| line.record.loader == loader && line.record.step == step);
            let of = counts(of.map(|line| (&line.record, line.machines.len())));
            let word = if step == Step::Load { "load" } else { "attach" };
            if of.values().any(|&number| number > 0) {
                row(out, &format!("{loader}, {word}"), &of)?;
            }
        }
    }
    for machine in &book.machines {
        let of = book.lines.iter().filter(|line| line.machines.contains(&machine.name));
        let name = format!("{}: {}", machine.name, machine.package);
        row(out, &name, &counts(of.map(|line| (&line.record, 1))))?;
    }
    let accesses = book.accesses();
    writeln!(
        out,
        "\nOf the accesses of what aya loaded, the kernel has {} as ebpf-probe predicted in the machine, and {} not; {} are in \
         programs that were not loaded, or in code that the verifier took away.\n",
        accesses.confirmed, accesses.contradicted, accesses.not_read
    )
}

fn wrong(book: &Book, out: &mut String) -> fmt::Result {
    for (class, title) in [(Class::FalselyOk, "Falsely ok"), (Class::FalselyFailing, "Falsely failing")] {
        writeln!(out, "## {title}\n")?;
        let found: Vec<&Line> = book.lines.iter().filter(|line| line.record.class == class).collect();
        if found.is_empty() {
            writeln!(out, "None.\n")?;
            continue;
        }
        table(&found, out)?;
    }
    Ok(())
}

/// Lines, each with its machines.
fn table(found: &[&Line], out: &mut String) -> fmt::Result {
    writeln!(out, "| object | program | by | said | happened | machines |\n|---|---|---|---|---|---|")?;
    for line in found.iter().take(SHOWN) {
        let record = &line.record;
        let program = record.program.as_deref().unwrap_or("all");
        let step = if record.step == Step::Attach { " (attach)" } else { "" };
        let reasons = if record.reasons.is_empty() {
            String::new()
        } else {
            format!(": {}", record.reasons.join("; "))
        };
        writeln!(
            out,
            "| {} | {program}{step} | {} | {}{} | {} | {} |",
            record.object.trim_end_matches(".bpf.o"),
            record.loader,
            record.predicted,
            cell(&reasons),
            cell(&happened(record)),
            line.machines.join(" ")
        )?;
    }
    if found.len() > SHOWN {
        writeln!(out, "\nand {} more: see ledger.json", found.len() - SHOWN)?;
    }
    writeln!(out)
}

fn happened(record: &Record) -> String {
    match (record.cause, &record.said) {
        (None, _) => "went well".to_owned(),
        (Some(cause), None) => format!("{cause}, error {}", record.errno.unwrap_or(0)),
        (Some(cause), Some(said)) => format!("{cause}: {said}"),
    }
}

/// Text in a table: its own bars do not end a cell, and long lines are cut.
fn cell(text: &str) -> String {
    const LONGEST: usize = 160;
    let mut text: String = text.replace('|', "\\|").replace(['<', '>'], "");
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// Why attempts failed of which nothing was said to fail.
fn causes(book: &Book, out: &mut String) -> fmt::Result {
    writeln!(out, "## Other causes\n")?;
    let mut found: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in book.lines.iter().filter(|line| line.record.class == Class::OtherCause) {
        found.entry(line.record.cause.unwrap_or_default()).or_default().push(line);
    }
    if found.is_empty() {
        return writeln!(out, "None.\n");
    }
    for (word, lines) in found {
        let attempts: usize = lines.iter().map(|line| line.machines.len()).sum();
        let sentence =
            Cause::ALL.iter().find(|cause| cause.word() == word).map_or("", |cause| cause.sentence());
        writeln!(out, "### {word}: {sentence} ({attempts} attempts)\n")?;
        table(&lines, out)?;
    }
    Ok(())
}

/// What corecheck does not know, by its reasons.
fn unknown(book: &Book, out: &mut String) -> fmt::Result {
    writeln!(out, "## Unknown\n")?;
    let mut found: BTreeMap<(String, bool), usize> = BTreeMap::new();
    for line in book.lines.iter().filter(|line| line.record.class == Class::Unknown) {
        let kinds: BTreeSet<&str> = line.record.reasons.iter().map(|reason| kind(reason)).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        *found.entry((kinds.join(", "), line.record.cause.is_some())).or_default() += line.machines.len();
    }
    if found.is_empty() {
        return writeln!(out, "None.\n");
    }
    writeln!(out, "| what corecheck says | what happened | attempts |\n|---|---|--:|")?;
    for ((kinds, failed), number) in found {
        writeln!(out, "| {} | {} | {number} |", cell(&kinds), if failed { "failed" } else { "went well" })?;
    }
    writeln!(out)
}

/// A reason without what it is about: a rule's id, or the kind of a requirement and why.
fn kind(reason: &str) -> &str {
    reason.split([':', ' ']).next().unwrap_or(reason)
}

/// What failed as was said, because of something else.
fn another_reason(book: &Book, out: &mut String) -> fmt::Result {
    let found: Vec<&Line> =
        book.lines.iter().filter(|line| line.record.reason_agrees == Some(false)).collect();
    let attempts: usize = found.iter().map(|line| line.machines.len()).sum();
    writeln!(out, "## Right, for another reason ({attempts} attempts)\n")?;
    if found.is_empty() {
        return writeln!(out, "None.");
    }
    writeln!(
        out,
        "What was said of why is of no rule that speaks about what happened: something else came before it.\n"
    )?;
    table(&found, out)
}

/// What was rightly said to fail, by the cause that the machine gave.
fn failing(book: &Book, out: &mut String) -> fmt::Result {
    writeln!(out, "## Failed, as was said\n")?;
    let mut found: BTreeMap<(&str, bool, bool), usize> = BTreeMap::new();
    for line in book.lines.iter().filter(|line| line.record.class == Class::Right) {
        if let Some(cause) = line.record.cause {
            let is_there = line.record.step == Step::Attach || line.record.fails_at == line.record.failed_at;
            let agrees = line.record.reason_agrees == Some(true);
            *found.entry((cause, is_there, agrees)).or_default() += line.machines.len();
        }
    }
    writeln!(
        out,
        "| cause | at the step that was said | for the reason that was said | attempts |\n|---|---|---|--:|"
    )?;
    let word = |is_so| if is_so { "yes" } else { "no" };
    for ((cause, is_there, agrees), number) in found {
        writeln!(out, "| {cause} | {} | {} | {number} |", word(is_there), word(agrees))?;
    }
    writeln!(out)
}
