//! What the README and the pages beside it show is what the program prints.

use crate::run::{corecheck, root};

/// A command with what it is said to print, as parts between lines that only hold `…`.
struct Shown {
    page: &'static str,
    arguments: Vec<String>,
    parts: Vec<String>,
}

/// Every console block of these pages. Each shows one command.
fn shown() -> Vec<Shown> {
    let mut all = Vec::new();
    for page in ["README.md", "checker/docs/guide.md", "checker/docs/gate.md"] {
        let text = std::fs::read_to_string(root().join(page)).expect("the page is there");
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().expect("it ends");
            let (command, output) = block.split_once('\n').expect("a command and its output");
            let arguments = ["$ cargo run --release -- ", "$ corecheck "]
                .iter()
                .find_map(|start| command.strip_prefix(start))
                .unwrap_or_else(|| panic!("{page}: {command:?} is no command of ours"));
            let parts = format!("\n{output}");
            all.push(Shown {
                page,
                arguments: arguments.split(' ').map(str::to_owned).collect(),
                parts: parts.split("\n…\n").map(|part| part.trim_matches('\n').to_owned()).collect(),
            });
        }
    }
    all
}

#[test]
fn pages_show_what_is_printed() {
    let all = shown();
    assert_eq!(all[0].arguments, ["check", "ebpf-probe/bpf/vfio_naive.bpf.o"], "the main job comes first");
    assert!(all.len() >= 2, "{} blocks only", all.len());
    for Shown { page, arguments, parts } in &all {
        let run = corecheck(arguments);
        assert!(run.status < 2 && run.stderr.is_empty(), "{page}: {arguments:?}: {run:?}");
        let printed = run.stdout;
        let mut rest = printed.as_str();
        for part in parts {
            let at = rest.find(part.as_str());
            rest = &rest[at.unwrap_or_else(|| {
                panic!("{page}: not printed, or not in this order:\n{part}\n\nin\n{printed}")
            })..];
        }
        let last = parts.last().expect("some");
        assert_eq!(rest.trim_end(), last, "{page}: it does not end with the last line");
    }
}
