//! Modules on their own vmlinux, and on others.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use corecheck_layouts::btf::{Btf, BtfError, Type};

use crate::kernels::Corpus;

/// All are read; what their per-CPU sections name are variables.
pub fn every_module_is_read_on_its_own_vmlinux(corpus: &Corpus) -> Result<String> {
    let (mut modules, mut empty, mut sections, mut variables) = (0, 0, 0, 0);
    for kernel in &corpus.kernels {
        for (name, bytes) in &kernel.modules {
            let btf = Btf::parse_split(bytes.clone(), Arc::clone(&kernel.vmlinux));
            let btf = btf.with_context(|| format!("{name} of {}", kernel.name))?;
            modules += 1;
            empty += usize::from(btf.own_ids().next().is_none());
            for id in btf.own_ids() {
                let Type::DataSec(section) = btf.ty(id) else { continue };
                ensure!(section.name == ".data..percpu", "{name} has a section {}", section.name);
                sections += 1;
                for entry in section.entries() {
                    let Type::Var { of, .. } = btf.ty(entry.of) else {
                        bail!("{name}: what is in {} is no variable", section.name);
                    };
                    let fits = btf.size_of(of) == Some(entry.size) && entry.offset < section.size;
                    ensure!(fits, "{name}: {} does not fit its section", btf.name(entry.of));
                    variables += 1;
                }
            }
        }
    }
    ensure!(modules >= 9000 && sections >= 60, "only {modules} modules with {sections} sections");
    Ok(format!(
        "{modules} modules ({empty} without a type); {variables} variables in {sections} per-CPU sections"
    ))
}

/// No module with a type is read on another kernel's vmlinux, whatever flavour or version it is.
pub fn a_module_on_another_vmlinux_is_refused(corpus: &Corpus) -> Result<String> {
    let mut refused = 0;
    for kernel in &corpus.kernels {
        for other in corpus.kernels.iter().filter(|other| other.name != kernel.name) {
            for (name, bytes) in &kernel.modules {
                match Btf::parse_split(bytes.clone(), Arc::clone(&other.vmlinux)) {
                    Err(BtfError::WrongBase { .. }) => refused += 1,
                    Ok(btf) if btf.own_ids().next().is_none() => {}
                    Ok(_) => bail!("{name} of {} is read on {}", kernel.name, other.name),
                    Err(error) => bail!("{name} of {} on {}: {error}", kernel.name, other.name),
                }
            }
        }
    }
    let (generic, rt) = (corpus.kernel("6.1")?, corpus.kernel("6.1-rt")?);
    let vfio = generic.modules.iter().find(|(name, _)| name == "vfio").context("6.1 has no vfio.ko")?;
    let error = Btf::parse_split(vfio.1.clone(), Arc::clone(&rt.vmlinux)).err();
    let error = error.context("generic's vfio.ko is read on rt's vmlinux")?;
    ensure!(refused >= 30_000, "only {refused} pairs");
    Ok(format!("{refused} pairs; of generic's vfio.ko on rt's vmlinux: {error}"))
}
