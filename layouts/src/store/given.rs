//! A kernel out of a source that somebody gives: used once, not stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::btf::{Btf, BtfError};
use crate::kernel::{Arch, Coverage, Facts, Group, Kernel, KernelName, ShippedBtf};
use crate::source::{self, FoundBtf, SourceError, SourceKind};

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
    /// It is the BTF of a BPF object.
    #[error(
        "{name}: this is a BPF object; --against wants a kernel: raw BTF, an ELF with .BTF, or a kernel image"
    )]
    BpfObject {
        /// The file.
        name: String,
    },
}

/// Reads a kernel from raw BTF, an ELF with .BTF, or a kernel image.
///
/// It is called `local/RELEASE/ARCH`; the file's name stands for a release that the source does not tell.
///
/// # Errors
/// [`GivenError`] names the file and what is wrong with it.
pub fn kernel_from(path: &Path) -> Result<Kernel, GivenError> {
    let found = source::open(path)?;
    if found.kind == SourceKind::BpfObject {
        return Err(GivenError::BpfObject { name: found.name });
    }
    found.require_standalone()?;
    let stem = path.file_name().map(|name| name.to_string_lossy().into_owned());
    kernel_of(found, stem.unwrap_or_default())
}

fn kernel_of(found: FoundBtf, file_name: String) -> Result<Kernel, GivenError> {
    let release = found.release.clone().unwrap_or(file_name);
    let version = found.release.as_deref().and_then(numeric_version);
    let version_text = version.map(|(major, minor)| format!("{major}.{minor}")).unwrap_or_default();
    let provenance = format!("given as {}", found.name);
    let btf = Btf::parse(found.bytes).map_err(|error| GivenError::Btf { name: found.name, error })?;
    Ok(Kernel {
        name: KernelName {
            distro: "local".to_owned(),
            release,
            arch: Arch::new(found.arch.unwrap_or("unknown")),
        },
        aliases: Vec::new(),
        facts: Facts {
            version: version_text,
            flavour: String::new(),
            group: Group::Distro("local".to_owned()),
            btf: shipped(version),
            config: BTreeMap::new(),
            provenance,
        },
        coverage: Coverage::Complete,
        vmlinux: Some(Arc::new(btf)),
        modules: BTreeMap::new(),
        shipped_modules: None,
        broken_modules: BTreeMap::new(),
        has_kernel_ids: true,
    })
}

/// Modules carry BTF from 5.11 on (`CONFIG_DEBUG_INFO_BTF_MODULES`); a file of vmlinux does not tell whether theirs do.
fn shipped(version: Option<(u32, u32)>) -> ShippedBtf {
    match version {
        Some(version) if version < (5, 11) => ShippedBtf::Vmlinux,
        _ => ShippedBtf::AtLeastVmlinux,
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
    use crate::btf::{Builder, Endian};

    #[test]
    fn modules_before_5_11_have_no_btf() {
        assert_eq!(shipped(numeric_version("5.10.0-32-amd64")), ShippedBtf::Vmlinux);
        assert_eq!(shipped(numeric_version("5.11.0-16-generic")), ShippedBtf::AtLeastVmlinux);
        assert_eq!(shipped(numeric_version("vmlinux")), ShippedBtf::AtLeastVmlinux);
    }

    #[test]
    fn raw_btf_is_a_complete_local_kernel() {
        let mut builder = Builder::new(Endian::Big);
        builder.int("long", 8, 1);
        let bytes = builder.finish().expect("BTF");
        let found = source::from_bytes("somewhere/vmlinux.btf", &bytes).expect("a source");
        let kernel = kernel_of(found, "vmlinux.btf".to_owned()).expect("a kernel");
        assert_eq!(kernel.name.to_string(), "local/vmlinux.btf/unknown");
        assert_eq!(kernel.endian(), Some(Endian::Big));
        assert!(kernel.is_complete() && kernel.has_kernel_ids);
    }
}
