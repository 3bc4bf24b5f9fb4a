//! What programs on system call events read of their context.
//!
//! Programs take it for `struct trace_event_raw_sys_enter` or `struct trace_event_raw_sys_exit`, but it is put together by
//! hand: `perf_call_bpf_enter` has the arguments (`perf_call_bpf_exit` the returned value) 16 bytes from the start on 64-bit
//! machines, whatever the struct says. The two agree as long as `struct trace_entry` has 8 bytes; kernels with `PREEMPT_RT` before
//! 6.12 have more in it. There CO-RE gives an offset that is beyond what is meant, and the kernel refuses to attach a program
//! that reads beyond the event's end (`perf_event_set_bpf_prog`: -EACCES): always for the returned value, which is the last; for
//! arguments only if the last one is read, and else the program reads the wrong one.

use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use corecheck_layouts::kernel::Found;

use super::ksym::exact;
use super::model::{Ask, Doubt, Fate, Lack};
use crate::access::{Access, RelocationKind, accesses};
use crate::object::Object;

/// Where the kernel puts arguments and the returned value, in bytes.
const PLACE: u32 = 16;

/// A struct that programs take the context for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyscallContext {
    /// Of `sys_enter_…`.
    Enter,
    /// Of `sys_exit_…`.
    Exit,
}

impl SyscallContext {
    /// The struct's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enter => "trace_event_raw_sys_enter",
            Self::Exit => "trace_event_raw_sys_exit",
        }
    }

    /// What is read of it.
    pub fn member(self) -> &'static str {
        match self {
            Self::Enter => "args",
            Self::Exit => "ret",
        }
    }
}

/// The programs on system call events that read arguments or the returned value by CO-RE, and of which struct.
pub(super) fn readers(object: &Object) -> Vec<(usize, SyscallContext)> {
    let on_calls: Vec<(usize, SyscallContext)> = object
        .programs
        .iter()
        .enumerate()
        .filter_map(|(index, program)| Some((index, of_section(&program.section_name)?)))
        .collect();
    if on_calls.is_empty() {
        return Vec::new();
    }
    let accesses = accesses(object);
    let reads = |index: usize, context: SyscallContext| {
        let functions = object.programs.get(index).map(|program| program.functions.as_slice());
        accesses.iter().any(|access| {
            let is_own =
                access.function_index.is_some_and(|own| functions.is_some_and(|all| all.contains(&own)));
            is_own && is_read(access, context)
        })
    };
    on_calls.into_iter().filter(|&(index, context)| reads(index, context)).collect()
}

fn of_section(section: &str) -> Option<SyscallContext> {
    let (kind, target) = section.split_once('/')?;
    let event = target.strip_prefix("syscalls/").filter(|_| matches!(kind, "tp" | "tracepoint"))?;
    match event {
        _ if event.starts_with("sys_enter_") => Some(SyscallContext::Enter),
        _ if event.starts_with("sys_exit_") => Some(SyscallContext::Exit),
        _ => None,
    }
}

fn is_read(access: &Access, context: SyscallContext) -> bool {
    let root = access.essential_type_name();
    access.kind == RelocationKind::FieldByteOffset
        && root.strip_prefix("struct ") == Some(context.name())
        && access.path.split(['.', '[']).next() == Some(context.member())
}

/// What must be looked up for it.
pub(super) fn asks(context: SyscallContext) -> Vec<Ask> {
    vec![Ask::named(context.name(), Kind::Struct).whole().in_vmlinux()]
}

/// What becomes of it. Where the struct is not there the access itself says so.
pub(super) fn fate(context: SyscallContext, found: &Found) -> Fate {
    let Found::In(units) = found else { return Fate::NotJudged };
    let Some((unit, id)) = exact(units, context.name()).next() else { return Fate::NotJudged };
    let at = match (unit.btf.pointer_size(), offset(&unit.btf, id, context.member())) {
        (Some(8), Some(at)) => at,
        _ => return Fate::NotJudged,
    };
    match context {
        _ if at == PLACE => Fate::Met { unit: Some(unit.unit.clone()) },
        SyscallContext::Exit => Fate::Missing(Lack::Context { member: context.member(), at, place: PLACE }),
        SyscallContext::Enter => Fate::Unknown(Doubt::Context { member: context.member(), at, place: PLACE }),
    }
}

/// Where a member is, in bytes.
fn offset(btf: &Btf, id: TypeId, name: &str) -> Option<u32> {
    let Type::Struct(of) = btf.ty(id) else { return None };
    of.members().find(|member| member.name() == name).map(|member| member.bit_offset / 8)
}
