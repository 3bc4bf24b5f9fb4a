//! The load: records that do not compress, each a function of its key and of how often it was replaced, and a history
//! of transactions, each a function of its number. So what a store must hold is known from one number in it.

use anyhow::{Context as _, Result, ensure};

use crate::store::{Store, Table, Transaction};

/// Bytes of a kernel's record that stand in its head.
pub const HEAD: usize = 200;
/// Blocks that one release replaces.
pub const REPLACED: u32 = 300;
/// Where the meta table keeps the number of releases.
const RELEASES: u32 = 0;
/// Where the meta table keeps the number of blocks and of first kernels.
const SIZE: u32 = 1;

/// splitmix64: small, and good enough that nothing compresses.
pub struct Random(u64);

impl Random {
    /// A generator whose numbers follow from these two.
    pub fn new(kind: u64, seed: u64) -> Self {
        let mut random = Self(kind.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ seed);
        random.next();
        random
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// That many bytes.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    /// `count` different keys below `bound`, in random order.
    pub fn keys(&mut self, count: u32, bound: u32) -> Vec<u32> {
        let mut keys: Vec<u32> = (0..bound).collect();
        for index in 0..count.min(bound) {
            let other = index as u64 + self.below(u64::from(bound - index));
            keys.swap(index as usize, other as usize);
        }
        keys.truncate(count as usize);
        keys
    }
}

/// How much a store holds before its first release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Blocks.
    pub blocks: u32,
    /// Kernels.
    pub kernels: u32,
}

/// A store of a thousand kernels, about 64 MB.
pub const FULL: Size = Size { blocks: 4000, kernels: 1000 };
/// A store as the binary carries it, about 10 MB.
pub const SHIPPED: Size = Size { blocks: 640, kernels: 150 };

fn block(key: u32, version: u32) -> Vec<u8> {
    let mut length = 2048 + Random::new(1, key.into()).below(18 * 1024 + 1) as usize;
    for _ in 0..version {
        length += length / 100;
    }
    Random::new(2, u64::from(version) << 32 | u64::from(key)).bytes(length)
}

fn kernel(key: u32) -> Vec<u8> {
    let length = 1024 + Random::new(3, key.into()).below(39 * 1024 + 1) as usize;
    Random::new(4, key.into()).bytes(length)
}

/// What a store holds after some releases.
pub struct State {
    versions: Vec<u32>,
    kernels: u32,
}

impl State {
    /// The state after that many releases.
    pub fn after(size: Size, releases: u32) -> Self {
        let mut versions = vec![0; size.blocks as usize];
        for release in 0..releases {
            for key in replaced(size, release) {
                versions[key as usize] += 1;
            }
        }
        Self { versions, kernels: size.kernels + releases }
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> u64 {
        let mut sum = 0;
        for (key, version) in (0..).zip(&self.versions) {
            sum += block(key, *version).len() as u64;
        }
        (0..self.kernels).fold(sum, |sum, key| sum + (kernel(key).len() + HEAD) as u64)
    }
}

fn replaced(size: Size, release: u32) -> Vec<u32> {
    Random::new(5, release.into()).keys(REPLACED.min(size.blocks), size.blocks)
}

fn put_kernel(to: &mut dyn Transaction, key: u32) -> Result<()> {
    let kernel = kernel(key);
    to.put(Table::Kernels, key, &kernel)?;
    to.put(Table::Heads, key, &kernel[..HEAD])
}

/// The first import: everything, in one transaction.
pub fn import(store: &mut dyn Store, size: Size) -> Result<()> {
    store.transaction(&mut |to| make(to, size))
}

/// Makes the load of the first import and writes it.
pub fn make(to: &mut dyn Transaction, size: Size) -> Result<()> {
    for key in 0..size.blocks {
        to.put(Table::Blocks, key, &block(key, 0))?;
    }
    for key in 0..size.kernels {
        put_kernel(to, key)?;
    }
    to.put(Table::Meta, SIZE, &[size.blocks.to_le_bytes(), size.kernels.to_le_bytes()].concat())?;
    to.put(Table::Meta, RELEASES, &0_u32.to_le_bytes())
}

/// A store that keeps nothing: what making the load costs by itself.
pub struct Nothing;

impl Transaction for Nothing {
    fn get(&mut self, _: Table, _: u32) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn put(&mut self, _: Table, _: u32, value: &[u8]) -> Result<()> {
        std::hint::black_box(value);
        Ok(())
    }
}

/// Adds one release within a transaction; `held` is called when everything is written and nothing is committed.
///
/// Returns the number of releases that the store then holds.
pub fn release(store: &mut dyn Store, held: &mut dyn FnMut() -> Result<()>) -> Result<u32> {
    let mut done = 0;
    store.transaction(&mut |to| {
        let size = to.get(Table::Meta, SIZE)?.context("no size")?;
        let releases = number(&to.get(Table::Meta, RELEASES)?.context("no releases")?)?;
        let size = Size { blocks: number(&size[..4])?, kernels: number(&size[4..])? };
        let state = State::after(size, releases + 1);
        for key in replaced(size, releases) {
            to.put(Table::Blocks, key, &block(key, state.versions[key as usize]))?;
        }
        put_kernel(to, state.kernels - 1)?;
        done = releases + 1;
        to.put(Table::Meta, RELEASES, &done.to_le_bytes())?;
        held()
    })?;
    Ok(done)
}

fn number(bytes: &[u8]) -> Result<u32> {
    Ok(u32::from_le_bytes(bytes.try_into().context("a number that is not four bytes")?))
}

/// Compares every byte of the store with what it must be; returns the number of releases, or nothing if the store is
/// empty.
pub fn whole(store: &dyn Store) -> Result<Option<u32>> {
    let mut meta = Vec::new();
    store.starts(Table::Meta, usize::MAX, &mut |_, value| {
        meta.push(value.to_vec());
        Ok(())
    })?;
    if meta.is_empty() {
        for table in Table::ALL {
            store.starts(table, 1, &mut |key, _| anyhow::bail!("{} {key} without meta", table.name()))?;
        }
        return Ok(None);
    }
    ensure!(meta.len() == 2, "{} records of meta", meta.len());
    let size = Size { blocks: number(&meta[1][..4])?, kernels: number(&meta[1][4..])? };
    let releases = number(&meta[0])?;
    let state = State::after(size, releases);
    let mut count = [0_u32; 4];
    for table in [Table::Blocks, Table::Kernels, Table::Heads] {
        store.starts(table, usize::MAX, &mut |key, value| {
            let kept = match table {
                Table::Blocks => block(key, *state.versions.get(key as usize).context("a block too many")?),
                Table::Kernels => kernel(key),
                _ => kernel(key)[..HEAD].to_vec(),
            };
            ensure!(kept == value, "{} {key} is not what was written", table.name());
            count[table.index()] += 1;
            Ok(())
        })?;
    }
    ensure!(count == [size.blocks, state.kernels, state.kernels, 0], "records: {count:?}");
    Ok(Some(releases))
}
