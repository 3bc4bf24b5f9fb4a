//! The distinct layouts of a type, each with the kernels that share it.

use super::layout::{Depth, Layout, layout};
use super::life::Station;
use super::lookup::{Status, TypeName, lookup};
use crate::kernel::Kernel;

/// One definition with the unit that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// `vmlinux` or the module.
    pub unit: String,
    /// How it is laid out, all that it holds included.
    pub layout: Layout,
}

/// What some kernels say alike of a name.
#[derive(Debug, Clone)]
pub struct Shared<'k> {
    /// Every definition of the name, in the order in which a loader sees them.
    pub definitions: Vec<Placed>,
    /// The kernels, in their order.
    pub kernels: Vec<&'k Kernel>,
}

/// A name on kernels, equal layouts together.
#[derive(Debug, Clone)]
pub struct Distinct<'k> {
    /// In the order of the first kernel of each.
    pub shared: Vec<Shared<'k>>,
    /// The kernels that have no such type, or do not tell.
    pub others: Vec<Station<'k>>,
}

/// Lays a type out on kernels. Those that lay it and all that it holds out alike come together.
pub fn distinct<'k>(kernels: &[&'k Kernel], name: &TypeName) -> Distinct<'k> {
    let mut distinct = Distinct { shared: Vec::new(), others: Vec::new() };
    for &kernel in kernels {
        let status = lookup(kernel, name);
        let Status::Present(definitions) = &status else {
            distinct.others.push(Station { kernel, status });
            continue;
        };
        let placed = definitions.iter().map(|definition| Placed {
            unit: definition.unit.clone(),
            layout: layout(&definition.btf, definition.id, Depth::All),
        });
        let definitions: Vec<Placed> = placed.collect();
        match distinct.shared.iter_mut().find(|shared| shared.definitions == definitions) {
            Some(shared) => shared.kernels.push(kernel),
            None => distinct.shared.push(Shared { definitions, kernels: vec![kernel] }),
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn kernels_that_lay_out_alike_come_together() {
        let store = Store::seed().expect("the data are well formed");
        let kernels: Vec<&Kernel> = store.kernels().iter().collect();
        let distinct = distinct(&kernels, &"vfio_group".parse().expect("it names a type"));
        let shared: Vec<Vec<&str>> = distinct
            .shared
            .iter()
            .map(|shared| shared.kernels.iter().map(|kernel| kernel.aliases[0].as_str()).collect())
            .collect();
        let expected = [
            vec!["5.4", "azure", "gcp", "lowlatency"],
            vec!["5.8"],
            vec!["5.11", "5.13"],
            vec!["5.15"],
            vec!["5.19"],
            vec!["ppc64el"],
        ];
        assert_eq!(shared, expected);
        let counts: Vec<usize> = distinct.shared.iter().map(|shared| shared.definitions.len()).collect();
        assert_eq!(counts, [2, 2, 2, 1, 1, 1]);
        assert_eq!(distinct.others.len(), 15);
    }
}
