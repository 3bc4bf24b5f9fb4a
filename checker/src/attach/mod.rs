//! What an object needs of a kernel besides its accesses, as far as BTF can speak for it: attach points, kernel functions and
//! variables, values of the configuration, helpers, types of maps, of programs and of attachments.
//!
//! Beside the answers, not after them: pure, shared by kernels that have the same of what is asked. [`requirements`] says what
//! an object needs, [`add_needs`] what a store must look up for it, [`meet`] what becomes of it on each kernel, and
//! [`externs`] what programs see of it. One file per family: `trace` (fentry, fexit, tp_btf, lsm, iter), `tracepoint`,
//! `context` (what system call events give), `arguments` (what others give), `trampoline`, `kprobe`, `syscall`, `struct_ops`, `ksym`,
//! `kconfig`, `enumerators`, `helpers`, `instructions`.

mod arguments;
mod context;
mod effect;
mod enumerators;
mod externs;
mod helpers;
mod instructions;
mod kconfig;
mod kprobe;
mod ksym;
mod meet;
mod model;
mod needs;
mod reads;
mod released;
mod requirements;
mod section;
mod sections;
mod since;
mod struct_ops;
mod syscall;
mod trace;
mod tracepoint;
mod trampoline;
mod what;

pub use arguments::Traced;
pub use context::SyscallContext;
pub use effect::{Effect, When};
pub use externs::{ExternValues, externs, values};
pub use helpers::Refused;
pub use instructions::InstructionSet;
pub use meet::{Meeting, Meetings, meet};
pub use model::{By, Doubt, Elsewhere, ExternValue, Fate, Lack, MemberLack, Requirement, Target, What};
pub use needs::{add_needs, add_needs_of, options};
pub use reads::ContextRead;
pub(crate) use released::Release;
pub use requirements::requirements;

#[cfg(test)]
mod tests;
