//! Every row of the table of what BTF tells besides accesses: a hit and a near miss.

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
fn system_call_events_have_their_values_at_one_place() {
    let object = object("tests/fixtures/needs/syscall_context.bpf.o");
    let all = requirements(&object, Version::NEWEST);
    let contexts = all.iter().filter(|one| matches!(one.what, What::EventContext(_)));
    let contexts: Vec<_> = contexts.map(|one| (one.by.clone(), one.what.clone())).collect();
    let (enter, exit) = (What::EventContext(SyscallContext::Enter), What::EventContext(SyscallContext::Exit));
    // Not the one that reads the call's number: that is at an offset of its own everywhere.
    assert_eq!(contexts, [(By::Program(0), enter.clone()), (By::Program(1), exit.clone())]);
    let with_values_at = |bytes: u32| {
        kernel_with(|types| {
            let long = types.int("long", 8, 1);
            for (name, value) in [("trace_event_raw_sys_enter", "args"), ("trace_event_raw_sys_exit", "ret")]
            {
                types.add(record(name, bytes + 8, vec![member(value, long, bytes * 8)]));
            }
        })
    };
    let as_ever = with_values_at(16);
    assert_eq!((fate(&enter, &as_ever), fate(&exit, &as_ever)), (met("vmlinux"), met("vmlinux")));
    let real_time = with_values_at(24);
    let doubt = Doubt::Context { member: "args", at: 24, place: 16 };
    assert_eq!(fate(&enter, &real_time), Fate::Unknown(doubt));
    let lack = Lack::Context { member: "ret", at: 24, place: 16 };
    assert_eq!(fate(&exit, &real_time), Fate::Missing(lack));
    let requirement = Requirement { what: exit, by: By::Program(1), optional: false };
    let lack = Lack::Context { member: "ret", at: 24, place: 16 };
    assert_eq!(requirement.effect(&lack, |_| Vec::new()), Effect::Program(1, When::Attach));
    // Without the struct the access itself says what is wrong.
    assert_eq!(fate(&enter, &kernel_with(|_| ())), Fate::NotJudged);
}

#[test]
fn a_context_has_as_many_values_as_there_are_arguments() {
    let kernel = kernel_with(|types| {
        let long = types.int("long", 8, 1);
        let thing = types.add(record("thing", 16, vec![member("one", long, 0)]));
        let proto = |types: &mut Builder, returns: TypeId, of: &[TypeId]| {
            let params = of.iter().map(|&of| ("it".to_owned(), of)).collect();
            types.add(TypeSpec::FuncProto { returns, params })
        };
        for (name, returns, params) in [
            ("plain", TypeId::VOID, vec![long, long]),
            ("returning", long, vec![long]),
            ("by_value", long, vec![thing]),
            ("bpf_lsm_file_open", long, vec![long]),
            ("bpf_iter_task", long, vec![long, long]),
        ] {
            let proto = proto(types, returns, &params);
            types.add(TypeSpec::Func { name: name.to_owned(), proto, linkage: 1 });
        }
        // The first is no argument of the tracepoint.
        let own = types.add(TypeSpec::Ptr { to: TypeId::VOID });
        let event = proto(types, TypeId::VOID, &[own, long]);
        let to = types.add(TypeSpec::Ptr { to: event });
        types.add(TypeSpec::Typedef { name: "btf_trace_mine".to_owned(), to });
    });
    let values = |traced: Traced, name: &str| {
        let target = Target { name: name.to_owned(), module: None };
        let fate =
            |needs| fate(&What::Arguments { traced: traced.clone(), target: target.clone(), needs }, &kernel);
        let has = (1..9).take_while(|&needs| fate(needs) == met("vmlinux")).count() as u32;
        (has, fate(has + 1))
    };
    let lack = |has: u32| (has, Fate::Missing(Lack::Arguments { has, needs: has + 1 }));
    let function = |with_result| Traced::Function { with_result };
    assert_eq!(values(Traced::Tracepoint, "mine"), lack(1));
    assert_eq!(values(Traced::RawTracepoint, "mine"), lack(1));
    assert_eq!(values(function(false), "plain"), lack(2));
    assert_eq!(values(function(true), "plain"), lack(2), "it returns nothing");
    assert_eq!(values(function(false), "returning"), lack(1));
    assert_eq!(values(function(true), "returning"), lack(2));
    assert_eq!(values(Traced::Hook, "file_open"), lack(2));
    assert_eq!(values(Traced::Iterator, "task"), lack(2));
    // Versions differ about these, and what is not there is told elsewhere.
    assert_eq!(values(function(false), "by_value"), (0, Fate::NotJudged));
    assert_eq!(values(function(false), "nosuch"), (0, Fate::NotJudged));
}

#[test]
fn reads_are_followed_to_the_context() {
    let reads = |name: &str| {
        let object = object(&format!("tests/fixtures/needs/{name}.bpf.o"));
        let all = requirements(&object, Version::NEWEST);
        all.into_iter().find_map(|one| match (one.what, one.by) {
            (What::Arguments { needs, .. }, By::Reads { reads, .. }) => {
                Some((needs, reads.into_iter().map(|read| read.at).collect::<Vec<u32>>()))
            }
            _ => None,
        })
    };
    assert_eq!(reads("arguments_missing"), Some((5, vec![32])));
    // Through a call of the object's own function.
    assert_eq!(reads("arguments_passed"), Some((5, vec![32])));
    assert_eq!(reads("tp_btf_hit"), None, "it reads nothing");
    let reads = |at: &[u32]| at.iter().map(|&at| ContextRead { at, section: 3, insn: at / 8 }).collect();
    let what = What::Arguments {
        traced: Traced::RawTracepoint,
        target: Target { name: "mine".to_owned(), module: None },
        needs: 3,
    };
    let by = By::Reads { program: 0, reads: reads(&[0, 8, 16]) };
    let requirement = Requirement { what, by, optional: false };
    let effect = requirement.effect(&Lack::Arguments { has: 1, needs: 3 }, |_| Vec::new());
    let places = vec![(3, 1), (3, 2)];
    assert_eq!(effect, Effect::Reached { program: 0, places, when: When::Attach });
}

#[test]
fn trampolines_pass_on_some_arguments() {
    let with = |release: &str, arch: &str, number: usize| {
        let (types, ()) = btf(Endian::Little, |types| {
            let long = types.int("long", 8, 1);
            func(types, "schedule");
            let params = vec![("it".to_owned(), long); number];
            let proto = types.add(TypeSpec::FuncProto { returns: long, params });
            types.add(TypeSpec::Func { name: "long_list".to_owned(), proto, linkage: 1 });
        });
        let kernel = Kernel::of_vmlinux(KernelName::new("test", release, arch), types);
        fate(&target("fentry/long_list"), &kernel)
    };
    let lack = |takes, most| Fate::Missing(Lack::Trampoline { takes, most });
    assert_eq!((with("6.1", "amd64", 6), with("6.1", "amd64", 7)), (met("vmlinux"), lack(7, 6)));
    assert_eq!((with("6.6", "amd64", 7), with("6.6", "amd64", 13)), (met("vmlinux"), lack(13, 12)));
    assert_eq!((with("6.1", "arm64", 8), with("6.1", "arm64", 9)), (met("vmlinux"), lack(9, 8)));
    let doubt = |takes| Fate::Unknown(Doubt::Trampoline { takes });
    assert_eq!((with("6.17", "arm64", 9), with("6.1", "riscv64", 6)), (doubt(9), doubt(6)));
    // It is loaded all the same.
    let requirement = Requirement { what: target("fentry/long_list"), by: By::Program(0), optional: false };
    let lack = Lack::Trampoline { takes: 7, most: 6 };
    assert_eq!(requirement.effect(&lack, |_| Vec::new()), Effect::Program(0, When::Attach));
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

/// A struct of operations: a number, a function, and a member of its own.
fn ops(types: &mut Builder, number_size: u32, own: &str, has_function: bool) -> TypeId {
    let number = types.int(if number_size == 4 { "int" } else { "long long" }, number_size, 1);
    let proto = types.add(TypeSpec::FuncProto { returns: number, params: vec![] });
    let pointer = types.add(TypeSpec::Ptr { to: if has_function { proto } else { number } });
    let members = vec![member("flags", number, 0), member("init", pointer, 64), member(own, number, 128)];
    types.add(record("my_ops", 24, members))
}

/// What becomes of a map with this value, whose `init` is a program, on a kernel with such a struct.
fn struct_ops_fate(value: &[u8], fill: impl FnOnce(&mut Builder) -> TypeId) -> Fate {
    let (local, of) = btf(Endian::Little, |types| ops(types, 4, "own", true));
    let kernel = kernel_with(|types| {
        let target = fill(types);
        types.add(record("bpf_struct_ops_my_ops", 64, vec![member("data", target, 128)]));
    });
    let mut object = any();
    object.btf = Some(local);
    let what = What::StructOps { name: "my_ops".to_owned(), of, value: (value.to_vec(), vec![8]) };
    let requirement = Requirement { what, by: By::Map(0), optional: false };
    meet(&object, &[requirement], &[&kernel], &Modules::None).of(0)[0].fate.clone()
}

#[test]
fn struct_ops_need_every_member_that_is_set() {
    let zero = [0; 24];
    let mut set = zero;
    set[16] = 1;
    let lack = |name: &str, why| Fate::Missing(Lack::Member { name: name.to_owned(), why });
    assert_eq!(struct_ops_fate(&set, |types| ops(types, 4, "own", true)), met("vmlinux"));
    // A member that the kernel has not may be there, but zero.
    assert_eq!(struct_ops_fate(&zero, |types| ops(types, 4, "other", true)), met("vmlinux"));
    assert_eq!(struct_ops_fate(&set, |types| ops(types, 4, "other", true)), lack("own", MemberLack::Absent));
    let size = MemberLack::Size { local: 4, target: Some(8) };
    assert_eq!(struct_ops_fate(&zero, |types| ops(types, 8, "own", true)), lack("flags", size));
    assert_eq!(
        struct_ops_fate(&zero, |types| ops(types, 4, "own", false)),
        lack("init", MemberLack::NoFunction)
    );
    let without_function = |types: &mut Builder| {
        let int = types.int("int", 4, 1);
        types.add(record("my_ops", 8, vec![member("flags", int, 0)]))
    };
    // What holds a program is not zero.
    assert_eq!(struct_ops_fate(&zero, without_function), lack("init", MemberLack::Absent));
    let changed = |types: &mut Builder| {
        let held = types.add(record("held", 4, vec![]));
        types.add(record("my_ops", 8, vec![member("flags", held, 0)]))
    };
    let fate = struct_ops_fate(&zero, changed);
    assert!(matches!(fate, Fate::Missing(Lack::Member { why: MemberLack::Kind { .. }, .. })), "{fate:?}");
    let narrow = |types: &mut Builder| {
        let int = types.int("int", 4, 1);
        types.add(record("my_ops", 8, vec![bitfield("flags", int, 0, 3)]))
    };
    assert_eq!(struct_ops_fate(&zero, narrow), lack("flags", MemberLack::BitField));
    // The value's struct must be there, and hold the struct.
    let other = |types: &mut Builder| types.add(record("other_ops", 8, vec![]));
    assert_eq!(struct_ops_fate(&zero, other), ABSENT);
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
