//! The form of `corecheck compare --format json` and its schema.

use corecheck::compare::compare;
use corecheck::render::json;
use serde_json::Value;

use super::{REPORT, Rules, assert_valid, mutations, validator};
use crate::compare::builds;

pub(super) const COMPARE: &str = include_str!("../../../schema/compare-1.json");

const OF_COMPARISONS: Rules = Rules {
    may_go: |member, members| match member {
        // One of both must be there.
        "old" => members.contains_key("new"),
        "new" => members.contains_key("old"),
        // A place belongs to an access.
        "access" => !members.contains_key("function") && !members.contains_key("source"),
        _ => ["policy", "standing", "was", "source", "function"].contains(&member),
    },
    words: &["schema", "change", "was", "is", "level", "loader", "standing", "btf"],
    nullable: &[],
    signed: &[],
};

fn document() -> Value {
    let mut out = Vec::new();
    json::compare(&compare(&builds(), 1, false), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_schema_takes_what_is_written_and_nothing_else() {
    let validator = validator(COMPARE);
    let document = document();
    assert_valid(&validator, &document, "two builds");
    let mutations = mutations(&document, &OF_COMPARISONS);
    assert!(mutations.len() > 300, "{} mutations only", mutations.len());
    for mutation in mutations {
        assert_eq!(validator.is_valid(&mutation.document), mutation.is_valid, "{}", mutation.what);
    }
    let [of_compare, of_report]: [Value; 2] =
        [COMPARE, REPORT].map(|schema| serde_json::from_str(schema).unwrap());
    for name in ["source", "kernel", "left_out", "loader_entry", "tool"] {
        assert_eq!(of_compare["$defs"][name], of_report["$defs"][name], "{name}");
    }
}
