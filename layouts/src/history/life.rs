//! The life of a type: what each kernel says of it, and how it differs between neighbours.

use super::compare::{Comparison, compare};
use super::lookup::{Status, TypeName, lookup};
use crate::kernel::{Group, Kernel};

/// One kernel in a type's life.
#[derive(Debug, Clone)]
pub struct Station<'k> {
    /// The kernel.
    pub kernel: &'k Kernel,
    /// What it says of the type.
    pub status: Status,
}

/// Two neighbours that both have the type, compared.
#[derive(Debug, Clone)]
pub struct Transition<'k> {
    /// The kernel that is compared with.
    pub old: &'k Kernel,
    /// The kernel that is compared.
    pub new: &'k Kernel,
    /// What the old one is called here: within a history its version, else what sets the two apart.
    pub old_label: String,
    /// What the new one is called here.
    pub new_label: String,
    /// The group of the new one.
    pub group: Group,
    /// How their definitions differ.
    pub comparison: Comparison,
}

/// A type over kernels.
#[derive(Debug, Clone)]
pub struct Life<'k> {
    /// Every kernel, in the order given.
    pub stations: Vec<Station<'k>>,
    /// Neighbours, in the order of the later one.
    pub transitions: Vec<Transition<'k>>,
}

/// Follows a type over kernels, as the seed's page does.
///
/// Within a history (the regular group; beyond the seed the kernels of one distribution, architecture and flavour)
/// each kernel that has the type is compared with the one before that has it, whatever lies between. Another
/// architecture or flavour is compared with the regular kernel of its version.
pub fn life<'k>(kernels: &[&'k Kernel], name: &TypeName) -> Life<'k> {
    let stations: Vec<Station<'k>> =
        kernels.iter().map(|&kernel| Station { kernel, status: lookup(kernel, name) }).collect();
    let mut transitions = Vec::new();
    for (index, station) in stations.iter().enumerate() {
        if station.status.definitions().is_empty() {
            continue;
        }
        let neighbour = match station.kernel.facts.group {
            Group::Regular | Group::Distro(_) => {
                stations.iter().take(index).rev().find(|before| is_same_history(before, station))
            }
            Group::Arch | Group::Flavour => stations.iter().find(|other| is_reference(other, station)),
        };
        let Some(neighbour) = neighbour else { continue };
        let (old, new) = (neighbour.kernel, station.kernel);
        transitions.push(Transition {
            old,
            new,
            old_label: label(old, &new.facts.group),
            new_label: label(new, &new.facts.group),
            group: new.facts.group.clone(),
            comparison: compare(&neighbour.status, &station.status),
        });
    }
    Life { stations, transitions }
}

/// Whether both are of one history and have the type.
fn is_same_history(before: &Station<'_>, station: &Station<'_>) -> bool {
    let (a, b) = (before.kernel, station.kernel);
    !before.status.definitions().is_empty()
        && a.facts.group == b.facts.group
        && a.name.distro == b.name.distro
        && a.name.arch == b.name.arch
        && a.facts.flavour == b.facts.flavour
}

/// Whether this is the regular kernel that another architecture or flavour is compared with.
fn is_reference(other: &Station<'_>, station: &Station<'_>) -> bool {
    let (a, b) = (other.kernel, station.kernel);
    let sets_apart = match b.facts.group {
        Group::Arch => a.facts.flavour == b.facts.flavour,
        _ => a.name.arch == b.name.arch,
    };
    !other.status.definitions().is_empty()
        && a.facts.group == Group::Regular
        && a.name.distro == b.name.distro
        && a.facts.version == b.facts.version
        && sets_apart
}

/// What a kernel is called where it is compared within a group.
fn label(kernel: &Kernel, group: &Group) -> String {
    match group {
        Group::Arch => kernel.name.arch.to_string(),
        Group::Flavour => kernel.facts.flavour.clone(),
        Group::Regular => kernel.facts.version.clone(),
        Group::Distro(_) => kernel.name.release.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn labels(patterns: &[&str], name: &str) -> Vec<String> {
        let store = Store::seed().expect("the data are well formed");
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let kernels = store.select(&patterns).expect("the seed has them");
        let life = life(&kernels, &name.parse().expect("it names a type"));
        assert_eq!(life.stations.len(), kernels.len());
        life.transitions.iter().map(|it| format!("{} and {}", it.old_label, it.new_label)).collect()
    }

    #[test]
    fn neighbours_are_the_seeds() {
        let expected = [
            "5.4 and 5.8",
            "5.8 and 5.11",
            "5.11 and 5.13",
            "5.13 and 5.15",
            "5.15 and 5.19",
            "amd64 and ppc64el",
            "generic and azure",
            "generic and gcp",
            "generic and lowlatency",
        ];
        assert_eq!(labels(&[], "vfio_group"), expected);
        assert_eq!(labels(&[], "struct vfio_group"), expected);
    }

    #[test]
    fn neighbours_are_those_that_have_the_type_among_the_chosen() {
        assert_eq!(
            labels(&["5.4", "5.15", "6.2", "azure"], "vfio_group"),
            ["5.4 and 5.15", "generic and azure"]
        );
        // Without the regular kernel of its version a flavour has none to be compared with.
        assert_eq!(labels(&["5.8", "azure", "ppc64el"], "vfio_group"), [""; 0]);
        assert_eq!(labels(&[], "union vfio_group"), [""; 0]);
    }
}
