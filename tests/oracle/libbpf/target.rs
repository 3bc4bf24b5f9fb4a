//! A target, as both sides read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::{self, KernelName, Modules, ShippedBtf};

use crate::ffi::Types;
use crate::libbpf::Target;

/// One kernel.
pub struct Kernel {
    /// For corecheck.
    pub ours: kernel::Kernel,
    /// Its modules: all are loaded.
    pub loaded: Modules,
    /// For libbpf: the main BTF, and those of modules.
    main: Types<'static>,
    modules: Vec<Vec<u8>>,
}

impl Kernel {
    /// A kernel with this BTF, and modules with these on top of it.
    pub fn of(main: &[u8], modules: &[(&str, Vec<u8>)]) -> Result<Self> {
        let btf = Arc::new(Btf::parse(main.to_vec()).context("corecheck cannot read this BTF")?);
        let split = |bytes: &Vec<u8>| Btf::parse_split(bytes.clone(), Arc::clone(&btf)).map(Arc::new);
        let of_modules: Result<BTreeMap<_, _>, _> =
            modules.iter().map(|(name, bytes)| Ok(((*name).to_owned(), split(bytes)?))).collect();
        let of_modules = of_modules.map_err(|error: corecheck_layouts::btf::BtfError| error)?;
        let mut ours = kernel::Kernel::of_vmlinux(KernelName::new("local", "0", "unknown"), btf);
        if !of_modules.is_empty() {
            ours.facts.btf = ShippedBtf::VmlinuxAndModules;
        }
        ours.modules = of_modules;
        let loaded = Modules::Only(ours.modules.keys().cloned().collect());
        let modules = modules.iter().map(|(_, bytes)| bytes.clone()).collect();
        Ok(Self { ours, loaded, main: Types::read(main, None)?, modules })
    }

    /// Lends libbpf's reading of it.
    pub fn with<R>(&self, use_it: impl FnOnce(&Target<'_>) -> Result<R>) -> Result<R> {
        let modules: Result<Vec<Types<'_>>> =
            self.modules.iter().map(|bytes| Types::read(bytes, Some(&self.main))).collect();
        let modules = modules?;
        use_it(&Target { main: &self.main, modules: modules.iter().collect() })
    }
}
