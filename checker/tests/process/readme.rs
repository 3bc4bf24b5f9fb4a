//! The README shows what the program prints.

use crate::run::{corecheck, sample};

/// The console block of the README, as parts between lines that only hold `…`.
fn shown() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).expect("the README is there");
    let block = readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.expect("the README has a console block");
    let (command, output) = block.split_once('\n').expect("a command and its output");
    assert_eq!(command, "$ cargo run --release -- check ebpf-probe/bpf/vfio_naive.bpf.o");
    output.split("\n…\n").map(|part| part.trim_matches('\n').to_owned()).collect()
}

#[test]
fn the_readme_shows_what_is_printed() {
    let printed = corecheck(&["check", &sample("naive")]).expect_status(1).stdout;
    let parts = shown();
    assert!(parts.len() >= 3, "{parts:?}");
    let mut rest = printed.as_str();
    for part in &parts {
        let at = rest.find(part.as_str());
        rest = &rest
            [at.unwrap_or_else(|| panic!("not printed, or not in this order:\n{part}\n\nin\n{printed}"))..];
    }
    assert_eq!(rest.trim_end(), parts.last().expect("some"), "the README does not end with the last line");
}
