//! Blocks: the definitions of a range of names, of all kernels together.
//!
//! Names in their order are cut into blocks where a name's hash says so ([`is_border`]), hence at the same names in every
//! store, whatever came in first. In a block each name and class is an [`Entry`]: the distinct definitions that any unit
//! has of it, and a log of which unit has which. The log only tells where a unit differs from its parent: a unit that
//! is as its parent costs nothing.

use foldhash::HashMap;

use super::super::bytes::{Damage, Put, Reader};
use super::super::content::{Class, Key};
use super::UnitNumber;
use super::decompress::decompress;

/// The most bytes that a block may have once decompressed. Real ones stay below 2 MiB.
const MAX_BYTES: usize = 256 << 20;

/// About so many names are in a block of types, and in one of functions and the like.
const NAMES_PER_BLOCK: [u64; 2] = [256, 64];

/// Which of an entry's definitions a unit has, by number, in the order of their ids in it. Mostly one.
pub(super) type State = Vec<u32>;

/// Everything that is stored of one name and class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'p> {
    pub(super) class: Class,
    pub(super) name: &'p [u8],
    /// The distinct definitions, numbered by when they came in.
    pub(super) variants: Vec<&'p [u8]>,
    /// Distinct states; the first is that of units that have no such definition.
    pub(super) states: Vec<State>,
    /// Units that differ from their parent, ascending, each with the number of its state.
    pub(super) log: Vec<(UnitNumber, u32)>,
}

impl<'p> Entry<'p> {
    pub(super) fn new(class: Class, name: &'p [u8]) -> Self {
        let mut states = Vec::with_capacity(2);
        states.push(State::new());
        Self { class, name, variants: Vec::new(), states, log: Vec::new() }
    }

    pub(super) fn key(&self) -> Key<'p> {
        Key::new(self.class, self.name)
    }

    /// Calls `number` with the number of each of these definitions, which are added if they are new. No two are equal.
    pub(super) fn take(
        &mut self,
        contents: impl ExactSizeIterator<Item = &'p [u8]>,
        mut number: impl FnMut(u32),
    ) {
        /// Up to here comparing each with each takes less than a table.
        const FEW: usize = 64;
        let stored = self.variants.len();
        // Types without a name or anything named in them are all in one entry: by the thousand.
        let table: Option<HashMap<&'p [u8], usize>> = (stored * contents.len() > FEW)
            .then(|| self.variants.iter().enumerate().map(|(number, known)| (*known, number)).collect());
        for content in contents {
            let known = match &table {
                Some(table) => table.get(content).copied(),
                // The newest are the likeliest.
                None => self.variants[..stored].iter().rposition(|known| *known == content),
            };
            number(known.unwrap_or(self.variants.len()) as u32);
            if known.is_none() {
                self.variants.push(content);
            }
        }
    }

    /// The number of a state, which is added if it is new.
    pub(super) fn state(&mut self, state: &[u32]) -> u32 {
        let known = self.states.iter().position(|known| *known == state);
        let index = known.unwrap_or_else(|| {
            self.states.push(state.to_vec());
            self.states.len() - 1
        });
        index as u32
    }

    /// Appends it; `body` is room to write in.
    fn write(&self, out: &mut Vec<u8>, body: &mut Vec<u8>) {
        body.clear();
        body.put_number(self.variants.len() as u64);
        for variant in &self.variants {
            body.put_bytes(variant);
        }
        // As a rule state n is definition n − 1, which goes without saying.
        let is_plain = |(index, state): (usize, &State)| {
            if index == 0 { state.is_empty() } else { *state == [index as u32 - 1] }
        };
        if self.states.len() == self.variants.len() + 1 && self.states.iter().enumerate().all(is_plain) {
            body.put_number(0);
        } else {
            body.put_number(self.states.len() as u64);
            for state in self.states.iter().skip(1) {
                body.put_number(state.len() as u64);
                state.iter().for_each(|&variant| body.put_number(u64::from(variant)));
            }
        }
        body.put_number(self.log.len() as u64);
        let mut before = 0;
        for &(unit, state) in &self.log {
            body.put_number(u64::from(unit - before));
            body.put_number(u64::from(state));
            before = unit;
        }
        out.push(self.class as u8);
        out.put_name(self.name);
        out.put_bytes(body);
    }

    fn read(class: Class, name: &'p [u8], body: &'p [u8]) -> Result<Self, Damage> {
        let mut input = Reader::new(body);
        let variants = (0..input.count(1)?).map(|_| input.bytes()).collect::<Result<Vec<_>, _>>()?;
        let mut states = vec![State::new()];
        let count = input.count(1)?;
        if count == 0 {
            states.extend((0..variants.len() as u32).map(|variant| vec![variant]));
        }
        for _ in 1..count {
            let state = (0..input.count(1)?).map(|_| input.number32()).collect::<Result<State, _>>()?;
            if state.iter().any(|&variant| variant as usize >= variants.len()) {
                return Err(input.damage("a state names a definition that is not there"));
            }
            states.push(state);
        }
        let mut log = Vec::with_capacity(input.count(2)?);
        let mut unit = 0_u32;
        for index in 0..log.capacity() {
            let step = input.number32()?;
            if index > 0 && step == 0 {
                return Err(input.damage("a log is not in order"));
            }
            unit = unit.checked_add(step).ok_or(input.damage("a unit's number is too large"))?;
            let state = input.number32()?;
            if state as usize >= states.len() {
                return Err(input.damage("a log names a state that is not there"));
            }
            log.push((unit, state));
        }
        Ok(Self { class, name, variants, states, log })
    }
}

/// A block as it is stored, its payload still compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored<'s> {
    /// A hash of what a vmlinux has in this block, for those that differ from their parent; ascending.
    pub(super) prints: Vec<(UnitNumber, u64)>,
    checksum: u64,
    length: usize,
    compressed: &'s [u8],
}

impl<'s> Stored<'s> {
    pub(super) fn read(bytes: &'s [u8]) -> Result<Self, Damage> {
        let mut input = Reader::new(bytes);
        let count = input.count(9)?;
        let mut prints = Vec::with_capacity(count);
        let mut unit = 0_u32;
        for _ in 0..count {
            unit = unit.checked_add(input.number32()?).ok_or(input.damage("a unit's number is too large"))?;
            prints.push((unit, word(&mut input)?));
        }
        let checksum = word(&mut input)?;
        let length = usize::try_from(input.number()?).unwrap_or(usize::MAX);
        if length > MAX_BYTES {
            return Err(input.damage("a block is too large"));
        }
        let compressed = input.take(input.left())?;
        Ok(Self { prints, checksum, length, compressed })
    }

    /// The payload, its checksum verified.
    pub(super) fn payload(&self) -> Result<Vec<u8>, Damage> {
        let damage = |what| Damage { offset: 0, what };
        let payload =
            decompress(self.compressed, self.length).map_err(|_| damage("a block does not decompress"))?;
        if payload.len() != self.length || hash(&payload) != self.checksum {
            return Err(damage("a block is not what was written: its checksum differs"));
        }
        Ok(payload)
    }
}

fn word(input: &mut Reader<'_>) -> Result<u64, Damage> {
    let bytes = input.take(8)?.first_chunk::<8>().copied().unwrap_or_default();
    Ok(u64::from_le_bytes(bytes))
}

/// The entries of a payload, sorted by key.
pub(super) fn entries(payload: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, Damage>> {
    heads(payload).map(|head| head.and_then(|head| Entry::read(head.class, head.name, head.body)))
}

/// An entry of which only the key has been read.
pub(super) struct Head<'p> {
    pub(super) class: Class,
    pub(super) name: &'p [u8],
    body: &'p [u8],
}

impl<'p> Head<'p> {
    pub(super) fn entry(&self) -> Result<Entry<'p>, Damage> {
        Entry::read(self.class, self.name, self.body)
    }
}

/// The keys of a payload's entries, in their order.
pub(super) fn heads(payload: &[u8]) -> impl Iterator<Item = Result<Head<'_>, Damage>> {
    let mut input = Reader::new(payload);
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over || input.left() == 0 {
            return None;
        }
        let mut next = || {
            let class = Class::from_number(input.byte()?).ok_or(input.damage("a class is not known"))?;
            Ok(Head { class, name: input.name()?, body: input.bytes()? })
        };
        let head = next();
        is_over = head.is_err();
        Some(head)
    })
}

/// Writes blocks, with what is needed for it kept from one to the next.
pub(super) struct Writer {
    compressor: zstd::bulk::Compressor<'static>,
    payload: Vec<u8>,
    body: Vec<u8>,
}

impl Writer {
    /// `level` is zstd's.
    pub(super) fn new(level: i32) -> std::io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(level)?;
        Ok(Self { compressor, payload: Vec::new(), body: Vec::new() })
    }

    /// One block as it is stored.
    pub(super) fn block(
        &mut self,
        prints: &[(UnitNumber, u64)],
        entries: &[Entry<'_>],
    ) -> std::io::Result<Vec<u8>> {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        entries.iter().for_each(|entry| entry.write(&mut payload, &mut self.body));
        let sealed = self.seal(prints, &payload);
        self.payload = payload;
        sealed
    }

    /// A block whose entries are written already.
    pub(super) fn seal(&mut self, prints: &[(UnitNumber, u64)], payload: &[u8]) -> std::io::Result<Vec<u8>> {
        if payload.len() > MAX_BYTES {
            return Err(std::io::Error::other("a block becomes too large"));
        }
        let mut out = Vec::new();
        out.put_number(prints.len() as u64);
        let mut before = 0;
        for &(unit, print) in prints {
            out.put_number(u64::from(unit - before));
            out.extend(print.to_le_bytes());
            before = unit;
        }
        out.extend(hash(payload).to_le_bytes());
        out.put_number(payload.len() as u64);
        out.extend(self.compressor.compress(payload)?);
        Ok(out)
    }
}

/// The store's hash: XXH3, 64 bits.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes)
}

/// Whether a block begins at this name: by the name alone, so that every store is cut alike. Flavours of a name stay with it.
pub(super) fn is_border(key: Key<'_>) -> bool {
    let names = NAMES_PER_BLOCK[usize::from(key.class.is_type())];
    !key.essential().is_empty() && hash(key.essential()).is_multiple_of(names)
}

/// What a block is called in the file: whether it holds types, then the essential name that it begins with.
pub(super) fn block_key(is_type: bool, essential: &[u8]) -> Vec<u8> {
    [&[u8::from(is_type)], essential].concat()
}
