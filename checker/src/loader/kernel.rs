//! The kernel itself, which relocates light skeletons (`bpf_core_apply`, kernel/bpf/btf.c): libbpf's algorithm as it stood
//! when that kernel was made.
//!
//! Candidates are found as libbpf finds them, but of exactly the root's kind (`bpf_core_add_cands`), and modules are searched
//! only when vmlinux has none (`bpf_core_find_cands`: since 5.17, and so still in 6.18). They are copied for each relocation,
//! so that nothing is pruned. Whole types are compared two levels deep (`MAX_TYPES_ARE_COMPAT_DEPTH`, `MAX_TYPES_MATCH_DEPTH`).

use corecheck_layouts::kernel::{Kernel, ShippedBtf};

use crate::resolve::Rules;

/// The first kernel that relocates by itself (linux commit fbd94c7afcf9).
const FIRST: (u32, u32) = (5, 17);
/// The first that knows `type_matches` and 64-bit enumerations.
const TYPE_MATCHES: (u32, u32) = (6, 0);
/// The first in which a load of an array's element is as wide as one element (linux commit 06096d19ee38; Debian's 6.1.192 does
/// not have it).
const ELEMENT_WIDTH: (u32, u32) = (6, 15);

/// The first two numbers of a kernel's version; `None` when they are not known.
pub fn version(kernel: &Kernel) -> Option<(u32, u32)> {
    parse(&kernel.facts.version).or_else(|| parse(&kernel.name.release))
}

fn parse(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok());
    Some((number(parts.next())?, number(parts.next())?))
}

/// What a kernel of this version does otherwise than the newest libbpf. One whose version is not known is taken for new.
pub fn rules(version: Option<(u32, u32)>) -> Rules {
    let since = |first| version.is_none_or(|version| version >= first);
    Rules {
        prunes: false,
        levels: 2,
        knows_type_matches: since(TYPE_MATCHES),
        wide_numbers: since(TYPE_MATCHES),
        element_width: since(ELEMENT_WIDTH),
        checks_type_ids: false,
    }
}

/// Why a kernel takes no light skeleton with accesses; `None` when it does.
pub fn refusal(kernel: &Kernel) -> Option<String> {
    if kernel.facts.btf == ShippedBtf::None {
        return Some("the kernel relocates by its own BTF, and has none".to_owned());
    }
    let (major, minor) = version(kernel).filter(|&version| version < FIRST)?;
    Some(format!("kernels relocate light skeletons since 5.17, and this is {major}.{minor}"))
}
