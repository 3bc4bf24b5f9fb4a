//! Kernels whose modules answer: what verdicts hold under, and what is without it.

use corecheck_layouts::kernel::ShippedBtf;

use super::*;
use crate::render::human::{HumanOptions, render};
use crate::report::model::ConditionEntry;
use crate::testing::{kernel_of_modules, kernel_of_things, programs};

fn checked(kernel: &Kernel, modules: Modules) -> Report {
    check(vec![programs()], &[kernel], &Settings { modules, ..Settings::default() }).expect("nothing is set")
}

/// Each condition as `code[ module][: verdict without it[: reasons]]`.
fn told(conditions: &[ConditionEntry]) -> Vec<String> {
    let told = conditions.iter().map(|condition| {
        let module = condition.module.as_ref().map(|module| format!(" {module}")).unwrap_or_default();
        let without = condition.without.as_ref().map(|without| {
            let reasons: Vec<_> = without.reasons.iter().map(|reason| reason.text.as_str()).collect();
            format!(": {} {}", without.verdict, reasons.join("; ")).trim_end().to_owned()
        });
        format!("{}{module}{}", condition.code, without.unwrap_or_default())
    });
    told.collect()
}

/// The verdict, the codes of its reasons, and the conditions.
fn result(kernel: &Kernel, modules: Modules) -> (&'static str, Vec<&'static str>, Vec<String>) {
    let report = checked(kernel, modules);
    let result = &report.results[0];
    (result.verdict, result.reasons.iter().map(|reason| reason.code).collect(), told(&result.conditions))
}

fn human(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, &HumanOptions { width: 100, quiet: false }, &mut out).expect("memory takes it");
    let text = String::from_utf8(out).expect("text");
    // Without colours, which are ESC [ numbers m.
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn what_a_module_answers_holds_while_it_is_loaded() {
    let kernel = kernel_of_modules("6.1", &[("vfio", 8, &[])]);
    let report = checked(&kernel, Modules::All);
    let gone = "fails struct thing is not in vmlinux";
    let conditions = [format!("module-loaded vfio: {gone}"), format!("modules-readable: {gone}")];
    assert_eq!(report.results[0].verdict, "ok");
    assert_eq!(told(&report.results[0].conditions), conditions);
    for program in &report.results[0].programs {
        assert_eq!(told(&program.conditions), ["module-loaded vfio", "modules-readable"], "{}", program.name);
    }
    let units: Vec<_> = report.answers[0].outcomes.iter().map(|outcome| outcome.unit.as_deref()).collect();
    assert_eq!(units, [Some("vfio"); 7]);
    let text = human(&report);
    for line in [
        "ok  if module vfio is loaded",
        "without it: fails to load: struct thing is not in vmlinux",
        "be able to read its BTF (CAP_SYS_ADMIN)",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn what_vmlinux_answers_holds_without_conditions() {
    let mut kernel = kernel_of_things("6.1", 0, &[]);
    kernel.facts.btf = ShippedBtf::VmlinuxAndModules;
    assert_eq!(result(&kernel, Modules::All), ("ok", vec![], vec![]));
    assert!(!human(&checked(&kernel, Modules::All)).contains("modul"));
    kernel.facts.btf = ShippedBtf::None;
    assert_eq!(result(&kernel, Modules::All), ("ok", vec![], vec!["btf-brought-along".to_owned()]));
}

#[test]
fn modules_that_agree_stand_in_for_each_other() {
    let kernel = kernel_of_modules("6.1", &[("one", 8, &[]), ("two", 8, &[])]);
    let gone = "modules-readable: fails struct thing is not in vmlinux";
    let expected = vec!["module-loaded one: ok".to_owned(), gone.to_owned()];
    assert_eq!(result(&kernel, Modules::All), ("ok", vec![], expected));
    let text = human(&checked(&kernel, Modules::All));
    assert!(text.contains("without it: ok, too"), "{text}");
}

#[test]
fn modules_that_disagree_are_ambiguous_while_both_are_loaded() {
    let kernel = kernel_of_modules("6.1", &[("one", 8, &[]), ("two", 16, &[])]);
    let (verdict, reasons, conditions) = result(&kernel, Modules::All);
    assert_eq!((verdict, reasons), ("fails", vec!["ambiguous"]));
    let gone = "modules-readable: fails struct thing is not in vmlinux";
    assert_eq!(conditions, ["module-loaded one: ok", "module-loaded two: ok", gone]);
    // Each alone is none.
    for module in ["one", "two"] {
        let (verdict, reasons, _) = result(&kernel, Modules::Only([module.to_owned()].into()));
        assert_eq!((verdict, reasons), ("ok", vec![]), "{module}");
    }
}

#[test]
fn modules_decide_what_is_absent_and_what_unknown() {
    let stored = kernel_of_modules("6.1", &[("vfio", 8, &[])]);
    assert_eq!(result(&stored, Modules::None), ("fails", vec!["module-not-loaded"], vec![]));
    let named = |module: &str| Modules::Only([module.to_owned()].into());
    assert_eq!(result(&stored, named("kvm")), ("fails", vec!["module-not-loaded"], vec![]));
    assert_eq!(result(&stored, named("vfio")).0, "ok");
    // All that it ships are stored, and none has it.
    let mut without = kernel_of_modules("6.1", &[]);
    assert_eq!(result(&without, Modules::All), ("fails", vec!["type-missing"], vec![]));
    without.shipped_modules = Some(["vfio".to_owned()].into());
    assert_eq!(result(&without, Modules::All), ("unknown", vec!["modules-not-stored"], vec![]));
    without.shipped_modules = None;
    assert_eq!(result(&without, Modules::All), ("unknown", vec!["modules-not-stored"], vec![]));
    assert_eq!(result(&without, Modules::None), ("fails", vec!["type-missing"], vec![]));
}

#[test]
fn broken_btf_of_a_module_is_told() {
    let broken = |modules: &[(&str, u32, &[&str])]| {
        let mut kernel = kernel_of_modules("6.1", modules);
        kernel.shipped_modules.get_or_insert_default().insert("kvm".to_owned());
        kernel.broken_modules.insert("kvm".to_owned(), "it ends after 24 bytes".to_owned());
        kernel
    };
    let findings = |kernel: &Kernel, modules: Modules| {
        let findings = checked(kernel, modules).findings.into_iter();
        findings.map(|f| (f.rule, f.level, f.accesses.len(), f.message)).collect::<Vec<_>>()
    };
    // Nowhere else: unknown.
    let nowhere = broken(&[]);
    assert_eq!(result(&nowhere, Modules::All), ("unknown", vec!["broken-btf"], vec![]));
    let message = "struct thing: not in vmlinux; it may be in a module whose BTF is broken: kvm.ko (it ends after 24 bytes)";
    assert_eq!(findings(&nowhere, Modules::All), [("broken-btf", "warning", 7, message.to_owned())]);
    // In another module: told, and the verdict stands.
    let elsewhere = broken(&[("vfio", 8, &[])]);
    assert_eq!(result(&elsewhere, Modules::All).0, "ok");
    let message = "struct thing: found in a module, but BTF of others is broken and was left out: kvm.ko (it ends after 24 bytes)";
    assert_eq!(findings(&elsewhere, Modules::All), [("broken-btf", "warning", 7, message.to_owned())]);
    // Not loaded, or not searched: of no concern.
    assert_eq!(findings(&elsewhere, Modules::Only(["vfio".to_owned()].into())), []);
    let mut in_vmlinux = kernel_of_things("6.1", 0, &[]);
    in_vmlinux.facts.btf = ShippedBtf::VmlinuxAndModules;
    in_vmlinux.broken_modules = nowhere.broken_modules.clone();
    assert_eq!(findings(&in_vmlinux, Modules::All), []);
    // Kernels with the same trouble share a finding.
    let mut other = elsewhere.clone();
    other.name.release = "6.2".to_owned();
    let report =
        check(vec![programs()], &[&elsewhere, &other], &Settings::default()).expect("nothing is set");
    assert_eq!(report.findings.iter().map(|f| f.kernels.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn nothing_is_judged_twice_where_no_module_answered() {
    let kernels = [kernel_of_things("plain", 0, &[]), kernel_of_modules("6.1", &[("vfio", 8, &[])])];
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let plain = check_one(0, programs(), &kernels[..1], &Settings::default()).expect("nothing is set");
    assert!(plain[0].without.is_empty());
    let both = check_one(0, programs(), &kernels, &Settings::default()).expect("nothing is set");
    let judged: Vec<_> = both[0].without.iter().map(|without| without.kernels.as_slice()).collect();
    assert_eq!(judged, [[1], [1]]);
}
