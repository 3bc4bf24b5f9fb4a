//! `layouts health`: what is odd about a stored kernel.

use std::path::Path;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, Endian, TypeSpec};

use crate::against::record;
use crate::elf::Executable;
use crate::run::corecheck;

const BANNER: &[u8] = b"\0Linux version 6.1.0-9-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP \
    PREEMPT_DYNAMIC Debian 6.1.27-1 (2023-05-08)\n\0";

fn types(mut btf: Builder, own: &[TypeSpec]) -> Vec<u8> {
    own.iter().for_each(|spec| {
        btf.add(spec.clone());
    });
    btf.finish().expect("sound BTF")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(&path, bytes).expect("it can be written");
}

fn module(folder: &Path, name: &str, btf: Vec<u8>) {
    let modinfo = format!("vermagic=6.1.0-9-amd64 SMP\0name={name}\0").into_bytes();
    let mut file = Executable::new().section(".modinfo", 0, modinfo).section(".BTF", 0, btf).build();
    // A relocatable file, as modules are.
    file[16] = 1;
    write(folder, &format!("lib/modules/6.1.0-9-amd64/kernel/{name}.ko"), &file);
}

/// A root file system with a kernel of which much is odd.
fn odd_kernel(folder: &Path) {
    let core = [
        record("device", 8, vec![]),
        record("irq_info", 8, vec![]),
        record("irq_info", 24, vec![]),
        record("page", 64, vec![]),
    ];
    let core = types(Builder::new(Endian::Little), &core);
    let vmlinux = Executable::new().section(".BTF", 0, core.clone()).section(".rodata", 0, BANNER.to_vec());
    write(folder, "boot/vmlinux-6.1.0-9-amd64", &vmlinux.build());
    let core = Arc::new(Btf::parse(core).expect("sound BTF"));
    let own = record("vfio_group", 8, vec![]);
    let split = |own: &[TypeSpec]| types(Builder::split(&core), own);
    module(folder, "vfio", split(&[record("device", 8, vec![]), record("page", 32, vec![]), own.clone()]));
    module(folder, "sound", split(&[record("snd_card", 16, vec![])]));
    module(folder, "rust", split(&[]));
    // Its header says that there is more.
    module(folder, "cut", split(&[own])[..24].to_vec());
}

#[test]
fn what_is_odd_about_a_stored_kernel_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    odd_kernel(&root);
    let root = root.to_string_lossy().into_owned();
    let store = folder.path().join("store").to_string_lossy().into_owned();
    let added = corecheck(&["layouts", "add", "--store", &store, "--arch", "amd64", &root]);
    assert_eq!(added.status, 0, "{added:#?}");
    let health = |more: &[&str]| {
        let arguments = ["layouts", "health", "debian/6.1.0-9-amd64/*", "--store", &store];
        corecheck(&[&arguments[..], more].concat()).expect_status(0)
    };
    let document = health(&["--format", "json"]).json();
    assert_eq!(
        (&document["schema"], &document["command"]),
        (&"corecheck.layouts/1".into(), &"health".into())
    );
    assert_eq!(document["kernel"]["complete"], true);
    assert_eq!((&document["modules"], &document["modules_shipped"]), (&3.into(), &4.into()));
    assert_eq!((&document["types"], &document["endian"]), (&8.into(), &"little".into()));
    let only = |list: &str| match document[list].as_array().map(Vec::as_slice) {
        Some([only]) => only.clone(),
        _ => panic!("one is expected in {list}\n{document:#}"),
    };
    assert_eq!(only("empty"), "rust");
    assert_eq!(only("duplicates")["name"], "irq_info");
    assert_eq!(only("unreadable")["unit"], "cut");
    let repeat = serde_json::json!({ "module": "vfio", "names": ["device", "page"], "alike": 1 });
    assert_eq!(only("repeats"), repeat);
    let text = health(&[]).stdout;
    for part in
        ["vmlinux and 3 modules: 8 types", "it ships 4 modules", "  rust\n", "  cut: ", "irq_info: struct of"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_kernel_that_is_stored_in_part_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    odd_kernel(&root);
    let root = root.to_string_lossy().into_owned();
    let store = folder.path().join("store").to_string_lossy().into_owned();
    let types = ["--types", "device,vfio_group"];
    let added =
        corecheck(&[&["layouts", "add", "--store", &store, "--arch", "amd64", &root], &types[..]].concat());
    assert_eq!(added.status, 0, "{added:#?}");
    let arguments = ["layouts", "health", "debian/6.1.0-9-amd64/*", "--store", &store, "--format"];
    let text = corecheck(&[&arguments[..], &["human"]].concat()).expect_status(0).stdout;
    assert!(text.contains("It is stored in part") && !text.contains("define again"), "{text}");
    let document = corecheck(&[&arguments[..], &["json"]].concat()).expect_status(0).json();
    assert_eq!(document["kernel"]["complete"], false);
    assert!(document["repeats"].is_null(), "{document:#}");
    // A kernel of the program's own, and a pattern that fits several.
    let seed = corecheck(&["layouts", "health", "5.8"]).expect_status(0).stdout;
    assert!(seed.starts_with("ubuntu/5.8.0-25-generic/amd64\n  vmlinux: "), "{seed}");
    corecheck(&["layouts", "health", "ubuntu/*"]).expect_refusal(&["names 25 kernels"]);
}
