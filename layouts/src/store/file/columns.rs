//! Columns: one entry of the store, spread out over all kernels.

use std::collections::VecDeque;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use super::block::{self, Entry, State, Stored};
use super::error::StoreError;
use super::made::Unit;
use super::rewrite::block_place;
use super::signature::of_machine;
use super::{StoreFile, UnitNumber, lineage};
use crate::btf::Endian;
use crate::store::content::{Class, Key};

/// Bytes of decompressed blocks that are kept.
const KEPT: usize = 8 << 20;

/// So many blocks are looked through for names that begin alike, and so many names taken.
const MOST_BLOCKS: usize = 4;
const MOST_NAMES: usize = 200;

/// One name and class, and which definitions each kernel has of it.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) class: Class,
    pub(super) name: Vec<u8>,
    pub(super) variants: Vec<Vec<u8>>,
    pub(super) states: Vec<State>,
    /// The state of every vmlinux, by place.
    pub(super) of_kernel: Vec<u32>,
    log: HashMap<UnitNumber, u32>,
    /// Whether any module differs from what it is compared with.
    has_modules: bool,
}

impl Column {
    pub(super) fn key(&self) -> Key<'_> {
        Key::new(self.class, &self.name)
    }

    /// The content of a definition.
    pub(super) fn variant(&self, number: u32) -> Option<&[u8]> {
        self.variants.get(number as usize).map(Vec::as_slice)
    }
}

/// The modules of a kernel: names and numbers.
type Modules = Rc<[(String, UnitNumber)]>;

/// The columns that were asked for, read once.
pub(super) struct Columns<'s> {
    file: &'s StoreFile,
    /// For each kernel of the store, the place of the one that it was compared with.
    parents: Vec<Option<usize>>,
    /// For each, what its signatures begin with.
    machines: Vec<u64>,
    list: Vec<Column>,
    by_name: HashMap<(bool, Vec<u8>), Rc<[usize]>>,
    /// Decompressed blocks, the newest last.
    blocks: VecDeque<(usize, Rc<Vec<u8>>)>,
    modules: HashMap<UnitNumber, Modules>,
    lines: lineage::Modules,
    module_states: HashMap<(usize, UnitNumber), u32>,
}

impl<'s> Columns<'s> {
    pub(super) fn new(file: &'s StoreFile) -> Self {
        let all = file.units.all();
        let place = |kernel: UnitNumber| all.binary_search_by_key(&kernel, |known| known.0).ok();
        Self {
            file,
            parents: all.iter().map(|(_, head)| head.parent.and_then(place)).collect(),
            machines: all.iter().map(|(_, head)| of_machine(head.endian, head.pointer_size)).collect(),
            list: Vec::new(),
            by_name: HashMap::new(),
            blocks: VecDeque::new(),
            modules: HashMap::new(),
            lines: lineage::Modules::default(),
            module_states: HashMap::new(),
        }
    }

    /// The place of a kernel among all of the store.
    pub(super) fn place(&self, kernel: UnitNumber) -> Option<usize> {
        self.file.units.all().binary_search_by_key(&kernel, |known| known.0).ok()
    }

    /// How many kernels the store has.
    pub(super) fn kernels(&self) -> usize {
        self.parents.len()
    }

    /// Byte order and pointer size of a kernel.
    pub(super) fn machine(&self, place: usize) -> (Endian, Option<u32>) {
        let head = self.file.units.all().get(place).map(|(_, head)| head);
        head.map_or((Endian::Little, None), |head| (head.endian, head.pointer_size))
    }

    /// Of every kernel, by place, what its signatures begin with.
    pub(super) fn machines(&self) -> &[u64] {
        &self.machines
    }

    pub(super) fn get(&self, column: usize) -> &Column {
        &self.list[column]
    }

    /// The columns of an essential name.
    pub(super) fn of_essential_name(
        &mut self,
        is_type: bool,
        essential: &[u8],
    ) -> Result<Rc<[usize]>, StoreError> {
        if let Some(known) = self.by_name.get(&(is_type, essential.to_vec())) {
            return Ok(Rc::clone(known));
        }
        let block = self.file.borders.find(is_type, essential);
        let payload = self.payload(block)?;
        let damaged = |damage| StoreError::damaged(block_place(self.file.borders.key(block)))(damage);
        let mut found = Vec::new();
        for head in block::heads(&payload) {
            let head = head.map_err(damaged)?;
            let key = Key::new(head.class, head.name);
            if key.essential() == essential && key.class.is_type() == is_type {
                found.push(self.list.len());
                let entry = head.entry().map_err(damaged)?;
                let column = self.column(&entry);
                self.list.push(column);
            }
        }
        let found: Rc<[usize]> = found.into();
        self.by_name.insert((is_type, essential.to_vec()), Rc::clone(&found));
        Ok(found)
    }

    /// Entries whose essential names begin so, in their order: those of the first few blocks that may have some.
    pub(super) fn beginning_with(&mut self, is_type: bool, prefix: &[u8]) -> Result<Vec<Column>, StoreError> {
        let first = self.file.borders.find(is_type, prefix);
        let mut found = Vec::new();
        for block in first..self.file.borders.len().min(first + MOST_BLOCKS) {
            let begins = self.file.borders.key(block).split_first();
            let is_beyond = |(&kind, name): (&u8, &[u8])| {
                kind != u8::from(is_type) || name > prefix && !name.starts_with(prefix)
            };
            if block > first && begins.is_some_and(is_beyond) {
                break;
            }
            let payload = self.payload(block)?;
            let damaged = |damage| StoreError::damaged(block_place(self.file.borders.key(block)))(damage);
            for head in block::heads(&payload) {
                let head = head.map_err(damaged)?;
                let key = Key::new(head.class, head.name);
                if key.class.is_type() == is_type
                    && key.essential().starts_with(prefix)
                    && found.len() < MOST_NAMES
                {
                    found.push(self.column(&head.entry().map_err(damaged)?));
                }
            }
        }
        Ok(found)
    }

    /// The column of a class and name.
    pub(super) fn of_key(&mut self, key: Key<'_>) -> Result<Option<usize>, StoreError> {
        let all = self.of_essential_name(key.class.is_type(), key.essential())?;
        Ok(all.iter().copied().find(|&column| self.list[column].key() == key))
    }

    fn payload(&mut self, block: usize) -> Result<Rc<Vec<u8>>, StoreError> {
        if let Some((_, known)) = self.blocks.iter().find(|(known, _)| *known == block) {
            return Ok(Rc::clone(known));
        }
        let key = self.file.borders.key(block);
        let payload = match self.file.view.block(key)? {
            Some(stored) => Stored::read(&stored).and_then(|stored| stored.payload()),
            None => Ok(Vec::new()),
        };
        let payload = Rc::new(payload.map_err(StoreError::damaged(block_place(key)))?);
        self.blocks.push_back((block, Rc::clone(&payload)));
        while self.blocks.len() > 1 && self.blocks.iter().map(|(_, kept)| kept.len()).sum::<usize>() > KEPT {
            self.blocks.pop_front();
        }
        Ok(payload)
    }

    fn column(&self, entry: &Entry<'_>) -> Column {
        let mut of_kernel: Vec<u32> = Vec::with_capacity(self.parents.len());
        let mut log = entry.log.iter().copied().peekable();
        let mut has_modules = false;
        for ((kernel, _), parent) in self.file.units.all().iter().zip(&self.parents) {
            // What stands before it is of modules.
            while log.next_if(|(unit, _)| unit < kernel).is_some() {
                has_modules = true;
            }
            let own = log.next_if(|(unit, _)| unit == kernel).map(|(_, state)| state);
            let inherited = parent.and_then(|parent| of_kernel.get(parent).copied());
            of_kernel.push(own.or(inherited).unwrap_or(0));
        }
        has_modules |= log.next().is_some();
        Column {
            class: entry.class,
            name: entry.name.to_vec(),
            variants: entry.variants.iter().map(|variant| variant.to_vec()).collect(),
            states: entry.states.clone(),
            of_kernel,
            log: if has_modules { entry.log.iter().copied().collect() } else { HashMap::new() },
            has_modules,
        }
    }

    /// The stored modules of a kernel.
    pub(super) fn modules_of(&mut self, kernel: UnitNumber) -> Result<Modules, StoreError> {
        if let Some(known) = self.modules.get(&kernel) {
            return Ok(Rc::clone(known));
        }
        let details = self.file.details(kernel)?;
        let named = details.modules.into_iter().zip(kernel + 1..);
        let modules: Modules = named.map(|((name, _), number)| (name, number)).collect();
        self.modules.insert(kernel, Rc::clone(&modules));
        Ok(modules)
    }

    /// The number of the state that a unit has.
    pub(super) fn state(&mut self, column: usize, unit: Unit) -> Result<u32, StoreError> {
        let of = &self.list[column];
        match unit {
            Unit::Vmlinux(place) => Ok(of.of_kernel.get(place).copied().unwrap_or(0)),
            Unit::Module { .. } if !of.has_modules => Ok(0),
            Unit::Module { module, .. } => self.module_state(column, module),
        }
    }

    fn module_state(&mut self, column: usize, module: UnitNumber) -> Result<u32, StoreError> {
        let mut asked = Vec::new();
        let mut next = Some(module);
        let mut state = 0;
        while let Some(unit) = next {
            if let Some(known) =
                self.module_states.get(&(column, unit)).or_else(|| self.list[column].log.get(&unit))
            {
                state = *known;
                break;
            }
            asked.push(unit);
            next = self.lines.parent(unit, &self.file.units, |kernel| self.file.view.details(kernel))?;
        }
        self.module_states.extend(asked.into_iter().map(|unit| ((column, unit), state)));
        Ok(state)
    }
}
