//! The hard cases: pairs of C sources, a program and its targets, in `cases/`.
//!
//! `cases/build` compiles them into a folder. Every program is compared against every target that its source names, as any
//! object is, in each of its forms (clang 19, clang 14, big endian); and what libbpf says of the clang 19 form must be what
//! the source expects ([`crate::want`]). Targets that C cannot express are built ([`crate::built`]).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection};

use crate::libbpf::Said;
use crate::target::Kernel;
use crate::want::{self, Want};
use crate::{built, subject::Subject, tally::Tally};

/// The forms of a program: the ending of the object, and whether the target is big endian. Expectations are for the first.
const FORMS: [(&str, bool); 4] = [("", false), ("-14", false), ("-big", true), ("", true)];

/// Runs all cases; `sources` holds the C files, `objects` what was compiled. Says how many there are.
pub fn run(tally: &mut Tally, sources: &Path, objects: &Path, show: bool) -> Result<usize> {
    let mut programs: Vec<PathBuf> =
        fs::read_dir(sources)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    programs.retain(|path| path.to_string_lossy().ends_with(".prog.c"));
    programs.sort();
    let mut count = 0;
    let mut used = BTreeSet::new();
    for path in &programs {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = file.trim_end_matches(".prog.c").to_owned();
        let program = Program { name, objects: objects.to_owned() };
        let source = fs::read_to_string(path)?;
        let wants = want::parse(&source).with_context(|| file.clone())?;
        count += wants.len();
        used.extend(program.run(tally, &wants, show).with_context(|| file.clone())?);
    }
    for entry in fs::read_dir(sources)? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let target = file.strip_suffix(".c").filter(|name| name.contains(".target"));
        ensure!(target.is_none_or(|target| used.contains(target)), "no case uses {file}");
    }
    for name in built::NAMES {
        ensure!(used.contains(name), "no case uses the target {name}");
    }
    Ok(count)
}

/// A program of the cases.
struct Program {
    name: String,
    objects: PathBuf,
}

impl Program {
    /// Runs its cases, and says which targets it used.
    fn run(&self, tally: &mut Tally, wants: &[Want], show: bool) -> Result<Vec<String>> {
        ensure!(!wants.is_empty(), "it expects nothing");
        let names: BTreeSet<&str> = wants.iter().map(|want| want.target.as_str()).collect();
        let mut used = Vec::new();
        let mut judged = BTreeSet::new();
        for (index, (form, is_big)) in FORMS.into_iter().enumerate() {
            let path = self.objects.join(format!("{}.prog{form}.o", self.name));
            if form == "-14" && !path.exists() {
                continue;
            }
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = format!("{}.prog{form}", self.name);
            let subject = Subject::read(name, &bytes)?.context("it has no records")?;
            for name in &names {
                let (file, kernel) = self.kernel(name, is_big, &subject)?;
                used.push(file);
                let said = tally.run(&subject, name, &kernel);
                if index == 0 {
                    let said = said.with_context(|| format!("on {name}"))?;
                    expect(tally, &subject, name, &said, wants, &mut judged, show);
                }
            }
            let all: BTreeSet<_> =
                subject.records.all.iter().filter_map(|record| record.function.clone()).collect();
            let missing: Vec<_> = all.difference(&judged).collect();
            ensure!(missing.is_empty(), "nothing is expected of {missing:?}");
        }
        Ok(used)
    }

    /// A target by its name, and the name of what it comes from.
    fn kernel(&self, name: &str, is_big: bool, subject: &Subject) -> Result<(String, Kernel)> {
        if name == "own" {
            return Ok((name.to_owned(), Kernel::of(&subject.records.btf, &[])?));
        }
        if name.starts_with("built-") {
            return Ok((name.to_owned(), built::kernel(name, is_big)?));
        }
        let main = format!("{}.target", self.name);
        let file = if name == "main" { main } else { format!("{main}-{name}") };
        let path = self.objects.join(format!("{file}{}.o", if is_big { "-big" } else { "" }));
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let elf = object::File::parse(&*bytes)?;
        let btf = elf.section_by_name(".BTF").context("the target has no BTF")?.data()?;
        Ok((file, Kernel::of(btf, &[])?))
    }
}

/// Holds what libbpf said of each function against what the source expects.
fn expect(
    tally: &mut Tally,
    subject: &Subject,
    target: &str,
    said: &[Said],
    wants: &[Want],
    judged: &mut BTreeSet<String>,
    show: bool,
) {
    for want in wants.iter().filter(|want| want.target == target) {
        judged.insert(want.function.clone());
        let of_function = subject.records.all.iter().zip(said);
        let found: Vec<String> = of_function
            .filter(|(record, _)| record.function.as_deref() == Some(&want.function))
            .map(|(record, said)| want::words(record, said))
            .collect();
        if found == want.records {
            tally.counts.passed += 1;
        } else {
            tally.counts.failed += 1;
            println!("FAILED {} {}: expected is {}", subject.name, want.function, want.records.join("; "));
        }
        if show || found != want.records {
            println!("// want {target} {}: {}", want.function, found.join("; "));
        }
    }
}
