//! What objects need besides accesses, on a real kernel: the fixtures of `tests/fixtures/needs`, each of which libbpf and a
//! running kernel were asked about, too (tests/oracle/attach).

use crate::run::{corecheck, root};

/// A kernel whose vmlinux is stored whole; with `--modules none` nothing is left open.
const KERNEL: &str = "debian/6.18.15+deb13-amd64/amd64";

/// Each fixture with its verdict, the phase in which it fails, and the rules of its findings.
const EXPECTED: [(&str, &str, &str, &[&str]); 52] = [
    ("arguments_guarded", "ok", "", &[]),
    ("arguments_hit", "ok", "", &[]),
    ("arguments_missing", "fails", "verify", &["arguments"]),
    ("arguments_passed", "fails", "verify", &["arguments"]),
    ("arguments_raw_guarded", "ok", "", &[]),
    ("arguments_raw_hit", "ok", "", &[]),
    ("arguments_raw_missing", "fails", "attach", &["arguments"]),
    ("fentry_missing", "fails", "verify", &["attach-target-missing"]),
    ("fentry_renamed", "fails", "verify", &["attach-target-missing"]),
    ("helper_guarded", "ok", "", &[]),
    ("helper_hit", "ok", "", &[]),
    ("helper_missing", "fails", "verify", &["helper-missing"]),
    ("helper_of_type_guarded", "ok", "", &[]),
    ("helper_of_type_missing", "fails", "verify", &["helper-of-type"]),
    ("instructions_add", "ok", "", &[]),
    ("instructions_fetch", "ok", "", &[]),
    ("iter_hit", "ok", "", &[]),
    ("iter_missing", "fails", "verify", &["attach-target-missing"]),
    ("kconfig_hit", "ok", "", &[]),
    ("kconfig_missing", "fails", "relocate", &["kconfig-missing"]),
    ("kconfig_unfit", "fails", "relocate", &["kconfig-missing"]),
    ("kconfig_unknown", "fails", "relocate", &["kconfig-missing"]),
    ("kconfig_weak_missing", "ok", "", &[]),
    ("kconfig_weak_unknown", "ok", "", &[]),
    ("kfunc_changed", "fails", "relocate", &["kfunc-changed"]),
    ("kfunc_hit", "ok", "", &[]),
    ("kfunc_missing", "fails", "relocate", &["kfunc-missing"]),
    ("kfunc_weak_called", "fails", "verify", &["kfunc-missing"]),
    ("kfunc_weak_changed", "ok", "", &[]),
    ("kfunc_weak_guarded", "ok", "", &[]),
    ("lsm_missing", "fails", "verify", &["attach-target-missing"]),
    ("map_type_missing", "fails", "relocate", &["map-type-missing"]),
    ("raw_tp_hit", "ok", "", &[]),
    ("raw_tp_missing", "fails", "attach", &["attach-target-missing"]),
    ("section_unknown", "fails", "verify", &["section-unknown"]),
    ("struct_ops_flavour", "ok", "", &[]),
    ("struct_ops_hit", "ok", "", &[]),
    ("struct_ops_missing", "fails", "relocate", &["struct-ops-missing"]),
    ("struct_ops_optional", "ok", "", &[]),
    ("struct_ops_program", "fails", "relocate", &["struct-ops-member"]),
    ("struct_ops_set", "fails", "relocate", &["struct-ops-member"]),
    ("struct_ops_size", "fails", "relocate", &["struct-ops-member"]),
    ("struct_ops_zero", "ok", "", &[]),
    ("symbol_hit", "ok", "", &[]),
    // Whether it is there is not judged.
    ("symbol_missing", "ok", "", &[]),
    // Real-time kernels before 6.12 have more in it.
    ("syscall_context", "ok", "", &[]),
    ("tp_btf_hit", "ok", "", &[]),
    ("tp_btf_missing", "fails", "verify", &["attach-target-missing"]),
    ("tp_btf_optional", "ok", "", &[]),
    ("variable_missing", "fails", "relocate", &["ksym-missing"]),
    ("variable_weak_changed", "fails", "relocate", &["ksym-changed"]),
    ("variable_weak_missing", "ok", "", &[]),
];

fn fixture(name: &str) -> String {
    root().join(format!("tests/fixtures/needs/{name}.bpf.o")).display().to_string()
}

#[test]
fn what_is_missing_fails_in_its_phase() {
    let folder = std::fs::read_dir(root().join("tests/fixtures/needs")).expect("the fixtures");
    let names = folder.map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned());
    assert_eq!(names.filter(|name| name.ends_with(".bpf.o")).count(), EXPECTED.len());
    for (name, verdict, phase, rules) in EXPECTED {
        let object = fixture(name);
        let args = ["check", &object, "--kernel", KERNEL, "--modules", "none", "--format", "json"];
        let run = corecheck(&args);
        assert_eq!(run.status, i32::from(verdict == "fails"), "{name}: {run:?}");
        let report = run.json();
        let result = &report["results"][0];
        assert_eq!(result["verdict"], verdict, "{name}: {result:#}");
        let phases = result["programs"].as_array().expect("programs");
        let failing = phases.iter().find_map(|program| program["phase"].as_str()).unwrap_or_default();
        assert_eq!(failing, phase, "{name}: {result:#}");
        let findings = report["findings"].as_array().expect("findings");
        let found: Vec<&str> = findings
            .iter()
            .filter_map(|finding| finding["rule"].as_str())
            .filter(|rule| *rule != "baked-in-offsets")
            .collect();
        assert_eq!(found, rules, "{name}: {findings:#?}");
        let needs = &report["needs"][result["needs"].as_u64().expect("a number") as usize];
        let required = report["objects"][0]["requirements"].as_array().expect("requirements").len();
        assert_eq!(needs["meetings"].as_array().map(Vec::len), Some(required), "{name}");
    }
}

#[test]
fn instructions_are_older_than_some_kernels() {
    let verdict = |name: &str, kernel: &str| {
        let args = ["check", &fixture(name), "--kernel", kernel, "--modules", "none", "--format", "json"];
        let report = corecheck(&args).json();
        let rules: Vec<String> = report["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .filter_map(|finding| finding["rule"].as_str())
            .filter(|rule| *rule != "baked-in-offsets")
            .map(str::to_owned)
            .collect();
        (report["results"][0]["verdict"].as_str().expect("a word").to_owned(), rules.join(" "))
    };
    let (old, new) = ("debian/5.10*/amd64", "debian/6.1.*/amd64");
    // Behind a guard, too.
    assert_eq!(verdict("instructions_fetch", old), ("fails".to_owned(), "instruction-set".to_owned()));
    assert_eq!(verdict("instructions_add", old), ("ok".to_owned(), String::new()));
    assert_eq!(verdict("instructions_fetch", new), ("ok".to_owned(), String::new()));
}

#[test]
fn without_modules_at_hand_a_missing_function_is_unknown_and_a_missing_hook_is_not() {
    let verdict = |name: &str| {
        let report = corecheck(&["check", &fixture(name), "--kernel", KERNEL, "--format", "json"]).json();
        let result = &report["results"][0];
        (result["verdict"].clone(), result["reasons"][0]["code"].clone())
    };
    assert_eq!(verdict("fentry_missing"), ("unknown".into(), "not-stored".into()));
    assert_eq!(verdict("lsm_missing"), ("fails".into(), "not-in-btf".into()));
}

#[test]
fn a_kernel_without_btf_of_its_own_has_no_typed_targets() {
    let args = ["check", &fixture("tp_btf_hit"), "--kernel", "5.4", "--format", "json"];
    let report = corecheck(&args).json();
    assert_eq!(report["results"][0]["verdict"], "fails");
    assert_eq!(report["results"][0]["programs"][0]["phase"], "relocate");
    assert_eq!(report["findings"][0]["rule"], "kernel-without-btf", "{:#}", report["findings"]);
    // What the seed does not store of kernels with BTF is not judged, and said.
    let args = ["check", &fixture("tp_btf_hit"), "--kernel", "5.15", "--format", "json"];
    let report = corecheck(&args).json();
    assert_eq!(report["results"][0]["verdict"], "ok");
    let open: Vec<&str> = report["results"][0]["unchecked"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|reason| reason["code"].as_str())
        .collect();
    assert!(open.contains(&"attach-points") && open.contains(&"helpers"), "{open:?}");
}

#[test]
fn names_near_to_a_missing_one_are_told() {
    let run = corecheck(&["check", &fixture("fentry_renamed"), "--kernel", KERNEL, "--modules", "none"]);
    assert!(run.stdout.contains("near: migrate_misplaced_folio"), "{}", run.stdout);
    let source = root().join("tests/fixtures/objects/section_names.bpf.o");
    let run = corecheck(&["check", &source.display().to_string(), "--kernel", KERNEL]);
    assert!(
        run.stdout.contains("section-unknown") && run.stdout.contains("(program bare)"),
        "{}",
        run.stdout
    );
    let object = fixture("kfunc_changed");
    let run = corecheck(&["check", &object, "--kernel", KERNEL]);
    assert!(run.stdout.contains("`int bpf_rcu_read_lock(int, int)`"), "{}", run.stdout);
    assert!(run.stdout.contains("(extern bpf_rcu_read_lock)"), "{}", run.stdout);
}

#[test]
fn what_is_loaded_and_to_what_it_is_attached_can_be_told() {
    let verdict = |name: &str, more: &[&str]| {
        let object = fixture(name);
        let mut args = vec!["check", &object, "--kernel", KERNEL, "--modules", "none", "--format", "json"];
        args.extend(more);
        corecheck(&args).json()["results"][0]["verdict"].clone()
    };
    assert_eq!(verdict("fentry_renamed", &["--attach", "program=migrate_misplaced_folio"]), "ok");
    assert_eq!(verdict("fentry_renamed", &["--no-autoload", "program"]), "ok");
    assert_eq!(verdict("tp_btf_optional", &[]), "ok");
    assert_eq!(verdict("tp_btf_optional", &["--program", "program"]), "fails");
    let run = corecheck(&["check", &fixture("tp_btf_optional"), "--program", "progam"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("no program is called progam; near: program"), "{}", run.stderr);
}
