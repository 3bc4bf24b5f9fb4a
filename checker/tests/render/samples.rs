//! Reports as values: what the renderers are shown.

mod crowd;
mod fleet;
mod loaders;
mod policy;
mod several;
mod vfio;

use corecheck::report::Report;
use corecheck::report::model::{
    AccessEntry, AnswerEntry, ConditionEntry, FindingEntry, KernelEntry, LoaderEntry, OutcomeEntry,
    ReasonEntry, ResultEntry, SCHEMA, SourceEntry, Tool,
};

pub use crowd::crowd;
pub use fleet::fleet;
pub use loaders::{loaders, representatives};
pub use policy::policy;
pub use several::several;
pub use vfio::{ambiguous, naive, no_core, nothing_stored};

/// Every sample with its name.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("naive", naive()),
        ("ambiguous", ambiguous()),
        ("no_core", no_core()),
        ("nothing_stored", nothing_stored()),
        ("several", several()),
        ("crowd", crowd(1000)),
        ("loaders", loaders()),
        ("representatives", representatives()),
        ("policy", policy()),
        ("fleet", fleet()),
    ]
}

/// A report without anything in it.
fn empty() -> Report {
    Report {
        schema: SCHEMA,
        tool: Tool { name: "corecheck", version: "0.1.0" },
        shard: None,
        loaders: vec![loader("libbpf", "libbpf")],
        objects: Vec::new(),
        kernels: Vec::new(),
        left_out: Vec::new(),
        answers: Vec::new(),
        needs: Vec::new(),
        results: Vec::new(),
        disagreements: Vec::new(),
        representatives: None,
        findings: Vec::new(),
        inventory: None,
        policy: None,
    }
}

fn loader(name: &str, title: &str) -> LoaderEntry {
    LoaderEntry { name: name.to_owned(), title: title.to_owned() }
}

fn reason(code: &'static str, text: &str) -> ReasonEntry {
    ReasonEntry { code, text: text.to_owned() }
}

fn condition(code: &'static str, text: &str) -> ConditionEntry {
    ConditionEntry { code, text: text.to_owned(), module: None, without: None }
}

/// An access of `read_group` to a member of `struct vfio_group`.
fn access(
    id: usize,
    insn: u32,
    path: &str,
    spec: &str,
    value: u64,
    source: Option<SourceEntry>,
) -> AccessEntry {
    AccessEntry {
        id,
        key: format!("read_group/byte_off/struct vfio_group/{path}#1"),
        function: "read_group".to_owned(),
        section: "raw_tp/sys_enter".to_owned(),
        insn,
        kind: "byte_off",
        type_name: "struct vfio_group".to_owned(),
        path: path.to_owned(),
        spec: spec.to_owned(),
        local_value: Some(value),
        source,
    }
}

fn source(line: u32, column: u32, indent: u32, text: &str) -> Option<SourceEntry> {
    Some(SourceEntry { file: "vfio_naive.bpf.c".to_owned(), line, column, text: text.to_owned(), indent })
}

fn kernel(group: &str, aliases: &[&str], name: &str, version: &str, btf: &'static str) -> KernelEntry {
    let mut parts = name.split('/').map(str::to_owned);
    let mut part = || parts.next().unwrap();
    let (distro, release, arch) = (part(), part(), part());
    KernelEntry {
        name: name.to_owned(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        distro,
        flavour: release.rsplit('-').next().unwrap_or_default().to_owned(),
        release,
        version: version.to_owned(),
        arch,
        group: group.to_owned(),
        btf,
        complete: group != "regular",
        standing: None,
    }
}

fn resolved(access: usize, value: u64, target: &str) -> OutcomeEntry {
    OutcomeEntry {
        access,
        outcome: "resolved",
        value: Some(value),
        reason: None,
        unit: Some("vmlinux".to_owned()),
        target: Some(target.to_owned()),
        changes: Vec::new(),
        reach: None,
    }
}

/// An outcome with a reason and nothing else.
fn not_resolved(access: usize, outcome: &'static str, reason: ReasonEntry) -> OutcomeEntry {
    let reach = (outcome == "poisoned").then_some("reached");
    OutcomeEntry {
        access,
        outcome,
        value: None,
        reason: Some(reason),
        unit: None,
        target: None,
        changes: Vec::new(),
        reach,
    }
}

fn answer(id: usize, object: usize, outcomes: Vec<OutcomeEntry>) -> AnswerEntry {
    AnswerEntry { id, object, loader: "libbpf".to_owned(), outcomes }
}

fn result(object: usize, kernel: &KernelEntry, answer: usize, verdict: &'static str) -> ResultEntry {
    ResultEntry {
        object,
        kernel: kernel.name.clone(),
        loader: "libbpf".to_owned(),
        answer,
        needs: object,
        verdict,
        conditions: Vec::new(),
        reasons: Vec::new(),
        unchecked: vec![
            reason("attach-points", "whether what the programs attach to exists: raw_tp/sys_enter"),
            reason("helpers", "whether the kernel has the helpers, map types and program types"),
            reason("verifier", "whether the verifier accepts the programs' logic"),
        ],
        chosen: Vec::new(),
        programs: Vec::new(),
    }
}

fn finding(rule: &'static str, level: &'static str, object: usize, accesses: &[usize]) -> FindingEntry {
    FindingEntry {
        rule,
        level,
        object,
        loader: "libbpf".to_owned(),
        kernels: Vec::new(),
        access: accesses.first().copied(),
        accesses: accesses.to_vec(),
        requirements: Vec::new(),
        message: String::new(),
        details: Vec::new(),
        help: String::new(),
        suggested: None,
        excused: Vec::new(),
    }
}
