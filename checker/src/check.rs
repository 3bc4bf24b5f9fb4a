//! The main job as a function: objects against kernels, to a report. Pure.

use corecheck_layouts::kernel::{Kernel, Modules};

use crate::access::{Access, accesses};
use crate::answer::answer;
use crate::object::Object;
use crate::report::{Checked, Report, build};
use crate::verdict::{can_guard, judge_all, without};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Only accesses rooted at one of these types, without flavour; all when empty.
    pub types: Vec<String>,
    /// Which modules are taken as loaded.
    pub modules: Modules,
}

/// Checks objects against kernels, under libbpf's rules.
pub fn check(objects: Vec<Object>, kernels: &[&Kernel], settings: &Settings) -> Report {
    let checked: Vec<Checked> =
        objects.into_iter().map(|object| check_one(object, kernels, settings)).collect();
    build(&checked, kernels)
}

fn check_one(object: Object, kernels: &[&Kernel], settings: &Settings) -> Checked {
    let mut accesses = accesses(&object);
    // A guard may ask about a type that was not asked for here: all accesses count.
    let guards: Vec<bool> =
        object.programs.iter().map(|program| can_guard(&object, program, &accesses)).collect();
    let all = accesses.len();
    accesses.retain(|access| is_wanted(access, &settings.types));
    let left_out = all - accesses.len();
    let answers = answer(&object, &accesses, kernels, &settings.modules);
    let verdicts = judge_all(&object, &accesses, &guards, &answers, kernels);
    let without = without(&object, &accesses, &guards, kernels, &settings.modules, &verdicts);
    let modules = settings.modules.clone();
    Checked { object, accesses, left_out, modules, answers, verdicts, without }
}

/// Whether an access is rooted at one of `types`: `vfio_group` or `struct vfio_group`, any flavour of it.
pub fn is_wanted(access: &Access, types: &[String]) -> bool {
    let essential = access.essential_type_name();
    let bare = essential.split_once(' ').map_or(essential, |(_, name)| name);
    types.is_empty() || types.iter().any(|wanted| wanted == essential || wanted == bare)
}

#[cfg(test)]
mod tests;
