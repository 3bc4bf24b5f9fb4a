//! The report as the page's script wants it: the same facts, each once, kernels by number.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::layouts::Layouts;
use super::pack::{Pool, runs, value};
use crate::render::decided::is_in_the_way;
use crate::render::words;
use crate::report::Report;
use crate::report::model::{DisagreementEntry, FindingEntry, KernelEntry, ResultEntry};
use crate::rules;

/// The document.
pub(super) fn document(report: &Report, layouts: &Layouts) -> Value {
    let numbers: HashMap<&str, usize> =
        report.kernels.iter().enumerate().map(|(at, kernel)| (kernel.name.as_str(), at)).collect();
    let (mut outcomes, mut meetings) = (Pool::default(), Pool::default());
    let answers = answers(report, &mut outcomes);
    let needs = needs(report, &mut meetings);
    let findings: Vec<Value> =
        report.findings.iter().map(|finding| self::finding(finding, &numbers)).collect();
    json!({
        "tool": value(&report.tool),
        "loaders": value(&report.loaders),
        "objects": objects(report),
        "kernels": kernels(report),
        "answers": answers,
        "outcomes": outcomes.into_values(),
        "needs": needs,
        "meetings": meetings.into_values(),
        "sheets": sheets(report, &numbers),
        "findings": findings,
        "rules": rule_pages(report),
        "disagreements": disagreements(report, &numbers),
        "layouts": layouts.document(),
        "left_out": left_out(report),
        "inventory": value(&report.inventory),
        "policy": value(&report.policy),
    })
}

fn objects(report: &Report) -> Vec<Value> {
    let of = |object: &crate::report::model::ObjectEntry| {
        let accesses = object.accesses.iter().map(|access| {
            let mut value = value(access);
            if let Some(fields) = value.as_object_mut() {
                fields.insert("asks".to_owned(), words::asked(access).into());
                fields.insert("root".to_owned(), words::essential(&access.type_name).into());
            }
            value
        });
        json!({
            "path": object.path,
            "contents": words::contents(object),
            "programs": value(&object.programs),
            "accesses": accesses.collect::<Vec<_>>(),
            "requirements": value(&object.requirements),
        })
    };
    report.objects.iter().map(of).collect()
}

/// Kernels with the shortest name that tells them apart.
fn kernels(report: &Report) -> Vec<Value> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for alias in report.kernels.iter().filter_map(|kernel| kernel.aliases.first()) {
        *uses.entry(alias).or_default() += 1;
    }
    let short = |kernel: &KernelEntry| match kernel.aliases.first() {
        Some(alias) if uses.get(alias.as_str()) == Some(&1) => Some(alias.clone()),
        _ => None,
    };
    let of = |kernel: &KernelEntry| {
        let mut fields = Map::new();
        let mut put = |key: &str, text: &str| {
            if !text.is_empty() {
                fields.insert(key.to_owned(), text.into());
            }
        };
        put("name", &kernel.name);
        put("short", &short(kernel).unwrap_or_default());
        put("distro", &kernel.distro);
        put("release", &kernel.release);
        put("version", &kernel.version);
        put("flavour", &kernel.flavour);
        put("arch", &kernel.arch);
        put("group", &kernel.group);
        put("btf", kernel.btf);
        put("standing", kernel.standing.unwrap_or_default());
        Value::Object(fields)
    };
    report.kernels.iter().map(of).collect()
}

/// Per answer the number of each access's outcome, in the order of the object's accesses; -1 for what was not asked.
fn answers(report: &Report, pool: &mut Pool) -> Vec<Value> {
    let mut answers = Vec::new();
    for answer in &report.answers {
        let by_access: HashMap<usize, _> =
            answer.outcomes.iter().map(|outcome| (outcome.access, outcome)).collect();
        let accesses = report.objects.get(answer.object).map_or(&[][..], |object| object.accesses.as_slice());
        let mut numbers: Vec<Value> = Vec::new();
        for access in accesses {
            numbers.push(match by_access.get(&access.id) {
                Some(outcome) => {
                    let mut value = value(outcome);
                    if let Some(fields) = value.as_object_mut() {
                        fields.remove("access");
                    }
                    pool.number(value).into()
                }
                None => Value::from(-1),
            });
        }
        answers.push(json!({ "id": answer.id, "outcomes": numbers }));
    }
    answers
}

fn needs(report: &Report, pool: &mut Pool) -> Vec<Value> {
    let of = |pool: &mut Pool, needs: &crate::report::model::NeedsEntry| {
        let numbers = needs.meetings.iter().map(|meeting| {
            let mut value = value(meeting);
            if let Some(fields) = value.as_object_mut() {
                fields.remove("requirement");
            }
            json!([meeting.requirement, pool.number(value)])
        });
        json!({ "id": needs.id, "meetings": numbers.collect::<Vec<_>>() })
    };
    report.needs.iter().map(|needs| of(pool, needs)).collect()
}

/// One for each object and loader: the kernels of which the very same is said, together.
fn sheets(report: &Report, numbers: &HashMap<&str, usize>) -> Vec<Value> {
    let mut sheets = Vec::new();
    for object in 0..report.objects.len() {
        for loader in &report.loaders {
            let own = |result: &&ResultEntry| result.object == object && result.loader == loader.name;
            let mut pool = Pool::default();
            let mut members: Vec<Vec<usize>> = Vec::new();
            for result in report.results.iter().filter(own) {
                let Some(&kernel) = numbers.get(result.kernel.as_str()) else { continue };
                let number = pool.number(class(report, result));
                if members.len() <= number {
                    members.resize(number + 1, Vec::new());
                }
                members[number].push(kernel);
            }
            let classes = pool.into_values().into_iter().zip(members).map(|(mut class, members)| {
                if let Some(fields) = class.as_object_mut() {
                    fields.insert("kernels".to_owned(), value(&runs(members)));
                }
                class
            });
            let classes: Vec<Value> = classes.collect();
            sheets.push(json!({ "object": object, "loader": loader.name, "classes": classes }));
        }
    }
    sheets
}

/// A result without its kernel.
fn class(report: &Report, result: &ResultEntry) -> Value {
    let mut value = value(result);
    if let Some(fields) = value.as_object_mut() {
        for key in ["object", "kernel", "loader"] {
            fields.remove(key);
        }
        if report.policy.is_some() {
            fields.insert("blocks".to_owned(), is_in_the_way(report, result).into());
        }
    }
    value
}

fn finding(finding: &FindingEntry, numbers: &HashMap<&str, usize>) -> Value {
    let mut value = value(finding);
    let of = |names: &[String]| runs(names.iter().filter_map(|name| numbers.get(name.as_str()).copied()));
    if let Some(fields) = value.as_object_mut() {
        fields.insert("kernels".to_owned(), self::value(&of(&finding.kernels)));
        let excused = finding.excused.iter().map(|excused| {
            json!({ "by": excused.by, "reason": excused.reason, "expires": excused.expires,
                    "kernels": of(&excused.kernels) })
        });
        let excused: Vec<Value> = excused.collect();
        if !excused.is_empty() {
            fields.insert("excused".to_owned(), excused.into());
        }
    }
    value
}

/// Where loaders do not come to the same, kernels by number.
fn disagreements(report: &Report, numbers: &HashMap<&str, usize>) -> Vec<Value> {
    let of = |one: &DisagreementEntry| {
        let mut fields = value(one);
        if let Some(fields) = fields.as_object_mut() {
            let known = one.kernels.iter().filter_map(|name| numbers.get(name.as_str()).copied());
            fields.insert("kernels".to_owned(), value(&runs(known)));
        }
        fields
    };
    report.disagreements.iter().map(of).collect()
}

/// The pages of the rules that the report names.
fn rule_pages(report: &Report) -> Value {
    let of_policy =
        report.policy.iter().flat_map(|policy| policy.findings.iter().map(|finding| finding.rule));
    let named: BTreeSet<&str> = report.findings.iter().map(|finding| finding.rule).chain(of_policy).collect();
    let mut pages = Map::new();
    for rule in named.into_iter().filter_map(rules::find) {
        let Some(page) = rule.page() else { continue };
        let page = json!({
            "level": rule.level.word(),
            "summary": rule.summary,
            "meaning": page.meaning,
            "cause": page.cause,
            "example": page.example,
            "remedy": page.remedy,
        });
        pages.insert(rule.id.to_owned(), page);
    }
    Value::Object(pages)
}

/// Kernels that were left out, by the reason.
fn left_out(report: &Report) -> Vec<Value> {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for left in &report.left_out {
        match by_reason.iter_mut().find(|(text, _)| *text == left.text) {
            Some((_, kernels)) => kernels.push(&left.kernel),
            None => by_reason.push((&left.text, vec![&left.kernel])),
        }
    }
    by_reason.into_iter().map(|(text, kernels)| json!({ "text": text, "kernels": kernels })).collect()
}
