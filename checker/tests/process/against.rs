//! `--against`: kernels that are given as files, used once and not stored.

use std::path::Path;

use corecheck_layouts::btf::{Builder, Endian, MemberSpec, TypeId, TypeSpec};

use crate::elf::Executable;
use crate::report::{Report, check, codes, list, text, texts};
use crate::run::{corecheck, fixture, sample};

pub fn member(name: &str, of: TypeId, bytes: u32) -> MemberSpec {
    MemberSpec { name: name.to_owned(), of, bit_offset: bytes * 8, bitfield_bits: 0 }
}

pub fn record(name: &str, size: u32, members: Vec<MemberSpec>) -> TypeSpec {
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size, kind_flag: false, members }
}

/// BTF with a `struct vfio_group` that nobody ever had: `iommu_group` at this offset in bytes, `minor` behind it.
fn a_kernel(offset: u32) -> Vec<u8> {
    let mut btf = Builder::new(Endian::Little);
    let int = btf.int("int", 4, 1);
    let group = btf.add(TypeSpec::Fwd { name: "iommu_group".to_owned(), is_union: false });
    let pointer = btf.add(TypeSpec::Ptr { to: group });
    let members = vec![member("iommu_group", pointer, offset), member("minor", int, offset + 8)];
    btf.add(record("vfio_group", offset + 16, members));
    btf.finish().expect("sound BTF")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(&path, bytes).expect("it can be written");
    path.to_string_lossy().into_owned()
}

fn kernels(report: &Report) -> Vec<&str> {
    list(&report.0, "kernels").iter().map(|kernel| text(kernel, "name")).collect()
}

#[test]
fn raw_btf_is_a_kernel() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "mine.btf", &a_kernel(4242));
    let report = check(0, &["--against", &file, &sample("iommu_group")]);
    // Instead of the stored kernels.
    assert_eq!(kernels(&report), ["local/mine.btf/unknown"]);
    assert_eq!(report.values("local/mine.btf/unknown"), [Some(4242)]);
    let kernel = &list(&report.0, "kernels")[0];
    assert_eq!(kernel["complete"], true);
    assert_eq!((text(kernel, "distro"), text(kernel, "group")), ("local", "local"));
    assert!(texts(kernel, "aliases").is_empty());
    assert!(codes(report.result("local/mine.btf/unknown"), "conditions").is_empty());
}

#[test]
fn what_a_complete_kernel_lacks_is_absent() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "mine.btf", &a_kernel(8));
    let name = "local/mine.btf/unknown";
    // `minor` is there, all else is not.
    let report = check(1, &["--against", &file, &sample("naive")]);
    let outcomes: Vec<_> = report.outcomes(name).iter().map(|outcome| text(outcome, "outcome")).collect();
    let (gone, there) = ("poisoned", "resolved");
    assert_eq!(outcomes, [gone, there, gone, there, gone, gone, gone]);
    // A type that vmlinux does not have may be in a module, unless none is loaded.
    let programs = fixture("programs");
    let report = check(2, &["--against", &file, &programs]);
    assert_eq!(codes(report.result(name), "reasons"), ["modules-not-stored"]);
    let report = check(1, &["--against", &file, "--modules", "none", &programs]);
    assert_eq!(codes(report.result(name), "reasons"), ["type-missing"]);
    let verdicts: Vec<_> = list(report.result(name), "programs").iter().map(|p| text(p, "phase")).collect();
    assert_eq!(verdicts, ["verify"; 3]);
}

#[test]
fn stored_kernels_too_when_they_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "mine.btf", &a_kernel(24));
    let arguments = ["--kernel", "5.15", "--against", &file, "--kernel", "5.19", &sample("iommu_group")];
    let report = check(0, &arguments);
    let expected = [("5.15", 16), ("5.19", 856), ("local/mine.btf/unknown", 24)];
    let verdicts: Vec<_> = report.verdicts().into_iter().map(|(alias, _)| alias).collect();
    assert_eq!(verdicts, expected.map(|(alias, _)| alias));
    for (alias, value) in expected {
        assert_eq!(report.values(alias), [Some(value)], "{alias}");
    }
}

#[test]
fn two_files_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = write(folder.path(), "a/vmlinux", &a_kernel(16));
    let second = write(folder.path(), "b/vmlinux", &a_kernel(32));
    let report = check(0, &["--against", &first, "--against", &second, &sample("iommu_group")]);
    let names = kernels(&report);
    assert_eq!(names[0], "local/vmlinux/unknown");
    assert_ne!(names[0], names[1]);
    assert_eq!(report.values(names[0]), [Some(16)]);
    assert_eq!(report.values(names[1]), [Some(32)]);
}

#[test]
fn an_elf_file_with_btf_is_a_kernel() {
    let folder = tempfile::tempdir().expect("a folder");
    let elf = Executable::new().section(".BTF", 0, a_kernel(72)).build();
    let file = write(folder.path(), "vmlinux", &elf);
    let report = check(0, &["--against", &file, &sample("iommu_group")]);
    let [name] = kernels(&report)[..] else { panic!("one kernel") };
    assert!(name.starts_with("local/vmlinux/"), "{name}");
    assert_eq!(text(&list(&report.0, "kernels")[0], "arch"), "amd64");
    assert_eq!(report.values(name), [Some(72)]);
}

#[test]
fn a_kernel_of_the_other_byte_order_is_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut btf = Builder::new(Endian::Big);
    btf.int("int", 4, 1);
    let file = write(folder.path(), "big.btf", &btf.finish().expect("sound BTF"));
    let name = "local/big.btf/unknown";
    let report = check(1, &["--against", &file, &sample("naive")]);
    assert_eq!(codes(report.result(name), "reasons"), ["byte-order"]);
    assert_eq!(text(&list(report.result(name), "programs")[0], "phase"), "open");
    let [finding] = report.findings("byte-order")[..] else { panic!("one cause") };
    assert_eq!(texts(finding, "kernels"), [name]);
    // An object for that machine is taken, and gets as far as its guards.
    let object = fixture("fields_big_endian");
    let report = check(1, &["--against", &file, "--modules", "none", &object]);
    assert_eq!(codes(report.result(name), "reasons"), ["type-missing"]);
    // What it asks before it reads is guarded, on that machine too.
    let reach = |path: &str| {
        let accesses = list(&list(&report.0, "objects")[0], "accesses");
        let at = accesses.iter().position(|access| text(access, "path") == path).expect("it is one");
        report.outcomes(name)[at]["reach"].clone()
    };
    assert_eq!(reach("plain"), "reached");
    // And it is refused by all that run on the other.
    let report = check(1, &["--kernel", "5.15", &object]);
    assert_eq!(codes(report.result("5.15"), "reasons"), ["byte-order"]);
    assert_eq!(list(&report.0, "findings").len(), 1);
}

/// The types of `all_kinds.bpf.c` as its comments have them, each behind `before` others.
fn all_kinds(before: u32) -> (Vec<u8>, TypeId) {
    let mut btf = Builder::new(Endian::Little);
    let int = btf.int("int", 4, 1);
    let unsigned = btf.int("unsigned int", 4, 0);
    let char = btf.int("char", 1, 1);
    for number in 0..before {
        btf.add(TypeSpec::Fwd { name: format!("filler{number}"), is_union: false });
    }
    let enumeration = |name: &str, size, is_64: bool, values: &[(&str, u64)]| TypeSpec::Enum {
        name: name.to_owned(),
        size,
        is_signed: !is_64,
        is_64,
        values: values.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
    };
    // One enumerator more than the object knows, and another value.
    let low = u64::from((-3_i32).cast_unsigned());
    let values = [("CHOICE_NEW", 0), ("CHOICE_HIGH", 7), ("CHOICE_LOW", low)];
    let choice = btf.add(enumeration("choice", 4, false, &values));
    btf.add(enumeration("wide", 8, true, &[("WIDE_LOW", 1), ("WIDE_HIGH", 0xffee_ddcc_bbaa_9988)]));
    let bits = MemberSpec { name: "bits".to_owned(), of: unsigned, bit_offset: 100, bitfield_bits: 5 };
    let thing = btf.add(TypeSpec::Composite {
        is_union: false,
        name: "thing".to_owned(),
        size: 24,
        kind_flag: true,
        members: vec![member("choice", choice, 4), member("number", int, 8), bits],
    });
    btf.add(TypeSpec::Typedef { name: "thing_t".to_owned(), to: thing });
    let members = vec![member("number", int, 0), member("letter", char, 0)];
    btf.add(TypeSpec::Composite {
        is_union: true,
        name: "either".to_owned(),
        size: 4,
        kind_flag: false,
        members,
    });
    (btf.finish().expect("sound BTF"), thing)
}

/// Type ids of a given kernel are the kernel's own, so even `target_type_id` has its number.
#[test]
fn every_kind_has_its_value() {
    let folder = tempfile::tempdir().expect("a folder");
    for before in [0, 77] {
        let (btf, thing) = all_kinds(before);
        let file = write(folder.path(), "kinds.btf", &btf);
        let report = check(0, &["--against", &file, &fixture("all_kinds")]);
        let accesses = list(&list(&report.0, "objects")[0], "accesses");
        let values = report.values("local/kinds.btf/unknown");
        let local_id = accesses[6]["local_value"].as_u64();
        let told: Vec<_> = accesses
            .iter()
            .zip(values)
            .map(|(access, value)| format!("{} {}", text(access, "kind"), value.map_or(-1, u64::cast_signed)))
            .collect();
        let expected = [
            "byte_off 4".to_owned(),
            "byte_sz 4".to_owned(),
            "field_exists 1".to_owned(),
            "signed 1".to_owned(),
            // Bits 100 to 104 are bits 4 to 8 of the word at 12.
            format!("lshift_u64 {}", 64 - (4 + 5)),
            format!("rshift_u64 {}", 64 - 5),
            format!("local_type_id {}", local_id.expect("the object's own")),
            format!("target_type_id {}", thing.0),
            "type_exists 1".to_owned(),
            "type_exists 1".to_owned(),
            "type_exists 1".to_owned(),
            "type_size 24".to_owned(),
            "enumval_exists 1".to_owned(),
            "enumval_exists 1".to_owned(),
            "enumval_value -3".to_owned(),
            format!("enumval_value {}", 0xffee_ddcc_bbaa_9988_u64.cast_signed()),
            "type_matches 1".to_owned(),
            "type_matches 1".to_owned(),
        ];
        assert_eq!(told, expected);
    }
}

#[test]
fn what_is_no_kernel_is_refused_with_what_would_be() {
    let naive = sample("naive");
    let against = |file: &str, words: &[&str]| {
        let run = corecheck(&["check", "--against", file, &naive]);
        run.expect_refusal(&[&[file], words].concat());
    };
    against(&fixture("all_kinds"), &["BPF object", "raw BTF", "kernel image"]);
    against(&naive, &["BPF object"]);
    against("Cargo.toml", &["raw BTF"]);
    against("no/such/file", &["No such file"]);
    against("checker/src", &["holds no"]);
    let folder = tempfile::tempdir().expect("a folder");
    against(&write(folder.path(), "empty", b""), &["empty"]);
    let elf = Executable::new().section(".text", 0x1000, vec![0x90; 64]).build();
    against(&write(folder.path(), "plain", &elf), &["no .BTF section"]);
}
