//! What objects ask of a kernel, for people.

use corecheck::render::accesses::render;
use unicode_width::UnicodeWidthStr;

use super::samples;

fn shown(name: &str, width: usize) -> String {
    let report = samples::all().into_iter().find(|(known, _)| *known == name).unwrap().1;
    let mut out = Vec::new();
    render(&report.objects, width, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn samples_look_as_they_should() {
    for name in ["naive", "several", "no_core"] {
        for width in [40, 80, 120] {
            insta::assert_snapshot!(format!("accesses_{name}_{width}"), shown(name, width));
        }
    }
}

#[test]
fn lines_fit_and_every_access_is_there() {
    for (name, report) in samples::all() {
        for width in [80, 100, 200] {
            let shown = shown(name, width);
            for line in shown.lines() {
                assert_eq!(line, line.trim_end());
                assert!(line.width() <= width, "{name} at {width}: {line}");
                assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
            let accesses: usize = report.objects.iter().map(|object| object.accesses.len()).sum();
            assert_eq!(shown.lines().filter(|line| line.contains("  insn ")).count(), accesses, "{name}");
        }
    }
}
