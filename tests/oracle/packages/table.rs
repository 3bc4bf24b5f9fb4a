//! The packages, as `tests/corpus/packages` lists them, and what their names tell of the kernel in them.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

/// The packages of one kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The architecture, in Debian's words.
    pub arch: String,
    /// The kernel's release, which is in every package's name.
    pub release: String,
    /// Its upstream version, which is in the packages' version.
    pub version: String,
    /// Where the files are.
    pub folder: PathBuf,
}

impl Row {
    /// Reads a line of the table.
    ///
    /// # Errors
    ///
    /// When it does not have its four fields, or they are not as Debian names packages.
    pub fn read(line: &str) -> Result<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let [arch, package, version, folder] = fields[..] else {
            anyhow::bail!("a line of the table has {} fields", fields.len())
        };
        let kinds = ["linux-image-", "linux-binary-", "linux-modules-"];
        let release =
            kinds.iter().find_map(|kind| package.strip_prefix(kind)).context("no kernel's package")?;
        let version = version.rsplit_once('-').context("a version without a revision")?.0;
        let (arch, release, version) = (arch.to_owned(), release.to_owned(), version.to_owned());
        Ok(Self { arch, release, version, folder: folder.into() })
    }

    /// What corecheck is to call it.
    pub fn name(&self) -> String {
        format!("debian/{}/{}", self.release, self.arch)
    }

    /// Its minor version: 6.1.
    pub fn minor(&self) -> String {
        self.version.split('.').take(2).collect::<Vec<_>>().join(".")
    }

    /// Its flavour, for those that the table has.
    pub fn flavour(&self) -> &'static str {
        if self.release.contains("-cloud-") { "cloud" } else { "generic" }
    }

    /// The folder with its packages.
    pub fn package_folder(&self) -> PathBuf {
        self.folder.join("packages")
    }

    /// Its packages.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn packages(&self) -> Result<Vec<PathBuf>> {
        let found = of_ending(&self.package_folder(), "deb")?;
        ensure!(!found.is_empty(), "{} has no package", self.folder.display());
        Ok(found)
    }

    /// Its kernel image.
    pub fn image(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// The BTF of its vmlinux; nothing if it was built without.
    pub fn vmlinux(&self) -> Option<PathBuf> {
        Some(self.folder.join("vmlinux.btf")).filter(|path| path.exists())
    }

    /// The BTF of some of its modules, by the names that they are known by when loaded.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn modules(&self) -> Result<BTreeMap<String, PathBuf>> {
        let found = of_ending(&self.folder.join("modules"), "btf")?;
        let name = |path: &PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().replace('-', "_"));
        Ok(found.into_iter().filter_map(|path| Some((name(&path)?, path))).collect())
    }
}

/// The files of a folder whose names end so, in order.
fn of_ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    found.retain(|path| path.extension() == Some(OsStr::new(ending)));
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages_tell_the_kernel() {
        let line = "arm64\tlinux-modules-7.2.13+deb14-cloud-arm64\t7.2.13-1~bpo13+1\t/tmp/x";
        let row = Row::read(line).expect("it is a row");
        assert_eq!(row.name(), "debian/7.2.13+deb14-cloud-arm64/arm64");
        assert_eq!((row.version.as_str(), row.minor().as_str(), row.flavour()), ("7.2.13", "7.2", "cloud"));
        let line = "amd64\tlinux-image-6.1.0-56-amd64\t6.1.192-2\t/tmp/x";
        let row = Row::read(line).expect("it is a row");
        assert_eq!((row.release.as_str(), row.version.as_str()), ("6.1.0-56-amd64", "6.1.192"));
        assert_eq!(row.flavour(), "generic");
    }

    #[test]
    fn other_lines_are_errors() {
        for line in
            ["", "amd64\tlinux-image-1\t1-1", "amd64\tbpftool\t1-1\t/x", "amd64\tlinux-image-1\t1\t/x"]
        {
            assert!(Row::read(line).is_err(), "{line}");
        }
    }
}
