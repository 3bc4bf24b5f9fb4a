//! The main job as a function: objects against kernels, to a report. Pure.

use corecheck_layouts::kernel::{Kernel, Modules};

use crate::access::{Access, accesses};
use crate::attach::requirements;
use crate::load::{Constant, ConstantError, data_sections};
use crate::object::Object;
use crate::report::{Checked, Report, build};
use crate::verdict::{Case, judge_all, without};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Only accesses rooted at one of these types, without flavour; all when empty.
    pub types: Vec<String>,
    /// Which modules are taken as loaded.
    pub modules: Modules,
    /// Constants that are set before the load.
    pub constants: Vec<Constant>,
}

/// Checks objects against kernels, under libbpf's rules.
///
/// # Errors
/// [`ConstantError`] when a constant does not fit where it is to be set.
pub fn check(
    objects: Vec<Object>,
    kernels: &[&Kernel],
    settings: &Settings,
) -> Result<Report, ConstantError> {
    let checked: Result<Vec<Checked>, ConstantError> =
        objects.into_iter().map(|object| check_one(object, kernels, settings)).collect();
    Ok(build(&checked?, kernels))
}

fn check_one(object: Object, kernels: &[&Kernel], settings: &Settings) -> Result<Checked, ConstantError> {
    let accesses = accesses(&object);
    let data = data_sections(&object, &settings.constants)?;
    let positions = accesses.iter().enumerate().filter(|(_, access)| is_wanted(access, &settings.types));
    let asked: Vec<usize> = positions.map(|(at, _)| at).collect();
    let requirements = requirements(&object);
    let case = Case {
        object: &object,
        accesses: &accesses,
        asked: &asked,
        data: &data,
        requirements: &requirements,
        // Who asks about types does not ask about these.
        judges_requirements: settings.types.is_empty(),
    };
    let judged = judge_all(&case, kernels, &settings.modules);
    let without = without(&case, kernels, &settings.modules, &judged.verdicts);
    let left_out = accesses.len() - asked.len();
    let accesses = asked.iter().map(|&at| accesses[at].clone()).collect();
    let judges_requirements = settings.types.is_empty();
    let modules = settings.modules.clone();
    Ok(Checked { object, accesses, left_out, modules, requirements, judges_requirements, judged, without })
}

/// Whether an access is rooted at one of `types`: `vfio_group` or `struct vfio_group`, any flavour of it.
pub fn is_wanted(access: &Access, types: &[String]) -> bool {
    let essential = access.essential_type_name();
    let bare = essential.split_once(' ').map_or(essential, |(_, name)| name);
    types.is_empty() || types.iter().any(|wanted| wanted == essential || wanted == bare)
}

#[cfg(test)]
mod tests;
