//! Parts of messages that take some making.

use std::fmt::Write as _;

/// What to do about an ELF file without `.BTF`.
pub(super) fn no_btf_advice(module: bool, dwarf: bool) -> &'static str {
    match (module, dwarf) {
        (false, true) => "it has only DWARF; add BTF with pahole -J FILE",
        (true, true) => "it has only DWARF; add BTF with pahole -J --btf_base VMLINUX FILE",
        (false, false) => {
            "it is no kernel, or one built without CONFIG_DEBUG_INFO_BTF, or was stripped of it"
        }
        (true, false) => "the module was built without CONFIG_DEBUG_INFO_BTF_MODULES, or was stripped of it",
    }
}

/// Offsets, as people read them.
pub(super) fn hex_list(offsets: &[usize]) -> String {
    offsets.iter().map(|offset| format!("{offset:#x}")).collect::<Vec<_>>().join(", ")
}

/// The first bytes in hexadecimal, to tell a person what a file is.
pub(in super::super) fn first_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes.iter().take(8) {
        let _ = write!(text, "{}{byte:02x}", if text.is_empty() { "" } else { " " });
    }
    if text.is_empty() { "nothing".to_owned() } else { text }
}
