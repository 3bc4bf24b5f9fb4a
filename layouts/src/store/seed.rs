//! The seed's kernels, from the data files under `layouts/data/seed`.
//!
//! Every table is parsed once, when the store is made, and its BTF is shared by the kernels that define all types
//! alike. Parsing them on demand was weighed and left: all tables together cost less than a millisecond, and a
//! check of all kernels needs every one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::btf::Btf;
use crate::kernel::{Arch, Coverage, Facts, Group, Kernel, KernelName, Place, ShippedBtf};
use crate::source::table::tsv::{Format, Line};
use crate::source::table::{self, Machine, TableError};

/// The type that these kernels are stored with.
const TYPE: &str = "vfio_group";
/// The module that has it, where vmlinux has not: `drivers/vfio/vfio.c` is built by `CONFIG_VFIO`.
const MODULE: &str = "vfio";
const OPTION: &str = "CONFIG_VFIO";

const KERNELS: File = File {
    path: "layouts/data/seed/kernels.tsv",
    text: include_str!("../../data/seed/kernels.tsv"),
    format: Format { name: "corecheck.kernels", version: 1, columns: 7 + CONFIG.len() + 2 },
};
const PROVENANCE: File = File {
    path: "layouts/data/seed/provenance.tsv",
    text: include_str!("../../data/seed/provenance.tsv"),
    format: Format { name: "corecheck.provenance", version: 1, columns: 2 },
};
/// The columns of `kernels.tsv` that hold configuration, after the first seven.
const CONFIG: [&str; 6] = [
    OPTION,
    "CONFIG_KVM",
    "CONFIG_DEBUG_INFO_BTF",
    "CONFIG_DEBUG_INFO_BTF_MODULES",
    "CONFIG_VFIO_NOIOMMU",
    "CONFIG_KPROBES",
];

/// The layout tables by the name that `kernels.tsv` gives them.
const TABLES: [(&str, &str); 6] = [
    ("5.4-amd64", include_str!("../../data/seed/vfio_group/5.4-amd64.tsv")),
    ("5.4-ppc64el", include_str!("../../data/seed/vfio_group/5.4-ppc64el.tsv")),
    ("5.8-amd64", include_str!("../../data/seed/vfio_group/5.8-amd64.tsv")),
    ("5.11-amd64", include_str!("../../data/seed/vfio_group/5.11-amd64.tsv")),
    ("5.15-amd64", include_str!("../../data/seed/vfio_group/5.15-amd64.tsv")),
    ("5.19-amd64", include_str!("../../data/seed/vfio_group/5.19-amd64.tsv")),
];

struct File {
    path: &'static str,
    text: &'static str,
    format: Format,
}

impl File {
    fn lines(&self) -> Result<Vec<Line<'static>>, TableError> {
        self.format.read(self.path, self.text)
    }
}

/// The seed's kernels, in its order.
pub(super) fn kernels() -> Result<Vec<Kernel>, TableError> {
    let provenance = PROVENANCE.lines()?.into_iter().map(|line| (line.cells[0], line.cells[1])).collect();
    let mut reader = Reader { provenance, tables: HashMap::new() };
    KERNELS.lines()?.iter().map(|line| reader.kernel(line)).collect()
}

struct Reader {
    provenance: HashMap<&'static str, &'static str>,
    /// Tables that were parsed, with the machine they were parsed for.
    tables: HashMap<&'static str, (Machine, Arc<Btf>)>,
}

impl Reader {
    fn kernel(&mut self, line: &Line<'static>) -> Result<Kernel, TableError> {
        let wrong = |what: String| TableError::new(KERNELS.path, line.number, what);
        let (own, rest) = line.cells.split_at(7);
        let (config, rest) = rest.split_at(CONFIG.len());
        let &[group, aliases, distro, release, arch, version, flavour] = own else {
            return Err(wrong("too few cells".to_owned()));
        };
        let &[layouts, provenance] = rest else { return Err(wrong("too few cells".to_owned())) };
        let group = match group {
            "regular" => Group::Regular,
            "arch" => Group::Arch,
            "flavour" => Group::Flavour,
            other => return Err(wrong(format!("{other:?} is no group"))),
        };
        let arch = Arch::new(arch);
        let config: BTreeMap<&str, &str> = CONFIG.into_iter().zip(config.iter().copied()).collect();
        let option = |name: &str| config.get(name).copied().unwrap_or_default();
        let (vmlinux, place) = match (layouts, option(OPTION)) {
            ("-", "m") => (None, Place::Module(MODULE.to_owned())),
            ("-", "n") => (None, Place::NotConfigured(OPTION.to_owned())),
            (table, "y") if table != "-" => (Some(self.table(line, table, &arch)?), Place::Vmlinux),
            (table, option) => return Err(wrong(format!("layouts {table:?} with {OPTION}={option}"))),
        };
        let btf = match (option("CONFIG_DEBUG_INFO_BTF"), option("CONFIG_DEBUG_INFO_BTF_MODULES")) {
            ("n", "n") => ShippedBtf::None,
            ("y", "n") => ShippedBtf::Vmlinux,
            ("y", "y") => ShippedBtf::VmlinuxAndModules,
            other => return Err(wrong(format!("BTF of vmlinux and of modules: {other:?}"))),
        };
        let sentence = |key| self.provenance.get(key).copied().ok_or_else(|| wrong(format!("no {key:?}")));
        let sentences: Vec<&str> = provenance.split(',').map(sentence).collect::<Result<_, _>>()?;
        Ok(Kernel {
            name: KernelName { distro: distro.to_owned(), release: release.to_owned(), arch },
            aliases: aliases.split(',').map(str::to_owned).collect(),
            facts: Facts {
                version: version.to_owned(),
                flavour: flavour.to_owned(),
                group,
                btf,
                config: config.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                provenance: sentences.join(" "),
            },
            coverage: Coverage::Partial(BTreeMap::from([(TYPE.to_owned(), place)])),
            vmlinux,
            modules: BTreeMap::new(),
            shipped_modules: None,
            broken_modules: BTreeMap::new(),
            looked: None,
            stored: None,
            has_kernel_ids: false,
        })
    }

    /// The BTF of a table, parsed when it is first asked for.
    fn table(&mut self, line: &Line<'_>, name: &'static str, arch: &Arch) -> Result<Arc<Btf>, TableError> {
        let wrong = |what: String| TableError::new(KERNELS.path, line.number, what);
        let (Some(endian), Some(pointer_size)) = (arch.endian(), arch.pointer_size()) else {
            return Err(wrong(format!("architecture {arch} is not known")));
        };
        let machine = Machine { endian, pointer_size };
        if let Some((of, btf)) = self.tables.get(name) {
            if *of != machine {
                return Err(wrong(format!("layouts {name:?} are of another byte order or pointer size")));
            }
            return Ok(Arc::clone(btf));
        }
        let text = TABLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        let text = text.ok_or_else(|| wrong(format!("layouts {name:?} are not there")))?;
        let btf = table::parse(&format!("layouts/data/seed/vfio_group/{name}.tsv"), text, machine)?;
        let btf = Arc::new(btf);
        self.tables.insert(name, (machine, Arc::clone(&btf)));
        Ok(btf)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_is_used_and_shared() {
        let kernels = kernels().expect("the data are well formed");
        let stored: Vec<_> = kernels.iter().filter_map(|kernel| kernel.vmlinux.as_ref()).collect();
        let distinct: BTreeSet<_> = stored.iter().map(|btf| Arc::as_ptr(btf)).collect();
        assert_eq!((kernels.len(), stored.len(), distinct.len()), (25, 10, TABLES.len()));
        // No two tables say the same.
        let contents: BTreeSet<_> = stored.iter().map(|btf| btf.bytes()).collect();
        assert_eq!(contents.len(), TABLES.len());
    }

    #[test]
    fn names_are_unique_and_facts_told() {
        let kernels = kernels().expect("the data are well formed");
        let names: BTreeSet<_> = kernels.iter().map(|kernel| kernel.name.to_string()).collect();
        let aliases: Vec<_> = kernels.iter().flat_map(|kernel| &kernel.aliases).collect();
        let distinct: BTreeSet<_> = aliases.iter().copied().chain(&names).collect();
        assert_eq!(distinct.len(), 25 + aliases.len());
        let of = |alias: &str| {
            let known = kernels.iter().find(|kernel| kernel.aliases.iter().any(|own| own == alias));
            known.expect("it is an alias of the seed")
        };
        assert_eq!(of("5.4").name.to_string(), "ubuntu/5.4.0-26-generic/amd64");
        assert_eq!(of("generic").name, of("5.4").name);
        assert_eq!(of("amd64").name, of("5.4").name);
        assert_eq!(of("azure").facts.flavour, "azure");
        assert_eq!(of("5.4").facts.btf, ShippedBtf::None);
        assert_eq!(of("5.8").facts.btf, ShippedBtf::Vmlinux);
        assert_eq!(of("5.11").facts.btf, ShippedBtf::VmlinuxAndModules);
        assert_eq!(of("armhf").facts.config["CONFIG_KVM"], "n");
        let place = |alias: &str| match &of(alias).coverage {
            Coverage::Partial(listed) => listed[TYPE].clone(),
            Coverage::Complete | Coverage::Vmlinux(_) => panic!("{alias} is stored in part"),
        };
        assert_eq!(place("riscv64"), Place::NotConfigured(OPTION.to_owned()));
        assert_eq!(place("6.8"), Place::Module(MODULE.to_owned()));
        assert_eq!(place("5.19"), Place::Vmlinux);
        assert!(of("azure").facts.provenance.contains("inferred from CONFIG_VFIO_IOMMU_TYPE1=y, not seen"));
        assert!(!of("5.4").facts.provenance.contains("inferred"));
    }
}
