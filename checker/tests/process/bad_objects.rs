//! Files that are no BPF objects, or broken ones: an error that names the file, the place and what is wrong; status 2.

use std::path::PathBuf;

use crate::elf;
use crate::run::{Run, bytes_of, corecheck, fixture, sample};

/// A folder for files that are made up.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("it can be written");
        path.to_string_lossy().into_owned()
    }

    /// Checks an object with these bytes against one kernel.
    pub fn check(&self, name: &str, bytes: &[u8]) -> Run {
        corecheck(&["check", "--kernel", "5.15", &self.file(name, bytes)])
    }
}

/// A sample with a change.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = bytes_of(&sample("naive"));
    change(&mut bytes);
    bytes
}

#[test]
fn what_is_no_object_at_all() {
    let refused = |path: &str, words: &[&str]| {
        for command in ["check", "accesses"] {
            corecheck(&[command, path]).expect_refusal(&[&[path], words].concat());
        }
    };
    refused("Cargo.toml", &["not an ELF file", "clang -target bpf"]);
    refused("no/such/file.o", &["cannot be read", "No such file"]);
    refused("tests", &["cannot be read", "directory"]);
    // It runs on this machine, not in the kernel, and embeds no object.
    refused(env!("CARGO_BIN_EXE_corecheck"), &["is ELF for", "no BPF object is embedded"]);
    let scratch = Scratch::new();
    refused(&scratch.file("empty.o", b""), &["not an ELF file", "empty"]);
    refused(&scratch.file("three.o", b"\x7fEL"), &["not an ELF file"]);
}

#[test]
fn a_foreign_object_file_is_refused_by_its_machine() {
    let scratch = Scratch::new();
    // The sample's own bytes under another machine's number: nothing of them may be taken for an object.
    let bytes = changed(|bytes| bytes[18..20].copy_from_slice(&elf::X86_64.to_le_bytes()));
    scratch.check("x86.o", &bytes).expect_refusal(&["x86.o", "x86-64"]);
    let bytes = changed(|bytes| bytes[18..20].copy_from_slice(&0x7777_u16.to_le_bytes()));
    scratch.check("strange.o", &bytes).expect_refusal(&["strange.o", "no BPF object"]);
    let bytes = changed(|bytes| bytes[4] = 1);
    scratch.check("narrow.o", &bytes).expect_refusal(&["narrow.o", "ELF header", "32-bit"]);
    let bytes = changed(|bytes| bytes[5] = 9);
    scratch.check("order.o", &bytes).expect_refusal(&["order.o", "byte order 9"]);
    let bytes = changed(|bytes| bytes[16] = 2);
    scratch.check("linked.o", &bytes).expect_refusal(&["linked.o", "ELF header", "relocatable"]);
}

#[test]
fn a_cut_off_object_is_an_error_wherever_it_is_cut() {
    let scratch = Scratch::new();
    let bytes = bytes_of(&sample("naive"));
    // The section table stands at the end, so that every cut is seen.
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        scratch.check("cut.o", &bytes[..length]).expect_refusal(&["cut.o: "]);
    }
    scratch.check("whole.o", &bytes).expect_status(0);
    // And every cut of other objects: an error or a result.
    for name in ["all_kinds_big_endian", "linked"] {
        let bytes = bytes_of(&fixture(name));
        for length in (0..bytes.len()).step_by(997) {
            let run = scratch.check("cut.o", &bytes[..length]);
            assert!(run.status == 2 && !run.stderr.contains("panicked"), "{name} {length} {run:?}");
        }
    }
}

#[test]
fn sections_that_lie_about_their_place() {
    let scratch = Scratch::new();
    let (offset, size) = (24, 32);
    for section in [".BTF", ".BTF.ext", "raw_tp/sys_enter", ".symtab", ".strtab", ".maps"] {
        for (field, name) in [(offset, "offset"), (size, "size")] {
            for value in [0x10_0000, u64::from(u32::MAX), i64::MAX.cast_unsigned(), u64::MAX] {
                let bytes = changed(|bytes| elf::set_header(bytes, section, field, value));
                let run = scratch.check("lying.o", &bytes);
                let run = run.expect_refusal(&["lying.o: "]);
                let places = ["section", "symbol", "shstrtab"];
                assert!(
                    places.iter().any(|place| run.stderr.contains(place)),
                    "{section} {name} {value:#x}: {}",
                    run.stderr
                );
            }
        }
    }
}

#[test]
fn headers_that_lie_about_the_section_table() {
    let scratch = Scratch::new();
    for (at, value) in [(40, u64::MAX), (40, u64::from(u32::MAX)), (40, 0x7000)] {
        let bytes = changed(|bytes| bytes[at..at + 8].copy_from_slice(&value.to_le_bytes()));
        scratch.check("table.o", &bytes).expect_refusal(&["table.o: ", "ELF header", "section headers"]);
    }
    // How large a header is, how many there are, which holds the names.
    for (at, value) in [(58, 0_u16), (58, 7), (60, 0xfff0), (60, 0), (62, 0xfff0), (62, 0)] {
        let bytes = changed(|bytes| bytes[at..at + 2].copy_from_slice(&value.to_le_bytes()));
        scratch.check("table.o", &bytes).expect_refusal(&["table.o: "]);
    }
}

#[test]
fn code_and_relocations_that_do_not_fit() {
    let scratch = Scratch::new();
    let code = |bytes: &[u8]| elf::section(bytes, "raw_tp/sys_enter");
    // Half an instruction, and the function's symbol with it.
    let bytes = changed(|bytes| {
        let size = code(bytes).len();
        elf::set_header(bytes, "raw_tp/sys_enter", 32, size as u64 - 4);
        let mut symbols = elf::section(bytes, ".symtab").step_by(24);
        let function = symbols.find(|&at| elf::number(bytes, at + 16, 8) == size).expect("its symbol");
        bytes[function + 16..function + 24].copy_from_slice(&(size as u64 - 8).to_le_bytes());
    });
    scratch.check("half.o", &bytes).expect_refusal(&["half.o: section raw_tp/sys_enter", "multiple of 8"]);
    // A relocation behind the end of the code.
    let bytes = changed(|bytes| {
        let relocations = elf::section(bytes, ".relraw_tp/sys_enter");
        bytes[relocations.start..relocations.start + 8].copy_from_slice(&0xffff_0000_u64.to_le_bytes());
    });
    scratch.check("behind.o", &bytes).expect_refusal(&["behind.o: ", "raw_tp/sys_enter"]);
    // A relocation by a symbol that does not exist.
    let bytes = changed(|bytes| {
        let relocations = elf::section(bytes, ".relraw_tp/sys_enter");
        bytes[relocations.start + 12..relocations.start + 16].copy_from_slice(&0xffff_u32.to_le_bytes());
    });
    scratch.check("symbol.o", &bytes).expect_refusal(&["symbol.o: ", "raw_tp/sys_enter"]);
}

#[test]
fn records_of_accesses_that_do_not_fit() {
    let scratch = Scratch::new();
    let ext = |change: &dyn Fn(&mut [u8])| {
        changed(|bytes| {
            let section = elf::section(bytes, ".BTF.ext");
            change(&mut bytes[section]);
        })
    };
    // Magic, version, header length, and the place of the table of accesses.
    for (at, value, word) in [
        (0, 0x55_u8, "magic"),
        (2, 9, "version"),
        (4, 0xff, "core_relo"),
        (24, 0xff, ".BTF.ext"),
        (28, 0xfd, ".BTF.ext"),
    ] {
        let bytes = ext(&|ext| ext[at] = value);
        scratch.check("ext.o", &bytes).expect_refusal(&["ext.o: section .BTF.ext", word]);
    }
    // The first record: its instruction, its type, its access string.
    let record = |ext: &[u8]| elf::number(ext, 4, 4) + elf::number(ext, 24, 4) + 4 + 8;
    for (word, value) in [(0, 7_u32), (0, 0xffff_fff8), (4, 0xffff), (8, 0x00ff_ffff)] {
        let bytes = ext(&|ext| {
            let at = record(ext) + word;
            ext[at..at + 4].copy_from_slice(&value.to_le_bytes());
        });
        scratch.check("record.o", &bytes).expect_refusal(&["record.o: ", ".BTF.ext"]);
    }
}

/// What libbpf only finds when it relocates is the access's own failure, on every kernel, not the file's.
#[test]
fn an_access_that_makes_no_sense_fails_everywhere() {
    let scratch = Scratch::new();
    let bytes = changed(|bytes| {
        let ext = elf::section(bytes, ".BTF.ext");
        let record = elf::number(&bytes[ext.clone()], 4, 4) + elf::number(&bytes[ext.clone()], 24, 4) + 12;
        // A relocation kind that does not exist.
        bytes[ext.start + record + 12] = 99;
    });
    let run =
        corecheck(&["check", "--kernel", "ubuntu/*", "--format", "json", &scratch.file("kind.o", &bytes)]);
    let report = crate::report::Report::of(&run.expect_status(1));
    assert!(report.verdicts().iter().all(|(_, verdict)| verdict == "fails"));
    assert_eq!(crate::report::codes(report.result("5.15"), "reasons")[0], "broken-access");
    let [finding] = report.findings("cannot-relocate")[..] else { panic!("one cause") };
    assert_eq!(finding["kernels"].as_array().map(Vec::len), Some(25));
}
