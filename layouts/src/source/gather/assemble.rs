//! One kernel, out of its parts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::super::archive::{Flow, Item, Package};
use super::super::error::{Problem, SourceError};
use super::super::found::{Compression, FoundBtf, SourceKind};
use super::super::{MAX_DECOMPRESSED_BYTES, MAX_FILE_BYTES, detect, elf, open, payload, read_file};
use super::error::GatherError;
use super::found::FoundKernel;
use super::module::{Expected, Kept, Listed, Modules};
use super::options::{ModulesWanted, OnProgress, Options, Progress};
use super::part::{self, Form, Part};
use super::place::{self, Role};
use super::survey::Group;
use super::{MAX_KEPT_BYTES, MAX_MODULE_BYTES, MAX_TEXT_BYTES, dwarf, facts, folder, kconfig, module};

/// Reads the parts of one kernel.
pub(super) fn kernel(
    group: &Group,
    options: &Options,
    progress: &mut OnProgress<'_>,
) -> Result<FoundKernel, GatherError> {
    let mut assembly = Assembly::new(group.release.clone(), options.modules);
    let mut parts: Vec<&Arc<Part>> = group.parts.iter().collect();
    parts.sort_by_key(|part| (part.debug, !matches!(part.form, Form::Kernel(_))));
    for part in parts {
        assembly.part(part, progress);
    }
    assembly.finish(group, options)
}

/// What has been found so far.
struct Assembly {
    release: Option<String>,
    wanted: ModulesWanted,
    kernel: Option<FoundBtf>,
    /// Kernels that gave no BTF, and why. Of no interest once one does.
    failed: Vec<SourceError>,
    problems: Vec<SourceError>,
    banner: Option<String>,
    config: Option<BTreeMap<String, String>>,
    builtin: Option<BTreeSet<String>>,
    os_release: Option<String>,
    hub: Option<(String, String)>,
    arch: Option<String>,
    packages: Vec<Package>,
    paths: Vec<String>,
    /// Modules by the name of their file.
    modules: BTreeMap<String, Listed>,
    kept: u64,
}

impl Assembly {
    fn new(release: Option<String>, wanted: ModulesWanted) -> Self {
        Self {
            release,
            wanted,
            kernel: None,
            failed: Vec::new(),
            problems: Vec::new(),
            banner: None,
            config: None,
            builtin: None,
            os_release: None,
            hub: None,
            arch: None,
            packages: Vec::new(),
            paths: Vec::new(),
            modules: BTreeMap::new(),
            kept: 0,
        }
    }

    fn part(&mut self, part: &Part, progress: &mut OnProgress<'_>) {
        let name = part.path.display().to_string();
        match &part.form {
            Form::Kernel(found) => {
                self.paths.push(name);
                self.hub = self.hub.take().or_else(|| facts::hub_path(&part.path));
                self.take_kernel((**found).clone());
            }
            Form::Module => self.list(&name, &name, Kept::File(part.path.clone()), false),
            Form::Root => {
                self.paths.push(name);
                self.folder(&part.path, progress);
            }
            Form::Live => {
                self.paths.push("the running kernel".to_owned());
                self.live(&part.path, progress);
            }
            Form::Archive { format, compression } => {
                // What is only for debuggers is large, and has nothing new once there is better.
                let modules_done = self.wanted != ModulesWanted::All || !self.modules.is_empty();
                if part.debug && self.kernel.is_some() && modules_done {
                    return;
                }
                self.hub = self.hub.take().or_else(|| facts::hub_path(&part.path));
                match &part.package {
                    Some(package) => self.packages.push(package.clone()),
                    None => self.paths.push(name.clone()),
                }
                let walked = part::walk(&part.path, *format, *compression, progress, &mut |item| {
                    if let Item::File { path, size, content } = item {
                        self.entry(&name, path, size, content);
                    }
                    if self.wanted == ModulesWanted::None && self.kernel.is_some() && self.config.is_some() {
                        Flow::Break(())
                    } else {
                        Flow::Continue(())
                    }
                });
                if let Err(problem) = walked {
                    self.problems.push(SourceError::new(&name, problem));
                }
            }
        }
    }

    /// A file of an archive.
    fn entry(&mut self, archive: &str, path: &str, size: u64, content: &mut dyn Read) {
        let Some(place) = self.place(path) else { return };
        let file = format!("{archive}: {path}");
        let limit = match place.role {
            Role::Kernel => MAX_FILE_BYTES,
            Role::Module => MAX_MODULE_BYTES,
            Role::Config | Role::Builtin | Role::OsRelease => MAX_TEXT_BYTES,
        };
        if place.role == Role::Module && !self.wants_module(path, &file, size, place.debug) {
            return;
        }
        match part::content(content, size, limit) {
            Ok(Some(bytes)) if place.role == Role::Module => {
                let is_packed = payload::recognise(&bytes).is_some();
                let listed = module::keep(&file, path, bytes, place.debug, is_packed);
                self.kept = self.kept.saturating_add(listed.kept.bytes());
                self.modules.insert(place::module_name(path), listed);
            }
            Ok(Some(bytes)) => self.file(place.role, &file, bytes, place.release.is_some()),
            // The walk ends with what is wrong.
            Ok(None) => {}
            Err(problem) => self.problems.push(SourceError::new(&file, problem)),
        }
    }

    /// The place of a path, if it is of this kernel and not known yet.
    fn place<'p>(&self, path: &'p str) -> Option<place::Place<'p>> {
        let place = place::of(path)?;
        if let (Some(own), Some(release)) = (place.release, &self.release)
            && own != release
        {
            return None;
        }
        let known = match place.role {
            Role::Kernel => self.kernel.is_some(),
            Role::Config => self.config.is_some(),
            Role::Builtin => self.builtin.is_some(),
            Role::OsRelease => self.os_release.is_some(),
            Role::Module => self.wanted == ModulesWanted::None,
        };
        (!known).then_some(place)
    }

    /// Whether a module's content is wanted. Its name is noted in any case.
    fn wants_module(&mut self, path: &str, file: &str, size: u64, debug: bool) -> bool {
        let name = place::module_name(path);
        let better = self.modules.get(&name).is_none_or(|known| known.debug && !debug);
        if !better {
            return false;
        }
        if self.wanted == ModulesWanted::Names {
            self.list(path, file, Kept::Failed(Problem::Empty), debug);
            return false;
        }
        if self.kept.saturating_add(size) > MAX_KEPT_BYTES {
            let kept = Kept::Failed(Problem::TooManyModules { limit: MAX_KEPT_BYTES });
            self.list(path, file, kept, debug);
            return false;
        }
        true
    }

    fn list(&mut self, path: &str, file: &str, kept: Kept, debug: bool) {
        if self.wanted == ModulesWanted::None {
            return;
        }
        let name = place::module_name(path);
        if self.modules.get(&name).is_none_or(|known| known.debug && !debug) {
            self.modules.insert(name.clone(), Listed { name, file: file.to_owned(), kept, debug });
        }
    }

    /// A file other than a module. `told`: its path names the release that is meant.
    fn file(&mut self, role: Role, file: &str, bytes: Vec<u8>, told: bool) {
        match role {
            Role::Kernel => self.kernel_file(file, bytes, told),
            Role::Config => self.config = Some(kconfig::parse(&String::from_utf8_lossy(&bytes))),
            Role::OsRelease => self.os_release = facts::os_release_id(&String::from_utf8_lossy(&bytes)),
            Role::Builtin => {
                let text = String::from_utf8_lossy(&bytes);
                self.builtin =
                    Some(text.lines().filter(|line| !line.is_empty()).map(place::module_name).collect());
            }
            Role::Module => {}
        }
    }

    fn kernel_file(&mut self, file: &str, bytes: Vec<u8>, told: bool) {
        let found = match detect(file, Cow::Borrowed(&bytes), MAX_DECOMPRESSED_BYTES) {
            Err(SourceError { problem: Problem::NoBtf { module: false, dwarf: true }, .. }) => {
                made_of_dwarf(file, &bytes).map_err(|problem| SourceError::new(file, problem))
            }
            other => other,
        };
        drop(bytes);
        let usable = found.and_then(|found| {
            found.require_standalone()?;
            let kernel = !matches!(found.kind, SourceKind::BpfObject | SourceKind::Module { .. });
            if kernel { Ok(found) } else { Err(SourceError::new(file, Problem::BpfObject)) }
        });
        match usable {
            // A name like vmlinuz-lts does not tell; then the content must.
            Ok(found) => match (&found.release, &self.release) {
                (Some(own), Some(release)) if !told && own != release => {}
                _ => self.take_kernel(found),
            },
            Err(error) => self.failed.push(error),
        }
    }

    fn take_kernel(&mut self, mut found: FoundBtf) {
        if self.kernel.is_some() {
            return;
        }
        self.release = self.release.take().or_else(|| found.release.clone());
        self.banner = self.banner.take().or_else(|| found.banner.take());
        if self.config.is_none() {
            self.config = found.config.take().map(|text| kconfig::parse(&text));
        }
        self.kernel = Some(found);
    }

    /// The files of a root file system.
    fn folder(&mut self, root: &Path, progress: &mut OnProgress<'_>) {
        let files = folder::root_files(root, &mut self.problems);
        // What comes without a debugger's ballast goes first.
        let (debug, plain): (Vec<_>, Vec<_>) = files
            .iter()
            .filter_map(|file| file.to_str())
            .filter_map(|file| Some((file, place::of(file)?)))
            .partition(|(_, place)| place.debug);
        let total = (plain.len() + debug.len()) as u64;
        for (done, (file, _)) in plain.into_iter().chain(debug).enumerate() {
            progress(Progress { file: root, done: done as u64, total });
            let Some(place) = self.place(file) else { continue };
            let path = root.join(file);
            let name = path.display().to_string();
            let limit = match place.role {
                Role::Module => {
                    self.list(file, &name, Kept::File(path), place.debug);
                    continue;
                }
                Role::Kernel => MAX_FILE_BYTES,
                Role::Config | Role::Builtin | Role::OsRelease => MAX_TEXT_BYTES,
            };
            match read_file(&path, limit) {
                Ok(bytes) => self.file(place.role, &name, bytes, place.release.is_some()),
                Err(problem) => self.problems.push(SourceError::new(&name, problem)),
            }
        }
    }

    /// The running kernel: what it shows of itself, and then what its root file system has of the same release.
    fn live(&mut self, root: &Path, progress: &mut OnProgress<'_>) {
        let text = |inner: &str| fs::read_to_string(root.join(inner)).ok().map(|text| text.trim().to_owned());
        self.banner = text("proc/version");
        self.arch = text("proc/sys/kernel/arch")
            .or_else(|| Some(std::env::consts::ARCH.to_owned()))
            .map(|arch| facts::debian_arch(&arch));
        let packed = read_file(&root.join("proc/config.gz"), MAX_TEXT_BYTES).ok();
        let limit = usize::try_from(MAX_TEXT_BYTES).unwrap_or(usize::MAX);
        let config = packed.and_then(|packed| {
            payload::decompress(Compression::Gzip, &packed, limit).ok().map(|plain| plain.bytes)
        });
        self.config = config.map(|config| kconfig::parse(&String::from_utf8_lossy(&config)));
        let shown = root.join("sys/kernel/btf");
        for file in folder::below(&shown, &mut self.problems) {
            let path = shown.join(&file);
            let name = path.display().to_string();
            if file.as_os_str() == "vmlinux" {
                match open(&path) {
                    Ok(found) => self.take_kernel(found),
                    Err(error) => self.failed.push(error),
                }
            } else {
                self.list(&name, &name, Kept::File(path), false);
            }
        }
        self.folder(root, progress);
    }

    fn finish(self, group: &Group, options: &Options) -> Result<FoundKernel, GatherError> {
        let Self { failed, mut problems, release, .. } = self;
        let Some(kernel) = self.kernel else {
            problems.splice(0..0, failed);
            if problems.is_empty() {
                let first =
                    group.parts.first().map(|part| part.path.display().to_string()).unwrap_or_default();
                let problem = match &release {
                    Some(release) if !self.modules.is_empty() => {
                        Problem::OnlyModules { release: release.clone() }
                    }
                    _ => Problem::NothingInIt,
                };
                problems.push(SourceError::new(&first, problem));
            }
            return Err(GatherError { problems });
        };
        let known = &options.overrides;
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
        let expected = Expected {
            release: kernel.release.clone().or(group.release.clone()).filter(|_| known.release.is_none()),
            endian: kernel.endian,
        };
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

/// The BTF of an ELF file's bytes that have only DWARF, compressed as a whole or not.
pub(super) fn made_of_dwarf(file: &str, bytes: &[u8]) -> Result<FoundBtf, Problem> {
    let unpacked = match payload::recognise(bytes) {
        Some(compression) => {
            Cow::Owned(payload::decompress(compression, bytes, MAX_DECOMPRESSED_BYTES)?.bytes)
        }
        None => Cow::Borrowed(bytes),
    };
    let made = dwarf::encode(&dwarf::Elf::Bytes(&unpacked))?;
    let found = elf::find_with(&unpacked, Some(&made))?;
    Ok(FoundBtf { name: file.to_owned(), ..found })
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
