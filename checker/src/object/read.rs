//! The order in which the parts of an object are read.

use std::sync::Arc;

use corecheck_layouts::btf::Btf;
use object::elf as raw;

use super::btf_ext::BtfExt;
use super::code::Code;
use super::elf::{Elf, RawSection, text};
use super::error::broken;
use super::model::{EmbeddedAt, File, Object};
use super::problem::Problems;
use super::references::Parts;
use super::{ErrorKind, Problem};
use super::{externs, maps, programs, references, relos};

/// The longest string BTF may hold, in bytes: a line of source text. Looking up names stays fast however it is made.
const LONGEST_STRING: usize = 1 << 20;
/// The most bytes of `license` that are kept.
const LONGEST_LICENSE: usize = 256;

/// Reads one BPF object.
pub(super) fn object(path: &str, embedded_in: Option<EmbeddedAt>, bytes: &[u8]) -> Result<Object, ErrorKind> {
    let elf = Elf::parse(bytes)?;
    let mut problems = Problems::default();
    let code = Code::read(&elf)?;
    let mut functions = code.functions(&elf)?;
    let btf = read_btf(&elf)?;
    let ext_section = elf.last_named(".BTF.ext");
    let relos = match (ext_section, btf.as_deref()) {
        (Some(section), Some(btf)) => {
            check_kind(section)?;
            let ext = BtfExt::parse(section.bytes, elf.endian)?;
            relos::read(&elf, &code, btf, &ext, &mut functions, &mut problems)?
        }
        (Some(_), None) => {
            problems.add(Problem::BtfExtWithoutBtf);
            vec![]
        }
        (None, _) => vec![],
    };
    let externs = externs::read(&elf, btf.as_deref(), &mut problems);
    let maps = maps::read(&elf, &code, &functions, btf.as_deref(), &mut problems)?;
    let data = maps::data_sections(&elf);
    let parts =
        Parts { elf: &elf, code: &code, functions: &functions, externs: &externs, maps: &maps, data: &data };
    let references = references::read(&parts, &mut problems)?;
    references::attribute(&references, &mut functions, &data);
    let programs = programs::read(&code, &functions, &maps, btf.as_deref(), &mut problems)?;
    Ok(Object {
        path: path.to_owned(),
        embedded_in,
        endian: elf.endian,
        has_btf_ext: ext_section.is_some(),
        license: elf.last_named("license").map(license),
        btf,
        sections: code.sections,
        functions,
        programs,
        relos,
        references,
        externs: externs.all,
        maps,
        data,
        problems: problems.into_vec(),
        file: File::new(bytes),
    })
}

fn read_btf(elf: &Elf<'_>) -> Result<Option<Arc<Btf>>, ErrorKind> {
    let Some(section) = elf.last_named(".BTF") else { return Ok(None) };
    check_kind(section)?;
    let btf = Btf::parse(section.bytes.to_vec()).map_err(ErrorKind::Btf)?;
    let wrong = |what: String| broken("section .BTF", what, "build the object again");
    if btf.endian() != elf.endian {
        return Err(wrong("its byte order is not that of the ELF file".to_owned()));
    }
    let word = |at: usize| btf.endian().u32(section.bytes, at).unwrap_or(0) as usize;
    let first = word(4).saturating_add(word(16));
    let strings = section.bytes.get(first..first.saturating_add(word(20))).unwrap_or_default();
    let mut start = 0;
    for end in memchr::memchr_iter(0, strings) {
        if end - start > LONGEST_STRING {
            return Err(wrong(format!("the string at {start} has more than {LONGEST_STRING} bytes")));
        }
        start = end;
    }
    Ok(Some(Arc::new(btf)))
}

/// libbpf takes both sections of BTF only as ordinary bytes.
fn check_kind(section: &RawSection<'_>) -> Result<(), ErrorKind> {
    if section.kind == raw::SHT_PROGBITS {
        return Ok(());
    }
    let what = format!("its type is {:#x}, not 1 (PROGBITS)", section.kind);
    Err(broken(format!("section {}", section.text()), what, "build the object again"))
}

fn license(section: &RawSection<'_>) -> String {
    let bytes = section.bytes.get(..LONGEST_LICENSE).unwrap_or(section.bytes);
    text(bytes.split(|&byte| byte == 0).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::btf::Endian;

    use super::super::testing::*;

    #[test]
    fn the_license_is_read_up_to_its_end() {
        let mut image = Image::empty(Endian::Little);
        let code = image.code("tc", &[EXIT]);
        image.function("program", code, 0, 1);
        image.section("license", 0, b"GPL\0rest".to_vec());
        assert_eq!(image.read().expect("a sound object").license.as_deref(), Some("GPL"));
    }

    #[test]
    fn broken_btf_is_an_error_with_its_reason() {
        let mut image = with_relos(Endian::Little, &[[0, 1, 0, 0]]);
        image.sections[2].bytes[0] = 0;
        assert!(
            image.error().starts_with("section .BTF: ") && image.error().contains("magic"),
            "{}",
            image.error()
        );
        let mut image = with_relos(Endian::Little, &[[0, 1, 0, 0]]);
        image.sections[2].bytes = with_relos(Endian::Big, &[]).sections[2].bytes.clone();
        assert!(image.error().contains("byte order is not that of the ELF file"));
        let mut image = with_relos(Endian::Little, &[[0, 1, 0, 0]]);
        image.sections[3].kind = 7;
        assert!(image.error().contains("section .BTF.ext: its type is 0x7"), "{}", image.error());
    }

    #[test]
    fn a_string_without_end_is_refused() {
        let long = "x".repeat(super::LONGEST_STRING + 1);
        let (btf, _) = Types::new(Endian::Little).finish([long.as_str()]);
        let mut image = Image::empty(Endian::Little);
        let code = image.code("tc", &[EXIT]);
        image.function("program", code, 0, 1);
        image.section(".BTF", 0, btf);
        assert!(image.error().contains("more than 1048576 bytes"), "{}", image.error());
    }
}
