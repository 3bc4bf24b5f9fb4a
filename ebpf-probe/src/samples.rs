//! The committed sample objects, for tests, for demonstrations and for loading them on a real kernel.

/// Gives an object the alignment (8 bytes) that its ELF headers and symbols want. Some readers refuse unaligned input.
#[repr(C, align(8))]
struct Aligned<T: ?Sized>(T);

/// One committed BPF object.
///
/// Every sample of [`ALL`] has one program, `read_group` in section `raw_tp/sys_enter`, and two array maps of one element, `requests`
/// and `answers`; `bpf/vfio_sample.h` describes what they hold. Every relocated access is rooted at
/// `struct vfio_group` or a flavour of it. The objects are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The file's name without its endings, for example `vfio_naive`.
    pub name: &'static str,
    /// The whole ELF file, aligned to 8 bytes.
    pub bytes: &'static [u8],
}

macro_rules! sample {
    ($name:literal) => {{
        static OBJECT: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!("../bpf/", $name, ".bpf.o")));
        Sample { name: $name, bytes: &OBJECT.0 }
    }};
}

/// Written against Linux 5.4 with no guard: seven `byte_off` accesses, `kref.refcount.refs.counter` first.
pub const VFIO_NAIVE: Sample = sample!("vfio_naive");

/// One `byte_off` access, of `iommu_group`: ambiguous where a kernel has two structs named `vfio_group`.
pub const VFIO_IOMMU_GROUP: Sample = sample!("vfio_iommu_group");

/// The questions of [`VFIO_NAIVE`] asked portably: each read behind a check of the same field, a flavour for each
/// generation of the struct, and `container` asked for first in each, which avoids the ambiguity.
pub const VFIO_PORTABLE: Sample = sample!("vfio_portable");

/// No sample in the sense above: it finds the VFIO groups that processes have open, by `iter/task_file` (`see_file`) or a
/// kprobe (`see_ioctl`), and tells where each lies, so that [`VFIO_PORTABLE`] can be asked to read it.
pub const VFIO_LIVE: Sample = sample!("vfio_live");

/// All samples.
pub const ALL: &[Sample] = &[VFIO_NAIVE, VFIO_IOMMU_GROUP, VFIO_PORTABLE];

#[cfg(test)]
mod tests {
    use super::*;

    const EM_BPF: u16 = 247;

    #[test]
    fn samples_are_bpf_objects() {
        for sample in ALL {
            let bytes = sample.bytes;
            // 64-bit, little-endian, ELF version 1; then at 16 relocatable (1) and at 18 the machine.
            assert_eq!(bytes.get(..7), Some(b"\x7fELF\x02\x01\x01".as_slice()), "{}", sample.name);
            assert_eq!(bytes.get(16..18), Some([1, 0].as_slice()), "{}", sample.name);
            assert_eq!(bytes.get(18..20), Some(EM_BPF.to_le_bytes().as_slice()), "{}", sample.name);
        }
    }

    #[test]
    fn samples_are_aligned_and_distinct() {
        for (index, sample) in ALL.iter().enumerate() {
            assert_eq!(sample.bytes.as_ptr().align_offset(8), 0, "{}", sample.name);
            assert!(
                !ALL[..index].iter().any(|other| other.bytes == sample.bytes || other.name == sample.name)
            );
        }
    }

    #[test]
    fn samples_name_their_source_from_the_repository_root() {
        for sample in ALL {
            let file = format!("\0ebpf-probe/bpf/{}.bpf.c\0", sample.name);
            assert!(sample.bytes.windows(file.len()).any(|text| text == file.as_bytes()), "{}", sample.name);
        }
    }
}
