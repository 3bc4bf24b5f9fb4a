//! aya's errors (aya-obj's `RelocationError`, `BtfError`): names between backquotes.

use super::libbpf::TARGETS;
use super::{Context, Told, between};

pub(super) fn read(line: &str, _: &mut Context) -> Option<Told> {
    if let Some(name) = between(line, "unknown BTF type `", "`") {
        // The type that stands for a tracepoint, a hook or an iterator.
        let bare = ["btf_trace_", "bpf_lsm_", "bpf_iter_"].iter().find_map(|head| name.strip_prefix(head));
        return Some(Told::Missing(TARGETS, bare.unwrap_or(name).to_owned()));
    }
    if line.contains("multiple candidate target types found") {
        return between(line, "error relocating ", ",").map(|name| Told::AmbiguousType(name.to_owned()));
    }
    None
}
