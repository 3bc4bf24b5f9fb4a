//! What the store asks of an engine.

use anyhow::Result;

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
