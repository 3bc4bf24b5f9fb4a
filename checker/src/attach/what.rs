//! What each sort of requirement asks of BTF, and what comes of it: the table of all sorts.

use corecheck_layouts::btf::{Btf, Kind};
use corecheck_layouts::kernel::{Arch, Found, Gap, Kernel, ShippedBtf};

use super::helpers;
use super::instructions::InstructionSet;
use super::meet::Meeting;
use super::model::{Ask, Doubt, Elsewhere, ExternValue, Fate, Lack, Requirement, Target, What};
use super::released::Release;
use super::{
    arguments, context, enumerators, instructions, kconfig, kprobe, ksym, struct_ops, syscall, trace,
    tracepoint, trampoline,
};

/// A function that every kernel has: BTF without it was made smaller, so that the absence of others says nothing.
const SENTINEL: &str = "schedule";

/// What must be looked up for it; for what is found by a name, last what tells whether absence says anything.
pub(super) fn asks(what: &What) -> Vec<Ask> {
    let mut asks = own_asks(what);
    if is_by_name(what) {
        asks.push(Ask::named(SENTINEL, Kind::Func).in_vmlinux());
    }
    asks
}

/// Whether it is a function, a variable or a struct that is found by its name.
fn is_by_name(what: &What) -> bool {
    needs_own_btf(what) || matches!(what, What::ProbedFunction(_) | What::SystemCall(_))
}

fn own_asks(what: &What) -> Vec<Ask> {
    let enumeration = |name: &str| vec![Ask::named(name, Kind::Enum).whole().in_vmlinux()];
    match what {
        What::TracedFunction(target) => trace::function_asks(target),
        What::TypedTracepoint(target) => trace::tracepoint_asks(target),
        // Hooks and iterators are built in.
        What::LsmHook(name) => vec![Ask::named(format!("bpf_lsm_{name}"), Kind::Func).in_vmlinux()],
        What::Iterator(name) => vec![Ask::named(format!("bpf_iter_{name}"), Kind::Func).in_vmlinux()],
        What::RawTracepoint(name) => tracepoint::asks(name),
        What::TraceEvent { category, name } => tracepoint::event_asks(category, name),
        What::EventContext(of) => context::asks(*of),
        What::Arguments { traced, target, .. } => arguments::asks(traced, target),
        What::ProbedFunction(name) => kprobe::asks(name),
        What::SystemCall(name) => syscall::asks(name),
        What::ProbedPattern(_) | What::Elsewhere(_) | What::KnownSection { .. } | What::InstructionSet(_) => {
            Vec::new()
        }
        What::StructOps { name, .. } => struct_ops::asks(name),
        What::Kfunc { name, .. } => ksym::asks(name, Kind::Func),
        What::Variable { name, .. } => ksym::asks(name, Kind::Var),
        What::Symbol(name) => ksym::symbol_asks(name),
        What::Option { name, .. } => kconfig::asks(name),
        What::Helper(_) | What::HelperOfType { .. } => enumeration("bpf_func_id"),
        What::MapType { .. } => enumeration("bpf_map_type"),
        What::ProgramType(_) => enumeration("bpf_prog_type"),
        What::AttachType { .. } => enumeration("bpf_attach_type"),
    }
}

/// What of a kernel decides besides its types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Facts<'k> {
    Nothing,
    /// Whether it ships BTF.
    HasBtf(bool),
    /// Its version.
    Version(&'k str),
    /// The value of an option, and whether the configuration is known.
    Option(Option<&'k str>, bool),
    Arch(&'k Arch),
    /// Whether it ships BTF, its version, and what it runs on.
    Release(bool, Release, &'k str),
}

impl<'k> Facts<'k> {
    pub(super) fn of(what: &What, kernel: &'k Kernel) -> Self {
        match what {
            What::Option { name, .. } if name.starts_with("CONFIG_") => {
                let config = &kernel.facts.config;
                Self::Option(config.get(name).map(String::as_str), config.contains_key(kconfig::SENTINEL))
            }
            What::Option { name, .. } if name == kconfig::VERSION => Self::Version(&kernel.facts.version),
            What::Option { .. } | What::SystemCall(_) | What::TraceEvent { .. } => {
                Self::Arch(&kernel.name.arch)
            }
            What::TracedFunction(_) | What::InstructionSet(_) | What::HelperOfType { .. } => {
                let (release, arch) = instructions::facts(kernel);
                Self::Release(kernel.facts.btf != ShippedBtf::None, release, arch)
            }
            _ if needs_own_btf(what) => Self::HasBtf(kernel.facts.btf != ShippedBtf::None),
            _ => Self::Nothing,
        }
    }
}

/// Whether the kernel's own BTF is needed for it: one brought along serves accesses alone (`obj_needs_vmlinux_btf`,
/// `bpf_object__load_vmlinux_btf`).
pub(super) fn needs_own_btf(what: &What) -> bool {
    matches!(
        what,
        What::TracedFunction(_)
            | What::TypedTracepoint(_)
            | What::LsmHook(_)
            | What::Iterator(_)
            | What::StructOps { .. }
            | What::Kfunc { .. }
            | What::Variable { .. }
    )
}

/// What becomes of it, given what was found for each of its [`asks`].
pub(super) fn meeting(
    local: Option<&Btf>,
    requirement: &Requirement,
    found: &[&Found],
    kernel: &Kernel,
) -> Meeting {
    let weak = requirement.optional;
    if needs_own_btf(&requirement.what) && kernel.facts.btf == ShippedBtf::None {
        let fate = Fate::Missing(Lack::NoBtf);
        let is_extern = matches!(requirement.what, What::Kfunc { .. } | What::Variable { .. });
        return Meeting { value: is_extern.then(|| ksym::value(&fate)), fate };
    }
    if let (What::Option { name, of }, Some(local)) = (&requirement.what, local) {
        let (fate, value) = kconfig::fate(local, (name, *of), weak, found, kernel);
        return Meeting { fate, value: Some(value) };
    }
    let (own, has_functions) = match found.split_last() {
        Some((sentinel, own)) if is_by_name(&requirement.what) => (own, matches!(sentinel, Found::In(_))),
        _ => (found, true),
    };
    let fate = match fate(local, &requirement.what, own, kernel) {
        fate if !has_functions && is_absent(&fate) => Fate::Unknown(Doubt::NoFunctions),
        fate => fate,
    };
    let value: Option<ExternValue> = match requirement.what {
        What::Kfunc { .. } | What::Variable { .. } | What::Symbol(_) => Some(ksym::value(&fate)),
        _ => None,
    };
    Meeting { fate, value }
}

/// Whether a fate says no more than that the vmlinux does not have the name.
fn is_absent(fate: &Fate) -> bool {
    match fate {
        Fate::Missing(Lack::Absent(_)) | Fate::Unknown(Doubt::NotInBtf) => true,
        Fate::Unknown(Doubt::NotStored(gap)) => *gap != Gap::TypeNotStored,
        _ => false,
    }
}

fn fate(local: Option<&Btf>, what: &What, found: &[&Found], kernel: &Kernel) -> Fate {
    let Some(&first) = found.first() else {
        return match what {
            // Kernels that ship BTF, from 5.2 on, have these whatever their version is.
            What::InstructionSet(InstructionSet::HalfJumps) if kernel.facts.btf != ShippedBtf::None => {
                Fate::Met { unit: None }
            }
            What::InstructionSet(set) => {
                let (release, arch) = instructions::facts(kernel);
                set.fate(release, arch)
            }
            What::KnownSection { since, .. } => Fate::Missing(Lack::UnknownSection(*since)),
            What::Elsewhere(Elsewhere::BeforeLoad | Elsewhere::BpfProgram) => {
                Fate::Unknown(Doubt::ToldAtRunTime)
            }
            What::ProbedPattern(_) => Fate::Unknown(Doubt::Pattern),
            _ => Fate::NotJudged,
        };
    };
    match (what, local) {
        (What::TracedFunction(target), _) => traced(target, first, kernel),
        (What::TypedTracepoint(target), _) => trace::fate(target, &trace::typedef(&target.name), first),
        (What::LsmHook(name), _) => trace::built_in(&format!("bpf_lsm_{name}"), first),
        (What::Iterator(name), _) => trace::built_in(&format!("bpf_iter_{name}"), first),
        (What::RawTracepoint(name), _) => tracepoint::fate(name, found),
        (What::TraceEvent { category, name }, _) => tracepoint::event_fate(category, name, found, kernel),
        (What::EventContext(of), _) => context::fate(*of, first),
        (What::Arguments { traced, target, needs }, _) => arguments::fate((traced, target, *needs), first),
        (What::ProbedFunction(name), _) => kprobe::fate(name, first),
        (What::SystemCall(_), _) => syscall::fate(found, kernel),
        (What::StructOps { name, of, value: (bytes, programs) }, Some(local)) => {
            struct_ops::fate(local, name, *of, struct_ops::Value { bytes, programs }, first)
        }
        (What::Kfunc { name, proto: of, .. } | What::Variable { name, of }, Some(local)) => {
            ksym::fate(local, name, *of, first)
        }
        (What::Symbol(name), _) => ksym::symbol_fate(name, found),
        (What::Helper(number), _) => enumerators::helper(first, *number),
        (What::HelperOfType { number, refused, .. }, _) => match enumerators::helper(first, *number) {
            Fate::Met { .. } => helpers::fate(*refused, kernel),
            _ => Fate::NotJudged,
        },
        (What::MapType { number, .. }, _) => {
            enumerators::enumerator(first, |value| value.value == u64::from(*number))
        }
        (What::ProgramType(name) | What::AttachType { name, .. }, _) => {
            enumerators::enumerator(first, |value| value.name() == *name)
        }
        _ => Fate::NotJudged,
    }
}

/// What becomes of a function that is traced: it must be there, and its arguments be passed on.
fn traced(target: &Target, found: &Found, kernel: &Kernel) -> Fate {
    let fate = trace::fate(target, &target.name, found);
    let (Fate::Met { unit: Some(unit) }, Found::In(units)) = (&fate, found) else { return fate };
    let (release, arch) = instructions::facts(kernel);
    let own = ksym::exact(units, &target.name).find(|(of, _)| of.unit == *unit);
    own.and_then(|(of, id)| trampoline::fate(&of.btf, id, release, arch)).unwrap_or(fate)
}

/// What a kernel calls a thing that is known by its number.
pub(super) fn name(what: &What, found: &[&Found]) -> Option<String> {
    let number = match what {
        What::Helper(number) | What::HelperOfType { number, .. } => *number,
        What::MapType { number, .. } => i32::try_from(*number).ok()?,
        _ => return None,
    };
    enumerators::name_of(found.first()?, number)
}

impl Target {
    /// `name`, or `module:name`.
    pub(super) fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((module, name)) => Self { name: name.to_owned(), module: Some(module.to_owned()) },
            None => Self { name: text.to_owned(), module: None },
        }
    }
}
