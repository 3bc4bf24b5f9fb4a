//! Targets that C cannot express.

use anyhow::{Result, bail};
use corecheck_layouts::btf::{Builder, Endian};

use crate::target::Kernel;

/// Their names.
pub const NAMES: [&str; 0] = [];

/// Builds one.
pub fn kernel(name: &str, is_big: bool) -> Result<Kernel> {
    let _ = Builder::new(if is_big { Endian::Big } else { Endian::Little });
    bail!("no target is called {name}")
}
