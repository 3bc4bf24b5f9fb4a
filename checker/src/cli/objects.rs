//! Reading the objects that are named on the command line.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::access::Access;
use crate::check::is_wanted;
use crate::load::{Alternatives, Choice, Constant};
use crate::object::{self, DataKind, Object};

/// Reads every object of every file; `-` is standard input.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Object>> {
    let mut objects: Vec<Object> = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        // Before reading: standard input would be empty the second time.
        if paths[..index].contains(path) {
            bail!("{}: named twice", path.display());
        }
        let found = if path == Path::new("-") { read_stdin()? } else { object::read_file(path)? };
        log::info!("{}: {} object(s)", path.display(), found.len());
        for object in found {
            if objects.iter().any(|known| known.path == object.path) {
                bail!("{}: named twice", object.path);
            }
            objects.push(object);
        }
    }
    Ok(objects)
}

fn read_stdin() -> anyhow::Result<Vec<Object>> {
    let mut bytes = Vec::new();
    let limit = object::MAX_INPUT;
    let mut input = std::io::stdin().lock().take(limit + 1);
    input.read_to_end(&mut bytes).context("cannot read standard input")?;
    if bytes.len() as u64 > limit {
        bail!("standard input has more than {limit} bytes; no BPF object is that large");
    }
    Ok(object::read_bytes("-", &bytes)?)
}

/// Makes sure that at least one access is rooted at each of `types`: a misspelled name must not look like success.
pub(super) fn require_types<'a>(
    accesses: impl Iterator<Item = &'a Access> + Clone,
    types: &[String],
) -> anyhow::Result<()> {
    for wanted in types {
        let mut roots = accesses.clone();
        if roots.any(|access| is_wanted(access, std::slice::from_ref(wanted))) {
            continue;
        }
        let mut roots: Vec<&str> = accesses.clone().map(Access::essential_type_name).collect();
        roots.sort_unstable();
        roots.dedup();
        if roots.is_empty() {
            bail!("--type {wanted}: the object has no CO-RE access at all");
        }
        let nearest = corecheck_layouts::store::nearest(wanted, roots.iter().copied());
        bail!("--type {wanted}: no access is rooted there; near: {}", nearest.join(", "));
    }
    Ok(())
}

/// Makes sure that some object has each constant that is to be set.
pub(super) fn require_constants(objects: &[Object], constants: &[Constant]) -> anyhow::Result<()> {
    let is_unknown = |constant: &&Constant| !objects.iter().any(|object| constant.find(object).is_some());
    let Some(constant) = constants.iter().find(is_unknown) else { return Ok(()) };
    let sections = objects.iter().flat_map(|object| &object.data);
    let read_only = sections.filter(|section| section.kind == DataKind::ReadOnly);
    let names: Vec<&str> =
        read_only.flat_map(|section| &section.variables).map(|variable| variable.name.as_str()).collect();
    if names.is_empty() {
        bail!("--rodata {}: the object has no constant (const volatile)", constant.name);
    }
    let nearest = corecheck_layouts::store::nearest(&constant.name, names.into_iter());
    bail!("--rodata {}: no constant has that name; near: {}", constant.name, nearest.join(", "));
}

/// Makes sure that some object has each program that is decided about.
pub(super) fn require_programs(objects: &[Object], choice: &Choice) -> anyhow::Result<()> {
    let names = |object: &Object| -> Vec<String> {
        let functions = object.programs.iter().filter_map(|program| object.functions.get(program.function));
        functions.map(|function| function.name.clone()).collect()
    };
    let all: Vec<String> = objects.iter().flat_map(names).collect();
    if let Some(missing) = choice.names().find(|wanted| !all.iter().any(|name| name == wanted)) {
        let nearest = corecheck_layouts::store::nearest(missing, all.iter().map(String::as_str));
        bail!("no program is called {missing}; near: {}", nearest.join(", "));
    }
    if let Some(name) = choice.contradiction() {
        bail!("--alternatives: {name} is in two groups, or not loaded in any case");
    }
    let nowhere = |group: &&Alternatives| objects.iter().all(|object| group.of(object).is_none());
    if let Some(group) = choice.alternatives.iter().find(nowhere) {
        bail!("--alternatives {group}: no object has all of these");
    }
    Ok(())
}
