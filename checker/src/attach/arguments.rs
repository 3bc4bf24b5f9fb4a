//! Arguments that programs read of their context, and which what they attach to may not have.
//!
//! The context of `tp_btf`, `raw_tp`, `fentry` and its like, `lsm` and `iter` programs is their arguments, 8 bytes each. The kernel
//! knows the prototype: it refuses to load a program that reads beyond it (`btf_ctx_access`), and to attach a `raw_tp` program
//! that does (`bpf_probe_register`: what the verifier came to counts). Where a function returns something, `fexit`, `fmod_ret`,
//! `fsession` and `lsm` have that after the arguments.

use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use corecheck_layouts::kernel::Found;

use super::ksym::{essential, exact};
use super::model::{Ask, Doubt, Fate, Lack, Requirement, Target, What};
use super::reads::{ContextRead, context_reads};
use super::section::meaning;
use super::trace;
use crate::attach::By;
use crate::loader::Version;
use crate::object::Object;
use corecheck_layouts::kernel::is_same_module;

/// Bytes of an argument in a context.
const SLOT: u32 = 8;

/// Whose arguments a program reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Traced {
    /// A tracepoint's (`tp_btf`).
    Tracepoint,
    /// A tracepoint's, of which the program knows no types (`raw_tp`).
    RawTracepoint,
    /// A function's.
    Function {
        /// Whether what it returns comes after them.
        with_result: bool,
    },
    /// A security hook's, and what it returns.
    Hook,
    /// An iterator's.
    Iterator,
}

impl Traced {
    /// Of programs of this type of attachment that attach to this.
    fn of(target: &What, attach: Option<&str>) -> Option<(Self, Target)> {
        let named = |name: &str| Target { name: name.to_owned(), module: None };
        Some(match target {
            What::TypedTracepoint(target) => (Self::Tracepoint, target.clone()),
            What::RawTracepoint(name) => (Self::RawTracepoint, named(name)),
            What::TracedFunction(target) => {
                let with_result = attach != Some("BPF_TRACE_FENTRY");
                (Self::Function { with_result }, target.clone())
            }
            What::LsmHook(name) => (Self::Hook, named(name)),
            What::Iterator(name) => (Self::Iterator, named(name)),
            _ => return None,
        })
    }

    /// The name by which BTF has its prototype.
    fn name(&self, target: &Target) -> String {
        match self {
            Self::Tracepoint | Self::RawTracepoint => trace::typedef(&target.name),
            Self::Function { .. } => target.name.clone(),
            Self::Hook => format!("bpf_lsm_{}", target.name),
            Self::Iterator => format!("bpf_iter_{}", target.name),
        }
    }
}

/// What the programs of an object read of their arguments.
pub(super) fn requirements(object: &Object, libbpf: Version) -> impl Iterator<Item = Requirement> + '_ {
    object.programs.iter().enumerate().filter_map(move |(program, of)| {
        let meaning = meaning(&of.section_name, libbpf).ok()?;
        let (traced, target) = Traced::of(&meaning.target?, meaning.attach.map(|(name, _)| name))?;
        let reads = context_reads(object, of);
        let needs = reads.iter().map(|read| read.at / SLOT + 1).max()?;
        let by = By::Reads { program, reads };
        Some(Requirement { what: What::Arguments { traced, target, needs }, by, optional: !of.autoload })
    })
}

/// What must be looked up for it.
pub(super) fn asks(traced: &Traced, target: &Target) -> Vec<Ask> {
    let name = essential(&traced.name(target));
    vec![match traced {
        Traced::Tracepoint | Traced::RawTracepoint => Ask::named(name, Kind::Typedef).whole(),
        Traced::Function { .. } => Ask::named(name, Kind::Func).whole(),
        Traced::Hook | Traced::Iterator => Ask::named(name, Kind::Func).whole().in_vmlinux(),
    }]
}

/// What becomes of it. Where the target itself is not there or not known, that is told of the target.
pub(super) fn fate((traced, target, needs): (&Traced, &Target, u32), found: &Found) -> Fate {
    let Found::In(units) = found else { return Fate::NotJudged };
    let name = traced.name(target);
    let of_module = |unit: &str| target.module.as_deref().is_none_or(|module| is_same_module(unit, module));
    let counts: Option<Vec<(String, u32)>> = exact(units, &name)
        .filter(|(unit, _)| of_module(&unit.unit))
        .map(|(unit, id)| Some((unit.unit.clone(), count(traced, &unit.btf, id)?)))
        .collect();
    let Some(counts) = counts else { return Fate::NotJudged };
    let Some((unit, has)) = counts.first().cloned() else { return Fate::NotJudged };
    if counts.iter().any(|(_, other)| (*other < needs) != (has < needs)) {
        return Fate::Unknown(Doubt::Several(counts.into_iter().map(|(unit, _)| unit).collect()));
    }
    if has < needs { Fate::Missing(Lack::Arguments { has, needs }) } else { Fate::Met { unit: Some(unit) } }
}

/// How many places of 8 bytes the context has; `None` where that depends on the kernel's version or is not told.
fn count(traced: &Traced, btf: &Btf, id: TypeId) -> Option<u32> {
    let (proto, skipped) = match (traced, btf.ty(id)) {
        (Traced::Tracepoint | Traced::RawTracepoint, Type::Typedef { to, .. }) => {
            let Type::Ptr { to } = btf.ty(btf.skip_modifiers_and_typedefs(to)) else { return None };
            // The first is what the kernel registers the program with.
            (btf.skip_modifiers_and_typedefs(to), 1)
        }
        (_, Type::Func { proto, .. }) => (proto, 0),
        _ => return None,
    };
    let Type::FuncProto(proto) = btf.ty(proto) else { return None };
    let bare = |id| btf.ty(btf.skip_modifiers_and_typedefs(id));
    // What is passed by value takes several places since 6.0, and has no end here (`...`).
    if proto.params().any(|param| matches!(bare(param.of), Type::Struct(_) | Type::Union(_) | Type::Void)) {
        return None;
    }
    let own = u32::try_from(proto.params().len()).ok()?.checked_sub(skipped)?;
    let has_result = matches!(traced, Traced::Function { with_result: true } | Traced::Hook);
    Some(own + u32::from(has_result && !matches!(bare(proto.returns), Type::Void)))
}

/// Those of these reads that are beyond so many arguments.
pub(super) fn beyond(reads: &[ContextRead], has: u32) -> Vec<(usize, u32)> {
    reads.iter().filter(|read| read.at / SLOT >= has).map(|read| (read.section, read.insn)).collect()
}
