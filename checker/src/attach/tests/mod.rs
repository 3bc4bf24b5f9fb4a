//! Every row of the table of what BTF tells besides accesses: a hit and a near miss.

mod contexts;
mod struct_ops;

use std::sync::Arc;

use corecheck_layouts::btf::{Btf, Builder, Endian, TypeId, TypeSpec};
use corecheck_layouts::kernel::{Absence, Gap, Kernel, KernelName, Modules, ShippedBtf};

use super::*;
use crate::loader::Version;
use crate::object::{MapKind, Object};
use crate::testing::{bitfield, btf, kernel, member, object, record};

/// Adds a function, a typedef, or an enumeration.
fn func(types: &mut Builder, name: &str) {
    let proto = types.add(TypeSpec::FuncProto { returns: TypeId::VOID, params: vec![] });
    types.add(TypeSpec::Func { name: name.to_owned(), proto, linkage: 1 });
}

fn typedef(types: &mut Builder, name: &str) {
    types.add(TypeSpec::Typedef { name: name.to_owned(), to: TypeId::VOID });
}

fn values(types: &mut Builder, name: &str, values: &[(&str, u64)]) {
    let values = values.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    types.add(TypeSpec::Enum { name: name.to_owned(), size: 4, is_signed: false, is_64: false, values });
}

fn kernel_with(fill: impl FnOnce(&mut Builder)) -> Kernel {
    let (types, ()) = btf(Endian::Little, |types| {
        types.int("long", 8, 1);
        func(types, "schedule");
        fill(types);
    });
    kernel("6.1", &types)
}

/// The same, with one module of these types, and with another that is not stored if `unstored`.
fn with_module(mut kernel: Kernel, name: &str, unstored: bool, fill: impl FnOnce(&mut Builder)) -> Kernel {
    let base = Arc::clone(kernel.vmlinux.as_ref().expect("it has types"));
    let mut types = Builder::split(&base);
    fill(&mut types);
    let split = Btf::parse_split(types.finish().expect("they can be written"), base).expect("sound BTF");
    kernel.modules.insert(name.to_owned(), Arc::new(split));
    kernel.facts.btf = ShippedBtf::VmlinuxAndModules;
    let other = unstored.then(|| "other".to_owned());
    kernel.shipped_modules = Some(other.into_iter().chain([name.to_owned()]).collect());
    kernel
}

/// Any object: what is asked here has no part in it.
fn any() -> Object {
    object("tests/fixtures/objects/programs.bpf.o")
}

fn fate_with(what: &What, kernel: &Kernel, modules: &Modules) -> Fate {
    let requirement = Requirement { what: what.clone(), by: By::Program(0), optional: false };
    let meetings = meet(&any(), &[requirement], &[kernel], modules);
    assert_eq!((meetings.distinct.len(), &meetings.of_kernel[..]), (1, &[0][..]));
    meetings.of(0)[0].fate.clone()
}

fn fate(what: &What, kernel: &Kernel) -> Fate {
    fate_with(what, kernel, &Modules::All)
}

fn met(unit: &str) -> Fate {
    Fate::Met { unit: Some(unit.to_owned()) }
}

const ABSENT: Fate = Fate::Missing(Lack::Absent(Absence::NotInBtf));

/// What a section's programs attach to.
fn target(section: &str) -> What {
    section::meaning(section, Version::NEWEST)
        .ok()
        .and_then(|meaning| meaning.target)
        .expect("it has a target")
}

#[test]
fn programs_with_a_btf_type_need_it() {
    let all = |types: &mut Builder| {
        func(types, "do_exit");
        func(types, "bpf_lsm_file_open");
        func(types, "bpf_iter_task");
        typedef(types, "btf_trace_sched_switch");
        // What has the name, but not the kind, is no hit.
        typedef(types, "do_fork");
        func(types, "btf_trace_sched_wakeup");
    };
    let there = kernel_with(all);
    let rows = [
        ("fentry/do_exit", "fentry/do_fork"),
        ("fexit.s/do_exit", "fexit/do_exi"),
        ("fmod_ret/do_exit", "fmod_ret/do_exit_"),
        ("fsession/do_exit", "fsession/exit"),
        ("tp_btf/sched_switch", "tp_btf/sched_wakeup"),
        ("lsm/file_open", "lsm/file_close"),
        ("lsm_cgroup/file_open", "lsm_cgroup/open"),
        ("iter/task", "iter/task_file"),
        ("iter.s/task", "iter.s/bpf_iter_task"),
    ];
    for (hit, miss) in rows {
        assert_eq!(fate(&target(hit), &there), met("vmlinux"), "{hit}");
        assert_eq!(fate(&target(miss), &there), ABSENT, "{miss}");
        // A BTF brought along does not help.
        let mut without = there.clone();
        without.facts.btf = ShippedBtf::None;
        assert_eq!(fate(&target(hit), &without), Fate::Missing(Lack::NoBtf), "{hit}");
    }
}

#[test]
fn functions_and_tracepoints_may_be_in_modules_hooks_may_not() {
    let in_module = |types: &mut Builder| {
        func(types, "nft_do_chain");
        typedef(types, "btf_trace_nft_event");
        func(types, "bpf_lsm_file_open");
    };
    let all = with_module(kernel_with(|types| func(types, "both")), "nf_tables", false, in_module);
    assert_eq!(fate(&target("fentry/nft_do_chain"), &all), met("nf_tables"));
    assert_eq!(fate(&target("fentry/nf_tables:nft_do_chain"), &all), met("nf_tables"));
    assert_eq!(fate(&target("tp_btf/nft_event"), &all), met("nf_tables"));
    assert_eq!(fate(&target("lsm/file_open"), &all), ABSENT);
    assert_eq!(fate(&target("fentry/other:nft_do_chain"), &all), ABSENT);
    assert_eq!(fate(&target("fentry/vmlinux:both"), &all), met("vmlinux"));
    assert_eq!(fate(&target("fentry/nf_tables:both"), &all), Fate::Unknown(Doubt::AlsoInVmlinux));
    let unloaded = fate_with(&target("fentry/nft_do_chain"), &all, &Modules::None);
    let absence = Absence::ModuleNotLoaded("nf_tables".to_owned());
    assert_eq!(unloaded, Fate::Missing(Lack::Absent(absence)));
    // A module that is not stored may have what no other has, but no hook.
    let some = with_module(kernel_with(|_| ()), "nf_tables", true, in_module);
    assert_eq!(fate(&target("fentry/gone"), &some), Fate::Unknown(Doubt::NotStored(Gap::ModulesNotStored)));
    assert_eq!(fate(&target("lsm/gone"), &some), ABSENT);
}

#[test]
fn tracepoints_without_a_type_leave_a_typedef_from_5_5_on() {
    let new = kernel_with(|types| {
        typedef(types, "btf_trace_sched_switch");
        typedef(types, "btf_trace_mine");
        func(types, "__x64_sys_openat");
        func(types, "__x64_sys_sync_file_range2");
    });
    for section in ["raw_tp/mine", "raw_tracepoint.w/mine", "tp/own/mine", "tracepoint/own/mine"] {
        assert_eq!(fate(&target(section), &new), met("vmlinux"), "{section}");
        let old = kernel_with(|types| func(types, "btf_trace_mine"));
        assert_eq!(fate(&target(section), &old), Fate::Unknown(Doubt::NoTracepoints), "{section}");
    }
    for section in ["raw_tp/yours", "tp/own/yours"] {
        assert_eq!(fate(&target(section), &new), ABSENT, "{section}");
    }
    // A BTF brought along tells it as well.
    let mut without = new.clone();
    without.facts.btf = ShippedBtf::None;
    assert_eq!(fate(&target("raw_tp/mine"), &without), met("vmlinux"));
    // What is made at run time is not in BTF.
    assert_eq!(fate(&target("tp/kprobes/yours"), &new), Fate::Unknown(Doubt::Dynamic));
    assert_eq!(fate(&target("tp/syscalls/sys_enter_openat"), &new), met("vmlinux"));
    assert_eq!(fate(&target("tp/syscalls/sys_exit_close"), &new), Fate::Unknown(Doubt::Dynamic));
    // Defined for all machines, numbered on some: an event has only what has a number.
    let unnumbered = target("tp/syscalls/sys_enter_sync_file_range2");
    assert_eq!(fate(&unnumbered, &new), Fate::Unknown(Doubt::Dynamic));
}

#[test]
fn the_absence_of_a_probed_function_proves_nothing() {
    let kernel = kernel_with(|types| {
        func(types, "do_exit");
        func(types, "__x64_sys_openat");
        func(types, "__se_sys_close");
        func(types, "__arm64_sys_read");
    });
    for hit in [
        "kprobe/do_exit",
        "kretprobe/do_exit+0x4",
        "kprobe.multi/do_exit",
        "ksyscall/openat",
        "kretsyscall/close",
    ] {
        assert_eq!(fate(&target(hit), &kernel), met("vmlinux"), "{hit}");
    }
    for miss in ["kprobe/do_exit.part.0", "kretprobe/gone", "ksyscall/read"] {
        assert_eq!(fate(&target(miss), &kernel), Fate::Unknown(Doubt::NotInBtf), "{miss}");
    }
    assert_eq!(fate(&target("kprobe.multi/do_*"), &kernel), Fate::Unknown(Doubt::Pattern));
    let (types, ()) = btf(Endian::Little, |types| func(types, "__arm64_sys_read"));
    let arm = Kernel::of_vmlinux(KernelName::new("test", "6.1", "arm64"), types);
    assert_eq!(fate(&target("ksyscall/read"), &arm), met("vmlinux"));
}

#[test]
fn btf_without_functions_says_nothing_of_their_absence() {
    let (types, ()) = btf(Endian::Little, |types| func(types, "do_exit"));
    let smaller = kernel("6.1", &types);
    assert_eq!(fate(&target("fentry/do_exit"), &smaller), met("vmlinux"));
    for section in ["fentry/gone", "tp_btf/gone", "lsm/gone", "iter/gone", "kprobe/gone", "ksyscall/gone"] {
        assert_eq!(fate(&target(section), &smaller), Fate::Unknown(Doubt::NoFunctions), "{section}");
    }
    let kfunc = What::Kfunc { name: "gone".to_owned(), proto: TypeId(1), must_fit: false };
    assert_eq!(fate(&kfunc, &smaller), Fate::Unknown(Doubt::NoFunctions));
}

#[test]
fn user_space_and_other_programs_are_not_the_kernels_business() {
    let kernel = kernel_with(|_| ());
    for section in ["uprobe//bin/sh:main", "usdt/x:y:z", "uretprobe", "kprobe", "tp"] {
        assert_eq!(fate(&target(section), &kernel), Fate::NotJudged, "{section}");
    }
    for section in ["fentry", "freplace/x"] {
        assert_eq!(fate(&target(section), &kernel), Fate::Unknown(Doubt::ToldAtRunTime), "{section}");
    }
    let unknown = What::KnownSection { name: "no/such".to_owned(), since: None };
    assert_eq!(fate(&unknown, &kernel), Fate::Missing(Lack::UnknownSection(None)));
}

#[test]
fn what_the_kernel_can_do_is_enumerated() {
    let kernel = kernel_with(|types| {
        values(types, "bpf_func_id", &[("BPF_FUNC_map_lookup_elem", 1), ("BPF_FUNC_probe_read", 4)]);
        values(types, "bpf_map_type", &[("BPF_MAP_TYPE_HASH", 1)]);
        values(types, "bpf_prog_type", &[("BPF_PROG_TYPE_XDP", 6)]);
        values(types, "bpf_attach_type", &[("BPF_XDP", 37)]);
    });
    let none = Fate::Missing(Lack::NoEnumerator);
    let map = |number| What::MapType { number, kind: MapKind::Btf };
    let attach = |name| What::AttachType { name, at_load: true };
    let rows = [
        (What::Helper(1), What::Helper(2)),
        // libbpf puts probe_read in the place of what is newer.
        (What::Helper(113), What::Helper(115)),
        (map(1), map(27)),
        (What::ProgramType("BPF_PROG_TYPE_XDP"), What::ProgramType("BPF_PROG_TYPE_NETFILTER")),
        (attach("BPF_XDP"), attach("BPF_NETFILTER")),
    ];
    let nothing = kernel_with(|_| ());
    for (hit, miss) in rows {
        assert_eq!(fate(&hit, &kernel), met("vmlinux"), "{hit:?}");
        assert_eq!(fate(&miss, &kernel), none, "{miss:?}");
        assert_eq!(fate(&hit, &nothing), Fate::Unknown(Doubt::NoEnumeration), "{hit:?}");
    }
    assert_eq!(fate(&What::Helper(-1), &kernel), none);
}

#[test]
fn what_is_missing_fails_what_needs_it() {
    let absent = Lack::Absent(Absence::NotInBtf);
    let effect = |what: What, by: By, optional, lack: &Lack| {
        Requirement { what, by, optional }.effect(lack, |_| vec![(0, 7)])
    };
    let program = |section: &str, lack: &Lack| effect(target(section), By::Program(3), false, lack);
    assert_eq!(program("fentry/x", &absent), Effect::Program(3, When::Load));
    assert_eq!(program("fentry/x", &Lack::NoBtf), Effect::Object(When::Prepare));
    assert_eq!(program("raw_tp/x", &absent), Effect::Program(3, When::Attach));
    assert_eq!(effect(target("fentry/x"), By::Program(3), true, &absent), Effect::None);
    let kfunc = || What::Kfunc { name: "f".to_owned(), proto: TypeId(1), must_fit: false };
    assert_eq!(effect(kfunc(), By::Extern(0), false, &absent), Effect::Object(When::Prepare));
    assert_eq!(effect(kfunc(), By::Extern(0), true, &absent), Effect::Calls(vec![(0, 7)]));
    assert_eq!(effect(kfunc(), By::Extern(0), true, &Lack::NoBtf), Effect::Object(When::Prepare));
    let variable = || What::Variable { name: "v".to_owned(), of: TypeId(1) };
    let other = Lack::Incompatible { local: String::new(), target: String::new(), unit: String::new() };
    assert_eq!(effect(variable(), By::Extern(0), true, &absent), Effect::None);
    assert_eq!(effect(variable(), By::Extern(0), true, &other), Effect::Object(When::Prepare));
    let calls = || By::Calls(vec![(1, 2)]);
    assert_eq!(effect(What::Helper(9), calls(), false, &Lack::NoEnumerator), Effect::Calls(vec![(1, 2)]));
    let map = What::MapType { number: 27, kind: MapKind::Btf };
    assert_eq!(effect(map, By::Map(0), false, &Lack::NoEnumerator), Effect::Object(When::Prepare));
}

#[test]
fn objects_tell_what_they_need() {
    let requirements = requirements(&object("tests/fixtures/objects/section_names.bpf.o"), Version::NEWEST);
    let told: Vec<(String, bool)> = requirements
        .iter()
        .filter(|requirement| !matches!(requirement.what, What::ProgramType(_)))
        .map(|requirement| (format!("{:?}", requirement.what), requirement.optional))
        .collect();
    assert!(told.contains(&("ProbedFunction(\"do_exit\")".to_owned(), true)), "{told:?}");
    assert!(
        told.contains(&("KnownSection { name: \"no/such/program_type\", since: None }".to_owned(), false)),
        "{told:?}"
    );
}
