//! Functions that kprobes are put on: `kprobe/NAME`, `kretprobe/NAME`.
//!
//! Kprobes find functions by the kernel's symbols, of which BTF lists a part: functions in assembly are not in BTF, nor those that
//! the compiler renamed (`.isra`, `.constprop`, `.part`, `.cold`) or changed the parameters of. So its presence says that the
//! symbol is there (though `notrace` and `nokprobe` functions refuse probes), its absence nothing for certain: it may be inlined.

use corecheck_layouts::btf::Kind;
use corecheck_layouts::kernel::{Found, Gap};

use super::ksym::essential;
use super::model::{Ask, Doubt, Fate};
use super::trace;

/// What must be looked up for a function.
pub(super) fn asks(name: &str) -> Vec<Ask> {
    vec![Ask::named(essential(name), Kind::Func)]
}

/// What becomes of it.
pub(super) fn fate(name: &str, found: &Found) -> Fate {
    match trace::named(name, found) {
        unknown @ Fate::Unknown(Doubt::NotStored(Gap::TypeNotStored)) => unknown,
        // That a module may have it makes no difference: it would prove as little.
        Fate::Missing(_) | Fate::Unknown(_) => Fate::Unknown(Doubt::NotInBtf),
        fate => fate,
    }
}
