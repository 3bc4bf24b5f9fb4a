//! Kernels made of types at hand: of a file that somebody gives, or in a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Coverage, Facts, Group, Kernel, KernelName, ShippedBtf};
use crate::btf::Btf;

impl Kernel {
    /// The kernel whose vmlinux has exactly these types, and of which no more is known than its name: its modules are
    /// taken to carry no BTF, and the group is its distribution's.
    ///
    /// Whoever knows more sets it afterwards.
    pub fn of_vmlinux(name: KernelName, vmlinux: Arc<Btf>) -> Self {
        let facts = Facts {
            version: String::new(),
            flavour: String::new(),
            group: Group::Distro(name.distro.clone()),
            btf: ShippedBtf::Vmlinux,
            config: BTreeMap::new(),
            provenance: String::new(),
        };
        Self {
            name,
            aliases: Vec::new(),
            facts,
            coverage: Coverage::Complete,
            vmlinux: Some(vmlinux),
            modules: BTreeMap::new(),
            shipped_modules: None,
            broken_modules: BTreeMap::new(),
            looked: None,
            stored: None,
            has_kernel_ids: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::{Builder, Endian, Kind};
    use crate::kernel::{Absence, Found, Modules};

    #[test]
    fn what_is_not_in_it_is_absent() {
        let mut types = Builder::new(Endian::Big);
        types.int("int", 4, 1);
        let btf = types.finish().and_then(Btf::parse).expect("sound BTF");
        let kernel = Kernel::of_vmlinux(KernelName::new("test", "1", "s390x"), Arc::new(btf));
        assert_eq!(kernel.name.to_string(), "test/1/s390x");
        assert_eq!((kernel.endian(), kernel.is_complete()), (Some(Endian::Big), true));
        let found = kernel.find(&[("int", Kind::Int), ("file", Kind::Struct)], &Modules::All);
        assert!(matches!(found[0], Found::In(_)));
        assert!(matches!(found[1], Found::Absent(Absence::NotInBtf)));
    }
}
