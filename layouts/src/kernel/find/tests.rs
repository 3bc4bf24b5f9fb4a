//! Where types are found in kernels with modules.

use super::*;
use crate::btf::{Builder, Endian, TypeSpec};
use crate::kernel::KernelName;

fn record(builder: &mut Builder, name: &str) {
    let int = builder.int("int", 4, 1);
    let member = crate::btf::MemberSpec { name: "a".to_owned(), of: int, bit_offset: 0, bitfield_bits: 0 };
    let (name, members) = (name.to_owned(), vec![member]);
    builder.add(TypeSpec::Composite { is_union: false, name, size: 4, kind_flag: false, members });
}

fn btf(names: &[&str]) -> Arc<Btf> {
    let mut builder = Builder::new(Endian::Little);
    names.iter().for_each(|name| record(&mut builder, name));
    Arc::new(builder.finish().and_then(Btf::parse).expect("sound BTF"))
}

/// A complete kernel of 6.1's kind with these types in vmlinux, and in each module.
fn kernel(vmlinux: &[&str], modules: &[(&str, &[&str])]) -> Kernel {
    let base = btf(vmlinux);
    let mut kernel = Kernel::of_vmlinux(KernelName::new("test", "6.1", "amd64"), Arc::clone(&base));
    kernel.facts.btf = ShippedBtf::VmlinuxAndModules;
    for (name, types) in modules {
        let mut builder = Builder::split(&base);
        types.iter().for_each(|name| record(&mut builder, name));
        let bytes = builder.finish().expect("BTF that can be written");
        let split = Btf::parse_split(bytes, Arc::clone(&base)).expect("sound BTF");
        kernel.modules.insert((*name).to_owned(), Arc::new(split));
    }
    kernel
}

fn shipping(mut kernel: Kernel, names: &[&str]) -> Kernel {
    kernel.shipped_modules = Some(names.iter().map(|&name| name.to_owned()).collect());
    kernel
}

fn only(names: &[&str]) -> Modules {
    Modules::Only(names.iter().map(|&name| name.to_owned()).collect())
}

/// Where `struct NAME` is: units, or why not.
fn place(kernel: &Kernel, name: &str, modules: &Modules) -> String {
    match kernel.find(&[(name, Kind::Struct)], modules).remove(0) {
        Found::In(units) => units.iter().map(|found| found.unit.as_str()).collect::<Vec<_>>().join(" "),
        Found::Absent(absence) => format!("absent {absence:?}"),
        Found::Unknown(gap) => format!("unknown {gap:?}"),
    }
}

#[test]
fn modules_are_searched_only_for_what_vmlinux_lacks() {
    let kernel = kernel(&["device"], &[("vfio", &["vfio_group", "device"]), ("kvm", &["kvm", "vfio_group"])]);
    let all = Modules::All;
    assert_eq!(place(&kernel, "device", &all), "vmlinux");
    assert_eq!(place(&kernel, "kvm", &all), "kvm");
    // By name, whatever the order of loading.
    assert_eq!(place(&kernel, "vfio_group", &all), "kvm vfio");
    assert_eq!(place(&kernel, "vfio_group", &all.without("kvm")), "vfio");
    assert_eq!(place(&kernel, "vfio_group", &only(&["kvm", "other"])), "kvm");
}

#[test]
fn a_module_that_is_not_loaded_is_named() {
    let kernel = kernel(&["device"], &[("vfio", &["vfio_group"])]);
    let idle = "absent ModuleNotLoaded(\"vfio\")";
    assert_eq!(place(&kernel, "vfio_group", &Modules::None), idle);
    assert_eq!(place(&shipping(kernel.clone(), &["vfio"]), "vfio_group", &only(&["kvm"])), idle);
    assert_eq!(place(&kernel, "nowhere", &Modules::None), "absent NotInBtf");
    // Another may have it, too, and is not stored.
    assert_eq!(place(&kernel, "vfio_group", &Modules::All.without("vfio")), "unknown ModulesNotStored");
    let all = shipping(kernel, &["vfio"]);
    assert_eq!(place(&all, "vfio_group", &Modules::All.without("vfio")), idle);
}

#[test]
fn what_is_in_no_module_is_absent_when_all_are_stored() {
    let kernel = kernel(&["device"], &[("vfio", &["vfio_group"]), ("snd_pcm", &["snd"])]);
    let (absent, unknown) = ("absent NotInBtf", "unknown ModulesNotStored");
    let all = Modules::All;
    // Not known what it ships; all; one that is not stored.
    assert_eq!(place(&kernel, "nowhere", &all), unknown);
    let whole = shipping(kernel.clone(), &["snd_pcm", "vfio"]);
    assert_eq!(place(&whole, "nowhere", &all), absent);
    let part = shipping(kernel.clone(), &["snd_pcm", "vfio", "kvm"]);
    assert_eq!(place(&part, "nowhere", &all), unknown);
    assert_eq!(place(&part, "nowhere", &all.without("kvm")), absent);
    assert_eq!(place(&part, "nowhere", &all.without("vfio")), unknown);
    // Of named ones only these must be stored; what is known not to be shipped cannot have it.
    assert_eq!(place(&kernel, "nowhere", &only(&["snd-pcm"])), absent);
    assert_eq!(place(&kernel, "nowhere", &only(&["snd-pcm", "kvm"])), unknown);
    assert_eq!(place(&part, "nowhere", &only(&["vfio", "kvm"])), unknown);
    assert_eq!(place(&whole, "nowhere", &only(&["vfio", "kvm"])), absent);
    assert_eq!(place(&kernel, "nowhere", &Modules::None), absent);
}

#[test]
fn what_may_be_in_broken_btf_is_unknown() {
    let mut kernel = shipping(kernel(&["device"], &[("vfio", &["vfio_group"])]), &["kvm", "vfio"]);
    kernel.broken_modules.insert("kvm".to_owned(), "it ends early".to_owned());
    let broken = "unknown ModulesBroken({\"kvm\": \"it ends early\"})";
    assert_eq!(place(&kernel, "nowhere", &Modules::All), broken);
    assert_eq!(place(&kernel, "nowhere", &only(&["kvm"])), broken);
    for without in [Modules::None, only(&["vfio"]), Modules::All.without("kvm")] {
        assert_eq!(place(&kernel, "nowhere", &without), "absent NotInBtf", "{without:?}");
    }
    assert_eq!(place(&kernel, "vfio_group", &Modules::All), "vfio");
    assert_eq!(place(&kernel, "device", &Modules::All), "vmlinux");
}

#[test]
fn a_kernel_whose_modules_have_no_btf_has_what_vmlinux_has() {
    let mut kernel = kernel(&["device"], &[("vfio", &["vfio_group"])]);
    // Brought along: libbpf does not look at modules then.
    for shipped in [ShippedBtf::None, ShippedBtf::Vmlinux] {
        kernel.facts.btf = shipped;
        assert_eq!(place(&kernel, "vfio_group", &Modules::All), "absent NotInBtf", "{shipped:?}");
    }
}

#[test]
fn partial_kernels_know_the_module() {
    let mut kernel = kernel(&["device"], &[("vfio", &["other"])]);
    let listed = |module: &str| Place::Module(module.to_owned());
    kernel.coverage = Coverage::Partial(BTreeMap::from([
        ("in_vfio".to_owned(), listed("vfio")),
        ("in_kvm".to_owned(), listed("kvm")),
        ("nowhere".to_owned(), Place::Absent),
    ]));
    let at = |kernel: &Kernel, name: &str| place(kernel, name, &Modules::All);
    assert_eq!(at(&kernel, "in_vfio"), "absent NotInBtf", "it is stored, and has no such struct");
    assert_eq!(at(&kernel, "in_kvm"), "unknown ModuleNotStored(\"kvm\")");
    assert_eq!(at(&kernel, "nowhere"), "unknown ModulesNotStored");
    assert_eq!(at(&kernel, "unheard_of"), "unknown TypeNotStored");
    let none = place(&kernel, "in_kvm", &Modules::None);
    assert_eq!(none, "absent ModuleNotLoaded(\"kvm\")");
    assert_eq!(at(&shipping(kernel.clone(), &["vfio"]), "in_kvm"), "absent ModuleWithoutBtf(\"kvm\")");
    assert_eq!(at(&shipping(kernel.clone(), &["vfio"]), "nowhere"), "absent NotInBtf");
    kernel.broken_modules.insert("kvm".to_owned(), "cut off".to_owned());
    assert_eq!(at(&kernel, "in_kvm"), "unknown ModulesBroken({\"kvm\": \"cut off\"})");
}

#[test]
fn many_kernels_are_answered_as_each_alone() {
    let one = kernel(&["device"], &[("vfio", &["vfio_group"])]);
    let mut same = one.clone();
    same.modules.clear();
    let other = kernel(&["device", "vfio_group"], &[]);
    let kernels = [&one, &same, &other, &one];
    let roots = [("device", Kind::Struct), ("vfio_group", Kind::Struct), ("device", Kind::Union)];
    let modules = Modules::All;
    let together = find_all(&kernels, &roots, &modules);
    assert_eq!((together.len(), together[0].len()), (3, 4));
    for (at, kernel) in kernels.iter().enumerate() {
        let alone = kernel.find(&roots, &modules);
        for (of_root, alone) in together.iter().zip(&alone) {
            assert_eq!(format!("{:?}", of_root[at]), format!("{alone:?}"));
        }
    }
    // Kernels that share a vmlinux share what is found in it.
    assert!(Arc::ptr_eq(&together[0][0], &together[0][1]));
    assert!(find_all(&[], &roots, &modules).iter().all(Vec::is_empty));
}

#[test]
fn a_whole_vmlinux_with_parts_of_modules_says_nothing_of_their_other_types() {
    let mut kernel = kernel(&["device"], &[("vfio", &["vfio_group", "vfio_device"])]);
    let in_vfio = ("vfio_group".to_owned(), Place::Module("vfio".to_owned()));
    let nowhere = ("kvm".to_owned(), Place::Nowhere);
    kernel.coverage = Coverage::Vmlinux(BTreeMap::from([in_vfio, nowhere]));
    let all = Modules::All;
    assert_eq!(place(&kernel, "device", &all), "vmlinux");
    assert_eq!(place(&kernel, "vfio_group", &all), "vfio");
    assert_eq!(place(&kernel, "vfio_group", &Modules::None), "absent ModuleNotLoaded(\"vfio\")");
    assert_eq!(place(&kernel, "kvm", &all), "absent NotInBtf");
    // In the stored part of vfio, but other modules may have one too.
    assert_eq!(place(&kernel, "vfio_device", &all), "unknown ModulesNotStored");
    assert_eq!(place(&kernel, "vfio_device", &only(&["vfio"])), "unknown ModulesNotStored");
    assert_eq!(place(&kernel, "vfio_device", &Modules::None), "absent NotInBtf");
    // Loaders search modules only where these carry BTF.
    kernel.facts.btf = ShippedBtf::Vmlinux;
    assert_eq!(place(&kernel, "vfio_device", &all), "absent NotInBtf");
}

#[test]
fn loaders_look_for_types_in_three_ways() {
    let enumeration = |types: &mut Builder, is_64: bool| {
        let values = vec![("A".to_owned(), 1)];
        let size = if is_64 { 8 } else { 4 };
        types.add(TypeSpec::Enum { name: "e".to_owned(), size, is_signed: false, is_64, values })
    };
    let mut types = Builder::new(Endian::Little);
    types.int("long", 8, 1);
    enumeration(&mut types, false);
    let vmlinux = Arc::new(types.finish().and_then(Btf::parse).expect("sound BTF"));
    let mut kernel = Kernel::of_vmlinux(KernelName::new("test", "1", "amd64"), Arc::clone(&vmlinux));
    kernel.facts.btf = ShippedBtf::VmlinuxAndModules;
    let mut types = Builder::split(&vmlinux);
    types.add(TypeSpec::Typedef { name: "e".to_owned(), to: TypeId(1) });
    enumeration(&mut types, true);
    let bytes = types.finish().expect("it can be written");
    let module = Btf::parse_split(bytes, vmlinux).expect("sound BTF");
    kernel.modules.insert("one".to_owned(), Arc::new(module));
    kernel.shipped_modules = Some(kernel.modules.keys().cloned().collect());
    let units = |search| {
        let found =
            find_all_by(search, &[&kernel], &[("e", Kind::Enum64)], &Modules::All).remove(0).remove(0);
        match found.as_ref() {
            Found::In(units) => units
                .iter()
                .map(|of| (of.unit.clone(), of.ids.iter().map(|&id| of.btf.kind(id)).collect::<Vec<_>>()))
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    let of = |unit: &str, kinds: &[Kind]| (unit.to_owned(), kinds.to_vec());
    assert_eq!(units(Search::Kind), [of("vmlinux", &[Kind::Enum])]);
    assert_eq!(units(Search::ExactKind), [of("one", &[Kind::Enum64])]);
    let everywhere = [of("vmlinux", &[Kind::Enum]), of("one", &[Kind::Typedef, Kind::Enum64])];
    assert_eq!(units(Search::Everywhere), everywhere);
}
