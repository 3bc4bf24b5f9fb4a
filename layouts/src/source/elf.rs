//! ELF files with a `.BTF` section: `vmlinux`, modules, debug files, BPF objects; both classes, both
//! byte orders.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader};

use super::error::Problem;
use super::found::{FoundAt, FoundBtf, SourceKind};
use super::{arch, banner, ikconfig, scan};
use crate::btf::Endian;
use crate::btf::Header;

/// Whether the bytes start like an ELF file.
pub(super) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(&elf::ELFMAG)
}

/// The BTF of an ELF file. Without section headers, or without `.BTF`, a kernel is searched by content.
pub(super) fn find(bytes: &[u8]) -> Result<FoundBtf, Problem> {
    find_with(bytes, None)
}

/// As [`find`], with BTF that was made for this file where it has none.
pub(super) fn find_with(bytes: &[u8], made: Option<&[u8]>) -> Result<FoundBtf, Problem> {
    match bytes.get(4) {
        Some(&elf::ELFCLASS32) => find_in::<FileHeader32<Endianness>>(bytes, made),
        Some(&elf::ELFCLASS64) => find_in::<FileHeader64<Endianness>>(bytes, made),
        _ => Err(Problem::Elf { part: "header", reason: "neither 32-bit nor 64-bit".to_owned() }),
    }
}

/// The sections that matter here.
struct Sections<'data> {
    btf: Option<&'data [u8]>,
    base: Option<&'data [u8]>,
    module: Option<ModuleInfo>,
    dwarf: bool,
}

/// What a module's `.modinfo` says of it.
struct ModuleInfo {
    name: Option<String>,
    release: Option<String>,
}

fn damaged(part: &'static str) -> impl Fn(object::read::Error) -> Problem {
    move |error| Problem::Elf { part, reason: error.to_string() }
}

fn find_in<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    made: Option<&[u8]>,
) -> Result<FoundBtf, Problem> {
    let header = Elf::parse(bytes).map_err(damaged("header"))?;
    let object_endian = header.endian().map_err(damaged("header"))?;
    let endian = if header.is_big_endian() { Endian::Big } else { Endian::Little };
    let machine = header.e_machine(object_endian);
    let pointer_bytes = if header.is_type_64() { 8 } else { 4 };
    let sections = sections(header, object_endian, bytes)?;
    // A module is a relocatable file; other files may carry the .modinfo of built-in modules.
    let module = sections.module.filter(|_| header.e_type(object_endian) == elf::ET_REL);

    let is_kernel = module.is_none() && machine != elf::EM_BPF;
    let banner = if is_kernel { banner::find(bytes) } else { None };
    let banner_seen = banner.is_some();
    let (btf, found_at) = match sections.btf.or(made) {
        Some(btf) => (btf, FoundAt::Section),
        // Only what shows itself as a kernel is searched: any program may carry BTF as data.
        None => match if banner.is_some() { scan::kernel_btf(bytes)? } else { None } {
            Some(range) => {
                (bytes.get(range.clone()).unwrap_or_default(), FoundAt::Scan { offset: range.start })
            }
            None => return Err(Problem::NoBtf { module: module.is_some(), dwarf: sections.dwarf }),
        },
    };
    let btf_header = checked(btf, endian, ".BTF")?;
    if let Some(base) = sections.base {
        checked(base, endian, ".BTF.base")?;
    }
    let (kind, release) = match module {
        _ if machine == elf::EM_BPF => (SourceKind::BpfObject, None),
        Some(info) => (SourceKind::Module { name: info.name }, info.release),
        None => (SourceKind::Elf, banner.as_deref().and_then(banner::release)),
    };
    Ok(FoundBtf {
        name: String::new(),
        kind,
        file_compression: None,
        bytes: btf.to_vec(),
        found_at,
        endian,
        needs_base: btf_header.needs_base(btf),
        base_btf: sections.base.map(<[u8]>::to_vec),
        banner,
        release,
        arch: arch::debian_name(machine, pointer_bytes, endian),
        pointer_bytes: Some(pointer_bytes),
        config: if banner_seen { ikconfig::find(bytes) } else { None },
    })
}

fn checked(btf: &[u8], elf: Endian, section: &'static str) -> Result<Header, Problem> {
    let header = Header::parse(btf).map_err(|problem| Problem::BtfHeader { place: section, problem })?;
    if header.endian != elf {
        return Err(Problem::EndianMismatch { section, btf: header.endian, elf });
    }
    Ok(header)
}

fn sections<'data, Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &'data [u8],
) -> Result<Sections<'data>, Problem> {
    let table = header.sections(endian, bytes).map_err(damaged("section headers"))?;
    let mut found = Sections { btf: None, base: None, module: None, dwarf: false };
    for section in table.iter() {
        match table.section_name(endian, section).map_err(damaged("section names"))? {
            b".BTF" => once(&mut found.btf, content(section, endian, bytes, ".BTF")?, ".BTF")?,
            b".BTF.base" => {
                once(&mut found.base, content(section, endian, bytes, ".BTF.base")?, ".BTF.base")?
            }
            // A debug file has the header without the content.
            b".modinfo" if section.sh_type(endian) != elf::SHT_NOBITS => {
                found.module = module_info(content(section, endian, bytes, ".modinfo")?);
            }
            b".debug_info" | b".zdebug_info" => found.dwarf = true,
            _ => {}
        }
    }
    Ok(found)
}

fn once<'data>(
    slot: &mut Option<&'data [u8]>,
    content: &'data [u8],
    section: &'static str,
) -> Result<(), Problem> {
    match slot.replace(content) {
        None => Ok(()),
        Some(_) => Err(Problem::SectionTwice { section }),
    }
}

fn content<'data, Header: SectionHeader<Endian = Endianness>>(
    header: &Header,
    endian: Endianness,
    bytes: &'data [u8],
    section: &'static str,
) -> Result<&'data [u8], Problem> {
    let Some((offset, size)) = header.file_range(endian) else {
        return Err(Problem::SectionRemoved { section });
    };
    let flags: u64 = header.sh_flags(endian).into();
    if flags & u64::from(elf::SHF_COMPRESSED) != 0 {
        return Err(Problem::SectionCompressed { section });
    }
    match header.data(endian, bytes) {
        Ok([]) => Err(Problem::SectionEmpty { section }),
        Ok(content) => Ok(content),
        Err(_) => Err(Problem::SectionOutside { section, offset, size, file_size: bytes.len() }),
    }
}

/// `.modinfo` is a list of `key=value`, each ended by NUL. Every module has a `vermagic`.
fn module_info(modinfo: &[u8]) -> Option<ModuleInfo> {
    let value = |key: &[u8]| {
        let entry = modinfo.split(|&byte| byte == 0).find_map(|entry| entry.strip_prefix(key));
        entry.map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let vermagic = value(b"vermagic=")?;
    Some(ModuleInfo { name: value(b"name="), release: banner::first_word(&vermagic) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BANNER, ElfBuilder, kernel_like_btf, raw_btf, split_btf};
    use super::*;

    #[test]
    fn every_class_and_byte_order() {
        for (machine, bits, endian, name) in [
            (elf::EM_X86_64, 64, Endian::Little, "amd64"),
            (elf::EM_S390, 64, Endian::Big, "s390x"),
            (elf::EM_ARM, 32, Endian::Little, "armhf"),
            (elf::EM_PPC, 32, Endian::Big, "powerpc"),
        ] {
            let btf = raw_btf(endian);
            let bytes = ElfBuilder::new(machine, bits, endian)
                .section(".BTF", &btf)
                .section(".rodata", BANNER)
                .build();
            let found = find(&bytes).expect("BTF is there");
            assert_eq!((found.kind, found.found_at), (SourceKind::Elf, FoundAt::Section));
            assert_eq!((found.bytes, found.endian, found.arch), (btf, endian, Some(name)));
            assert_eq!(found.pointer_bytes.map(u32::from), Some(bits / 8));
            assert_eq!(found.release.as_deref(), Some("6.1.0-9-synthetic"));
            // The same at an odd address: the caller's slice need not be aligned.
            assert!(find(&[b"x", bytes.as_slice()].concat()[1..]).is_ok());
        }
    }

    #[test]
    fn a_module_tells_its_name_release_and_base() {
        let info = b"license=GPL\0depends=name=x\0name=vfio\0vermagic=6.1.0-9-amd64 SMP mod_unload \0";
        let module = || ElfBuilder::x86_64().relocatable().section(".modinfo", info);
        let base = raw_btf(Endian::Little);
        let bytes = module().section(".BTF", &split_btf(Endian::Little)).section(".BTF.base", &base).build();
        let found = find(&bytes).expect("BTF is there");
        assert_eq!(found.kind, SourceKind::Module { name: Some("vfio".to_owned()) });
        assert_eq!(found.release.as_deref(), Some("6.1.0-9-amd64"));
        assert_eq!((found.needs_base, found.base_btf), (true, Some(base)));
        assert!(matches!(find(&module().build()), Err(Problem::NoBtf { module: true, dwarf: false })));
        // The same section in a linked file is the list of built-in modules.
        let bytes =
            ElfBuilder::x86_64().section(".modinfo", info).section(".BTF", &raw_btf(Endian::Little)).build();
        assert_eq!(find(&bytes).expect("BTF is there").kind, SourceKind::Elf);
    }

    #[test]
    fn a_bpf_object_is_not_taken_for_a_kernel() {
        let builder = ElfBuilder::new(elf::EM_BPF, 64, Endian::Big).relocatable();
        let found = find(&builder.section(".BTF", &raw_btf(Endian::Big)).build()).expect("BTF is there");
        assert_eq!((found.kind, found.arch), (SourceKind::BpfObject, None));
    }

    #[test]
    fn a_kernel_without_section_headers_is_searched() {
        let btf = kernel_like_btf(Endian::Little);
        let whole = ElfBuilder::x86_64().section(".rodata", BANNER).section(".data", &btf);
        let stripped = whole.without_section_headers().build();
        let found = find(&stripped).expect("found by content");
        assert!(matches!(found.found_at, FoundAt::Scan { offset } if stripped[offset..].starts_with(&btf)));
        assert_eq!(found.bytes, btf);
        // Not in a program that merely carries BTF as data.
        let program = ElfBuilder::x86_64().section(".data", &btf).build();
        assert!(matches!(find(&program), Err(Problem::NoBtf { module: false, dwarf: false })));
    }

    #[test]
    fn bad_sections_are_told_apart() {
        let btf = raw_btf(Endian::Little);
        let elf = ElfBuilder::x86_64;
        assert!(matches!(
            find(&elf().section(".debug_info", b"x").build()),
            Err(Problem::NoBtf { dwarf: true, .. })
        ));
        assert!(matches!(
            find(&elf().section(".BTF", b"").build()),
            Err(Problem::SectionEmpty { section: ".BTF" })
        ));
        assert!(matches!(find(&elf().section(".BTF", &btf[..40]).build()), Err(Problem::BtfHeader { .. })));
        let twice = elf().section(".BTF", &btf).section(".BTF", &btf).build();
        assert!(matches!(find(&twice), Err(Problem::SectionTwice { section: ".BTF" })));
        let other = elf().section(".BTF", &raw_btf(Endian::Big)).build();
        assert!(matches!(find(&other), Err(Problem::EndianMismatch { .. })));
        let removed = elf().section(".BTF", &btf).section_type(elf::SHT_NOBITS).build();
        assert!(matches!(find(&removed), Err(Problem::SectionRemoved { section: ".BTF" })));
        let packed = elf().section(".BTF", &btf).section_flags(u64::from(elf::SHF_COMPRESSED)).build();
        assert!(matches!(find(&packed), Err(Problem::SectionCompressed { section: ".BTF" })));
        for offset in [1 << 30, u64::MAX] {
            let outside = elf().section(".BTF", &btf).section_offset(offset).build();
            assert!(matches!(find(&outside), Err(Problem::SectionOutside { section: ".BTF", .. })));
        }
    }

    #[test]
    fn every_prefix_is_an_error() {
        let bytes = ElfBuilder::x86_64().section(".BTF", &raw_btf(Endian::Little)).build();
        for length in 0..bytes.len() {
            assert!(find(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn flipped_bytes_never_panic() {
        let bytes =
            ElfBuilder::x86_64().section(".BTF", &raw_btf(Endian::Little)).section(".modinfo", b"x").build();
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                // Whether it is found does not matter here, only that it ends.
                let _ = find(&changed);
            }
        }
    }
}
