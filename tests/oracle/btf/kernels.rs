//! The kernels that checks look at.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::health::Unit;

use crate::named;

/// All of them.
pub struct Corpus {
    /// With their modules.
    pub kernels: Vec<WithModules>,
    /// Without, by name.
    pub vmlinuxes: Vec<(String, Arc<Btf>)>,
}

/// A kernel with its modules. Their BTF is read when it is asked for: all together would take gigabytes.
pub struct WithModules {
    /// What it is called, by version.
    pub name: String,
    /// Its vmlinux.
    pub vmlinux: Arc<Btf>,
    /// The modules' names and raw BTF.
    pub modules: Vec<(String, Vec<u8>)>,
}

impl Corpus {
    /// Reads what the arguments name.
    pub fn read(kernels: &[String], vmlinuxes: &[String]) -> Result<Self> {
        let kernels = kernels.iter().map(|argument| {
            let (name, folder) = named(argument)?;
            WithModules::read(name, &folder)
        });
        let vmlinuxes = vmlinuxes.iter().map(|argument| {
            let (name, file) = named(argument)?;
            Ok((name, vmlinux(&file)?))
        });
        Ok(Self { kernels: kernels.collect::<Result<_>>()?, vmlinuxes: vmlinuxes.collect::<Result<_>>()? })
    }

    /// The kernel of this name with its modules.
    pub fn kernel(&self, name: &str) -> Result<&WithModules> {
        self.kernels.iter().find(|kernel| kernel.name == name).with_context(|| format!("no kernel {name}"))
    }

    /// The vmlinux of this name.
    pub fn vmlinux(&self, name: &str) -> Result<&Arc<Btf>> {
        let found = self.vmlinuxes.iter().find(|(known, _)| known == name);
        Ok(&found.with_context(|| format!("no vmlinux {name}"))?.1)
    }

    /// Every vmlinux.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<Btf>)> {
        let with_modules = self.kernels.iter().map(|kernel| (kernel.name.as_str(), &kernel.vmlinux));
        with_modules.chain(self.vmlinuxes.iter().map(|(name, btf)| (name.as_str(), btf)))
    }
}

impl WithModules {
    fn read(name: String, folder: &Path) -> Result<Self> {
        let vmlinux = vmlinux(&folder.join("vmlinux.btf"))?;
        let mut modules = Vec::new();
        let folder = folder.join("modules");
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|extension| extension == "btf") {
                modules.push((name, fs::read(&path)?));
            }
        }
        modules.sort();
        Ok(Self { name, vmlinux, modules })
    }

    /// All units, those included that cannot be read.
    pub fn units(&self) -> Vec<Unit> {
        let vmlinux = Unit { name: "vmlinux".to_owned(), btf: Ok(Arc::clone(&self.vmlinux)) };
        let modules = self.modules.iter().map(|(name, bytes)| {
            let btf = Btf::parse_split(bytes.clone(), Arc::clone(&self.vmlinux));
            Unit { name: name.clone(), btf: btf.map(Arc::new).map_err(Into::into) }
        });
        std::iter::once(vmlinux).chain(modules).collect()
    }
}

fn vmlinux(path: &Path) -> Result<Arc<Btf>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Arc::new(Btf::parse(bytes).with_context(|| format!("in {}", path.display()))?))
}
