//! Objects embedded in executables: each is found, and named by its symbol or its place.

use std::ops::Range;
use std::process::Command;

use crate::bad_objects::Scratch;
use crate::elf::Executable;
use crate::report::{Report, list, text};
use crate::run::{bytes_of, corecheck, fixture, sample};

/// Where `.rodata` begins in the running program, and in the file: the first section stands behind the header.
const ADDRESS: u64 = 0x40_2000;
const IN_FILE: usize = 64;

/// Content of `.rodata` under construction.
#[derive(Default)]
struct Rodata {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Rodata {
    /// Adds bytes at a multiple of 8, behind some others.
    fn add(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(b"some text between the objects\0");
        while !self.bytes.len().is_multiple_of(8) {
            self.bytes.push(0);
        }
        let start = self.bytes.len();
        self.bytes.extend(bytes);
        self.places.push(start..self.bytes.len());
        self
    }

    /// `@0x…`, as an object without a symbol is named.
    fn place(&self, index: usize) -> String {
        format!("@{:#x}", IN_FILE + self.places[index].start)
    }

    fn executable(&self) -> Executable {
        Executable::new().section(".rodata", ADDRESS, [&self.bytes[..], b"the end\0"].concat())
    }
}

fn naive() -> Vec<u8> {
    bytes_of(&sample("naive"))
}

/// The report on an executable, and the names of its objects without the file's.
#[track_caller]
fn check(bytes: &[u8]) -> (Report, Vec<String>) {
    let scratch = Scratch::new();
    let file = scratch.file("tool", bytes);
    let run = corecheck(&["check", "--kernel", "5.15", "--kernel", "5.4", "--format", "json", &file]);
    assert!(run.status < 2 && run.stderr.is_empty(), "{run:?}");
    let report = Report::of(&run);
    let names = list(&report.0, "objects").iter().map(|object| {
        assert_eq!(text(object, "embedded_in"), file);
        text(object, "path").strip_prefix(&file).expect("the executable's name comes first").to_owned()
    });
    let names = names.collect();
    (report, names)
}

#[test]
fn stripped_executables_name_the_place() {
    let data = Rodata::default().add(&naive());
    let (report, names) = check(&data.executable().build());
    assert_eq!(names, [data.place(0)]);
    // It is the very object that was put there.
    let alone = crate::report::check(0, &["--kernel", "5.15", "--kernel", "5.4", &sample("naive")]);
    assert_eq!(report.0["answers"], alone.0["answers"]);
    assert_eq!(report.0["results"], alone.0["results"]);
    let accesses = |report: &Report| list(&report.0, "objects")[0]["accesses"].clone();
    assert_eq!(accesses(&report), accesses(&alone));
}

#[test]
fn symbols_name_objects() {
    let data = Rodata::default().add(&naive()).add(&bytes_of(&sample("iommu_group")));
    let executable = data
        .executable()
        .symbol("naive_bpf__elf_bytes.s", data.places[0].clone())
        .symbol("all_of_it", 0..data.bytes.len())
        .symbol("second_object", data.places[1].clone());
    let (report, names) = check(&executable.build());
    assert_eq!(names, ["@naive_bpf__elf_bytes.s", "@second_object"]);
    let verdicts: Vec<_> = list(&report.0, "results")
        .iter()
        .map(|result| (result["object"].as_u64(), text(result, "verdict")))
        .collect();
    // In the kernels' order: 5.4, then 5.15.
    let expected = [(Some(0), "ok"), (Some(0), "ok"), (Some(1), "fails"), (Some(1), "ok")];
    assert_eq!(verdicts, expected);
}

#[test]
fn a_symbol_that_covers_several_objects_names_none() {
    let data = Rodata::default().add(&naive()).add(&bytes_of(&sample("iommu_group")));
    let executable = data.executable().symbol("blob", 0..data.bytes.len());
    let (_, names) = check(&executable.build());
    assert_eq!(names, [data.place(0), data.place(1)]);
    // One that ends too early covers none.
    let short = data.places[0].start..data.places[0].end - 8;
    let (_, names) = check(&data.executable().symbol("short", short).build());
    assert_eq!(names, [data.place(0), data.place(1)]);
}

#[test]
fn equal_objects_are_one() {
    let data =
        Rodata::default().add(&naive()).add(&naive()).add(&bytes_of(&sample("portable"))).add(&naive());
    let (_, names) = check(&data.executable().build());
    assert_eq!(names, [data.place(0), data.place(2)]);
}

#[test]
fn a_magic_alone_is_no_object() {
    let mut other = naive();
    other[18..20].copy_from_slice(&62_u16.to_le_bytes());
    let mut header = naive()[..64].to_vec();
    // A section table far away: the header of an object without the object.
    header[40..48].copy_from_slice(&0x7fff_0000_u64.to_le_bytes());
    let decoys = Rodata::default().add(b"\x7fELF\x02\x01\x01").add(&other).add(&header);
    let scratch = Scratch::new();
    let file = scratch.file("tool", &decoys.executable().build());
    let run = corecheck(&["check", &file]);
    run.expect_refusal(&[&file, "is ELF for x86-64", "no BPF object is embedded"]);
    // Among decoys the object is found.
    let data = decoys.add(&naive());
    let (_, names) = check(&data.executable().build());
    assert_eq!(names, [data.place(3)]);
}

#[test]
fn what_is_not_part_of_the_running_program_is_not_searched() {
    let file = Executable::new().section(".debug_info", 0, naive()).build();
    let scratch = Scratch::new();
    let path = scratch.file("tool", &file);
    corecheck(&["check", &path]).expect_refusal(&[&path, "no BPF object is embedded"]);
}

#[test]
fn a_broken_object_is_named_by_its_place() {
    let scratch = Scratch::new();
    let refused = |object: &[u8], words: &[&str]| {
        let data = Rodata::default().add(object);
        let file = scratch.file("tool", &data.executable().build());
        let place = format!("{file}{}", data.place(0));
        corecheck(&["check", &file]).expect_refusal(&[&[place.as_str()], words].concat());
    };
    // A section that reaches out of the executable's section.
    let mut lying = naive();
    crate::elf::set_header(&mut lying, ".BTF", 32, 0x10_0000);
    refused(&lying, &["section"]);
    // Sound as ELF, broken inside.
    let mut lying = naive();
    let btf = crate::elf::section(&lying, ".BTF");
    lying[btf.start] = 0;
    refused(&lying, &["section .BTF"]);
}

#[test]
fn every_object_of_one_executable_is_listed() {
    let all = ["all_kinds", "programs", "linked", "all_kinds_big_endian"];
    let data = all.iter().fold(Rodata::default(), |data, name| data.add(&bytes_of(&fixture(name))));
    let scratch = Scratch::new();
    let file = scratch.file("tool", &data.executable().build());
    let run = corecheck(&["accesses", "--format", "json", &file]).expect_status(0);
    let counts: Vec<_> = list(&run.json(), "objects").iter().map(|o| list(o, "accesses").len()).collect();
    let alone = all.map(|name| crate::accesses::accesses(&fixture(name)).len());
    assert_eq!(counts, alone);
    let run = corecheck(&["accesses", &file]).expect_status(0);
    for index in 0..all.len() {
        assert!(run.stdout.contains(&data.place(index)), "{}", run.stdout);
    }
}

/// As the C compiler's linker lays it out: position-independent, with all of the C library's start code around it.
#[test]
fn executables_of_a_real_linker() {
    let scratch = Scratch::new();
    let object = scratch.file("naive.o", &naive());
    let source = format!(
        "__asm__(\".section .rodata\\n.balign 8\\n.globl embedded_object\\n.type embedded_object, %object\\n\"\n\
         \"embedded_object:\\n.incbin \\\"{object}\\\"\\n.size embedded_object, . - embedded_object\\n.previous\");\n\
         extern const char embedded_object[];\nint main(void) {{ return embedded_object[0]; }}\n"
    );
    let source = scratch.file("tool.c", source.as_bytes());
    let tool = source.trim_end_matches(".c");
    for (options, name) in [(&[][..], "@embedded_object"), (&["-s"], "@0x")] {
        let compiler = Command::new("cc").args(options).args([source.as_str(), "-o", tool]).output();
        let compiler = compiler.expect("cc, which Rust links with, can be run");
        assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
        let run = corecheck(&["check", "--kernel", "5.15", "--format", "json", tool]).expect_status(0);
        let report = Report::of(&run);
        let [object] = list(&report.0, "objects") else { panic!("one object") };
        assert!(text(object, "path").starts_with(&format!("{tool}{name}")), "{object:#}");
        assert_eq!(report.verdicts(), [("5.15".to_owned(), "ok".to_owned())]);
    }
}
