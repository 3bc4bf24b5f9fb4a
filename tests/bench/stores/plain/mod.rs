//! The engine of our own: a file to which everything is appended.
//!
//! Two superblocks, at 0 and 4096, are written in turn; the newer one whose checksum is right says where the index is.
//! A transaction appends its records and a whole new index behind the end that the superblock knows, syncs, writes the
//! other superblock, and syncs again. What was replaced is garbage until the file is compacted into a new one that
//! takes its name. A reader needs no lock: what its superblock knows is never written to again.

mod format;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::store::{Found, Store, Table, Transaction, Work};
use format::{DATA, ENTRY, Entry, LONGEST_INDEX, SLOT, SUPERBLOCK, Source, Superblock, entry};

/// A file or bytes, open for reading.
pub struct Reader {
    source: Source,
    superblock: Superblock,
    index: Cow<'static, [u8]>,
}

impl Reader {
    /// Opens a file that is there.
    pub fn open(path: &Path) -> Result<Self> {
        Self::new(Source::File(File::open(path)?))
    }

    /// Opens bytes.
    pub fn bytes(bytes: &'static [u8]) -> Result<Self> {
        Self::new(Source::Bytes(bytes))
    }

    fn new(source: Source) -> Result<Self> {
        let mut slots: Vec<Superblock> = Vec::new();
        for slot in [0, SLOT] {
            if source.length()? >= slot + SUPERBLOCK as u64 {
                slots.extend(Superblock::parse(&source.read(slot, SUPERBLOCK)?));
            }
        }
        if slots.is_empty() {
            // Nothing was ever committed: the superblocks' places are still holes, or the file ends before them.
            let known = usize::try_from(source.length()?.min(DATA))?;
            ensure!(source.read(0, known)?.iter().all(|byte| *byte == 0), "not a store");
            return Ok(Self { source, superblock: Superblock::default(), index: Cow::Borrowed(&[]) });
        }
        slots.sort_by_key(|slot| slot.generation);
        while let Some(superblock) = slots.pop() {
            ensure!(
                superblock.length <= LONGEST_INDEX.min(source.length()?),
                "the index is longer than the file"
            );
            let index = source.read(superblock.offset, usize::try_from(superblock.length)?)?;
            if crc32fast::hash(&index) == superblock.checksum {
                return Ok(Self { source, superblock, index });
            }
        }
        bail!("no index whose checksum is right")
    }

    fn entries(&self) -> std::slice::ChunksExact<'_, u8> {
        self.index.chunks_exact(ENTRY)
    }

    fn find(&self, wanted: (u32, u32)) -> Option<Entry> {
        let (mut low, mut high) = (0, self.index.len() / ENTRY);
        while low < high {
            let middle = low.midpoint(high);
            let (key, entry) = entry(&self.index[middle * ENTRY..][..ENTRY]);
            match key.cmp(&wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(entry),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn record(&self, entry: Entry) -> Result<Cow<'static, [u8]>> {
        let value = self.source.read(entry.offset, entry.length as usize)?;
        ensure!(crc32fast::hash(&value) == entry.checksum, "a record is broken");
        Ok(value)
    }
}

impl Store for Reader {
    fn get(&self, table: Table, keys: &[u32], found: Found) -> Result<()> {
        for key in keys {
            let entry = self.find((table.index() as u32, *key));
            found(*key, &self.record(entry.with_context(|| format!("{} has no {key}", table.name()))?)?)?;
        }
        Ok(())
    }

    fn starts(&self, table: Table, length: usize, found: Found) -> Result<()> {
        for bytes in self.entries() {
            let ((number, key), entry) = entry(bytes);
            if number == table.index() as u32 && length >= entry.length as usize {
                found(key, &self.record(entry)?)?;
            } else if number == table.index() as u32 {
                found(key, &self.source.read(entry.offset, length)?)?;
            }
        }
        Ok(())
    }

    fn transaction(&mut self, _: Work) -> Result<()> {
        bail!("open for reading only")
    }

    fn compact(&mut self) -> Result<()> {
        bail!("open for reading only")
    }
}

/// A file open for writing, with the lock that other writers wait for.
pub struct Writer {
    path: PathBuf,
    file: File,
    superblock: Superblock,
    entries: BTreeMap<(u32, u32), Entry>,
}

impl Writer {
    /// Opens or makes a file; waits until nobody else writes to it.
    pub fn open(path: &Path) -> Result<Self> {
        loop {
            let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
            file.lock()?;
            // Compaction may have put another file in its place while this one waited.
            if std::fs::metadata(path)
                .is_ok_and(|now| now.ino() == file.metadata().map_or(0, |own| own.ino()))
            {
                return Self::new(path, file);
            }
        }
    }

    fn new(path: &Path, file: File) -> Result<Self> {
        let reader = Reader::new(Source::File(file.try_clone()?))?;
        let entries = reader.entries().map(entry).collect();
        Ok(Self { path: path.to_owned(), file, superblock: reader.superblock, entries })
    }

    fn reader(&self) -> Result<Reader> {
        Reader::new(Source::File(self.file.try_clone()?))
    }

    fn end(&self) -> u64 {
        DATA.max(self.superblock.offset + self.superblock.length)
    }

    fn append(&mut self, work: Work) -> Result<()> {
        let end = self.end();
        // What a killed transaction left behind.
        self.file.set_len(end)?;
        let (mut out, new, offset) = {
            let out = BufWriter::with_capacity(1 << 18, At(&self.file, end));
            let mut append = Append { out, end, old: &self.entries, new: BTreeMap::new() };
            work(&mut append)?;
            (append.out, append.new, append.end)
        };
        let mut entries = self.entries.clone();
        entries.extend(new);
        let mut index = Vec::with_capacity(entries.len() * ENTRY);
        for ((table, key), entry) in &entries {
            for word in [*table, *key, entry.length, entry.checksum] {
                index.extend_from_slice(&word.to_le_bytes());
            }
            index.extend_from_slice(&entry.offset.to_le_bytes());
        }
        out.write_all(&index)?;
        out.flush()?;
        drop(out);
        self.file.sync_data()?;
        let superblock = Superblock {
            generation: self.superblock.generation + 1,
            offset,
            length: index.len() as u64,
            checksum: crc32fast::hash(&index),
        };
        self.file.write_all_at(&superblock.bytes(), superblock.generation % 2 * SLOT)?;
        self.file.sync_data()?;
        if superblock.generation == 1 {
            sync_folder(&self.path)?;
        }
        (self.superblock, self.entries) = (superblock, entries);
        Ok(())
    }
}

fn sync_folder(path: &Path) -> Result<()> {
    Ok(File::open(path.parent().context("a path without a folder")?)?.sync_all()?)
}

impl Store for Writer {
    fn get(&self, table: Table, keys: &[u32], found: Found) -> Result<()> {
        self.reader()?.get(table, keys, found)
    }

    fn starts(&self, table: Table, length: usize, found: Found) -> Result<()> {
        self.reader()?.starts(table, length, found)
    }

    fn transaction(&mut self, work: Work) -> Result<()> {
        self.append(work)
    }

    fn compact(&mut self) -> Result<()> {
        let name = self.path.with_extension("compacting");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&name)?;
        file.lock()?;
        let mut other = Self::new(&name, file)?;
        let reader = self.reader()?;
        other.append(&mut |to| {
            for table in Table::ALL {
                reader.starts(table, usize::MAX, &mut |key, value| to.put(table, key, value))?;
            }
            Ok(())
        })?;
        std::fs::rename(&name, &self.path)?;
        sync_folder(&self.path)?;
        *self = Self { path: self.path.clone(), ..other };
        Ok(())
    }
}

/// Writes to a file from an offset on.
struct At<'a>(&'a File, u64);

impl std::io::Write for At<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.0.write_at(bytes, self.1)?;
        self.1 += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A transaction: what it appended, and where.
struct Append<'a> {
    out: BufWriter<At<'a>>,
    end: u64,
    old: &'a BTreeMap<(u32, u32), Entry>,
    new: BTreeMap<(u32, u32), Entry>,
}

impl Transaction for Append<'_> {
    fn get(&mut self, table: Table, key: u32) -> Result<Option<Vec<u8>>> {
        let key = (table.index() as u32, key);
        let Some(entry) = self.new.get(&key).or_else(|| self.old.get(&key)).copied() else { return Ok(None) };
        self.out.flush()?;
        let mut value = vec![0; entry.length as usize];
        self.out.get_ref().0.read_exact_at(&mut value, entry.offset)?;
        ensure!(crc32fast::hash(&value) == entry.checksum, "a record is broken");
        Ok(Some(value))
    }

    fn put(&mut self, table: Table, key: u32, value: &[u8]) -> Result<()> {
        let entry =
            Entry { length: u32::try_from(value.len())?, checksum: crc32fast::hash(value), offset: self.end };
        self.out.write_all(value)?;
        self.end += value.len() as u64;
        self.new.insert((table.index() as u32, key), entry);
        Ok(())
    }
}
