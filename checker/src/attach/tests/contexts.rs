//! What programs are given of what they attach to.

use super::*;

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
    assert_eq!((with("6.12", "arm64", 8), with("6.12", "arm64", 9)), (met("vmlinux"), lack(9, 8)));
    let doubt = |takes| Fate::Unknown(Doubt::Trampoline { takes });
    assert_eq!((with("6.17", "arm64", 9), with("6.12", "riscv64", 6)), (doubt(9), doubt(6)));
    // Before, they passed on none, or nobody can tell.
    assert_eq!(with("5.10", "arm64", 1), Fate::Missing(Lack::NoTrampoline));
    assert_eq!((with("6.1", "arm64", 1), with("6.4", "arm64", 1)), (doubt(1), met("vmlinux")));
    assert_eq!((with("6.1", "s390x", 1), with("6.6", "s390x", 1)), (doubt(1), met("vmlinux")));
    assert_eq!((with("6.12", "ppc64el", 1), with("7.2", "armhf", 1)), (doubt(1), doubt(1)));
    assert_eq!((with("6.12", "unknown", 5), with("6.12", "unknown", 6)), (met("vmlinux"), doubt(6)));
    // It is loaded all the same.
    let requirement = Requirement { what: target("fentry/long_list"), by: By::Program(0), optional: false };
    let lack = Lack::Trampoline { takes: 7, most: 6 };
    assert_eq!(requirement.effect(&lack, |_| Vec::new()), Effect::Program(0, When::Attach));
}
