use std::sync::Arc;

use super::*;
use crate::btf::{Btf, Builder, Endian, Kind, TypeSpec};
use crate::kernel::{Kernel, KernelName, Need, Root};
use crate::store::Store;
use crate::store::content::Class;
use crate::store::file::Import;

/// The parts of a store with two kernels of one struct and one module each.
fn parts() -> Parts {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    for release in ["1", "2"] {
        let mut types = Builder::new(Endian::Little);
        types.int("int", 4, 1);
        let vmlinux = Arc::new(Btf::parse(types.finish().expect("written")).expect("sound BTF"));
        let mut split = Builder::split(&vmlinux);
        split.add(TypeSpec::Float { name: format!("f{release}"), size: 8 });
        let module = Btf::parse_split(split.finish().expect("written"), Arc::clone(&vmlinux));
        let mut kernel = Kernel::of_vmlinux(KernelName::new("test", release, "amd64"), vmlinux);
        kernel.modules.insert("own".to_owned(), Arc::new(module.expect("sound BTF")));
        Import::new(&kernel).expect("it can be stored").commit(&path).expect("it is written");
    }
    Parts::of(&StoreFile::open(&path).expect("it can be opened")).expect("it is sound")
}

#[test]
fn parts_make_the_store_that_they_are_of() {
    let parts = parts();
    assert_eq!(parts.heads.iter().map(|head| head.0).collect::<Vec<_>>(), [0, 2]);
    let file = parts.open().expect("it is a store");
    assert_eq!(Parts::of(&file).expect("it is sound"), parts);
    file.verify().expect("it is sound");
    assert_eq!(file.kernels().len(), 2);
}

#[test]
fn numbers_that_are_taken_are_damage() {
    let opened = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts();
        change(&mut parts);
        parts.open().expect_err("it is damaged").to_string()
    };
    // The first kernel's module has number 1.
    let error = opened(&|parts| parts.heads[1].0 = 1);
    assert!(error.contains("the numbers of its modules are taken"), "{error}");
    let error = opened(&|parts| parts.heads[1].0 = u32::MAX - 1);
    assert!(error.contains("the numbers of its modules are taken"), "{error}");
    let error = opened(&|parts| parts.blocks.push((b"\0".to_vec(), Vec::new())));
    assert!(error.contains("not in order"), "{error}");
}

#[test]
fn more_modules_than_the_head_says_are_damage() {
    let mut parts = parts();
    let details = parts.details[0].1.clone();
    // One module named `own`, compared with nothing: now it is there twice.
    assert_eq!(details[..6], *b"\x01\x03own\0");
    parts.details[0].1 = [b"\x02\x03own\0", &details[1..]].concat();
    let file = parts.open().expect("its heads are sound");
    let error = file.verify().expect_err("it is damaged").to_string();
    assert!(error.contains("more modules than its head says"), "{error}");
}

#[test]
fn one_definition_a_million_times_is_damage() {
    let mut parts = parts();
    // One definition of 64 KiB, which a state names 100,000 times; kernel 0 has that state.
    let mut content = vec![13];
    content.put_number(4);
    content.put_number(8000);
    content.extend((0..8000).flat_map(|_| *b"nameless\0\0"));
    let mut body = Vec::new();
    body.put_number(1);
    body.put_bytes(&content);
    body.put_number(2);
    body.put_number(100_000);
    body.extend([0; 100_000]);
    body.extend([1, 0, 1]);
    let mut payload = vec![Class::Enum as u8];
    payload.put_name(b"many");
    payload.put_bytes(&body);
    for (key, block) in &mut parts.blocks {
        if key[0] == 1 {
            *block = payload.clone();
        }
    }
    let mut store = Store::of(Vec::new());
    store.add_file(parts.open().expect("its heads are sound"));
    let listed: Vec<&Kernel> = store.kernels().iter().collect();
    let root = Root { name: "many".to_owned(), kind: Kind::Enum, need: Need::All, everywhere: false };
    let error = store.look_up(&listed, &[root]).expect_err("it is too much").to_string();
    assert!(error.contains("too many types of this name"), "{error}");
    let error = store.whole(listed[0]).expect_err("it is too large").to_string();
    assert!(error.contains("too large"), "{error}");
}
