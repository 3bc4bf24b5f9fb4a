//! A kernel into the store: whole, or not at all.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

use super::ancestors::Ancestors;
use super::block::{Entry, Stored, block_key, is_border};
use super::borders::Borders;
use super::config;
use super::disk::{Change, meta};
use super::error::StoreError;
use super::interner::Interner;
use super::record::{Details, Head};
use super::rewrite::{Incoming, Rewrite, block_place};
use super::similar::Similar;
use super::units::Units;
use super::{FORMAT, UnitNumber, lineage, require_format};
use crate::btf::{Btf, Endian};
use crate::kernel::{Coverage, Kernel};
use crate::store::content::{Definitions, Namesakes};

/// How hard zstd tries, for stores of users: 6 makes a file smaller by 8 in 100, and an import of a vmlinux longer by 40.
const LEVEL: i32 = 1;

/// A kernel on its way into a store. Nothing is written before [`Import::commit`].
#[derive(Debug)]
pub struct Import {
    head: Head,
    details: Details,
    config: BTreeMap<String, String>,
    interner: Interner,
    /// The vmlinux, then the modules.
    units: Vec<Unit>,
    level: i32,
    /// The namesakes of the vmlinux, on which the modules stand.
    of_base: Option<Namesakes>,
}

#[derive(Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    /// Its definitions, by their numbers in the interner, sorted by key.
    pub(super) definitions: Vec<u32>,
}

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// A kernel of the same name was stored before, and is no longer.
    pub replaced: bool,
    /// Definitions of all units, those that units share counted once.
    pub definitions: u64,
    /// How many of these no unit had that is stored.
    pub new: u64,
}

impl Import {
    /// Takes a kernel with its vmlinux, without modules: they follow one by one, so that they need not be in memory
    /// together.
    ///
    /// # Errors
    /// [`StoreError::Unit`] when its BTF cannot be stored.
    pub fn new(kernel: &Kernel) -> Result<Self, StoreError> {
        let endian = kernel.endian().unwrap_or(Endian::Little);
        let types = kernel.vmlinux.as_ref().map_or(0, |btf| u64::from(btf.type_count() - 1));
        let mut facts = kernel.facts.clone();
        let config = std::mem::take(&mut facts.config);
        let mut import = Self {
            head: Head {
                is_removed: false,
                parent: None,
                endian,
                pointer_size: kernel.vmlinux.as_ref().and_then(|btf| btf.pointer_size()),
                name: kernel.name.clone(),
                aliases: kernel.aliases.clone(),
                facts,
                coverage: kernel.coverage.clone(),
                module_count: 0,
                types,
            },
            details: Details {
                shipped_modules: kernel.shipped_modules.clone(),
                broken_modules: kernel.broken_modules.clone(),
                ..Details::default()
            },
            config,
            interner: Interner::default(),
            units: Vec::new(),
            level: LEVEL,
            of_base: None,
        };
        match &kernel.vmlinux {
            Some(btf) => import.unit("vmlinux", btf)?,
            None => import.units.push(Unit { name: "vmlinux".to_owned(), definitions: Vec::new() }),
        }
        for (name, btf) in &kernel.modules {
            import.module(name, btf)?;
        }
        Ok(import)
    }

    /// How hard zstd tries: 1 to 22.
    #[must_use]
    pub fn compressed(mut self, level: i32) -> Self {
        self.level = level;
        self
    }

    /// Adds the BTF of a module, which stands on the kernel's vmlinux.
    ///
    /// # Errors
    /// [`StoreError::Unit`] when it cannot be stored.
    pub fn module(&mut self, name: &str, btf: &Btf) -> Result<(), StoreError> {
        self.unit(name, btf)
    }

    /// Adds a module whose BTF is broken: what it has is not known.
    pub fn broken_module(&mut self, name: &str, why: &str) {
        self.details.broken_modules.insert(name.to_owned(), why.to_owned());
    }

    /// Says which modules the kernel ships with BTF, whether they are stored or not.
    pub fn ships(&mut self, modules: impl IntoIterator<Item = String>) {
        self.details.shipped_modules = Some(modules.into_iter().collect());
    }

    /// Says how much of the kernel is stored.
    pub fn covers(&mut self, coverage: Coverage) {
        self.head.coverage = coverage;
    }

    fn unit(&mut self, name: &str, btf: &Btf) -> Result<(), StoreError> {
        let wrong = |error| StoreError::Unit { unit: name.to_owned(), error };
        let definitions = match btf.base() {
            Some(base) => {
                // Modules stand on one vmlinux.
                let of_base = self.of_base.get_or_insert_with(|| Namesakes::of(base));
                Definitions::on(btf, of_base)
            }
            None => Definitions::of(btf),
        };
        let definitions = definitions.map_err(wrong)?;
        if btf.base().is_none() {
            // Modules repeat each other; nearly all that a vmlinux has is its own.
            let names: usize = definitions.iter().map(|definition| definition.key.name.len()).sum();
            self.interner.reserve(definitions.as_slice().len(), definitions.bytes() + names);
        }
        let numbers = definitions
            .iter()
            .map(|definition| self.interner.number(definition.key, definitions.content(definition)));
        let numbers = numbers.collect();
        self.units.push(Unit { name: name.to_owned(), definitions: numbers });
        if self.units.len() == 1 {
            self.of_base = Some(definitions.into_namesakes());
        }
        Ok(())
    }

    /// Writes the kernel into the file at `path`, which is made if there is none. Other kernels stay as they are; one
    /// of the same name is replaced.
    ///
    /// # Errors
    /// [`StoreError`]; then the file is as it was.
    pub fn commit(mut self, path: &Path) -> Result<Imported, StoreError> {
        let mut change = Change::begin(path)?;
        if change.is_new() {
            change.put_meta(meta::FORMAT, FORMAT.as_bytes())?;
        } else {
            require_format(change.meta(meta::FORMAT)?)?;
        }
        let units = Units::read(change.heads()?)?;
        let before = Borders::read(change.meta(meta::BORDERS)?)?;
        let number = units.next();

        self.head.parent = self.choose_parent(&change, &units, &before)?;
        self.head.module_count = self.units.len() as u32 - 1;
        let inherited = match self.head.parent {
            Some(parent) => config::whole(&units, parent, |kernel| change.config(kernel))?,
            None => BTreeMap::new(),
        };
        let failed = |error| StoreError::Io { path: path.to_owned(), error };
        let config = config::write(&config::differences(&inherited, &self.config), self.level);
        change.put_config(number, &config.map_err(failed)?)?;
        let parents = self.parents(&change, number)?;
        self.details.modules = self
            .units
            .iter()
            .zip(&parents)
            .skip(1)
            .map(|(unit, &parent)| (unit.name.clone(), parent))
            .collect();

        let (after, new) = self.write_blocks(&mut change, &units, &before, number, &parents)?;
        if after != before {
            change.put_meta(meta::BORDERS, &after.write())?;
        }
        let mut replaced = false;
        for (known, head) in units.all() {
            if !head.is_removed && head.name == self.head.name {
                replaced = true;
                change.put_head(*known, &Head { is_removed: true, ..head.clone() }.write())?;
            }
        }
        change.put_head(number, &self.head.write())?;
        let details = self.details.write(self.level).map_err(failed)?;
        change.put_details(number, &details)?;
        change.commit()?;
        Ok(Imported { replaced, definitions: self.interner.len() as u64, new })
    }

    /// The stored kernel that this one is most like: that has the most blocks alike, out of a sample.
    fn choose_parent(
        &self,
        change: &Change,
        units: &Units,
        borders: &Borders,
    ) -> Result<Option<UnitNumber>, StoreError> {
        /// How many blocks are looked at.
        const SAMPLE: usize = 48;
        let mut alike: HashMap<UnitNumber, usize> = HashMap::new();
        for block in (0..borders.len()).step_by(borders.len().div_ceil(SAMPLE)) {
            let Some(stored) = change.block(borders.key(block))? else { continue };
            let stored =
                Stored::read(&stored).map_err(StoreError::damaged(block_place(borders.key(block))))?;
            let print = self.interner.print(&self.units[0].definitions[self.range(borders, block)]);
            let mut effective: HashMap<UnitNumber, u64> = HashMap::new();
            let logged: HashMap<UnitNumber, u64> = stored.prints.into_iter().collect();
            for (kernel, head) in units.all() {
                let inherited = head.parent.and_then(|parent| effective.get(&parent).copied());
                if let Some(of_kernel) = logged.get(kernel).copied().or(inherited) {
                    effective.insert(*kernel, of_kernel);
                    *alike.entry(*kernel).or_default() += usize::from(of_kernel == print);
                }
            }
        }
        let own = &self.head;
        let minor = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
        let likeness = |(kernel, head): &&(UnitNumber, Head)| {
            (
                head.endian == own.endian,
                alike.get(kernel).copied().unwrap_or(0),
                head.name.arch == own.name.arch,
                minor(&head.facts.version) == minor(&own.facts.version),
                head.name.distro == own.name.distro,
                head.facts.flavour == own.facts.flavour,
                *kernel,
            )
        };
        Ok(units.all().iter().max_by_key(likeness).map(|(kernel, _)| *kernel))
    }

    /// Which of the vmlinux's definitions belong to a block.
    fn range(&self, borders: &Borders, block: usize) -> Range<usize> {
        let definitions = &self.units[0].definitions;
        let start = definitions.partition_point(|&number| borders.of(self.interner.key(number)) < block);
        let end = definitions.partition_point(|&number| borders.of(self.interner.key(number)) <= block);
        start..end
    }

    /// What each unit is compared with: a vmlinux with the chosen kernel's; a module with that kernel's module of the same
    /// name, else with the module of this kernel, before it, with which it shares most.
    fn parents(&self, change: &Change, number: UnitNumber) -> Result<Vec<Option<UnitNumber>>, StoreError> {
        let mut of_name: HashMap<String, UnitNumber> = HashMap::new();
        if self.units.len() > 1
            && let Some(kernel) = self.head.parent
        {
            let modules = lineage::details(kernel, |kernel| change.details(kernel))?.modules;
            of_name.extend((kernel + 1..).zip(modules).map(|(unit, (name, _))| (name, unit)));
        }
        let mut similar = Similar::default();
        let mut parents = vec![self.head.parent];
        for (index, unit) in self.units.iter().enumerate().skip(1) {
            let own = number + index as UnitNumber;
            let nearest = similar.nearest(&unit.definitions);
            parents.push(of_name.get(&unit.name).copied().or(nearest));
            similar.add(own, nearest, &unit.definitions);
        }
        Ok(parents)
    }

    /// Writes every block in which this kernel differs from what it is compared with. Returns the borders as they are then,
    /// and how many definitions are new.
    fn write_blocks(
        &self,
        change: &mut Change,
        units: &Units,
        before: &Borders,
        number: UnitNumber,
        parents: &[Option<UnitNumber>],
    ) -> Result<(Borders, u64), StoreError> {
        let order = self.interner.sorted();
        let keys = || order.iter().map(|&number| self.interner.key(number));
        let after = before.with(
            keys().filter(|&key| is_border(key)).map(|key| block_key(key.class.is_type(), key.essential())),
        );
        // Each unit's definitions, by block.
        let mut parts: Vec<Vec<(usize, Range<usize>)>> = vec![Vec::new(); after.len()];
        let block_of: Vec<u32> = {
            let mut block_of = vec![0; self.interner.len()];
            // Both are sorted.
            let mut block = 0;
            for &number in &order {
                block = after.from(block, self.interner.key(number));
                block_of[number as usize] = block as u32;
            }
            block_of
        };
        for (index, unit) in self.units.iter().enumerate() {
            let mut start = 0;
            for run in unit.definitions.chunk_by(|&a, &b| block_of[a as usize] == block_of[b as usize]) {
                let end = start + run.len();
                parts[block_of[run[0] as usize] as usize].push((index, start..end));
                start = end;
            }
        }
        let ancestors = self.ancestors(change, units, number, parents)?;
        let line = parents.first().copied().flatten().map(|parent| units.line(parent)).unwrap_or_default();
        let import = Incoming { interner: &self.interner, units: &self.units, number, order: &order };
        let mut writer = Rewrite::new(import, parents, &ancestors, &line, self.level)?;
        let mut rest = order.as_slice();
        let mut source: Option<(usize, Option<Vec<u8>>)> = None;
        for (index, part) in parts.iter().enumerate() {
            let first = order.len() - rest.len();
            let own = rest.iter().take_while(|&&n| block_of[n as usize] as usize <= index).count();
            let (own, others) = rest.split_at(own);
            rest = others;
            let key = after.key(index);
            let from = match key.split_first() {
                Some((&kind, name)) => before.find(kind != 0, name),
                None => 0,
            };
            if source.as_ref().is_none_or(|(loaded, _)| *loaded != from) {
                source = Some((from, change.block(before.key(from))?));
            }
            let stored = source.as_ref().and_then(|(_, stored)| stored.as_deref());
            let next_is_new = index + 1 < after.len() && !before.contains(after.key(index + 1));
            let is_cut = !before.contains(key) || next_is_new;
            let in_block = |entry: &Entry<'_>| after.of(entry.key()) == index;
            let cut: Option<&dyn Fn(&Entry<'_>) -> bool> = if is_cut { Some(&in_block) } else { None };
            if let Some(block) = writer.block(key, part, first, own, stored, cut)? {
                change.put_block(key, &block)?;
            }
        }
        Ok((after, writer.new))
    }

    /// The stored units that units of this kernel are compared with, with all that these stand on.
    fn ancestors(
        &self,
        change: &Change,
        units: &Units,
        number: UnitNumber,
        parents: &[Option<UnitNumber>],
    ) -> Result<Ancestors, StoreError> {
        let mut of_modules = lineage::Modules::default();
        let stored = parents.iter().enumerate().filter_map(|(index, &parent)| Some((index, parent?)));
        let stored = stored.filter(|&(_, parent)| parent < number);
        Ancestors::of(stored, |unit, is_vmlinux| {
            if is_vmlinux {
                Ok(units.head(unit).and_then(|head| head.parent))
            } else {
                of_modules.parent(unit, units, |kernel| change.details(kernel))
            }
        })
    }
}
