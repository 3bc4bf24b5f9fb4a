//! A store as its parts, before they are compressed and put into a database.
//!
//! For tests of what reads them: whoever changes a byte of a store's file gets no further than its checksums.

use std::path::Path;

use super::block::{self, Stored};
use super::disk::{Change, meta};
use super::error::StoreError;
use super::rewrite::block_place;
use super::{FORMAT, StoreFile, sealed};
use crate::store::bytes::Put as _;

/// How hard zstd tries: as little as it can.
const LEVEL: i32 = 1;

/// What a store holds, uncompressed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// What is known of kernels at once, by number.
    pub heads: Vec<(u32, Vec<u8>)>,
    /// What else is known of kernels, by number.
    pub details: Vec<(u32, Vec<u8>)>,
    /// How their configurations differ from their parents', by number.
    pub configs: Vec<(u32, Vec<u8>)>,
    /// Definitions, by the name that the block begins with. A store lists its blocks in this order.
    pub blocks: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Parts {
    /// The parts of a store.
    ///
    /// # Errors
    /// [`StoreError`] when it is damaged.
    pub fn of(file: &StoreFile) -> Result<Self, StoreError> {
        let mut parts = Self::default();
        for (kernel, head) in file.view.heads()? {
            let damaged = |what| StoreError::damaged(format!("the {what} of kernel {kernel}"));
            parts.heads.push((kernel, sealed::unmark(&head).map_err(damaged("head"))?.to_vec()));
            if let Some(details) = file.view.details(kernel)? {
                parts.details.push((kernel, sealed::unpack(&details).map_err(damaged("details"))?));
            }
            if let Some(config) = file.view.config(kernel)? {
                parts.configs.push((kernel, sealed::unpack(&config).map_err(damaged("configuration"))?));
            }
        }
        for key in file.borders.iter() {
            if let Some(stored) = file.view.block(key)? {
                let payload = Stored::read(&stored).and_then(|stored| stored.payload());
                parts.blocks.push((key.to_vec(), payload.map_err(StoreError::damaged(block_place(key)))?));
            }
        }
        Ok(parts)
    }

    /// The store that has these parts, in memory.
    ///
    /// # Errors
    /// As [`StoreFile::open`].
    pub fn open(&self) -> Result<StoreFile, StoreError> {
        let failed = |error| StoreError::Io { path: Path::new("memory").to_owned(), error };
        let mut change = Change::in_memory()?;
        change.put_meta(meta::FORMAT, FORMAT.as_bytes())?;
        for (kernel, head) in &self.heads {
            change.put_head(*kernel, &sealed::mark(head.clone()))?;
        }
        for (kernel, details) in &self.details {
            change.put_details(*kernel, &sealed::pack(details, LEVEL).map_err(failed)?)?;
        }
        for (kernel, config) in &self.configs {
            change.put_config(*kernel, &sealed::pack(config, LEVEL).map_err(failed)?)?;
        }
        let mut writer = block::Writer::new(LEVEL).map_err(failed)?;
        let mut borders = Vec::new();
        borders.put_number(self.blocks.len() as u64);
        for (key, payload) in &self.blocks {
            borders.put_bytes(key);
            change.put_block(key, &writer.seal(&[], payload).map_err(failed)?)?;
        }
        if !self.blocks.is_empty() {
            change.put_meta(meta::BORDERS, &borders)?;
        }
        StoreFile::of(change.into_view(), None)
    }
}

#[cfg(test)]
mod tests;
