//! Debian's kernels, which the program carries: of each minor version the whole vmlinux, and `struct vfio_group` out of its
//! modules.

use std::collections::BTreeSet;

use crate::report::{Report, check, codes, list, text};
use crate::run::{corecheck, fixture, sample};

/// Every one of them.
const DEBIAN: &str = "debian/*";

/// Verdict, conditions and values of the only access of `iommu_group` on the kernels of this pattern: all are alike.
fn iommu_group(pattern: &str, status: i32) -> (String, Vec<String>, Option<u64>) {
    let report: Report = check(status, &["--kernel", pattern, &sample("iommu_group")]);
    let results = report.results();
    let all: BTreeSet<_> = results
        .iter()
        .map(|(name, result)| {
            let conditions: Vec<String> = list(result, "conditions")
                .iter()
                .map(|condition| text(condition, "code").to_owned())
                .collect();
            (text(result, "verdict").to_owned(), conditions, report.values(name)[0])
        })
        .collect();
    assert_eq!(all.len(), 1, "{pattern}: {all:?}");
    all.into_iter().next().expect("one")
}

#[test]
fn every_minor_version_has_all_types_of_its_vmlinux() {
    let run = corecheck(&["layouts", "list", "--kernel", DEBIAN, "--format", "json"]).expect_status(0);
    let document = run.json();
    let kernels = list(&document, "kernels");
    let whole: Vec<&serde_json::Value> = kernels.iter().filter(|kernel| kernel["complete"] == true).collect();
    let minors: BTreeSet<String> = whole
        .iter()
        .filter(|kernel| text(kernel, "arch") == "amd64")
        .map(|kernel| text(kernel, "version").split('.').take(2).collect::<Vec<_>>().join("."))
        .collect();
    let all = ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"];
    assert_eq!(minors, all.map(str::to_owned).into());
    assert!(whole.iter().any(|kernel| text(kernel, "arch") == "arm64"));
    let arches: BTreeSet<&str> = kernels.iter().map(|kernel| text(kernel, "arch")).collect();
    assert!(arches.is_superset(&["amd64", "arm64", "ppc64el", "riscv64", "s390x"].into()), "{arches:?}");
    let flavours: BTreeSet<&str> = kernels.iter().map(|kernel| text(kernel, "flavour")).collect();
    assert!(flavours.is_superset(&["generic", "cloud", "rt"].into()), "{flavours:?}");
    for kernel in kernels {
        let provenance = text(kernel, "provenance");
        assert!(provenance.contains("package linux-") && provenance.contains(" ("), "{provenance}");
        assert!(!text(kernel, "version").is_empty(), "{kernel}");
    }
}

/// Seen with these kernels running: where libbpf relocates it to with vfio loaded.
#[test]
fn vfio_group_is_found_in_its_module() {
    let loaded = |value| {
        ("ok".to_owned(), vec!["module-loaded".to_owned(), "modules-readable".to_owned()], Some(value))
    };
    for (pattern, value) in [("debian/6.12.*[0-9]-amd64/amd64", 880), ("debian/7.3.*[0-9]-amd64/amd64", 904)]
    {
        assert_eq!(iommu_group(pattern, 0), loaded(value), "{pattern}");
    }
    // Modules of 5.10 carry no BTF.
    assert_eq!(iommu_group("debian/5.10.*/amd64", 1).0, "fails");
    // Of these the archive has no modules any more.
    assert_eq!(iommu_group("debian/7.0.*", 2).0, "unknown");
    let report = check(1, &["--kernel", "debian/6.12.*/amd64", "--modules", "none", &sample("iommu_group")]);
    assert!(report.results().iter().all(|(_, result)| result["verdict"] == "fails"));
}

/// What is in vmlinux is answered; what may be in a module of which that was not kept is unknown, and not absent.
#[test]
fn any_program_is_answered() {
    let pattern = ["--kernel", "debian/6.12.*[0-9]-amd64/amd64"];
    let object = fixture("all_kinds");
    let report = check(2, &[&pattern[..], &[&object]].concat());
    let (name, result) = &report.results()[0];
    assert!(codes(result, "reasons").contains(&"modules-not-stored"), "{result}");
    assert!(report.outcomes(name).iter().any(|outcome| outcome["outcome"] == "unknown"));
    // Without modules it is known that they are nowhere.
    let report = check(1, &[&pattern[..], &["--modules", "none", &object]].concat());
    assert!(report.outcomes(name).iter().all(|outcome| outcome["outcome"] != "unknown"));
    let shown =
        corecheck(&["layouts", "show", "task_struct", pattern[0], pattern[1]]).expect_status(0).stdout;
    assert!(shown.contains("struct task_struct: ") && shown.contains("comm"), "{shown}");
}

/// s390x is big-endian: nobody means it who checks an object for little-endian machines, unless he says so.
#[test]
fn kernels_of_the_other_byte_order_are_left_out_unless_they_are_named() {
    let report = check(1, &[&sample("naive")]);
    let left: Vec<&str> = list(&report.0, "left_out").iter().map(|left| text(left, "kernel")).collect();
    assert!(left.len() >= 2 && left.iter().all(|kernel| kernel.ends_with("/s390x")), "{left:?}");
    assert!(report.results().iter().all(|(name, _)| !name.ends_with("/s390x")));
    let shown = corecheck(&["check", &sample("naive")]).expect_status(1).stdout;
    assert!(shown.contains("left out, being of the other byte order (--kernel names them):"), "{shown}");
    let named = check(1, &["--kernel", "*/s390x", &sample("naive")]);
    assert_eq!(named.results().len(), left.len());
    assert_eq!(list(&named.0, "left_out").len(), 0);
    for (name, result) in named.results() {
        assert_eq!(codes(result, "reasons"), ["byte-order"], "{name}");
    }
}

/// A loader that is given a BTF searches no modules: what is in one must be in the file.
#[test]
fn the_least_btf_has_types_of_modules_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("least.btf").to_string_lossy().into_owned();
    let object = sample("iommu_group");
    for (kernel, value) in [("debian/6.12.*[0-9]-amd64/amd64", 880), ("debian/7.3.*[0-9]-amd64/amd64", 904)] {
        let run = corecheck(&["layouts", "export", kernel, "--for", &object, "-o", &file]);
        assert!(run.status == 0 && run.stderr.contains("loaded: vfio"), "{run:?}");
        let report = check(0, &["--against", &file, "--modules", "none", &object]);
        assert_eq!(report.values(&report.results()[0].0), [Some(value)], "{kernel}");
    }
}

/// Of most kernels only `struct vfio_group` is stored: who asks about something else does not want to hear of them.
#[test]
fn kernels_of_which_nothing_is_stored_that_is_asked_are_left_out_unless_they_are_named() {
    let object = fixture("all_kinds");
    let report = check(1, &[&object]);
    assert!(report.results().len() >= 12, "{}", report.results().len());
    assert!(list(&report.0, "kernels").iter().all(|kernel| kernel["complete"] == true));
    let left = list(&report.0, "left_out");
    assert!(left.iter().any(|left| text(left, "code") == "type-not-stored"));
    let shown = corecheck(&["check", &object]).expect_status(1).stdout;
    assert!(shown.contains("for nothing is stored of them that is asked about"), "{shown}");
    let named = check(2, &["--kernel", "5.15", &object]);
    assert_eq!((named.results().len(), list(&named.0, "left_out").len()), (1, 0));
}
