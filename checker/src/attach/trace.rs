//! What programs with a BTF type of their own attach to: `fentry`, `fexit`, `fmod_ret`, `fsession` (a function), `tp_btf` (a
//! tracepoint), `lsm` (a hook), `iter` (an iterator).
//!
//! Source: `libbpf_prepare_prog_load`, `find_kernel_btf_id`, `btf_get_kernel_prefix_kind`: libbpf looks them up when it loads
//! the program, first in vmlinux, then in loaded modules, and fails without them. That a function is in BTF is necessary, not
//! sufficient: it may be `notrace`, or for `fmod_ret` not allow it.

use corecheck_layouts::btf::Kind;
use corecheck_layouts::kernel::{Absence, Found, is_same_module};

use super::ksym::{essential, exact};
use super::model::{Ask, Doubt, Fate, Lack, Target};

/// What must be looked up for a function.
pub(super) fn function_asks(target: &Target) -> Vec<Ask> {
    vec![Ask::named(essential(&target.name), Kind::Func).whole()]
}

/// The typedef that the kernel makes of a tracepoint.
pub(super) fn typedef(tracepoint: &str) -> String {
    format!("btf_trace_{tracepoint}")
}

/// What must be looked up for a tracepoint.
pub(super) fn tracepoint_asks(target: &Target) -> Vec<Ask> {
    vec![Ask::named(essential(&typedef(&target.name)), Kind::Typedef)]
}

/// What becomes of something that has exactly this name.
pub(super) fn named(name: &str, found: &Found) -> Fate {
    match found {
        Found::In(units) => match exact(units, name).next() {
            Some((unit, _)) => Fate::Met { unit: Some(unit.unit.clone()) },
            None => Fate::Missing(Lack::Absent(Absence::NotInBtf)),
        },
        Found::Absent(absence) => Fate::Missing(Lack::Absent(absence.clone())),
        Found::Unknown(gap) => Fate::Unknown(Doubt::NotStored(gap.clone())),
    }
}

/// The same of what only vmlinux can have: that a module has the name, too, says nothing.
pub(super) fn built_in(name: &str, found: &Found) -> Fate {
    match named(name, found) {
        Fate::Missing(Lack::Absent(Absence::ModuleNotLoaded(_))) => {
            Fate::Missing(Lack::Absent(Absence::NotInBtf))
        }
        fate => fate,
    }
}

/// The same of a target, which may have to be in one module.
pub(super) fn fate(target: &Target, name: &str, found: &Found) -> Fate {
    let Some(module) = &target.module else { return named(name, found) };
    let Found::In(units) = found else { return named(name, found) };
    let unit = exact(units, name).map(|(unit, _)| &unit.unit).find(|unit| is_same_module(unit, module));
    match unit {
        Some(unit) => Fate::Met { unit: Some(unit.clone()) },
        // Modules are searched only when vmlinux has none; for libbpf it is the other way round.
        None if units.iter().any(|unit| unit.unit == "vmlinux") => Fate::Unknown(Doubt::AlsoInVmlinux),
        None => Fate::Missing(Lack::Absent(Absence::NotInBtf)),
    }
}
