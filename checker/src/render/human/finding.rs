//! A cause as a block: what is wrong, where in the source, what the kernel has instead, what to do.

use std::io::{self, Write};

use super::kernels::Kernels;
use super::{Section, policy};
use crate::render::style::{level, paint};
use crate::render::suggested::{guard, history, note};
use crate::render::text::{clean, count, fill, wrap};
use crate::render::{snippet, words};
use crate::report::model::{AccessEntry, FindingEntry};

/// More lines of kernels than these are shortened.
const LINES_OF_KERNELS: usize = 3;
/// More different targets than these are counted.
const TARGETS: usize = 5;

/// The rule whose findings are told together: of types that are not stored only the names matter.
const TOGETHER: &str = "type-not-stored";

/// Findings that say the same, of targets that differ in details.
pub(super) struct Block<'a> {
    first: &'a FindingEntry,
    findings: Vec<&'a FindingEntry>,
    /// Findings that say the same of other types.
    likewise: Vec<&'a FindingEntry>,
}

/// The blocks of a section, in the order of the findings.
pub(super) fn blocks<'a>(section: &Section<'a>) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block> = Vec::new();
    for &finding in &section.findings {
        let says_the_same = |block: &&mut Block| {
            let first = block.first;
            first.rule == finding.rule
                && first.level == finding.level
                && first.message == finding.message
                && first.help == finding.help
                && first.excused.is_empty() == finding.excused.is_empty()
                && first.accesses == finding.accesses
        };
        if let Some(block) = blocks.iter_mut().find(says_the_same) {
            block.findings.push(finding);
            continue;
        }
        let says_it_of_others = |block: &&mut Block| {
            let first = block.first;
            first.rule == TOGETHER
                && first.rule == finding.rule
                && first.kernels == finding.kernels
                && without_type(section, first) == without_type(section, finding)
        };
        match blocks.iter_mut().find(says_it_of_others) {
            Some(block) => block.likewise.push(finding),
            None => blocks.push(Block { first: finding, findings: vec![finding], likewise: Vec::new() }),
        }
    }
    blocks
}

/// A message without the type it begins with.
fn without_type<'a>(section: &Section, finding: &'a FindingEntry) -> Option<&'a str> {
    let root = words::essential(&first_access(section, finding)?.type_name);
    finding.message.strip_prefix(root.as_str())
}

fn first_access<'a>(section: &Section<'a>, finding: &FindingEntry) -> Option<&'a AccessEntry> {
    section.access(finding.access?)
}

impl Block<'_> {
    /// Writes the block, without an empty line after it.
    pub(super) fn write(&self, section: &Section, columns: usize, out: &mut dyn Write) -> io::Result<()> {
        let finding = self.first;
        let head = format!("{}[{}]", finding.level, finding.rule);
        let message = format!("{head}: {}", clean(&finding.message));
        for (number, line) in wrap(&message, columns.saturating_sub(2)).into_iter().enumerate() {
            match line.strip_prefix(&head).filter(|_| number == 0) {
                Some(rest) => writeln!(out, "{}{rest}", paint(level(finding.level), &head))?,
                None => writeln!(out, "  {line}")?,
            }
        }
        let access = first_access(section, finding);
        let gutter = access.and_then(|access| access.source.as_ref()).map_or(1, snippet::gutter).max(2);
        place(section, finding, access, gutter, columns, out)?;
        if let Some(source) = access.and_then(|access| access.source.as_ref()) {
            snippet::write(source, gutter, columns, out)?;
        }
        if let Some(access) = access {
            note(&words::access(access), gutter, columns, out)?;
            let others = finding.accesses.len().saturating_sub(1);
            if others > 0 {
                let others = count(others, "more access", "more accesses");
                note(&format!("and {others}"), gutter, columns, out)?;
            }
        }
        if !self.likewise.is_empty() {
            let told = |finding: &&FindingEntry| {
                let root = words::essential(&first_access(section, finding)?.type_name);
                Some(format!("{root} ({})", count(finding.accesses.len(), "access", "accesses")))
            };
            let told: Vec<String> = self.likewise.iter().filter_map(told).collect();
            note(&format!("likewise {}", told.join(", ")), gutter, columns, out)?;
        }
        self.targets(section, gutter, columns, out)?;
        if let Some(suggested) = &finding.suggested {
            history(suggested, gutter, columns, out)?;
        }
        for excused in &finding.excused {
            note(&policy::excused(excused), gutter, columns, out)?;
        }
        if !finding.help.is_empty() {
            note(&format!("help: {}", clean(&finding.help)), gutter, columns, out)?;
        }
        if let Some(suggested) = &finding.suggested {
            guard(suggested, gutter, columns, out)?;
        }
        Ok(())
    }

    /// On which kernels, and what they have instead.
    fn targets(
        &self,
        section: &Section,
        gutter: usize,
        columns: usize,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let shown = if self.findings.len() > TARGETS { TARGETS - 1 } else { self.findings.len() };
        let (told, rest) = self.findings.split_at(shown);
        for finding in told.iter().filter(|finding| !finding.kernels.is_empty()) {
            let on = format!("on {}", names(section, &finding.kernels, columns.saturating_sub(gutter + 6)));
            match finding.details.as_slice() {
                [] => note(&on, gutter, columns, out)?,
                [only] => note(&format!("{on}: {}", clean(only)), gutter, columns, out)?,
                several => {
                    note(&format!("{on}:"), gutter, columns, out)?;
                    for detail in several {
                        for line in wrap(&clean(detail), columns.saturating_sub(gutter + 5)) {
                            writeln!(out, "{:gutter$}     {line}", "")?;
                        }
                    }
                }
            }
        }
        let kernels: usize = rest.iter().map(|finding| finding.kernels.len()).sum();
        if kernels > 0 {
            let forms = count(rest.len(), "other form", "other forms");
            note(
                &format!("on {} in {forms}", count(kernels, "more kernel", "more kernels")),
                gutter,
                columns,
                out,
            )?;
        }
        Ok(())
    }
}

/// The kernels' names, shortened when there are many.
fn names(section: &Section, kernels: &[String], columns: usize) -> String {
    let index = section.index;
    if kernels.len() > 1 && kernels.len() == index.number_of_kernels() {
        return format!("all {} kernels", kernels.len());
    }
    let positions: Vec<usize> = kernels.iter().map(|kernel| index.position(kernel)).collect();
    let is_run = positions.windows(2).all(|pair| pair[1] == pair[0].saturating_add(1));
    let names = kernels.iter().map(|kernel| index.short_name(kernel)).collect();
    Kernels::new(names, is_run).lines(columns, LINES_OF_KERNELS).join(" ")
}

/// `--> file:line:column (function, insn 3)`; findings about the object itself name the object.
fn place(
    section: &Section,
    finding: &FindingEntry,
    access: Option<&AccessEntry>,
    gutter: usize,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let object = clean(&section.object.path);
    let (file, code) = match access {
        Some(access) => (access.source.as_ref().map_or(object, words::place), words::code(access)),
        None if finding.requirements.is_empty() => return writeln!(out, "{:gutter$}--> {object}", ""),
        None => {
            let all = &section.object.requirements;
            let needed: Vec<_> = finding.requirements.iter().filter_map(|&id| all.get(id)).collect();
            (object, words::needed_by(&needed))
        }
    };
    let lines = fill([file.as_str(), code.as_str()], columns.saturating_sub(gutter + 4));
    for (number, line) in lines.iter().enumerate() {
        let mark = if number == 0 { "--> " } else { "    " };
        writeln!(out, "{:gutter$}{mark}{line}", "")?;
    }
    Ok(())
}
