//! Names near to one that a kernel does not have: what a function or a tracepoint may be called there.
//!
//! Kernels rename by adding: `do_sys_open` becomes `do_sys_openat2`, `blk_account_io_done` hides behind `__blk_account_io_done`.
//! So only names count that begin alike, underscores in front left aside; of these the likest.

use std::sync::Arc;

use super::Kernel;
use crate::btf::Kind;

/// How many are told.
const MOST: usize = 3;
/// No name is near that is less like (Jaro and Winkler's measure, from 0 to 1).
const LEAST: f64 = 0.85;
/// How names begin that stand for something of another name.
const HEADS: [&str; 4] = ["btf_trace_", "bpf_lsm_", "bpf_iter_", "bpf_struct_ops_"];
/// Underscores that may come before a name.
const UNDERSCORES: [&str; 3] = ["", "_", "__"];

/// A name that others are compared with.
#[derive(Debug, Clone)]
pub(crate) struct Near<'n> {
    wanted: &'n str,
    /// What all near names have in front: a head, or underscores.
    prefixes: Vec<String>,
}

impl<'n> Near<'n> {
    /// `None` for names of which too little is left to compare.
    pub(crate) fn new(wanted: &'n str) -> Option<Self> {
        let head = HEADS.into_iter().find(|head| wanted.starts_with(head)).unwrap_or_default();
        let bare = wanted.strip_prefix(head)?.trim_start_matches('_');
        // Two thirds, and not within a character.
        let length = bare.len().div_ceil(3) * 2;
        let stem = bare.get(..length.min(bare.len()))?;
        if stem.len() < 3 {
            return None;
        }
        let prefixes = UNDERSCORES.iter().map(|underscores| format!("{head}{underscores}{stem}")).collect();
        Some(Self { wanted, prefixes })
    }

    /// What near names begin with.
    pub(crate) fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// The likest of these names, each once, the likest first.
    pub(crate) fn best<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let bare = |name: &str| name.trim_start_matches('_').to_owned();
        let wanted = bare(self.wanted);
        let mut likest: Vec<(f64, &str)> = names
            .filter(|name| {
                *name != self.wanted && self.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
            })
            .map(|name| (strsim::jaro_winkler(&wanted, &bare(name)), name))
            .filter(|(likeness, _)| *likeness >= LEAST)
            .collect();
        likest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        likest.dedup_by_key(|(_, name)| *name);
        likest.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
    }
}

/// Whether names near to one like this are looked for when it is missing.
pub(crate) fn is_asked(name: &str, kind: Kind) -> bool {
    kind == Kind::Func || HEADS.iter().any(|head| name.starts_with(head))
}

impl Kernel {
    /// Names of the same kind that its vmlinux has, near to one that it has not: the nearest first, a few at most. Of a kernel
    /// out of a store only for functions, tracepoints and their like that were looked up.
    pub fn near(&self, name: &str, kind: Kind) -> Arc<Vec<String>> {
        if let Some(looked) = &self.looked {
            return looked.near(name, kind);
        }
        let (Some(near), Some(btf)) = (Near::new(name), &self.vmlinux) else { return Arc::default() };
        let names = btf.own_ids().filter(|&id| btf.kind(id) == kind).map(|id| btf.name(id));
        Arc::new(near.best(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(wanted: &str, names: &[&str]) -> Vec<String> {
        Near::new(wanted).map(|near| near.best(names.iter().copied())).unwrap_or_default()
    }

    #[test]
    fn names_that_begin_alike_are_near() {
        let names = ["do_sys_openat2", "do_sys_poll", "do_sys_times", "do_exit", "sys_open"];
        assert_eq!(near("do_sys_open", &names)[0], "do_sys_openat2");
        assert!(!near("do_sys_open", &names).iter().any(|name| name == "do_exit" || name == "sys_open"));
        assert_eq!(near("blk_account_io_done", &["__blk_account_io_done"]), ["__blk_account_io_done"]);
        assert_eq!(near("__vfs_read", &["vfs_read", "vfs_readv"]), ["vfs_read", "vfs_readv"]);
    }

    #[test]
    fn what_stands_for_something_is_compared_by_its_own_name() {
        let names = ["btf_trace_block_rq_issue", "btf_trace_sched_switch", "block_rq_insert"];
        assert_eq!(near("btf_trace_block_rq_insert", &names), ["btf_trace_block_rq_issue"]);
        assert!(near("btf_trace_own_thing", &names).is_empty());
    }

    #[test]
    fn short_and_empty_names_have_none() {
        for wanted in ["", "_", "ab", "bpf_lsm_", "é"] {
            assert!(near(wanted, &["ab", "abc", ""]).is_empty(), "{wanted}");
        }
    }
}
