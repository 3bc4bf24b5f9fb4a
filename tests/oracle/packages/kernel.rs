//! One kernel's packages: added, and what comes back of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, ensure};
use serde_json::Value;

use crate::{
    corecheck::Corecheck,
    dump::Dump,
    pahole,
    same::{self, Coloured},
    table::Row,
};

/// What is known of a kernel that was added.
#[derive(Debug)]
pub struct Added {
    /// Its packages.
    pub row: Row,
    /// The BTF of its vmlinux as packaged.
    pub original: PathBuf,
    /// Its vmlinux as exported.
    pub exported: PathBuf,
}

/// What bpftool reads in a vmlinux as packaged, and in an export of it: the same.
#[derive(Debug)]
pub struct Same {
    original: Coloured,
    exported: Coloured,
}

impl Same {
    /// How many types it has as packaged.
    pub fn count(&self) -> usize {
        self.original.count()
    }
}

/// Adds the packages, and exports vmlinux into `work`.
///
/// # Errors
///
/// When one of the programs fails.
pub fn add(corecheck: &Corecheck, row: &Row, work: &Path) -> Result<Added> {
    let original = row.vmlinux().context("the corpus has no BTF of it")?;
    corecheck.add(&row.packages()?)?;
    let exported = work.join(format!("{}-{}.btf", row.release, row.arch));
    corecheck.export(&row.name(), None, &exported)?;
    Ok(Added { row: row.clone(), original, exported })
}

impl Added {
    /// Facts are those that the packages' names tell.
    ///
    /// # Errors
    ///
    /// When one is not.
    pub fn has_its_facts(&self, corecheck: &Corecheck) -> Result<()> {
        let row = &self.row;
        let listed = corecheck.listed(&row.name())?;
        let btf = if row.modules()?.is_empty() { "vmlinux" } else { "vmlinux+modules" };
        let facts = [
            ("name", row.name()),
            ("distro", "debian".to_owned()),
            ("release", row.release.clone()),
            ("version", row.version.clone()),
            ("flavour", row.flavour().to_owned()),
            ("arch", row.arch.clone()),
            ("btf", btf.to_owned()),
        ];
        for (fact, expected) in facts {
            let found = listed.get(fact).and_then(Value::as_str).unwrap_or_default();
            ensure!(found == expected, "its {fact} is {found}, and should be {expected}");
        }
        ensure!(listed.get("complete") == Some(&Value::Bool(true)), "it is not complete");
        let provenance = listed.get("provenance").and_then(Value::as_str).unwrap_or_default();
        for package in row.packages()? {
            let file = package.file_name().unwrap_or_default().to_string_lossy();
            let name = file.split('_').next().unwrap_or_default();
            ensure!(provenance.contains(name), "its provenance does not name {name}: {provenance}");
        }
        Ok(())
    }

    /// bpftool reads the same types out of an export of vmlinux.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_its_types(&self, exported: &Path) -> Result<Same> {
        let (original, exported) = (Dump::of(&self.original, None)?, Dump::of(exported, None)?);
        let (original, exported) = same::compare(original, exported, None).map_err(Error::msg)?;
        Ok(Same { original, exported })
    }

    /// pahole prints the same structures of the export. Says how many.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_its_structures(&self) -> Result<usize> {
        let original = pahole::structures(&self.original)?;
        let exported = pahole::structures(&self.exported)?;
        pahole::differs(&original, &exported).map_or(Ok(original.len()), |how| Err(anyhow::anyhow!(how)))
    }

    /// bpftool reads the same types out of a module's export, on top of this export of its vmlinux.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_module(&self, export: &Export<'_>, name: &str, original: &Path) -> Result<()> {
        let exported = export.vmlinux.with_extension(format!("{name}.btf"));
        export.corecheck.export(export.kernel, Some(name), &exported)?;
        let bases = (&export.same.original, &export.same.exported);
        let original = Dump::of(original, Some((&self.original, bases.0.count())))?;
        let exported = Dump::of(&exported, Some((export.vmlinux, bases.1.count())))?;
        ensure!(!original.types.is_empty(), "the module has no types");
        same::compare(original, exported, Some(bases)).map(drop).map_err(Error::msg)
    }

    /// `layouts health` says something of it.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_health(&self, corecheck: &Corecheck) -> Result<()> {
        let said =
            corecheck.succeed::<&str>(&["layouts", "health", &self.row.name(), "--format", "json"], &[])?;
        let said: Value = serde_json::from_str(&said)?;
        ensure!(said.to_string().contains(&self.row.name()), "it does not name the kernel: {said}");
        Ok(())
    }
}

/// A vmlinux that was exported and found to be the same, for its modules.
#[derive(Debug, Clone, Copy)]
pub struct Export<'e> {
    /// What exports.
    pub corecheck: &'e Corecheck,
    /// How the kernel is called there.
    pub kernel: &'e str,
    /// The exported vmlinux.
    pub vmlinux: &'e Path,
    /// Its types.
    pub same: &'e Same,
}
