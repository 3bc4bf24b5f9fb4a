//! The form of `corecheck explain --log FILE --format json OBJECT` and its schema.

use std::path::Path;

use corecheck::log::explain;
use corecheck::object::read_file;
use corecheck::render::json;
use serde_json::Value;

use super::{ACCESSES, Rules, assert_valid, mutations, validator};

pub(super) const LOG: &str = include_str!("../../../schema/log-1.json");

const OF_LOGS: Rules = Rules {
    may_go: |member, members| {
        members.contains_key("speaker") && ["program", "access", "requirement", "suggested"].contains(&member)
            || members.contains_key("spec") && member == "source"
            || members.contains_key("optional") && ["program", "extern", "map", "functions"].contains(&member)
    },
    words: &["schema", "speaker", "kind"],
    nullable: &["local_value"],
    signed: &[],
};

#[test]
fn the_schema_takes_what_is_written_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let object = |path: &str| read_file(&root.join(path)).unwrap().remove(0);
    let validator = validator(LOG);
    let mut number = 0;
    for (object, log) in [
        (object("tests/fixtures/objects/programs.bpf.o"), "programs_bpftool_6.18"),
        (object("tests/fixtures/objects/externs.bpf.o"), "externs_bpftool_6.18"),
    ] {
        let log = std::fs::read_to_string(root.join(format!("tests/fixtures/logs/{log}.log"))).unwrap();
        let mut out = Vec::new();
        json::log(&explain(&object, &log), &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        assert_valid(&validator, &document, "a log");
        for mutation in mutations(&document, &OF_LOGS) {
            // What sorts of requirements there are is open.
            if !mutation.what.contains("requirement/kind") {
                assert_eq!(validator.is_valid(&mutation.document), mutation.is_valid, "{}", mutation.what);
                number += 1;
            }
        }
    }
    assert!(number > 100, "{number} mutations only");
    let [of_log, of_accesses, of_report]: [Value; 3] =
        [LOG, ACCESSES, super::REPORT].map(|schema| serde_json::from_str(schema).unwrap());
    for name in ["suggested", "history", "renamed", "layout", "guard"] {
        assert_eq!(of_log["$defs"][name], of_report["$defs"][name], "{name}");
    }
    for name in ["access", "requirement", "source", "tool"] {
        assert_eq!(of_log["$defs"][name], of_accesses["$defs"][name], "{name}");
    }
}
