//! One kernel's packages: added, and what comes back of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{corecheck::Corecheck, dump::Dump, pahole, same, table::Row};

/// What is known of a kernel that was added.
#[derive(Debug)]
pub struct Added {
    /// Its packages.
    pub row: Row,
    /// bpftool's reading of its vmlinux as packaged.
    pub original: Dump,
    /// Its vmlinux as exported.
    pub exported: PathBuf,
}

/// Adds the packages, and exports vmlinux into `work`.
///
/// # Errors
///
/// When one of the programs fails.
pub fn add(corecheck: &Corecheck, row: &Row, work: &Path) -> Result<Added> {
    let vmlinux = row.vmlinux().context("the corpus has no BTF of it")?;
    corecheck.add(&row.packages()?)?;
    let exported = work.join(format!("{}-{}.btf", row.release, row.arch));
    corecheck.export(&row.name(), None, &exported)?;
    let original = Dump::of(&vmlinux, None)?;
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

    /// bpftool reads the same types out of the export.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_its_types(&self) -> Result<()> {
        equal(&self.original, &Dump::of(&self.exported, None)?)
    }

    /// So many types it has.
    pub fn count(&self) -> usize {
        self.original.types.len()
    }

    /// pahole prints the same structures of the export. Says how many.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_its_structures(&self) -> Result<usize> {
        let original = pahole::structures(&self.row.vmlinux().context("no BTF")?)?;
        let exported = pahole::structures(&self.exported)?;
        pahole::differs(&original, &exported).map_or(Ok(original.len()), |how| Err(anyhow::anyhow!(how)))
    }

    /// bpftool reads the same types out of a module's export, on top of the exported vmlinux.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn has_module(&self, corecheck: &Corecheck, name: &str, original: &Path) -> Result<()> {
        let exported = self.exported.with_extension(format!("{name}.btf"));
        corecheck.export(&self.row.name(), Some(name), &exported)?;
        let original = Dump::of(original, self.row.vmlinux().as_deref())?;
        let exported = Dump::of(&exported, Some(&self.exported))?;
        ensure!(original.types.len() > original.base, "the module has no types");
        equal(&original, &exported)
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

/// Fails, saying how the second differs.
///
/// # Errors
///
/// When it does.
pub fn equal(original: &Dump, exported: &Dump) -> Result<()> {
    same::differs(original, exported).map_or(Ok(()), |how| Err(anyhow::anyhow!(how)))
}
