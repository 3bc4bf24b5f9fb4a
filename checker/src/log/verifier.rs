//! The kernel's verifier, whoever loads: numbered instructions, and why it refuses one (`check_helper_call`, `check_kfunc_call`).

use super::{Context, Told};

/// What libbpf, cilium/ebpf and aya make of an access that does not resolve: a call of the function of this number, 0xbad2310.
pub(super) const POISON: &str = "unknown#195896080";

/// What cilium/ebpf makes of a load of 64 bits that does not resolve: a load into the frame pointer.
const POISONED_LOAD: &str = "r10 = 0xbad2310";

pub(super) fn read(line: &str, context: &mut Context) -> Option<Told> {
    let line = line.trim_start();
    // `19: (85) call unknown#195896080`
    if let Some((number, rest)) = line.split_once(": ")
        && let Ok(number) = number.parse()
        && rest.starts_with(['(', '<'])
    {
        context.insn = Some(number);
    }
    if line.contains(POISON) || line.contains(POISONED_LOAD) {
        // Said twice: with the instruction, and as what is wrong.
        return context.insn.map(Told::Poisoned);
    }
    // `unknown func bpf_get_socket_cookie#46`, `program of this type cannot use helper bpf_probe_write_user#36`
    for what in ["unknown func ", "invalid func ", "cannot use helper "] {
        if let Some((_, called)) = line.split_once(what)
            && let Some((name, number)) = called.split_whitespace().next().unwrap_or_default().split_once('#')
        {
            return number.parse().ok().map(|number| Told::Helper(number, name.to_owned()));
        }
    }
    None
}
