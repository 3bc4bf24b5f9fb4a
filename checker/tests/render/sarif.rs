//! SARIF: valid by the schema of OASIS, and what the report says.

use corecheck::render::sarif;
use corecheck::report::Report;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::samples;

fn validator() -> Validator {
    let text = include_str!("sarif/schema-2.1.0.json");
    // A pattern for languages, of which we write none, has a bracket too many for a strict reader of regular expressions.
    let text = text.replace("{2}]?$\"", "{2}$\"");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn text(report: &Report) -> String {
    let mut out = Vec::new();
    sarif::render(report, 1, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn log(report: &Report) -> Value {
    serde_json::from_str(&text(report)).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

#[track_caller]
fn assert_valid(validator: &Validator, log: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn it_looks_as_it_should() {
    for (name, report) in [("naive", samples::naive()), ("policy", samples::policy())] {
        insta::assert_snapshot!(format!("{name}_sarif"), text(&report));
    }
}

#[test]
fn every_sample_is_valid() {
    let validator = validator();
    for (name, report) in samples::all() {
        assert_valid(&validator, &log(&report), name);
    }
    let mut wrong = log(&samples::naive());
    wrong["runs"][0]["results"][0]["level"] = json!("grave");
    assert!(!validator.is_valid(&wrong), "the schema refuses something");
}

/// A result for each finding of the report and of its policy, each with its rule, its level and its place.
#[test]
fn results_are_the_findings() {
    for (name, report) in samples::all() {
        let log = log(&report);
        let of_policy = report.policy.iter().map(|policy| policy.findings.len()).sum::<usize>();
        let results = results(&log);
        assert_eq!(results.len(), report.findings.len() + of_policy, "{name}");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let artifacts = log["runs"][0]["artifacts"].as_array().unwrap();
        let logical = log["runs"][0]["logicalLocations"].as_array().unwrap();
        for (result, finding) in results.iter().zip(&report.findings) {
            assert_eq!(result["ruleId"], finding.rule, "{name}");
            assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], finding.rule);
            assert_eq!(result["properties"]["kernels"], json!(finding.kernels));
            let location = &result["locations"][0];
            let physical = &location["physicalLocation"];
            let at = &physical["artifactLocation"];
            assert_eq!(artifacts[at["index"].as_u64().unwrap() as usize]["location"]["uri"], at["uri"]);
            let own = &location["logicalLocations"][0];
            let listed = &logical[own["index"].as_u64().unwrap() as usize];
            assert_eq!(listed["fullyQualifiedName"], own["fullyQualifiedName"]);
            let object = &report.objects[finding.object];
            let shown = finding.access.and_then(|id| object.accesses.iter().find(|access| access.id == id));
            if let Some(source) = shown.and_then(|access| access.source.as_ref()) {
                assert_eq!(physical["region"]["startLine"], source.line, "{name}");
                assert!(at["uri"].as_str().unwrap().ends_with(&source.file), "{name}: {at}");
            }
        }
    }
}

#[test]
fn what_is_excused_everywhere_is_suppressed() {
    let mut report = samples::policy();
    let kernels: Vec<String> = report.kernels.iter().take(2).map(|kernel| kernel.name.clone()).collect();
    report.findings[0].kernels.clone_from(&kernels);
    report.findings[0].excused[0].kernels = kernels;
    let suppressed = log(&report);
    let own = &results(&suppressed)[0]["suppressions"];
    assert_eq!(own[0]["kind"], "external");
    assert!(own[0]["justification"].as_str().unwrap().starts_with("these machines are to be replaced"));
    // On some kernels only: it still counts.
    report.findings[0].excused[0].kernels.truncate(1);
    assert_eq!(results(&log(&report))[0]["suppressions"], json!([]));
}

#[test]
fn findings_are_known_again() {
    let prints = |report: &Report| -> Vec<Value> {
        results(&log(report)).iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    let report = samples::naive();
    let before = prints(&report);
    // Another folder, other lines, fewer kernels: the same findings.
    let mut moved = report.clone();
    moved.objects[0].path = format!("out/{}", moved.objects[0].path.rsplit('/').next().unwrap());
    for access in &mut moved.objects[0].accesses {
        access.insn += 7;
        access.source = None;
    }
    for finding in &mut moved.findings {
        finding.kernels.truncate(1);
    }
    assert_eq!(before, prints(&moved));
    let causes: std::collections::BTreeSet<String> =
        before.iter().map(|of| of["corecheckCause/v1"].to_string()).collect();
    assert_eq!(causes.len(), before.len(), "each is told apart");
    let mut other = report;
    other.objects[0].accesses.iter_mut().for_each(|access| access.key.push('x'));
    assert!(prints(&other).iter().zip(&before).all(|(one, other)| one != other));
}

/// Whatever names hold: URIs stay URIs, and escape codes do not get out.
#[test]
fn foreign_names_break_nothing() {
    let mut report = samples::naive();
    let nasty = "a b\\<%>:\u{1b}[31m\"#?ö";
    report.objects[0].path = nasty.to_owned();
    for access in &mut report.objects[0].accesses {
        access.function = nasty.to_owned();
        if let Some(source) = &mut access.source {
            (source.file, source.line, source.column) = (format!("/x/{nasty}"), 0, 0);
        }
    }
    assert_valid(&validator(), &log(&report), "nasty names");
    report.objects[0].path = "-".to_owned();
    assert_valid(&validator(), &log(&report), "standard input");
}
