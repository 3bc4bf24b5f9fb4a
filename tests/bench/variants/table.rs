//! The table of real kernels.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A real kernel.
#[derive(Debug, Clone)]
pub struct Row {
    /// What `uname -r` says there: the package's name without its first words.
    pub release: String,
    /// Debian's architecture.
    pub arch: String,
    /// Upstream's version, in numbers.
    pub version: Vec<u32>,
    /// Raw BTF.
    pub btf: PathBuf,
}

impl Row {
    /// What patch releases have in common: architecture, flavour, minor version, and the suite they were built for.
    pub fn series(&self) -> String {
        let flavour: Vec<&str> = self
            .release
            .split(['-', '+'])
            .skip(1)
            .filter(|part| part.parse::<f32>().is_err())
            .map(|part| part.split('.').next().unwrap_or(part))
            .collect();
        let minor: Vec<String> = self.version.iter().take(2).map(u32::to_string).collect();
        format!("{} {} {}", self.arch, minor.join("."), flavour.join("-"))
    }
}

/// Reads what `tests/corpus/kernels` prints, without what was made of headers.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut rows = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [package, version, arch, btf] = fields[..] else {
            anyhow::bail!("{}: this is no row: {line}", path.display());
        };
        let release = package.strip_prefix("linux-image-").or(package.strip_prefix("linux-binary-"));
        let Some(release) = release else { continue };
        let upstream = version.split('-').next().unwrap_or(version);
        let version = upstream.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        rows.push(Row { release: release.to_owned(), arch: arch.to_owned(), version, btf: btf.into() });
    }
    Ok(rows)
}
