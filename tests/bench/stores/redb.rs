//! The engine redb.

use std::io::{Error, ErrorKind};
use std::path::Path;

use anyhow::{Result, bail, ensure};
use redb::{
    Builder, ConcurrencyMode, Database, ReadOnlyDatabase, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition, TableError,
};

use crate::store::{Found, Store, Table, Transaction, Work};

/// Bytes that redb may cache: its own default is 1 GiB.
const CACHE: usize = 16 << 20;

/// How redb is used.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// Several processes may have the file open, one of them in a write transaction.
    pub shared: bool,
    /// Longer values are cut into pieces of this many bytes, for redb gives a value that is longer than its page of
    /// 4096 bytes as many pages as the next power of two.
    pub piece: usize,
}

fn definition(table: Table) -> TableDefinition<'static, u64, &'static [u8]> {
    TableDefinition::new(table.name())
}

/// The key of a piece: the record's own, then the piece's number.
fn piece_key(key: u32, piece: u16) -> u64 {
    u64::from(key) << 16 | u64::from(piece)
}

fn builder(mode: Mode) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    if mode.shared {
        builder.set_concurrency_mode(ConcurrencyMode::MultiWriter);
    }
    builder
}

/// Reads a record, without copying it if it is one piece; false if there is none.
fn record(
    table: &impl ReadableTable<u64, &'static [u8]>,
    mode: Mode,
    key: u32,
    found: Found,
) -> Result<bool> {
    let Some(first) = table.get(piece_key(key, 0))? else { return Ok(false) };
    if first.value().len() < mode.piece {
        found(key, first.value())?;
        return Ok(true);
    }
    let mut whole = Vec::new();
    for piece in table.range(piece_key(key, 0)..=piece_key(key, u16::MAX))? {
        whole.extend_from_slice(piece?.1.value());
    }
    found(key, &whole)?;
    Ok(true)
}

fn get(database: &impl ReadableDatabase, mode: Mode, table: Table, keys: &[u32], found: Found) -> Result<()> {
    let open = database.begin_read()?.open_table(definition(table))?;
    for key in keys {
        ensure!(record(&open, mode, *key, found)?, "{} has no {key}", table.name());
    }
    Ok(())
}

fn starts(
    database: &impl ReadableDatabase,
    mode: Mode,
    table: Table,
    length: usize,
    found: Found,
) -> Result<()> {
    let open = match database.begin_read()?.open_table(definition(table)) {
        Ok(open) => open,
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for piece in open.iter()? {
        let (key, value) = piece?;
        let (key, value) = (key.value(), value.value());
        if key & 0xffff != 0 {
            continue;
        }
        let key = u32::try_from(key >> 16)?;
        match value.get(..length) {
            Some(start) => found(key, start)?,
            None => {
                record(&open, mode, key, found)?;
            }
        }
    }
    Ok(())
}

/// A database that is open for reading only.
pub struct Reader(ReadOnlyDatabase, Mode);

impl Reader {
    /// Opens a file that is there.
    pub fn open(path: &Path, mode: Mode) -> Result<Self> {
        Ok(Self(builder(mode).open_read_only(path)?, mode))
    }

    /// Opens bytes, which nobody else can have open.
    pub fn bytes(bytes: &'static [u8], mode: Mode) -> Result<Self> {
        let mode = Mode { shared: false, ..mode };
        Ok(Self(builder(mode).open_read_only_with_backend(Bytes(bytes))?, mode))
    }
}

impl Store for Reader {
    fn get(&self, table: Table, keys: &[u32], found: Found) -> Result<()> {
        get(&self.0, self.1, table, keys, found)
    }

    fn starts(&self, table: Table, length: usize, found: Found) -> Result<()> {
        starts(&self.0, self.1, table, length, found)
    }

    fn transaction(&mut self, _: Work) -> Result<()> {
        bail!("open for reading only")
    }

    fn compact(&mut self) -> Result<()> {
        bail!("open for reading only")
    }
}

/// A database that is open for writing.
pub struct Writer(Database, Mode);

impl Writer {
    /// Opens or makes a file.
    pub fn open(path: &Path, mode: Mode) -> Result<Self> {
        Ok(Self(builder(mode).create(path)?, mode))
    }
}

impl Store for Writer {
    fn get(&self, table: Table, keys: &[u32], found: Found) -> Result<()> {
        get(&self.0, self.1, table, keys, found)
    }

    fn starts(&self, table: Table, length: usize, found: Found) -> Result<()> {
        starts(&self.0, self.1, table, length, found)
    }

    fn transaction(&mut self, work: Work) -> Result<()> {
        let transaction = self.0.begin_write()?;
        let [blocks, kernels, heads, meta] = Table::ALL;
        let tables = [
            transaction.open_table(definition(blocks))?,
            transaction.open_table(definition(kernels))?,
            transaction.open_table(definition(heads))?,
            transaction.open_table(definition(meta))?,
        ];
        let mut tables = Tables(tables, self.1);
        let done = work(&mut tables);
        drop(tables);
        match done {
            Ok(()) => transaction.commit()?,
            Err(_) => transaction.abort()?,
        }
        done
    }

    fn compact(&mut self) -> Result<()> {
        // Each call moves some pages and says whether there was any to move.
        while self.0.compact()? {}
        Ok(())
    }
}

/// The tables of a write transaction, in the order of [`Table::ALL`].
struct Tables<'a>([redb::Table<'a, u64, &'static [u8]>; 4], Mode);

impl Transaction for Tables<'_> {
    fn get(&mut self, table: Table, key: u32) -> Result<Option<Vec<u8>>> {
        let mut value = None;
        record(&self.0[table.index()], self.1, key, &mut |_, bytes| {
            value = Some(bytes.to_vec());
            Ok(())
        })?;
        Ok(value)
    }

    fn put(&mut self, table: Table, key: u32, value: &[u8]) -> Result<()> {
        let table = &mut self.0[table.index()];
        if value.len() < self.1.piece {
            table.insert(piece_key(key, 0), value)?;
            return Ok(());
        }
        // The last piece is shorter than the others, even if that makes it empty. No record here ever shrinks, so
        // there is no old piece to remove.
        for number in 0..=value.len() / self.1.piece {
            let rest = &value[number * self.1.piece..];
            table.insert(piece_key(key, u16::try_from(number)?), &rest[..rest.len().min(self.1.piece)])?;
        }
        Ok(())
    }
}

/// Bytes as redb's storage. Whatever redb would write is an error: it must not need to.
#[derive(Debug)]
struct Bytes(&'static [u8]);

fn refuse() -> Error {
    Error::new(ErrorKind::ReadOnlyFilesystem, "these bytes are in the executable")
}

impl StorageBackend for Bytes {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let start = usize::try_from(offset).map_err(Error::other)?;
        let from = self.0.get(start..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(from.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, _: u64) -> std::io::Result<()> {
        Err(refuse())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Err(refuse())
    }

    fn write(&self, _: u64, _: &[u8]) -> std::io::Result<()> {
        Err(refuse())
    }
}
