//! libbpf's messages (`pr_warn` in libbpf.c and relo_core.c), and what it writes into the verifier's log
//! (`fixup_verifier_log`).

use super::{Context, Told, between};

/// Sorts of things that a program attaches to, as requirements call them.
pub(super) const TARGETS: &[&str] = &["traced-function", "typed-tracepoint", "lsm-hook", "iterator"];
const VARIABLES: &[&str] = &["variable", "symbol"];
const KFUNCS: &[&str] = &["kfunc"];

pub(super) fn read(line: &str, context: &mut Context) -> Option<Told> {
    if let Some(program) = between(line, "prog '", "'") {
        if context.program.as_deref() != Some(program) {
            context.insn = None;
        }
        context.program = Some(program.to_owned());
    }
    let quoted = || between(line, "'", "'").map(str::to_owned);
    if let Some((_, rest)) = line.split_once("failed to resolve CO-RE relocation ") {
        return unresolved(rest);
    }
    if let Some(number) = between(line, "relo #", ":").and_then(|number| number.parse().ok()) {
        return if line.contains("ambiguity") {
            Some(Told::Ambiguous(number))
        } else {
            line.contains("failed to relocate").then_some(Told::Failed(number))
        };
    }
    if let Some(name) = between(line, "kernel BTF type ID of '", "'") {
        return Some(Told::Missing(TARGETS, name.to_owned()));
    }
    if let Some(name) = between(line, "failed to determine tracepoint '", "'") {
        return Some(Told::Missing(&["trace-event"], name.to_owned()));
    }
    if let Some(name) = between(line, "failed to attach to raw tracepoint '", "'") {
        return Some(Told::Missing(&["raw-tracepoint"], name.to_owned()));
    }
    for probe in ["failed to create kprobe '", "failed to create kretprobe '"] {
        if let Some(name) = between(line, probe, "'") {
            // An offset may follow.
            let name = name.split('+').next().unwrap_or(name);
            return Some(Told::Missing(&["probed-function", "system-call"], name.to_owned()));
        }
    }
    if line.contains("extern (var ksym)") || line.contains("extern (ksym)") {
        let name = quoted()?;
        return if line.contains("incompatible types") {
            Some(Told::Incompatible(VARIABLES, name))
        } else {
            line.contains("not found").then_some(Told::Missing(VARIABLES, name))
        };
    }
    if line.contains("extern (func ksym)") {
        let name = quoted()?;
        return if line.contains("incompatible with") {
            Some(Told::Incompatible(KFUNCS, name))
        } else {
            line.contains("not found").then_some(Told::Missing(KFUNCS, name))
        };
    }
    if let Some(name) = between(line, "kfunc '", "' is referenced but wasn't resolved") {
        return Some(Told::Missing(KFUNCS, name.to_owned()));
    }
    if line.contains("extern (kcfg)") && line.contains("not found") {
        return Some(Told::Missing(&["kconfig"], quoted()?));
    }
    if let Some(name) = between(line, "map '", "': failed to create") {
        return Some(Told::Map(name.to_owned()));
    }
    if line.contains("BTF is required, but is missing") {
        return Some(Told::NoOwnBtf);
    }
    let of_kernel = ["failed to find valid kernel BTF", "Error loading vmlinux BTF", "kernel BTF is missing"];
    of_kernel.iter().any(|text| line.contains(text)).then_some(Told::NoKernelBtf)
}

/// `<byte_off> [27] struct vfio_group.iommu_group (0:0 @ offset 0)` (`bpf_core_format_spec`).
fn unresolved(text: &str) -> Option<Told> {
    let kind = between(text, "<", ">")?.to_owned();
    let root = between(text, "[", "]").and_then(|id| id.parse().ok());
    let spec = text.rsplit_once('(').map_or("", |(_, spec)| spec);
    let spec = spec.split([' ', ')']).next().unwrap_or_default();
    let is_spec = spec.starts_with(|c: char| c.is_ascii_digit());
    Some(Told::Unresolved { kind, root, spec: if is_spec { spec.to_owned() } else { String::new() } })
}
