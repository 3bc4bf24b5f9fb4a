//! Split BTF on a distilled base: libbpf distils real modules and moves them onto vmlinuxes, and so does corecheck.
//!
//! What libbpf makes of a module is compared type by type, ids and names included. On a vmlinux other than the
//! module's own it must fail where libbpf fails, and for the same reason.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use corecheck_layouts::btf::{Btf, Builder, DistilledError, TypeId, TypeSpec};

use crate::ffi::{Refusal, Types};
use crate::tally::Tally;

/// How it went.
#[derive(Default)]
pub struct Moves {
    /// Modules that were distilled.
    pub modules: usize,
    /// Moves that came out the same, and types compared in them.
    pub moved: usize,
    pub types: usize,
    /// Moves that failed on both sides.
    pub missing: usize,
    pub ambiguous: usize,
}

/// A vmlinux as both sides read it.
pub struct Vmlinux {
    name: String,
    ours: Arc<Btf>,
    theirs: Types<'static>,
}

impl Vmlinux {
    /// Reads raw BTF.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::of(path.display().to_string(), bytes)
    }

    fn of(name: String, bytes: Vec<u8>) -> Result<Self> {
        let theirs = Types::read(&bytes, None)?;
        let ours = Btf::parse(bytes).with_context(|| format!("in {name}"))?;
        Ok(Self { name, ours: Arc::new(ours), theirs })
    }

    /// One in which some structs, unions and enumerations are there twice, of the same size or of another: what real ones
    /// rarely have.
    fn with_doubles(&self) -> Result<Self> {
        let mut builder = Builder::new(self.ours.endian());
        let all: Vec<TypeSpec> = self.ours.ids().filter_map(|id| spec(&self.ours, id)).collect();
        for spec in &all {
            builder.add(spec.clone());
        }
        for (number, mut spec) in all.into_iter().enumerate() {
            if let TypeSpec::Composite { size, .. } | TypeSpec::Enum { size, .. } = &mut spec
                && number % 53 < 2
            {
                *size += 8 * (number % 53) as u32;
                builder.add(spec);
            }
        }
        Self::of(format!("{} with doubles", self.name), builder.finish()?)
    }
}

/// Distils modules on the first vmlinux, and moves each onto every one, and onto a variation of the first.
pub fn run(tally: &mut Tally, vmlinuxes: &[Vmlinux], modules: &[PathBuf]) -> Result<Moves> {
    let own = vmlinuxes.first().context("no vmlinux")?;
    let doubles = own.with_doubles()?;
    let mut moves = Moves::default();
    for path in modules {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (base, split) = Types::read(&bytes, Some(&own.theirs))?.distill()?;
        moves.modules += 1;
        for vmlinux in vmlinuxes.iter().chain([&doubles]) {
            match same(&base, &split, vmlinux, &mut moves) {
                Ok(btf) => {
                    let is_back = btf.is_none_or(|btf| {
                        !Arc::ptr_eq(&vmlinux.ours, &own.ours) || is_original(&btf, &bytes, &own.ours)
                    });
                    if is_back {
                        tally.counts.passed += 1;
                    } else {
                        tally.counts.failed += 1;
                        println!("FAILED {}: moved back, it is another", path.display());
                    }
                }
                Err(error) => {
                    tally.counts.failed += 1;
                    println!("FAILED {} onto {}: {error:#}", path.display(), vmlinux.name);
                }
            }
        }
    }
    Ok(moves)
}

/// Whether both sides come to the same; corecheck's result when there is one.
fn same(base: &[u8], split: &[u8], vmlinux: &Vmlinux, moves: &mut Moves) -> Result<Option<Btf>> {
    let ours = Btf::parse_distilled(split.to_vec(), base.to_vec(), &vmlinux.ours);
    let on = Types::read(base, None)?;
    let theirs = Types::read(split, Some(&on))?.relocate(&vmlinux.theirs)?;
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let theirs = Btf::parse_split(theirs, Arc::clone(&vmlinux.ours)).context("what libbpf made")?;
            moves.types += compare(&ours, &theirs)?;
            moves.moved += 1;
            Ok(Some(ours))
        }
        (Err(ours), Err(Refusal { warning, .. })) => {
            let is_same = match &ours {
                DistilledError::Missing { .. } => warning.contains("is not mapped to base BTF id"),
                DistilledError::Ambiguous { .. } => warning.contains("multiple candidates of the same size"),
                _ => false,
            };
            ensure!(is_same, "corecheck says {ours}, libbpf {warning}");
            match ours {
                DistilledError::Ambiguous { .. } => moves.ambiguous += 1,
                _ => moves.missing += 1,
            }
            Ok(None)
        }
        (Ok(_), Err(refusal)) => bail!("libbpf refuses it: {} {}", refusal.code, refusal.warning),
        (Err(error), Ok(_)) => bail!("corecheck refuses it: {error}"),
    }
}

fn compare(ours: &Btf, theirs: &Btf) -> Result<usize> {
    ensure!(ours.own_ids().eq(theirs.own_ids()), "another number of types");
    for id in ours.own_ids() {
        let (one, other) = (spec(ours, id), spec(theirs, id));
        ensure!(one == other, "type [{}]: corecheck {one:?}, libbpf {other:?}", id.0);
    }
    Ok(ours.own_ids().count())
}

/// Whether kinds and names are those that the module had before it was distilled.
fn is_original(btf: &Btf, bytes: &[u8], vmlinux: &Arc<Btf>) -> bool {
    let Ok(original) = Btf::parse_split(bytes.to_vec(), Arc::clone(vmlinux)) else { return false };
    // Distilling takes the base's types that have no name along into the split BTF, behind the module's own.
    original.own_ids().count() <= btf.own_ids().count()
        && original.own_ids().all(|id| original.kind(id) == btf.kind(id) && original.name(id) == btf.name(id))
}

fn spec(btf: &Btf, id: TypeId) -> Option<TypeSpec> {
    TypeSpec::of(btf.ty(id))
}
