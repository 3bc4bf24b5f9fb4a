use corecheck_layouts::kernel::{Kernel, Modules};
use corecheck_layouts::store::Store;

use super::*;
use crate::access::accesses;
use crate::answer::{answer, needs};
use crate::resolve::State;
use crate::testing::object;

/// Debian's kernel of this version, with what the object needs.
fn debian(version: &str, object: &Object) -> Kernel {
    let store = Store::embedded().expect("the data are sound");
    let is_wanted = |kernel: &&Kernel| {
        kernel.name.distro == "debian" && kernel.name.release.starts_with(version) && kernel.is_complete()
    };
    let found: Vec<&Kernel> = store.kernels().iter().filter(is_wanted).take(1).collect();
    let needs = needs(std::slice::from_ref(object));
    store.look_up(&found, &needs).expect("the store is sound").remove(0)
}

/// What comes of every program of an object: its name, and whether its poisoned accesses are reached, the worst first.
fn reached(name: &str, kernel: &str, externs: impl Fn(&str) -> ExternValue) -> Vec<(String, Option<Reach>)> {
    let object = object(&format!("tests/fixtures/objects/{name}.bpf.o"));
    let kernel = debian(kernel, &object);
    let accesses = accesses(&object);
    let answers = answer(&object, &accesses, &[&kernel], &Modules::None);
    let outcomes = &answers.distinct[0].outcomes;
    let externs: Vec<ExternValue> = object.externs.iter().map(|symbol| externs(&symbol.name)).collect();
    let data: Vec<Vec<u8>> = object.data.iter().map(|section| section.bytes.clone()).collect();
    let of_program = |number: usize| {
        let program = &object.programs[number];
        let own = accesses.iter().zip(outcomes).filter(|(access, outcome)| {
            let is_own = access.function_index.is_some_and(|function| program.functions.contains(&function));
            is_own && outcome.state == State::Poisoned
        });
        let traps: Vec<Trap> =
            own.map(|(access, _)| Trap { section: access.section_index, insn: access.insn }).collect();
        let question = Question {
            object: &object,
            program: number,
            accesses: &accesses,
            outcomes,
            externs: &externs,
            data: &data,
            verifier: Verifier::of_kernel(&kernel),
            traps: &traps,
            steps: MOST_STEPS,
        };
        let reached = reach(&question);
        assert!(
            !reached.is_cut_short && reached.steps < 10_000,
            "{}: {}",
            program.section_name,
            reached.steps
        );
        (object.functions[program.function].name.clone(), reached.traps.into_iter().max())
    };
    (0..object.programs.len()).map(of_program).collect()
}

/// The names of the programs say what the verifier of 6.18 does; tests/oracle/verifier asks it.
fn as_named(fixture: &str) {
    let externs = |name: &str| match name {
        "LINUX_KERNEL_VERSION" => ExternValue::Bytes(0x0006_120f_u32.to_le_bytes().to_vec()),
        "CONFIG_BPF_SYSCALL" | "CONFIG_BPF" => ExternValue::Bytes(vec![1, 0, 0, 0]),
        "CONFIG_HZ" => ExternValue::Bytes(250_u32.to_le_bytes().to_vec()),
        "CONFIG_DEFAULT_HOSTNAME" => ExternValue::Bytes(b"(none)\0\0\0\0\0\0\0\0\0\0".to_vec()),
        name if name.starts_with("CONFIG_") => ExternValue::Bytes(vec![0; 4]),
        name if name.contains("nosuch") => ExternValue::Missing,
        _ => ExternValue::Present,
    };
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (name, reach) in reached(fixture, "6.18", externs) {
        let Some(reach) = reach else { continue };
        asked += 1;
        let expected = if name.ends_with("_reached") { Reach::Reached } else { Reach::Guarded };
        if reach != expected {
            wrong.push(format!("{name}: {reach:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked > 8, "{asked}");
}

#[test]
fn direct_guards() {
    as_named("guards_direct");
}

#[test]
fn guards_by_numbers() {
    as_named("guards_numbers");
}

#[test]
fn guards_by_copies() {
    as_named("guards_copies");
}

#[test]
fn guards_on_the_stack() {
    as_named("guards_stack");
}

#[test]
fn guards_across_calls() {
    as_named("guards_calls");
}

#[test]
fn guards_from_outside() {
    as_named("guards_outside");
}

/// What is not followed to its end may be reached, whatever else is known.
#[test]
fn without_a_budget_nothing_is_guarded() {
    let object = object("tests/fixtures/objects/guards_direct.bpf.o");
    let accesses = accesses(&object);
    let outcomes: Vec<Arc<Outcome>> = accesses.iter().map(|_| Arc::new(Outcome::as_compiled())).collect();
    let program = &object.programs[0];
    let first = object.functions[program.function].insn_off;
    let section = object.functions[program.function].section;
    let asked = |steps: usize, insn: u32| {
        let traps = [Trap { section, insn }];
        let question = Question {
            object: &object,
            program: 0,
            accesses: &accesses,
            outcomes: &outcomes,
            externs: &[],
            data: &[],
            verifier: Verifier::of_release("6.18.0"),
            traps: &traps,
            steps,
        };
        let reached = reach(&question);
        assert!(reached.steps <= steps);
        (reached.traps[0], reached.is_cut_short)
    };
    let nowhere = u32::MAX;
    assert_eq!(asked(0, first), (Reach::MayBeReached, true));
    assert_eq!(asked(1, first), (Reach::Reached, true));
    assert_eq!(asked(1, nowhere), (Reach::MayBeReached, true));
    assert_eq!(asked(MOST_STEPS, nowhere), (Reach::Guarded, false));
}
