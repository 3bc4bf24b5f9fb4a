//! Helpers that a kernel has, and not for programs of every sort.
//!
//! BTF does not tell: which sort may call which helper is code (`…_func_proto`). The table beside this file was measured on booted
//! kernels (`tests/helpers/run`). Helpers are only ever added, so that one which a measured kernel refuses is refused by all before
//! it, and one which it takes is taken by all after it; in between, and after the last, is unknown. Hooks, iterators, and programs that may
//! sleep are not measured, and neither are other machines than amd64.

use std::collections::BTreeMap;

use corecheck_layouts::kernel::Kernel;

use super::model::{By, Doubt, Fate, Lack, Requirement, What};
use super::released::{Release, Version};
use super::section::{Meaning, meaning};
use crate::loader;
use crate::object::Object;

const TABLE: &str = include_str!("helpers.tsv");

/// Which kernels refuse a helper to programs of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The last measured kernel that does: major and minor number.
    last: Version,
    /// The first measured one that takes it.
    first: Option<Version>,
}

/// The sort of a program in the table's words.
fn sort(section: &str, of: &Meaning) -> Option<&'static str> {
    // What may sleep may call others.
    if section.split('/').next()?.ends_with(".s") {
        return None;
    }
    Some(match (of.program, of.attach.map(|(name, _)| name)) {
        ("BPF_PROG_TYPE_KPROBE", _) => "kprobe",
        ("BPF_PROG_TYPE_TRACEPOINT", _) => "tracepoint",
        ("BPF_PROG_TYPE_RAW_TRACEPOINT", _) => "raw_tp",
        ("BPF_PROG_TYPE_PERF_EVENT", _) => "perf_event",
        ("BPF_PROG_TYPE_TRACING", Some("BPF_TRACE_RAW_TP")) => "tp_btf",
        ("BPF_PROG_TYPE_TRACING", Some("BPF_TRACE_FENTRY")) => "fentry",
        ("BPF_PROG_TYPE_TRACING", Some("BPF_TRACE_FEXIT")) => "fexit",
        ("BPF_PROG_TYPE_TRACING", Some("BPF_MODIFY_RETURN")) => "fmod_ret",
        ("BPF_PROG_TYPE_XDP", _) => "xdp",
        ("BPF_PROG_TYPE_SCHED_CLS", _) => "tc",
        ("BPF_PROG_TYPE_SCHED_ACT", _) => "action",
        ("BPF_PROG_TYPE_SOCKET_FILTER", _) => "socket",
        ("BPF_PROG_TYPE_CGROUP_SKB", _) => "cgroup_skb",
        ("BPF_PROG_TYPE_SOCK_OPS", _) => "sockops",
        ("BPF_PROG_TYPE_SK_SKB", _) => "sk_skb",
        ("BPF_PROG_TYPE_SK_MSG", _) => "sk_msg",
        ("BPF_PROG_TYPE_LWT_IN", _) => "lwt_in",
        _ => return None,
    })
}

/// The rows of a sort, by helper.
fn rows(sort: &str) -> impl Iterator<Item = (Refused, impl Iterator<Item = i32>)> {
    TABLE.lines().filter_map(move |line| {
        let mut parts = line.split('\t');
        (parts.next()? == sort).then_some(())?;
        let last = version(parts.next()?)?;
        let first = version(parts.next()?);
        let numbers = parts.next()?.split(',').filter_map(|number| number.parse().ok());
        Some((Refused { last, first }, numbers))
    })
}

fn version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Of the helpers that these calls are of, those that some kernel refuses to a program that has the calls.
pub(super) fn requirements(
    object: &Object,
    libbpf: loader::Version,
    calls: &BTreeMap<i32, Vec<(usize, u32)>>,
) -> Vec<Requirement> {
    let mut all = Vec::new();
    for (program, of) in object.programs.iter().enumerate() {
        let Ok(meaning) = meaning(&of.section_name, libbpf) else { continue };
        let Some(sort) = sort(&of.section_name, &meaning) else { continue };
        let is_own = |&(section, insn): &(usize, u32)| {
            object.function_at(section, insn).is_some_and(|f| of.functions.binary_search(&f).is_ok())
        };
        let mut found = BTreeMap::new();
        for (refused, numbers) in rows(sort) {
            for number in numbers {
                let own = calls.get(&number).into_iter().flatten().filter(|place| is_own(place));
                let places: Vec<(usize, u32)> = own.copied().collect();
                if !places.is_empty() {
                    found.insert(number, (refused, places));
                }
            }
        }
        for (number, (refused, places)) in found {
            let what = What::HelperOfType { number, sort, refused };
            all.push(Requirement { what, by: By::Instructions { program, places }, optional: !of.autoload });
        }
    }
    all
}

/// What becomes of it on a kernel that has the helper.
pub(super) fn fate(refused: Refused, kernel: &Kernel) -> Fate {
    let release = Release::of_kernel(kernel);
    if kernel.name.arch.as_str() != "amd64" {
        return Fate::NotJudged;
    }
    let Some(version) = release.version else { return Fate::NotJudged };
    match refused.first {
        Some(first) if version >= first => Fate::Met { unit: None },
        _ if version <= refused.last && !release.is_backported => Fate::Missing(Lack::HelperOfType),
        _ => Fate::Unknown(Doubt::HelperOfType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let mut sorts: Vec<&str> = Vec::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('\t').collect();
            assert!(parts.len() == 4 && version(parts[1]).is_some(), "{line}");
            assert!(parts[2] == "-" || version(parts[2]) > version(parts[1]), "{line}");
            assert!(parts[3].split(',').all(|number| number.parse::<i32>().is_ok()), "{line}");
            sorts.push(parts[0]);
        }
        sorts.dedup();
        assert_eq!(sorts.len(), 17, "{sorts:?}");
    }

    #[test]
    fn versions_between_measured_ones_are_open() {
        let refused = Refused { last: (6, 1), first: Some((6, 12)) };
        let on = |release: &str, arch: &str| {
            let mut kernel = crate::testing::kernel(
                release,
                &crate::testing::btf(corecheck_layouts::btf::Endian::Little, |_| ()).0,
            );
            kernel.name = corecheck_layouts::kernel::KernelName::new("test", release, arch);
            kernel.facts.version = String::new();
            fate(refused, &kernel)
        };
        assert_eq!(on("5.10", "amd64"), Fate::Missing(Lack::HelperOfType));
        assert_eq!(on("6.1", "amd64"), Fate::Missing(Lack::HelperOfType));
        assert_eq!(on("6.6", "amd64"), Fate::Unknown(Doubt::HelperOfType));
        assert_eq!(on("6.12", "amd64"), Fate::Met { unit: None });
        assert_eq!((on("6.1", "arm64"), on("mainline", "amd64")), (Fate::NotJudged, Fate::NotJudged));
    }
}
