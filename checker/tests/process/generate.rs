//! Completions and manual pages.

use std::process::Command;

use crate::run::corecheck;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

#[test]
fn every_shell_gets_all_commands() {
    for shell in SHELLS {
        let run = corecheck(&["completions", shell]).expect_status(0);
        for word in ["check", "compare", "layouts", "against", "explain"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
    }
    corecheck(&["completions", "tcsh"]).expect_refusal(&["tcsh", "bash", "zsh"]);
}

/// bash itself takes what is for it, and completes.
#[test]
fn bash_completes() {
    let script = corecheck(&["completions", "bash"]).expect_status(0).stdout;
    let ask = "COMP_WORDS=(corecheck comp); COMP_CWORD=1; _corecheck corecheck comp corecheck; echo ${COMPREPLY[@]}";
    let out = Command::new("bash").args(["-c", &format!("{script}\n{ask}")]).output().expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "compare completions");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    corecheck(&["man", &path]).expect_status(0);
    for page in
        ["corecheck", "corecheck-check", "corecheck-compare", "corecheck-explain", "corecheck-layouts-add"]
    {
        let text = std::fs::read_to_string(folder.path().join(format!("{page}.1"))).expect(page);
        assert!(text.contains(".TH ") && text.contains(".SH SYNOPSIS"), "{page}");
    }
    let check = std::fs::read_to_string(folder.path().join("corecheck-check.1")).expect("a page");
    assert!(check.contains("\\-\\-against") && check.contains("Examples:"), "{check}");
    corecheck(&["man", "no/such/folder"]).expect_refusal(&["no/such/folder", "No such file"]);
}

/// Whoever pipes a page to `head` hears nothing of it; colour is as the environment or `--color` says.
#[test]
fn habits() {
    let naive = crate::run::sample("naive");
    let coloured = |run: crate::run::Run| run.stdout.contains('\u{1b}');
    assert!(!coloured(corecheck(&["check", &naive])));
    assert!(coloured(corecheck(&["check", "--color", "always", &naive])));
    let with = |name: &str, value: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_corecheck"))
            .args(["check", &naive])
            .current_dir(crate::run::root())
            .env(name, value)
            .output()
            .expect("it runs");
        String::from_utf8_lossy(&out.stdout).contains('\u{1b}')
    };
    assert!(with("CLICOLOR_FORCE", "1") && !with("NO_COLOR", "1") && !with("CLICOLOR", "0"));
    for command in ["check", "compare", "accesses", "explain", "layouts"] {
        let help = corecheck(&[command, "--help"]).expect_status(0);
        assert!(help.stdout.contains("Examples:"), "{command}");
    }
}
