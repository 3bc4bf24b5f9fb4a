//! Functions behind system calls (`ksyscall/NAME`, `kretsyscall/NAME`).
//!
//! Source: `bpf_program__attach_ksyscall`, `arch_specific_syscall_pfx`, `probe_kern_syscall_wrapper`: where the kernel wraps
//! system calls they are called `__x64_sys_NAME`, by the architecture, else `__se_sys_NAME`. As for every kprobe, only the
//! presence of the function tells something.

use corecheck_layouts::btf::Kind;
use corecheck_layouts::kernel::{Arch, Found, Kernel};

use super::model::{Ask, Doubt, Fate};

/// How wrapped system calls begin, by machine in Debian's words.
const PREFIXES: [(&str, &str); 12] = [
    ("amd64", "x64"),
    ("arm64", "arm64"),
    ("armel", "arm"),
    ("armhf", "arm"),
    ("i386", "ia32"),
    ("mips64el", "mips"),
    ("mipsel", "mips"),
    ("powerpc", "powerpc"),
    ("ppc64", "powerpc"),
    ("ppc64el", "powerpc"),
    ("riscv64", "riscv"),
    ("s390x", "s390x"),
];
/// The distinct ones, in the order in which they are asked for.
const WRAPPERS: [&str; 8] = ["x64", "arm64", "arm", "ia32", "mips", "powerpc", "riscv", "s390x"];

/// The functions that a wrapped system call may be, one per kind of machine.
pub(super) fn wrappers(call: &str) -> Vec<Ask> {
    let ask = |prefix| Ask::named(format!("__{prefix}_sys_{call}"), Kind::Func).in_vmlinux();
    WRAPPERS.into_iter().map(ask).collect()
}

/// What must be looked up for a system call: its wrapped forms, then its plain one.
pub(super) fn asks(call: &str) -> Vec<Ask> {
    let mut asks = wrappers(call);
    asks.push(Ask::named(format!("__se_sys_{call}"), Kind::Func).in_vmlinux());
    asks
}

/// What was found of the form that machines of this sort have.
fn of_machine<'f>(found: &[&'f Found], arch: &Arch) -> Option<&'f Found> {
    let (_, prefix) = PREFIXES.iter().find(|(known, _)| *known == arch.as_str())?;
    let at = WRAPPERS.iter().position(|known| known == prefix)?;
    found.get(at).copied()
}

/// Whether the kernel wraps system calls, told by the call `bpf`.
pub(super) fn has_wrapper(found: &[&Found], arch: &Arch) -> Result<bool, Doubt> {
    match of_machine(found, arch) {
        Some(Found::In(_)) => Ok(true),
        Some(Found::Absent(_)) => Ok(false),
        Some(Found::Unknown(gap)) => Err(Doubt::NotStored(gap.clone())),
        // libbpf takes machines that it does not know for such that do not wrap; but which is this?
        None => Err(Doubt::NotInBtf),
    }
}

/// What becomes of a program on a system call.
pub(super) fn fate(found: &[&Found], kernel: &Kernel) -> Fate {
    let wrapped = of_machine(found, &kernel.name.arch);
    let plain = found.last().copied();
    for found in [wrapped, plain].into_iter().flatten() {
        match found {
            Found::In(units) => {
                return Fate::Met { unit: units.first().map(|unit| unit.unit.clone()) };
            }
            Found::Unknown(gap) => return Fate::Unknown(Doubt::NotStored(gap.clone())),
            Found::Absent(_) => {}
        }
    }
    Fate::Unknown(Doubt::NotInBtf)
}
