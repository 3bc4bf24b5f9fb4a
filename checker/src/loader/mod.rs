//! Loaders: whose rules decide what an access comes to. One file per loader.
//!
//! libbpf, in its versions, and the kernel run one algorithm with other parameters ([`Rules`]). cilium/ebpf has one of its own
//! (`cilium`). aya is aya-obj itself (`aya`).

pub mod aya;
pub mod cilium;
pub mod kernel;
pub mod libbpf;

use std::fmt;
use std::str::FromStr;

use corecheck_layouts::btf::essential_name;
use corecheck_layouts::kernel::{Kernel, Search};

pub use libbpf::Version;

use crate::access::{Access, Skipped};
use crate::object::Object;
use crate::resolve::{Outcome, Reason, Rules, State};

/// A loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loader {
    /// libbpf, of this version.
    Libbpf(Version),
    /// aya, by way of aya-obj as it is linked into this program.
    Aya,
    /// cilium/ebpf.
    Cilium,
    /// The kernel itself, for light skeletons.
    Kernel,
}

impl Loader {
    /// The newest libbpf: the default.
    pub const LIBBPF: Self = Self::Libbpf(Version::NEWEST);
    /// What `all` stands for.
    pub const ALL: [Self; 4] = [Self::LIBBPF, Self::Aya, Self::Cilium, Self::Kernel];

    /// Its name in a sentence.
    pub fn title(self) -> String {
        match self {
            Self::Libbpf(Version::NEWEST) => "libbpf".to_owned(),
            Self::Libbpf(version) => format!("libbpf {version}"),
            Self::Aya => format!("aya (aya-obj {})", aya::VERSION),
            Self::Cilium => "cilium/ebpf".to_owned(),
            Self::Kernel => "the kernel (light skeleton)".to_owned(),
        }
    }

    /// How it looks for root types.
    pub fn search(self) -> Search {
        match self {
            Self::Libbpf(_) => Search::Kind,
            Self::Aya | Self::Kernel => Search::ExactKind,
            Self::Cilium => Search::Everywhere,
        }
    }

    /// The name that it looks for: without a flavour, as it tells one.
    pub fn essential(self, name: &[u8]) -> &[u8] {
        match self {
            Self::Libbpf(_) | Self::Kernel => essential_name(name),
            // The first three underscores (`flavorless_name`).
            Self::Aya => memchr::memmem::find(name, b"___").and_then(|at| name.get(..at)).unwrap_or(name),
            // The last three, unless the name begins with them (`newEssentialName`).
            Self::Cilium => match memchr::memmem::rfind(name, b"___") {
                Some(at) if at > 0 => name.get(..at).unwrap_or(name),
                _ => name,
            },
        }
    }

    /// Whether it relocates this access. libbpf passes over programs that are not loaded, and code that linking replaced;
    /// aya relocates every function that there is, cilium/ebpf those that any program reaches.
    pub fn looks_at(self, access: &Access) -> bool {
        match (self, access.skipped) {
            (_, None) | (Self::Aya, Some(_)) | (Self::Cilium, Some(Skipped::NotLoaded)) => true,
            (_, Some(_)) => false,
        }
    }

    /// The parameters of libbpf's algorithm on this kernel; `None` where it has an algorithm of its own.
    pub fn rules(self, kernel: &Kernel) -> Option<Rules> {
        match self {
            Self::Libbpf(version) => Some(libbpf::rules(version)),
            Self::Kernel => Some(kernel::rules(kernel::version(kernel))),
            Self::Aya | Self::Cilium => None,
        }
    }

    /// What becomes of every access because the loader stops before it comes to any, be it certain or not; `None` where it goes
    /// on. What the loader refuses the object itself for is not told here: see [`Loader::refusals`].
    pub(crate) fn stops(self, object: &Object, kernel: &Kernel) -> Option<Outcome> {
        let (state, text) = match self {
            Self::Libbpf(version) => libbpf::stops(version, object, kernel)?,
            Self::Kernel => (State::Error, kernel::refusal(kernel)?),
            Self::Aya | Self::Cilium => return None,
        };
        Some(Outcome::because(state, Reason::Loader(text)))
    }

    /// Why it refuses the object itself, on whatever kernel.
    pub fn refusals(self, object: &Object) -> Vec<String> {
        let problems = object.problems.iter();
        match self {
            Self::Libbpf(version) => problems
                .filter(|problem| libbpf::refuses(version, problem))
                .map(ToString::to_string)
                .chain(libbpf::refusal(version, object))
                .collect(),
            // libbpf makes the skeleton.
            Self::Kernel => {
                problems.filter(|problem| problem.libbpf_refuses()).map(ToString::to_string).collect()
            }
            Self::Aya => aya::refusal(object).into_iter().collect(),
            Self::Cilium => Vec::new(),
        }
    }
}

impl Default for Loader {
    fn default() -> Self {
        Self::LIBBPF
    }
}

/// The word of the command line and of reports: `libbpf`, `libbpf@1.1`, `aya`, `cilium`, `kernel`.
impl fmt::Display for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Libbpf(Version::NEWEST) => f.write_str("libbpf"),
            Self::Libbpf(version) => write!(f, "libbpf@{version}"),
            Self::Aya => f.write_str("aya"),
            Self::Cilium => f.write_str("cilium"),
            Self::Kernel => f.write_str("kernel"),
        }
    }
}

impl FromStr for Loader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('@') {
            None if text == "libbpf" => Ok(Self::LIBBPF),
            None if text == "aya" => Ok(Self::Aya),
            None if text == "cilium" => Ok(Self::Cilium),
            None if text == "kernel" => Ok(Self::Kernel),
            Some(("libbpf", version)) => version.parse().map(Self::Libbpf),
            Some((name @ ("aya" | "cilium" | "kernel"), _)) => {
                Err(format!("{name} has no versions here; only libbpf@VERSION has"))
            }
            _ => Err("give libbpf, libbpf@VERSION, aya, cilium, kernel or all".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
