//! BTF that lies: in the object, and as the kernel to check against. The message says which type or string it is.

use corecheck_layouts::btf::{Builder, Endian, TypeId, TypeSpec};

use crate::against::{member, record};
use crate::bad_objects::Scratch;
use crate::elf;
use crate::run::{bytes_of, corecheck, sample};

/// Demands that an object with this BTF is refused, with these words.
#[track_caller]
fn refused_in_object(btf: &[u8], words: &[&str]) {
    let object = elf::with_section(&bytes_of(&sample("naive")), ".BTF", btf);
    let run = Scratch::new().check("object.o", &object);
    run.expect_refusal(&[&["object.o: section .BTF"], words].concat());
}

/// Demands that this file is refused as a kernel, with these words.
#[track_caller]
fn refused_as_kernel(name: &str, bytes: &[u8], words: &[&str]) {
    let scratch = Scratch::new();
    let file = scratch.file(name, bytes);
    let run = corecheck(&["check", "--against", &file, &sample("naive")]);
    run.expect_refusal(&[&[file.as_str()], words].concat());
}

/// An ELF file with this BTF.
fn vmlinux(btf: &[u8]) -> Vec<u8> {
    elf::Executable::new().section(".BTF", 0, btf.to_vec()).build()
}

/// Demands that this BTF is refused wherever it stands, with these words.
#[track_caller]
fn refused(btf: &[u8], words: &[&str]) {
    refused_in_object(btf, words);
    refused_as_kernel("kernel.btf", btf, words);
    refused_as_kernel("vmlinux", &vmlinux(btf), words);
}

/// BTF with one type after `int`, which has the id 2.
fn second(spec: TypeSpec) -> Vec<u8> {
    let mut btf = Builder::new(Endian::Little);
    btf.int("int", 4, 1);
    btf.add(spec);
    btf.finish().expect("the builder checks no ids")
}

/// Sound BTF with some words changed: pairs of a byte offset and a value.
fn patched(words: &[(usize, u32)]) -> Vec<u8> {
    let mut btf = second(record("thing", 4, vec![member("number", TypeId(1), 0)]));
    for &(at, value) in words {
        btf[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    btf
}

/// Where the record of type 2 begins: behind the header and an integer's record.
const SECOND: usize = 24 + 16;

#[test]
fn ids_out_of_range() {
    let far = TypeId(999);
    refused(&second(TypeSpec::Ptr { to: far }), &["[2]", "999"]);
    refused(&second(TypeSpec::Typedef { name: "t".to_owned(), to: far }), &["[2]", "999"]);
    refused(&second(record("thing", 4, vec![member("number", far, 0)])), &["[2]", "999"]);
    refused(&second(TypeSpec::Array { element: far, index: TypeId(1), length: 3 }), &["[2]", "999"]);
    let params = vec![("a".to_owned(), far)];
    refused(&second(TypeSpec::FuncProto { returns: TypeId(1), params }), &["[2]", "999"]);
}

#[test]
fn types_that_hold_themselves() {
    let mut btf = Builder::new(Endian::Little);
    let (outer, inner) = (btf.reserve(), btf.reserve());
    btf.define(outer, record("outer", 8, vec![member("inner", inner, 0)]));
    btf.define(inner, record("inner", 8, vec![member("outer", outer, 0)]));
    refused(&btf.finish().expect("the builder checks no cycles"), &["contains itself", "cycle of 2"]);
    let own = TypeId(2);
    refused(&second(TypeSpec::Typedef { name: "t".to_owned(), to: own }), &["[2]", "contains itself"]);
    refused(&second(TypeSpec::Array { element: own, index: TypeId(1), length: 3 }), &["contains itself"]);
    let array = TypeId(3);
    let mut btf = Builder::new(Endian::Little);
    btf.int("int", 4, 1);
    btf.add(record("thing", 8, vec![member("things", array, 0)]));
    btf.add(TypeSpec::Array { element: own, index: TypeId(1), length: 2 });
    refused(&btf.finish().expect("the builder checks no cycles"), &["contains itself"]);
}

#[test]
fn a_pointer_to_itself_is_fine() {
    let mut btf = Builder::new(Endian::Little);
    let (thing, pointer) = (btf.reserve(), btf.reserve());
    btf.define(thing, record("thing", 8, vec![member("next", pointer, 0)]));
    btf.define(pointer, TypeSpec::Ptr { to: thing });
    let scratch = Scratch::new();
    let file = scratch.file("list.btf", &btf.finish().expect("sound BTF"));
    corecheck(&["check", "--against", &file, "--modules", "none", &sample("naive")]).expect_status(1);
}

#[test]
fn strings_out_of_range() {
    refused(&patched(&[(SECOND, 0x00ff_ffff)]), &["[2]", "16777215"]);
    // The name of its member.
    refused(&patched(&[(SECOND + 12, 0x7fff_ffff)]), &["[2]", "2147483647"]);
    // A string section that does not end with a NUL, and one that does not begin with one.
    let mut btf = patched(&[]);
    let end = btf.len() - 1;
    btf[end] = b'x';
    refused(&btf, &["string section"]);
    let mut btf = patched(&[]);
    let first = elf::number(&btf, 16, 4) + 24;
    btf[first] = b'x';
    refused_in_object(&btf, &["string section"]);
    // So does the BTF of a module, which needs its kernel's.
    refused_as_kernel("kernel.btf", &btf, &["split BTF"]);
}

#[test]
fn headers_that_lie() {
    let other_magic = [&[0x12, 0x34][..], &patched(&[])[2..]].concat();
    refused_in_object(&other_magic, &["magic"]);
    refused_as_kernel("vmlinux", &vmlinux(&other_magic), &["magic"]);
    refused_as_kernel("kernel.btf", &other_magic, &["no kernel", "starts with 12 34"]);
    let version = {
        let mut btf = patched(&[]);
        btf[2] = 7;
        btf
    };
    refused(&version, &["version 7"]);
    // Length of the header; offsets and lengths of types and strings.
    for at in [4, 8, 12, 16, 20] {
        for value in [0x0001_0000, 0x7fff_ffff, u32::MAX] {
            refused(&patched(&[(at, value)]), &["BTF"]);
        }
    }
    for length in 0..patched(&[]).len() {
        refused_in_object(&patched(&[])[..length], &[]);
    }
}

#[test]
fn records_that_are_cut_off_or_unknown() {
    // More members than there are bytes.
    refused(&patched(&[(SECOND + 4, 4 << 24 | 0xffff)]), &["[2]"]);
    // A kind whose length nobody knows.
    refused(&patched(&[(SECOND + 4, 30 << 24)]), &["[2]", "kind 30"]);
}

#[test]
fn nesting_that_would_never_end_is_refused_or_answered() {
    // Each struct holds the next one twice: 2^60 members to look through for one that is not there.
    let mut btf = Builder::new(Endian::Little);
    let mut inner = btf.int("int", 4, 1);
    for depth in 0..60 {
        let members = vec![member("", inner, 0), member("", inner, 0)];
        inner = btf.add(record(if depth == 59 { "vfio_group" } else { "" }, 4, members));
    }
    let scratch = Scratch::new();
    let file = scratch.file("deep.btf", &btf.finish().expect("sound BTF"));
    let run = corecheck(&["check", "--against", &file, &sample("naive")]).expect_status(2);
    // Our own bound: what a loader would do is not known.
    assert!(run.stdout.contains("unknown") && run.stdout.contains("nested"), "{}", run.stdout);
}
