//! Files to objects: a BPF object itself, or every object that an executable or library embeds.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use corecheck_layouts::btf::Endian;
use object::elf as raw;

use super::embedded::{Found, search};
use super::error::{ErrorKind, ObjectError, broken};
use super::model::{EmbeddedAt, Object};
use super::{kinds, read};

/// The largest file that is read, in bytes.
pub const MAX_INPUT: u64 = 1 << 30;

/// Reads a file: one BPF object, or every one embedded in an executable or library.
///
/// # Errors
/// The file cannot be read, is neither of the two, or is broken: [`ErrorKind`] tells which.
pub fn read_file(path: &Path) -> Result<Vec<Object>, ObjectError> {
    let name = path.display().to_string();
    let fail = |error| ObjectError { path: name.clone(), kind: ErrorKind::Io(error) };
    let mut file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    file.by_ref().take(64).read_to_end(&mut bytes).map_err(fail)?;
    // Not reading on when it is no ELF file: it could be a device without an end.
    if bytes.starts_with(&raw::ELFMAG) {
        let rest = (MAX_INPUT + 1).saturating_sub(bytes.len() as u64);
        file.take(rest).read_to_end(&mut bytes).map_err(fail)?;
    }
    read_bytes(&name, &bytes)
}

/// Reads bytes, as [`read_file`] does; `name` stands for the file in names and errors.
///
/// # Errors
/// As [`read_file`], without those of reading the file.
pub fn read_bytes(name: &str, bytes: &[u8]) -> Result<Vec<Object>, ObjectError> {
    let fail = |kind| ObjectError { path: name.to_owned(), kind };
    if bytes.len() as u64 > MAX_INPUT {
        return Err(fail(ErrorKind::TooLarge { limit: MAX_INPUT }));
    }
    let ident = Ident::read(bytes).map_err(fail)?;
    if ident.is_bpf() {
        if ident.class != raw::ELFCLASS64 {
            let what = "it is 32-bit ELF, but BPF objects are 64-bit";
            return Err(fail(broken("ELF header", what, "compile with clang -target bpf")));
        }
        return read::object(name, None, bytes).map(|object| vec![object]).map_err(fail);
    }
    let mut rejected = Vec::new();
    let found = search(name, bytes, &mut rejected)?;
    if found.is_empty() {
        return Err(fail(ErrorKind::NoObject {
            machine: kinds::machine(ident.machine),
            seen: rejected.first().map_or_else(String::new, |seen| format!(" ({seen})")),
        }));
    }
    let names = names(name, &found);
    found.into_iter().zip(names).map(|(found, path)| embedded(name, path, bytes, found)).collect()
}

fn embedded(executable: &str, path: String, bytes: &[u8], found: Found) -> Result<Object, ObjectError> {
    let place = EmbeddedAt {
        executable: executable.to_owned(),
        offset: found.range.start as u64,
        size: found.range.len() as u64,
        symbol: found.symbol,
    };
    let bytes = bytes.get(found.range).unwrap_or_default();
    read::object(&path, Some(place), bytes).map_err(|kind| ObjectError { path, kind })
}

/// `file@symbol`, or `file@0xoffset` where no symbol names exactly one object.
fn names(file: &str, found: &[Found]) -> Vec<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for symbol in found.iter().filter_map(|found| found.symbol.as_deref()) {
        *uses.entry(symbol).or_default() += 1;
    }
    let name = |found: &Found| match &found.symbol {
        Some(symbol) if uses.get(symbol.as_str()) == Some(&1) => format!("{file}@{symbol}"),
        _ => format!("{file}@{:#x}", found.range.start),
    };
    found.iter().map(name).collect()
}

/// What the first bytes of an ELF file say.
struct Ident {
    class: u8,
    machine: u16,
    file_type: u16,
}

impl Ident {
    fn read(bytes: &[u8]) -> Result<Self, ErrorKind> {
        if !bytes.starts_with(&raw::ELFMAG) {
            return Err(ErrorKind::NotElf { found: kinds::first_bytes(bytes) });
        }
        let cut = || {
            broken("ELF header", format!("the file has only {} bytes", bytes.len()), "copy or build it again")
        };
        let class = *bytes.get(4).ok_or_else(cut)?;
        let endian = match bytes.get(5) {
            Some(&raw::ELFDATA2LSB) => Endian::Little,
            Some(&raw::ELFDATA2MSB) => Endian::Big,
            Some(other) => {
                return Err(broken("ELF header, offset 0x5", format!("byte order {other} is not known"), ""));
            }
            None => return Err(cut()),
        };
        let half = |at| endian.u16(bytes, at).ok_or_else(cut);
        Ok(Self { class, machine: half(18)?, file_type: half(16)? })
    }

    /// `bpf_object__elf_init` also takes the machine 0 that very old compilers wrote.
    fn is_bpf(&self) -> bool {
        self.machine == raw::EM_BPF || (self.machine == raw::EM_NONE && self.file_type == raw::ET_REL)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn what_is_no_elf_is_said() {
        let mut other = Image::empty(Endian::Little);
        other.machine = raw::EM_X86_64;
        let error = |bytes: &[u8]| read_bytes("-", bytes).expect_err("broken").to_string();
        assert!(error(b"").starts_with("-: is not an ELF file: it is empty"));
        assert!(error(b"\x9f\xeb\x01\0").contains("raw BTF"));
        assert!(error(b"\x7fELF").contains("only 4 bytes"));
        assert!(error(b"\x7fELF\x02\x07").contains("byte order 7"));
        assert!(error(&other.build()).contains("ELF for x86-64 and no BPF object is embedded in it;"));
        let mut narrow = Image::empty(Endian::Little).build();
        narrow[4] = raw::ELFCLASS32;
        assert!(error(&narrow).contains("32-bit"));
    }

    #[test]
    fn a_folder_and_a_missing_file_are_errors() {
        for path in ["/", "/no/such/file.o"] {
            let error = read_file(Path::new(path)).expect_err("broken");
            assert!(matches!(error.kind, ErrorKind::Io(_)), "{error}");
            assert!(error.to_string().starts_with(path), "{error}");
        }
    }
}
