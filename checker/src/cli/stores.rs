//! Which kernels a command works with: those inside the program, and those of the user's store.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use corecheck_layouts::store::Store;
use corecheck_layouts::store::file::StoreFile;

/// `--store`.
#[derive(Debug, Args, Clone, Default)]
pub(super) struct StoreArg {
    /// The store of added kernels; without it $XDG_DATA_HOME/corecheck/layouts.store, if that is there
    #[arg(long = "store", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl StoreArg {
    /// The kernels inside the program with those of the store beside them.
    pub(super) fn open(&self) -> anyhow::Result<Store> {
        let mut store = Store::embedded().context("the layouts inside this program are damaged")?;
        if let Some(file) = self.file()? {
            store.add_file(file);
        }
        Ok(store)
    }

    /// The store of added kernels, if there is one.
    pub(super) fn file(&self) -> anyhow::Result<Option<StoreFile>> {
        let Some(path) = self.file.clone().or_else(default_path) else { return Ok(None) };
        if self.file.is_none() && !path.exists() {
            return Ok(None);
        }
        let file = StoreFile::open(&path);
        Ok(Some(file.with_context(|| format!("the store {} cannot be opened", path.display()))?))
    }

    /// Where kernels are added.
    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        match self.file.clone().or_else(default_path) {
            Some(path) => Ok(path),
            None => bail!("neither XDG_DATA_HOME nor HOME is set: say with --store where the store is to be"),
        }
    }

    /// As [`StoreArg::path`], its folder made.
    pub(super) fn path_to_write(&self) -> anyhow::Result<PathBuf> {
        let path = self.path()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        Ok(path)
    }
}

/// The XDG Base Directory Specification: a relative path in `XDG_DATA_HOME` does not count.
fn default_path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("corecheck/layouts.store"))
}
