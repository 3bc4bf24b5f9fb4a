//! `corecheck layouts add SOURCE...`

use std::ffi::OsString;

use anyhow::bail;
use clap::Args;
use corecheck_layouts::source::gather::{ModulesWanted, Options, Overrides, Source, survey};
use corecheck_layouts::store::{self, Extent};

use crate::cli::output::Screen;
use crate::cli::progress::Progress;
use crate::cli::stores::StoreArg;
use crate::render::layouts::add as render;

/// Arguments of `layouts add`.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Raw BTF, an ELF with .BTF, a kernel image, modules, .deb or .rpm packages, a BTFHub archive, a folder of these, a root
    /// file system, or `live` for the running kernel. What belongs to one kernel is put together
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<OsString>,
    /// Store only what these types need (separated by commas)
    #[arg(long = "types", value_name = "NAME,...", value_delimiter = ',')]
    types: Vec<String>,
    /// Store all of vmlinux, but of modules only what these types need
    #[arg(long = "module-types", value_name = "NAME,...", value_delimiter = ',', conflicts_with_all = ["types", "no_modules"])]
    module_types: Vec<String>,
    /// Compress as hard as can be, for a store that is handed on: takes many times as long
    #[arg(long)]
    small: bool,
    /// Leave modules out
    #[arg(long)]
    no_modules: bool,
    #[command(flatten)]
    facts: FactsArgs,
    #[command(flatten)]
    store: StoreArg,
}

impl AddArgs {
    fn extent(&self) -> Extent<'_> {
        if !self.types.is_empty() {
            Extent::Types(&self.types)
        } else if !self.module_types.is_empty() {
            Extent::VmlinuxAnd(&self.module_types)
        } else {
            Extent::All
        }
    }
}

/// What is known better than the source knows it.
#[derive(Debug, Args, Clone, Default)]
pub(in crate::cli) struct FactsArgs {
    /// Who built the kernel (debian, ubuntu, fedora), if the source does not tell
    #[arg(long, value_name = "NAME")]
    distro: Option<String>,
    /// Its release, as uname -r prints it
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
    /// Its architecture in Debian's words: amd64, arm64, ppc64el
    #[arg(long, value_name = "NAME")]
    arch: Option<String>,
    /// Its flavour: generic, cloud, rt
    #[arg(long, value_name = "NAME")]
    flavour: Option<String>,
    /// Its upstream version, such as 6.1.192
    #[arg(long = "upstream", value_name = "VERSION")]
    version: Option<String>,
}

impl FactsArgs {
    fn overrides(&self) -> Overrides {
        Overrides {
            distro: self.distro.clone(),
            release: self.release.clone(),
            arch: self.arch.clone(),
            flavour: self.flavour.clone(),
            version: self.version.clone(),
        }
    }
}

pub(super) fn run(args: &AddArgs, screen: &Screen) -> anyhow::Result<()> {
    let path = args.store.path_to_write()?;
    let sources: Vec<Source> = args.sources.iter().map(|source| Source::from_argument(source)).collect();
    let modules = if args.no_modules { ModulesWanted::Names } else { ModulesWanted::All };
    let options = Options { overrides: args.facts.overrides(), modules };
    let mut progress = Progress::new();
    let mut kernels =
        survey(&sources, options, &mut |step| progress.reading(step.file, step.done, step.total))?;
    let mut added = Vec::new();
    let mut problems = Vec::new();
    while let Some(found) = kernels.next(&mut |step: corecheck_layouts::source::gather::Progress<'_>| {
        progress.reading(step.file, step.done, step.total);
    }) {
        match found {
            Ok(found) => {
                let total = found.module_count();
                let name = format!("{}/{}", found.distro, found.release);
                problems.extend(found.problems.iter().map(ToString::to_string));
                let of_kernel = store::add(found, args.extent(), args.small, &path, &mut |done| {
                    progress.modules(&name, done, total);
                });
                match of_kernel {
                    Ok(of_kernel) => added.push(of_kernel),
                    Err(error) => problems.push(error.to_string()),
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    problems.extend(kernels.into_problems().iter().map(ToString::to_string));
    if args.small && !added.is_empty() {
        store::file::compact(&path)?;
    }
    progress.finish();
    if added.is_empty() {
        match problems.first() {
            Some(_) => bail!("no kernel was added: {}", problems.join("; ")),
            None => bail!("no kernel was found in these sources"),
        }
    }
    problems.iter().for_each(|problem| log::warn!("{problem}"));
    screen.write_human(|out| render::human(&added, &path, out))
}
