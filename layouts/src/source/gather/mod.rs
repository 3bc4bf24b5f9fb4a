//! From what is named on a command line to kernels with the BTF of all their units.
//!
//! [`survey`] looks at every source no longer than it takes to tell which kernels are in it, and groups what belongs
//! together: `linux-binary-*` with `linux-modules-*`, a `vmlinux` with its modules. [`Gathering::next`] then reads one
//! kernel after the other, and each hands over its modules one at a time.
//!
//! - `options`: what is asked for; `place`: what a path in a package stands for;
//! - `survey`, `folder`, `part`, `group`: which kernels there are, and what each is made of;
//! - `assemble`, `disk`, `finish`: one kernel, out of its parts; `found`: what comes out; `module`: its modules;
//! - `facts`, `kconfig`: what it is called and how it is configured;
//! - `dwarf`: BTF by `pahole`, where there is only DWARF.
//!
//! Forms are told by content, never by the file's name. Within packages and root file systems, where a file is
//! decides whether it is looked at.
//!
//! A broken package or module does not spoil the others: it is among the problems of the result. Only when nothing
//! usable is found that is an error. Nothing is written to disk, but what `pahole` needs in a temporary folder.

mod assemble;
mod disk;
mod dwarf;
mod error;
mod facts;
mod finish;
mod folder;
mod found;
mod group;
mod kconfig;
mod module;
mod options;
mod part;
mod place;
mod release;
mod survey;
#[cfg(test)]
mod tests;

pub use self::dwarf::MAX_PAHOLE_TIME;
pub use self::error::GatherError;
pub use self::found::FoundKernel;
pub use self::module::{FoundModule, ModuleBtf, Modules};
pub use self::options::{ModulesWanted, OnProgress, Options, Overrides, Progress, Source};
pub use self::release::{OfRelease, debian_arch};
pub use self::survey::{Gathering, survey};

use super::error::SourceError;

/// The most bytes of a kernel's modules that are kept in memory, as packages hold them or their BTF compressed: 1 GiB.
/// Those of Debian's 6.18 take about 120 MiB.
pub const MAX_KEPT_BYTES: u64 = 1 << 30;

/// The largest module that is read, in bytes: 256 MiB.
pub const MAX_MODULE_BYTES: u64 = 256 << 20;

/// The largest text file (configuration, lists) that is read, in bytes: 4 MiB.
pub const MAX_TEXT_BYTES: u64 = 4 << 20;

/// Reads all kernels of the sources; `take` gets each in turn, with the BTF of its modules not read yet.
///
/// # Errors
/// When no kernel is found; what is wrong with some of several goes to `take` as an error of its own.
pub fn gather(
    sources: &[Source],
    options: Options,
    progress: &mut OnProgress<'_>,
    take: &mut dyn FnMut(Result<FoundKernel, GatherError>),
) -> Result<Vec<SourceError>, GatherError> {
    let mut gathering = survey(sources, options, progress)?;
    while let Some(kernel) = gathering.next(progress) {
        take(kernel);
    }
    Ok(gathering.into_problems())
}
