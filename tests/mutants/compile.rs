//! Building the program with all bugs in it, without those that do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::mutant::Mutant;
use super::plant::{Planted, SWITCHBOARD, plant};

/// The program with its bugs.
pub(crate) struct Built {
    /// The numbers of those that do not compile.
    pub(crate) unviable: BTreeSet<u32>,
    /// The programs of tests: what is fastest and notices most comes first.
    pub(crate) programs: Vec<Program>,
}

/// Tests in one program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program {
    /// Its place in the order.
    rank: usize,
    /// What it is called: the package's folder and the target.
    pub(crate) name: String,
    /// Only tests whose path has one of these in it; all if there is none.
    pub(crate) only: &'static [&'static str],
    /// The executable.
    pub(crate) path: PathBuf,
    /// The package's folder, where cargo would run it.
    pub(crate) folder: PathBuf,
}

impl Program {
    /// The package's folder, by which the files in it begin.
    pub(crate) fn package(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// The tests that are asked: the package's folder, the target, and which of its tests. Those that notice most in the least
/// time come first; and of one bug those of its own package.
const PROGRAMS: [(&str, &str, &[&str]); 10] = [
    ("checker", "corecheck", &["resolve::", "access::"]),
    ("layouts", "btf_read", &[]),
    ("layouts", "corecheck_layouts", &["btf::"]),
    ("layouts", "corecheck_layouts", &[]),
    ("checker", "corecheck", &[]),
    ("checker", "objects", &[]),
    ("layouts", "seed", &[]),
    ("checker", "render", &[]),
    ("tests", "properties", &[]),
    ("checker", "process", &[]),
];
/// The package that has the switch, by its folder, and how it and others call it.
const SWITCH: (&str, &str, &str) = ("layouts/", "crate::planted::bug", "corecheck_layouts::planted::bug");

/// Plants the bugs into the tree and builds the tests.
pub(crate) fn compile(tree: &Path, mutants: &[Mutant]) -> Result<Built> {
    let mut originals: BTreeMap<&str, String> = BTreeMap::new();
    for mutant in mutants {
        let read = || fs::read_to_string(tree.join(&mutant.file)).with_context(|| mutant.file.clone());
        if !originals.contains_key(&mutant.file[..]) {
            originals.insert(&mutant.file, read()?);
        }
    }
    let root = tree.join(SWITCH.0).join("src/lib.rs");
    let with_switch = fs::read_to_string(&root)? + SWITCHBOARD;
    fs::write(&root, with_switch)?;

    // What did not compile the last time, with the same words in the same place, is not tried again: it costs a whole build.
    let note = tree.with_extension("unviable");
    let known: BTreeSet<String> =
        fs::read_to_string(&note).unwrap_or_default().lines().map(str::to_owned).collect();
    let words = |mutant: &Mutant| format!("{} | {}", mutant.name, mutant.shown);
    let mut unviable: BTreeSet<u32> =
        mutants.iter().filter(|mutant| known.contains(&words(mutant))).map(|mutant| mutant.number).collect();
    loop {
        let mut planted: BTreeMap<&str, Planted> = BTreeMap::new();
        for (&file, original) in &originals {
            let viable =
                mutants.iter().filter(|mutant| mutant.file == file && !unviable.contains(&mutant.number));
            let switch = if file.starts_with(SWITCH.0) { SWITCH.1 } else { SWITCH.2 };
            let changed = plant(original, &viable.collect::<Vec<_>>(), switch).context(file.to_owned())?;
            fs::write(tree.join(file), &changed.text)?;
            planted.insert(file, changed);
        }
        let (succeeded, messages, complaint) = cargo(tree)?;
        if succeeded {
            let those = mutants.iter().filter(|mutant| unviable.contains(&mutant.number));
            fs::write(&note, those.map(|mutant| words(mutant) + "\n").collect::<String>())?;
            return Ok(Built { unviable, programs: programs(&messages)? });
        }
        // Each error is in the copy of some bug.
        let before = unviable.len();
        for error in messages.iter().filter(|message| message["message"]["level"] == "error") {
            for span in error["message"]["spans"].as_array().into_iter().flatten() {
                let file = span["file_name"].as_str().unwrap_or_default();
                let line = span["line_start"].as_u64().unwrap_or(0) as usize;
                let copies = planted.get(file).into_iter().flat_map(|planted| &planted.copies);
                let hit = copies.filter(|&&(first, last, _)| (first..=last).contains(&line));
                unviable.extend(hit.map(|&(_, _, number)| number));
            }
        }
        if unviable.len() == before {
            let shown = messages.iter().filter_map(|message| message["message"]["rendered"].as_str());
            bail!(
                "the program with the bugs does not build:\n{complaint}{}",
                shown.take(5).collect::<String>()
            );
        }
    }
}

/// Builds the tests; whether that succeeded, and what cargo said to programs and to people.
fn cargo(tree: &Path) -> Result<(bool, Vec<Value>, String)> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--no-run", "--locked", "--quiet", "--message-format=json"])
        .args(["-p", "corecheck", "-p", "corecheck-layouts", "-p", "corecheck-tests"])
        .args(["--lib", "--bins", "--test", "*"])
        .current_dir(tree)
        .stdin(Stdio::null())
        .output()
        .context("cargo cannot be run")?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.success(), messages.context("cargo's messages cannot be read")?, complaint))
}

/// The programs that cargo has built.
fn programs(messages: &[Value]) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for message in messages {
        let Some(path) = message["executable"].as_str() else { continue };
        let target = message["target"]["name"].as_str().unwrap_or_default().replace('-', "_");
        let manifest = Path::new(message["manifest_path"].as_str().unwrap_or_default());
        let folder = manifest.parent().unwrap_or(manifest).to_owned();
        let package = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_lib = message["target"]["kind"][0] != "bin";
        if message["profile"]["test"] != true || !is_lib {
            continue;
        }
        for (rank, &(of, name, only)) in PROGRAMS.iter().enumerate() {
            if (of, name) == (package, &target[..]) {
                let (name, path, folder) = (format!("{package}/{target}"), path.into(), folder.clone());
                programs.push(Program { rank, name, only, path, folder });
            }
        }
    }
    programs.sort();
    ensure!(programs.len() == PROGRAMS.len(), "not all tests were built: {programs:?}");
    Ok(programs)
}
