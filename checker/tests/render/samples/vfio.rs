//! The samples about the seed's kernels.

use corecheck::report::Report;
use corecheck::report::model::{
    AnswerEntry, ConditionEntry, KernelEntry, ObjectEntry, OutcomeEntry, ProgramEntry, ProgramResult,
    ReasonEntry, SourceEntry,
};

use super::{
    access, answer, condition, empty, finding, kernel, not_resolved, reason, resolved, result, source,
};

/// Group, alias, full name and shipped BTF of the seed's kernels.
const SEED: [(&str, &str, &str, &str); 25] = [
    ("regular", "4.4", "ubuntu/4.4.0-21-generic/amd64", "none"),
    ("regular", "4.8", "ubuntu/4.8.0-22-generic/amd64", "none"),
    ("regular", "4.10", "ubuntu/4.10.0-19-generic/amd64", "none"),
    ("regular", "4.13", "ubuntu/4.13.0-16-generic/amd64", "none"),
    ("regular", "4.15", "ubuntu/4.15.0-20-generic/amd64", "none"),
    ("regular", "4.18", "ubuntu/4.18.0-10-generic/amd64", "none"),
    ("regular", "5.0", "ubuntu/5.0.0-13-generic/amd64", "none"),
    ("regular", "5.3", "ubuntu/5.3.0-18-generic/amd64", "none"),
    ("regular", "5.4", "ubuntu/5.4.0-26-generic/amd64", "none"),
    ("regular", "5.8", "ubuntu/5.8.0-25-generic/amd64", "vmlinux"),
    ("regular", "5.11", "ubuntu/5.11.0-16-generic/amd64", "vmlinux+modules"),
    ("regular", "5.13", "ubuntu/5.13.0-19-generic/amd64", "vmlinux+modules"),
    ("regular", "5.15", "ubuntu/5.15.0-25-generic/amd64", "vmlinux+modules"),
    ("regular", "5.19", "ubuntu/5.19.0-21-generic/amd64", "vmlinux+modules"),
    ("regular", "6.2", "ubuntu/6.2.0-20-generic/amd64", "vmlinux+modules"),
    ("regular", "6.5", "ubuntu/6.5.0-9-generic/amd64", "vmlinux+modules"),
    ("regular", "6.8", "ubuntu/6.8.0-31-generic/amd64", "vmlinux+modules"),
    ("arch", "arm64", "ubuntu/5.4.0-26-generic/arm64", "none"),
    ("arch", "armhf", "ubuntu/5.4.0-26-generic/armhf", "none"),
    ("arch", "ppc64el", "ubuntu/5.4.0-26-generic/ppc64el", "none"),
    ("arch", "riscv64", "ubuntu/5.4.0-24-generic/riscv64", "none"),
    ("flavour", "aws", "ubuntu/5.4.0-1009-aws/amd64", "none"),
    ("flavour", "azure", "ubuntu/5.4.0-1010-azure/amd64", "none"),
    ("flavour", "gcp", "ubuntu/5.4.0-1009-gcp/amd64", "none"),
    ("flavour", "lowlatency", "ubuntu/5.4.0-26-lowlatency/amd64", "none"),
];

pub fn seed_kernels() -> Vec<KernelEntry> {
    let version = |name: &str| {
        let release = name.split('/').nth(1).unwrap();
        release.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
    };
    SEED.iter().map(|&(group, alias, name, btf)| kernel(group, &[alias], name, &version(name), btf)).collect()
}

/// The seven accesses of `vfio_naive`: instruction, path, spec, local offset, line, text.
const NAIVE: [(u32, &str, &str, u64, u32, &str); 7] = [
    (
        20,
        "kref.refcount.refs.counter",
        "0:0:0:0:0",
        0,
        37,
        "ask(answer, references, &group->kref.refcount.refs.counter);",
    ),
    (31, "minor", "0:1", 4, 38, "ask(answer, minor, &group->minor);"),
    (
        42,
        "container_users.counter",
        "0:2:0",
        8,
        39,
        "ask(answer, container_users, &group->container_users.counter);",
    ),
    (53, "iommu_group", "0:3", 16, 40, "ask(answer, iommu_group, &group->iommu_group);"),
    (63, "dev", "0:4", 24, 41, "ask(answer, dev, &group->dev);"),
    (74, "noiommu", "0:6", 36, 42, "ask(answer, noiommu, &group->noiommu);"),
    (85, "opened.counter", "0:5:0", 32, 43, "ask(answer, opened, &group->opened.counter);"),
];

fn object(path: &str, accesses: usize) -> ObjectEntry {
    ObjectEntry {
        path: path.to_owned(),
        embedded_in: None,
        programs: vec![ProgramEntry {
            name: "read_group".to_owned(),
            section: "raw_tp/sys_enter".to_owned(),
            autoload: true,
        }],
        accesses: NAIVE[..accesses]
            .iter()
            .enumerate()
            .map(|(id, &(insn, path, spec, value, line, text))| {
                access(id, insn, path, spec, value, source(line, 2, 1, text))
            })
            .collect(),
        requirements: Vec::new(),
    }
}

fn program(verdict: &'static str) -> Vec<ProgramResult> {
    let phase = (verdict == "fails").then_some("verify");
    vec![ProgramResult { name: "read_group".to_owned(), verdict, phase, conditions: Vec::new() }]
}

fn brought_along() -> ConditionEntry {
    condition("btf-brought-along", "the kernel ships no BTF: holds for a BTF of its vmlinux brought along")
}

/// Fills in the results: `verdict_of` says for each kernel its answer, verdict and reasons.
fn judge(report: &mut Report, verdict_of: impl Fn(&str) -> (usize, &'static str, Vec<ReasonEntry>)) {
    for kernel in &report.kernels {
        let (answer, verdict, reasons) = verdict_of(&kernel.aliases[0]);
        let mut result = result(0, kernel, answer, verdict);
        result.reasons = reasons;
        result.programs = program(verdict);
        if kernel.btf == "none" {
            result.conditions.push(brought_along());
        }
        report.results.push(result);
    }
}

/// Full names of the seed's kernels with these aliases.
fn named(report: &Report, aliases: &[&str]) -> Vec<String> {
    let kernels = report.kernels.iter().filter(|kernel| aliases.contains(&kernel.aliases[0].as_str()));
    kernels.map(|kernel| kernel.name.clone()).collect()
}

const IN_A_MODULE: [&str; 11] =
    ["4.4", "4.8", "4.10", "4.13", "4.15", "4.18", "5.0", "5.3", "arm64", "armhf", "aws"];

fn in_a_module() -> ReasonEntry {
    reason("module-without-btf", "not in vmlinux; in vfio.ko, which has no BTF")
}

fn not_configured() -> ReasonEntry {
    reason("type-not-configured", "built without VFIO (CONFIG_VFIO=n)")
}

fn not_stored() -> ReasonEntry {
    reason("module-not-stored", "in vfio.ko, whose BTF is not stored")
}

/// The three ways in which the type as a whole is not there, for so many accesses.
fn answers_without_type(accesses: usize) -> Vec<AnswerEntry> {
    let all = |outcome: &'static str, why: &ReasonEntry| -> Vec<OutcomeEntry> {
        (0..accesses).map(|id| not_resolved(id, outcome, why.clone())).collect()
    };
    vec![
        answer(0, 0, all("poisoned", &in_a_module())),
        answer(1, 0, all("poisoned", &not_configured())),
        answer(2, 0, all("unknown", &not_stored())),
    ]
}

fn findings_without_type(report: &mut Report) {
    let ids: Vec<usize> = (0..report.objects[0].accesses.len()).collect();
    let mut add = |rule, level, why: ReasonEntry, aliases: &[&str], help: &str| {
        let mut finding = finding(rule, level, 0, &ids);
        finding.message = format!("struct vfio_group: {}", why.text);
        finding.kernels = named(report, aliases);
        finding.help = help.to_owned();
        report.findings.push(finding);
    };
    add(
        "module-without-btf",
        "error",
        in_a_module(),
        &IN_A_MODULE,
        "bring along BTF made from the module's own debug information, or make the access optional with \
         bpf_core_type_exists()",
    );
    add(
        "type-not-configured",
        "error",
        not_configured(),
        &["riscv64"],
        "nothing to read there: make the access optional with bpf_core_type_exists(), or leave that kernel out",
    );
    add(
        "type-not-stored",
        "warning",
        not_stored(),
        &["6.2", "6.5", "6.8"],
        "check against that kernel's own files with --against, or say --modules none to judge it without modules",
    );
}

/// Seven unguarded accesses on the seed's 25 kernels: 9 ok, 13 fail, 3 unknown.
pub fn naive() -> Report {
    let mut report = empty();
    report.kernels = seed_kernels();
    report.objects = vec![object("bpf/vfio_naive.bpf.o", 7)];
    report.answers = answers_without_type(7);
    let fine = NAIVE.iter().enumerate().map(|(id, &(_, path, spec, value, ..))| {
        resolved(id, value, &format!("struct vfio_group.{path} ({spec} @ offset {value})"))
    });
    report.answers.push(answer(3, 0, fine.collect()));
    let gone = |id: usize, name: &str| {
        let text = format!("struct vfio_group has no member `{name}` there");
        (id, "field-missing", text, "struct vfio_group (1064 bytes)")
    };
    let changed =
        |id: usize, text: &str, place: &'static str| (id, "field-kind-changed", text.to_owned(), place);
    let wrong = [
        gone(0, "kref"),
        gone(1, "minor"),
        changed(
            2,
            "`container_users` is `unsigned int` there, not `atomic_t`",
            "struct vfio_group.container_users (0:3 @ offset 852)",
        ),
        changed(
            4,
            "`dev` is `struct device` there, not `struct device *`",
            "struct vfio_group.dev (0:0 @ offset 0)",
        ),
        gone(5, "noiommu"),
        gone(6, "opened"),
    ];
    let mut outcomes: Vec<OutcomeEntry> =
        wrong.iter().map(|(id, code, text, _)| not_resolved(*id, "poisoned", reason(code, text))).collect();
    outcomes.insert(3, resolved(3, 856, "struct vfio_group.iommu_group (0:4 @ offset 856)"));
    report.answers.push(answer(4, 0, outcomes));
    let reasons: Vec<ReasonEntry> = wrong.iter().map(|(_, code, text, _)| reason(code, text)).collect();
    judge(&mut report, |alias| match alias {
        "5.19" => (4, "fails", reasons.clone()),
        "riscv64" => (1, "fails", vec![not_configured()]),
        "6.2" | "6.5" | "6.8" => (2, "unknown", vec![not_stored()]),
        alias if IN_A_MODULE.contains(&alias) => (0, "fails", vec![in_a_module()]),
        _ => (3, "ok", Vec::new()),
    });
    findings_without_type(&mut report);
    for (id, rule, text, place) in wrong {
        let mut finding = finding(rule, "error", 0, &[id]);
        finding.kernels = named(&report, &["5.19"]);
        finding.message = text;
        finding.details = vec![place.to_owned()];
        finding.help = match rule {
            "field-missing" => {
                "guard it with bpf_core_field_exists(), and read what replaces it through a flavour of its own \
                 (struct vfio_group___new)"
            }
            _ => {
                "declare it as it is there in a flavour (struct vfio_group___new), and choose by \
                 bpf_core_field_exists() on each: for the wrong kind it answers 0"
            }
        }
        .to_owned();
        report.findings.push(finding);
    }
    report
}

/// One access that two different types of one name match.
pub fn ambiguous() -> Report {
    const TWICE: [&str; 7] = ["5.4", "5.8", "5.11", "5.13", "azure", "gcp", "lowlatency"];
    let mut report = empty();
    report.kernels = seed_kernels();
    let text = "ask(answer, iommu_group, &group->iommu_group);";
    let place = SourceEntry {
        file: "vfio_iommu_group.bpf.c".to_owned(),
        line: 25,
        column: 2,
        text: text.to_owned(),
        indent: 1,
    };
    let mut object = object("bpf/vfio_iommu_group.bpf.o", 0);
    object.accesses = vec![access(0, 19, "iommu_group", "0:0", 0, Some(place))];
    report.objects = vec![object];
    report.answers = answers_without_type(1);
    report.answers.push(answer(
        3,
        0,
        vec![resolved(0, 16, "struct vfio_group.iommu_group (0:3 @ offset 16)")],
    ));
    let message =
        "struct vfio_group is ambiguous: two different types of that name match, and differ in offset";
    let twice = reason("ambiguous", message);
    report.answers.push(answer(4, 0, vec![not_resolved(0, "error", twice.clone())]));
    judge(&mut report, |alias| match alias {
        "riscv64" => (1, "fails", vec![not_configured()]),
        "6.2" | "6.5" | "6.8" => (2, "unknown", vec![not_stored()]),
        alias if IN_A_MODULE.contains(&alias) => (0, "fails", vec![in_a_module()]),
        alias if TWICE.contains(&alias) => (4, "fails", vec![twice.clone()]),
        _ => (3, "ok", Vec::new()),
    });
    findings_without_type(&mut report);
    let mut finding = finding("ambiguous", "error", 0, &[0]);
    finding.kernels = named(&report, &TWICE);
    finding.message = message.to_owned();
    finding.details = vec![
        "struct vfio_group.iommu_group (0:3 @ offset 16), of a type of 288 bytes".to_owned(),
        "struct vfio_group.iommu_group (0:0 @ offset 0), of a type of 32 bytes".to_owned(),
    ];
    finding.help = "a guard does not help: first touch a member that only the type you mean has".to_owned();
    report.findings.push(finding);
    report
}

/// An object without a single CO-RE access.
pub fn no_core() -> Report {
    let mut report = empty();
    report.kernels = seed_kernels();
    report.objects = vec![object("plain.bpf.o", 0)];
    report.answers = vec![answer(0, 0, Vec::new())];
    judge(&mut report, |_| (0, "ok", Vec::new()));
    for result in &mut report.results {
        let text = "the object has no CO-RE access; offsets baked into it are not judged";
        result.unchecked.insert(0, reason("baked-in-offsets", text));
        result.conditions.clear();
    }
    let mut finding = finding("baked-in-offsets", "warning", 0, &[]);
    finding.message =
        "the object has BTF, but not one CO-RE access: whatever offsets it uses are baked in, and \
                       nothing can be said about them"
            .to_owned();
    finding.help =
        "compile with clang -g -target bpf and read kernel types through BPF_CORE_READ()".to_owned();
    report.findings.push(finding);
    report
}

/// Accesses to types that no kernel of the store tells of.
pub fn nothing_stored() -> Report {
    let mut report = empty();
    report.kernels = seed_kernels();
    let mut object = object("/usr/sbin/biosnoop@0x39598", 5);
    object.embedded_in = Some("/usr/sbin/biosnoop".to_owned());
    let roots =
        ["struct request___x", "struct request", "struct request_queue", "struct gendisk", "struct disk"];
    let missing = reason("type-not-stored", "not among what is stored of that kernel");
    for (access, root) in object.accesses.iter_mut().zip(roots) {
        access.type_name = root.to_owned();
    }
    report.objects = vec![object];
    report.answers =
        vec![answer(0, 0, (0..5).map(|id| not_resolved(id, "unknown", missing.clone())).collect())];
    judge(&mut report, |_| (0, "unknown", vec![missing.clone()]));
    for (root, accesses) in [
        ("struct request", &[0, 1][..]),
        ("struct request_queue", &[2]),
        ("struct gendisk", &[3]),
        ("struct disk", &[4]),
    ] {
        let mut finding = finding("type-not-stored", "warning", 0, accesses);
        finding.kernels = report.kernels.iter().map(|kernel| kernel.name.clone()).collect();
        finding.message = format!("{root}: {}", missing.text);
        finding.help = "check against that kernel's own files with --against".to_owned();
        report.findings.push(finding);
    }
    report
}
