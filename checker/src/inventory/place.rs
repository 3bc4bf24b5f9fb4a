//! Which kernels at hand a fleet's releases are.

use corecheck_layouts::kernel::{Kernel, KernelName};

use super::adding::how_to_add;
use super::near::nearest;
use super::read::{Inventory, Line};
use crate::report::model::{FleetEntry, MissingEntry};

/// A fleet's kernels, as far as they are at hand.
#[derive(Debug, Clone, Default)]
pub struct Placed {
    /// Releases with the kernels that are called so: several where the architecture, or who built it, is not told.
    pub at_hand: Vec<FleetEntry>,
    /// Releases that no kernel has.
    pub missing: Vec<MissingEntry>,
}

impl Placed {
    /// Whether a kernel runs on some machine of the fleet.
    pub fn has(&self, kernel: &KernelName) -> bool {
        let name = kernel.to_string();
        self.at_hand.iter().any(|entry| entry.kernels.contains(&name))
    }
}

/// Finds a fleet's releases among these kernels.
pub fn place(inventory: &Inventory, kernels: &[&Kernel]) -> Placed {
    let mut placed = Placed::default();
    for line in &inventory.lines {
        let (release, arch, machines) = (line.release.clone(), line.arch.clone(), line.machines);
        let called: Vec<String> = kernels
            .iter()
            .filter(|kernel| is_called(&kernel.name, line))
            .map(|kernel| kernel.name.to_string())
            .collect();
        if called.is_empty() {
            let near = nearest(line, kernels).map(|kernel| kernel.name.to_string());
            let add = how_to_add(line);
            placed.missing.push(MissingEntry { release, arch, machines, near, add, standing: None });
        } else {
            placed.at_hand.push(FleetEntry { release, arch, machines, kernels: called });
        }
    }
    placed
}

fn is_called(name: &KernelName, line: &Line) -> bool {
    name.release == line.release && line.arch.as_ref().is_none_or(|arch| arch == name.arch.as_str())
}
