//! The JSON forms and their published schemas hold each other to account.

mod compare;
mod layouts;
mod log;
mod rules;

use std::path::Path;

use corecheck::check::{Settings, check};
use corecheck::loader::Loader;
use corecheck::object::read_file;
use corecheck::render::json;
use corecheck::report::add_representatives;
use corecheck_layouts::store::Store;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::samples;

const REPORT: &str = include_str!("../../schema/report-1.json");
const ACCESSES: &str = include_str!("../../schema/accesses-1.json");
const LAYOUTS: &str = include_str!("../../schema/layouts-1.json");

/// What a change may do to a document without making it wrong.
struct Rules {
    /// Whether an object may be without a member that it has.
    may_go: fn(&str, &serde_json::Map<String, Value>) -> bool,
    /// Members whose words are listed in the schema.
    words: &'static [&'static str],
    /// Members that may be null.
    nullable: &'static [&'static str],
    /// Members that may be negative.
    signed: &'static [&'static str],
}

/// Those of reports and lists of accesses.
const OF_REPORTS: Rules = Rules {
    may_go: |member, members| {
        let is_poisoned = members.get("outcome").is_some_and(|outcome| outcome == "poisoned");
        let is_waived = members.get("by").is_some_and(|by| by == "waiver");
        OPTIONAL.contains(&member)
            // A kernel has one; a line of an inventory need not tell it.
            && (member != "arch" || members.contains_key("machines"))
            && !(member == "reason" && (is_poisoned || is_waived))
            // Of a layout all is told.
            && !(["unit", "target"].contains(&member) && members.contains_key("kernel"))
            && !(member == "access"
                && ["outcome", "outcomes", "rule"].into_iter().any(|other| members.contains_key(other)))
    },
    words: &[
        "schema", "kind", "standing", "by", "outcome", "verdict", "level", "phase", "btf", "reach", "loader",
    ],
    nullable: &[],
    signed: &[],
};

/// Members that need not be there: a report without them is still valid.
const OPTIONAL: [&str; 33] = [
    "shard",
    "inventory",
    "near",
    "arch",
    "policy",
    "standing",
    "excused",
    "chosen",
    "representatives",
    "module",
    "without",
    "source",
    "embedded_in",
    "value",
    "unit",
    "target",
    "changes",
    "phase",
    "reason",
    "access",
    "program",
    "extern",
    "map",
    "functions",
    "suggested",
    "history",
    "renamed",
    "guard",
    "before",
    "last_with",
    "first_without",
    "last_without",
    "first_with",
];

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft202012::meta::validate(&schema).expect("the schema itself is valid");
    jsonschema::validator_for(&schema).unwrap()
}

fn report(name: &str) -> Value {
    let report = samples::all().into_iter().find(|(known, _)| *known == name).unwrap().1;
    let mut out = Vec::new();
    json::report(&report, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn accesses(name: &str) -> Value {
    let report = samples::all().into_iter().find(|(known, _)| *known == name).unwrap().1;
    let mut out = Vec::new();
    json::accesses(&report.objects, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn assert_valid(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn what_is_written_is_valid() {
    let (of_report, of_accesses) = (validator(REPORT), validator(ACCESSES));
    for (name, _) in samples::all() {
        assert_valid(&of_report, &report(name), name);
        assert_valid(&of_accesses, &accesses(name), name);
        assert!(!of_report.is_valid(&accesses(name)) && !of_accesses.is_valid(&report(name)), "{name}");
    }
}

/// What the check of the repository's own objects gives, of every kind and form.
#[test]
fn what_is_written_of_real_objects_is_valid() {
    let (of_report, of_accesses) = (validator(REPORT), validator(ACCESSES));
    let store = Store::seed().unwrap();
    let kernels = store.select(&[]).unwrap();
    let mut checked = 0;
    for folder in ["../ebpf-probe/bpf", "../tests/fixtures/objects"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "o") {
                continue;
            }
            let name = path.display().to_string();
            let objects = read_file(&path).unwrap();
            let settings = Settings { loaders: Loader::ALL.to_vec(), ..Settings::default() };
            let mut report = check(objects, &kernels, &settings).expect("nothing is set");
            add_representatives(&mut report);
            let mut out = Vec::new();
            json::report(&report, &mut out).unwrap();
            assert_valid(&of_report, &serde_json::from_slice(&out).unwrap(), &name);
            let mut out = Vec::new();
            json::accesses(&report.objects, &mut out).unwrap();
            assert_valid(&of_accesses, &serde_json::from_slice(&out).unwrap(), &name);
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} objects only");
}

/// A change of a document, and whether it stays valid.
struct Mutation {
    what: String,
    document: Value,
    is_valid: bool,
}

/// Every single change at every place of a document, of the kinds that a lax schema would let pass.
fn mutations(document: &Value, rules: &Rules) -> Vec<Mutation> {
    let mut places = Vec::new();
    collect(document, String::new(), &mut places);
    let mut mutations = Vec::new();
    for place in places {
        let mut add = |what: &str, is_valid: bool, change: &dyn Fn(&mut Value)| {
            let mut document = document.clone();
            change(document.pointer_mut(&place).unwrap());
            mutations.push(Mutation { what: format!("{what} at {place}"), document, is_valid });
        };
        let name = place.rsplit('/').next().unwrap();
        match document.pointer(&place).unwrap() {
            Value::Object(members) => {
                add("surplus member", false, &|value| value["surplus"] = json!(1));
                add("null for an object", rules.nullable.contains(&name), &|value| *value = Value::Null);
                for member in members.keys() {
                    let may_go = (rules.may_go)(member, members);
                    add(&format!("no {member}"), may_go, &|value| {
                        value.as_object_mut().unwrap().remove(member);
                    });
                }
            }
            Value::Array(_) => {
                add("a member of another type", false, &|value| {
                    value.as_array_mut().unwrap().push(json!(true))
                });
                add("a string for an array", false, &|value| *value = json!("x"));
            }
            Value::Number(_) => {
                add("a string for an integer", false, &|value| *value = json!(value.to_string()));
                add("a fraction", false, &|value| *value = json!(1.5));
                let is_signed = rules.signed.contains(&name);
                add("a negative number", is_signed, &|value| *value = json!(-1));
            }
            Value::String(_) => {
                add("a number for a string", false, &|value| *value = json!(7));
                if rules.words.contains(&name) {
                    add("a wrong word", false, &|value| *value = json!("sideways"));
                    add("a word in capitals", false, &|value| {
                        *value = json!(value.as_str().unwrap().to_uppercase())
                    });
                }
            }
            Value::Bool(_) => add("a string for a truth value", false, &|value| *value = json!("true")),
            Value::Null => add("a string for null", false, &|value| *value = json!("")),
        }
    }
    mutations
}

/// The places of a document, as JSON pointers.
fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, format!("{place}/{name}"), places);
            }
        }
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                collect(member, format!("{place}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

#[test]
fn the_schema_refuses_every_wrong_report() {
    let validator = validator(REPORT);
    for name in ["several", "representatives", "policy", "fleet"] {
        let mutations = mutations(&report(name), &OF_REPORTS);
        assert!(mutations.len() > 1000, "{} mutations only", mutations.len());
        for mutation in mutations {
            assert_eq!(validator.is_valid(&mutation.document), mutation.is_valid, "{}", mutation.what);
        }
    }
}

#[test]
fn the_schema_refuses_every_wrong_list_of_accesses() {
    let validator = validator(ACCESSES);
    for mutation in mutations(&accesses("several"), &OF_REPORTS) {
        assert_eq!(validator.is_valid(&mutation.document), mutation.is_valid, "{}", mutation.what);
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let validator = validator(REPORT);
    let changed = |place: &str, to: Value| {
        let mut document = report("several");
        *document.pointer_mut(place).unwrap() = to;
        validator.is_valid(&document)
    };
    assert!(changed("/results/1/programs/0/verdict", json!("fails")));
    assert!(!changed("/results/1/programs/0/verdict", json!("ok")), "a phase without a failure");
    assert!(!changed("/answers/0/outcomes/3/outcome", json!("resolved")), "a reach of what is not poisoned");
    assert!(!changed("/findings/0/accesses", json!([])), "an access shown that is not among the accesses");
    assert!(!changed("/findings/0/accesses", json!([0, 0])), "an access twice");
    assert!(!changed("/kernels/0/name", json!("5.4")), "an alias for a name");
}

#[test]
fn both_schemas_describe_an_object_alike() {
    let [report, accesses]: [Value; 2] =
        [REPORT, ACCESSES].map(|schema| serde_json::from_str(schema).unwrap());
    for (name, definition) in accesses["$defs"].as_object().unwrap() {
        assert_eq!(definition, &report["$defs"][name], "{name}");
    }
    let layouts: Value = serde_json::from_str(LAYOUTS).unwrap();
    for name in ["kernel", "reason"] {
        assert_eq!(layouts["$defs"][name], report["$defs"][name], "{name}");
    }
}

#[test]
fn everything_in_a_schema_is_described_and_strict() {
    for schema in [REPORT, ACCESSES, LAYOUTS, compare::COMPARE, log::LOG] {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let definitions = schema["$defs"].as_object().unwrap().iter();
        for (name, definition) in definitions.chain([(&"document".to_owned(), &schema)]) {
            assert!(definition["description"].is_string(), "{name}");
            if definition["type"] != "object" {
                continue;
            }
            assert_eq!(definition["additionalProperties"], json!(false), "{name}");
            for (member, about) in definition["properties"].as_object().unwrap() {
                assert!(about["description"].is_string() || about["$ref"].is_string(), "{name}.{member}");
            }
        }
    }
}

#[test]
fn words_of_the_schema_are_the_words_of_the_code() {
    use corecheck::access::RelocationKind;
    use corecheck::rules as known;
    let schema: Value = serde_json::from_str(REPORT).unwrap();
    let kinds = schema["$defs"]["access"]["properties"]["kind"]["enum"].as_array().unwrap();
    let mut words: Vec<&str> = RelocationKind::ALL.iter().map(|kind| kind.word()).collect();
    words.push(RelocationKind::Unknown(99).word());
    assert_eq!(kinds, &words);
    let rule = schema["$defs"]["finding"]["properties"]["rule"].clone();
    let validator = jsonschema::validator_for(&rule).unwrap();
    for rule in known::ALL {
        assert!(validator.is_valid(&json!(rule.id)), "{}", rule.id);
    }
}
