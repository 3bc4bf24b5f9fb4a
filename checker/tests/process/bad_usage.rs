//! Wrong arguments: each is refused with what is wrong and what would be right.

use crate::run::{corecheck, sample};

#[test]
fn arguments_that_make_no_sense() {
    let naive = sample("naive");
    let cases: [(&[&str], &[&str]); 13] = [
        (
            &["check", "--format", "yaml", &naive],
            &["yaml", "human, json, sarif, junit, github, markdown and html"],
        ),
        (&["check", "--format", "json=", &naive], &["no file name"]),
        (&["check", "--modules", "", &naive], &["modules separated by commas"]),
        (&["check", "--modules", "all,vfio", &naive], &["all,vfio"]),
        (&["check", "--modules", "vfio,none", &naive], &["vfio,none"]),
        (&["check", "--modules", "vfio,,kvm", &naive], &["vfio,,kvm"]),
        (&["check", "--no-such-option", &naive], &["--no-such-option"]),
        (&["check", "--color", "sometimes", &naive], &["sometimes", "always", "never"]),
        (&["check"], &["OBJECT", "Usage"]),
        (&["accesses"], &["OBJECT", "Usage"]),
        (&["chekc", &naive], &["chekc", "check"]),
        (&["check", &naive, &naive], &[&naive, "named twice"]),
        (&["check", "-", "-"], &["-: named twice"]),
    ];
    for (arguments, words) in cases {
        // Standard input is closed: for `-` it must not come to reading twice.
        if arguments == ["check", "-", "-"] {
            let bytes = crate::run::bytes_of(&naive);
            crate::run::with_input(arguments, &bytes).expect_refusal(words);
        } else {
            corecheck(arguments).expect_refusal(words);
        }
    }
    // Without any argument the help is what is wanted.
    let run = corecheck::<&str>(&[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("check") && run.stderr.contains("accesses"), "{}", run.stderr);
}

#[test]
fn a_file_that_cannot_be_written() {
    let run = corecheck(&["check", "--format", "json=no/such/folder/a.json", &sample("naive")]);
    run.expect_refusal(&["no/such/folder/a.json", "cannot write", "No such file"]);
}

#[test]
fn one_bad_object_among_good_ones_is_named() {
    let run = corecheck(&["check", &sample("naive"), "Cargo.toml"]);
    run.expect_refusal(&["Cargo.toml", "not an ELF file"]);
}
