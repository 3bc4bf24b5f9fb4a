//! The pages that are looked at: of the seed as the program writes it, of a thousand kernels, and of names that mean harm.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;

use anyhow::bail;
use corecheck::answer::needs_by;
use corecheck::check::{Settings, judge, report};
use corecheck::loader::Loader;
use corecheck::object::read_file;
use corecheck::render::html::{self, TypeLife};
use corecheck::render::life::{Marks, picture};
use corecheck::report::Report;
use corecheck_layouts::history::TypeName;
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;

/// What foreign names may try.
pub const NASTY: &str = "</script><img src=x onerror=\"window.harmed=1\"><svg onload=window.harmed=2>{{'\u{202e}\u{2066}&lt;script&gt;`";

/// Runs the program; a status of 1 says that something fails, which is no failure of ours.
pub fn of_program(corecheck: &Path, arguments: &[&str], file: &Path) -> anyhow::Result<()> {
    let format = format!("--format=html={}", file.display());
    let status = Command::new(corecheck).arg("check").args(arguments).arg(format).status()?;
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("corecheck check {arguments:?}: {status}");
    }
    Ok(())
}

/// An object on so many kernels: those that come with the program, over and over under other names.
pub fn crowd(object: &Path, number: usize) -> anyhow::Result<(Report, Vec<Kernel>)> {
    let store = Store::embedded()?;
    let objects = read_file(object)?;
    let roots = needs_by(&[Loader::LIBBPF], &objects);
    let all: Vec<&Kernel> = store.kernels().iter().collect();
    let known = store.look_up(&all, &roots)?;
    let mut kernels: Vec<Kernel> = Vec::new();
    for at in 0..number {
        let mut kernel = known[at % known.len()].clone();
        if at >= known.len() {
            kernel.aliases.clear();
            kernel.name.release = format!("{}.copy{}", kernel.name.release, at / known.len());
        }
        kernels.push(kernel);
    }
    let borrowed: Vec<&Kernel> = kernels.iter().collect();
    let checked = judge(objects, &borrowed, &Settings::default())?;
    let report = report(checked, &borrowed, &[]);
    Ok((report, kernels))
}

/// Everything in it that comes from objects and kernels is named to do harm.
pub fn make_nasty(report: &mut Report) {
    let nasty = NASTY.to_owned();
    for object in &mut report.objects {
        object.path = nasty.clone();
        for access in &mut object.accesses {
            (access.path, access.function, access.type_name) =
                (nasty.clone(), nasty.clone(), format!("struct {nasty}"));
            if let Some(source) = &mut access.source {
                (source.file, source.text) = (nasty.clone(), nasty.clone());
            }
        }
        for program in &mut object.programs {
            (program.name, program.section) = (nasty.clone(), nasty.clone());
        }
        for requirement in &mut object.requirements {
            requirement.name = nasty.clone();
        }
    }
    let mut names = std::collections::HashMap::new();
    for (at, kernel) in report.kernels.iter_mut().enumerate() {
        let name = format!("{nasty}{at}");
        names.insert(kernel.name.clone(), name.clone());
        (kernel.name, kernel.release, kernel.distro, kernel.group) =
            (name, nasty.clone(), nasty.clone(), nasty.clone());
        kernel.aliases = vec![format!("{nasty}{at}")];
    }
    for result in &mut report.results {
        result.kernel = names.get(&result.kernel).cloned().unwrap_or_default();
        result.reasons.iter_mut().for_each(|reason| reason.text = nasty.clone());
        result.programs.iter_mut().for_each(|program| program.name = nasty.clone());
    }
    for finding in &mut report.findings {
        (finding.message, finding.help) = (nasty.clone(), nasty.clone());
        finding.details = vec![nasty.clone()];
        for kernel in &mut finding.kernels {
            *kernel = names.get(kernel).cloned().unwrap_or_default();
        }
    }
}

/// Writes a report's page with the life of `struct vfio_group`.
pub fn write(report: &Report, kernels: &[Kernel], life: &str, file: &Path) -> anyhow::Result<()> {
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let name: TypeName = "struct vfio_group".parse()?;
    let mut marks = Marks::new();
    marks.insert("minor".to_owned(), vec![NASTY.to_owned()]);
    let picture = Some(picture(&name, &kernels, &marks, 700)?);
    let lives = [TypeLife { name: life.to_owned(), picture, note: life.to_owned() }];
    let mut out = BufWriter::new(File::create(file)?);
    html::render(report, &lives, &mut out)?;
    Ok(())
}
