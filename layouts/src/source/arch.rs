//! Architectures in Debian's words, from what an ELF header says.

use object::elf;

use crate::btf::Endian;

/// Debian's name for a machine (`e_machine`), pointer size in bytes and byte order; None where Debian
/// has none.
///
/// A kernel does not show which user space runs on it: armel and armhf share a machine number, and so
/// do their layouts. 32-bit little-endian ARM is called `armhf`, the one that Debian still builds
/// kernels with BTF for.
pub(super) fn debian_name(machine: u16, pointer_bytes: u8, endian: Endian) -> Option<&'static str> {
    use Endian::{Big, Little};
    Some(match (machine, pointer_bytes, endian) {
        (elf::EM_X86_64, 8, Little) => "amd64",
        (elf::EM_X86_64, 4, Little) => "x32",
        (elf::EM_386, 4, Little) => "i386",
        (elf::EM_AARCH64, 8, Little) => "arm64",
        (elf::EM_ARM, 4, Little) => "armhf",
        (elf::EM_ARM, 4, Big) => "armeb",
        (elf::EM_PPC64, 8, Little) => "ppc64el",
        (elf::EM_PPC64, 8, Big) => "ppc64",
        (elf::EM_PPC, 4, Big) => "powerpc",
        (elf::EM_RISCV, 8, Little) => "riscv64",
        (elf::EM_S390, 8, Big) => "s390x",
        (elf::EM_S390, 4, Big) => "s390",
        (elf::EM_MIPS, 8, Little) => "mips64el",
        (elf::EM_MIPS, 8, Big) => "mips64",
        (elf::EM_MIPS, 4, Little) => "mipsel",
        (elf::EM_MIPS, 4, Big) => "mips",
        (elf::EM_LOONGARCH, 8, Little) => "loong64",
        (elf::EM_SPARCV9, 8, Big) => "sparc64",
        (elf::EM_IA_64, 8, Little) => "ia64",
        (elf::EM_ALPHA, 8, Little) => "alpha",
        (elf::EM_PARISC, 4, Big) => "hppa",
        (elf::EM_68K, 4, Big) => "m68k",
        (elf::EM_SH, 4, Little) => "sh4",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_and_byte_order_decide_with_the_machine() {
        assert_eq!(debian_name(elf::EM_PPC64, 8, Endian::Little), Some("ppc64el"));
        assert_eq!(debian_name(elf::EM_PPC64, 8, Endian::Big), Some("ppc64"));
        assert_eq!(debian_name(elf::EM_MIPS, 4, Endian::Little), Some("mipsel"));
        assert_eq!(debian_name(elf::EM_MIPS, 8, Endian::Little), Some("mips64el"));
        assert_eq!(debian_name(elf::EM_S390, 8, Endian::Little), None);
        assert_eq!(debian_name(elf::EM_BPF, 8, Endian::Little), None);
    }
}
