//! The report for people: snapshots, and what must hold at every width.

use corecheck::render::human::{HumanOptions, render};
use corecheck::report::Report;
use unicode_width::UnicodeWidthStr;

use super::samples;

/// With escape codes as the renderer writes them.
fn coloured(report: &Report, width: usize, quiet: bool) -> String {
    let mut out = Vec::new();
    render(report, &HumanOptions { width, quiet }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// As the command line shows it where there is no terminal.
fn plain(report: &Report, width: usize, quiet: bool) -> String {
    anstream::adapter::strip_str(&coloured(report, width, quiet)).to_string()
}

#[test]
fn samples_look_as_they_should() {
    for (name, report) in samples::all() {
        for width in [40, 80, 120] {
            insta::assert_snapshot!(format!("{name}_{width}"), plain(&report, width, false));
        }
    }
}

#[test]
fn quiet_leaves_the_causes_and_the_last_lines() {
    for (name, report) in [("naive", samples::naive()), ("several", samples::several())] {
        let quiet = plain(&report, 80, true);
        insta::assert_snapshot!(format!("{name}_quiet"), quiet);
        let loud = plain(&report, 80, false);
        assert_eq!(quiet.lines().last(), loud.lines().last());
        assert_eq!(
            quiet.matches("\n  --> ").count() + quiet.matches("\n    --> ").count(),
            loud.matches("--> ").count()
        );
    }
}

#[test]
fn colours_are_on_words_only() {
    for (name, report) in [("naive", samples::naive()), ("several", samples::several())] {
        let shown = coloured(&report, 80, false);
        insta::assert_snapshot!(format!("{name}_coloured"), shown.replace('\u{1b}', "␛"));
        for part in shown.split("\u{1b}[0m") {
            let Some((_, codes)) = part.split_once('\u{1b}') else { continue };
            let styled = anstream::adapter::strip_str(&format!("\u{1b}{codes}")).to_string();
            let is_verdict =
                ["ok", "risky", "degraded", "unknown", "fails", "fail"].contains(&styled.as_str());
            let is_level = ["error[", "warning[", "note["].iter().any(|level| styled.starts_with(level));
            assert!(is_verdict || is_level && styled.ends_with(']'), "{styled:?}");
        }
    }
}

#[test]
fn lines_fit_and_have_no_trailing_spaces() {
    for (name, report) in samples::all() {
        let suggested = report.findings.iter().filter_map(|finding| finding.suggested.as_ref());
        let guards = suggested.filter_map(|suggested| suggested.guard.as_ref());
        let code: Vec<String> =
            guards.flat_map(|guard| guard.code.lines()).map(|line| line.trim().to_owned()).collect();
        let code: Vec<&str> = code.iter().map(String::as_str).collect();
        for width in [20, 33, 40, 61, 80, 99, 120, 200, 1000] {
            for quiet in [false, true] {
                let shown = plain(&report, width, quiet);
                for line in shown.lines() {
                    assert_eq!(line, line.trim_end(), "{name} at {width}");
                    // Code is to be copied: it is never broken.
                    assert!(fits(line, width) || code.contains(&line.trim()), "{name} at {width}: {line:?}");
                }
                assert!(
                    shown.ends_with('\n') && !shown.ends_with("\n\n") && !shown.contains("\n\n\n"),
                    "{name}"
                );
            }
        }
    }
}

/// Only a single word may stick out, and the lines of counts, which are never broken.
fn fits(line: &str, width: usize) -> bool {
    let is_count = line.contains(" of ") && (line.ends_with("kernels") || line.ends_with("results"));
    let words: Vec<&str> =
        line.split_whitespace().filter(|word| !["-->", "=", "|", "^"].contains(word)).collect();
    line.width() <= width || is_count || words.len() <= 1 || width < 33
}

#[test]
fn every_verdict_reason_and_finding_is_told() {
    for (name, report) in samples::all() {
        for width in [40, 80, 120] {
            let shown = plain(&report, width, false);
            let words: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Some(representatives) = &report.representatives {
                // They stand in place of the report.
                assert!(
                    representatives.iter().all(|entry| words.contains(&entry.kernel)),
                    "{name} at {width}"
                );
                continue;
            }
            for result in &report.results {
                assert!(words.contains(result.verdict), "{name} at {width}: {}", result.verdict);
            }
            for finding in &report.findings {
                let head = format!("{}[{}]", finding.level, finding.rule);
                assert!(words.contains(&head), "{name} at {width}: {head}");
                let message: String =
                    finding.message.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
                // Types that are not stored share a block.
                let message = if finding.rule == "type-not-stored" {
                    message.split(": ").next().unwrap().to_owned()
                } else {
                    format!("{head}: {message}")
                };
                assert!(words.contains(&message), "{name} at {width}: {message}");
                assert!(
                    words.contains(&format!("help: {}", finding.help)),
                    "{name} at {width}: {}",
                    finding.help
                );
            }
        }
    }
}

#[test]
fn every_kernel_of_the_seed_is_named_with_its_verdict() {
    let report = samples::naive();
    let shown = plain(&report, 400, false);
    for result in &report.results {
        let kernel = report.kernels.iter().find(|kernel| kernel.name == result.kernel).unwrap();
        let alias = kernel.aliases[0].as_str();
        let table = shown.lines().take_while(|line| !line.contains("ok means"));
        let row = table.skip(1).find(|line| line.split_whitespace().any(|word| word == alias)).unwrap();
        assert!(row.split_whitespace().any(|word| word == result.verdict), "{alias}: {row}");
    }
    assert_eq!(shown.lines().last(), Some("9 ok, 13 fail, 3 unknown of 25 kernels"));
}

#[test]
fn a_crowd_stays_readable() {
    let shown = plain(&samples::crowd(1000), 80, false);
    let table = shown.lines().take_while(|line| !line.contains("ok means")).count();
    assert!(table < 60, "{table} lines of table");
    assert!(shown.lines().count() < 170, "{} lines", shown.lines().count());
}

#[test]
fn what_comes_from_objects_cannot_steer_the_terminal() {
    for (name, report) in samples::all() {
        let shown = plain(&report, 80, false);
        let ill = shown.chars().find(|&c| c.is_control() && c != '\n' || c == '\u{202e}');
        assert_eq!(ill, None, "{name}");
    }
}

#[test]
fn an_empty_report_has_a_last_line() {
    let mut report = samples::naive();
    report.kernels.clear();
    report.results.clear();
    report.findings.clear();
    assert_eq!(plain(&report, 80, false), "0 kernels\n");
}
