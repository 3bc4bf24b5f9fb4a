//! The store's file: whatever is in it, reading it comes to an end.

use std::collections::BTreeSet;

use corecheck_layouts::btf::{Builder, Endian, Kind, MemberSpec, TypeId, TypeSpec};
use corecheck_layouts::kernel::{Found, Kernel, KernelName, Modules, Need, Root};
use corecheck_layouts::store::Store;
use corecheck_layouts::store::file::{Import, Parts, StoreFile};

use super::{btf, ground};

/// How many kernels are read whole.
const WHOLE: usize = 4;

/// Names of parts in an input of [`parts`].
const HEAD: u8 = 0;
const DETAILS: u8 = 1;
const BLOCK: u8 = 2;
const CONFIG: u8 = 3;

/// Input: the file.
pub(crate) fn file(data: &[u8]) {
    if let Ok(file) = StoreFile::from_bytes(data) {
        everything(file);
    }
}

/// Input: the parts of a store, each a byte that says which, its length in two bytes (little-endian), and that many bytes. A
/// head, details and a configuration begin with the kernel's number in four bytes; a block with a byte that says how long its key is, and
/// the key.
pub(crate) fn parts(mut data: &[u8]) {
    let mut parts = Parts::default();
    while let Some((&[which, low, high], rest)) = data.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([low, high]));
        let (part, rest) = rest.split_at(length.min(rest.len()));
        data = rest;
        match (which, part.split_first_chunk::<4>(), part.split_first()) {
            (HEAD, Some((number, head)), _) => {
                parts.heads.push((u32::from_le_bytes(*number), head.to_vec()));
            }
            (DETAILS, Some((number, details)), _) => {
                parts.details.push((u32::from_le_bytes(*number), details.to_vec()));
            }
            (CONFIG, Some((number, config)), _) => {
                parts.configs.push((u32::from_le_bytes(*number), config.to_vec()));
            }
            (_, _, Some((&length, block))) => {
                let (key, payload) = block.split_at(usize::from(length).min(block.len()));
                parts.blocks.push((key.to_vec(), payload.to_vec()));
            }
            _ => {}
        }
    }
    if let Ok(file) = parts.open() {
        everything(file);
    }
}

/// A store in the form that [`parts`] takes.
fn written(parts: &Parts) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |which: u8, pieces: &[&[u8]]| {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        out.push(which);
        out.extend(u16::try_from(length).expect("seeds are small").to_le_bytes());
        pieces.iter().for_each(|piece| out.extend(*piece));
    };
    parts.heads.iter().for_each(|(number, head)| put(HEAD, &[&number.to_le_bytes(), head]));
    parts.details.iter().for_each(|(number, details)| put(DETAILS, &[&number.to_le_bytes(), details]));
    parts.configs.iter().for_each(|(number, config)| put(CONFIG, &[&number.to_le_bytes(), config]));
    for (key, payload) in &parts.blocks {
        put(BLOCK, &[&[u8::try_from(key.len()).expect("seeds are small")], key, payload]);
    }
    out
}

/// Types of [`kernels`], each of another kind and need.
fn roots() -> Vec<Root> {
    let members = Need::Members(BTreeSet::from([b"held".to_vec(), b"x".to_vec()]));
    [
        ("thing", Kind::Struct, members),
        ("twin", Kind::Struct, Need::All),
        ("own", Kind::Struct, Need::All),
        ("wide", Kind::Enum64, Need::Kind),
        ("twin_t", Kind::Typedef, Need::All),
        ("task", Kind::Struct, Need::Kind),
    ]
    .into_iter()
    .map(|(name, kind, need)| Root { name: name.to_owned(), kind, need, everywhere: false })
    .collect()
}

/// Whatever can be asked of a store.
fn everything(file: StoreFile) {
    let is_sound = file.verify().is_ok();
    drop(file.broken_modules());
    drop(Parts::of(&file));
    let mut store = Store::of(Vec::new());
    store.add_file(file);
    let listed: Vec<&Kernel> = store.kernels().iter().collect();
    let roots = roots();
    let wanted: Vec<(&str, Kind)> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    if let Ok(looked) = store.look_up(&listed, &roots) {
        assert_eq!(looked.len(), listed.len());
        for kernel in &looked {
            for found in kernel.find(&wanted, &Modules::All) {
                if let Found::In(units) = &found {
                    units
                        .iter()
                        .for_each(|unit| unit.ids.iter().for_each(|&id| assert!(unit.btf.contains(id))));
                }
            }
        }
    }
    for kernel in listed.iter().take(WHOLE) {
        let Ok(whole) = store.whole(kernel) else { continue };
        whole.vmlinux.iter().chain(whole.modules.values()).for_each(|unit| btf::walk(unit));
        // What came out of a sound store can be stored again.
        if is_sound && whole.vmlinux.is_some() {
            drop(Import::new(&whole));
        }
    }
}

fn composite(name: &str, members: &[(&str, TypeId)], size: u32) -> TypeSpec {
    let member = |(index, &(name, of)): (usize, &(&str, TypeId))| MemberSpec {
        name: name.to_owned(),
        of,
        bit_offset: index as u32 * 64,
        bitfield_bits: 0,
    };
    let members = members.iter().enumerate().map(member).collect();
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size, kind_flag: false, members }
}

/// A small kernel with a module, with types of every class, which differ by release.
fn kernel(release: u32) -> Kernel {
    let mut types = Builder::new(if release < 3 { Endian::Little } else { Endian::Big });
    let long = types.int("long unsigned int", 8, 0);
    let float = types.add(TypeSpec::Float { name: "double".to_owned(), size: 8 });
    let inner = types.add(composite("inner", &[("x", long), ("y", float)], 16));
    let thing = types.reserve();
    let pointer = types.add(TypeSpec::Ptr { to: thing });
    let array = types.add(TypeSpec::Array { element: inner, index: long, length: release });
    let nameless = types.add(composite("", &[("a", long), ("b", pointer)], 16));
    types.define(thing, composite("thing", &[("held", array), ("", nameless), ("self", pointer)], 64));
    types.add(composite("twin", &[("a", long)], 8));
    let twin = types.add(composite("twin", &[("b", float), ("x", inner)], 24));
    types.add(TypeSpec::Typedef { name: "twin_t".to_owned(), to: twin });
    let values = vec![("A".to_owned(), 1), ("B".to_owned(), u64::from(release) << 33)];
    types.add(TypeSpec::Enum { name: "wide".to_owned(), size: 8, is_signed: false, is_64: true, values });
    types.add(TypeSpec::Fwd { name: "elsewhere".to_owned(), is_union: true });
    let proto = types.add(TypeSpec::FuncProto { returns: long, params: vec![("p".to_owned(), pointer)] });
    let function = types.add(TypeSpec::Func { name: "work".to_owned(), proto, linkage: 1 });
    let tag = "bpf_kfunc".to_owned();
    types.add(TypeSpec::DeclTag { name: tag, on: function, component: -1, attribute: false });
    let vmlinux = ground::parsed(types);
    let mut split = Builder::split(&vmlinux);
    let own = split.add(composite("thing", &[("other", twin)], 24));
    split.add(composite("own", &[("a", own), ("b", inner)], 48));
    let module = ground::parsed_on(split, &vmlinux);
    let mut kernel = Kernel::of_vmlinux(KernelName::new("fuzz", release.to_string(), "amd64"), vmlinux);
    kernel.facts.config.insert("CONFIG_A".to_owned(), release.to_string());
    kernel.modules.insert("own".to_owned(), module);
    kernel.broken_modules.insert("bad".to_owned(), "cut short".to_owned());
    kernel.shipped_modules = Some(["own", "bad"].map(str::to_owned).into());
    kernel
}

/// Real stores for the fuzzer to begin with: name of the target, name of the seed, bytes.
///
/// # Panics
/// When they cannot be made.
pub(crate) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let folder = std::env::temp_dir().join(format!("corecheck-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let mut seeds = Vec::new();
    for count in 1..=3 {
        let path = folder.join(count.to_string());
        for release in 1..=count {
            let import = Import::new(&kernel(release)).expect("it can be stored");
            import.commit(&path).expect("it is written");
        }
        let bytes = std::fs::read(&path).expect("it was written");
        let parts = Parts::of(&StoreFile::from_bytes(&bytes).expect("it is a store"));
        seeds.push(("store", format!("kernels-{count}"), bytes));
        seeds.push(("store_parts", format!("kernels-{count}"), written(&parts.expect("it is sound"))));
    }
    std::fs::remove_dir_all(&folder).expect("it was made");
    seeds
}
