//! The file itself: tables of SQLite, and nothing of what they mean.
//!
//! SQLite commits a transaction as a whole or not at all, whatever is killed when. Who writes waits for who writes; who
//! reads sees one commit. Why SQLite: tests/bench/stores.md. The file may be anybody's: see `guard`.

use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags, OptionalExtension as _};

use super::error::StoreError;
use super::guard;
use crate::store::bytes::Damage;

const BLOCK: &str = "select value from blocks where key = ?1";
const HEADS: &str = "select number, value from heads order by number";
const DETAILS: &str = "select value from details where number = ?1";
const CONFIG: &str = "select value from configs where number = ?1";
const META: &str = "select value from meta where name = ?1";

/// How long is waited for somebody else's change. Adding all modules of a kernel takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much that is changed is kept until it is written, in KiB, by SQLite's sign for that: what is more has the journal written to disk
/// each time. The types of a vmlinux come to 2 MiB, with its modules to 10.
const CHANGED: i32 = -16_384;

/// The names of what stands in `meta`.
pub(super) mod meta {
    /// Whose file it is, and in which version.
    pub(in super::super) const FORMAT: &str = "format";
    /// The keys of all blocks.
    pub(in super::super) const BORDERS: &str = "borders";
}

fn block(connection: &Connection, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select = connection.prepare_cached(BLOCK)?;
    Ok(select.query_row([key], |row| row.get(0)).optional()?)
}

fn details(connection: &Connection, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select = connection.prepare_cached(DETAILS)?;
    Ok(select.query_row([number], |row| row.get(0)).optional()?)
}

fn config(connection: &Connection, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select = connection.prepare_cached(CONFIG)?;
    Ok(select.query_row([number], |row| row.get(0)).optional()?)
}

fn meta(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select = connection.prepare_cached(META)?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

/// All heads. Pages of a damaged file may lead to each other, and would then be read again and again: so the numbers must
/// ascend, and the heads be no longer together than the file.
fn heads(connection: &Connection) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
    let damaged = |what| StoreError::damaged("the list of kernels")(Damage { offset: 0, what });
    let mut left = length(connection)?;
    let mut heads: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut select = connection.prepare_cached(HEADS)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (number, head): (u32, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if heads.last().is_some_and(|&(before, _)| before >= number) {
            return Err(damaged("it is not in order"));
        }
        left = left.checked_sub(head.len() as u64).ok_or(damaged("it is longer than the file"))?;
        heads.push((number, head));
    }
    Ok(heads)
}

/// How long the file is, in bytes.
fn length(connection: &Connection) -> Result<u64, StoreError> {
    let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Ok(u64::from(pages) * u64::from(bytes))
}

/// The store for reading, as of one commit.
pub(super) struct View {
    connection: Mutex<Connection>,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

impl View {
    /// Opens a file for reading.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite says of a missing file no more than that it cannot be opened.
        std::fs::metadata(path).map_err(|error| StoreError::Io { path: path.to_owned(), error })?;
        take_back(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::of(Connection::open_with_flags(path, flags)?)
    }

    /// Opens a file that is part of this program, without copying it.
    pub(super) fn embedded(bytes: &'static [u8]) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_bytes(MAIN_DB, bytes)?;
        Self::of(connection)
    }

    /// Opens a copy of a file that is in memory.
    pub(super) fn of_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_read_exact(MAIN_DB, bytes, bytes.len(), true)?;
        Self::of(connection)
    }

    fn of(mut connection: Connection) -> Result<Self, StoreError> {
        guard::distrust(&connection)?;
        connection.busy_timeout(PATIENCE)?;
        // All that is read is of one commit.
        connection.execute_batch("begin")?;
        if guard::tables(&mut connection)? != guard::Tables::Ours {
            return Err(StoreError::foreign());
        }
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        read(&connection)
    }

    /// One block as it is stored.
    pub(super) fn block(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| block(connection, key))
    }

    /// One kernel's details.
    pub(super) fn details(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| details(connection, number))
    }

    /// How one kernel's configuration differs from its parent's.
    pub(super) fn config(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| config(connection, number))
    }

    /// Something of the store itself.
    pub(super) fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| meta(connection, name))
    }

    /// All heads, by ascending number.
    pub(super) fn heads(&self) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
        self.with(heads)
    }

    /// How long the file is, in bytes: all blocks together are no longer.
    pub(super) fn length(&self) -> Result<u64, StoreError> {
        self.with(length)
    }

    /// Has SQLite look for pages that are used twice, or not in order.
    pub(super) fn check_pages(&self) -> Result<(), StoreError> {
        let says: String =
            self.with(|connection| Ok(connection.query_row("pragma quick_check(1)", [], |row| row.get(0))?))?;
        if says == "ok" { Ok(()) } else { Err(StoreError::Pages { says }) }
    }
}

/// Takes back what somebody who was killed had begun to change: SQLite cannot do it for who only reads.
fn take_back(path: &Path) -> Result<(), StoreError> {
    if !guard::journal(path)? {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    guard::distrust(&connection)?;
    connection.busy_timeout(PATIENCE)?;
    // Whoever reads first does it.
    guard::tables(&mut connection)?;
    Ok(())
}

/// One change of the store, done as a whole by [`Change::commit`] or not at all.
pub(super) struct Change {
    connection: Connection,
    is_new: bool,
}

impl Change {
    /// Begins a change of the file, which is made if there is none; waits for others that change it.
    pub(super) fn begin(path: &Path) -> Result<Self, StoreError> {
        guard::journal(path)?;
        let connection = Connection::open(path)?;
        guard::distrust(&connection)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "cache_size", CHANGED)?;
        // At once for writing: one that reads first may find that it cannot become one that writes.
        connection.execute_batch("begin immediate")?;
        Self::of(connection)
    }

    /// Begins a store that is in memory only: [`Change::into_view`] reads it.
    pub(super) fn in_memory() -> Result<Self, StoreError> {
        Self::of(Connection::open_in_memory()?)
    }

    fn of(mut connection: Connection) -> Result<Self, StoreError> {
        let tables = guard::tables(&mut connection)?;
        match tables {
            guard::Tables::None => guard::create(&connection)?,
            guard::Tables::Ours => {}
            guard::Tables::Foreign => return Err(StoreError::foreign()),
        }
        Ok(Self { connection, is_new: tables == guard::Tables::None })
    }

    /// What has been changed so far, for reading.
    pub(super) fn into_view(self) -> View {
        View { connection: Mutex::new(self.connection) }
    }

    /// Whether nothing was in the file.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    pub(super) fn block(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        block(&self.connection, key)
    }

    pub(super) fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        meta(&self.connection, name)
    }

    pub(super) fn heads(&self) -> Result<Vec<(u32, Vec<u8>)>, StoreError> {
        heads(&self.connection)
    }

    pub(super) fn details(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        details(&self.connection, number)
    }

    pub(super) fn config(&self, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
        config(&self.connection, number)
    }

    pub(super) fn put_block(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let sql =
            "insert into blocks (key, value) values (?1, ?2) on conflict (key) do update set value = ?2";
        self.connection.prepare_cached(sql)?.execute((key, value))?;
        Ok(())
    }

    pub(super) fn put_meta(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("insert or replace into meta values (?1, ?2)")?
            .execute((name, value))?;
        Ok(())
    }

    pub(super) fn put_head(&mut self, number: u32, head: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("insert or replace into heads values (?1, ?2)")?
            .execute((number, head))?;
        Ok(())
    }

    pub(super) fn put_details(&mut self, number: u32, details: &[u8]) -> Result<(), StoreError> {
        let sql = "insert or replace into details values (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute((number, details))?;
        Ok(())
    }

    pub(super) fn put_config(&mut self, number: u32, config: &[u8]) -> Result<(), StoreError> {
        let sql = "insert or replace into configs values (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute((number, config))?;
        Ok(())
    }

    /// Makes the change durable. What is not committed is taken back when the connection closes.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("commit")?)
    }
}

/// Gives back the room that nothing uses.
///
/// # Errors
/// [`StoreError`] when the file cannot be written, or is in use.
pub fn compact(path: &Path) -> Result<(), StoreError> {
    guard::journal(path)?;
    Ok(Connection::open(path)?.execute_batch("vacuum")?)
}
