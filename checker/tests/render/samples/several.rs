//! Several objects with several programs, every verdict, level and outcome, and names that mean ill.

use corecheck::report::Report;
use corecheck::report::model::{
    AccessEntry, ConditionEntry, GuardEntry, HistoryEntry, KernelEntry, LayoutEntry, LeftOutEntry,
    MeetingEntry, NeedsEntry, ObjectEntry, ProgramEntry, ProgramResult, ReasonEntry, RenamedEntry,
    RequirementEntry, ResultEntry, SourceEntry, SuggestedEntry, WithoutEntry,
};

use super::vfio::seed_kernels;
use super::{access, answer, condition, empty, finding, kernel, not_resolved, reason, resolved, result};

fn program(name: &str, section: &str, autoload: bool) -> ProgramEntry {
    ProgramEntry { name: name.to_owned(), section: section.to_owned(), autoload }
}

fn of(name: &str, verdict: &'static str) -> ProgramResult {
    ProgramResult {
        name: name.to_owned(),
        verdict,
        phase: (verdict == "fails").then_some("relocate"),
        conditions: Vec::new(),
    }
}

/// An access of any kind, without a source line.
fn asks(id: usize, function: &str, kind: &'static str, root: &str, path: &str, spec: &str) -> AccessEntry {
    AccessEntry {
        kind,
        function: function.to_owned(),
        section: format!("kprobe/{function}"),
        type_name: root.to_owned(),
        key: format!("{function}/{kind}/{root}/{path}#1"),
        ..access(id, 3 * id as u32, path, spec, 1, None)
    }
}

/// Three of the seed's kernels and three without an alias.
fn kernels() -> Vec<KernelEntry> {
    let mut kernels: Vec<KernelEntry> = seed_kernels()
        .into_iter()
        .filter(|k| ["5.4", "6.8", "arm64"].contains(&k.aliases[0].as_str()))
        .collect();
    for release in ["6.1.0-18-amd64", "6.1.0-28-amd64", "6.12.6-amd64"] {
        kernels.push(kernel("debian", &[], &format!("debian/{release}/amd64"), "6.1", "vmlinux+modules"));
    }
    kernels
}

fn tracer() -> ObjectEntry {
    let mut accesses = vec![
        asks(0, "on_open", "byte_off", "struct file", "f_inode", "0:2"),
        asks(1, "on_open", "enumval_value", "enum pid_type", "PIDTYPE_TGID", "1"),
        asks(2, "on_close", "type_exists", "struct kvm", "", "0"),
        asks(3, "on_close", "byte_off", "struct kvm", "[3].mmu_lock", "3:0"),
        asks(4, "later", "byte_sz", "struct file", "f_mode", "0:1"),
    ];
    let text = "\tif (BPF_CORE_READ(file, f_inode, i_sb, s_type, name) != expected_name_of_the_file_system && \
                !is_ours(file, task, &settings_from_user_space))";
    accesses[0].source = Some(SourceEntry {
        file: "/build/tracer/src/bpf/tracer.bpf.c".to_owned(),
        line: 1234,
        column: 41,
        text: text.trim_start().to_owned(),
        indent: 1,
    });
    accesses[3].local_value = None;
    ObjectEntry {
        path: "out/release/tracer.bpf.o".to_owned(),
        embedded_in: None,
        programs: vec![
            program("on_open", "kprobe/on_open", true),
            program("on_close", "kprobe/on_close", true),
            program("later", "kprobe/later", false),
        ],
        accesses,
        requirements: requirements(),
    }
}

/// Something of each form.
fn requirements() -> Vec<RequirementEntry> {
    let of = |id, kind, name: &str| RequirementEntry {
        id,
        kind,
        name: name.to_owned(),
        program: None,
        symbol: None,
        map: None,
        functions: Vec::new(),
        optional: false,
    };
    let named = |name: &str| Some(name.to_owned());
    vec![
        RequirementEntry { program: named("on_open"), ..of(0, "traced-function", "do_sys_open") },
        RequirementEntry { symbol: named("bpf_thing___new"), optional: true, ..of(1, "kfunc", "bpf_thing") },
        RequirementEntry { map: named("events"), ..of(2, "map-type", "BPF_MAP_TYPE_RINGBUF") },
        RequirementEntry { functions: vec!["on_close".to_owned()], ..of(3, "helper", "211") },
    ]
}

/// What becomes of them.
fn meetings() -> Vec<MeetingEntry> {
    let of = |requirement, outcome| MeetingEntry { requirement, outcome, unit: None, reason: None };
    vec![
        MeetingEntry { reason: Some(reason("not-in-btf", "not in the kernel's BTF")), ..of(0, "missing") },
        MeetingEntry { unit: Some("kvm".to_owned()), ..of(1, "met") },
        of(2, "not-judged"),
        MeetingEntry { reason: Some(reason("not-stored", "not stored")), ..of(3, "unknown") },
    ]
}

fn embedded(place: &str) -> ObjectEntry {
    ObjectEntry {
        path: format!("/usr/sbin/tool@{place}"),
        embedded_in: Some("/usr/sbin/tool".to_owned()),
        programs: (0..6).map(|number| program(&format!("probe_{number}"), "kprobe", true)).collect(),
        requirements: Vec::new(),
        accesses: vec![asks(0, "\u{1b}[31mred\u{202e}", "signed", "struct task_struct", "pid", "0:9")],
    }
}

/// A module, without which it depends on the kernel.
fn conditions(release: &str) -> [ConditionEntry; 2] {
    let gone = reason("type-missing", "struct kvm is not in vmlinux");
    let other = reason("modules-not-stored", "struct vcpu: not in vmlinux; modules may have it");
    let fails = WithoutEntry { verdict: "fails", reasons: vec![gone.clone()] };
    let without = match release {
        "6.1.0-18-amd64" => WithoutEntry { verdict: "ok", reasons: Vec::new() },
        "6.1.0-28-amd64" => fails.clone(),
        _ => WithoutEntry { verdict: "unknown", reasons: vec![other, gone] },
    };
    let loaded = condition("module-loaded", "module kvm is loaded");
    let readable = condition("modules-readable", "the loader may read BTF of modules (CAP_SYS_ADMIN)");
    [
        ConditionEntry { module: Some("kvm".to_owned()), without: Some(without), ..loaded },
        ConditionEntry { without: Some(fails), ..readable },
    ]
}

fn results_of_tracer(kernels: &[KernelEntry]) -> Vec<ResultEntry> {
    let gone = reason("field-missing", "struct file has no member `f_inode` there");
    let verdicts: [(usize, &'static str, Option<ReasonEntry>, [ProgramResult; 3]); 6] = [
        (0, "ok", None, [of("on_open", "ok"), of("on_close", "ok"), of("later", "skipped")]),
        (1, "fails", Some(gone), [of("on_open", "fails"), of("on_close", "ok"), of("later", "skipped")]),
        (
            0,
            "risky",
            Some(reason("width-changed", "a read changed its meaning")),
            [of("on_open", "ok"), of("on_close", "risky"), of("later", "skipped")],
        ),
        (0, "ok", None, [of("on_open", "ok"), of("on_close", "ok"), of("later", "skipped")]),
        (0, "ok", None, [of("on_open", "ok"), of("on_close", "ok"), of("later", "skipped")]),
        (
            0,
            "degraded",
            Some(reason("fallback", "a guarded access takes its fallback")),
            [of("on_open", "degraded"), of("on_close", "degraded"), of("later", "skipped")],
        ),
    ];
    let mut results = Vec::new();
    for (kernel, (answer, verdict, why, programs)) in kernels.iter().zip(verdicts) {
        let mut result = result(0, kernel, answer, verdict);
        result.reasons.extend(why);
        result.programs = programs.to_vec();
        if kernel.group == "debian" {
            result.conditions.extend(conditions(&kernel.release));
            let own = result.conditions.iter().map(|of| ConditionEntry { without: None, ..of.clone() });
            result.programs[1].conditions = own.collect();
        }
        result.unchecked.push(reason("ksyms", "whether kernel symbols and kfuncs exist: bpf_rdonly_cast"));
        results.push(result);
    }
    results
}

/// Four objects: one with two programs that fare differently, and three embedded ones.
pub fn several() -> Report {
    let mut report = empty();
    report.kernels = kernels();
    let kernel = "debian/6.12.107+deb13-s390x/s390x".to_owned();
    let text = "it is big-endian, and the objects are little-endian".to_owned();
    report.left_out = vec![LeftOutEntry { kernel, code: "byte-order", text }];
    report.left_out.extend((0..5).map(|number| LeftOutEntry {
        kernel: format!("ubuntu/5.4.{number}-generic/amd64"),
        code: "type-not-stored",
        text: "nothing is stored of it that the objects ask about".to_owned(),
    }));
    report.objects = vec![tracer(), embedded("skeleton"), embedded("0x4f00"), embedded("0x9000")];
    let skipped = reason("program-not-loaded", "its program is not loaded automatically");
    let absent = reason("type-missing", "not in the kernel's BTF");
    let too_many = reason("array-too-short", "the array has 2 elements there, so there is no [3]");
    let gone = reason("field-missing", "struct file has no member `f_inode` there");
    let not_stored =
        reason("modules-not-stored", "not in vmlinux; modules may have it, and their BTF is not stored");
    let common = |first| {
        vec![
            first,
            resolved(1, 1, "enum pid_type::PIDTYPE_TGID = 1"),
            not_resolved(2, "absent", absent.clone()),
            not_resolved(3, "poisoned", too_many.clone()),
            not_resolved(4, "skipped", skipped.clone()),
        ]
    };
    report.answers = vec![
        answer(0, 0, common(resolved(0, 32, "struct file.f_inode (0:2 @ offset 32)"))),
        answer(1, 0, common(not_resolved(0, "error", gone.clone()))),
        answer(2, 1, vec![resolved(0, 1, "struct task_struct.pid (0:9)")]),
        answer(3, 2, vec![resolved(0, 1, "struct task_struct.pid (0:9)")]),
        answer(4, 3, vec![not_resolved(0, "unknown", not_stored.clone())]),
    ];
    report.results = results_of_tracer(&report.kernels);
    for (object, answer, verdict) in [(1, 2, "ok"), (2, 3, "fails"), (3, 4, "unknown")] {
        for kernel in &report.kernels {
            let mut result = result(object, kernel, answer, verdict);
            result.programs =
                (0..6).map(|n| of(&format!("probe_{n}"), if n == 2 { verdict } else { "ok" })).collect();
            if object == 1 {
                result.chosen = vec!["probe_0".to_owned(), "probe\u{202e}_1".to_owned()];
            }
            if verdict == "fails" {
                result
                    .reasons
                    .push(reason("object-refused", "map events: \u{1b}]0;title\u{7} is of no known type"));
            }
            if verdict == "unknown" {
                result.reasons.push(not_stored.clone());
            }
            report.results.push(result);
        }
    }
    for (size, kernel) in [(184, 1), (232, 2), (240, 3)] {
        let mut finding = finding("field-missing", "error", 0, &[0]);
        finding.kernels = vec![report.kernels[kernel].name.clone()];
        finding.message = gone.text.clone();
        finding.details = vec![format!("struct file ({size} bytes)")];
        finding.help = "guard it with bpf_core_field_exists()".to_owned();
        finding.suggested = Some(suggested());
        report.findings.push(finding);
    }
    let mut short = finding("array-too-short", "note", 0, &[3]);
    short.kernels = report.kernels.iter().map(|kernel| kernel.name.clone()).collect();
    short.message = too_many.text;
    short.help = "guard the read".to_owned();
    let mut refused = finding("object-refused", "error", 2, &[]);
    refused.message = "map events: \u{1b}]0;title\u{7} is of no known type".to_owned();
    refused.help = "change the source as the message says and compile again".to_owned();
    report.findings.extend([short, refused]);
    let mut target = finding("attach-target-missing", "error", 0, &[]);
    target.requirements = vec![0];
    target.kernels = report.kernels.iter().take(2).map(|kernel| kernel.name.clone()).collect();
    target.message = "function do_sys_open: not in the kernel's BTF".to_owned();
    target.details = vec!["near: do_sys_openat2".to_owned()];
    target.help = "make the program optional".to_owned();
    report.findings.push(target);
    report.needs = vec![NeedsEntry { id: 0, object: 0, loader: "libbpf".to_owned(), meetings: meetings() }];
    report.needs.extend((1..4).map(|id| NeedsEntry {
        id,
        object: id,
        loader: "libbpf".to_owned(),
        meetings: Vec::new(),
    }));
    report
}

/// Help of every kind.
fn suggested() -> SuggestedEntry {
    let name = |release: &str| format!("debian/{release}/amd64");
    let layout = |release: &str, target: &str| LayoutEntry {
        kernel: name(release),
        unit: "vmlinux".to_owned(),
        target: target.to_owned(),
    };
    SuggestedEntry {
        history: vec![HistoryEntry {
            distro: "debian".to_owned(),
            arch: "amd64".to_owned(),
            flavour: "generic".to_owned(),
            last_with: Some(name("5.10.0-46-amd64")),
            first_without: Some(name("6.1.0-56-amd64")),
            last_without: Some(name("6.12.117+deb13-amd64")),
            first_with: Some(name("6.16.12+deb13-amd64")),
            text: "last in 5.10, missing since 6.1".to_owned(),
        }],
        renamed: Some(RenamedEntry {
            member: "__f_ep".to_owned(),
            path: "__f_ep".to_owned(),
            there: layout("6.1.0-56-amd64", "struct file.__f_ep (0:3 @ offset 24)"),
            before: Some(layout("5.10.0-46-amd64", "struct file.f_ep (0:3 @ offset 24)")),
            text: "it seems to be called `__f_ep` in 6.1".to_owned(),
        }),
        guard: Some(GuardEntry {
            code: "long read(void *of)\n{\n\treturn 0;\n}\n".to_owned(),
            gives_0_on: vec![name("6.1.0-56-amd64")],
            gives_1_on: vec![name("5.10.0-46-amd64")],
        }),
    }
}
