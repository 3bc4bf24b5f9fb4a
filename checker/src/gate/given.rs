//! Kernels that are not stored.

use corecheck_layouts::kernel::{Kernel, Root};
use corecheck_layouts::source::gather::{Options, Source, survey};
use corecheck_layouts::store::given;

use super::GateError;

/// Reads the kernels of sources; equal names get a number, so that results tell them apart.
pub(super) fn given_kernels(sources: &[Source], roots: &[Root]) -> Result<Vec<Kernel>, GateError> {
    let mut kernels: Vec<Kernel> = Vec::new();
    if sources.is_empty() {
        return Ok(kernels);
    }
    let mut found = survey(sources, Options::default(), &mut |_| {})?;
    while let Some(found) = found.next(&mut |_| {}) {
        let mut kernel = given(found?, roots)?;
        let release = kernel.name.release.clone();
        let mut number = 2;
        while kernels.iter().any(|known| known.name == kernel.name) {
            kernel.name.release = format!("{release}#{number}");
            number += 1;
        }
        kernels.push(kernel);
    }
    // A source that gave nothing was asked for; a file in a folder was not.
    let is_source = |file: &str| {
        sources.iter().any(|of| matches!(of, Source::Path(path) if path.display().to_string() == file))
    };
    match found.into_problems().into_iter().find(|problem| is_source(&problem.file)) {
        Some(problem) => Err(problem.into()),
        None => Ok(kernels),
    }
}
