//! `corecheck layouts verify | export | remove`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use corecheck_layouts::btf::TypeId;
use corecheck_layouts::kernel::{Found, Kernel, Modules, is_same_module};
use corecheck_layouts::store::file::{StoreFile, remove as remove_from};

use super::one_kernel;
use crate::answer::needs;
use crate::cli::objects;
use crate::cli::output::Screen;
use crate::cli::stores::StoreArg;
use crate::render::layouts::keep as render;

/// Arguments of `layouts verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    store: StoreArg,
}

pub(super) fn verify(args: &VerifyArgs, screen: &Screen) -> anyhow::Result<()> {
    let path = args.store.path()?;
    let open = |path: &PathBuf| StoreFile::open(path);
    let file = open(&path).with_context(|| format!("the store {} cannot be opened", path.display()))?;
    let verified = file.verify().with_context(|| format!("the store {} is damaged", path.display()))?;
    let broken = file.broken_modules()?;
    screen.write_human(|out| render::verified(&path, &verified, &broken, out))
}

/// Arguments of `layouts remove`.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// The kernel: its full name, or a glob that fits just one
    #[arg(value_name = "KERNEL")]
    kernel: String,
    #[command(flatten)]
    store: StoreArg,
}

pub(super) fn remove(args: &RemoveArgs, screen: &Screen) -> anyhow::Result<()> {
    // Who reads the store keeps others from changing it: so it is closed again.
    let name = one_kernel(&args.kernel, &args.store.open()?)?.name.clone();
    let path = args.store.path()?;
    if !path.exists() || !remove_from(&path, &name)? {
        bail!("{name} is part of this program: only kernels that were added can be removed");
    }
    screen.write_human(|out| writeln!(out, "removed {name}"))
}

/// Arguments of `layouts export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The kernel: an alias, its full name, or a glob that fits just one
    #[arg(value_name = "KERNEL")]
    kernel: String,
    /// Its module of this name instead of its vmlinux: split BTF on top of what is exported without this option
    #[arg(long, value_name = "NAME", conflicts_with = "objects")]
    module: Option<String>,
    /// Only what this object needs: a custom BTF for libbpf, aya and others (repeatable)
    #[arg(long = "for", value_name = "OBJECT")]
    objects: Vec<PathBuf>,
    /// The file to write; without it standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArg,
}

pub(super) fn export(args: &ExportArgs, screen: &Screen) -> anyhow::Result<()> {
    let store = args.store.open()?;
    let kernel = one_kernel(&args.kernel, &store)?;
    let bytes = if args.objects.is_empty() {
        let module = args.module.as_deref();
        let is_meant = |name: &str| module.is_some_and(|module| is_same_module(name, module));
        let whole = store.with_units(kernel, is_meant)?;
        let btf = match module {
            Some(_) => whole.modules.iter().find(|(name, _)| is_meant(name)).map(|(_, btf)| btf),
            None => whole.vmlinux.as_ref(),
        };
        let btf = btf.with_context(|| match module {
            Some(name) => format!("no module {name} is stored of {}", kernel.name),
            None => format!("nothing is stored of the vmlinux of {}", kernel.name),
        })?;
        btf.bytes().to_vec()
    } else {
        minimal(&objects::read(&args.objects)?, &store, kernel)?
    };
    match &args.output {
        Some(path) => {
            std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
        }
        None => screen.write_bytes(&bytes),
    }
}

/// What these objects need of a kernel, as BTF of its own: of its vmlinux, and of its modules what the vmlinux has not.
fn minimal(
    objects: &[crate::object::Object],
    store: &corecheck_layouts::store::Store,
    kernel: &Kernel,
) -> anyhow::Result<Vec<u8>> {
    let needs = needs(objects);
    let roots: Vec<_> = needs.iter().map(|root| (root.name.as_str(), root.kind)).collect();
    // Of a thousand modules only those are read that have something of it.
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for looked in store.look_up(&[kernel], &needs)? {
        for found in looked.find(&roots, &Modules::All) {
            if let Found::In(units) = found {
                wanted.extend(units.into_iter().map(|candidates| candidates.unit));
            }
        }
    }
    let whole = store.with_units(kernel, |module| wanted.contains(module))?;
    let vmlinux = whole.vmlinux.as_ref();
    let vmlinux = vmlinux.with_context(|| format!("nothing is stored of the vmlinux of {}", kernel.name))?;
    let mut own: BTreeSet<TypeId> = BTreeSet::new();
    let mut of_modules: BTreeMap<String, BTreeSet<TypeId>> = BTreeMap::new();
    for ((name, _), found) in roots.iter().zip(whole.find(&roots, &Modules::All)) {
        match found {
            Found::In(units) => {
                for candidates in units {
                    match whole.modules.contains_key(&candidates.unit) {
                        true => of_modules.entry(candidates.unit).or_default().extend(candidates.ids),
                        false => own.extend(candidates.ids),
                    }
                }
            }
            Found::Absent(_) => log::warn!("{name} is not in the BTF of {}", kernel.name),
            Found::Unknown(_) => {
                log::warn!("whether {} has {name} is not known: it is left out", kernel.name)
            }
        }
    }
    if !of_modules.is_empty() {
        let names: Vec<&str> = of_modules.keys().map(String::as_str).collect();
        log::warn!(
            "types of modules are in it: it is for machines where these are loaded: {}",
            names.join(" ")
        );
    }
    let of_modules: Vec<_> =
        of_modules.into_iter().filter_map(|(name, ids)| Some((&**whole.modules.get(&name)?, ids))).collect();
    Ok(vmlinux.subset_with(&own, &of_modules)?.0)
}
