//! The definitions of all units of an import, equal ones once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::block::hash;
use crate::store::content::{Class, Key};

/// Definitions by number, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Interner {
    bytes: Vec<u8>,
    list: Vec<Interned>,
    /// The last definition with a hash; those before it follow by `before`.
    last: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
}

/// For keys that are hashes already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }

    fn write_u64(&mut self, hashed: u64) {
        self.0 = hashed;
    }
}

#[derive(Debug)]
struct Interned {
    class: Class,
    name: Range<usize>,
    /// The length of the name without its flavour.
    essential: usize,
    content: Range<usize>,
    /// Another definition with the same hash.
    before: Option<u32>,
}

impl Interner {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Makes room for so many definitions of so many bytes.
    pub(super) fn reserve(&mut self, definitions: usize, bytes: usize) {
        self.list.reserve(definitions);
        self.last.reserve(definitions);
        self.bytes.reserve(bytes);
    }

    /// The number of a definition, which is added if it is new.
    pub(super) fn number(&mut self, key: Key<'_>, content: &[u8]) -> u32 {
        let (class, name) = (key.class, key.name);
        let hashed = hash(content) ^ hash(name).rotate_left(u32::from(class as u8) + 1);
        let mut known = self.last.get(&hashed).copied();
        while let Some(number) = known {
            if self.get(number) == (class, name, content) {
                return number;
            }
            known = self.list[number as usize].before;
        }
        let number = self.list.len() as u32;
        let mut keep = |bytes: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            start..self.bytes.len()
        };
        let (name, content) = (keep(name), keep(content));
        let before = self.last.insert(hashed, number);
        self.list.push(Interned { class, name, essential: key.essential().len(), content, before });
        number
    }

    /// The definition with this number.
    pub(super) fn get(&self, number: u32) -> (Class, &[u8], &[u8]) {
        let interned = &self.list[number as usize];
        (interned.class, &self.bytes[interned.name.clone()], &self.bytes[interned.content.clone()])
    }

    /// What a definition is found by.
    pub(super) fn key(&self, number: u32) -> Key<'_> {
        let interned = &self.list[number as usize];
        Key::with_essential(interned.class, &self.bytes[interned.name.clone()], interned.essential)
    }

    /// All numbers, sorted by key.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let mut keys: Vec<(Key<'_>, u32)> = (0..self.list.len() as u32).map(|n| (self.key(n), n)).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, number)| number).collect()
    }

    /// A hash of what a unit has in a block.
    pub(super) fn print(&self, definitions: &[u32]) -> u64 {
        print(definitions.iter().map(|&number| self.get(number)))
    }
}

/// A hash of definitions in their order.
pub(super) fn print<'d>(definitions: impl Iterator<Item = (Class, &'d [u8], &'d [u8])>) -> u64 {
    let mut all = Vec::new();
    for (class, name, content) in definitions {
        all.push(class as u8);
        all.extend((name.len() as u64).to_le_bytes());
        all.extend(name);
        all.extend((content.len() as u64).to_le_bytes());
        all.extend(content);
    }
    hash(&all)
}
