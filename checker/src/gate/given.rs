//! Kernels that are not stored.

use corecheck_layouts::kernel::{Kernel, Root};
use corecheck_layouts::source::gather::{OnProgress, Options, Source, survey};
use corecheck_layouts::store::given;

use super::GateError;

/// Reads the kernels of sources; equal names get a number, so that results tell them apart. What is merely odd goes to the log.
pub(crate) fn given_kernels(
    sources: &[Source],
    roots: &[Root],
    progress: &mut OnProgress<'_>,
) -> Result<Vec<Kernel>, GateError> {
    let mut kernels: Vec<Kernel> = Vec::new();
    if sources.is_empty() {
        return Ok(kernels);
    }
    let mut found = survey(sources, Options::default(), progress)?;
    while let Some(found) = found.next(progress) {
        let found = found?;
        found.problems.iter().for_each(|problem| log::warn!("{problem}"));
        let mut kernel = given(found, roots)?;
        let release = kernel.name.release.clone();
        let mut number = 2;
        while kernels.iter().any(|known| known.name == kernel.name) {
            kernel.name.release = format!("{release}#{number}");
            number += 1;
        }
        kernels.push(kernel);
    }
    for problem in found.into_problems() {
        // Each source was asked for: without one the answer is not the whole answer.
        if sources
            .iter()
            .any(|source| matches!(source, Source::Path(path) if path.display().to_string() == problem.file))
        {
            return Err(problem.into());
        }
        log::warn!("{problem}");
    }
    Ok(kernels)
}
