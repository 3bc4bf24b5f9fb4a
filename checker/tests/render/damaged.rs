//! Reports that were read back, with anything in them changed: each is refused, or put together and shown in every form. None
//! makes anything panic.

use corecheck::check::{Settings, check};
use corecheck::loader::Loader;
use corecheck::object::read_file;
use corecheck::render::human::HumanOptions;
use corecheck::render::{github, html, human, json, junit, markdown, sarif};
use corecheck::report::Report;
use corecheck::report::model::{InventoryEntry, PolicyEntry, ShardEntry};
use corecheck::shard::{merge, read};
use corecheck_layouts::store::Store;
use serde_json::{Value, json};

use super::samples;

/// The one part of a check of a sample under two loaders, with a fleet and a policy.
fn part() -> Value {
    let store = Store::seed().expect("the data are well formed");
    let kernels = store.select(&["5.15".to_owned(), "5.19".to_owned()]).expect("they are stored");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../ebpf-probe/bpf/vfio_naive.bpf.o");
    let objects = read_file(&path).expect("it is an object");
    let settings = Settings { loaders: vec![Loader::LIBBPF, Loader::Aya], ..Settings::default() };
    let mut report = check(objects, &kernels, &settings).expect("nothing is set");
    report.shard = Some(ShardEntry {
        number: 1,
        of: 1,
        strict: false,
        files: vec![report.objects[0].path.clone()],
        objects: vec![0],
        waivers_used: vec![0],
    });
    let (fleet, policy) = (samples::fleet().inventory, samples::policy().policy);
    let kernel = report.kernels[0].name.clone();
    report.inventory = fleet.map(|mut fleet: InventoryEntry| {
        fleet.judged.iter_mut().for_each(|entry| entry.kernels = vec![kernel.clone()]);
        fleet
    });
    report.policy = policy.map(|mut policy: PolicyEntry| {
        policy.blocked.truncate(1);
        policy.blocked.iter_mut().for_each(|entry| entry.kernel = Some(kernel.clone()));
        policy
    });
    let mut text = Vec::new();
    json::report(&report, &mut text).expect("it can be written");
    serde_json::from_slice(&text).expect("JSON")
}

/// A form of a report.
type Form<'a> = &'a dyn Fn(&Report, &mut Vec<u8>) -> std::io::Result<()>;

/// Shows a report in every form, where it is one.
fn shown(document: &Value) -> Option<usize> {
    let report = read(document.to_string().as_bytes()).ok()?;
    let (report, _) = merge(vec![report]).ok()?;
    let mut out = Vec::new();
    let options = HumanOptions { width: 80, quiet: false };
    let forms: [Form<'_>; 7] = [
        &|report, out| human::render(report, &options, out),
        &|report, out| json::report(report, out),
        &|report, out| sarif::render(report, 0, out),
        &|report, out| junit::render(report, out),
        &|report, out| github::render(report, out),
        &|report, out| markdown::render(report, out),
        &|report, out| html::render(report, &[], out),
    ];
    forms.iter().for_each(|form| form(&report, &mut out).expect("it can be written"));
    Some(out.len())
}

/// Every place of a document that holds no other, and every list.
fn places(value: &Value, place: String, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, format!("{place}/{name}"), all));
        }
        Value::Array(members) => {
            // Of long lists the first, second and last stand for the others.
            let last = members.len().saturating_sub(1);
            let some = members.iter().enumerate().filter(|(at, _)| *at < 2 || *at == last);
            some.for_each(|(at, member)| places(member, format!("{place}/{at}"), all));
            all.push(place);
        }
        _ => all.push(place),
    }
}

#[test]
fn whatever_is_changed_nothing_panics() {
    let whole = part();
    assert!(
        shown(&whole).is_some_and(|length| length > 10_000),
        "{:?}",
        read(whole.to_string().as_bytes()).err()
    );
    let mut all = Vec::new();
    places(&whole, String::new(), &mut all);
    let (mut tried, mut refused) = (0, 0);
    for place in all {
        let others: &[Value] = match whole.pointer(&place).expect("it is there") {
            Value::Number(_) => &[json!(0), json!(1), json!(1_000_000), json!(u64::MAX)],
            Value::String(_) => &[json!(""), json!("x"), json!("a.b[99999999999]/\u{202e}\n")],
            Value::Bool(true) => &[json!(false)],
            Value::Bool(false) => &[json!(true)],
            Value::Array(_) => &[json!([])],
            _ => &[json!(7)],
        };
        for other in others {
            let mut damaged = whole.clone();
            *damaged.pointer_mut(&place).expect("it is there") = other.clone();
            tried += 1;
            refused += usize::from(shown(&damaged).is_none());
        }
    }
    assert!(tried > 1000 && refused > 300, "{refused} of {tried} refused");
}
