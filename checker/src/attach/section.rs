//! What a section's name says of the programs in it: their type, how they attach, and to what.
//!
//! Source: `section_defs` and `sec_def_matches` (libbpf): a name with `/…` behind it or without, or one that must be
//! exactly so; the first that matches counts. libbpf does not load programs of other sections, unless who loads them says
//! their type.

use super::model::{Elsewhere, Target, What};
use super::sections::ROWS;
use super::since;
use crate::loader::Version;

/// How programs of a section attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// By link or by hand, to something that is no part of the kernel's types: a device, a cgroup, a socket.
    Thing,
    Function,
    TypedTracepoint,
    RawTracepoint,
    TraceEvent,
    Lsm,
    Iterator,
    Replace,
    Kprobe,
    KprobeMulti,
    SystemCall,
    UserSpace,
    StructOps,
}

/// Whether the kernel looks at the type of attachment when it loads a program of this sort
/// (`bpf_prog_load_check_attach`, `check_attach_btf_id`), or when it attaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Load,
    Attach,
}

/// A row of the table: name, whether more may follow it, type of program, type of attachment.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) open: bool,
    pub(super) program: &'static str,
    pub(super) attach: Option<(&'static str, When)>,
    pub(super) family: Family,
}

/// What a section's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Enumerator of the type of program.
    pub(super) program: &'static str,
    /// Enumerator of the type of attachment, and whether it is looked at when the program is loaded.
    pub(super) attach: Option<(&'static str, bool)>,
    /// What it attaches to; `None` for what is no part of the kernel's types.
    pub(super) target: Option<What>,
}

/// What a section's name, without a leading `?`, says to a version of libbpf.
///
/// # Errors
/// For a name that it does not know: the version that brought it, if one did.
pub(super) fn meaning(section: &str, libbpf: Version) -> Result<Meaning, Option<Version>> {
    let mut later: Option<Version> = None;
    for row in &ROWS {
        let Some(rest) = section.strip_prefix(row.name) else { continue };
        let is_sloppy = !row.open && row.name != "syscall" && since::is_sloppy(libbpf);
        if !(rest.is_empty() || is_sloppy || row.open && rest.starts_with('/')) {
            continue;
        }
        let since = since::section(row.name, rest.len() > 1, row.open);
        if since > libbpf {
            later = Some(later.map_or(since, |later| later.min(since)));
            continue;
        }
        let target = rest.strip_prefix('/').filter(|_| row.open);
        return Ok(Meaning {
            program: row.program,
            attach: row.attach.map(|(name, when)| (name, when == When::Load)),
            target: target_of(row.family, target),
        });
    }
    Err(later)
}

/// What programs of a family attach to, given what follows the section's name.
fn target_of(family: Family, target: Option<&str>) -> Option<What> {
    let target = target.filter(|target| !target.is_empty());
    let unset = match family {
        Family::Thing | Family::StructOps => return None,
        Family::UserSpace => return Some(What::Elsewhere(Elsewhere::UserSpace)),
        Family::Replace => return Some(What::Elsewhere(Elsewhere::BpfProgram)),
        Family::Function | Family::TypedTracepoint | Family::Lsm | Family::Iterator => Elsewhere::BeforeLoad,
        _ => Elsewhere::AtAttach,
    };
    let Some(target) = target else { return Some(What::Elsewhere(unset)) };
    let name = || target.to_owned();
    Some(match family {
        Family::Function => What::TracedFunction(Target::parse(target)),
        Family::TypedTracepoint => What::TypedTracepoint(Target::parse(target)),
        Family::RawTracepoint => What::RawTracepoint(name()),
        Family::TraceEvent => match target.split_once('/') {
            Some((category, name)) => {
                What::TraceEvent { category: category.to_owned(), name: name.to_owned() }
            }
            None => What::Elsewhere(Elsewhere::AtAttach),
        },
        Family::Lsm => What::LsmHook(name()),
        Family::Iterator => What::Iterator(name()),
        // `function+offset`.
        Family::Kprobe => What::ProbedFunction(target.split('+').next().unwrap_or(target).to_owned()),
        Family::KprobeMulti if target.contains(['*', '?']) => What::ProbedPattern(name()),
        Family::KprobeMulti => What::ProbedFunction(name()),
        Family::SystemCall => What::SystemCall(name()),
        Family::Thing | Family::StructOps | Family::UserSpace | Family::Replace => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(section: &str) -> Option<What> {
        meaning(section, Version::NEWEST).expect("libbpf knows it").target
    }

    #[test]
    fn names_match_as_libbpf_matches_them() {
        let program = |section: &str| meaning(section, Version::NEWEST).ok().map(|meaning| meaning.program);
        assert_eq!(program("kprobe"), Some("BPF_PROG_TYPE_KPROBE"));
        assert_eq!(program("kprobe/do_exit"), Some("BPF_PROG_TYPE_KPROBE"));
        assert_eq!(program("xdp"), Some("BPF_PROG_TYPE_XDP"));
        assert_eq!(program("tcx/egress"), Some("BPF_PROG_TYPE_SCHED_CLS"));
        for unknown in ["kprobes", "xdp/own", "no/such", "", "prog", "tc/else"] {
            assert_eq!(program(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn versions_know_other_names() {
        let by = |section: &str, minor: (u16, u16)| {
            meaning(section, Version::new(minor.0, minor.1)).map(|meaning| meaning.program)
        };
        let later = |major, minor| Err(Some(Version::new(major, minor)));
        assert_eq!(by("netfilter", (1, 1)), later(1, 3));
        assert_eq!(by("netfilter", (1, 3)), Ok("BPF_PROG_TYPE_NETFILTER"));
        assert_eq!(by("tp.s/sched/sched_switch", (1, 7)), later(1, 8));
        assert_eq!(by("no/such", (1, 7)), Err(None));
        // Before 1.0 a name was enough that begins alike; the longer ones stand first.
        assert_eq!(by("xdp_drop", (0, 8)), Ok("BPF_PROG_TYPE_XDP"));
        assert_eq!(by("xdp_drop", (1, 0)), Err(None));
        assert_eq!(by("tc", (0, 5)), later(0, 6));
        assert_eq!(by("tc/own", (0, 6)), Ok("BPF_PROG_TYPE_SCHED_CLS"));
        assert_eq!(by("syscalls", (0, 8)), Err(None));
        assert_eq!(by("kprobe", (0, 7)), later(0, 8));
        assert_eq!(by("kprobe/do_exit", (0, 5)), Ok("BPF_PROG_TYPE_KPROBE"));
    }

    #[test]
    fn what_follows_the_name_is_the_target() {
        let traced = |name: &str, module: Option<&str>| {
            let module = module.map(str::to_owned);
            Some(What::TracedFunction(Target { name: name.to_owned(), module }))
        };
        assert_eq!(target("fentry/do_exit"), traced("do_exit", None));
        assert_eq!(target("fexit.s/nf_tables:nft_do_chain"), traced("nft_do_chain", Some("nf_tables")));
        assert_eq!(
            target("kprobe/tcp_v4_connect+0x10"),
            Some(What::ProbedFunction("tcp_v4_connect".to_owned()))
        );
        assert_eq!(target("kprobe.multi/tcp_*"), Some(What::ProbedPattern("tcp_*".to_owned())));
        let event = What::TraceEvent { category: "sched".to_owned(), name: "sched_switch".to_owned() };
        assert_eq!(target("tp/sched/sched_switch"), Some(event));
        assert_eq!(target("lsm.s/bpf"), Some(What::LsmHook("bpf".to_owned())));
        assert_eq!(target("iter/task"), Some(What::Iterator("task".to_owned())));
        assert_eq!(target("raw_tp.w/x"), Some(What::RawTracepoint("x".to_owned())));
        assert_eq!(target("ksyscall/openat"), Some(What::SystemCall("openat".to_owned())));
    }

    #[test]
    fn some_targets_are_no_part_of_the_kernel() {
        let elsewhere = |which| Some(What::Elsewhere(which));
        assert_eq!(target("fentry"), elsewhere(Elsewhere::BeforeLoad));
        assert_eq!(target("fentry/"), elsewhere(Elsewhere::BeforeLoad));
        assert_eq!(target("kprobe"), elsewhere(Elsewhere::AtAttach));
        assert_eq!(target("tp"), elsewhere(Elsewhere::AtAttach));
        assert_eq!(target("usdt/libc.so.6:libc:setjmp"), elsewhere(Elsewhere::UserSpace));
        assert_eq!(target("uprobe.multi.s//bin/sh:main"), elsewhere(Elsewhere::UserSpace));
        assert_eq!(target("freplace/handle"), elsewhere(Elsewhere::BpfProgram));
        assert_eq!((target("xdp"), target("struct_ops/init")), (None, None));
    }

    #[test]
    fn the_kernel_looks_at_some_types_of_attachment_at_load() {
        let attach =
            |section: &str| meaning(section, Version::NEWEST).ok().and_then(|meaning| meaning.attach);
        assert_eq!(attach("fentry/x"), Some(("BPF_TRACE_FENTRY", true)));
        assert_eq!(attach("cgroup/connect4"), Some(("BPF_CGROUP_INET4_CONNECT", true)));
        assert_eq!(attach("kprobe.multi/x"), Some(("BPF_TRACE_KPROBE_MULTI", false)));
        assert_eq!(attach("cgroup_skb/egress"), Some(("BPF_CGROUP_INET_EGRESS", false)));
        assert_eq!(attach("kprobe/x"), None);
    }
}
