//! Every input that a fuzzer once failed on, and some that were made to: `regressions/TARGET/NAME`, each through the check of
//! its target. Needs no nightly compiler.

#[path = "checks/mod.rs"]
mod checks;

use std::path::{Path, PathBuf};

#[global_allocator]
static METER: checks::Meter = checks::Meter;

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths
}

/// One test for all: the memory in use is counted for the whole process.
#[test]
fn inputs_that_once_failed_do_not_any_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    let mut inputs = 0;
    for target in listed(&folder) {
        let name =
            target.file_name().and_then(|name| name.to_str()).expect("a folder is named after a target");
        for input in listed(&target) {
            let data = std::fs::read(&input).expect("it can be read");
            let result = std::panic::catch_unwind(|| checks::run(name, &data, true));
            assert!(result.is_ok(), "{}: see above", input.display());
            inputs += 1;
        }
    }
    assert!(inputs >= checks::TARGETS.len(), "only {inputs} inputs");
    // What fuzzing begins with must itself be sound.
    for (target, _, data) in checks::seeds() {
        checks::run(target, &data, true);
    }
    // Every target is tried, if only with bytes that mean nothing.
    for target in &checks::TARGETS {
        assert!(folder.join(target.name).is_dir(), "{} has no input", target.name);
        checks::run(target.name, &[], true);
    }
}
