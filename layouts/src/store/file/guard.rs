//! What keeps a foreign file of SQLite from doing what a store does not.
//!
//! A database can hold code: triggers, views, generated columns, tables of extensions. Ours has four plain tables, and is
//! taken for ours only if it says just these, word by word. Until that is known, little is allowed: no function of an
//! extension runs, no trigger or view is used, and what reads the schema is stopped when it does not end, for pages of a
//! damaged file may lead to each other. (SQLite's own advice: "Defense Against The Dark Arts".)

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use super::error::StoreError;

/// Blocks by where they begin; heads, details and configurations of kernels by number; and what the store says of itself. As SQLite writes
/// them into the schema, which must be just this.
const TABLES: [(&str, &str); 5] = [
    ("blocks", "CREATE TABLE blocks (id integer primary key, key blob not null unique, value blob not null)"),
    ("heads", "CREATE TABLE heads (number integer primary key, value blob not null)"),
    ("details", "CREATE TABLE details (number integer primary key, value blob not null)"),
    ("configs", "CREATE TABLE configs (number integer primary key, value blob not null)"),
    ("meta", "CREATE TABLE meta (name text primary key, value blob not null) without rowid"),
];

/// The index that SQLite makes by itself for the unique key of blocks.
const INDEX: &str = "sqlite_autoindex_blocks_1";

/// Steps of SQLite's machine in which five entries of a schema are read many times over.
const MOST_STEPS: i32 = 100_000;

/// What tables a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tables {
    /// It is empty.
    None,
    /// Those of a store.
    Ours,
    /// Others, or more.
    Foreign,
}

/// Says that the file may be anybody's. To be called before anything is read.
pub(super) fn distrust(connection: &Connection) -> Result<(), StoreError> {
    for (setting, is_on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, is_on)?;
    }
    // More than our statements need, and far less than SQLite grants.
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 2_000),
        (Limit::SQLITE_LIMIT_COLUMN, 16),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 20),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 2),
        (Limit::SQLITE_LIMIT_VDBE_OP, 10_000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 8),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 8),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    // Cells are held against their page when it is read.
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

/// Which tables there are.
pub(super) fn tables(connection: &mut Connection) -> Result<Tables, StoreError> {
    connection.progress_handler(MOST_STEPS, Some(|| true))?;
    let found = look(connection);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Ok(Tables::Foreign)
        }
        found => Ok(found?),
    }
}

fn look(connection: &Connection) -> rusqlite::Result<Tables> {
    let mut left: Vec<(&str, &str, Option<&str>)> = TABLES
        .iter()
        .map(|&(name, sql)| ("table", name, Some(sql)))
        .chain([("index", INDEX, None)])
        .collect();
    let mut is_empty = true;
    let mut select = connection.prepare("select type, name, sql from sqlite_schema")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        is_empty = false;
        let text = |column: usize| row.get_ref(column).ok().and_then(|value| value.as_str_or_null().ok());
        let (Some(Some(kind)), Some(Some(name)), Some(sql)) = (text(0), text(1), text(2)) else {
            return Ok(Tables::Foreign);
        };
        let Some(known) = left.iter().position(|&known| known == (kind, name, sql)) else {
            return Ok(Tables::Foreign);
        };
        left.swap_remove(known);
    }
    Ok(match (is_empty, left.is_empty()) {
        (true, _) => Tables::None,
        (false, true) => Tables::Ours,
        (false, false) => Tables::Foreign,
    })
}

/// Whether a journal lies beside the file, left by somebody who was killed. One that names yet another file is not ours:
/// SQLite writes such where one change concerns several databases, and when it takes that back it may delete the file that is
/// named (`pager_delsuper`), which in a foreign journal can be any.
pub(super) fn journal(path: &Path) -> Result<bool, StoreError> {
    /// By these bytes a journal that names another file ends.
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut name = path.as_os_str().to_owned();
    name.push("-journal");
    let journal = PathBuf::from(name);
    let failed = |error| StoreError::Io { path: journal.clone(), error };
    let mut file = match File::open(&journal) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let length = file.metadata().map_err(failed)?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(MAGIC.len() as u64))).map_err(failed)?;
    file.take(MAGIC.len() as u64).read_to_end(&mut end).map_err(failed)?;
    if end == MAGIC { Err(StoreError::ForeignJournal { path: journal }) } else { Ok(true) }
}

/// Makes the tables of a store.
pub(super) fn create(connection: &Connection) -> Result<(), StoreError> {
    for (_, sql) in TABLES {
        connection.execute_batch(sql)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
