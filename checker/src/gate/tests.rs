use std::path::{Path, PathBuf};

use super::*;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../ebpf-probe/bpf/vfio_{name}.bpf.o"))
}

/// A file in a folder of its own.
fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    fs::write(&file, text).expect("it can be written");
    (folder, file)
}

#[test]
fn required_kernels_decide_and_others_are_not_asked() {
    let naive = || Gate::new().object(sample("naive")).kernel("5.15");
    let fine = naive().ask().expect("an answer");
    assert!(fine.passes() && fine.complaints().is_empty() && fine.kernels_in_the_way().is_empty(), "{fine}");
    let broken = naive().kernel("5.19").ask().expect("an answer");
    assert!(!broken.passes());
    assert_eq!(broken.kernels_in_the_way(), ["ubuntu/5.19.0-21-generic/amd64"]);
    let complaints = broken.complaints();
    let kind = "vfio_naive.bpf.c:39: `container_users` is `unsigned int` there, not `atomic_t` (field-kind-changed), on ubuntu/5.19";
    assert!(complaints.iter().any(|line| line.contains(kind)), "{complaints:#?}");
    assert!(
        complaints.iter().all(|line| !line.contains('\n') && !line.contains("5.15.0")),
        "{complaints:#?}"
    );
}

#[test]
fn what_is_unknown_passes_only_when_it_is_said() {
    let gate = || Gate::new().object(sample("naive")).kernel("6.8");
    let strict = gate().ask().expect("an answer");
    assert!(!strict.passes() && !strict.complaints().is_empty(), "{strict}");
    assert!(gate().unknown_passes().ask().expect("an answer").passes());
}

#[test]
fn bytes_are_as_good_as_files_and_loaders_are_named() {
    let bytes = fs::read(sample("naive")).expect("it is there");
    let answer =
        Gate::new().bytes("tool", bytes).kernel("5.19").loader(Loader::Aya).ask().expect("an answer");
    assert_eq!(answer.report().loaders[0].name, "aya");
    assert_eq!(answer.report().objects[0].path, "tool");
    assert!(!answer.passes());
}

#[test]
fn it_is_shown_as_the_program_shows_it() {
    let answer = Gate::new().object(sample("naive")).kernel("5.19").ask().expect("an answer");
    let (causes, all) = (answer.to_string(), format!("{answer:#}"));
    assert!(
        causes.contains("error[field-missing]") && causes.contains("gate: does not pass (1 required kernel)")
    );
    assert!(!causes.contains('\u{1b}') && !causes.contains("1 program, 7 accesses"), "{causes}");
    assert!(all.contains("1 program, 7 accesses") && all.ends_with("1 fails of 1 kernel"), "{all}");
}

#[test]
fn a_policy_says_what_counts() {
    let ask = |text: &str| {
        let (_folder, file) = written("corecheck.toml", text);
        Gate::new().object(sample("naive")).policy(file).ask()
    };
    let required = |name: &str| format!("[[kernels]]\nname = \"{name}\"\nare = \"required\"\n");
    assert!(ask(&required("5.15")).expect("an answer").passes());
    assert!(!ask(&required("5.19")).expect("an answer").passes());
    let error = ask(&required("9.9")).expect_err("no such kernel is stored").to_string();
    assert!(error.contains("9.9") && error.contains("none is stored"), "{error}");
    let error = ask("[[kernels]]\nname = \"*\"\nare = \"ignored\"\n").expect_err("nothing is required");
    assert!(matches!(error, GateError::NothingRequired), "{error}");
    assert!(matches!(ask("loder = \"aya\""), Err(GateError::Policy(_))));
    assert!(matches!(ask("baseline = \"none.json\""), Err(GateError::File { .. })));
}

#[test]
fn kernels_that_are_given_are_asked_about_alone() {
    let store = Store::embedded().expect("it is sound");
    let chosen = store.select(&["debian/6.12*-amd64/amd64".to_owned()]).expect("some are stored");
    let whole = store.whole(chosen[0]).expect("it can be read");
    let folder = tempfile::tempdir().expect("a folder");
    let files = ["one.btf", "two.btf"].map(|name| folder.path().join(name));
    for file in &files {
        fs::write(file, whole.vmlinux.as_ref().expect("it has types").bytes()).expect("it can be written");
    }
    let [one, two] = files;
    let object = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/objects/maps_only.bpf.o");
    let answer = Gate::new().object(&object).against(&one).against(&two).ask().expect("an answer");
    let names: Vec<&str> = answer.report().kernels.iter().map(|kernel| kernel.name.as_str()).collect();
    assert!(names.len() == 2 && names[0] != names[1], "{names:?}");
    let both = Gate::new().object(&object).against(one).against("no/such/file").ask();
    assert!(both.expect_err("one is missing").to_string().contains("no/such/file"));
}

#[test]
fn questions_without_an_answer() {
    assert!(matches!(Gate::new().kernel("5.15").ask(), Err(GateError::NoObject)));
    let error = Gate::new().object("no/such.o").ask().expect_err("no file");
    assert!(error.to_string().starts_with("no/such.o: cannot be read"), "{error}");
    let error = Gate::new().object(sample("naive")).kernel("5.51").ask().expect_err("no kernel").to_string();
    assert!(error.contains("5.51") && error.contains("near: "), "{error}");
}
