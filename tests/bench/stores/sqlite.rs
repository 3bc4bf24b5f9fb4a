//! The engine SQLite, by way of rusqlite.

use std::path::Path;

use anyhow::{Context as _, Result};
use rusqlite::{Connection, MAIN_DB, OpenFlags, OptionalExtension as _, Statement, TransactionBehavior};

use crate::store::{Found, Store, Table, Transaction, Work};

/// A database, whether for reading or for writing.
pub struct Database(Connection);

impl Database {
    /// Opens a file that is there, for reading only.
    pub fn read(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self(Connection::open_with_flags(path, flags)?))
    }

    /// Opens bytes, for reading only.
    pub fn bytes(bytes: &'static [u8]) -> Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_bytes(MAIN_DB, bytes)?;
        Ok(Self(connection))
    }

    /// Opens or makes a file, with this kind of journal.
    pub fn write(path: &Path, journal: &str) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", journal)?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(Self(connection))
    }

    fn has(&self, table: Table) -> Result<bool> {
        let sql = "select 1 from sqlite_schema where name = ?1";
        Ok(self.0.query_row(sql, [table.name()], |_| Ok(())).optional()?.is_some())
    }
}

impl Store for Database {
    fn get(&self, table: Table, keys: &[u32], found: Found) -> Result<()> {
        let transaction = self.0.unchecked_transaction()?;
        let mut select = transaction.prepare(&select(table))?;
        for key in keys {
            let mut rows = select.query([key])?;
            let row = rows.next()?.with_context(|| format!("{} has no {key}", table.name()))?;
            found(*key, row.get_ref(0)?.as_blob()?)?;
        }
        Ok(())
    }

    fn starts(&self, table: Table, length: usize, found: Found) -> Result<()> {
        if !self.has(table)? {
            return Ok(());
        }
        let sql = format!("select key, substr(value, 1, ?1) from {} order by key", table.name());
        let mut select = self.0.prepare(&sql)?;
        let mut rows = select.query([i64::try_from(length).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            found(row.get(0)?, row.get_ref(1)?.as_blob()?)?;
        }
        Ok(())
    }

    fn transaction(&mut self, work: Work) -> Result<()> {
        // At once for writing: one that reads first may find that it cannot become one that writes.
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for table in Table::ALL {
            let name = table.name();
            transaction.execute_batch(&format!(
                "create table if not exists {name} (key integer primary key, value blob not null)"
            ))?;
        }
        let mut statements = Statements(Vec::new());
        for table in Table::ALL {
            let put = format!("insert or replace into {} values (?1, ?2)", table.name());
            statements.0.push((transaction.prepare(&select(table))?, transaction.prepare(&put)?));
        }
        work(&mut statements)?;
        drop(statements);
        transaction.commit()?;
        Ok(())
    }

    fn compact(&mut self) -> Result<()> {
        self.0.execute_batch("vacuum")?;
        Ok(())
    }
}

fn select(table: Table) -> String {
    format!("select value from {} where key = ?1", table.name())
}

/// For each of [`Table::ALL`], what reads and what writes one record.
struct Statements<'a>(Vec<(Statement<'a>, Statement<'a>)>);

impl Transaction for Statements<'_> {
    fn get(&mut self, table: Table, key: u32) -> Result<Option<Vec<u8>>> {
        Ok(self.0[table.index()].0.query_row([key], |row| row.get(0)).optional()?)
    }

    fn put(&mut self, table: Table, key: u32, value: &[u8]) -> Result<()> {
        self.0[table.index()].1.execute((key, value))?;
        Ok(())
    }
}
