//! libbpf by version: what older ones, which distributions still ship, do otherwise.
//!
//! Read from libbpf's own history (src/relo_core.c and src/libbpf.c between the tags v0.5.0 and v1.7.0). What is not listed
//! here does not change what becomes of an access.
//!
//! | since | what | libbpf's commit |
//! |---|---|---|
//! | 0.6 | BTF with declaration tags and type tags is read | 0f3ba106, 98181e05 |
//! | 0.7 | the instruction of a type id may hold any number | ac20634c |
//! | 0.8 | programs in sections `?…` | e205664d |
//! | 1.0 | `type_matches` | 7410ddc0 |
//! | 1.0 | BTF with 64-bit enumerations is read, and they count as enumerations | 41635182 |
//! | 1.0 | numbers have 64 bits | 23e3d8cf, 0167a883 |
//! | 1.0 | maps in a section `maps` are refused | `LIBBPF_STRICT_MAP_DEFINITIONS` |
//! | 1.6 | a load of an array's element is as wide as one element | d7a4ab15 |

use std::fmt;
use std::str::FromStr;

use corecheck_layouts::btf::{Btf, Kind};
use corecheck_layouts::kernel::{Found, Kernel, Modules, Need, Root};

use super::Loader;
use crate::object::{MapKind, Object, Problem};
use crate::resolve::{Rules, State};

/// A version of libbpf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// 1 of 1.7.
    pub major: u16,
    /// 7 of 1.7.
    pub minor: u16,
}

impl Version {
    /// The newest that is modelled, and all after it.
    pub const NEWEST: Self = Self::new(1, 7);
    /// The oldest that is modelled: before it, relocation was another piece of code.
    pub const OLDEST: Self = Self::new(0, 5);

    /// This version.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// `1.1` or `1.1.2`: patch releases differ in nothing that matters here.
impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is not a version of libbpf such as 1.1");
        let numbers: Vec<u16> =
            text.split('.').map(|part| part.parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
        let version = match numbers[..] {
            [major, minor] | [major, minor, _] => Self { major, minor },
            _ => return Err(wrong()),
        };
        if version < Self::OLDEST {
            return Err(format!("libbpf before {} is not known here", Self::OLDEST));
        }
        // A version that does not exist yet is taken for the newest that does.
        Ok(version.min(Self::NEWEST))
    }
}

/// What this version does otherwise than the newest.
pub fn rules(version: Version) -> Rules {
    let is_one = version >= Version::new(1, 0);
    Rules {
        knows_type_matches: is_one,
        wide_numbers: is_one,
        element_width: version >= Version::new(1, 6),
        checks_type_ids: version < Version::new(0, 7),
        ..Rules::LIBBPF
    }
}

/// Kinds of types that older versions do not know, each with the first version that does. BTF with one of them, be it the
/// object's or the kernel's, is not read at all (`btf_parse_type_sec`).
const KINDS: [(Kind, Version, &str); 3] = [
    (Kind::DeclTag, Version::new(0, 6), "declaration tags"),
    (Kind::TypeTag, Version::new(0, 6), "type tags"),
    (Kind::Enum64, Version::new(1, 0), "64-bit enumerations"),
];

/// What in this BTF the version does not know, in words; `None` when it reads it.
pub fn unread(version: Version, btf: &Btf) -> Option<&'static str> {
    let unknown: Vec<_> = KINDS.into_iter().filter(|&(_, since, _)| version < since).collect();
    if unknown.is_empty() {
        return None;
    }
    let first = btf.ids().find_map(|id| unknown.iter().find(|(kind, ..)| *kind == btf.kind(id)));
    first.map(|(.., what)| *what)
}

/// An enumeration that has 64 bits in the BTF of kernels that have such enumerations at all: every kernel with perf events has
/// it, and its values do not fit 32 bits.
const ENUM64: &str = "perf_callchain_context";

/// Whether it depends on 64-bit enumerations in the kernel's BTF what becomes of any access.
pub fn asks_for_enum64(loader: Loader) -> bool {
    matches!(loader, Loader::Libbpf(version) if version < Version::new(1, 0))
}

/// The root that tells whether a stored kernel's BTF has 64-bit enumerations.
pub fn enum64_root() -> Root {
    Root { name: ENUM64.to_owned(), kind: Kind::Enum64, need: Need::Kind, everywhere: false }
}

/// Whether the BTF of the kernel's vmlinux has 64-bit enumerations; `None` where that is not known.
///
/// Where not all of it is at hand, one enumeration tells; where that is not there either, the version: no kernel since 6.0 is known
/// that has none.
pub fn has_enum64(kernel: &Kernel) -> Option<bool> {
    if let Some(vmlinux) = kernel.vmlinux.as_deref().filter(|_| kernel.is_complete()) {
        return Some(vmlinux.ids().any(|id| vmlinux.kind(id) == Kind::Enum64));
    }
    let found = kernel.find(&[(ENUM64, Kind::Enum64)], &Modules::None).pop();
    if let Some(Found::In(units)) = found {
        return Some(units.iter().any(|unit| unit.ids.iter().any(|&id| unit.btf.kind(id) == Kind::Enum64)));
    }
    super::kernel::version(kernel).filter(|&version| version >= (6, 0)).map(|_| true)
}

/// What becomes of every access on this kernel because of BTF that this version does not read.
pub(super) fn stops(version: Version, object: &Object, kernel: &Kernel) -> Option<(State, String)> {
    if version >= Version::new(1, 0) {
        return None;
    }
    if let Some(what) = object.btf.as_deref().and_then(|btf| unread(version, btf)) {
        let text = format!(
            "libbpf {version} does not read the object's BTF, which has {what}, and leaves its accesses"
        );
        return Some((State::Unknown, text));
    }
    let what = "64-bit enumerations";
    match has_enum64(kernel) {
        Some(false) => None,
        Some(true) => {
            Some((State::Error, format!("libbpf {version} does not read the kernel's BTF, which has {what}")))
        }
        None => Some((
            State::Unknown,
            format!(
                "libbpf {version} does not read BTF with {what}, and whether the kernel's has some is not stored"
            ),
        )),
    }
}

/// Whether this version refuses the object for a problem that the newest one may refuse it for.
pub fn refuses(version: Version, problem: &Problem) -> bool {
    problem.libbpf_refuses() && !(*problem == Problem::LegacyMaps && version < Version::new(1, 0))
}

/// Whether the object cannot be opened without its BTF (`libbpf_needs_btf`).
fn needs_btf(object: &Object) -> bool {
    !object.externs.is_empty() || object.maps.iter().any(|map| map.kind != MapKind::Legacy)
}

/// Why this version does not load an object that the newest one loads; `None` when it does.
pub fn refusal(version: Version, object: &Object) -> Option<String> {
    let what = object.btf.as_deref().and_then(|btf| unread(version, btf));
    if let Some(what) = what.filter(|_| needs_btf(object)) {
        return Some(format!("the object's BTF has {what}, which libbpf {version} does not know"));
    }
    let optional = object.sections.iter().find(|section| section.name.starts_with('?'));
    let optional = optional.filter(|_| version < Version::new(0, 8))?;
    Some(format!("libbpf {version} does not know what the section {} is", optional.name))
}
