//! The main job: the three samples against the seed's 25 kernels, as the issue that asked for them says.

use crate::kernels::{MODULE_NOT_STORED, MODULE_WITHOUT_BTF, SEED, SEEDS, SHIP_BTF, TWO_STRUCTS};
use crate::report::{check, codes, list, text, texts};
use crate::run::{corecheck, sample};

/// The verdict on each kernel, in the seed's order.
fn expected(verdict: impl Fn(&str) -> &'static str) -> Vec<(String, String)> {
    SEED.iter().map(|(_, _, alias)| ((*alias).to_owned(), verdict(alias).to_owned())).collect()
}

/// What is so for every program that needs the type, wherever vmlinux does not have it.
fn without_type(alias: &str) -> Option<&'static str> {
    if MODULE_WITHOUT_BTF.contains(&alias) || alias == "riscv64" {
        Some("fails")
    } else {
        MODULE_NOT_STORED.contains(&alias).then_some("unknown")
    }
}

#[test]
fn the_kernels_are_the_seeds_in_its_groups_and_order() {
    let report = check(1, &["--kernel", SEEDS, &sample("naive")]);
    let kernels: Vec<_> = list(&report.0, "kernels")
        .iter()
        .map(|kernel| (text(kernel, "name"), text(kernel, "group"), texts(kernel, "aliases")[0]))
        .collect();
    assert_eq!(kernels, SEED);
    let results: Vec<_> = list(&report.0, "results").iter().map(|result| text(result, "kernel")).collect();
    assert_eq!(results, SEED.map(|(name, ..)| name));
}

#[test]
fn verdicts_of_naive() {
    let report = check(1, &["--kernel", SEEDS, &sample("naive")]);
    let verdict = |alias: &str| without_type(alias).unwrap_or(if alias == "5.19" { "fails" } else { "ok" });
    assert_eq!(report.verdicts(), expected(verdict));
}

#[test]
fn verdicts_of_iommu_group() {
    let report = check(1, &["--kernel", SEEDS, &sample("iommu_group")]);
    let verdict = |alias: &str| {
        without_type(alias).unwrap_or(if TWO_STRUCTS.contains(&alias) { "fails" } else { "ok" })
    };
    assert_eq!(report.verdicts(), expected(verdict));
}

/// It loads everywhere. Each generation's reads take the place of the other's; where the type is nowhere, nothing does.
#[test]
fn verdicts_of_portable() {
    let report = check(0, &["--kernel", SEEDS, &sample("portable")]);
    let verdict = |alias: &str| match without_type(alias) {
        Some("fails") => "degraded",
        other => other.unwrap_or("ok"),
    };
    assert_eq!(report.verdicts(), expected(verdict));
    for (alias, result) in report.results() {
        let expected: &[&str] = match verdict(&alias) {
            "unknown" => &["module-not-stored"],
            "degraded" => &["fallback"],
            _ => &[],
        };
        assert_eq!(codes(result, "reasons"), expected, "{alias}");
        // No access fails the load by itself: what does not resolve is poisoned, and guarded.
        let outcomes = report.outcomes(&alias);
        assert!(outcomes.iter().all(|outcome| outcome["outcome"] != "error"), "{alias}");
        for poisoned in outcomes.iter().filter(|outcome| outcome["outcome"] == "poisoned") {
            assert_eq!(poisoned["reach"], "guarded", "{alias}");
        }
    }
}

#[test]
fn values_that_a_loader_patches_in() {
    let naive = check(1, &["--kernel", SEEDS, &sample("naive")]);
    for alias in ["5.4", "5.8", "5.11", "5.13", "5.15", "ppc64el", "azure", "gcp", "lowlatency"] {
        let values = [0, 4, 8, 16, 80, 224, 192].map(Some);
        assert_eq!(naive.values(alias), values, "{alias}");
        let units: Vec<_> = naive.outcomes(alias).iter().map(|outcome| text(outcome, "unit")).collect();
        assert_eq!(units, ["vmlinux"; 7], "{alias}");
    }
    let iommu_group = check(1, &["--kernel", SEEDS, &sample("iommu_group")]);
    assert_eq!(iommu_group.values("5.15"), [Some(16)]);
    assert_eq!(iommu_group.values("ppc64el"), [Some(16)]);
    assert_eq!(iommu_group.values("5.19"), [Some(856)]);
    assert_eq!(iommu_group.outcomes("5.19")[0]["target"], "struct vfio_group.iommu_group (0:4 @ offset 856)");
    for alias in TWO_STRUCTS {
        assert_eq!(iommu_group.values(alias), [None], "{alias}");
    }
}

/// `vfio_portable` asks through one type equal in both generations, one of the old and one of the new.
#[test]
fn portable_resolves_what_is_there() {
    let report = check(0, &["--kernel", SEEDS, &sample("portable")]);
    let accesses = list(&list(&report.0, "objects")[0], "accesses");
    let of = |alias: &str, type_name: &str| -> Vec<(String, String)> {
        let outcomes = report.outcomes(alias).iter().zip(accesses);
        let of_type = outcomes.filter(|(_, access)| text(access, "type") == type_name);
        of_type.map(|(o, a)| (text(a, "path").to_owned(), text(o, "outcome").to_owned())).collect()
    };
    let (old, new) = ("struct vfio_group___counted", "struct vfio_group___embedding");
    let is_resolved = |all: &[(String, String)]| all.iter().all(|(_, outcome)| outcome == "resolved");
    for alias in ["5.4", "5.13", "5.15", "ppc64el", "azure"] {
        assert!(is_resolved(&of(alias, "struct vfio_group")), "{alias}: the ambiguity is avoided");
        assert!(is_resolved(&of(alias, old)), "{alias}");
        assert!(!is_resolved(&of(alias, new)), "{alias}");
    }
    assert!(is_resolved(&of("5.19", "struct vfio_group")));
    assert!(is_resolved(&of("5.19", new)));
    // The old generation's type has `container` there too, and nothing else that still is what it was.
    let resolved: Vec<_> =
        of("5.19", old).into_iter().filter(|(_, o)| o == "resolved").map(|(path, _)| path).collect();
    assert_eq!(resolved, ["container"]);
    for alias in MODULE_WITHOUT_BTF {
        let outcomes = report.outcomes(alias);
        let of = |word: &str| outcomes.iter().filter(|outcome| outcome["outcome"] == word).count();
        assert_eq!(of("absent") + of("poisoned"), accesses.len(), "{alias}");
        assert!(outcomes.iter().all(|o| o["outcome"] != "absent" || o["value"] == 0), "{alias}");
    }
}

#[test]
fn what_broke_in_5_19_is_told_access_by_access() {
    let report = check(1, &[&sample("naive"), "--kernel", "5.19"]);
    let outcomes = report.outcomes("5.19");
    let accesses = list(&list(&report.0, "objects")[0], "accesses");
    let told: Vec<_> = outcomes
        .iter()
        .zip(accesses)
        .map(|(outcome, access)| {
            (text(access, "path"), text(outcome, "outcome"), outcome["reason"]["code"].as_str())
        })
        .collect();
    let expected = [
        ("kref.refcount.refs.counter", "poisoned", Some("field-missing")),
        ("minor", "poisoned", Some("field-missing")),
        ("container_users.counter", "poisoned", Some("field-kind-changed")),
        ("iommu_group", "resolved", None),
        ("dev", "poisoned", Some("field-kind-changed")),
        ("noiommu", "poisoned", Some("field-missing")),
        ("opened.counter", "poisoned", Some("field-missing")),
    ];
    assert_eq!(told, expected);
    assert_eq!(report.values("5.19"), [None, None, None, Some(856), None, None, None]);
    // Each is a finding of its own, with the kernel and the access, and with something to do.
    let findings = list(&report.0, "findings");
    let accesses: Vec<_> = findings.iter().map(|finding| finding["access"].as_u64()).collect();
    assert_eq!(accesses, [0, 1, 2, 4, 5, 6].map(Some));
    for finding in findings {
        assert_eq!(text(finding, "level"), "error");
        assert_eq!(texts(finding, "kernels"), ["ubuntu/5.19.0-21-generic/amd64"]);
        assert!(text(finding, "help").contains("bpf_core_field_exists"));
    }
    let of_dev = text(&findings[3], "message");
    assert!(of_dev.contains("`struct device`") && of_dev.contains("`struct device *`"), "{of_dev}");
    assert_eq!(texts(&findings[3], "details"), ["struct vfio_group.dev (0:0 @ offset 0)"]);
}

#[test]
fn why_a_type_is_not_there_is_told_apart() {
    let report = check(1, &["--kernel", SEEDS, &sample("naive")]);
    for (alias, result) in report.results() {
        let expected: &[&str] = match alias.as_str() {
            alias if MODULE_WITHOUT_BTF.contains(&alias) => &["module-without-btf"],
            alias if MODULE_NOT_STORED.contains(&alias) => &["module-not-stored"],
            "riscv64" => &["type-not-configured"],
            "5.19" => &[
                "field-missing",
                "field-missing",
                "field-kind-changed",
                "field-kind-changed",
                "field-missing",
                "field-missing",
            ],
            _ => &[],
        };
        assert_eq!(codes(result, "reasons"), expected, "{alias}");
    }
    let reason = |alias: &str| text(&list(report.result(alias), "reasons")[0], "text").to_owned();
    assert!(reason("4.4").contains("vfio.ko"), "{}", reason("4.4"));
    assert!(reason("riscv64").contains("CONFIG_VFIO"), "{}", reason("riscv64"));
    assert!(reason("6.8").contains("vfio.ko") && reason("6.8").contains("not stored"), "{}", reason("6.8"));
    // One cause, one finding, with all its kernels.
    let finding = report.findings("module-without-btf");
    assert_eq!(finding.len(), 1);
    assert_eq!(list(finding[0], "kernels").len(), MODULE_WITHOUT_BTF.len());
    assert_eq!(report.findings("type-not-configured").len(), 1);
    let unknown = report.findings("type-not-stored");
    assert_eq!(unknown.len(), 1);
    assert_eq!(text(unknown[0], "level"), "warning");
    assert_eq!(list(unknown[0], "kernels").len(), MODULE_NOT_STORED.len());
}

#[test]
fn two_structs_of_one_name_are_named_both() {
    let report = check(1, &["--kernel", SEEDS, &sample("iommu_group")]);
    for alias in TWO_STRUCTS {
        let [outcome] = report.outcomes(alias) else { panic!("{alias} has one access") };
        assert_eq!((text(outcome, "outcome"), text(&outcome["reason"], "code")), ("error", "ambiguous"));
        let programs = list(report.result(alias), "programs");
        assert_eq!((text(&programs[0], "verdict"), text(&programs[0], "phase")), ("fails", "relocate"));
    }
    let findings = report.findings("ambiguous");
    let [finding] = findings[..] else { panic!("it is one cause: {findings:#?}") };
    let names = SEED.iter().filter(|(.., alias)| TWO_STRUCTS.contains(alias)).map(|(name, ..)| *name);
    assert_eq!(texts(finding, "kernels"), names.collect::<Vec<_>>());
    let details = texts(finding, "details");
    assert_eq!(details.len(), 2);
    assert!(details[0].contains("@ offset 16") && details[0].contains("288 bytes"), "{details:?}");
    assert!(details[1].contains("@ offset 0") && details[1].contains("32 bytes"), "{details:?}");
    let help = text(finding, "help");
    assert!(help.contains("guard does not help") && help.contains("first"), "{help}");
}

#[test]
fn verdicts_without_shipped_btf_are_for_one_brought_along() {
    for (name, status) in [("naive", 1), ("iommu_group", 1), ("portable", 0)] {
        let report = check(status, &["--kernel", SEEDS, &sample(name)]);
        for (alias, result) in report.results() {
            let expected: &[&str] =
                if SHIP_BTF.contains(&alias.as_str()) { &[] } else { &["btf-brought-along"] };
            assert_eq!(codes(result, "conditions"), expected, "{name} on {alias}");
        }
        let word = |alias: &str| {
            let kernels = list(&report.0, "kernels").iter();
            let mut found = kernels.filter(|kernel| texts(kernel, "aliases").contains(&alias));
            text(found.next().expect("it is a kernel of the seed"), "btf").to_owned()
        };
        assert_eq!(word("5.4"), "none");
        assert_eq!(word("5.8"), "vmlinux");
        assert_eq!(word("5.11"), "vmlinux+modules");
    }
}

#[test]
fn kernels_that_answer_alike_share_one_answer() {
    let report = check(1, &["--kernel", SEEDS, &sample("naive")]);
    let answer = |alias: &str| report.result(alias)["answer"].as_u64().expect("a number");
    for alias in ["5.8", "5.11", "5.13", "5.15", "ppc64el", "azure", "gcp", "lowlatency"] {
        assert_eq!(answer(alias), answer("5.4"), "{alias}");
    }
    // As there: in vmlinux as of old, changed, in a module without BTF, in one not stored, not configured.
    assert_eq!(list(&report.0, "answers").len(), 5);
}

#[test]
fn people_are_told_verdict_access_line_and_reason() {
    let run = corecheck(&["check", "--kernel", SEEDS, &sample("naive")]).expect_status(1);
    let words = [
        "ok",
        "fails",
        "unknown",
        "read_group",
        "container_users",
        "ebpf-probe/bpf/vfio_naive.bpf.c:39",
        "ask(answer, container_users, &group->container_users.counter);",
        "`container_users` is `unsigned int` there, not `atomic_t`",
        "bpf_core_field_exists()",
        "CONFIG_VFIO",
        "vfio.ko",
    ];
    for word in words {
        assert!(run.stdout.contains(word), "{word:?} is not in\n{}", run.stdout);
    }
    let mut from = 0;
    for (name, _, alias) in SEED {
        // The table names each kernel by its alias or its release, in the seed's order.
        let release = name.split('/').nth(1).expect("distro/release/arch");
        let place = [alias, release].iter().filter_map(|word| run.stdout[from..].find(word)).min();
        from += place.unwrap_or_else(|| panic!("{alias} is not in\n{}", &run.stdout[from..]));
    }
    let summary = run.stdout.trim_end().lines().last().expect("a last line");
    for count in ["9", "13", "3"] {
        assert!(summary.contains(count), "{summary}");
    }
    assert!(!run.stdout.contains('\x1b'), "no colour where there is no terminal");
}
