//! Types that are there more than once.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use corecheck_layouts::kernel::health::health;
use corecheck_layouts::kernel::{Found, Kernel, KernelName, Modules};

use crate::kernels::Corpus;

/// What 6.18 has twice is found twice, whichever of them is meant.
pub fn duplicates_are_all_candidates(corpus: &Corpus) -> Result<String> {
    let vmlinux = corpus.vmlinux("6.18")?;
    let units = [corecheck_layouts::kernel::health::Unit {
        name: "vmlinux".to_owned(),
        btf: Ok(Arc::clone(vmlinux)),
    }];
    let duplicates = health(&units).duplicates;
    let names: Vec<&str> = duplicates.iter().map(|duplicate| duplicate.name.as_str()).collect();
    ensure!(["console", "dma_chan", "irq_info"].iter().all(|name| names.contains(name)), "{names:?}");
    let kernel = Kernel::of_vmlinux(KernelName::new("debian", "6.18", "amd64"), Arc::clone(vmlinux));
    for duplicate in &duplicates {
        for definition in &duplicate.definitions {
            let found = kernel.find(&[(&duplicate.name, definition.kind)], &Modules::None);
            let Some(Found::In(units)) = found.first() else {
                anyhow::bail!("{} is not found", duplicate.name);
            };
            let ids: Vec<_> = units.iter().flat_map(|unit| &unit.ids).collect();
            ensure!(ids.contains(&&definition.id), "{} [{}]", duplicate.name, definition.id.0);
        }
    }
    Ok(format!("{} names in 6.18: {}", names.len(), names.join(", ")))
}

/// Modules of 6.18 carry core types of their own, 7.3's do not.
pub fn modules_that_repeat_core_types_are_told(corpus: &Corpus) -> Result<String> {
    let of = |name: &str| Ok::<_, anyhow::Error>(health(&corpus.kernel(name)?.units()));
    let (repeating, newest) = (of("6.18")?, of("7.3")?);
    let vfio = repeating.repeats.iter().find(|repeat| repeat.module == "vfio");
    let vfio = vfio.context("vfio.ko of 6.18 repeats nothing")?;
    ensure!(vfio.names.iter().any(|name| name == "device"), "vfio.ko of 6.18 repeats {:?}", vfio.names);
    let heavy = |health: &corecheck_layouts::kernel::health::Health| {
        health.repeats.iter().filter(|repeat| repeat.alike >= 50).count()
    };
    ensure!(heavy(&newest) < heavy(&repeating), "7.3 repeats as much as 6.18");
    ensure!(!newest.empty.is_empty() && newest.unreadable.is_empty(), "7.3 has no empty module");
    Ok(format!(
        "6.18: {} of {} modules repeat 50 core types or more, vfio.ko {} ({} alike); 7.3: {}; without a type in 7.3: {}",
        heavy(&repeating),
        repeating.units - 1,
        vfio.names.len(),
        vfio.alike,
        heavy(&newest),
        newest.empty.join(", ")
    ))
}
