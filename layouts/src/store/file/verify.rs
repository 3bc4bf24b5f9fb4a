//! Every hash of a store's file again.

use super::block::{self, Entry, Stored};
use super::config;
use super::error::StoreError;
use super::interner::print;
use super::rewrite::block_place;
use super::{StoreFile, UnitNumber};
use crate::btf::{TypeId, TypeSpec};
use crate::store::bytes::Damage;
use crate::store::content::{Key, Target, Use, decode};

/// What was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Kernels, removed ones included.
    pub kernels: u64,
    /// Blocks, each with its checksum.
    pub blocks: u64,
    /// Definitions, all of which can be read.
    pub definitions: u64,
    /// Hashes of what a kernel has in a block.
    pub prints: u64,
}

impl StoreFile {
    /// Reads everything, and holds every hash against what it is of.
    ///
    /// # Errors
    /// [`StoreError`] for the first thing that is damaged.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        self.view.check_pages()?;
        let mut verified = Verified::default();
        for (kernel, _) in self.units.all() {
            self.details(*kernel)?;
            config::whole(&self.units, *kernel, |kernel| self.view.config(kernel))?;
            verified.kernels += 1;
        }
        for key in self.borders.iter() {
            let Some(stored) = self.view.block(key)? else { continue };
            self.verify_block(&stored, &mut verified).map_err(StoreError::damaged(block_place(key)))?;
            verified.blocks += 1;
        }
        Ok(verified)
    }

    fn verify_block(&self, stored: &[u8], verified: &mut Verified) -> Result<(), Damage> {
        let stored = Stored::read(stored)?;
        let payload = stored.payload()?;
        let entries: Vec<Entry<'_>> = block::entries(&payload).collect::<Result<_, _>>()?;
        let damage = |what| Damage { offset: 0, what };
        if !entries.is_sorted_by(|a, b| a.key() < b.key()) {
            return Err(damage("its names are not in order"));
        }
        for entry in &entries {
            for variant in &entry.variants {
                decode(entry.key(), variant, Use::Everything, &mut Nothing)?;
                verified.definitions += 1;
            }
            if entry.log.iter().any(|&(unit, _)| self.units.kernel_of(unit).is_none()) {
                return Err(damage("a log names a unit that is not stored"));
            }
        }
        for (kernel, expected) in stored.prints {
            if print(self.of_kernel(&entries, kernel)) != expected {
                return Err(damage("what a kernel has in it is not what came in"));
            }
            verified.prints += 1;
        }
        Ok(())
    }

    /// What a kernel has in a block.
    fn of_kernel<'e, 'p>(
        &self,
        entries: &'e [Entry<'p>],
        kernel: UnitNumber,
    ) -> impl Iterator<Item = (crate::store::content::Class, &'p [u8], &'p [u8])> + use<'e, 'p> {
        let line = self.units.line(kernel);
        entries.iter().flat_map(move |entry| {
            let state =
                entry.log.iter().rev().find(|(unit, _)| line.contains(unit)).map_or(0, |found| found.1);
            let variants = entry.states.get(state as usize).into_iter().flatten();
            variants
                .filter_map(|&variant| entry.variants.get(variant as usize))
                .map(|content| (entry.class, entry.name, *content))
        })
    }
}

/// Takes a definition and makes nothing of it.
struct Nothing;

impl Target for Nothing {
    fn add(&mut self, _: TypeSpec) -> TypeId {
        TypeId::VOID
    }

    fn resolve(&mut self, _: Key<'_>, _: u32, _: bool, _: Use<'_>) -> Result<TypeId, &'static str> {
        Ok(TypeId::VOID)
    }
}
