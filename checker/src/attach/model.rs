//! What an object needs of a kernel besides its accesses, and what becomes of it there.

use std::collections::BTreeSet;

use corecheck_layouts::btf::{Kind, TypeId};
use corecheck_layouts::kernel::{Absence, Gap, Need};

use super::arguments::Traced;
use super::context::SyscallContext;
use super::helpers::Refused;
use super::instructions::InstructionSet;
use super::reads::ContextRead;
use crate::loader::Version;
use crate::object::MapKind;

/// One thing that an object needs of a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What it is.
    pub what: What,
    /// What in the object needs it.
    pub by: By,
    /// Whether libbpf loads the object without it: a program that is not loaded automatically, a weak extern, a map that is
    /// not created.
    pub optional: bool,
}

/// What in an object needs something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum By {
    /// This program (index in `Object::programs`).
    Program(usize),
    /// This extern (index in `Object::externs`), wherever it is used.
    Extern(usize),
    /// This map (index in `Object::maps`).
    Map(usize),
    /// These instructions: indices in `Object::sections`, and instructions counted from the start of each, ascending.
    Calls(Vec<(usize, u32)>),
    /// What a program reads of its context.
    Reads {
        /// Index in `Object::programs`.
        program: usize,
        /// The reads, ascending.
        reads: Vec<ContextRead>,
    },
    /// Some instructions of a program.
    Instructions {
        /// Index in `Object::programs`.
        program: usize,
        /// As for [`By::Calls`].
        places: Vec<(usize, u32)>,
    },
}

impl By {
    /// The program that needs it, if it is one.
    pub fn program(&self) -> Option<usize> {
        match self {
            Self::Program(program) | Self::Reads { program, .. } | Self::Instructions { program, .. } => {
                Some(*program)
            }
            Self::Extern(_) | Self::Map(_) | Self::Calls(_) => None,
        }
    }
}

/// What is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// The function that `fentry`, `fexit`, `fmod_ret` and `fsession` trace.
    TracedFunction(Target),
    /// The tracepoint of a `tp_btf` program.
    TypedTracepoint(Target),
    /// The tracepoint of a `raw_tp` program.
    RawTracepoint(String),
    /// The trace event of a `tracepoint` program.
    TraceEvent {
        /// Its category, `sched` of `sched/sched_switch`.
        category: String,
        /// Its name.
        name: String,
    },
    /// That the context of a system call's event is what the program takes it for.
    EventContext(SyscallContext),
    /// The arguments that a program reads of what it attaches to.
    Arguments {
        /// What that is.
        traced: Traced,
        /// Which one.
        target: Target,
        /// How many it must have at least for all that is read; what is returned counts as the last.
        needs: u32,
    },
    /// That the kernel knows instructions.
    InstructionSet(InstructionSet),
    /// The hook of an `lsm` program.
    LsmHook(String),
    /// What an `iter` program iterates over.
    Iterator(String),
    /// The function that a kprobe is put on.
    ProbedFunction(String),
    /// Functions that a pattern matches (`kprobe.multi/tcp_*`).
    ProbedPattern(String),
    /// The function behind a system call (`ksyscall/openat`).
    SystemCall(String),
    /// A target that only who loads the object knows: it is told at run time, or it is no part of the kernel.
    Elsewhere(Elsewhere),
    /// The struct of a `struct_ops` map.
    StructOps {
        /// Its name, without flavour.
        name: String,
        /// Its definition in the object.
        of: TypeId,
        /// The map's initial value, and where in it programs are, in bytes.
        value: (Vec<u8>, Vec<u64>),
    },
    /// A kernel function that programs call (`__ksym`).
    Kfunc {
        /// Its name, without flavour if libbpf looks for it so.
        name: String,
        /// Its prototype in the object.
        proto: TypeId,
        /// Whether the load fails if the kernel has it with another prototype, even if it is weak (libbpf before 1.3).
        must_fit: bool,
    },
    /// A kernel variable with a type (`__ksym`).
    Variable {
        /// Its name.
        name: String,
        /// Its type in the object.
        of: TypeId,
    },
    /// A kernel symbol without a type (`extern const void x __ksym`).
    Symbol(String),
    /// A value of the kernel's configuration (`__kconfig`).
    Option {
        /// Its name.
        name: String,
        /// Its type in the object.
        of: TypeId,
    },
    /// A helper, by number (`enum bpf_func_id`).
    Helper(i32),
    /// A helper for programs of a sort.
    HelperOfType {
        /// Its number.
        number: i32,
        /// The sort, in the words of sections.
        sort: &'static str,
        /// Which kernels refuse it.
        refused: Refused,
    },
    /// A type of map, by number (`enum bpf_map_type`).
    MapType {
        /// Its number.
        number: u32,
        /// How the map is defined.
        kind: MapKind,
    },
    /// A type of program, by its enumerator (`enum bpf_prog_type`).
    ProgramType(&'static str),
    /// A type of attachment, by its enumerator (`enum bpf_attach_type`).
    AttachType {
        /// Its enumerator.
        name: &'static str,
        /// Whether the kernel looks at it when the program is loaded; else when it is attached.
        at_load: bool,
    },
    /// A section name that libbpf knows.
    KnownSection {
        /// The name.
        name: String,
        /// The version of libbpf that brought it; `None` when none did.
        since: Option<Version>,
    },
}

/// A function or tracepoint by name, perhaps of one module (`fentry/nf_tables:nft_do_chain`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The module that it must be in; `vmlinux` is one, too.
    pub module: Option<String>,
}

/// Why a target is none that a kernel's types could speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Elsewhere {
    /// In a program or library of user space: uprobe, usdt.
    UserSpace,
    /// Another BPF program: freplace.
    BpfProgram,
    /// The section names none: it is told at run time, before the load.
    BeforeLoad,
    /// The section names none: it is told at run time, when the program is attached.
    AtAttach,
}

/// What becomes of a requirement on a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is there.
    Met {
        /// `vmlinux` or the module that has it; `None` where no BTF was asked.
        unit: Option<String>,
    },
    /// It is certainly not there, or not as the object needs it.
    Missing(Lack),
    /// Cannot be said.
    Unknown(Doubt),
    /// It is not the kernel's business.
    NotJudged,
}

/// Why something is certainly missing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lack {
    /// The kernel's BTF has none of that name.
    Absent(Absence),
    /// The kernel ships no BTF, which libbpf and the kernel need for this; a BTF brought along serves accesses alone.
    NoBtf,
    /// What is declared is not what the kernel has.
    Incompatible {
        /// The declaration in the object.
        local: String,
        /// The kernel's.
        target: String,
        /// Where the kernel has it.
        unit: String,
    },
    /// The option is not set in the kernel's configuration, or the kernel does not know it.
    NotSet,
    /// The option has this value, which a variable of that type cannot hold.
    Unfit(String),
    /// libbpf has no such value (`LINUX_…`).
    NoSuchValue,
    /// The enumeration of the kernel has no such enumerator.
    NoEnumerator,
    /// A member of a `struct_ops` map.
    Member {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: MemberLack,
    },
    /// libbpf knows no section of that name.
    UnknownSection(Option<Version>),
    /// The event's context has it elsewhere than the struct that the program takes it for, and nothing there.
    Context {
        /// What is read.
        member: &'static str,
        /// Where the struct has it, in bytes.
        at: u32,
        /// Where the context has it, in bytes.
        place: u32,
    },
    /// What the program attaches to has fewer arguments.
    Arguments {
        /// How many it has; what is returned counts as the last.
        has: u32,
        /// How many it must have for all that is read.
        needs: u32,
    },
    /// The function has more arguments than the processor's trampolines pass on.
    Trampoline {
        /// How many registers they take.
        takes: u32,
        /// How many are passed on.
        most: u32,
    },
    /// The kernel has no trampolines that call programs on its functions.
    NoTrampoline,
    /// The kernel has the helper, and not for programs of this sort.
    HelperOfType,
    /// The kernel's verifier does not know the instructions.
    Instructions {
        /// The version of Linux that brought them: major and minor number.
        since: (u32, u32),
        /// Whether it refuses them wherever they stand; else where it comes to them.
        anywhere: bool,
    },
}

/// What is wrong with a member of a `struct_ops` map (`bpf_map__init_kern_struct_ops`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MemberLack {
    /// The kernel's struct has none of that name, and the object's value is not zero.
    Absent,
    /// It is of another kind.
    Kind {
        /// The declaration in the object.
        local: String,
        /// The kernel's.
        target: String,
    },
    /// It has another size in bytes.
    Size {
        /// In the object.
        local: u32,
        /// In the kernel; `None` when it has none.
        target: Option<u32>,
    },
    /// It is a bit-field on either side, which libbpf does not do.
    BitField,
    /// The kernel's is no pointer to a function.
    NoFunction,
}

/// Why something cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// It is not stored.
    NotStored(Gap),
    /// The kernel's BTF does not have it, which proves nothing: functions that are inlined, renamed by the compiler
    /// (`.isra`, `.constprop`) or written in assembly are not in BTF.
    NotInBtf,
    /// BTF does not tell of symbols without a type.
    NotInBtfAtAll,
    /// The kernel's configuration is not stored.
    NoConfig,
    /// The kernel's version is not known.
    NoVersion,
    /// What is stored has no such enumeration.
    NoEnumeration,
    /// What is known of the kernel's BTF lists no function that every kernel has: it was made smaller, or is too old.
    NoFunctions,
    /// The kernel's BTF tells of no tracepoint (before 5.5).
    NoTracepoints,
    /// Events of that category come and go at run time.
    Dynamic,
    /// Several modules have it, and not alike.
    Several(BTreeSet<String>),
    /// The vmlinux has it, too, so that the module was not looked through.
    AlsoInVmlinux,
    /// It is told at run time before the load.
    ToldAtRunTime,
    /// Whether any function matches a pattern.
    Pattern,
    /// Types too deep to compare.
    TooDeep,
    /// The event's context has it elsewhere than the struct that the program takes it for; whether it is refused or reads something
    /// else is not told by types.
    Context {
        /// What is read.
        member: &'static str,
        /// Where the struct has it, in bytes.
        at: u32,
        /// Where the context has it, in bytes.
        place: u32,
    },
    /// No kernel of this version was asked whether programs of this sort may call the helper.
    HelperOfType,
    /// The version does not tell whether the kernel knows the instructions.
    Instructions {
        /// The version of Linux whose verifier brought them: major and minor number.
        since: (u32, u32),
    },
    /// The version does not tell whether the kernel calls programs on a function with that many arguments.
    Trampoline {
        /// How many registers they take.
        takes: u32,
    },
}

/// A name that is looked for in BTF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) need: Need,
    /// Whether a module may have it, too.
    pub(super) in_modules: bool,
}

impl Ask {
    /// A name of which it is enough to know that it is there.
    pub(super) fn named(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, need: Need::Kind, in_modules: true }
    }

    /// The same, but only vmlinux can have it.
    pub(super) fn in_vmlinux(self) -> Self {
        Self { in_modules: false, ..self }
    }

    /// The same, with all that it holds by value.
    pub(super) fn whole(self) -> Self {
        Self { need: Need::All, ..self }
    }
}

/// What is known of an extern when programs are verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExternValue {
    /// A value of the configuration: the bytes of the variable.
    Bytes(Vec<u8>),
    /// A number from the first to the second, both included, in as many bytes: a version without its patch level.
    Between(Vec<u8>, Vec<u8>),
    /// A symbol that the kernel has: its address is not 0.
    Present,
    /// A symbol that it has not: its address is 0, and a call of it does not verify.
    Missing,
    /// Not known.
    Unknown,
}
