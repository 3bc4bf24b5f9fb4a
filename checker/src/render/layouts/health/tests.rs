use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, TypeSpec};
use corecheck_layouts::kernel::KernelName;
use corecheck_layouts::kernel::health::{health, units};
use corecheck_layouts::store::Store;

use serde_json::{Value, json};

use super::*;

fn record(name: &str, size: u32) -> TypeSpec {
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size, kind_flag: false, members: vec![] }
}

fn types(mut builder: Builder, types: &[TypeSpec]) -> Vec<u8> {
    types.iter().for_each(|spec| {
        builder.add(spec.clone());
    });
    builder.finish().expect("it can be written")
}

/// A kernel with these types in its vmlinux, and with these modules.
fn kernel(own: &[TypeSpec], modules: &[(&str, Vec<TypeSpec>)]) -> Kernel {
    let core = Btf::parse(types(Builder::new(Endian::Little), own)).expect("sound BTF");
    let core = Arc::new(core);
    let mut kernel = Kernel::of_vmlinux(KernelName::new("test", "1", "amd64"), Arc::clone(&core));
    for (name, own) in modules {
        let own = Btf::parse_split(types(Builder::split(&core), own), Arc::clone(&core));
        kernel.modules.insert((*name).to_owned(), Arc::new(own.expect("sound BTF")));
    }
    kernel.shipped_modules = Some(kernel.modules.keys().cloned().collect());
    kernel
}

fn shown(kernel: &Kernel) -> (String, Value) {
    let health = health(&units(kernel));
    let (mut text, mut document) = (Vec::new(), Vec::new());
    human(kernel, &health, 80, &mut text).expect("memory takes it");
    json(kernel, &health, &mut document).expect("memory takes it");
    (String::from_utf8(text).expect("text"), serde_json::from_slice(&document).expect("JSON"))
}

#[test]
fn nothing_odd_is_said_so() {
    let (text, document) = shown(&kernel(&[record("device", 8)], &[("vfio", vec![record("own", 8)])]));
    let head = "test/1/amd64\n  vmlinux and 1 module: 2 types, ";
    assert!(text.starts_with(head), "{text}");
    assert!(text.ends_with(" bytes of BTF, little endian\n  Nothing is odd.\n"), "{text}");
    assert_eq!(
        (&document["schema"], &document["command"]),
        (&json!("corecheck.layouts/1"), &json!("health"))
    );
    assert_eq!((&document["types"], &document["modules"]), (&json!(2), &json!(1)));
    for list in ["unreadable", "other_base", "other_order", "unknown_kinds", "duplicates", "repeats", "empty"]
    {
        assert_eq!(document[list], json!([]), "{list}");
    }
}

#[test]
fn what_is_odd_is_listed_with_how_many() {
    let core = [record("device", 8), record("irq_info", 8), record("irq_info", 24), record("page", 64)];
    let vfio = vec![record("device", 8), record("page", 32)];
    let mut kernel = kernel(&core, &[("bare", vec![]), ("aa", vec![record("page", 64)]), ("vfio", vfio)]);
    kernel.broken_modules.insert("kvm".to_owned(), "it is\u{1b}[2J cut short".to_owned());
    let (text, document) = shown(&kernel);
    for part in [
        "unknown: 1\n  kvm: it is\u{fffd}[2J cut short\n",
        "access: 1\n  irq_info: struct of 8 bytes, struct of 24 bytes\n",
        "ambiguous: 2\n  vfio: 2 names, 1 of another size or kind (device, page)\n  aa: 1 name (page)\n",
        "fail on it: 1\n  bare\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("Nothing is odd"), "{text}");
    let why = json!({ "code": "broken", "text": "it is\u{1b}[2J cut short" });
    assert_eq!(document["unreadable"], json!([{ "unit": "kvm", "reason": why }]));
    let definition = |id: u32, size: u32| json!({ "id": id, "kind": "struct", "size_bytes": size });
    let definitions = [definition(2, 8), definition(3, 24)];
    assert_eq!(
        document["duplicates"],
        json!([{ "unit": "vmlinux", "name": "irq_info", "definitions": definitions }])
    );
    assert_eq!(document["repeats"][0], json!({ "module": "vfio", "names": ["device", "page"], "alike": 1 }));
    assert_eq!(document["empty"], json!(["bare"]));
}

#[test]
fn long_lists_are_cut_with_a_count() {
    let core: Vec<TypeSpec> =
        (0..13).flat_map(|number| [8, 16].map(|size| record(&format!("t{number:02}"), size))).collect();
    let (text, document) = shown(&kernel(&core, &[("all", core[..14].to_vec())]));
    assert!(text.contains("access: 13\n  t00: "), "{text}");
    assert!(text.contains("  t09: struct of 8 bytes, struct of 16 bytes\n  and 3 more\n"), "{text}");
    assert!(text.contains("  all: 7 names (t00, t01, t02, t03, and 3 more)\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(document["duplicates"].as_array().map(Vec::len), Some(13));
}

#[test]
fn a_kernel_of_the_seed_says_that_it_is_stored_in_part() {
    let store = Store::seed().expect("the data are well formed");
    let of = |alias: &str| {
        let kernels = store.select(&[alias.to_owned()]).expect("the seed has it");
        shown(&store.whole(kernels[0]).expect("it can be read"))
    };
    let (text, document) = of("5.8");
    assert!(text.contains("  vmlinux: ") && text.contains("It is stored in part"), "{text}");
    assert_eq!((&document["kernel"]["complete"], &document["repeats"]), (&json!(false), &Value::Null));
    let (text, document) = of("armhf");
    assert!(text.contains("  Nothing is stored of its types.\n") && !text.contains("odd"), "{text}");
    assert_eq!((&document["has_vmlinux"], &document["types"]), (&json!(false), &json!(0)));
}
