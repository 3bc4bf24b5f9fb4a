//! Source lines: each access at the line that asks, as marks in the fixture's source say.

use crate::accesses::{accesses, objects, rows, rows_of};
use crate::report::text;

#[test]
fn every_access_is_at_its_marked_line() {
    let rows = rows("expected_lines.tsv");
    assert!(objects(&rows).len() > 1 && rows.len() > 30);
    for name in objects(&rows) {
        let mut seen: Vec<Vec<String>> = accesses(&format!("tests/fixtures/objects/{name}"))
            .iter()
            .map(|access| {
                let source = &access["source"];
                let (section, insn) = (text(access, "section"), access["insn"].to_string());
                vec![section.to_owned(), insn, source["line"].to_string()]
            })
            .collect();
        seen.sort();
        assert_eq!(seen, rows_of(&rows, name), "{name}");
    }
}

#[test]
fn the_line_is_told_with_its_file_and_text() {
    let source = crate::run::bytes_of("tests/fixtures/objects/source_lines.bpf.c");
    let source = String::from_utf8(source).expect("it is text");
    let lines: Vec<&str> = source.lines().collect();
    for compiler in ["clang14", "clang19"] {
        for access in accesses(&crate::run::fixture(&format!("source_lines_{compiler}"))) {
            let place = &access["source"];
            assert!(text(place, "file").ends_with("source_lines.bpf.c"), "{place}");
            let line = usize::try_from(place["line"].as_u64().expect("a number")).expect("a line");
            assert_eq!(text(place, "text"), lines[line - 1].trim(), "{compiler}");
            let column = place["column"].as_u64().expect("a number");
            assert!(column <= lines[line - 1].len() as u64, "{place}");
        }
    }
}
