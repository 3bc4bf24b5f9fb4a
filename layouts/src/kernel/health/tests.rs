use super::*;
use crate::btf::{Builder, TypeSpec};

fn composite(is_union: bool, name: &str, size: u32) -> TypeSpec {
    TypeSpec::Composite { is_union, name: name.to_owned(), size, kind_flag: false, members: Vec::new() }
}

fn types(mut builder: Builder, types: &[TypeSpec]) -> Vec<u8> {
    for spec in types {
        builder.add(spec.clone());
    }
    builder.finish().expect("it can be written")
}

fn vmlinux(own: &[TypeSpec]) -> Arc<Btf> {
    Arc::new(Btf::parse(types(Builder::new(Endian::Little), own)).expect("sound BTF"))
}

fn module(base: &Arc<Btf>, own: &[TypeSpec]) -> Arc<Btf> {
    let bytes = types(Builder::split(base), own);
    Arc::new(Btf::parse_split(bytes, Arc::clone(base)).expect("sound BTF"))
}

fn unit(name: &str, btf: &Arc<Btf>) -> Unit {
    Unit { name: name.to_owned(), btf: Ok(Arc::clone(btf)) }
}

#[test]
fn a_sound_kernel_has_nothing_odd() {
    let core = vmlinux(&[composite(false, "device", 8), composite(false, "", 8), composite(false, "", 8)]);
    let own = module(&core, &[composite(false, "vfio_group", 8), composite(false, "", 8)]);
    let bytes = (core.bytes().len() + own.bytes().len()) as u64;
    let found = health(&[unit("vmlinux", &core), unit("vfio", &own)]);
    let sound = Health { units: 2, types: 5, bytes, endian: Some(Endian::Little), ..Health::default() };
    assert_eq!(found, sound);
}

#[test]
fn names_that_are_there_twice_are_listed_with_their_definitions() {
    let fwd = TypeSpec::Fwd { name: "console".to_owned(), is_union: false };
    let core = vmlinux(&[
        composite(false, "irq_info", 8),
        composite(false, "console", 16),
        fwd,
        composite(false, "irq_info", 24),
        composite(true, "irq_info", 4),
    ]);
    let found = health(&[unit("vmlinux", &core)]).duplicates;
    let [Duplicate { name, definitions }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(name, "irq_info");
    let all: Vec<_> = definitions.iter().map(|one| (one.id.0, one.kind, one.size)).collect();
    assert_eq!(all, [(1, Kind::Struct, 8), (4, Kind::Struct, 24), (5, Kind::Union, 4)]);
}

#[test]
fn modules_that_repeat_core_types_are_listed_with_the_names() {
    let core = vmlinux(&[composite(false, "device", 8), composite(false, "task_struct", 16)]);
    let repeats =
        [composite(false, "task_struct", 16), composite(false, "device", 24), composite(false, "own", 1)];
    let (vfio, other) = (module(&core, &repeats), module(&core, &repeats[2..]));
    // Modules may come before the vmlinux.
    let found = health(&[unit("vfio", &vfio), unit("other", &other), unit("vmlinux", &core)]);
    let names = vec!["device".to_owned(), "task_struct".to_owned()];
    assert_eq!(found.repeats, [Repeat { module: "vfio".to_owned(), names, alike: 1 }]);
    assert!(found.other_base.is_empty());
}

#[test]
fn a_module_of_a_header_alone_is_empty_and_one_of_fewer_bytes_is_truncated() {
    let core = vmlinux(&[composite(false, "device", 8)]);
    let header_alone = types(Builder::split(&core), &[]);
    assert_eq!(header_alone.len(), 24);
    let read = |bytes: Vec<u8>| Btf::parse_split(bytes, Arc::clone(&core)).map(Arc::new);
    let cut = |bytes: &[u8]| Unit { name: "cut".to_owned(), btf: read(bytes.to_vec()).map_err(Into::into) };
    let whole = types(Builder::split(&core), &[composite(false, "own", 8)]);
    let units = [
        unit("vmlinux", &core),
        unit("rust", &read(header_alone.clone()).expect("it is legal")),
        cut(&header_alone[..23]),
        cut(&whole[..24]),
    ];
    let found = health(&units);
    assert_eq!((found.units, found.empty), (2, vec!["rust".to_owned()]));
    let words: Vec<_> = found.unreadable.iter().map(|(name, why)| (name.as_str(), why.word())).collect();
    assert_eq!(words, [("cut", "truncated"), ("cut", "truncated")]);
    assert!(found.unreadable[1].1.to_string().contains("cut short"), "{:?}", found.unreadable);
}

#[test]
fn units_without_their_base_or_on_another_are_told_apart() {
    let core = vmlinux(&[composite(false, "device", 8)]);
    let other = vmlinux(&[composite(false, "another_device", 8), composite(false, "page", 8)]);
    let bytes = types(Builder::split(&other), &[composite(false, "own", 8)]);
    let wrong = Btf::parse_split(bytes, Arc::clone(&core)).map(Arc::new).map_err(Unreadable::from);
    assert_eq!(wrong.as_ref().err().map(Unreadable::word), Some("wrong-base"));
    let units = [
        unit("vmlinux", &core),
        Unit { name: "wrong".to_owned(), btf: wrong },
        Unit { name: "alone".to_owned(), btf: Err(Unreadable::NoBase) },
        unit("stray", &module(&other, &[composite(false, "own", 8)])),
    ];
    let found = health(&units);
    assert_eq!(found.unreadable.len(), 2);
    assert_eq!(found.other_base, ["stray"]);
    let lacks = DistilledError::Missing { id: 1, wanted: "struct file".to_owned() };
    assert_eq!(Unreadable::from(lacks).word(), "wrong-base");
}

#[test]
fn byte_orders_and_unknown_kinds_are_told() {
    let core = vmlinux(&[composite(false, "device", 8)]);
    let big = Btf::parse(types(Builder::new(Endian::Big), &[composite(false, "own", 8)]));
    // A kind that only a layout section sizes, as long as its header says: 22 of no further bytes.
    let words = [[32, 0, 12, 12 + 92, 1, 12, 92].to_vec(), [0, 22 << 24, 0].to_vec(), vec![0; 23]];
    let mut newer = vec![0x9f, 0xeb, 1, 0];
    newer.extend(words.concat().into_iter().flat_map(u32::to_le_bytes));
    newer.push(0);
    let newer = Arc::new(Btf::parse(newer).expect("sound BTF"));
    let units =
        [unit("vmlinux", &core), unit("big", &Arc::new(big.expect("sound BTF"))), unit("newer", &newer)];
    let found = health(&units);
    assert_eq!(found.other_order, ["big"]);
    assert_eq!(found.unknown_kinds, [UnknownKinds { unit: "newer".to_owned(), counts: [(22, 1)].into() }]);
    assert_eq!(health(&units[1..]).endian, None);
}
