//! Exit statuses, and that equal questions get equal answers.

use crate::run::{corecheck, sample, with_closed_pipe};

#[test]
fn nothing_fails() {
    let naive = sample("naive");
    corecheck(&["check", "--kernel", "5.15", &naive]).expect_status(0);
    // Unknown is neither ok nor failing: one kernel that can be judged is an answer.
    corecheck(&["check", "--kernel", "5.15", "--kernel", "6.8", &naive]).expect_status(0);
}

#[test]
fn a_kernel_fails() {
    corecheck(&["check", &sample("naive")]).expect_status(1);
    corecheck(&["check", &sample("iommu_group")]).expect_status(1);
    corecheck(&["check", "--kernel", "6.8", "--kernel", "5.19", &sample("naive")]).expect_status(1);
    // One of several objects is enough.
    let (naive, iommu_group) = (sample("naive"), sample("iommu_group"));
    corecheck(&["check", "--kernel", "5.4", &naive]).expect_status(0);
    corecheck(&["check", "--kernel", "5.4", &naive, &iommu_group]).expect_status(1);
}

#[test]
fn every_answer_is_unknown() {
    corecheck(&["check", "--kernel", "6.2", &sample("portable")]).expect_status(2);
    let run = corecheck(&["check", "--kernel", "6.8", &sample("naive")]).expect_status(2);
    assert!(run.stdout.contains("--modules none"), "it says what would help\n{}", run.stdout);
    assert!(run.stdout.contains("layouts add"), "so does this\n{}", run.stdout);
}

#[test]
fn strict_counts_unknown_as_failing() {
    let naive = sample("naive");
    corecheck(&["check", "--strict", "--kernel", "5.15", &naive]).expect_status(0);
    corecheck(&["check", "--strict", "--kernel", "5.15", "--kernel", "6.8", &naive]).expect_status(1);
    // Without a single answer the tool could not do its work, strict or not.
    corecheck(&["check", "--strict", "--kernel", "6.8", &naive]).expect_status(2);
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"], &["accesses", "--help"]] {
        let run = corecheck(arguments).expect_status(0);
        assert!(!run.stdout.is_empty());
    }
}

#[test]
fn the_same_question_gets_the_same_bytes() {
    for format in ["human", "json"] {
        for name in ["naive", "iommu_group", "portable"] {
            let arguments = ["check", "--format", format, &sample(name)];
            let first = corecheck(&arguments);
            for _ in 0..3 {
                assert_eq!(corecheck(&arguments).stdout, first.stdout, "{arguments:?}");
            }
        }
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    for format in ["human", "json"] {
        let run = with_closed_pipe(&["check", "--format", format, &sample("naive")]).expect_status(1);
        assert_eq!(run.stdout, "");
        with_closed_pipe(&["check", "--format", format, "--kernel", "5.15", &sample("naive")])
            .expect_status(0);
        with_closed_pipe(&["accesses", "--format", format, &sample("naive")]).expect_status(0);
    }
}
