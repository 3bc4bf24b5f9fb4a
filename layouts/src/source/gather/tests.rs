//! Whole gatherings, of packages and folders that are made here.

mod disk;
mod packages;
mod wrong;

use std::fs;
use std::path::{Path, PathBuf};

use object::elf;
use tempfile::TempDir;

use super::super::archive::testing::{File, deb, rpm, tar};
use super::super::error::Problem;
use super::super::testing::{BtfBuilder, ElfBuilder, bzimage, gzip, kernel_like_btf, raw_btf, split_btf, xz};
use super::*;
use crate::btf::Endian;

const RELEASE: &str = "6.1.0-9-amd64";
const BANNER: &[u8] = b"\0Linux version 6.1.0-9-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP PREEMPT_DYNAMIC Debian 6.1.27-1 (2023-05-08)\n\0";

fn vmlinux() -> Vec<u8> {
    ElfBuilder::x86_64().section(".BTF", &kernel_like_btf(Endian::Little)).section(".rodata", BANNER).build()
}

fn vmlinuz() -> Vec<u8> {
    bzimage(&gzip(&vmlinux()))
}

fn module(name: &str, release: &str) -> Vec<u8> {
    let modinfo = format!("vermagic={release} SMP\0name={name}\0");
    ElfBuilder::x86_64()
        .relocatable()
        .section(".modinfo", modinfo.as_bytes())
        .section(".BTF", &split_btf(Endian::Little))
        .build()
}

fn bare_module(release: &str) -> Vec<u8> {
    let modinfo = format!("vermagic={release} SMP\0name=bare\0");
    ElfBuilder::x86_64().relocatable().section(".modinfo", modinfo.as_bytes()).build()
}

fn of(inner: &str) -> String {
    inner.replace("REL", RELEASE)
}

fn image_files() -> Vec<File> {
    vec![
        File::new(
            &of("./boot/config-REL"),
            b"CONFIG_VFIO=m\nCONFIG_DEBUG_INFO_BTF=y\nCONFIG_DEBUG_INFO_BTF_MODULES=y\n",
        ),
        File::new(&of("./boot/vmlinuz-REL"), &vmlinuz()),
    ]
}

fn module_files() -> Vec<File> {
    vec![
        File::new(&of("./lib/modules/REL/kernel/vfio.ko"), &module("vfio", RELEASE)),
        File::new(&of("./lib/modules/REL/kernel/snd-pcm.ko.xz"), &xz(&module("snd_pcm", RELEASE))),
        File::new(&of("./lib/modules/REL/kernel/cut.ko"), &module("cut", RELEASE)[..200]),
        File::new(&of("./lib/modules/REL/kernel/bare.ko"), &bare_module(RELEASE)),
        File::new(&of("./lib/modules/REL/kernel/other.ko"), &module("other", "5.10.0-1-amd64")),
        File::new(&of("./lib/modules/REL/modules.builtin"), b"kernel/fs/ext4.ko\nkernel/a-b.ko\n"),
    ]
}

/// A folder in which sources are written.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn add(&self, name: &str, bytes: &[u8]) -> Source {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
        fs::write(&path, bytes).expect("written");
        Source::Path(path)
    }
}

type Gathered = (Vec<Result<FoundKernel, GatherError>>, Vec<SourceError>);

fn gathered_with(sources: &[Source], options: Options) -> Result<Gathered, GatherError> {
    let mut kernels = Vec::new();
    let problems = gather(sources, options, &mut |_| {}, &mut |kernel| kernels.push(kernel))?;
    Ok((kernels, problems))
}

fn gathered(sources: &[Source]) -> Gathered {
    gathered_with(sources, Options::default()).expect("kernels")
}

fn only(sources: &[Source]) -> FoundKernel {
    let (mut kernels, problems) = gathered(sources);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(kernels.len(), 1);
    kernels.remove(0).expect("a kernel")
}

fn failure(sources: &[Source]) -> String {
    match gathered_with(sources, Options::default()) {
        Err(error) => error.to_string(),
        Ok((kernels, _)) => {
            let errors: Vec<_> =
                kernels.into_iter().map(|kernel| kernel.expect_err("no kernel").to_string()).collect();
            errors.join("; ")
        }
    }
}

/// Names of modules, each with `+` for BTF, else a word of what is wrong.
fn modules(kernel: &mut FoundKernel) -> Vec<String> {
    let told = kernel.take_modules().map(|module| {
        let word = match module.btf {
            Ok(btf) if btf.bytes == split_btf(Endian::Little) => "+",
            Ok(_) => "wrong",
            Err(SourceError { problem: Problem::NoBtf { .. }, .. }) => "none",
            Err(SourceError { problem: Problem::OtherKernel { .. }, .. }) => "other",
            Err(_) => "broken",
        };
        format!("{} {word}", module.name)
    });
    told.collect()
}

const ALL_MODULES: [&str; 5] = ["bare none", "cut broken", "other other", "snd_pcm +", "vfio +"];

fn check_debian(mut kernel: FoundKernel) {
    assert_eq!(
        (kernel.distro.as_str(), kernel.release.as_str(), kernel.arch.as_deref()),
        ("debian", RELEASE, Some("amd64"))
    );
    assert_eq!((kernel.version.as_str(), kernel.flavour.as_str()), ("6.1.27", "generic"));
    assert_eq!(kernel.vmlinux, kernel_like_btf(Endian::Little));
    assert_eq!(kernel.config["CONFIG_VFIO"], "m");
    assert_eq!(kernel.modules_have_btf, Some(true));
    let builtin: Vec<_> = kernel.builtin_modules.iter().flatten().map(String::as_str).collect();
    assert_eq!(builtin, ["a_b", "ext4"]);
    assert_eq!(kernel.shipped_modules.as_ref().map(|names| names.len()), Some(5));
    assert_eq!(modules(&mut kernel), ALL_MODULES);
    assert_eq!(kernel.module_count(), 0, "they are handed over once");
    assert!(kernel.problems.is_empty(), "{:?}", kernel.problems);
}
