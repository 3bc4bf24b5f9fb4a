//! The file itself: tables of an embedded store (redb), and nothing of what they mean.
//!
//! redb commits a transaction as a whole or not at all, whatever is killed when. Who writes waits for who writes; who
//! reads sees the last commit and waits for nobody.

use std::fmt;
use std::path::Path;

use redb::{
    Builder, ConcurrencyMode, Database, ReadOnlyDatabase, ReadOnlyTable, ReadTransaction, ReadableDatabase,
    ReadableTable, StorageBackend, TableDefinition, TableHandle, WriteTransaction,
};

use super::error::StoreError;

/// Blocks, by where they begin.
const BLOCKS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("blocks");
/// What is told of every kernel, by its number.
const HEADS: TableDefinition<'static, u32, &[u8]> = TableDefinition::new("heads");
/// The rest of what is known of a kernel, by its number.
const DETAILS: TableDefinition<'static, u32, &[u8]> = TableDefinition::new("details");
/// Of the store itself.
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// Bytes that are kept in memory of what was read.
const CACHE: usize = 16 << 20;

/// The names of what stands in `META`.
pub(super) mod meta {
    /// Whose file it is, and in which version.
    pub(in super::super) const FORMAT: &str = "format";
    /// The keys of all blocks.
    pub(in super::super) const BORDERS: &str = "borders";
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder.set_concurrency_mode(ConcurrencyMode::MultiWriter);
    builder
}

/// The state of the store at one commit.
pub(super) struct View {
    blocks: ReadOnlyTable<&'static [u8], &'static [u8]>,
    heads: ReadOnlyTable<u32, &'static [u8]>,
    details: ReadOnlyTable<u32, &'static [u8]>,
    meta: ReadOnlyTable<&'static str, &'static [u8]>,
    _database: ReadOnlyDatabase,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

impl View {
    /// Opens a file for reading.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let database = builder().open_read_only(path).map_err(StoreError::engine)?;
        Self::of(database)
    }

    /// Opens a file that is part of this program.
    pub(super) fn embedded(bytes: &'static [u8]) -> Result<Self, StoreError> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE);
        let database = builder.open_read_only_with_backend(Bytes(bytes)).map_err(StoreError::engine)?;
        Self::of(database)
    }

    fn of(database: ReadOnlyDatabase) -> Result<Self, StoreError> {
        let read: ReadTransaction = database.begin_read().map_err(StoreError::engine)?;
        Ok(Self {
            blocks: read.open_table(BLOCKS).map_err(StoreError::engine)?,
            heads: read.open_table(HEADS).map_err(StoreError::engine)?,
            details: read.open_table(DETAILS).map_err(StoreError::engine)?,
            meta: read.open_table(META).map_err(StoreError::engine)?,
            _database: database,
        })
    }

    /// One block as it is stored.
    pub(super) fn block(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.blocks.get(key).map_err(StoreError::engine)?.map(|value| value.value().to_vec()))
    }

    /// One kernel's details.
    pub(super) fn details(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.details.get(number).map_err(StoreError::engine)?.map(|value| value.value().to_vec()))
    }

    /// Something of the store itself.
    pub(super) fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.meta.get(name).map_err(StoreError::engine)?.map(|value| value.value().to_vec()))
    }

    /// All heads, by ascending number.
    pub(super) fn heads(&self) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
        heads(&self.heads)
    }
}

fn heads(table: &impl ReadableTable<u32, &'static [u8]>) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
    let mut heads = Vec::new();
    for record in table.iter().map_err(StoreError::engine)? {
        let (number, head) = record.map_err(StoreError::engine)?;
        heads.push((number.value(), head.value().to_vec()));
    }
    Ok(heads)
}

/// One change of the store, done as a whole by [`Change::commit`] or not at all.
pub(super) struct Change {
    transaction: WriteTransaction,
    _database: Database,
}

impl Change {
    /// Begins a change of the file, which is made if there is none; waits for others that change it.
    pub(super) fn begin(path: &Path) -> Result<Self, StoreError> {
        let database = builder().create(path).map_err(StoreError::engine)?;
        let transaction = database.begin_write().map_err(StoreError::engine)?;
        // So that whoever reads finds every table.
        transaction.open_table(BLOCKS).map_err(StoreError::engine)?;
        transaction.open_table(HEADS).map_err(StoreError::engine)?;
        transaction.open_table(DETAILS).map_err(StoreError::engine)?;
        transaction.open_table(META).map_err(StoreError::engine)?;
        Ok(Self { transaction, _database: database })
    }

    /// Whether nothing is in the file yet.
    pub(super) fn is_new(&self) -> Result<bool, StoreError> {
        let ours = [BLOCKS.name(), HEADS.name(), DETAILS.name(), META.name()];
        let mut tables = self.transaction.list_tables().map_err(StoreError::engine)?;
        let is_foreign = tables.any(|table| !ours.contains(&table.name()));
        Ok(!is_foreign && self.meta(meta::FORMAT)?.is_none() && self.heads()?.is_empty())
    }

    pub(super) fn block(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.transaction.open_table(BLOCKS).map_err(StoreError::engine)?;
        let value = table.get(key).map_err(StoreError::engine)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    pub(super) fn put_block(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(BLOCKS).map_err(StoreError::engine)?;
        table.insert(key, value).map_err(StoreError::engine)?;
        Ok(())
    }

    pub(super) fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.transaction.open_table(META).map_err(StoreError::engine)?;
        let value = table.get(name).map_err(StoreError::engine)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    pub(super) fn put_meta(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(META).map_err(StoreError::engine)?;
        table.insert(name, value).map_err(StoreError::engine)?;
        Ok(())
    }

    pub(super) fn heads(&self) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
        let table = self.transaction.open_table(HEADS).map_err(StoreError::engine)?;
        heads(&table)
    }

    pub(super) fn details(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let table = self.transaction.open_table(DETAILS).map_err(StoreError::engine)?;
        let value = table.get(number).map_err(StoreError::engine)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    pub(super) fn put_head(&mut self, number: u32, head: &[u8]) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(HEADS).map_err(StoreError::engine)?;
        table.insert(number, head).map_err(StoreError::engine)?;
        Ok(())
    }

    pub(super) fn put_details(&mut self, number: u32, details: &[u8]) -> Result<(), StoreError> {
        let mut table = self.transaction.open_table(DETAILS).map_err(StoreError::engine)?;
        table.insert(number, details).map_err(StoreError::engine)?;
        Ok(())
    }

    /// Makes the change durable.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().map_err(StoreError::engine)
    }
}

/// Gives back the room that nothing uses, as far as the file can be made shorter.
///
/// # Errors
/// [`StoreError`] when the file cannot be written, or is in use.
pub fn compact(path: &Path) -> Result<(), StoreError> {
    let mut builder = Builder::new();
    let mut database = builder.set_cache_size(CACHE).open(path).map_err(StoreError::engine)?;
    while database.compact().map_err(StoreError::engine)? {}
    Ok(())
}

/// A file that is part of this program: redb reads it and never writes.
#[derive(Debug)]
struct Bytes(&'static [u8]);

impl StorageBackend for Bytes {
    fn len(&self) -> Result<u64, std::io::Error> {
        Ok(self.0.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(out.len())?));
        match range.and_then(|range| self.0.get(range)) {
            Some(found) => {
                out.copy_from_slice(found);
                Ok(())
            }
            None => Err(outside("the store inside this program ends before what is read")),
        }
    }

    fn set_len(&self, _: u64) -> Result<(), std::io::Error> {
        Err(outside("the store inside this program cannot be changed"))
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        Ok(())
    }

    fn write(&self, _: u64, _: &[u8]) -> Result<(), std::io::Error> {
        Err(outside("the store inside this program cannot be changed"))
    }
}

fn outside(what: &str) -> std::io::Error {
    std::io::Error::other(what)
}
