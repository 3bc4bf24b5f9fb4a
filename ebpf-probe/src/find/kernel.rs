//! The running kernel: what it is called, its types, and which modules are loaded.

use std::collections::BTreeSet;
use std::path::Path;

use aya::{Btf as AyaBtf, Endianness};
use corecheck_layouts::kernel::{Kernel, Modules, Root};
use corecheck_layouts::source::gather::{GatherError, Options, Source, survey};
use corecheck_layouts::store::{GivenError, given};
use thiserror::Error;

use super::{Roots, text};

/// Why the running kernel cannot be looked at.
#[derive(Debug, Error)]
pub enum FindError {
    /// Its types were not found.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// Its types are broken.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// There is none.
    #[error("the running kernel shows no types of itself")]
    Nothing,
    /// aya does not read its types.
    #[error("aya does not read /sys/kernel/btf/vmlinux: {0}")]
    Aya(String),
}

/// The running kernel.
#[derive(Debug)]
pub struct Machine {
    /// As a target.
    pub kernel: Kernel,
    /// Which modules are loaded; `vmlinux` is none.
    pub loaded: BTreeSet<String>,
    /// Which of them show types of themselves.
    pub with_btf: BTreeSet<String>,
    /// Its vmlinux as aya reads it.
    pub aya: AyaBtf,
}

impl Machine {
    /// Looks at the running kernel; of its modules only those that have one of these types are kept.
    ///
    /// # Errors
    /// [`FindError`] when its types cannot be had.
    pub fn find(roots: &Roots, types: &[Root]) -> Result<Self, FindError> {
        let mut found = survey(&[Source::Live], Options::default(), &mut |_| ())?;
        let found = found.next(&mut |_| ()).ok_or(FindError::Nothing)??;
        found.problems.iter().for_each(|problem| log::info!("{problem}"));
        let kernel = given(found, types)?;
        let quiet = || AyaBtf::parse_file(roots.sys.join("kernel/btf/vmlinux"), Endianness::default());
        let aya = corecheck::loader::aya::quiet::catch(quiet)
            .map_err(FindError::Aya)?
            .map_err(|error| FindError::Aya(error.to_string()))?;
        let with_btf = names_in(&roots.sys.join("kernel/btf"));
        let mut loaded = with_btf.clone();
        let modules = text(&roots.proc.join("modules")).unwrap_or_default();
        loaded.extend(modules.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())));
        Ok(Self { kernel, loaded, with_btf, aya })
    }

    /// The modules that loaders may search.
    pub fn modules(&self) -> Modules {
        Modules::Only(self.loaded.clone())
    }
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name != "vmlinux").collect()
}
