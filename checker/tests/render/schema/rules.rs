//! The form of `corecheck explain --format json` and its schema.

use corecheck::render::explain;
use corecheck::rules;
use serde_json::Value;

use super::{ACCESSES, Rules, assert_valid, mutations, validator};

const RULES: &str = include_str!("../../../schema/rules-1.json");

const OF_RULES: Rules =
    Rules { may_go: |_, _| false, words: &["schema", "level"], nullable: &[], signed: &[] };

fn document(rules: &[&rules::Rule]) -> Value {
    let mut out = Vec::new();
    explain::json(rules, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_schema_takes_what_is_written_and_nothing_else() {
    let validator = validator(RULES);
    assert_valid(&validator, &document(&rules::ALL), "all rules");
    let one = document(&rules::ALL[..1]);
    let mutations = mutations(&one, &OF_RULES);
    assert!(mutations.len() > 30, "{} mutations only", mutations.len());
    for mutation in mutations {
        assert_eq!(validator.is_valid(&mutation.document), mutation.is_valid, "{}", mutation.what);
    }
    let [of_rules, of_accesses]: [Value; 2] =
        [RULES, ACCESSES].map(|schema| serde_json::from_str(schema).unwrap());
    assert_eq!(of_rules["$defs"]["tool"], of_accesses["$defs"]["tool"]);
}
