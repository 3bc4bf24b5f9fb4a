//! Alternatives on kernels that lack what one of them reads.

use corecheck_layouts::btf::Endian;
use corecheck_layouts::kernel::Kernel;

use crate::check::{Settings, check};
use crate::report::model::{Report, ResultEntry};
use crate::testing::{btf, kernel, kernel_of_modules, kernel_of_things, member, programs, record};

fn checked(alternatives: &[&str], kernels: &[&Kernel]) -> Report {
    let alternatives = alternatives.iter().map(|one| one.parse().expect("sets")).collect();
    let settings = Settings { alternatives, ..Settings::default() };
    check(vec![programs()], kernels, &settings).expect("nothing is set")
}

fn chosen(result: &ResultEntry) -> Vec<&str> {
    result.chosen.iter().map(String::as_str).collect()
}

fn programs_of(result: &ResultEntry) -> Vec<&'static str> {
    result.programs.iter().map(|program| program.verdict).collect()
}

#[test]
fn each_kernel_has_its_own_choice() {
    let all = kernel_of_things("all", 0, &[]);
    let (no_one, no_two) = (kernel_of_things("no_one", 0, &["one"]), kernel_of_things("no_two", 0, &["two"]));
    let neither = kernel_of_things("neither", 0, &["one", "two"]);
    let report = checked(&["second,first"], &[&all, &no_one, &no_two, &neither]);
    let told: Vec<_> = report.results.iter().map(|of| (of.verdict, chosen(of), programs_of(of))).collect();
    let expected = [
        ("ok", vec!["second"], vec!["skipped", "ok", "ok"]),
        ("ok", vec!["second"], vec!["skipped", "ok", "ok"]),
        ("ok", vec!["first"], vec!["ok", "skipped", "ok"]),
        ("fails", vec!["second"], vec!["skipped", "fails", "ok"]),
    ];
    assert_eq!(told, expected);
    // What is not loaded is not looked at.
    let outcomes = &report.answers[report.results[2].answer].outcomes;
    let two =
        report.objects[0].accesses.iter().find(|access| access.function == "second").expect("an access");
    assert_eq!(outcomes[two.id].outcome, "skipped");
    // Only where no choice helps there is a cause, of the choice that stands.
    let findings: Vec<_> =
        report.findings.iter().map(|of| (of.rule, of.kernels.len(), of.accesses[0])).collect();
    assert_eq!(findings, [("field-missing", 1, two.id)]);
}

#[test]
fn without_alternatives_everything_is_loaded() {
    let kernel = kernel_of_things("no_one", 0, &["one"]);
    let report = checked(&[], &[&kernel]);
    assert_eq!((report.results[0].verdict, chosen(&report.results[0])), ("fails", vec![]));
    // Nor do those count that the object does not have in full.
    let report = checked(&["first,nobody"], &[&kernel]);
    assert_eq!((report.results[0].verdict, chosen(&report.results[0])), ("fails", vec![]));
}

#[test]
fn what_both_share_counts() {
    // helper_static is called by first and second; third holds what it needs.
    let report = checked(&["first,second"], &[&kernel_of_things("no_four", 0, &["four"])]);
    assert_eq!(programs_of(&report.results[0]), ["fails", "skipped", "ok"]);
    // Programs outside of all groups count, too, and the choice is the better one all the same.
    let report = checked(&["first,second"], &[&kernel_of_things("no_three", 0, &["one", "three"])]);
    assert_eq!(programs_of(&report.results[0]), ["skipped", "ok", "fails"]);
}

/// Two different structs of that name: their members `one` differ in place.
fn ambiguous() -> Kernel {
    let (types, ()) = btf(Endian::Little, |types| {
        let int = types.int("int", 4, 1);
        let names = ["two", "three", "four", "five", "six", "seven"];
        for one_at in [0, 28] {
            let mut members: Vec<_> =
                names.iter().zip(1_u32..).map(|(name, at)| member(name, int, 32 * at)).collect();
            members.push(member("one", int, 8 * one_at));
            types.add(record("thing", 32, members));
        }
    });
    kernel("ambiguous", &types)
}

#[test]
fn an_error_in_what_is_not_loaded_fails_nothing() {
    let kernel = ambiguous();
    assert_eq!(programs_of(&checked(&[], &[&kernel]).results[0]), ["fails", "fails", "fails"]);
    let report = checked(&["first,second"], &[&kernel]);
    assert_eq!(programs_of(&report.results[0]), ["skipped", "ok", "ok"]);
    // As long as it is loaded it fails all the same, whatever is chosen.
    let report = checked(&["second,third"], &[&kernel]);
    assert_eq!(programs_of(&report.results[0]), ["fails", "fails", "skipped"]);
}

#[test]
fn sets_are_loaded_together() {
    let no_two = kernel_of_things("no_two", 0, &["two"]);
    let report = checked(&["first+second,third"], &[&no_two]);
    assert_eq!(chosen(&report.results[0]), ["third"]);
    assert_eq!(programs_of(&report.results[0]), ["skipped", "skipped", "ok"]);
    let no_three = kernel_of_things("no_three", 0, &["three"]);
    assert_eq!(chosen(&checked(&["third,first+second"], &[&no_three]).results[0]), ["first", "second"]);
}

#[test]
fn a_condition_is_judged_with_what_is_best_without_it() {
    let kernel = kernel_of_modules("6.1", &[("vfio", 8, &["one"])]);
    let report = checked(&["first,second"], &[&kernel]);
    assert_eq!((report.results[0].verdict, chosen(&report.results[0])), ("ok", vec!["second"]));
    let without = report.results[0].conditions[0].without.as_ref().expect("it is told");
    assert_eq!(without.verdict, "fails");
}
