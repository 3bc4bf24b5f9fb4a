//! The definitions of all units of an import, equal ones once.

use std::collections::HashMap;
use std::ops::Range;

use super::block::hash;
use crate::store::content::{Class, Key};

/// Definitions by number, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Interner {
    bytes: Vec<u8>,
    list: Vec<Interned>,
    /// The last definition with a hash; those before it follow by `before`.
    last: HashMap<u64, u32>,
}

#[derive(Debug)]
struct Interned {
    class: Class,
    name: Range<usize>,
    content: Range<usize>,
    /// Another definition with the same hash.
    before: Option<u32>,
}

impl Interner {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The number of a definition, which is added if it is new.
    pub(super) fn number(&mut self, class: Class, name: &[u8], content: &[u8]) -> u32 {
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
        self.list.push(Interned { class, name, content, before });
        number
    }

    /// The definition with this number.
    pub(super) fn get(&self, number: u32) -> (Class, &[u8], &[u8]) {
        let interned = &self.list[number as usize];
        (interned.class, &self.bytes[interned.name.clone()], &self.bytes[interned.content.clone()])
    }

    /// What a definition is found by.
    pub(super) fn key(&self, number: u32) -> Key<'_> {
        let (class, name, _) = self.get(number);
        Key::new(class, name)
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
