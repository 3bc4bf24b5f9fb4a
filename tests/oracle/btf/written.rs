//! What is read is written, and read again.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use corecheck_layouts::btf::{Btf, Builder, Type, TypeSpec};

use crate::kernels::Corpus;

/// Every vmlinux, and every module that has a name beginning with `v`: each type comes back as it was.
pub fn what_is_read_is_written_back(corpus: &Corpus) -> Result<String> {
    let (mut units, mut types) = (0, 0);
    for (name, vmlinux) in corpus.all() {
        types += write_back(vmlinux).with_context(|| format!("vmlinux {name}"))?;
        units += 1;
    }
    for kernel in &corpus.kernels {
        for (name, bytes) in kernel.modules.iter().filter(|(name, _)| name.starts_with('v')) {
            let btf = Btf::parse_split(bytes.clone(), Arc::clone(&kernel.vmlinux))?;
            types += write_back(&btf).with_context(|| format!("{name} of {}", kernel.name))?;
            units += 1;
        }
    }
    ensure!(units >= 100, "only {units} units");
    Ok(format!("{units} units with {types} types"))
}

/// The kind flag of tags: attributes, which 7.3 has, such as `address_space(1)`.
pub fn attributes_are_written_back(corpus: &Corpus) -> Result<String> {
    let newest = &corpus.kernel("7.3")?.vmlinux;
    let mut names: Vec<&str> = newest.ids().filter_map(|id| attribute(newest.ty(id))).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    ensure!(names.contains(&"address_space(1)"), "7.3 has {names:?}");
    write_back(newest)?;
    Ok(format!("{count} attributes in 7.3: {}", names.join(", ")))
}

fn attribute(ty: Type<'_>) -> Option<&str> {
    match ty {
        Type::TypeTag { name, attribute: true, .. } | Type::DeclTag { name, attribute: true, .. } => {
            Some(name)
        }
        _ => None,
    }
}

fn write_back(btf: &Btf) -> Result<usize> {
    let mut builder = btf.base().map_or_else(|| Builder::new(btf.endian()), |base| Builder::split(base));
    for id in btf.own_ids() {
        let spec = TypeSpec::of(btf.ty(id)).with_context(|| format!("type [{}] has no form", id.0))?;
        builder.add(spec);
    }
    let bytes = builder.finish()?;
    let copy = match btf.base() {
        Some(base) => Btf::parse_split(bytes, Arc::clone(base))?,
        None => Btf::parse(bytes)?,
    };
    ensure!(copy.own_ids().eq(btf.own_ids()), "another number of types");
    for id in btf.own_ids() {
        ensure!(TypeSpec::of(copy.ty(id)) == TypeSpec::of(btf.ty(id)), "type [{}] is another", id.0);
    }
    Ok(btf.own_ids().count())
}
