//! Why an attempt failed, by what was said of it: libbpf's messages, the verifier's log, the number of the error.
//!
//! The first that fits is taken, so the more certain ones come first. Nothing here knows an object by its name.

use corecheck_tests::ledger::{Attached, Came, Function};

/// Why something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A CO-RE relocation.
    Core,
    /// What a program attaches to is not there.
    AttachPoint,
    /// A function of the kernel's that programs call.
    Kfunc,
    /// A helper that the kernel does not have.
    Helper,
    /// An extern variable or setting.
    Extern,
    /// A `struct_ops` map.
    StructOps,
    /// A section that the loader does not know.
    Section,
    /// The kernel has the helper, but not for programs of this type.
    HelperOfType,
    /// An argument that the traced function does not have, or of another type than the program takes it for.
    Arguments,
    /// The traced function takes more arguments than the processor's trampolines pass on.
    Trampoline,
    /// The kernel's build keeps the function from being traced (`notrace`).
    NotTraceable,
    /// The compiler renamed the function (`NAME.isra.0`), which BTF does not say.
    Renamed,
    /// The program reads more of its event's context than the event has.
    Context,
    /// An instruction that the kernel does not know yet.
    Instruction,
    /// A map that the kernel does not create.
    Map,
    /// The verifier does not take the program's logic.
    Verifier,
    /// Programs of this type are not loaded.
    ProgramType,
    /// Not allowed.
    Privilege,
    /// libbpf attaches such programs only when it is told to what.
    NoTarget,
    /// None of these.
    Unexplained,
}

impl Cause {
    /// All.
    pub const ALL: [Self; 20] = [
        Self::Core,
        Self::AttachPoint,
        Self::Kfunc,
        Self::Helper,
        Self::Extern,
        Self::StructOps,
        Self::Section,
        Self::HelperOfType,
        Self::Arguments,
        Self::Trampoline,
        Self::NotTraceable,
        Self::Renamed,
        Self::Context,
        Self::Instruction,
        Self::Map,
        Self::Verifier,
        Self::ProgramType,
        Self::Privilege,
        Self::NoTarget,
        Self::Unexplained,
    ];

    /// A word that does not change.
    pub fn word(self) -> &'static str {
        match self {
            Self::Core => "co-re",
            Self::AttachPoint => "attach-point",
            Self::Kfunc => "kfunc",
            Self::Helper => "helper",
            Self::Extern => "extern",
            Self::StructOps => "struct-ops",
            Self::Section => "section",
            Self::HelperOfType => "helper-of-type",
            Self::Arguments => "arguments",
            Self::Trampoline => "trampoline",
            Self::NotTraceable => "not-traceable",
            Self::Renamed => "renamed",
            Self::Context => "context",
            Self::Instruction => "instruction",
            Self::Map => "map",
            Self::Verifier => "verifier",
            Self::ProgramType => "program-type",
            Self::Privilege => "privilege",
            Self::NoTarget => "no-target",
            Self::Unexplained => "unexplained",
        }
    }

    /// A sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Core => "a CO-RE relocation that the program comes to does not resolve",
            Self::AttachPoint => "what the program attaches to is not there",
            Self::Kfunc => "a kernel function that the program calls is not there, or is another",
            Self::Helper => "the kernel does not have a helper that the program calls",
            Self::Extern => "an extern variable or setting is not there, or is another",
            Self::StructOps => "a `struct_ops` map does not fit",
            Self::Section => "the loader does not know a section",
            Self::HelperOfType => "the kernel has the helper, but not for programs of this type",
            Self::Arguments => "the traced function has other arguments than the program reads",
            Self::Trampoline => {
                "the traced function has more arguments than the kernel's trampolines pass on"
            }
            Self::NotTraceable => "the kernel has the function, but was built so that it cannot be traced",
            Self::Renamed => {
                "the compiler gave the function another name (`NAME.isra.0`), which BTF does not tell"
            }
            Self::Context => "the program reads more of its event's context than the event has",
            Self::Instruction => "the kernel does not know an instruction yet",
            Self::Map => "the kernel does not create a map",
            Self::Verifier => "the verifier does not take the program's logic",
            Self::ProgramType => "the kernel loads no programs of this type, or not with these flags",
            Self::Privilege => "it is not allowed",
            Self::NoTarget => "libbpf attaches such programs only when it is told to what",
            Self::Unexplained => "no cause is known",
        }
    }

    /// The rules whose findings speak of it; empty for those that no rule speaks about.
    pub fn rules(self) -> &'static [&'static str] {
        match self {
            Self::Core => &[
                "ambiguous",
                "array-too-short",
                "cannot-relocate",
                "enumerator-missing",
                "field-kind-changed",
                "field-missing",
                "kernel-without-btf",
                "module-not-loaded",
                "module-not-searched",
                "module-without-btf",
                "type-missing",
                "type-not-configured",
                "width-changed",
            ],
            Self::AttachPoint => &["attach-target-missing", "kernel-without-btf"],
            Self::Kfunc => &["kfunc-changed", "kfunc-missing"],
            Self::Helper => &["helper-missing"],
            Self::HelperOfType => &["helper-of-type"],
            // aya-obj gives up where it meets one.
            Self::Extern => &["cannot-relocate", "kconfig-missing", "ksym-changed", "ksym-missing"],
            Self::StructOps => &["struct-ops-member", "struct-ops-missing"],
            Self::Section => &["object-refused", "section-unknown"],
            Self::Arguments => &["arguments"],
            Self::Trampoline => &["trampoline"],
            Self::Context => &["event-context"],
            Self::Instruction => &["instruction-set"],
            Self::Map => &["map-type-missing"],
            Self::ProgramType => &["program-type-missing"],
            Self::NotTraceable
            | Self::Renamed
            | Self::Verifier
            | Self::Privilege
            | Self::NoTarget
            | Self::Unexplained => &[],
        }
    }

    /// Whether corecheck promises to tell it: a difference because of it is a bug of corecheck's.
    pub fn is_judged(self) -> bool {
        matches!(
            self,
            Self::Core
                | Self::AttachPoint
                | Self::Kfunc
                | Self::Helper
                | Self::Extern
                | Self::StructOps
                | Self::Section
                | Self::HelperOfType
                | Self::Arguments
                | Self::Trampoline
                | Self::Instruction
                | Self::Context
                | Self::Unexplained
        )
    }
}

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ESRCH: i32 = 3;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const EINVAL: i32 = 22;
const EOPNOTSUPP: i32 = 95;
const EADDRNOTAVAIL: i32 = 99;
const ENOTSUPP: i32 = 524;

/// What the loader or the verifier says, and what that means.
const SAID: [(&str, Cause); 29] = [
    ("failed to resolve CO-RE relocation", Cause::Core),
    ("<invalid CO-RE relocation>", Cause::Core),
    ("unknown#195896080", Cause::Core),
    ("unresolvable CO-RE relocation", Cause::Core),
    ("error relocating", Cause::Core),
    ("<invalid kfunc call>", Cause::Kfunc),
    ("(func ksym)", Cause::Kfunc),
    ("calling kernel function", Cause::Kfunc),
    ("failed to find kernel BTF type ID of", Cause::AttachPoint),
    // As aya says it, and the two after it.
    ("unknown BTF type", Cause::AttachPoint),
    ("Unable to determine the size of section `.k", Cause::Extern),
    ("invalid program section", Cause::Section),
    ("extern (var ksym)", Cause::Extern),
    ("extern (kcfg)", Cause::Extern),
    ("struct_ops init_kern", Cause::StructOps),
    ("cannot use helper", Cause::HelperOfType),
    // As 7.3 says it.
    ("policy check failed for helper", Cause::HelperOfType),
    ("Use a helper allowed for this program type", Cause::HelperOfType),
    ("unknown func bpf_", Cause::HelperOfType),
    ("invalid func unknown#", Cause::Helper),
    ("-th argument", Cause::Arguments),
    ("invalid bpf_context access", Cause::Arguments),
    ("uses reserved fields", Cause::Instruction),
    ("unknown opcode", Cause::Instruction),
    ("invalid BPF_ATOMIC", Cause::Instruction),
    ("cannot be found", Cause::Renamed),
    ("failed to create map", Cause::Map),
    ("Error in bpf_create_map", Cause::Map),
    ("failed to create: ", Cause::Map),
];

/// Why a load failed.
pub fn of_load(came: Came, errno: i32, log: &[String]) -> Cause {
    let said = |what: &str| log.iter().any(|line| line.contains(what));
    if let Some(&(_, cause)) = SAID.iter().find(|(what, _)| said(what)) {
        return cause;
    }
    match (came, errno) {
        (Came::Verify, ESRCH) => Cause::AttachPoint,
        (_, EPERM) => Cause::Privilege,
        // The verifier counts what it looked at when it came to look at anything.
        (Came::Verify, _) if log.iter().any(|line| line.starts_with("processed ")) => Cause::Verifier,
        (Came::Verify, EINVAL | ENOTSUPP) => Cause::ProgramType,
        _ => Cause::Unexplained,
    }
}

/// Why a program was not attached.
pub fn of_attach(attached: &Attached) -> Cause {
    let said = |what: &str| attached.log.iter().any(|line| line.contains(what));
    match (attached.errno, attached.function) {
        (0 | EOPNOTSUPP, _) => Cause::NoTarget,
        (EINVAL, _) if said("missing ':function[+offset]'") => Cause::NoTarget,
        (ENOTSUPP, _) => Cause::Trampoline,
        (EBUSY | EINVAL | EADDRNOTAVAIL, Some(Function { is_symbol: true, is_traceable: false, .. })) => {
            Cause::NotTraceable
        }
        (ENOENT, Some(Function { is_symbol: false, is_renamed: true, .. })) => Cause::Renamed,
        // The kernel compares how far the program reads with what the tracepoint or event gives.
        (EINVAL, _) if said("failed to attach to raw tracepoint") => Cause::Arguments,
        (EACCES, _) if said("failed to attach to perf_event") || said("BPF link for perf_event") => {
            Cause::Context
        }
        (ENOENT, _) => Cause::AttachPoint,
        (EPERM, _) => Cause::Privilege,
        _ => Cause::Unexplained,
    }
}

/// The line that says most of why: the verifier's last word, else the first message.
pub fn line(log: &[String]) -> String {
    let verifier = log.iter().position(|line| line.starts_with("processed "));
    let at = verifier.and_then(|at| at.checked_sub(1)).and_then(|at| log.get(at));
    let line = at.or_else(|| log.iter().find(|line| !line.starts_with("libbpf: failed to load object")));
    line.map(|line| line.trim_start_matches("libbpf: ").to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(errno: i32, lines: &[&str]) -> Cause {
        let log: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        of_load(Came::Verify, errno, &log)
    }

    #[test]
    fn logs_tell_causes() {
        let core = "failed to resolve CO-RE relocation <byte_off> [27] struct a.b (0:0 @ offset 0)";
        assert_eq!(load(EINVAL, &["1: (85) call unknown#195896080", core, "processed 9 insns"]), Cause::Core);
        assert_eq!(
            load(EINVAL, &["unknown func bpf_get_socket_cookie#46", "processed 9"]),
            Cause::HelperOfType
        );
        assert_eq!(load(EINVAL, &["invalid func unknown#211", "processed 9 insns"]), Cause::Helper);
        assert_eq!(load(13, &["R1 invalid mem access 'scalar'", "processed 9 insns"]), Cause::Verifier);
        assert_eq!(load(EINVAL, &["libbpf: prog 'a': BPF program load failed"]), Cause::ProgramType);
        assert_eq!(load(ESRCH, &[]), Cause::AttachPoint);
        let policy = "error: policy check failed for helper bpf_get_socket_cookie#46";
        assert_eq!(load(EINVAL, &[policy, "processed 9 insns"]), Cause::HelperOfType);
        let gone = "The address of function blk_account_io_done cannot be found";
        assert_eq!(load(ENOENT, &[gone, "processed 0 insns"]), Cause::Renamed);
        assert_eq!(load(7, &[]), Cause::Unexplained);
    }

    #[test]
    fn a_function_that_is_there_and_is_not_traced() {
        let function = Some(Function { is_symbol: true, is_renamed: false, is_traceable: false });
        let renamed = Some(Function { is_symbol: false, is_renamed: true, is_traceable: false });
        let of = |errno, function| of_attach(&Attached { errno, function, ..Attached::default() });
        assert_eq!(of(EBUSY, function), Cause::NotTraceable);
        assert_eq!(of(EBUSY, None), Cause::Unexplained);
        assert_eq!(of(ENOENT, None), Cause::AttachPoint);
        assert_eq!(of(ENOENT, renamed), Cause::Renamed);
        let log = vec!["libbpf: prog 'a': failed to attach to perf_event FD 10: -EACCES".to_owned()];
        assert_eq!(of_attach(&Attached { errno: EACCES, log, ..Attached::default() }), Cause::Context);
        assert_eq!(of(EOPNOTSUPP, None), Cause::NoTarget);
    }

    #[test]
    fn the_verifiers_last_word_says_most() {
        let log = ["libbpf: prog 'a': x", "2: exit", "R0 !read_ok", "processed 3 insns"];
        assert_eq!(line(&log.map(str::to_owned)), "R0 !read_ok");
        assert_eq!(line(&["libbpf: map 'm': failed".to_owned()]), "map 'm': failed");
        assert_eq!(line(&[]), "");
    }
}
