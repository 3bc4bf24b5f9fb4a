//! The table: group, kernels, verdict, why. Kernels that fare alike share a row.

use std::io::{self, Write};

use super::Section;
use super::kernels::Kernels;
use super::why::{chosen, programs, why};
use crate::render::style::{paint, verdict};
use crate::render::text::{clean, width, wrap};
use crate::report::model::ResultEntry;

/// More rows than these in one group are gathered, even of kernels that do not follow one another.
const ROWS_OF_A_GROUP: usize = 12;
/// More lines of kernels than these are shortened.
const LINES_OF_KERNELS: usize = 5;
/// Columns left of the table.
const INDENT: usize = 2;
/// Columns between its columns.
const GAP: usize = 3;
/// Columns that a reason needs at least to be read; where there are fewer, the table becomes a list.
const MIN_WHY: usize = 20;

/// What is told of programs: below the table if it is the same for every kernel, else with each.
const TOLD: [fn(&ResultEntry) -> Option<String>; 2] = [chosen, programs];
/// What is the same for every kernel of that.
type Shared = [Option<String>; 2];

/// Kernels of one group that fare alike.
struct Row<'a> {
    kernels: Kernels<'a>,
    verdict: &'a str,
    why: Vec<String>,
}

/// A heading with its rows.
struct Group<'a> {
    name: String,
    rows: Vec<Row<'a>>,
}

/// Writes the table of a section.
pub(super) fn write(section: &Section, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let shared = TOLD.map(|told| shared(section, told));
    let groups = groups(section, &shared);
    write_groups(&groups, columns, out)?;
    for told in shared.iter().flatten() {
        writeln!(out)?;
        for line in wrap(told, columns.saturating_sub(INDENT)) {
            writeln!(out, "{:INDENT$}{line}", "")?;
        }
    }
    Ok(())
}

fn write_groups(groups: &[Group], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let group_width = groups.iter().map(|group| width(&group.name)).max().unwrap_or(0);
    let verdict_width = rows().map(|row| width(row.verdict)).max().unwrap_or(0);
    let taken = INDENT + group_width + GAP + GAP + verdict_width + GAP - 1;
    let left = columns.saturating_sub(taken);
    let longest = rows().map(|row| row.kernels.longest()).max().unwrap_or(0);
    if left < longest + MIN_WHY {
        return write_list(groups, columns, out);
    }
    let kernels_width = share(groups, longest, left);
    for group in groups {
        let mut heading = group.name.as_str();
        for row in &group.rows {
            let kernels = row.kernels.lines(kernels_width, LINES_OF_KERNELS);
            let why: Vec<String> = row.why.iter().flat_map(|part| wrap(part, left - kernels_width)).collect();
            for line in 0..kernels.len().max(why.len()) {
                let kernels = kernels.get(line).map_or("", String::as_str);
                let why = why.get(line).map_or("", String::as_str);
                let word = if line == 0 { row.verdict } else { "" };
                let before = format!(
                    "{:INDENT$}{}{:GAP$}{}",
                    "",
                    padded(heading, group_width),
                    "",
                    padded(kernels, kernels_width),
                );
                if word.is_empty() && why.is_empty() {
                    writeln!(out, "{}", before.trim_end())?;
                    continue;
                }
                let word_shown = if word.is_empty() { String::new() } else { paint(verdict(word), word) };
                if why.is_empty() {
                    writeln!(out, "{before}{:GAP$}{word_shown}", "")?;
                } else {
                    let fill = verdict_width - width(word) + GAP - 1;
                    writeln!(out, "{before}{:GAP$}{word_shown}{:fill$}{why}", "", "")?;
                }
                heading = "";
            }
        }
    }
    Ok(())
}

/// For narrow terminals: the kernels on lines of their own, what is said of them below.
fn write_list(groups: &[Group], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    for group in groups {
        writeln!(out, "{:INDENT$}{}", "", group.name)?;
        for row in &group.rows {
            for line in row.kernels.lines(columns.saturating_sub(INDENT + 2), LINES_OF_KERNELS) {
                writeln!(out, "{:INDENT$}  {line}", "")?;
            }
            let indent = INDENT + 4;
            let word = paint(verdict(row.verdict), row.verdict);
            let room = columns.saturating_sub(indent + width(row.verdict) + 2);
            let why: Vec<String> = row.why.iter().flat_map(|part| wrap(part, room)).collect();
            let Some((first, rest)) = why.split_first() else {
                writeln!(out, "{:indent$}{word}", "")?;
                continue;
            };
            writeln!(out, "{:indent$}{word}  {first}", "")?;
            let indent = indent + width(row.verdict) + 2;
            for line in rest {
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
    }
    Ok(())
}

/// How many of the columns left the kernels get: what makes the table shortest, and in doubt the reasons more.
fn share(groups: &[Group], longest: usize, left: usize) -> usize {
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let widest = rows().map(|row| row.kernels.width()).max().unwrap_or(0).max(longest);
    let height = |kernels_width: usize| -> usize {
        rows()
            .map(|row| {
                let why: usize = row.why.iter().map(|part| wrap(part, left - kernels_width).len()).sum();
                row.kernels.height(kernels_width).max(why)
            })
            .sum()
    };
    (longest..=widest.min(left - MIN_WHY))
        .min_by_key(|&kernels_width| height(kernels_width))
        .unwrap_or(longest)
}

/// The seed's groups first, then the others in the report's order.
fn groups<'a>(section: &'a Section, shared: &Shared) -> Vec<Group<'a>> {
    let index = section.index;
    let mut names = vec!["regular", "arch", "flavour"];
    for result in &section.results {
        let name = index.group(&result.kernel);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let groups = names.into_iter().map(|name| Group { name: clean(name), rows: rows(section, name, shared) });
    groups.filter(|group| !group.rows.is_empty()).collect()
}

/// A row under way: the kernels by their names.
struct Draft<'a> {
    kernels: Vec<&'a str>,
    verdict: &'a str,
    why: Vec<String>,
    is_run: bool,
}

/// What is said of a result, with its programs unless that is said once for all.
fn why_of(section: &Section, result: &ResultEntry, shared: &Shared) -> Vec<String> {
    let mut parts = why(section, result);
    let own = TOLD.iter().zip(shared).filter(|(_, shared)| shared.is_none());
    parts.extend(own.filter_map(|(told, _)| told(result)));
    parts
}

/// What is to be told, if it is the same for every kernel.
fn shared(section: &Section, told: fn(&ResultEntry) -> Option<String>) -> Option<String> {
    let mut all = section.results.iter().map(|result| told(result));
    let first = all.next().flatten()?;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn rows<'a>(section: &'a Section, group: &str, shared: &Shared) -> Vec<Row<'a>> {
    let index = section.index;
    let mut drafts: Vec<Draft<'a>> = Vec::new();
    for result in &section.results {
        if index.group(&result.kernel) != group {
            continue;
        }
        let draft = Draft {
            kernels: vec![index.short_name(&result.kernel)],
            verdict: result.verdict,
            why: why_of(section, result, shared),
            is_run: true,
        };
        match drafts.last_mut() {
            Some(last) if last.fares_like(&draft) => last.kernels.extend(draft.kernels),
            _ => drafts.push(draft),
        }
    }
    if drafts.len() > ROWS_OF_A_GROUP {
        drafts = gathered(drafts);
    }
    drafts
        .into_iter()
        .map(|draft| Row {
            kernels: Kernels::new(draft.kernels, draft.is_run),
            verdict: draft.verdict,
            why: draft.why,
        })
        .collect()
}

impl Draft<'_> {
    fn fares_like(&self, other: &Self) -> bool {
        self.verdict == other.verdict && self.why == other.why
    }
}

/// One row for all that fare alike, in the order of the first of each.
fn gathered(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut gathered: Vec<Draft> = Vec::new();
    for draft in drafts {
        match gathered.iter_mut().find(|known| known.fares_like(&draft)) {
            Some(known) => {
                known.kernels.extend(draft.kernels);
                known.is_run = false;
            }
            None => gathered.push(draft),
        }
    }
    gathered
}

fn padded(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{:missing$}", "")
}
