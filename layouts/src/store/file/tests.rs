//! The store's file as a whole: what goes in comes out, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{Import, StoreError, StoreFile, remove};
use crate::btf::{Btf, Builder, Endian, Kind, MemberSpec, TypeId, TypeSpec};
use crate::kernel::{Found, Kernel, KernelName, Modules, Need, Root};
use crate::store::Store;
use crate::store::content::Definitions;

/// A unit as its definitions: class, name and content, in their order.
type Contents = Vec<(u8, Vec<u8>, Vec<u8>)>;

fn contents(btf: &Btf) -> Contents {
    let all = Definitions::of(btf).expect("it can be taken apart");
    let one = |definition: &crate::store::content::Definition<'_>| {
        let key = definition.key;
        (key.class as u8, key.name.to_vec(), all.content(definition).to_vec())
    };
    all.iter().map(one).collect()
}

fn composite(name: &str, members: &[(&str, TypeId, u32)], size: u32) -> TypeSpec {
    let member = |&(name, of, bit_offset): &(&str, TypeId, u32)| MemberSpec {
        name: name.to_owned(),
        of,
        bit_offset,
        bitfield_bits: 0,
    };
    let members = members.iter().map(member).collect();
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size, kind_flag: false, members }
}

/// A vmlinux of every kind of type, whose `struct thing` begins with so many bytes more; two structs share a name.
fn vmlinux(before: u32) -> Arc<Btf> {
    let mut types = Builder::new(Endian::Little);
    let long = types.int("long unsigned int", 8, 0);
    let int = types.int("int", 4, 1);
    let char_ = types.int("char", 1, 1);
    let float = types.add(TypeSpec::Float { name: "double".to_owned(), size: 8 });
    let inner = types.add(composite("inner", &[("x", int, 0), ("y", int, 32)], 8));
    let thing = types.reserve();
    let constant = types.add(TypeSpec::Qualifier { kind: Kind::Const, to: thing });
    let pointer = types.add(TypeSpec::Ptr { to: constant });
    let array = types.add(TypeSpec::Array { element: inner, index: long, length: 3 });
    let nameless = types.add(TypeSpec::Composite {
        is_union: true,
        name: String::new(),
        size: 8,
        kind_flag: true,
        members: vec![MemberSpec { name: "bits".to_owned(), of: int, bit_offset: 3, bitfield_bits: 5 }],
    });
    let at = before * 8;
    let members =
        [("self", pointer, at), ("held", array, at + 64), ("", nameless, at + 256), ("f", float, at + 320)];
    types.define(thing, composite("thing", &members, before + 48));
    types.add(composite("twin", &[("a", int, 0)], 4));
    let twin = types.add(composite("twin", &[("b", char_, 0)], 1));
    types.add(TypeSpec::Typedef { name: "twin_t".to_owned(), to: twin });
    let values = vec![("MINUS".to_owned(), u64::MAX), ("HIGH".to_owned(), 1 << 40)];
    types.add(TypeSpec::Enum { name: "wide".to_owned(), size: 8, is_signed: true, is_64: true, values });
    let constants = vec![("CONSTANT".to_owned(), 7)];
    types.add(TypeSpec::Enum {
        name: String::new(),
        size: 4,
        is_signed: false,
        is_64: false,
        values: constants,
    });
    types.add(TypeSpec::Fwd { name: "elsewhere".to_owned(), is_union: true });
    let params = vec![("arg".to_owned(), pointer), (String::new(), TypeId::VOID)];
    let proto = types.add(TypeSpec::FuncProto { returns: int, params });
    let function = types.add(TypeSpec::Func { name: "work".to_owned(), proto, linkage: 1 });
    let tag = |name: &str, component, attribute| TypeSpec::DeclTag {
        name: name.to_owned(),
        on: function,
        component,
        attribute,
    };
    types.add(tag("bpf_kfunc", -1, false));
    types.add(tag("attr", 0, true));
    let var = types.add(TypeSpec::Var { name: "per_cpu".to_owned(), of: int, linkage: 0 });
    let entries = vec![crate::btf::types::SecInfo { of: var, offset: 64, size: 4 }];
    types.add(TypeSpec::DataSec { name: ".data..percpu".to_owned(), size: 128, entries });
    Arc::new(Btf::parse(types.finish().expect("it can be written")).expect("sound BTF"))
}

/// A module with a struct of its own and a `thing` of its own.
fn module(base: &Arc<Btf>) -> Btf {
    let mut types = Builder::split(base);
    let twins = base.find_exact("twin", |kind| kind == Kind::Struct);
    let own = types.add(composite("thing", &[("other", twins[1], 0)], 1));
    types.add(composite("own", &[("a", own, 0), ("b", twins[0], 32)], 8));
    Btf::parse_split(types.finish().expect("it can be written"), Arc::clone(base)).expect("sound BTF")
}

fn kernel(release: &str, before: u32) -> Kernel {
    let mut kernel = Kernel::of_vmlinux(KernelName::new("test", release, "amd64"), vmlinux(before));
    kernel.facts.config = BTreeMap::from([
        ("CONFIG_A".to_owned(), "y".to_owned()),
        (format!("CONFIG_{before}"), "m".to_owned()),
    ]);
    kernel.facts.btf = crate::kernel::ShippedBtf::VmlinuxAndModules;
    kernel
}

fn stored(path: &Path, kernels: &[&Kernel]) -> Store {
    for kernel in kernels {
        Import::new(kernel).expect("it can be stored").commit(path).expect("it is written");
    }
    opened(path)
}

fn opened(path: &Path) -> Store {
    let mut store = Store::of(Vec::new());
    store.add_file(StoreFile::open(path).expect("it can be opened"));
    store
}

#[test]
fn what_goes_in_comes_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let mut one = kernel("1.9", 0);
    one.modules.insert("own".to_owned(), Arc::new(module(one.vmlinux.as_ref().expect("it has types"))));
    one.broken_modules.insert("bad".to_owned(), "cut short".to_owned());
    one.shipped_modules = Some(BTreeSet::from(["own", "bad"].map(str::to_owned)));
    let two = kernel("1.10", 8);
    let store = stored(&path, &[&two, &one]);
    // By their releases, numbers as numbers.
    let names: Vec<&str> = store.kernels().iter().map(|kernel| kernel.name.release.as_str()).collect();
    assert_eq!(names, ["1.9", "1.10"]);
    for (listed, original) in store.kernels().iter().zip([&one, &two]) {
        let whole = store.whole(listed).expect("it can be read");
        let btf = |kernel: &Kernel| contents(kernel.vmlinux.as_ref().expect("it has types"));
        assert_eq!(btf(&whole), btf(original));
        assert_eq!(whole.facts, original.facts);
        assert_eq!(whole.shipped_modules, original.shipped_modules);
        assert_eq!(whole.broken_modules, original.broken_modules);
        assert_eq!(whole.modules.keys().collect::<Vec<_>>(), original.modules.keys().collect::<Vec<_>>());
        for (name, module) in &whole.modules {
            assert_eq!(contents(module), contents(&original.modules[name]), "{name}");
        }
    }
    let verified = StoreFile::open(&path).expect("it can be opened").verify().expect("it is sound");
    assert_eq!(verified.kernels, 2);
    assert!(verified.definitions > 15 && verified.prints >= 2, "{verified:?}");
}

#[test]
fn a_kernel_that_is_alike_adds_no_definition() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let add = |kernel: &Kernel| Import::new(kernel).expect("storable").commit(&path).expect("it is written");
    let first = add(&kernel("1", 0));
    assert_eq!((first.new, first.replaced), (first.definitions, false));
    assert_eq!(add(&kernel("2", 0)).new, 0);
    // Only `struct thing` differs.
    assert_eq!(add(&kernel("3", 16)).new, 1);
    let again = add(&kernel("3", 16));
    assert_eq!((again.new, again.replaced), (0, true));
    assert_eq!(opened(&path).kernels().len(), 3);
}

/// What roots come to, as far as a check can see: units, names, sizes and members.
fn seen(found: &Found) -> Vec<String> {
    let Found::In(units) = found else { return vec![format!("{found:?}")] };
    let ids = units.iter().flat_map(|unit| unit.ids.iter().map(move |&id| (unit, id)));
    ids.map(|(unit, id)| {
        let members: Vec<String> = match unit.btf.ty(id) {
            crate::btf::Type::Struct(composite) => composite
                .members()
                .map(|member| {
                    format!("{}@{}+{:?}", member.name(), member.bit_offset, unit.btf.size_of(member.of))
                })
                .collect(),
            _ => Vec::new(),
        };
        format!("{} {} {:?} {members:?}", unit.unit, unit.btf.name(id), unit.btf.size_of(id))
    })
    .collect()
}

#[test]
fn looking_up_finds_what_the_whole_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let mut first = kernel("1", 0);
    first.modules.insert("own".to_owned(), Arc::new(module(first.vmlinux.as_ref().expect("it has types"))));
    first.shipped_modules = Some(BTreeSet::from(["own".to_owned()]));
    let (second, third) = (kernel("2", 8), kernel("3", 8));
    let store = stored(&path, &[&first, &second, &third]);
    let root = |name: &str, kind| Root { name: name.to_owned(), kind, need: Need::All, everywhere: false };
    let roots = [
        root("thing", Kind::Struct),
        root("twin", Kind::Struct),
        root("own", Kind::Struct),
        root("wide", Kind::Enum),
        root("twin_t", Kind::Typedef),
        root("none", Kind::Struct),
    ];
    let wanted: Vec<(&str, Kind)> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    let listed: Vec<&Kernel> = store.kernels().iter().collect();
    let looked = store.look_up(&listed, &roots).expect("it can be read");
    for modules in [Modules::All, Modules::None, Modules::Only(BTreeSet::from(["own".to_owned()]))] {
        for (looked, listed) in looked.iter().zip(&listed) {
            let whole = store.whole(listed).expect("it can be read");
            let (one, other) = (looked.find(&wanted, &modules), whole.find(&wanted, &modules));
            for ((one, other), root) in one.iter().zip(&other).zip(&roots) {
                assert_eq!(seen(one), seen(other), "{} of {} with {modules:?}", root.name, listed.name);
            }
        }
    }
    // What was not asked for is not known.
    let unasked = looked[0].find(&[("inner", Kind::Struct)], &Modules::All);
    assert!(matches!(unasked[0], Found::Unknown(_)));
    // Kernels that have it alike share it, however they came in.
    let found = crate::kernel::find_all(&looked.iter().collect::<Vec<_>>(), &wanted, &Modules::All);
    assert!(Arc::ptr_eq(&found[0][1], &found[0][2]) && !Arc::ptr_eq(&found[0][0], &found[0][1]));
    assert!(Arc::ptr_eq(&found[1][0], &found[1][1]));
}

#[test]
fn functions_variables_and_options_are_found_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let (first, second) = (kernel("1", 0), kernel("2", 8));
    let store = stored(&path, &[&first, &second]);
    let root = |name: &str, kind, need| Root { name: name.to_owned(), kind, need, everywhere: false };
    let roots = [
        root("work", Kind::Func, Need::All),
        root("per_cpu", Kind::Var, Need::Kind),
        root("thing", Kind::Func, Need::Kind),
        root("work", Kind::Struct, Need::Kind),
    ];
    let wanted: Vec<(&str, Kind)> = roots.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    let listed: Vec<&Kernel> = store.kernels().iter().collect();
    let mut looked = store.look_up(&listed, &roots).expect("it can be read");
    for (looked, listed) in looked.iter().zip(&listed) {
        let whole = store.whole(listed).expect("it can be read");
        let (one, other) = (looked.find(&wanted, &Modules::None), whole.find(&wanted, &Modules::None));
        for ((one, other), root) in one.iter().zip(&other).zip(&roots) {
            assert_eq!(matches!(one, Found::In(_)), matches!(other, Found::In(_)), "{}", root.name);
        }
        let Found::In(units) = &one[0] else { panic!("{one:?}") };
        let crate::btf::Type::Func { name, proto, .. } = units[0].btf.ty(units[0].ids[0]) else {
            panic!("a function")
        };
        let crate::btf::Type::FuncProto(proto) = units[0].btf.ty(proto) else { panic!("a prototype") };
        assert_eq!((name, proto.params().len()), ("work", 2));
        assert!(
            matches!(one[1], Found::In(_))
                && !matches!(one[2], Found::In(_))
                && !matches!(one[3], Found::In(_))
        );
    }
    let options = ["CONFIG_A", "CONFIG_8", "CONFIG_B"].map(str::to_owned);
    store.add_options(&mut looked, &BTreeSet::from(options)).expect("it can be read");
    let told: Vec<Vec<&str>> =
        looked.iter().map(|kernel| kernel.facts.config.keys().map(String::as_str).collect()).collect();
    // What was not asked for stays where it is.
    assert_eq!(told, [vec!["CONFIG_A"], vec!["CONFIG_8", "CONFIG_A"]]);
}

#[test]
fn members_that_are_not_asked_for_do_not_tell_kernels_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let with = |release: &str, size: u32| {
        let mut types = Builder::new(Endian::Little);
        let int = types.int("int", 4, 1);
        let held = types.add(composite("held", &[("x", int, (size - 4) * 8)], size));
        types.add(composite("outer", &[("asked", int, 0), ("held", held, 32)], 64));
        let btf = Btf::parse(types.finish().expect("written")).expect("sound BTF");
        Kernel::of_vmlinux(KernelName::new("test", release, "amd64"), Arc::new(btf))
    };
    let store = stored(&path, &[&with("1", 4), &with("2", 8)]);
    let listed: Vec<&Kernel> = store.kernels().iter().collect();
    let shared = |name: &str| {
        let need = Need::Members(BTreeSet::from([name.as_bytes().to_vec()]));
        let roots = [Root { name: "outer".to_owned(), kind: Kind::Struct, need, everywhere: false }];
        let looked = store.look_up(&listed, &roots).expect("it can be read");
        let looked: Vec<&Kernel> = looked.iter().collect();
        let found = crate::kernel::find_all(&looked, &[("outer", Kind::Struct)], &Modules::None);
        Arc::ptr_eq(&found[0][0], &found[0][1])
    };
    assert!(shared("asked"));
    assert!(!shared("held"));
}

#[test]
fn a_removed_kernel_is_gone_and_others_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    let (one, two) = (kernel("1", 0), kernel("2", 8));
    stored(&path, &[&one, &two]);
    assert!(remove(&path, &one.name).expect("it is written"));
    assert!(!remove(&path, &one.name).expect("it is written"));
    let store = opened(&path);
    assert_eq!(store.kernels().len(), 1);
    let whole = store.whole(&store.kernels()[0]).expect("it can be read");
    assert_eq!(
        contents(whole.vmlinux.as_ref().expect("types")),
        contents(two.vmlinux.as_ref().expect("types"))
    );
}

#[test]
fn foreign_and_damaged_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text");
    std::fs::write(&path, "not a store, and long enough to have a header ".repeat(40)).expect("written");
    assert!(matches!(StoreFile::open(&path), Err(StoreError::Sqlite(_))));
    let foreign = folder.path().join("foreign");
    let connection = rusqlite::Connection::open(&foreign).expect("made");
    connection.execute_batch("create table cats (name text)").expect("made");
    drop(connection);
    assert!(matches!(StoreFile::open(&foreign), Err(StoreError::Format { .. })));
    let import = Import::new(&kernel("1", 0)).expect("storable");
    assert!(matches!(import.commit(&foreign), Err(StoreError::Format { .. })));

    let path = folder.path().join("store");
    stored(&path, &[&kernel("1", 0)]);
    let connection = rusqlite::Connection::open(&path).expect("opened");
    let old = connection
        .execute("update meta set value = cast('corecheck.store/0' as blob) where name = 'format'", []);
    assert_eq!(old.expect("written"), 1);
    let error = StoreFile::open(&path).expect_err("another version").to_string();
    assert!(error.contains("corecheck.store/0") && error.contains("corecheck.store/1"), "{error}");
}

#[test]
fn every_changed_byte_of_a_block_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    stored(&path, &[&kernel("1", 0)]);
    let read = |connection: &rusqlite::Connection| -> Vec<(i64, Vec<u8>)> {
        let mut select = connection.prepare("select id, value from blocks").expect("sound");
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("sound");
        rows.map(|row| row.expect("a row")).collect()
    };
    let put = |connection: &rusqlite::Connection, id: i64, value: &[u8]| {
        connection.execute("update blocks set value = ?2 where id = ?1", (id, value)).expect("written");
    };
    let connection = rusqlite::Connection::open(&path).expect("opened");
    connection.pragma_update(None, "synchronous", "off").expect("set");
    let before = contents(
        opened(&path).whole(&opened(&path).kernels()[0]).expect("read").vmlinux.as_ref().expect("types"),
    );
    for (id, value) in read(&connection) {
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= 0x41;
            put(&connection, id, &changed);
            let file = StoreFile::open(&path).expect("its heads are sound");
            if file.verify().is_ok() {
                let store = opened(&path);
                let whole = store.whole(&store.kernels()[0]).expect("what is verified can be read");
                assert_eq!(
                    contents(whole.vmlinux.as_ref().expect("types")),
                    before,
                    "byte {at} of block {id}"
                );
            }
        }
        put(&connection, id, &value);
    }
}

#[test]
fn every_changed_byte_of_what_else_is_known_of_a_kernel_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    stored(&path, &[&kernel("1", 0)]);
    let connection = rusqlite::Connection::open(&path).expect("opened");
    connection.pragma_update(None, "synchronous", "off").expect("set");
    for table in ["heads", "details", "configs"] {
        let select = format!("select value from {table}");
        let value: Vec<u8> = connection.query_row(&select, [], |row| row.get(0)).expect("one kernel");
        let put = |value: &[u8]| {
            connection.execute(&format!("update {table} set value = ?1"), [value]).expect("written");
        };
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= 0x41;
            put(&changed);
            let verified = StoreFile::open(&path).and_then(|file| file.verify());
            assert!(verified.is_err(), "byte {at} of {} of {table}", value.len());
        }
        put(&value);
        StoreFile::open(&path).and_then(|file| file.verify()).expect("it is as it was");
    }
}
