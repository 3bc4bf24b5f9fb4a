//! The main job as a function: objects against kernels, to a report. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use corecheck_layouts::kernel::{Coverage, Kernel, Modules, Root};

use crate::access::{Access, accesses};
use crate::help::{self, Wanted};
use crate::load::{Alternatives, Constant, ConstantError, Group, data_sections};
use crate::loader::Loader;
use crate::object::Object;
use crate::report::{Checked, LeftOut, Report, build};
use crate::verdict::{Case, judge_all, needed_by, suggest, without};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whose rules, in the order in which they are reported; the newest libbpf's when empty.
    pub loaders: Vec<Loader>,
    /// Only accesses rooted at one of these types, without flavour; all when empty.
    pub types: Vec<String>,
    /// Which modules are taken as loaded.
    pub modules: Modules,
    /// Constants that are set before the load.
    pub constants: Vec<Constant>,
    /// Programs of which one set is loaded. What an object does not have in full does not concern it; no name may be in two.
    pub alternatives: Vec<Alternatives>,
}

/// Checks objects against kernels, under the rules of some loaders. Help for what fails comes from these kernels alone.
///
/// # Errors
/// [`ConstantError`] when a constant does not fit where it is to be set.
pub fn check(
    objects: Vec<Object>,
    kernels: &[&Kernel],
    settings: &Settings,
) -> Result<Report, ConstantError> {
    Ok(report(judge(objects, kernels, settings)?, kernels, &[]))
}

/// The first part of [`check`]: all but help and report.
///
/// # Errors
/// As [`check`].
pub fn judge(
    objects: Vec<Object>,
    kernels: &[&Kernel],
    settings: &Settings,
) -> Result<Vec<Checked>, ConstantError> {
    let mut checked = Vec::new();
    for (number, object) in objects.into_iter().enumerate() {
        checked.extend(check_one(number, object, kernels, settings)?);
    }
    Ok(checked)
}

/// Whether anything fails that help could be had for.
pub fn needs_help(checked: &[Checked]) -> bool {
    checked.iter().any(|of| help::is_needed(&of.case()))
}

/// What would help with what fails, of a store with these kernels.
pub fn wanted<'k>(checked: &[Checked], kernels: &[&Kernel], stored: &'k [Kernel]) -> Wanted<'k> {
    let cases: Vec<help::Case<'_>> = checked.iter().map(Checked::case).collect();
    help::wanted(&cases, kernels, stored)
}

/// The last part of [`check`]; `more` is what was looked up because it was [`wanted`].
pub fn report(mut checked: Vec<Checked>, kernels: &[&Kernel], more: &[Kernel]) -> Report {
    for of in &mut checked {
        of.help = help::help(&of.case(), kernels, more);
    }
    build(&checked, kernels)
}

/// An object under every loader.
fn check_one(
    number: usize,
    object: Object,
    kernels: &[&Kernel],
    settings: &Settings,
) -> Result<Vec<Checked>, ConstantError> {
    let object = Arc::new(object);
    let accesses = accesses(&object);
    let data = data_sections(&object, &settings.constants)?;
    let positions = accesses.iter().enumerate().filter(|(_, access)| is_wanted(access, &settings.types));
    let asked: Vec<usize> = positions.map(|(at, _)| at).collect();
    let alternatives: Vec<Group> = settings.alternatives.iter().filter_map(|one| one.of(&object)).collect();
    let left_out = accesses.len() - asked.len();
    let shown: Arc<Vec<Access>> = Arc::new(asked.iter().map(|&at| accesses[at].clone()).collect());
    let loaders = if settings.loaders.is_empty() { &[Loader::LIBBPF][..] } else { &settings.loaders };
    let by = |(order, &loader): (usize, &Loader)| {
        let requirements = needed_by(loader, &object);
        // Who asks about types does not ask about these.
        let judges_requirements = settings.types.is_empty();
        let case = Case {
            loader,
            object: &object,
            accesses: &accesses,
            asked: &asked,
            data: &data,
            requirements: &requirements,
            judges_requirements,
            alternatives: &alternatives,
        };
        let judged = judge_all(&case, kernels, &settings.modules);
        let suggested = suggest(&case, kernels, &settings.modules, &judged);
        let without = without(&case, kernels, &settings.modules, &judged.verdicts);
        Checked {
            number,
            object: Arc::clone(&object),
            loader,
            is_first: order == 0,
            refusals: loader.refusals(&object),
            accesses: Arc::clone(&shown),
            left_out,
            modules: settings.modules.clone(),
            requirements,
            judges_requirements,
            judged,
            suggested,
            without,
            help: BTreeMap::new(),
        }
    };
    Ok(loaders.iter().enumerate().map(by).collect())
}

/// Whether an access is rooted at one of `types`: `vfio_group` or `struct vfio_group`, any flavour of it.
pub fn is_wanted(access: &Access, types: &[String]) -> bool {
    let essential = access.essential_type_name();
    let bare = essential.split_once(' ').map_or(essential, |(_, name)| name);
    types.is_empty() || types.iter().any(|wanted| wanted == essential || wanted == bare)
}

/// Why nobody means this kernel who does not name it: it is of machines for which the objects were not compiled, or what is stored
/// of it has none of the types that they ask about.
pub fn has_nothing_to_say(kernel: &Kernel, objects: &[Object], roots: &[Root]) -> Option<LeftOut> {
    if kernel.endian().is_some_and(|endian| objects.iter().all(|object| object.endian != endian)) {
        return Some(LeftOut::ByteOrder);
    }
    let Coverage::Partial(listed) = &kernel.coverage else { return None };
    let is_silent = !roots.is_empty() && !roots.iter().any(|root| listed.contains_key(&root.name));
    is_silent.then_some(LeftOut::NothingStored)
}

#[cfg(test)]
mod tests;
