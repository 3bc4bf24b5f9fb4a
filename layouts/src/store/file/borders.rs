//! Where the blocks of a store begin.

use super::super::bytes::{Put, Reader};
use super::block::block_key;
use super::error::StoreError;
use crate::store::content::Key;

/// The keys of all blocks, sorted. A definition is in the last block that begins at its name or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Borders(Vec<Vec<u8>>);

impl Borders {
    /// The borders of an empty store: one block for types, one for the rest.
    pub(super) fn new() -> Self {
        Self(vec![block_key(false, b""), block_key(true, b"")])
    }

    pub(super) fn read(stored: Option<Vec<u8>>) -> Result<Self, StoreError> {
        let Some(stored) = stored else { return Ok(Self::new()) };
        let mut input = Reader::new(&stored);
        let mut read =
            || (0..input.count(1)?).map(|_| Ok(input.bytes()?.to_vec())).collect::<Result<Vec<_>, _>>();
        let damaged = StoreError::damaged("the list of blocks");
        let keys = match read() {
            Ok(keys) if keys.is_empty() || !keys.is_sorted_by(|a, b| a < b) => {
                return Err(damaged(input.damage("it is empty or not in order")));
            }
            Ok(keys) => keys,
            Err(damage) => return Err(damaged(damage)),
        };
        Ok(Self(keys))
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_number(self.0.len() as u64);
        self.0.iter().for_each(|key| out.put_bytes(key));
        out
    }

    /// Adds the borders that these keys make.
    pub(super) fn with(&self, keys: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut all: Vec<Vec<u8>> = self.0.iter().cloned().chain(keys).collect();
        all.sort();
        all.dedup();
        Self(all)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn key(&self, index: usize) -> &[u8] {
        self.0.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.0.binary_search_by(|known| known.as_slice().cmp(key)).is_ok()
    }

    /// The number of the block that a key belongs to.
    pub(super) fn find(&self, is_type: bool, essential: &[u8]) -> usize {
        let is_after = |known: &Vec<u8>| match known.split_first() {
            Some((&kind, name)) => (kind, name) > (u8::from(is_type), essential),
            None => false,
        };
        self.0.partition_point(|known| !is_after(known)).saturating_sub(1)
    }

    /// The number of the block that a key belongs to, which is `block` or one after it.
    pub(super) fn from(&self, block: usize, key: Key<'_>) -> usize {
        let key = (u8::from(key.class.is_type()), key.essential());
        let later = self.0.get(block + 1..).unwrap_or_default();
        let passed = later
            .iter()
            .take_while(|known| known.split_first().is_some_and(|(&kind, name)| (kind, name) <= key));
        block + passed.count()
    }

    /// As [`Borders::find`], for a definition.
    pub(super) fn of(&self, key: Key<'_>) -> usize {
        self.find(key.class.is_type(), key.essential())
    }
}
