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
    if let Some(root) = between(line, "missing target BTF info for type `", "`") {
        let insn = line.split_once("at instruction #").map(|(_, rest)| leading_number(rest));
        return Some(Told::UnresolvedAt { root: root.parse().ok()?, insn: insn?.parse().ok()? });
    }
    if let Some(spec) = between(line, "invalid access string `", "`") {
        let name = between(line, "for type `", "`")?.to_owned();
        return Some(Told::Unfit { spec: spec.to_owned(), name });
    }
    if let Some(name) = between(line, "failed to create map `", "`") {
        return Some(Told::Map(name.to_owned()));
    }
    if line.contains("error parsing /sys/kernel/btf/vmlinux") {
        return Some(Told::NoKernelBtf);
    }
    line.contains("no BTF parsed for object").then_some(Told::NoOwnBtf)
}

fn leading_number(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}
