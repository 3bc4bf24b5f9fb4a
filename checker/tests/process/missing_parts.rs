//! What is merely missing in an object is a finding, in plain words, and no error.

use crate::bad_objects::Scratch;
use crate::elf;
use crate::report::{Report, check, codes, list, text};
use crate::run::{bytes_of, corecheck, fixture, sample};

/// The one finding about an object without accesses.
#[track_caller]
fn baked_in(report: &Report) -> String {
    let [finding] = list(&report.0, "findings") else { panic!("one finding: {:#}", report.0["findings"]) };
    assert_eq!((text(finding, "rule"), text(finding, "level")), ("baked-in-offsets", "warning"));
    assert!(text(finding, "help").contains("BPF_CORE_READ"), "{finding:#}");
    assert!(report.verdicts().iter().all(|(_, verdict)| verdict == "ok"));
    for (alias, result) in report.results() {
        // No kernel is asked, so nothing needs to be brought along; and nobody is told that all is well.
        assert!(codes(result, "conditions").is_empty(), "{alias}");
        assert!(codes(result, "unchecked").contains(&"baked-in-offsets"), "{alias}");
    }
    text(finding, "message").to_owned()
}

#[test]
fn objects_without_accesses_have_their_offsets_baked_in() {
    // On kernels that know all of their instructions.
    let newer = ["--kernel", "debian/*/amd64"];
    let no_btf = baked_in(&check(0, &[newer[0], newer[1], &fixture("plain_no_btf")]));
    assert!(no_btf.contains("no BTF") && no_btf.contains("-g"), "{no_btf}");
    let no_core = baked_in(&check(0, &[newer[0], newer[1], &fixture("plain_no_core")]));
    assert!(no_core.contains("not one CO-RE access"), "{no_core}");
    for name in ["plain_no_btf", "plain_no_core"] {
        let run = corecheck(&["check", newer[0], newer[1], &fixture(name)]).expect_status(0);
        assert!(run.stdout.contains("baked in"), "{}", run.stdout);
        corecheck(&["check", "--strict", newer[0], newer[1], &fixture(name)]).expect_status(0);
    }
}

/// libbpf loads such an object; but somebody who checks it most likely gave the wrong file.
#[test]
fn an_object_without_programs_is_told_so() {
    let report = check(0, &[&fixture("maps_only")]);
    let [finding] = list(&report.0, "findings") else { panic!("one finding: {:#}", report.0["findings"]) };
    assert_eq!((text(finding, "rule"), text(finding, "level")), ("no-program", "warning"));
    assert!(report.verdicts().iter().all(|(_, verdict)| verdict == "ok"));
    let run = corecheck(&["check", &fixture("maps_only")]).expect_status(0);
    assert!(run.stdout.contains("no program"), "{}", run.stdout);
    assert!(crate::accesses::accesses(&fixture("maps_only")).is_empty());
}

#[test]
fn without_btf_ext_nobody_knows_the_accesses() {
    let scratch = Scratch::new();
    // Under another name nobody looks for it, as in an object that was stripped of it.
    let mut bytes = bytes_of(&sample("naive"));
    let names = elf::section(&bytes, ".strtab");
    let name = bytes[names.clone()].windows(9).position(|window| window == b".BTF.ext\0");
    let at = names.start + name.expect("the section's name");
    bytes[at + 5] = b'E';
    let file = scratch.file("stripped.o", &bytes);
    let run = corecheck(&["check", "--format", "json", &file]).expect_status(0);
    let message = baked_in(&Report::of(&run));
    assert!(message.contains("no .BTF.ext"), "{message}");
}

#[test]
fn one_object_with_and_one_without() {
    let report = check(1, &["--kernel", "5.19", &sample("naive"), &fixture("plain_no_btf")]);
    let [finding] = report.findings("baked-in-offsets")[..] else { panic!("one finding") };
    assert_eq!(finding["object"], 1);
}
