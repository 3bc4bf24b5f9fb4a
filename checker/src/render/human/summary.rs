//! Headlines, what a verdict of ok means, advice when nothing could be said, and the last line.

use std::io::{self, Write};

use super::Section;
use super::index::Index;
use super::kernels::Kernels;
use crate::render::style::{paint, verdict};
use crate::render::text::{clean, count, wrap};
use crate::render::words;
use crate::report::model::ResultEntry;
use crate::report::{LeftOut, Report};

/// Verdicts in the order of the last line, with the word for one kernel and for several.
const VERDICTS: [(&str, &str, &str); 5] = [
    ("ok", "ok", "ok"),
    ("degraded", "degraded", "degraded"),
    ("risky", "risky", "risky"),
    ("fails", "fails", "fail"),
    ("unknown", "unknown", "unknown"),
];

/// More kernels than these are only counted.
const NAMED_KERNELS: usize = 4;

/// More types than these advice does not name.
const NAMED_TYPES: usize = 4;

/// `probe.bpf.o · 1 program, 7 accesses, all on struct vfio_group · libbpf's rules · 25 kernels`.
pub(super) fn headline(section: &Section, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let object = section.object;
    let kernels = count(section.results.len(), "kernel", "kernels");
    let about = [words::contents(object), rules(section.loader, section.title), kernels];
    words::headline(&clean(&object.path), &about, columns, out)?;
    let waiting: Vec<String> =
        object.programs.iter().filter(|program| !program.autoload).map(|p| clean(&p.name)).collect();
    if !waiting.is_empty() {
        let text = format!("not loaded automatically, so not judged: {}", waiting.join(" "));
        paragraph(&text, 2, columns, out)?;
    }
    Ok(())
}

fn rules(loader: &str, title: &str) -> String {
    match loader {
        "kernel" => "the kernel's own rules".to_owned(),
        "libbpf" => "libbpf's rules".to_owned(),
        _ => format!("rules of {title}"),
    }
}

/// Which kernels were judged with a BTF that they do not ship: rows of what fails do not tell.
pub(super) fn brought_along(
    section: &Section,
    indent: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let is_brought = |result: &&&ResultEntry| result.conditions.iter().any(|c| c.code == "btf-brought-along");
    let judged: Vec<&ResultEntry> = section.results.iter().filter(is_brought).copied().collect();
    if judged.iter().all(|result| result.verdict != "fails") {
        return Ok(());
    }
    let names = judged.iter().map(|result| section.index.short_name(&result.kernel)).collect();
    let names = Kernels::new(names, false).lines(columns.saturating_sub(indent), 2).join(" ");
    writeln!(out)?;
    let text = format!("judged with a BTF of vmlinux brought along, for they ship none: {names}");
    paragraph(&text, indent, columns, out)
}

/// What a loader needs to find types in modules, where a verdict that is not a failure rests on them.
pub(super) fn modules_readable(
    section: &Section,
    indent: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let needs = |result: &&ResultEntry| {
        result.verdict != "fails" && result.conditions.iter().any(|c| c.code == "modules-readable")
    };
    if !section.results.iter().any(needs) {
        return Ok(());
    }
    writeln!(out)?;
    let text = "where a module decides, the loader must also be able to read its BTF (CAP_SYS_ADMIN): without that \
                libbpf passes over modules without a word, as if none were loaded";
    paragraph(text, indent, columns, out)
}

/// Kernels that nobody asked for by name and that have nothing to say; once in a report.
pub(super) fn left_out(report: &Report, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for (cause, why) in [
        (LeftOut::ByteOrder, "being of the other byte order"),
        (LeftOut::NothingStored, "for nothing is stored of them that is asked about"),
        (LeftOut::Ignored, "for the policy ignores them"),
    ] {
        let of_cause = report.left_out.iter().filter(|left| left.code == cause.code());
        let names: Vec<String> = of_cause.map(|left| clean(&left.kernel)).collect();
        if names.is_empty() {
            continue;
        }
        let which = if names.len() > NAMED_KERNELS {
            format!("{} kernels (corecheck layouts list)", names.len())
        } else {
            names.join(" ")
        };
        paragraph(&format!("left out, {why} (--kernel names them): {which}"), 0, columns, out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// What a verdict of ok means, and what it leaves open; once in a report.
pub(super) fn what_ok_means(
    report: &Report,
    indent: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut open: Vec<String> = Vec::new();
    for reason in report.results.iter().flat_map(|result| &result.unchecked) {
        let phrase = match reason.code {
            "baked-in-offsets" => "offsets baked in".to_owned(),
            "attach-points" => "attach points".to_owned(),
            "ksyms" => "kernel symbols and kfuncs".to_owned(),
            "kconfig" => "the kernel's configuration".to_owned(),
            "struct-ops" => "struct_ops maps".to_owned(),
            "elsewhere" => "targets in user space or told at run time".to_owned(),
            "helpers" => "helpers, map types and program types".to_owned(),
            "verifier" => "what the verifier makes of the programs".to_owned(),
            _ => clean(&reason.text),
        };
        if !open.contains(&phrase) {
            open.push(phrase);
        }
    }
    let mut text =
        "ok means: every relocation that is reached resolves, and what else BTF tells of is there".to_owned();
    if !open.is_empty() {
        text = format!("{text}; not judged: {}", open.join(", "));
    }
    paragraph(&text, indent, columns, out)
}

/// A paragraph, so many columns from the left edge.
pub(super) fn paragraph(text: &str, indent: usize, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    wrap(text, columns.saturating_sub(indent))
        .iter()
        .try_for_each(|line| writeln!(out, "{:indent$}{line}", ""))
}

/// When nothing could be said in any of these results: why, and what helps.
pub(super) fn advice(results: &[&ResultEntry], index: &Index) -> Option<String> {
    if results.is_empty() || results.iter().any(|result| result.verdict != "unknown") {
        return None;
    }
    let has =
        |codes: &[&str]| results.iter().flat_map(|r| &r.reasons).any(|reason| codes.contains(&reason.code));
    let mut text = "Nothing could be said for certain.".to_owned();
    let kernel_would_help = has(&["type-not-stored"]);
    let is_in_module = has(&["module-not-stored", "modules-not-stored", "broken-btf"]);
    if kernel_would_help || is_in_module {
        let types = missing_types(results, index);
        let which = match types.len() {
            0 => String::new(),
            number if number <= NAMED_TYPES => format!(": {}", types.join(", ")),
            number => {
                format!(": {} and {} more", types[..NAMED_TYPES - 1].join(", "), number - NAMED_TYPES + 1)
            }
        };
        text.push_str(&format!(" Types that decide are not stored{which}."));
        if kernel_would_help {
            text.push_str(" Check against a kernel's own files: --against SOURCE.");
        }
        if is_in_module {
            text.push_str(" To judge as if no module were loaded: --modules none.");
        }
    }
    if has(&["may-be-reached"]) {
        text.push_str(
            " Whether the verifier comes to some unresolved accesses depends on what is not known here, so neither ok nor \
             fails would be true.",
        );
    }
    Some(text)
}

/// Root types with an access that is unknown somewhere.
fn missing_types(results: &[&ResultEntry], index: &Index) -> Vec<String> {
    let mut answers: Vec<usize> = results.iter().map(|result| result.answer).collect();
    answers.sort_unstable();
    answers.dedup();
    let mut types: Vec<String> = Vec::new();
    for answer in answers.into_iter().filter_map(|id| index.answer(id)) {
        for outcome in answer.outcomes.iter().filter(|outcome| outcome.outcome == "unknown") {
            let name = index.access(answer.object, outcome.access);
            let name = name.map(|access| words::essential(&access.type_name));
            types.extend(name.filter(|name| !types.contains(name)));
        }
    }
    types
}

/// The counts of one object of several.
pub(super) fn counts_of(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    let results: Vec<&ResultEntry> = section.results.clone();
    let by =
        if section.index.has_several_loaders() { format!(" · {}", section.loader) } else { String::new() };
    let head = format!("{}{by}:", clean(&section.object.path));
    counts(Some(head), &results, "kernel", "kernels", out)
}

/// That this is one of several parts, with an empty line after it.
pub(super) fn part(report: &Report, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(shard) = &report.shard else { return Ok(()) };
    let text = format!(
        "part {} of {}: {} of {}; corecheck merge puts what --format json writes of each together",
        shard.number,
        shard.of,
        shard.objects.len(),
        count(shard.files.len(), "object", "objects")
    );
    paragraph(&text, 0, columns, out)?;
    writeln!(out)
}

/// The last line of all. It is one line however narrow the terminal is, so that scripts and tired people find it.
pub(super) fn last_line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let results: Vec<&ResultEntry> = report.results.iter().collect();
    let head = match report.objects.len() {
        0 | 1 => None,
        number => Some(format!("{number} objects:")),
    };
    let is_one_each = results.len() == report.kernels.len();
    let (one, many) = if is_one_each { ("kernel", "kernels") } else { ("result", "results") };
    counts(head, &results, one, many, out)
}

fn counts(
    head: Option<String>,
    results: &[&ResultEntry],
    one: &str,
    many: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut pieces: Vec<(String, usize, &str)> = Vec::new();
    for (verdict, singular, plural) in VERDICTS {
        let number = results.iter().filter(|result| result.verdict == verdict).count();
        if number > 0 {
            pieces.push((if number == 1 { singular } else { plural }.to_owned(), number, verdict));
        }
    }
    let told: Vec<String> =
        pieces.iter().map(|(word, number, of)| format!("{number} {}", paint(verdict(of), word))).collect();
    let total = count(results.len(), one, many);
    let head = head.map(|head| format!("{head} ")).unwrap_or_default();
    if told.is_empty() {
        return writeln!(out, "{head}{total}");
    }
    writeln!(out, "{head}{} of {total}", told.join(", "))
}
