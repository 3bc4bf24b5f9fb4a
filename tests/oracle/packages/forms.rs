//! The forms in which one kernel comes, each added to a store of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Error, Result, ensure};

use crate::{
    Tally,
    corecheck::Corecheck,
    dump::Dump,
    kernel::{Added, Export},
    same,
    table::Row,
};

/// Adds each form.
pub fn run(tally: &mut Tally, program: &Path, all: &[Added], work: &Path) {
    let store =
        |form: &str| Corecheck { program: program.to_owned(), store: work.join(format!("{form}.store")) };
    // The newest one comes in split packages with compressed modules.
    let newest = all.iter().rfind(|added| added.row.arch == "amd64");
    let Some(added) = tally.check("a kernel to try forms of", newest.context("none is of amd64")) else {
        return;
    };
    let root = work.join("root");
    let unpacked = unpack(&added.row, &root);
    tally.check("root file system", unpacked.and_then(|()| root_file_system(&store("root"), added, &root)));
    tally.check("image and modules", image_and_modules(&store("image"), added, &root, work));
    tally.check("the running kernel", live(&store("live"), work));
    for added in all {
        let name = added.row.name();
        let raw = raw(&store(&format!("raw-{}", added.row.arch)), added, work);
        tally.check(&format!("{name}: raw BTF"), raw);
        let image = image(&store(&format!("image-{}-{}", added.row.release, added.row.arch)), added, work);
        tally.check(&format!("{name}: image"), image);
    }
}

/// Unpacks packages, as an installation does.
fn unpack(row: &Row, root: &Path) -> Result<()> {
    for package in row.packages()? {
        let status = Command::new("dpkg-deb").arg("-x").arg(&package).arg(root).status()?;
        ensure!(status.success(), "{} cannot be unpacked", package.display());
    }
    Ok(())
}

/// A folder with /boot and /lib/modules gives the same kernel, modules included.
fn root_file_system(corecheck: &Corecheck, added: &Added, root: &Path) -> Result<()> {
    corecheck.add(&[root])?;
    let name = added.row.name();
    let listed = corecheck.listed(&name)?;
    ensure!(listed["btf"] == "vmlinux+modules", "it ships {}", listed["btf"]);
    ensure!(listed["version"] == *added.row.version, "its version is {}", listed["version"]);
    let out = root.with_extension("btf");
    corecheck.export(&name, None, &out)?;
    let same = added.has_its_types(&out)?;
    let modules = added.row.modules()?;
    let (module, original) = modules.first_key_value().context("it has no modules")?;
    let export = Export { corecheck, kernel: &name, vmlinux: &out, same: &same };
    added.has_module(&export, module, original)
}

/// A kernel image and compressed modules as files.
fn image_and_modules(corecheck: &Corecheck, added: &Added, root: &Path, work: &Path) -> Result<()> {
    let mut sources = vec![added.row.image()];
    let modules = added.row.modules()?;
    let names: Vec<&str> = ["vfio", "kvm"].into_iter().filter(|name| modules.contains_key(*name)).collect();
    ensure!(!names.is_empty(), "no module to try");
    for name in &names {
        sources.extend(find(root, &format!("{name}.ko.xz"))?);
    }
    ensure!(sources.len() == 1 + names.len(), "the package has no compressed modules");
    corecheck.add(&sources)?;
    let name = added.row.name();
    let out = work.join("image.btf");
    corecheck.export(&name, None, &out)?;
    let same = added.has_its_types(&out)?;
    let export = Export { corecheck, kernel: &name, vmlinux: &out, same: &same };
    names.into_iter().try_for_each(|module| added.has_module(&export, module, &modules[module]))
}

/// The image alone: it tells its release and, where the banner is in it, its version.
fn image(corecheck: &Corecheck, added: &Added, work: &Path) -> Result<()> {
    corecheck.add(&[added.row.image()])?;
    let name = added.row.name();
    let listed = corecheck.listed(&name)?;
    ensure!(listed["version"] == *added.row.version, "its version is {}", listed["version"]);
    let out = work.join("image-alone.btf");
    corecheck.export(&name, None, &out)?;
    alike(&added.exported, &out)
}

/// BTF alone, which tells nothing: the command line does.
fn raw(corecheck: &Corecheck, added: &Added, work: &Path) -> Result<()> {
    let Row { arch, release, .. } = &added.row;
    let vmlinux = added.row.vmlinux().context("no BTF")?;
    let words = ["layouts", "add", "--distro", "mine", "--release", release, "--arch", arch];
    corecheck.succeed(&words, &[vmlinux])?;
    let out = work.join("raw.btf");
    corecheck.export(&format!("mine/{release}/{arch}"), None, &out)?;
    alike(&added.exported, &out)
}

/// What this machine's kernel tells in /sys/kernel/btf.
fn live(corecheck: &Corecheck, work: &Path) -> Result<()> {
    corecheck.add(&["live"])?;
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let pattern = format!("*/{}/*", release.trim());
    corecheck.listed(&pattern)?;
    let out = work.join("live.btf");
    corecheck.export(&pattern, None, &out)?;
    let original = Dump::of(Path::new("/sys/kernel/btf/vmlinux"), None)?;
    same::compare(original, Dump::of(&out, None)?, None).map(drop).map_err(Error::msg)
}

/// The export is the same file, whatever the kernel came in.
fn alike(one: &Path, other: &Path) -> Result<()> {
    ensure!(fs::read(one)? == fs::read(other)?, "{} and {} differ", one.display(), other.display());
    Ok(())
}

/// The file of this name in a folder or below.
fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if let Some(found) = find(&entry.path(), name)? {
                return Ok(Some(found));
            }
        } else if entry.file_name() == name {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}
