//! Compiles the guards that corecheck proposes, and lets corecheck judge what comes out on the kernels that lack the field: no
//! program of it fails. The headers are what an author has: the types of the object, or of the older kernel, as bpftool
//! writes them.
//!
//! `objects` takes what fails of real objects on the kernels of the store; `vanished` takes members that are gone from one of
//! these kernels to the next, with every new name that is proposed. It prints those, for people to judge.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that reports to a terminal")]

mod source;
mod vanished;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use corecheck::answer::needs;
use corecheck::attach;
use corecheck::check::{self, Settings, check, judge};
use corecheck::object::{Object, read_file};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;

use source::Snippet;

/// Compiles proposed guards, and judges them.
#[derive(Debug, Parser)]
struct Arguments {
    /// The compiler.
    #[arg(long, default_value = "clang-19")]
    clang: PathBuf,
    /// An empty folder to work in.
    #[arg(long)]
    work: PathBuf,
    /// So many guards at least.
    #[arg(long, default_value_t = 1)]
    min_guards: usize,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What fails of these objects.
    Objects {
        /// BPF objects, or executables that hold some.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Members that are gone from one kernel to the next.
    Vanished {
        /// Of those for which no new name is proposed, every so manieth is compiled.
        #[arg(long, default_value_t = 40)]
        every: usize,
        /// So many new names at least.
        #[arg(long, default_value_t = 1)]
        min_renamed: usize,
    },
}

/// Some guards that are compiled with the same types.
struct Unit {
    name: String,
    types: Vec<u8>,
    snippets: Vec<Snippet>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let store = Store::embedded()?;
    let units = match &arguments.what {
        What::Objects { files } => of_objects(&store, files)?,
        What::Vanished { every, min_renamed } => vanished::units(&store, *every, *min_renamed)?,
    };
    let (mut passed, mut failed) = (0, 0);
    for (number, unit) in units.iter().enumerate() {
        let folder = arguments.work.join(format!("{number}"));
        std::fs::create_dir(&folder)?;
        let failing = judged(&arguments.clang, &store, unit, &folder)?;
        passed += unit.snippets.len() - failing.len();
        failed += failing.len();
        for (snippet, why) in failing {
            println!("{}: {why}\n{}", unit.name, unit.snippets[snippet].code);
        }
    }
    println!("counts: objects={} passed={passed} failed={failed}", units.len());
    let is_enough = passed >= arguments.min_guards;
    Ok(if failed == 0 && is_enough { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The guards that are proposed for what fails of objects on the kernels of the store.
fn of_objects(store: &Store, files: &[PathBuf]) -> Result<Vec<Unit>> {
    let mut units = Vec::new();
    for file in files {
        for object in read_file(file).with_context(|| file.display().to_string())? {
            let Some(types) = object.btf.as_ref().map(|btf| btf.bytes().to_vec()) else { continue };
            let name = object.path.clone();
            let report = reported(store, object)?;
            let mut snippets: Vec<Snippet> = Vec::new();
            for finding in &report.findings {
                let guard = finding.suggested.as_ref().and_then(|suggested| suggested.guard.as_ref());
                let Some(guard) = guard else { continue };
                let snippet = Snippet::new(&guard.code, finding.kernels.iter().cloned())?;
                match snippets.iter_mut().find(|known| known.function == snippet.function) {
                    // Of two of one name the later is for another day: they would not stand in one source.
                    Some(known) if known.code == snippet.code => known.kernels.extend(snippet.kernels),
                    Some(_) => {}
                    None => snippets.push(snippet),
                }
            }
            if !snippets.is_empty() {
                units.push(Unit { name, types, snippets });
            }
        }
    }
    Ok(units)
}

/// What corecheck says of an object on all kernels of the store for which it was compiled.
fn reported(store: &Store, object: Object) -> Result<corecheck::report::Report> {
    let objects = vec![object];
    let kernels = looked_up(store, &objects, |_| true)?;
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let checked = judge(objects, &kernels, &Settings::default())?;
    let wanted = check::wanted(&checked, &kernels, store.kernels());
    let more = store.look_up(&wanted.kernels, &wanted.roots)?;
    Ok(check::report(checked, &kernels, &more))
}

/// Kernels of the objects' byte order, with what these need of them.
fn looked_up(store: &Store, objects: &[Object], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Kernel>> {
    let fits = |kernel: &&Kernel| {
        let endian = kernel.endian();
        kernel.is_complete() && objects.iter().all(|object| endian == Some(object.endian))
    };
    let kernels: Vec<&Kernel> =
        store.kernels().iter().filter(fits).filter(|kernel| is_wanted(&kernel.name.to_string())).collect();
    let mut roots = needs(objects);
    attach::add_needs(objects, &mut roots);
    Ok(store.look_up(&kernels, &roots)?)
}

/// Compiles a unit and judges it; which snippets fail, and why.
fn judged(clang: &Path, store: &Store, unit: &Unit, folder: &Path) -> Result<Vec<(usize, String)>> {
    let types = folder.join("types.btf");
    std::fs::write(&types, &unit.types)?;
    let header =
        run(Command::new("bpftool").args(["btf", "dump", "file"]).arg(&types).args(["format", "c"]))?;
    std::fs::write(folder.join("vmlinux.h"), source::completed(&String::from_utf8(header)?))?;
    let code = folder.join("guards.bpf.c");
    std::fs::write(&code, source::whole(&unit.snippets))?;
    let object = folder.join("guards.bpf.o");
    let mut compile = Command::new(clang);
    compile.args([
        "-g",
        "-O2",
        "-target",
        "bpf",
        "-D__TARGET_ARCH_x86",
        "-Werror=implicit-function-declaration",
    ]);
    compile.args(["-Wall", "-Wno-unused-variable", "-Wno-missing-declarations", "-c"]);
    let (arch, multiarch) = (std::env::consts::ARCH, "/usr/include");
    compile.arg(format!("-I{multiarch}/{arch}-linux-gnu")).arg("-I").arg(folder);
    run(compile.arg(&code).arg("-o").arg(&object))
        .with_context(|| format!("compiling the guards of {}", unit.name))?;
    let named: BTreeSet<&String> = unit.snippets.iter().flat_map(|snippet| &snippet.kernels).collect();
    let objects = read_file(&object)?;
    let kernels = looked_up(store, &objects, |name| named.iter().any(|known| *known == name))?;
    ensure!(kernels.len() == named.len(), "{}: some kernels are not in the store", unit.name);
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let report = check(objects, &kernels, &Settings::default())?;
    let mut failing = Vec::new();
    for (number, snippet) in unit.snippets.iter().enumerate() {
        let program = source::program(number);
        let mut seen = 0;
        for result in report.results.iter().filter(|result| snippet.kernels.contains(&result.kernel)) {
            let of_program = result.programs.iter().find(|of| of.name == program);
            let verdict = of_program.with_context(|| format!("{program} is not in the object"))?.verdict;
            seen += 1;
            if !matches!(verdict, "ok" | "degraded" | "risky") {
                failing.push((number, format!("{verdict} on {}: {:?}", result.kernel, result.reasons)));
                break;
            }
        }
        ensure!(seen > 0, "{program} was judged on no kernel");
    }
    Ok(failing)
}

/// What a command prints.
fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

/// The vmlinux of a kernel of the store, whole.
fn whole(store: &Store, kernel: &Kernel) -> Result<std::sync::Arc<Btf>> {
    store.with_units(kernel, |_| false)?.vmlinux.context("a complete kernel has types")
}
