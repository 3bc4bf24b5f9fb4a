//! The observation's form and its published schema hold each other to account, on a made-up observation; what real machines give is
//! held against the schema by `tests/run probe`.

use corecheck::check::{Settings, check};
use corecheck::loader::Loader;
use corecheck::object::read_bytes;
use corecheck_layouts::store::Store;
use ebpf_probe::report::{
    AccessSeen, Datum, GroupEntry, HolderEntry, InProgram, MachineEntry, Note, ObjectEntry, Observation,
    Observed, PredictedObject, ProgramEntry, SCHEMA, Summary, Tool, ValueEntry,
};
use ebpf_probe::samples::VFIO_PORTABLE;
use jsonschema::Validator;
use serde_json::{Value, json};

const OBSERVATION: &str = include_str!("../schema/observation-1.json");
const REPORT: &str = include_str!("../../checker/schema/report-1.json");

fn schema() -> Value {
    serde_json::from_str(OBSERVATION).expect("the schema is JSON")
}

fn observed(state: &'static str) -> Observed {
    let refused = (state == "refused").then_some("verify");
    Observed {
        state,
        phase: refused,
        cause: refused.map(|_| "verifier"),
        text: (state != "loaded").then(|| "why".to_owned()),
        log: refused.map(|_| "R1 is bad".to_owned()).into_iter().collect(),
    }
}

/// An observation in which everything occurs.
fn observation() -> Observation {
    let store = Store::embedded().expect("it is in the program");
    let object = read_bytes("vfio_portable.bpf.o", VFIO_PORTABLE.bytes).expect("an object").remove(0);
    let settings = Settings { loaders: vec![Loader::LIBBPF], ..Settings::default() };
    let chosen = store.select(&["5.15".to_owned()]).expect("it is stored");
    let kernels =
        store.look_up(&chosen, &corecheck::answer::needs(std::slice::from_ref(&object))).expect("it is");
    let kernels: Vec<_> = kernels.iter().collect();
    let report = check(vec![object], &kernels, &settings).expect("no constants");
    let states = ["patched", "poisoned", "removed", "replaced", "not-shown", "not-loaded"];
    let results = ["confirmed", "contradicted", "not-read"];
    let accesses = report.objects[0].accesses.iter().zip(&report.answers[0].outcomes).enumerate();
    let accesses = accesses.map(|(at, (access, outcome))| {
        let state = states[at % states.len()];
        let value = (state == "patched").then_some(u64::MAX);
        let text = (at % 2 == 0).then(|| "why".to_owned());
        let observed = vec![InProgram { program: "read_group".to_owned(), state, value }];
        AccessSeen {
            access: access.clone(),
            predicted: outcome.clone(),
            observed,
            result: results[at % 3],
            text,
        }
    });
    let comparisons = ["right", "falsely-ok", "falsely-failing", "unknown", "other-cause", "not-compared"];
    let programs = comparisons.iter().enumerate().map(|(at, &comparison)| ProgramEntry {
        name: "read_group".to_owned(),
        section: "raw_tp/sys_enter".to_owned(),
        predicted: "fails",
        predicted_phase: Some("attach"),
        observed: observed(["loaded", "refused", "not-tried"][at % 3]),
        comparison,
    });
    let object = ObjectEntry {
        path: "vfio_portable.bpf.o".to_owned(),
        loader: Tool { name: "aya", version: "0.14.0" },
        btf: "gathered",
        predicted: PredictedObject {
            loader: report.results[0].loader.clone(),
            verdict: report.results[0].verdict,
            conditions: report.results[0].conditions.clone(),
            reasons: report.results[0].reasons.clone(),
            unchecked: report.results[0].unchecked.clone(),
        },
        observed: observed("loaded"),
        comparison: "falsely-ok",
        accesses: accesses.collect(),
        programs: programs.collect(),
    };
    let value = |value: Option<Datum>, result: &'static str| ValueEntry {
        group: "1".to_owned(),
        state: "held",
        what: "minor",
        object: "vfio_portable.bpf.o".to_owned(),
        access: Some(7),
        place: "struct vfio_group.minor".to_owned(),
        prediction: Some(4),
        kernel: Some(4),
        truth: Some("1".to_owned()),
        source: "/sys/class/vfio",
        text: value.is_none().then(|| "why".to_owned()),
        value,
        result,
    };
    let values = vec![
        value(Some(Datum::Number(-1)), "contradicted"),
        value(Some(Datum::Flag(true)), "confirmed"),
        value(Some(Datum::Text("noiommu-0".to_owned())), "confirmed"),
        value(None, "not-read"),
    ];
    let objects = vec![object];
    Observation {
        schema: SCHEMA,
        tool: Tool { name: "ebpf-probe", version: "0.1.0" },
        machine: MachineEntry {
            kernel: "debian/6.1.0-56-amd64/amd64".to_owned(),
            release: "6.1.0-56-amd64".to_owned(),
            arch: "amd64".to_owned(),
            modules_with_btf: vec!["vfio".to_owned()],
            modules_without_btf: Vec::new(),
        },
        groups: vec![GroupEntry {
            name: "1".to_owned(),
            number: 1,
            noiommu: false,
            devices: vec!["0000:00:01.0".to_owned()],
            holders: vec![HolderEntry { pid: 77, fd: 3, command: "qemu".to_owned() }],
        }],
        summary: Summary::of(&objects, &values),
        objects,
        values,
        notes: vec![Note { code: "in-use", text: "somebody has it".to_owned() }],
    }
}

#[test]
fn an_observation_is_as_the_schema_says_and_nothing_more_or_less() {
    let validator = Validator::new(&schema()).expect("the schema is one");
    let whole = serde_json::to_value(observation()).expect("it can be written");
    let errors: Vec<String> = validator.iter_errors(&whole).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // Whatever is taken away that is not optional, or added, or becomes something else, is noticed.
    let optional = [
        "phase",
        "cause",
        "text",
        "log",
        "predicted_phase",
        "value",
        "access",
        "prediction",
        "kernel",
        "truth",
        "source",
        "reach",
        "reason",
        "unit",
        "target",
        "changes",
        "embedded_in",
    ];
    let mut tried = 0;
    each_object(&whole, &mut Vec::new(), &mut |path, members| {
        for name in members.keys() {
            let mut changed = whole.clone();
            let place = at(&mut changed, path);
            if !optional.contains(&name.as_str()) {
                place.remove(name);
                assert!(!validator.is_valid(&changed), "{path:?} may be without {name}");
                tried += 1;
            }
            let mut changed = whole.clone();
            at(&mut changed, path).insert(name.clone(), json!({ "no": "such thing" }));
            assert!(!validator.is_valid(&changed), "{path:?}.{name} may be anything");
        }
        let mut changed = whole.clone();
        at(&mut changed, path).insert("unheard_of".to_owned(), json!(1));
        assert!(!validator.is_valid(&changed), "{path:?} may have more");
    });
    assert!(tried > 300, "{tried}");
}

/// Calls with every JSON object and the way to it.
fn each_object(
    value: &Value,
    path: &mut Vec<String>,
    visit: &mut impl FnMut(&[String], &serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(members) => {
            visit(path, members);
            for (name, member) in members {
                path.push(name.clone());
                each_object(member, path, visit);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                each_object(item, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

fn at<'a>(value: &'a mut Value, path: &[String]) -> &'a mut serde_json::Map<String, Value> {
    let found = value.pointer_mut(&path.iter().map(|step| format!("/{step}")).collect::<String>());
    found.and_then(Value::as_object_mut).expect("it was there")
}

#[test]
fn what_reports_have_too_is_described_alike() {
    let (own, report) = (schema(), serde_json::from_str::<Value>(REPORT).expect("the schema is JSON"));
    for shared in ["outcome", "change", "reason", "condition", "without", "source"] {
        assert_eq!(own["$defs"][shared], report["$defs"][shared], "{shared}");
    }
    let access = report["$defs"]["access"]["properties"].as_object().expect("it has some");
    for (name, described) in access {
        assert_eq!(&own["$defs"]["seen"]["properties"][name], described, "{name}");
    }
}

#[test]
fn the_summary_counts() {
    let summary = observation().summary;
    assert_eq!((summary.falsely_ok, summary.falsely_failing, summary.status), (1, 1, 1));
    assert_eq!(summary.confirmed + summary.contradicted + summary.not_read, 29 + 4);
    assert_eq!(Summary::of(&[], &[]).status, 0);
}
