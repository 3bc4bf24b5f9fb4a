//! The engines that are compared, each in the modes that matter here.

use std::path::Path;

use anyhow::{Result, bail};

use crate::store::Store;
use crate::{plain, redb, sqlite};

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
