//! Annotations for GitHub Actions: workflow commands, one for each cause, at its source line.

use std::io::{self, Write};

use super::decided::{access, counting, gravity};
use crate::report::Report;
use crate::report::model::FindingEntry;

/// So many kernels are named; more are counted.
const NAMED: usize = 5;

/// Writes them; what is excused is left out. A report without findings gives nothing.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // Findings that differ only in what the kernels have instead are one annotation: a step may have ten of each level.
    let mut causes: Vec<(&'static str, Vec<&FindingEntry>)> = Vec::new();
    for finding in &report.findings {
        let Some(level) = gravity(report, finding) else { continue };
        let is_alike = |known: &FindingEntry| {
            (known.object, known.rule, &known.message, &known.accesses, &known.loader)
                == (finding.object, finding.rule, &finding.message, &finding.accesses, &finding.loader)
        };
        match causes
            .iter_mut()
            .find(|(of, all)| *of == level && all.first().is_some_and(|first| is_alike(first)))
        {
            Some((_, all)) => all.push(finding),
            None => causes.push((level, vec![finding])),
        }
    }
    for (level, findings) in causes {
        annotation(report, level, &findings, out)?;
    }
    let problems =
        report.policy.iter().flat_map(|policy| policy.findings.iter().map(move |f| (&policy.file, f)));
    for (file, finding) in problems {
        let title = format!("corecheck: {}", finding.rule);
        writeln!(
            out,
            "::{} file={},title={}::{}",
            command(finding.level),
            property(file),
            property(&title),
            data(&format!("{}\n{}", finding.message, finding.help))
        )?;
    }
    Ok(())
}

fn annotation(
    report: &Report,
    level: &str,
    findings: &[&FindingEntry],
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(&first) = findings.first() else { return Ok(()) };
    let object = report.objects.get(first.object).map_or("", |object| object.path.as_str());
    let mut place = format!("file={}", property(object));
    if let Some(source) = access(report, first).and_then(|access| access.source.as_ref()) {
        place = format!("file={},line={}", property(&source.file), source.line);
        if source.column > 0 {
            place.push_str(&format!(",col={}", source.column));
        }
    }
    let mut text = vec![first.message.clone()];
    let kernels: Vec<&str> = findings.iter().flat_map(|finding| counting(finding)).collect();
    match kernels.len() {
        0 => {}
        number if number <= NAMED => text.push(format!("on {}", kernels.join(", "))),
        number => {
            text.push(format!("on {} and {} more kernels", kernels[..NAMED].join(", "), number - NAMED))
        }
    }
    if !first.help.is_empty() {
        text.push(format!("help: {}", first.help));
    }
    let title = format!("corecheck: {}", first.rule);
    writeln!(out, "::{} {place},title={}::{}", command(level), property(&title), data(&text.join("\n")))
}

/// The command of a level.
fn command(level: &str) -> &'static str {
    match level {
        "error" => "error",
        "warning" => "warning",
        _ => "notice",
    }
}

/// What follows the second pair of colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_are_made_of_is_escaped() {
        assert_eq!(data("100% of\r\n::error::"), "100%25 of%0D%0A::error::");
        assert_eq!(property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }
}
