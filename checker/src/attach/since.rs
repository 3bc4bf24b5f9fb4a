//! What libbpf has learned since the oldest version that is modelled, as far as it is about attach points and externs.
//!
//! Source: `section_defs`, `find_sec_def` and `bpf_object__resolve_ksym_func_btf_id` of each version of libbpf from 0.5 on.

use crate::loader::Version;

/// Since when a section may go without a target behind it (`SEC("kprobe")`).
const WITHOUT_TARGET: Version = Version::new(0, 8);

/// Since when names must match: before, `xdp_drop` was taken for `xdp` (`SEC_SLOPPY_PFX`).
const STRICT_NAMES: Version = Version::new(1, 0);

/// Versions that between them ask a kernel for all that any version does: the last that takes names for others, and the newest.
pub(super) const ALL_ASKED: [Version; 2] = [Version::new(0, 8), Version::NEWEST];

/// Since when a function's flavour does not count, and a weak function of another prototype is only missing.
const KFUNC_FLAVOURS: Version = Version::new(1, 3);

/// Sections by the version that brought them; all others are older. Those of 1.8 are in its source, which is not released.
const SECTIONS: [(Version, &[&str]); 11] = [
    (Version::new(0, 6), &["raw_tp.w", "raw_tracepoint.w", "tc"]),
    (
        Version::new(0, 7),
        &["iter.s", "xdp.frags", "xdp.frags/cpumap", "xdp.frags/devmap", "xdp/cpumap", "xdp/devmap"],
    ),
    (Version::new(0, 8), &["kprobe.multi", "kretprobe.multi", "usdt"]),
    (Version::new(1, 0), &["kretsyscall", "ksyscall", "lsm_cgroup", "uprobe.s", "uretprobe.s"]),
    (Version::new(1, 2), &["struct_ops.s"]),
    (
        Version::new(1, 3),
        &[
            "cgroup/connect_unix",
            "cgroup/getpeername_unix",
            "cgroup/getsockname_unix",
            "cgroup/recvmsg_unix",
            "cgroup/sendmsg_unix",
            "netfilter",
            "netkit/peer",
            "netkit/primary",
            "tc/egress",
            "tc/ingress",
            "tcx/egress",
            "tcx/ingress",
            "uprobe.multi",
            "uprobe.multi.s",
            "uretprobe.multi",
            "uretprobe.multi.s",
            "usdt.s",
        ],
    ),
    (Version::new(1, 4), &["sk_skb/verdict"]),
    (Version::new(1, 5), &["kprobe.session"]),
    (Version::new(1, 6), &["uprobe.session", "uprobe.session.s"]),
    (Version::new(1, 7), &["fsession", "fsession.s"]),
    (
        Version::new(1, 8),
        &[
            "fentry.multi",
            "fentry.multi.s",
            "fexit.multi",
            "fexit.multi.s",
            "fsession.multi",
            "fsession.multi.s",
            "raw_tp.s",
            "raw_tracepoint.s",
            "tp.s",
            "tp_btf.s",
            "tracepoint.s",
        ],
    ),
];

/// The version that brought a section of this name, with a target behind it or without.
pub(super) fn section(name: &str, has_target: bool, may_have_target: bool) -> Version {
    let named = SECTIONS.iter().find(|(_, names)| names.contains(&name)).map(|&(version, _)| version);
    let version = named.unwrap_or(Version::OLDEST);
    if may_have_target && !has_target && name != "struct_ops" { version.max(WITHOUT_TARGET) } else { version }
}

/// Whether a version takes a section for one whose name it begins with, where nothing may follow the name.
pub(super) fn is_sloppy(version: Version) -> bool {
    version < STRICT_NAMES
}

/// Whether a version looks for a function's name without its flavour, and does without a weak function whose prototype is
/// another.
pub(super) fn knows_kfunc_flavours(version: Version) -> bool {
    version >= KFUNC_FLAVOURS
}

#[cfg(test)]
mod tests {
    use super::super::sections::ROWS;
    use super::*;

    #[test]
    fn every_section_is_one_of_the_table() {
        for name in SECTIONS.iter().flat_map(|(_, names)| *names) {
            assert!(ROWS.iter().any(|row| row.name == *name), "{name}");
        }
        // libbpf 0.5 had 66, two of which are gone.
        let oldest = ROWS.iter().filter(|row| section(row.name, true, row.open) == Version::OLDEST).count();
        assert_eq!(oldest, 64);
    }
}
