//! SARIF 2.1.0, which code scanning reads: one result for each cause, at its line in the source, with the rules' pages.
//!
//! Kernels stand in the message and in the properties of a result: a cause is one thing to mend, on however many kernels.

mod form;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Value, json};
use twox_hash::XxHash3_64;

use self::form::{
    Configuration, Descriptor, Driver, Invocation, Log, Notification, Place, Run, Suppression, Text,
    TextOnly, Tool,
};
use self::places::Places;
use super::decided::{access, counting, gravity};
use super::text::count;
use super::words;
use crate::report::Report;
use crate::report::model::{ExcusedEntry, FindingEntry, ObjectEntry, PolicyFinding};
use crate::rules::{self, Rule};

/// So many kernels are named in a message; the properties have all.
const NAMED: usize = 8;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes it. `exit_code` is what the program ends with, which the log tells.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(report: &Report, exit_code: u8, out: &mut dyn Write) -> io::Result<()> {
    let mut places = Places::default();
    for object in &report.objects {
        places.object(object);
    }
    let problems = report.policy.iter().flat_map(|policy| &policy.findings);
    let used: BTreeSet<&str> = report
        .findings
        .iter()
        .map(|finding| finding.rule)
        .chain(problems.map(|problem| problem.rule))
        .collect();
    // By id, as the list of all rules is.
    let used: Vec<&Rule> = used.into_iter().filter_map(rules::find).collect();
    let number = |rule: &str| used.iter().position(|known| known.id == rule).unwrap_or(0);
    let mut results: Vec<form::Result> = Vec::new();
    for finding in &report.findings {
        results.push(result(report, finding, number(finding.rule), &mut places));
    }
    if let Some(policy) = &report.policy {
        let of_policy = policy.findings.iter();
        results.extend(of_policy.map(|of| problem(&policy.file, of, number(of.rule), &mut places)));
    }
    let root =
        TextOnly { text: "where the tool ran; sources are named as the compiler named them".to_owned() };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: report.tool.name,
                    version: report.tool.version,
                    semantic_version: report.tool.version,
                    rules: used.iter().map(|rule| descriptor(rule)).collect(),
                },
            },
            invocations: [invocation(report, exit_code)],
            original_uri_base_ids: BTreeMap::from([(
                places::ROOT,
                Place { description: Some(root), ..Place::default() },
            )]),
            column_kind: "unicodeCodePoints",
            artifacts: places.artifacts,
            logical_locations: places.logical,
            results,
        }],
    };
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn descriptor(rule: &Rule) -> Descriptor {
    let page = rule.page();
    let meaning = page.as_ref().map_or_else(|| rule.summary.to_owned(), |page| page.meaning.clone());
    let help = page.map_or_else(|| (rule.help)(None), |page| page.remedy);
    Descriptor {
        id: rule.id,
        short_description: Text::plain(rule.summary),
        full_description: Text::plain(meaning),
        help: Text { text: help, markdown: Some(rule.page.to_owned()) },
        default_configuration: Configuration { level: rule.level.word() },
        properties: BTreeMap::from([("tags", json!(["bpf", "co-re", "compatibility"]))]),
    }
}

fn invocation(report: &Report, exit_code: u8) -> Invocation {
    let mut why: BTreeMap<&str, usize> = BTreeMap::new();
    for left in &report.left_out {
        *why.entry(&left.text).or_default() += 1;
    }
    let notification = |(why, number): (&str, usize)| Notification {
        level: "note",
        message: Text::plain(format!("{} left out: {why}", count(number, "kernel", "kernels"))),
    };
    Invocation {
        execution_successful: exit_code < 2,
        exit_code,
        exit_code_description: match exit_code {
            0 => "nothing that decides fails",
            1 => "a kernel that decides fails",
            _ => "every answer is unknown",
        },
        tool_execution_notifications: why.into_iter().map(notification).collect(),
    }
}

fn result(report: &Report, finding: &FindingEntry, rule_index: usize, places: &mut Places) -> form::Result {
    let object = report.objects.get(finding.object);
    let mut locations = object.map_or_else(Vec::new, |object| locations(object, finding, places));
    let first = if locations.is_empty() { Vec::new() } else { vec![locations.remove(0)] };
    locations.retain(|location| !first.contains(location));
    // What is excused everywhere weighs nothing, and has the level that it would have.
    let gravity = gravity(report, finding);
    let suppressions = if gravity.is_none() { suppressions(&finding.excused) } else { Vec::new() };
    form::Result {
        rule_id: finding.rule,
        rule_index,
        level: gravity.unwrap_or(finding.level),
        message: message(report, finding),
        locations: first,
        related_locations: locations,
        partial_fingerprints: fingerprints(report, finding),
        suppressions,
        properties: properties(object, finding),
    }
}

/// The place that the finding shows, then all others.
fn locations(object: &ObjectEntry, finding: &FindingEntry, places: &mut Places) -> Vec<form::Location> {
    let accesses = finding.accesses.iter().filter_map(|&id| object.accesses.iter().find(|of| of.id == id));
    let mut all: Vec<form::Location> = accesses.map(|access| places.access(object, access)).collect();
    let needs = finding.requirements.iter().filter_map(|&id| object.requirements.get(id));
    let mut programs: Vec<&str> =
        needs.flat_map(|need| need.program.iter().chain(&need.functions)).map(String::as_str).collect();
    programs.sort_unstable();
    programs.dedup();
    if all.is_empty() || !programs.is_empty() {
        all.push(places.programs(object, &programs));
    }
    all
}

fn message(report: &Report, finding: &FindingEntry) -> Text {
    let mut lines = vec![finding.message.clone()];
    let kernels: Vec<&str> = match counting(finding).collect::<Vec<_>>() {
        none if none.is_empty() => finding.kernels.iter().map(String::as_str).collect(),
        counting => counting,
    };
    if let Some(on) = on(&kernels) {
        lines.push(on);
    }
    if report.loaders.len() > 1 {
        lines.push(format!("loader: {}", finding.loader));
    }
    if let Some(access) = access(report, finding) {
        lines.push(format!("{} {}", words::access(access), words::code(access)));
    }
    lines.extend(finding.details.iter().map(|detail| format!("there: {detail}")));
    if let Some(suggested) = &finding.suggested {
        lines.extend(suggested.history.iter().map(|history| history.text.clone()));
        lines.extend(suggested.renamed.iter().map(|renamed| renamed.text.clone()));
    }
    if !finding.help.is_empty() {
        lines.push(format!("help: {}", finding.help));
    }
    Text::plain(lines.join("\n"))
}

/// `on 3 kernels: …`.
fn on(kernels: &[&str]) -> Option<String> {
    let named = kernels.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = kernels.len().saturating_sub(NAMED);
    Some(match (kernels.len(), more) {
        (0, _) => return None,
        (number, 0) => format!("on {}: {named}", count(number, "kernel", "kernels")),
        (number, more) => format!("on {number} kernels: {named} and {more} more"),
    })
}

/// Why it does not count. Each waiver once: a reason is what people wrote.
fn suppressions(excused: &[ExcusedEntry]) -> Vec<Suppression> {
    let suppression = |excused: &ExcusedEntry| {
        let justification = match (&excused.reason, &excused.expires) {
            (Some(reason), Some(expires)) => format!("{reason} (until {expires})"),
            (Some(reason), None) => reason.clone(),
            _ => "known from the baseline".to_owned(),
        };
        Suppression { kind: "external", status: "accepted", justification }
    };
    excused.iter().map(suppression).collect()
}

/// By what a finding is known again: rule, file's name, loader, and keys that survive recompiling; once with what is wrong, for an
/// access can fail in several ways.
fn fingerprints(report: &Report, finding: &FindingEntry) -> BTreeMap<&'static str, String> {
    let object = report.objects.get(finding.object);
    let path = object.map_or("", |object| object.path.as_str());
    let mut parts = vec![
        finding.rule.to_owned(),
        path.rsplit('/').next().unwrap_or(path).to_owned(),
        finding.loader.clone(),
    ];
    parts.extend(subjects(object, finding));
    let subject = hash(&parts);
    parts.push(finding.message.clone());
    BTreeMap::from([("corecheckSubject/v1", subject), ("corecheckCause/v1", hash(&parts))])
}

/// The keys of what a finding is about.
fn subjects(object: Option<&ObjectEntry>, finding: &FindingEntry) -> Vec<String> {
    let Some(object) = object else { return Vec::new() };
    let accesses = finding.accesses.iter().filter_map(|&id| object.accesses.iter().find(|of| of.id == id));
    let needs = finding.requirements.iter().filter_map(|&id| object.requirements.get(id));
    let needs = needs.map(|need| format!("{}:{}", need.kind, need.name));
    let mut keys: Vec<String> = accesses.map(|access| access.key.clone()).chain(needs).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// 64 bits in hexadecimal; parts cannot run into each other.
fn hash(parts: &[String]) -> String {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    format!("{:016x}", XxHash3_64::oneshot(text.as_bytes()))
}

fn properties(object: Option<&ObjectEntry>, finding: &FindingEntry) -> BTreeMap<&'static str, Value> {
    let mut all = BTreeMap::from([
        ("kernels", json!(finding.kernels)),
        ("loader", json!(finding.loader)),
        ("object", json!(object.map_or("", |object| object.path.as_str()))),
        ("about", json!(subjects(object, finding))),
    ]);
    // No part of the message: there braces would stand for something else.
    if let Some(guard) = finding.suggested.as_ref().and_then(|of| of.guard.as_ref()) {
        all.insert("guard", json!(guard.code));
    }
    if !finding.excused.is_empty() {
        all.insert("excused", json!(finding.excused));
    }
    all
}

/// What is wrong with the policy itself, in its file.
fn problem(file: &str, finding: &PolicyFinding, rule_index: usize, places: &mut Places) -> form::Result {
    let place = places.file(file, None);
    let location = place.map(|artifact_location| form::Location {
        physical_location: Some(form::Physical { artifact_location, region: None, context_region: None }),
        logical_locations: Vec::new(),
    });
    let own = hash(&[finding.rule.to_owned(), finding.message.clone()]);
    form::Result {
        rule_id: finding.rule,
        rule_index,
        level: finding.level,
        message: Text::plain(format!("{}\nhelp: {}", finding.message, finding.help)),
        locations: location.into_iter().collect(),
        related_locations: Vec::new(),
        partial_fingerprints: BTreeMap::from([("corecheckCause/v1", own)]),
        suppressions: Vec::new(),
        properties: BTreeMap::new(),
    }
}
