//! Configurations of kernels: of each what differs from its parent's, for kernels of one distribution have most options alike.
//! They stand apart from the rest that is known of a kernel, because few questions need their ten thousand options.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use super::super::bytes::{Damage, Put, Reader};
use super::UnitNumber;
use super::error::StoreError;
use super::sealed;
use super::units::Units;

/// Options of a kernel's configuration.
pub(super) type Config = BTreeMap<String, String>;

/// Options that differ from the parent's; `None` for those that only the parent has.
type Differences = BTreeMap<String, Option<String>>;

/// What turns `from` into `to`.
pub(super) fn differences(from: &Config, to: &Config) -> Differences {
    let changed = to.iter().filter(|(option, value)| from.get(*option) != Some(value));
    let changed = changed.map(|(option, value)| (option.clone(), Some(value.clone())));
    let gone = from.keys().filter(|option| !to.contains_key(*option)).map(|option| (option.clone(), None));
    changed.chain(gone).collect()
}

/// Differences as they are stored.
pub(super) fn write(config: &Differences, level: i32) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    out.put_number(config.len() as u64);
    for (option, value) in config {
        out.put_bytes(option.as_bytes());
        out.push(u8::from(value.is_some()));
        if let Some(value) = value {
            out.put_bytes(value.as_bytes());
        }
    }
    sealed::pack(&out, level)
}

/// Makes one configuration of its parent's.
pub(super) fn apply(stored: &[u8], config: &mut Config) -> Result<(), Damage> {
    apply_some(stored, |_| true, config)
}

/// As [`apply`], of these options alone.
fn apply_some(stored: &[u8], wanted: impl Fn(&str) -> bool, config: &mut Config) -> Result<(), Damage> {
    let plain = sealed::unpack(stored)?;
    let mut input = Reader::new(&plain);
    for _ in 0..input.count(2)? {
        let option = input.text()?;
        let is_there = input.byte()? != 0;
        let value = if is_there { input.text()? } else { "" };
        match is_there {
            _ if !wanted(option) => {}
            true => drop(config.insert(option.to_owned(), value.to_owned())),
            false => drop(config.remove(option)),
        }
    }
    Ok(())
}

/// The whole configuration of a kernel.
pub(super) fn whole(
    units: &Units,
    kernel: UnitNumber,
    read: impl Fn(UnitNumber) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<Config, StoreError> {
    let mut line: Vec<UnitNumber> = units.line(kernel).into_iter().collect();
    line.sort_unstable();
    let mut config = Config::new();
    for kernel in line {
        if let Some(stored) = read(kernel)? {
            let damaged = StoreError::damaged(format!("the configuration of kernel {kernel}"));
            apply(&stored, &mut config).map_err(damaged)?;
        }
    }
    Ok(config)
}

/// Some options of many kernels: what kernels have been compared with is read once.
#[derive(Debug)]
pub(super) struct Options<'o> {
    wanted: &'o BTreeSet<String>,
    known: HashMap<UnitNumber, Rc<Config>>,
}

impl<'o> Options<'o> {
    pub(super) fn new(wanted: &'o BTreeSet<String>) -> Self {
        Self { wanted, known: HashMap::new() }
    }

    /// Those of a kernel that its configuration mentions.
    pub(super) fn of(
        &mut self,
        units: &Units,
        kernel: UnitNumber,
        read: impl Fn(UnitNumber) -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<Config, StoreError> {
        // What it was compared with has a lower number always: see `Units::read`.
        let mut line = Vec::new();
        let mut next = Some(kernel);
        while let Some(unread) = next.filter(|number| !self.known.contains_key(number)) {
            line.push(unread);
            next = units.head(unread).and_then(|head| head.parent);
        }
        let mut config = next.and_then(|known| self.known.get(&known)).cloned().unwrap_or_default();
        for kernel in line.into_iter().rev() {
            if let Some(stored) = read(kernel)? {
                let damaged = StoreError::damaged(format!("the configuration of kernel {kernel}"));
                let config = Rc::make_mut(&mut config);
                apply_some(&stored, |option| self.wanted.contains(option), config).map_err(damaged)?;
            }
            self.known.insert(kernel, Rc::clone(&config));
        }
        Ok(Config::clone(&config))
    }
}
