//! A kernel out of a source that somebody gives: used once, not stored.

use std::sync::Arc;

use thiserror::Error;

use super::file::StoreError;
use crate::btf::{Btf, BtfError, Builder};
use crate::kernel::{Arch, Coverage, Facts, Found, Group, Kernel, KernelName, Modules, Root, ShippedBtf};
use crate::source::gather::{FoundKernel, FoundModule};
use crate::source::{Problem, SourceError};

/// A source that gives no kernel.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GivenError {
    /// No BTF can be had from the file.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its BTF is broken.
    #[error("{name}: {error}")]
    Btf {
        /// The file.
        name: String,
        /// What is wrong.
        #[source]
        error: BtfError,
    },
    /// It has no vmlinux BTF.
    #[error("{name}: nothing is known of its types")]
    NoTypes {
        /// The kernel.
        name: String,
    },
    /// It cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a kernel out of what a source gave. Its modules are read when a root is not in its vmlinux, and then only those that
/// have one are kept: all modules of a kernel together have hundreds of megabytes.
///
/// # Errors
/// [`GivenError`] when the BTF of its vmlinux is broken; a broken module is [`Kernel::broken_modules`].
pub fn given(mut found: FoundKernel, roots: &[Root]) -> Result<Kernel, GivenError> {
    let modules = found.take_modules();
    let mut kernel = kernel_of(found)?;
    let wanted: Vec<_> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    let is_missing = |found: &Found| !matches!(found, Found::In(_));
    let Some(vmlinux) = kernel.vmlinux.clone() else { return Ok(kernel) };
    if modules.len() == 0 || !kernel.find(&wanted, &Modules::None).iter().any(is_missing) {
        return Ok(kernel);
    }
    let names: Vec<&[u8]> = roots.iter().map(|root| root.name.as_bytes()).collect();
    let nothing =
        Builder::split(&vmlinux).finish().and_then(|bytes| Btf::parse_split(bytes, Arc::clone(&vmlinux)));
    let nothing =
        Arc::new(nothing.map_err(|error| GivenError::Btf { name: kernel.name.to_string(), error })?);
    for module in modules {
        match module_btf(&module, &vmlinux) {
            Ok(None) => {}
            Ok(Some(btf)) => {
                let has_any = !btf.find_by_essential_name(&names, |_| true).is_empty();
                // It is known, and has nothing of what is asked.
                let kept = if has_any { Arc::new(btf) } else { Arc::clone(&nothing) };
                kernel.modules.insert(module.name, kept);
            }
            Err(why) => {
                kernel.broken_modules.insert(module.name, why);
            }
        }
    }
    kernel.shipped_modules =
        Some(kernel.modules.keys().chain(kernel.broken_modules.keys()).cloned().collect());
    Ok(kernel)
}

/// The BTF of a module, `None` if it has none; else what is wrong with it. BTF without a type is what a few modules really
/// have: loaders find nothing in it either.
pub(super) fn module_btf(module: &FoundModule, vmlinux: &Arc<Btf>) -> Result<Option<Btf>, String> {
    let found = match &module.btf {
        Ok(found) => found,
        Err(error) if matches!(error.problem, Problem::NoBtf { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let base = Arc::clone(vmlinux);
    let btf = match &found.base {
        Some(distilled) => Btf::parse_distilled(found.bytes.clone(), distilled.clone(), &base)
            .map_err(|error| error.to_string()),
        None => Btf::parse_split(found.bytes.clone(), base).map_err(|error| error.to_string()),
    }?;
    Ok(Some(btf))
}

/// A kernel with its vmlinux, without modules.
pub(super) fn kernel_of(found: FoundKernel) -> Result<Kernel, GivenError> {
    let name = KernelName {
        distro: found.distro.clone(),
        release: found.release.clone(),
        arch: Arch::new(found.arch.clone().unwrap_or_else(|| "unknown".to_owned())),
    };
    let btf = Btf::parse(found.vmlinux)
        .map_err(|error| GivenError::Btf { name: found.provenance.clone(), error })?;
    let mut kernel = Kernel::of_vmlinux(name, Arc::new(btf));
    let version = if found.version.is_empty() { found.release.as_str() } else { found.version.as_str() };
    kernel.facts = Facts {
        btf: shipped(found.modules_have_btf, numeric_version(version).filter(|_| found.has_release)),
        version: found.version,
        flavour: found.flavour,
        group: Group::Distro(found.distro),
        config: found.config,
        provenance: found.provenance,
    };
    kernel.coverage = Coverage::Complete;
    Ok(kernel)
}

/// Modules carry BTF from 5.11 on (`CONFIG_DEBUG_INFO_BTF_MODULES`); a file of vmlinux does not tell whether theirs do.
fn shipped(modules_have_btf: Option<bool>, version: Option<(u32, u32)>) -> ShippedBtf {
    match (modules_have_btf, version) {
        (Some(true), _) => ShippedBtf::VmlinuxAndModules,
        (Some(false), _) => ShippedBtf::Vmlinux,
        (None, Some(version)) if version < (5, 11) => ShippedBtf::Vmlinux,
        (None, _) => ShippedBtf::AtLeastVmlinux,
    }
}

/// Major and minor number at the start of a release.
fn numeric_version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_before_5_11_have_no_btf() {
        let of = |release: &str| shipped(None, numeric_version(release));
        assert_eq!(of("5.10.0-32-amd64"), ShippedBtf::Vmlinux);
        assert_eq!(of("5.11.0-16-generic"), ShippedBtf::AtLeastVmlinux);
        assert_eq!(of("vmlinux"), ShippedBtf::AtLeastVmlinux);
        assert_eq!(shipped(Some(true), None), ShippedBtf::VmlinuxAndModules);
        assert_eq!(shipped(Some(false), Some((6, 1))), ShippedBtf::Vmlinux);
    }
}
