//! What objects need besides their accesses, in words: what it is, and what became of it.

use std::collections::BTreeSet;

use corecheck_layouts::btf::Kind;
use corecheck_layouts::kernel::{Absence, Kernel};

use super::model::{MeetingEntry, ReasonEntry, RequirementEntry};
use super::words;
use crate::attach::Traced;
use crate::attach::{By, Doubt, Elsewhere, Fate, Lack, Meeting, MemberLack, Requirement, What};
use crate::object::Object;

/// A requirement as the report shows it. `name`: what kernels call what is known by a number.
pub(super) fn requirement_entry(
    id: usize,
    requirement: &Requirement,
    name: Option<&String>,
    object: &Object,
) -> RequirementEntry {
    let (program, symbol, map) = match requirement.by {
        By::Program(program) | By::Reads { program, .. } | By::Instructions { program, .. } => {
            (program_name(object, program), None, None)
        }
        By::Extern(index) => (None, object.externs.get(index).map(|symbol| symbol.name.clone()), None),
        By::Map(index) => (None, None, object.maps.get(index).map(|map| map.name.clone())),
        By::Calls(_) => (None, None, None),
    };
    RequirementEntry {
        id,
        kind: kind(&requirement.what),
        name: bare(&requirement.what, name),
        program,
        symbol,
        map,
        functions: callers(object, &requirement.by),
        optional: requirement.optional,
    }
}

/// The functions whose instructions need it, each once, in the object's order.
fn callers(object: &Object, by: &By) -> Vec<String> {
    let By::Calls(places) = by else { return Vec::new() };
    let functions: BTreeSet<usize> =
        places.iter().filter_map(|&(section, insn)| object.function_at(section, insn)).collect();
    functions.into_iter().filter_map(|index| Some(object.functions.get(index)?.name.clone())).collect()
}

fn program_name(object: &Object, program: usize) -> Option<String> {
    let function = object.programs.get(program)?.function;
    object.functions.get(function).map(|function| function.name.clone())
}

/// A meeting as the report shows it.
pub(super) fn meeting_entry(requirement: usize, meeting: &Meeting) -> MeetingEntry {
    let (outcome, unit, reason) = match &meeting.fate {
        Fate::Met { unit } => ("met", unit.clone(), None),
        Fate::Missing(lack) => ("missing", None, Some(lack_entry(lack))),
        Fate::Unknown(doubt) => ("unknown", None, Some(doubt_entry(doubt))),
        Fate::NotJudged => ("not-judged", None, None),
    };
    MeetingEntry { requirement, outcome, unit, reason }
}

/// The word for what sort of thing it is.
fn kind(what: &What) -> &'static str {
    match what {
        What::TracedFunction(_) => "traced-function",
        What::TypedTracepoint(_) => "typed-tracepoint",
        What::RawTracepoint(_) => "raw-tracepoint",
        What::TraceEvent { .. } => "trace-event",
        What::EventContext(_) => "event-context",
        What::Arguments { .. } => "arguments",
        What::InstructionSet(_) => "instruction-set",
        What::LsmHook(_) => "lsm-hook",
        What::Iterator(_) => "iterator",
        What::ProbedFunction(_) => "probed-function",
        What::ProbedPattern(_) => "probed-pattern",
        What::SystemCall(_) => "system-call",
        What::Elsewhere(Elsewhere::UserSpace) => "user-space",
        What::Elsewhere(Elsewhere::BpfProgram) => "bpf-program",
        What::Elsewhere(Elsewhere::BeforeLoad | Elsewhere::AtAttach) => "told-at-run-time",
        What::StructOps { .. } => "struct-ops",
        What::Kfunc { .. } => "kfunc",
        What::Variable { .. } => "variable",
        What::Symbol(_) => "symbol",
        What::Option { .. } => "kconfig",
        What::Helper(_) => "helper",
        What::HelperOfType { .. } => "helper-of-type",
        What::MapType { .. } => "map-type",
        What::ProgramType(_) => "program-type",
        What::AttachType { .. } => "attach-type",
        What::KnownSection { .. } => "section",
    }
}

/// Its name alone.
fn bare(what: &What, name: Option<&String>) -> String {
    let by_number = |number: i64, prefix: &str, instead: &str| match name {
        Some(name) => {
            name.strip_prefix(prefix).map_or_else(|| name.clone(), |bare| format!("{instead}{bare}"))
        }
        None => number.to_string(),
    };
    match what {
        What::TracedFunction(target) | What::TypedTracepoint(target) | What::Arguments { target, .. } => {
            match &target.module {
                Some(module) => format!("{module}:{}", target.name),
                None => target.name.clone(),
            }
        }
        What::TraceEvent { category, name } => format!("{category}/{name}"),
        What::EventContext(of) => of.name().to_owned(),
        What::InstructionSet(set) => set.name().to_owned(),
        What::RawTracepoint(name)
        | What::LsmHook(name)
        | What::Iterator(name)
        | What::ProbedFunction(name)
        | What::ProbedPattern(name)
        | What::SystemCall(name)
        | What::StructOps { name, .. }
        | What::Kfunc { name, .. }
        | What::Variable { name, .. }
        | What::Symbol(name)
        | What::Option { name, .. }
        | What::KnownSection { name, .. } => name.clone(),
        What::Helper(number) | What::HelperOfType { number, .. } => {
            by_number(i64::from(*number), "BPF_FUNC_", "bpf_")
        }
        What::MapType { number, .. } => by_number(i64::from(*number), "", ""),
        What::ProgramType(name) | What::AttachType { name, .. } => (*name).to_owned(),
        What::Elsewhere(_) => String::new(),
    }
}

/// What it is, as a sentence begins: `function do_exit`.
pub(super) fn subject(what: &What, name: Option<&String>) -> String {
    let word = match what {
        What::TracedFunction(_) | What::ProbedFunction(_) => "function",
        What::ProbedPattern(_) => "functions",
        What::TypedTracepoint(_) | What::RawTracepoint(_) => "tracepoint",
        What::TraceEvent { .. } => "trace event",
        What::EventContext(_) => "event context",
        What::Arguments { traced, .. } => match traced {
            Traced::Tracepoint | Traced::RawTracepoint => "arguments of tracepoint",
            Traced::Function { .. } => "arguments of function",
            Traced::Hook => "arguments of security hook",
            Traced::Iterator => "arguments of iterator",
        },
        // Their name says what they are.
        What::InstructionSet(_) => return bare(what, name),
        What::LsmHook(_) => "security hook",
        What::Iterator(_) => "iterator",
        What::SystemCall(_) => "system call",
        What::StructOps { .. } => "struct",
        What::Kfunc { .. } => "kernel function",
        What::Variable { .. } => "kernel variable",
        What::Symbol(_) => "kernel symbol",
        What::Option { .. } => "configuration",
        What::Helper(_) => "helper",
        What::HelperOfType { sort, .. } => {
            return format!("helper {} for programs of {sort}", bare(what, name));
        }
        What::MapType { .. } => "map type",
        What::ProgramType(_) => "program type",
        What::AttachType { .. } => "attach type",
        What::KnownSection { .. } => "section",
        What::Elsewhere(_) => "a target",
    };
    format!("{word} {}", bare(what, name)).trim_end().to_owned()
}

/// Why it is missing.
pub(super) fn lack_entry(lack: &Lack) -> ReasonEntry {
    let (code, text) = match lack {
        Lack::Absent(absence) => ("not-in-btf", words::absent(absence)),
        Lack::NoBtf => ("kernel-without-btf", "the kernel ships no BTF, which this needs".to_owned()),
        Lack::Incompatible { local, target, unit } => {
            let whose = if unit == "vmlinux" { "the kernel".to_owned() } else { format!("{unit}.ko") };
            ("incompatible", format!("the object declares `{local}`, {whose} has `{target}`"))
        }
        Lack::NotSet => ("not-set", "not set in the kernel's configuration".to_owned()),
        Lack::Unfit(value) => {
            ("unfit-value", format!("its value there is {value}, which the variable's type cannot hold"))
        }
        Lack::NoSuchValue => ("no-such-value", "libbpf knows no such value".to_owned()),
        Lack::NoEnumerator => ("not-in-enumeration", "the kernel does not have it".to_owned()),
        Lack::Member { name, why } => ("struct-ops-member", format!("member {name}: {}", member(why))),
        Lack::UnknownSection(None) => ("section-unknown", "libbpf knows no section of that name".to_owned()),
        Lack::UnknownSection(Some(since)) => {
            ("section-unknown", format!("libbpf knows sections of that name since {since}"))
        }
        Lack::Arguments { has, needs } => (
            "arguments",
            format!(
                "the program reads {}, and its context has {has} there",
                if *needs == 1 { "1 value".to_owned() } else { format!("{needs} values") }
            ),
        ),
        Lack::Trampoline { takes, most } => (
            "trampoline",
            format!("its arguments take {takes} registers, and the kernel passes on {most} to programs"),
        ),
        Lack::NoTrampoline => (
            "trampoline",
            "kernels of that machine call no programs on their functions before Linux 6.4".to_owned(),
        ),
        Lack::HelperOfType => ("helper-of-type", "the kernel refuses it to them".to_owned()),
        Lack::Instructions { since: (major, minor), .. } => {
            ("instruction-set", format!("the verifier takes them since Linux {major}.{minor}"))
        }
        Lack::Context { member, at, place } => (
            "event-context",
            format!("it has `{member}` at byte {at}, and the event ends before: it has it at byte {place}"),
        ),
    };
    ReasonEntry { code, text }
}

fn member(why: &MemberLack) -> String {
    match why {
        MemberLack::Absent => "the kernel's struct does not have it, and the object sets it".to_owned(),
        MemberLack::Kind { local, target } => {
            format!("the object has `{local}`, the kernel `{target}`")
        }
        MemberLack::Size { local, target: Some(target) } => {
            format!("{local} bytes in the object, {target} in the kernel")
        }
        MemberLack::Size { local, target: None } => {
            format!("{local} bytes in the object, of no known size in the kernel")
        }
        MemberLack::BitField => "it is a bit-field, which libbpf refuses".to_owned(),
        MemberLack::NoFunction => {
            "it holds a program, but the kernel's is no pointer to a function".to_owned()
        }
    }
}

/// Why it cannot be said.
pub(super) fn doubt_entry(doubt: &Doubt) -> ReasonEntry {
    let (code, text) = match doubt {
        Doubt::NotStored(gap) => ("not-stored", words::not_stored(gap)),
        Doubt::NotInBtf => {
            ("not-in-btf", "not in the kernel's BTF, which does not list all functions".to_owned())
        }
        Doubt::NotInBtfAtAll => ("kallsyms", "BTF does not tell of symbols without a type".to_owned()),
        Doubt::NoConfig => ("no-config", "the kernel's configuration is not known".to_owned()),
        Doubt::NoVersion => ("no-version", "the kernel's version is not known".to_owned()),
        Doubt::NoEnumeration => ("no-enumeration", "the kernel's BTF does not list such things".to_owned()),
        Doubt::NoFunctions => {
            ("no-functions", "what is known of the kernel's BTF lists no functions".to_owned())
        }
        Doubt::NoTracepoints => ("no-tracepoints", "the kernel's BTF tells of no tracepoint".to_owned()),
        Doubt::Dynamic => ("dynamic", "such events come and go at run time".to_owned()),
        Doubt::Several(units) => {
            let units: Vec<&str> = units.iter().map(String::as_str).collect();
            (
                "several",
                format!("{} have it, and not alike: the first that is loaded counts", units.join(", ")),
            )
        }
        Doubt::AlsoInVmlinux => {
            ("also-in-vmlinux", "vmlinux has it, too; modules were not searched".to_owned())
        }
        Doubt::Pattern => ("pattern", "whether a function matches is not looked for".to_owned()),
        Doubt::ToldAtRunTime => ("told-at-run-time", "who loads the object tells it".to_owned()),
        Doubt::TooDeep => ("cannot-compare", "its types are too deep to compare".to_owned()),
        Doubt::HelperOfType => (
            "helper-of-type",
            "an older kernel refuses it to them, and kernels of this version were not asked".to_owned(),
        ),
        Doubt::Instructions { since: (major, minor) } => (
            "instruction-set",
            format!(
                "the verifier takes them since Linux {major}.{minor}; whether this kernel does is not told by its version"
            ),
        ),
        Doubt::Trampoline { takes } => (
            "trampoline",
            format!(
                "its arguments take {takes} registers; whether that kernel calls programs on such a function is not told"
            ),
        ),
        Doubt::Context { member, at, place } => (
            "event-context",
            format!(
                "it has `{member}` at byte {at}, but the event has it at byte {place}: the program reads something else, or is refused"
            ),
        ),
    };
    ReasonEntry { code, text }
}

/// A missing thing as a reason of a verdict: what it is, and why it is missing.
pub(super) fn reason(requirement: &Requirement, name: Option<&String>, fate: &Fate) -> Option<ReasonEntry> {
    let entry = match fate {
        Fate::Missing(lack) => lack_entry(lack),
        Fate::Unknown(doubt) => doubt_entry(doubt),
        Fate::Met { .. } | Fate::NotJudged => return None,
    };
    let text = format!("{}: {}", subject(&requirement.what, name), entry.text);
    Some(ReasonEntry { code: entry.code, text })
}

/// Names that are near to what a kernel does not have, without what stands before them in BTF.
pub(super) fn near(what: &What, fate: &Fate, kernel: &Kernel) -> Vec<String> {
    let is_looked_for = matches!(
        fate,
        Fate::Missing(Lack::Absent(Absence::NotInBtf)) | Fate::Unknown(Doubt::NotInBtf | Doubt::NotStored(_))
    );
    let (head, name, kind) = match what {
        What::TracedFunction(target) => ("", target.name.as_str(), Kind::Func),
        What::TypedTracepoint(target) => ("btf_trace_", target.name.as_str(), Kind::Typedef),
        What::RawTracepoint(name) | What::TraceEvent { name, .. } => {
            ("btf_trace_", name.as_str(), Kind::Typedef)
        }
        What::LsmHook(name) => ("bpf_lsm_", name.as_str(), Kind::Func),
        What::Iterator(name) => ("bpf_iter_", name.as_str(), Kind::Func),
        What::ProbedFunction(name) => ("", name.as_str(), Kind::Func),
        What::Kfunc { name, .. } => ("", name.as_str(), Kind::Func),
        What::StructOps { name, .. } => ("bpf_struct_ops_", name.as_str(), Kind::Struct),
        _ => return Vec::new(),
    };
    if !is_looked_for {
        return Vec::new();
    }
    let near = kernel.near(&format!("{head}{name}"), kind);
    near.iter().map(|near| near.strip_prefix(head).unwrap_or(near).to_owned()).collect()
}
