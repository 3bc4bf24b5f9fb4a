//! What the store asks of an engine, and the engines that are compared.

use std::path::Path;

use anyhow::{Result, bail};

use crate::{plain, redb, sqlite};

/// The tables of the store; every key is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Compressed types, 2 to 20 KiB each.
    Blocks,
    /// What is known of one kernel, 1 to 40 KiB each.
    Kernels,
    /// The first bytes of every kernel once more, for those who need no more of it.
    Heads,
    /// A few words about the store itself.
    Meta,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Blocks, Self::Kernels, Self::Heads, Self::Meta];

    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Kernels => "kernels",
            Self::Heads => "heads",
            Self::Meta => "meta",
        }
    }

    /// The table's place in [`Table::ALL`].
    pub fn index(self) -> usize {
        match self {
            Self::Blocks => 0,
            Self::Kernels => 1,
            Self::Heads => 2,
            Self::Meta => 3,
        }
    }
}

/// Is given what was read; the bytes live no longer than the call.
pub type Found<'a> = &'a mut dyn FnMut(u32, &[u8]) -> Result<()>;

/// Work within one transaction; an error takes everything back.
pub type Work<'a> = &'a mut dyn FnMut(&mut dyn Transaction) -> Result<()>;

/// An open store.
pub trait Store {
    /// Reads these records, within one read transaction. A key that is missing is an error.
    fn get(&self, table: Table, keys: &[u32], found: Found) -> Result<()>;

    /// Reads the first `length` bytes of every record, in the order of keys. A table that was never made is empty.
    fn starts(&self, table: Table, length: usize, found: Found) -> Result<()>;

    /// Does the work in one durable transaction.
    fn transaction(&mut self, work: Work) -> Result<()>;

    /// Gives back what room is not used, as far as the engine can.
    fn compact(&mut self) -> Result<()>;
}

/// An open write transaction.
pub trait Transaction {
    /// Reads one record, as this transaction sees it.
    fn get(&mut self, table: Table, key: u32) -> Result<Option<Vec<u8>>>;

    /// Adds or replaces one record.
    fn put(&mut self, table: Table, key: u32, value: &[u8]) -> Result<()>;
}

/// The engines, each in the modes that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// redb as it comes: who writes excludes everybody else.
    Redb,
    /// redb with several writing processes allowed, one transaction at a time.
    RedbShared,
    /// The same, with values cut into pieces that fit in redb's pages.
    RedbPieces,
    /// SQLite with its rollback journal.
    Sqlite,
    /// SQLite with a write-ahead log.
    SqliteWal,
    /// A file of our own.
    Plain,
}

impl Engine {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 6] =
        [Self::Redb, Self::RedbShared, Self::RedbPieces, Self::Sqlite, Self::SqliteWal, Self::Plain];

    /// The engine's name, in tables and arguments.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redb => "redb",
            Self::RedbShared => "redb-shared",
            Self::RedbPieces => "redb-pieces",
            Self::Sqlite => "sqlite",
            Self::SqliteWal => "sqlite-wal",
            Self::Plain => "plain",
        }
    }

    /// The engine of that name.
    pub fn named(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|engine| engine.name() == name) {
            Some(engine) => Ok(engine),
            None => bail!("there is no engine '{name}'"),
        }
    }

    /// How redb is used, if it is.
    fn redb(self) -> redb::Mode {
        // Four pieces of a thousand bytes and what redb keeps of each fill a page.
        let piece = if self == Self::RedbPieces { 1000 } else { usize::MAX };
        redb::Mode { shared: self != Self::Redb, piece }
    }

    /// Opens a store that is there, for reading only.
    pub fn read(self, path: &Path) -> Result<Box<dyn Store>> {
        Ok(match self {
            Self::Redb | Self::RedbShared | Self::RedbPieces => {
                Box::new(redb::Reader::open(path, self.redb())?)
            }
            Self::Sqlite | Self::SqliteWal => Box::new(sqlite::Database::read(path)?),
            Self::Plain => Box::new(plain::Reader::open(path)?),
        })
    }

    /// Opens a store that is in memory that nobody may write to.
    pub fn read_bytes(self, bytes: &'static [u8]) -> Result<Box<dyn Store>> {
        Ok(match self {
            Self::Redb | Self::RedbShared | Self::RedbPieces => {
                Box::new(redb::Reader::bytes(bytes, self.redb())?)
            }
            Self::Sqlite | Self::SqliteWal => Box::new(sqlite::Database::bytes(bytes)?),
            Self::Plain => Box::new(plain::Reader::bytes(bytes)?),
        })
    }

    /// Opens a store for writing; makes it if it is missing, repairs it if it has to.
    pub fn write(self, path: &Path) -> Result<Box<dyn Store>> {
        Ok(match self {
            Self::Redb | Self::RedbShared | Self::RedbPieces => {
                Box::new(redb::Writer::open(path, self.redb())?)
            }
            Self::Sqlite => Box::new(sqlite::Database::write(path, "delete")?),
            Self::SqliteWal => Box::new(sqlite::Database::write(path, "wal")?),
            Self::Plain => Box::new(plain::Writer::open(path)?),
        })
    }
}
