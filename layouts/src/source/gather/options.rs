//! What is asked for: sources, options, and how progress is told.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where kernels are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file or a folder.
    Path(PathBuf),
    /// The running kernel.
    Live,
}

impl Source {
    /// The source that an argument of a command names: the word `live` is the running kernel, anything else a path
    /// (`./live` for a file of that name).
    pub fn from_argument(argument: &OsStr) -> Self {
        if argument == "live" { Self::Live } else { Self::Path(PathBuf::from(argument)) }
    }
}

/// What is known better than the sources know it. What is set here wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Who built the kernel.
    pub distro: Option<String>,
    /// Its release, as `uname -r` prints it.
    pub release: Option<String>,
    /// Its architecture in Debian's words.
    pub arch: Option<String>,
    /// Its flavour.
    pub flavour: Option<String>,
    /// Its upstream version.
    pub version: Option<String>,
}

/// What of a kernel's modules is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModulesWanted {
    /// Their names and their BTF.
    #[default]
    All,
    /// Their names.
    Names,
    /// Nothing. A package is then read no further than needed.
    None,
}

/// How kernels are gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// What wins over the sources.
    pub overrides: Overrides,
    /// What of modules is wanted.
    pub modules: ModulesWanted,
}

/// How far the reading of one file is, in bytes; of a root file system, in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'p> {
    /// The file or folder.
    pub file: &'p Path,
    /// How much of it has been read. A file may be read more than once.
    pub done: u64,
    /// How much there is; 0 if that is not known.
    pub total: u64,
}

/// Is told of progress.
pub type OnProgress<'p> = dyn FnMut(Progress<'_>) + 'p;
