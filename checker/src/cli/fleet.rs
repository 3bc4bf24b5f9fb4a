//! `--inventory`: where the list of a fleet's kernels is, and what it says.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use corecheck_layouts::kernel::Kernel;

use crate::inventory::{self, Inventory, Placed};
use crate::report::Report;
use crate::report::model::InventoryEntry;

/// No fleet's list is longer, in bytes.
const LONGEST: u64 = 256 << 20;

/// A fleet.
#[derive(Debug)]
pub(super) struct Fleet {
    file: String,
    inventory: Inventory,
}

impl Fleet {
    /// Reads the list; `-` is standard input, unless an object comes from there.
    pub(super) fn read(file: &Path, objects: &[PathBuf]) -> anyhow::Result<Self> {
        let name = file.display().to_string();
        let is_stdin = name == "-";
        if is_stdin && objects.iter().any(|object| object == file) {
            bail!("an object and the inventory cannot both come from standard input");
        }
        let mut bytes = Vec::new();
        let mut read = || -> std::io::Result<usize> {
            match is_stdin {
                true => std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes),
                false => std::fs::File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes),
            }
        };
        read().with_context(|| format!("the inventory {name} cannot be read"))?;
        if bytes.len() as u64 > LONGEST {
            bail!("the inventory {name} has more than {LONGEST} bytes: `sort | uniq -c` makes it short");
        }
        let text = String::from_utf8_lossy(&bytes);
        let inventory = inventory::read(&text).with_context(|| format!("the inventory {name}"))?;
        Ok(Self { file: name, inventory })
    }

    /// Finds its kernels among those at hand.
    pub(super) fn place(&self, kernels: &[&Kernel]) -> Placed {
        inventory::place(&self.inventory, kernels)
    }

    /// What the report says of it.
    pub(super) fn entry(&self, placed: Placed, report: &Report) -> InventoryEntry {
        inventory::entry(self.file.clone(), self.inventory.machines, placed, report)
    }
}
