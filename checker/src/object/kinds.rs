//! Words for files that are not BPF objects.

/// What a file that is not ELF begins with.
pub(super) fn first_bytes(bytes: &[u8]) -> String {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"\x9f\xeb", "it is raw BTF, which describes types and holds no program"),
        (b"\xeb\x9f", "it is raw BTF, which describes types and holds no program"),
        (b"BC\xc0\xde", "it is LLVM bitcode, which a linker must still turn into an object"),
        (b"!<arch>\n", "it is an archive: unpack it first"),
        (b"\x1f\x8b", "it is compressed with gzip: unpack it first"),
        (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first"),
        (b"\xfd7zXZ", "it is compressed with xz: unpack it first"),
        (b"PK\x03\x04", "it is a zip file: unpack it first"),
        (b"MZ", "it is a program for Windows, or a kernel image"),
        (b"\xcf\xfa\xed\xfe", "it is a program for macOS"),
        (b"#!", "it is a script"),
        (b"#include", "it is C source: compile it first"),
    ];
    if bytes.is_empty() {
        return "it is empty".to_owned();
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*what).to_owned();
    }
    let shown: Vec<String> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("it begins with {}, not 7f 45 4c 46", shown.join(" "))
}

/// The name of an ELF machine number.
pub(super) fn machine(number: u16) -> String {
    let name = match number {
        3 => "i386",
        8 => "MIPS",
        20 => "PowerPC",
        21 => "PowerPC 64",
        22 => "s390",
        40 => "ARM",
        62 => "x86-64",
        183 => "AArch64",
        243 => "RISC-V",
        258 => "LoongArch",
        _ => return format!("machine {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_file_is() {
        assert!(first_bytes(b"").contains("empty"));
        assert!(first_bytes(b"\x9f\xeb\x01\x00").contains("raw BTF"));
        assert_eq!(first_bytes(b"abcdef"), "it begins with 61 62 63 64, not 7f 45 4c 46");
        assert_eq!(first_bytes(b"\0"), "it begins with 00, not 7f 45 4c 46");
        assert_eq!(machine(62), "x86-64");
        assert_eq!(machine(1234), "machine 1234");
    }
}
