//! The units of a store by number: which kernel each belongs to, and which unit it was compared with.

use std::collections::HashSet;

use super::super::bytes::Damage;
use super::UnitNumber;
use super::error::StoreError;
use super::record::Head;

/// The kernels of a store.
#[derive(Debug, Clone, Default)]
pub(super) struct Units {
    /// By ascending number, which is that of the vmlinux.
    heads: Vec<(UnitNumber, Head)>,
}

impl Units {
    pub(super) fn read(stored: Vec<(UnitNumber, Vec<u8>)>) -> Result<Self, StoreError> {
        let mut heads: Vec<(UnitNumber, Head)> = Vec::with_capacity(stored.len());
        for (number, bytes) in stored {
            let place = || format!("the head of kernel {number}");
            let head = Head::read(&bytes).map_err(StoreError::damaged(place()))?;
            let is_before = |parent: UnitNumber| heads.binary_search_by_key(&parent, |known| known.0).is_ok();
            if head.parent.is_some_and(|parent| !is_before(parent)) {
                let damage = Damage { offset: 0, what: "its parent is not stored before it" };
                return Err(StoreError::damaged(place())(damage));
            }
            // Each unit has a number of its own.
            let is_after = heads.last().is_none_or(|(before, last)| number - before > last.module_count);
            if !is_after || number.checked_add(head.module_count).is_none_or(|last| last == UnitNumber::MAX) {
                let damage = Damage { offset: 0, what: "the numbers of its modules are taken" };
                return Err(StoreError::damaged(place())(damage));
            }
            heads.push((number, head));
        }
        Ok(Self { heads })
    }

    /// All kernels, removed ones included, by ascending number.
    pub(super) fn all(&self) -> &[(UnitNumber, Head)] {
        &self.heads
    }

    pub(super) fn head(&self, kernel: UnitNumber) -> Option<&Head> {
        self.heads.binary_search_by_key(&kernel, |known| known.0).ok().map(|at| &self.heads[at].1)
    }

    /// The kernel that a unit belongs to.
    pub(super) fn kernel_of(&self, unit: UnitNumber) -> Option<UnitNumber> {
        let at = self.heads.partition_point(|known| known.0 <= unit).checked_sub(1)?;
        let (kernel, head) = self.heads.get(at)?;
        (unit - kernel <= head.module_count).then_some(*kernel)
    }

    /// The number of the next unit that comes in.
    pub(super) fn next(&self) -> UnitNumber {
        self.heads
            .last()
            .map_or(0, |(number, head)| number.saturating_add(1).saturating_add(head.module_count))
    }

    /// A vmlinux, what it was compared with, what that was compared with, and so on.
    pub(super) fn line(&self, kernel: UnitNumber) -> HashSet<UnitNumber> {
        let mut line = HashSet::new();
        let mut next = Some(kernel);
        while let Some(number) = next.filter(|&number| line.insert(number)) {
            next = self.head(number).and_then(|head| head.parent);
        }
        line
    }
}
