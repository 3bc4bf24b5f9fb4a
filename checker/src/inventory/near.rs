//! The kernel at hand that is most like one that is not.

use std::cmp::Reverse;

use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::source::gather::OfRelease;

use super::read::Line;

/// The kernel of the nearest version among those that have most in common: architecture, then distribution, then flavour. Its
/// verdict is no verdict about the other.
pub(super) fn nearest<'k>(line: &Line, kernels: &[&'k Kernel]) -> Option<&'k Kernel> {
    let told = OfRelease::new(&line.release);
    let arch = line.arch.as_ref().or(told.arch.as_ref());
    let wanted = numbers(&told.version);
    let likeness = |kernel: &Kernel| {
        let has_arch = arch.is_none_or(|arch| arch == kernel.name.arch.as_str());
        let has_distro = told.distro.as_ref() == Some(&kernel.name.distro);
        (has_arch, has_distro, kernel.facts.flavour == told.flavour)
    };
    // The first of those that are equally near, in the store's order.
    kernels
        .iter()
        .copied()
        .min_by_key(|kernel| (Reverse(likeness(kernel)), distance(wanted, numbers(&kernel.facts.version))))
}

/// The first three numbers of a version.
fn numbers(version: &str) -> [u64; 3] {
    let mut all = version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| all.next().unwrap_or(0))
}

fn distance(one: [u64; 3], other: [u64; 3]) -> [u64; 3] {
    [0, 1, 2].map(|at| one[at].abs_diff(other[at]))
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::store::Store;

    use super::*;

    #[test]
    fn the_nearest_has_most_in_common() {
        let store = Store::embedded().expect("the data are well formed");
        let kernels: Vec<&Kernel> = store.kernels().iter().collect();
        let near = |release: &str, arch: Option<&str>| {
            let line = Line { release: release.to_owned(), arch: arch.map(str::to_owned), machines: 1 };
            nearest(&line, &kernels).expect("there are some").name.to_string()
        };
        assert_eq!(near("5.15.0-119-generic", None), "ubuntu/5.15.0-25-generic/amd64");
        assert_eq!(near("5.15.0-1070-azure", None), "ubuntu/5.4.0-1010-azure/amd64");
        assert_eq!(near("6.1.0-18-cloud-amd64", None), "debian/6.1.0-56-cloud-amd64/amd64");
        assert_eq!(near("6.2.0-26-generic", Some("arm64")), "ubuntu/5.4.0-26-generic/arm64");
        assert!(near("6.8.5-301.fc40.x86_64", None).ends_with("/amd64"));
    }
}
