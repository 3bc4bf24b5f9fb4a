//! What a kernel is called, and whether there is one at all, once all its parts are read.

use std::collections::BTreeSet;

use super::super::archive::Package;
use super::super::error::{Problem, SourceError};
use super::assemble::Assembly;
use super::error::GatherError;
use super::facts;
use super::found::FoundKernel;
use super::module::{Expected, Modules};
use super::options::{ModulesWanted, Options};

impl Assembly {
    /// The kernel that was found, or why there is none. `first`: the file to name when nothing was found.
    pub(super) fn finish(self, first: &str, options: &Options) -> Result<FoundKernel, GatherError> {
        let Self { failed, mut problems, release, .. } = self;
        let Some(kernel) = self.kernel else {
            problems.splice(0..0, failed);
            if problems.is_empty() {
                let problem = match &release {
                    Some(release) if !self.modules.is_empty() => {
                        Problem::OnlyModules { release: release.clone() }
                    }
                    _ => Problem::NothingInIt,
                };
                problems.push(SourceError::new(first, problem));
            }
            return Err(GatherError { problems });
        };
        let known = &options.overrides;
        let own_release = kernel.release.clone().or_else(|| release.clone());
        let told = known.release.clone().or(release).or_else(|| named_after_release(&kernel.name));
        let has_release = told.is_some();
        let release = told.unwrap_or_else(|| stem(&kernel.name));
        let banner = self.banner.as_deref();
        let vendors: Vec<&str> = self.packages.iter().map(|package| package.vendor.as_str()).collect();
        let versions: Vec<&str> = self.packages.iter().map(|package| package.version.as_str()).collect();
        let distro = known
            .distro
            .clone()
            .or_else(|| facts::distro(banner, Some(&release), &vendors, None))
            .or_else(|| self.hub.as_ref().map(|(distro, _)| distro.clone()))
            .or(self.os_release);
        let package_arch = self.packages.iter().map(|package| facts::debian_arch(&package.arch)).next();
        let arch = known
            .arch
            .clone()
            .or_else(|| kernel.arch.map(str::to_owned))
            .or(package_arch)
            .or(self.arch)
            .or_else(|| self.hub.map(|(_, arch)| arch));
        let version = known.version.clone();
        let version =
            version.unwrap_or_else(|| facts::version(banner, &release, distro.as_deref(), &versions));
        let flavour = known.flavour.clone().unwrap_or_else(|| facts::flavour(&release));
        let provenance = provenance(&self.packages, &self.paths);
        let shipped: BTreeSet<String> = self.modules.values().map(|module| module.name.clone()).collect();
        let listed = match options.modules {
            ModulesWanted::All => self.modules.into_values().collect(),
            ModulesWanted::Names | ModulesWanted::None => Vec::new(),
        };
        // What was said on the command line about the release need not be what modules say.
        let expected =
            Expected { release: own_release.filter(|_| known.release.is_none()), endian: kernel.endian };
        let modules = Modules::new(listed, expected);
        let config = self.config.unwrap_or_default();
        let configured = config.get("CONFIG_DEBUG_INFO_BTF_MODULES").map(|value| value == "y");
        // Older kernels do not have the option; a configuration that has the one for vmlinux was read whole.
        let configured = configured.or_else(|| config.contains_key("CONFIG_DEBUG_INFO_BTF").then_some(false));
        let modules_have_btf = modules.have_btf().or(configured);
        Ok(FoundKernel {
            distro: distro.unwrap_or_else(|| "local".to_owned()),
            release,
            has_release,
            version,
            flavour,
            arch,
            banner: self.banner,
            config,
            provenance,
            kind: kernel.kind,
            endian: kernel.endian,
            vmlinux: kernel.bytes,
            shipped_modules: (!shipped.is_empty()).then_some(shipped),
            builtin_modules: self.builtin,
            modules_have_btf,
            problems,
            modules: Some(modules),
        })
    }
}

/// The name of a file without its folders: what stands for a release that nothing tells.
fn stem(file: &str) -> String {
    file.rsplit('/').next().unwrap_or(file).to_owned()
}

/// The release that a file is named after, as BTFHub's are: raw BTF does not tell it.
fn named_after_release(file: &str) -> Option<String> {
    let release = stem(file).strip_suffix(".btf").map(str::to_owned)?;
    release.starts_with(|first: char| first.is_ascii_digit()).then_some(release)
}

/// "package linux-image-6.1.0-56-amd64 6.1.192-2 (amd64)", or the paths that were given.
fn provenance(packages: &[Package], paths: &[String]) -> String {
    let mut told: Vec<String> = packages
        .iter()
        .map(|package| format!("package {} {} ({})", package.name, package.version, package.arch))
        .collect();
    told.extend(paths.iter().map(|path| format!("given as {path}")));
    told.join(", ")
}
