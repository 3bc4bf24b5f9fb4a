//! cilium/ebpf's errors: chains of `what: why`, on one line.

use super::libbpf::TARGETS;
use super::{Context, Told, between};

pub(super) fn read(line: &str, context: &mut Context) -> Option<Told> {
    if let Some(program) = between(line, "program ", ":").filter(|name| !name.contains(' ')) {
        if context.program.as_deref() != Some(program) {
            context.insn = None;
        }
        context.program = Some(program.to_owned());
    }
    // `CORERelocation(byte_off, Struct:"vfio_group"[0:1], local_id=27)`
    if let Some(relocation) = between(line, "CORERelocation(", ")") {
        let kind = relocation.split(',').next().unwrap_or_default().trim().to_owned();
        let spec = between(relocation, "[", "]").unwrap_or_default().to_owned();
        let root = relocation.split_once("local_id=").and_then(|(_, id)| id.parse().ok());
        return Some(Told::Unresolved { kind, root, spec });
    }
    if let Some(name) = between(line, "unknown kfunc: ", ":").or_else(|| between(line, "kfunc \"", "\"")) {
        return Some(Told::Missing(&["kfunc"], name.trim_matches('"').to_owned()));
    }
    if let Some(name) = between(line, "find target for ", ":").or_else(|| between(line, "find target ", ":"))
    {
        return Some(Told::Missing(TARGETS, name.trim_matches('"').to_owned()));
    }
    (line.contains("load kernel spec:") || line.contains("no BTF found for kernel version"))
        .then_some(Told::NoKernelBtf)
}
