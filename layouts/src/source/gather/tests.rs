//! Whole gatherings, of packages and folders that are made here.

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

#[test]
fn one_package() {
    let folder = Folder::new();
    let files: Vec<File> = image_files().into_iter().chain(module_files()).collect();
    let package = folder.add("x.bin", &deb(&of("linux-image-REL"), "6.1.27-1", "amd64", &files));
    let kernel = only(&[package.clone(), package]);
    assert!(kernel.provenance.contains("linux-image-6.1.0-9-amd64 6.1.27-1"), "{}", kernel.provenance);
    check_debian(kernel);
}

#[test]
fn a_kernel_in_several_packages_in_any_order() {
    let folder = Folder::new();
    folder.add("in/1", &deb(&of("linux-modules-REL"), "6.1.27-1", "amd64", &module_files()));
    folder.add("in/2", &deb(&of("linux-binary-REL"), "6.1.27-1", "amd64", &image_files()));
    // The same again, and for debuggers.
    folder.add("in/3", &deb(&of("linux-binary-REL"), "6.1.27-1", "amd64", &image_files()));
    let debug = [File::new(&of("./usr/lib/debug/boot/vmlinux-REL"), b"\x7fELF broken")];
    folder.add("in/0", &deb(&of("linux-image-REL-dbg"), "6.1.27-1", "amd64", &debug));
    folder.add("in/readme.txt", b"hello");
    check_debian(only(&[Source::Path(folder.path("in"))]));
}

#[test]
fn builds_of_one_release_are_told_apart() {
    let folder = Folder::new();
    let sources: Vec<Source> = ["6.1.27-1", "6.1.27-2"]
        .iter()
        .map(|version| folder.add(version, &deb("linux-image", version, "amd64", &image_files())))
        .collect();
    assert_eq!(gathered(&sources).0.len(), 2);
    let other = folder.add("arm", &deb("linux-image", "6.1.27-1", "arm64", &image_files()));
    assert_eq!(gathered(&[sources[0].clone(), other]).0.len(), 2);
}

#[test]
fn an_rpm_with_its_modules() {
    let folder = Folder::new();
    let release = "6.8.5-301.fc40.x86_64";
    let path = |inner: &str| inner.replace("REL", release);
    let image = [File::new(
        &path("./lib/modules/REL/vmlinuz"),
        &bzimage(&gzip(&ElfBuilder::x86_64().section(".BTF", &kernel_like_btf(Endian::Little)).build())),
    )];
    let modules_of = [File::new(&path("./lib/modules/REL/kernel/vfio.ko.xz"), &xz(&module("vfio", release)))];
    let core = folder.add("a", &rpm("kernel-core", "6.8.5", "301.fc40", "x86_64", &image));
    let rest = folder.add("b", &rpm("kernel-modules", "6.8.5", "301.fc40", "x86_64", &modules_of));
    let kernel = only(&[core, rest]);
    assert_eq!((kernel.distro.as_str(), kernel.release.as_str()), ("fedora", release));
    assert_eq!((kernel.version.as_str(), kernel.arch.as_deref()), ("6.8.5", Some("amd64")));
    assert_eq!(kernel.module_count(), 1);
}

#[test]
fn btfhubs_archive() {
    let folder = Folder::new();
    let archive = xz(&tar(&[File::new("5.4.0-26-generic.btf", &raw_btf(Endian::Little))]));
    let kernel = only(&[folder.add("ubuntu/20.04/x86_64/5.4.0-26-generic.btf.tar.xz", &archive)]);
    let name = (kernel.distro.as_str(), kernel.release.as_str(), kernel.arch.as_deref());
    assert_eq!(name, ("ubuntu", "5.4.0-26-generic", Some("amd64")));
    assert_eq!((kernel.version.as_str(), kernel.flavour.as_str()), ("5.4", "generic"));
    assert_eq!((kernel.shipped_modules, kernel.modules_have_btf), (None, None));
    let raw = folder.add("debian/12/arm64/6.1.0-9-arm64.btf", &raw_btf(Endian::Little));
    let kernel = only(&[raw]);
    let name = (kernel.distro.as_str(), kernel.release.as_str(), kernel.arch.as_deref());
    assert_eq!((name, kernel.has_release), (("debian", "6.1.0-9-arm64", Some("arm64")), true));
}

#[test]
fn a_root_file_system_with_two_kernels() {
    let folder = Folder::new();
    for file in image_files().into_iter().chain(module_files()) {
        folder.add(&format!("root/{}", file.path()), file.content());
    }
    folder.add("root/etc/os-release", b"ID=debian\n");
    folder.add("root/boot/vmlinux-6.9.0", &vmlinux());
    folder.add("root/boot/vmlinuz-6.9.1", b"broken");
    std::os::unix::fs::symlink("/etc", folder.path("root/boot/link")).expect("linked");
    let (kernels, problems) = gathered(&[Source::Path(folder.path("root"))]);
    assert!(problems.is_empty());
    let [first, second, third] = <[_; 3]>::try_from(kernels).expect("three kernels");
    check_debian(first.expect("a kernel"));
    assert_eq!(second.expect("a kernel").release, "6.9.0");
    assert!(third.expect_err("broken").to_string().contains("vmlinuz-6.9.1"));
}

#[test]
fn the_running_kernel() {
    let folder = Folder::new();
    folder.add("sys/kernel/btf/vmlinux", &kernel_like_btf(Endian::Little));
    folder.add("sys/kernel/btf/vfio", &split_btf(Endian::Little));
    folder.add("proc/sys/kernel/osrelease", of("REL\n").as_bytes());
    folder.add("proc/sys/kernel/arch", b"aarch64\n");
    folder.add("proc/version", &BANNER[1..]);
    folder.add("proc/config.gz", &gzip(b"CONFIG_VFIO=m\n"));
    folder.add(&of("lib/modules/REL/kernel/vfio.ko"), &module("vfio", RELEASE));
    folder.add(&of("lib/modules/REL/kernel/kvm.ko.xz"), &xz(&module("kvm", RELEASE)));
    folder.add("lib/modules/9.9/kernel/x.ko", b"of another kernel");
    let mut kernel = survey::live_at(folder.0.path(), Options::default()).expect("a kernel");
    assert_eq!((kernel.distro.as_str(), kernel.release.as_str()), ("debian", RELEASE));
    assert_eq!((kernel.arch.as_deref(), kernel.version.as_str()), (Some("arm64"), "6.1.27"));
    assert_eq!(kernel.config["CONFIG_VFIO"], "m");
    assert!(kernel.provenance.contains("running kernel"));
    assert_eq!(modules(&mut kernel), ["kvm +", "vfio +"]);
}

#[test]
fn loose_files_find_each_other() {
    let folder = Folder::new();
    // As /sys/kernel/btf, copied: nothing tells the release.
    folder.add("copy/vmlinux", &kernel_like_btf(Endian::Little));
    folder.add("copy/vfio", &split_btf(Endian::Little));
    let mut kernel = only(&[Source::Path(folder.path("copy"))]);
    assert_eq!(
        (kernel.release.as_str(), kernel.has_release, kernel.distro.as_str()),
        ("vmlinux", false, "local")
    );
    assert_eq!(modules(&mut kernel), ["vfio +"]);
    // A kernel and its module, by their release.
    let image = folder.add("image", &vmlinuz());
    let own = folder.add("some.ko.gz", &gzip(&module("vfio", RELEASE)));
    let mut kernel = only(&[own.clone(), image]);
    assert_eq!((kernel.release.as_str(), kernel.has_release), (RELEASE, true));
    assert_eq!(modules(&mut kernel), ["vfio +"]);
    // Raw BTF, which does not tell, with modules that do.
    let raw = folder.add("raw", &kernel_like_btf(Endian::Little));
    let mut kernel = only(&[raw, own.clone()]);
    assert_eq!(kernel.release, RELEASE);
    assert_eq!(modules(&mut kernel), ["vfio +"]);
    assert!(failure(&[own]).contains("only modules"));
}

#[test]
fn options_win() {
    let folder = Folder::new();
    let raw = folder.add("raw", &kernel_like_btf(Endian::Little));
    let overrides = Overrides {
        distro: Some("mine".to_owned()),
        release: Some("1.2.3-x".to_owned()),
        arch: Some("loong64".to_owned()),
        flavour: Some("f".to_owned()),
        version: Some("1.2.4".to_owned()),
    };
    let options = Options { overrides, modules: ModulesWanted::All };
    let (mut kernels, _) = gathered_with(std::slice::from_ref(&raw), options.clone()).expect("a kernel");
    let kernel = kernels.remove(0).expect("a kernel");
    assert_eq!(
        (kernel.distro.as_str(), kernel.release.as_str(), kernel.flavour.as_str()),
        ("mine", "1.2.3-x", "f")
    );
    assert_eq!((kernel.arch.as_deref(), kernel.version.as_str()), (Some("loong64"), "1.2.4"));
    let files: Vec<File> = image_files().into_iter().chain(module_files()).collect();
    let package = folder.add("x", &deb("linux-image", "6.1.27-1", "amd64", &files));
    for (wanted, shipped, progress) in [(ModulesWanted::Names, Some(5), 5), (ModulesWanted::None, None, 0)] {
        let options = Options { modules: wanted, ..Options::default() };
        let (mut kernels, _) = gathered_with(std::slice::from_ref(&package), options).expect("a kernel");
        let kernel = kernels.remove(0).expect("a kernel");
        assert_eq!(
            (kernel.shipped_modules.as_ref().map(|names| names.len()), kernel.module_count()),
            (shipped, 0)
        );
        assert_eq!(kernel.shipped_modules.iter().flatten().count(), progress);
        assert_eq!(kernel.modules_have_btf, Some(true), "the configuration says so");
    }
}

#[test]
fn what_is_wrong_with_one_does_not_spoil_others() {
    let folder = Folder::new();
    let good = folder.add("good", &vmlinux());
    let bytes = deb("linux-image", "6.2-1", "amd64", &image_files());
    let cut = folder.add("cut", &bytes[..bytes.len() - 40]);
    let empty =
        folder.add("empty", &deb("linux-image-amd64", "6.1", "amd64", &[File::new("usr/share/doc/x", b"")]));
    let text = folder.add("text", b"hello");
    let (kernels, problems) = gathered(&[text, empty, good, cut]);
    let [kernel] = kernels.as_slice() else { panic!("one kernel") };
    let kernel = kernel.as_ref().expect("a kernel");
    // The package is of the same release; what is wrong with it is told with the kernel.
    assert!(kernel.problems[0].to_string().contains("cut: in data.tar.xz"), "{:?}", kernel.problems);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told[0].contains("text: ") && told[1].contains("empty: holds nothing of a kernel"), "{told:?}");
}

#[test]
fn when_nothing_is_usable_the_error_says_why() {
    let folder = Folder::new();
    assert!(failure(&[]).contains("holds nothing"));
    assert!(failure(&[Source::Path(folder.path("missing"))]).contains("missing: cannot be read"));
    fs::create_dir(folder.path("void")).expect("made");
    assert!(failure(&[Source::Path(folder.path("void"))]).contains("holds nothing"));
    let object =
        ElfBuilder::new(elf::EM_BPF, 64, Endian::Little).section(".BTF", &raw_btf(Endian::Little)).build();
    assert!(failure(&[folder.add("object", &object)]).contains("BPF object"));
    let without = [File::new(
        &of("boot/vmlinuz-REL"),
        &bzimage(&gzip(&ElfBuilder::x86_64().section(".text", b"x").build())),
    )];
    let text = failure(&[folder.add("without", &deb("linux-image", "1", "amd64", &without))]);
    assert!(text.contains("boot/vmlinuz-") && text.contains("CONFIG_DEBUG_INFO_BTF"), "{text}");
    let text = failure(&[folder.add("modules", &deb("linux-modules", "1", "amd64", &module_files()))]);
    assert!(text.contains("only modules"), "{text}");
    // A package in a package is not opened.
    let inner = deb("linux-image", "1", "amd64", &image_files());
    assert!(
        failure(&[folder.add("nest", &tar(&[File::new("inner.deb", &inner)]))]).contains("holds nothing")
    );
}

#[test]
fn hostile_paths_and_duplicates() {
    let folder = Folder::new();
    let mut files = image_files();
    files.extend([
        File::new(&of("../../lib/modules/REL/kernel/evil.ko"), &module("evil", RELEASE)),
        File::link(&of("lib/modules/REL/kernel/link.ko"), "/etc/passwd"),
        File::new(&of("lib/modules/REL/kernel/a/vfio.ko"), &module("vfio", RELEASE)),
        File::new(&of("lib/modules/REL/kernel/b/vfio.ko"), b"a second one, broken"),
        File::new(&of("boot/vmlinuz-REL"), b"a second one, broken"),
    ]);
    let mut kernel = only(&[folder.add("x", &deb("linux-image", "1", "amd64", &files))]);
    assert_eq!(modules(&mut kernel), ["vfio +"]);
    let expected: Vec<_> =
        fs::read_dir(folder.0.path()).expect("listed").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(expected, ["x"], "nothing is written");
}

#[test]
fn every_prefix_of_a_package_is_told_or_reads_what_it_has() {
    let folder = Folder::new();
    let files: Vec<File> = image_files().into_iter().chain(module_files()).collect();
    let bytes = deb("linux-image", "6.1.27-1", "amd64", &files);
    for length in (0..bytes.len()).step_by(97) {
        let source = folder.add("x", &bytes[..length]);
        let Ok((kernels, _)) = gathered_with(&[source], Options::default()) else { continue };
        for kernel in kernels.into_iter().flatten() {
            assert!(!kernel.problems.is_empty(), "{length}: that it is cut short is told");
        }
    }
}

#[test]
fn a_distilled_base_comes_along() {
    let folder = Folder::new();
    let base = BtfBuilder::new(Endian::Little).build();
    let modinfo = of("vermagic=REL SMP\0name=vfio\0");
    let module = ElfBuilder::x86_64().relocatable().section(".modinfo", modinfo.as_bytes());
    let module = module.section(".BTF", &split_btf(Endian::Little)).section(".BTF.base", &base).build();
    let mut files = image_files();
    files.push(File::new(&of("lib/modules/REL/extra/vfio.ko"), &module));
    let mut kernel = only(&[folder.add("x", &deb("linux-image", "1", "amd64", &files))]);
    let found = kernel.take_modules().next().expect("a module").btf.expect("BTF");
    assert_eq!(found.base, Some(base));
}

#[test]
fn a_module_cut_to_its_header_does_not_spoil_the_kernel() {
    let folder = Folder::new();
    let mut files = image_files();
    let modinfo = of("vermagic=REL SMP\0name=cut\0");
    let cut = ElfBuilder::x86_64().relocatable().section(".modinfo", modinfo.as_bytes());
    let cut = cut.section(".BTF", &split_btf(Endian::Little)[..24]).build();
    let big = ElfBuilder::new(elf::EM_S390, 64, Endian::Big).relocatable();
    let big = big.section(".modinfo", modinfo.as_bytes()).section(".BTF", &split_btf(Endian::Big)).build();
    files.push(File::new(&of("lib/modules/REL/kernel/cut.ko"), &cut));
    files.push(File::new(&of("lib/modules/REL/kernel/big.ko.xz"), &xz(&big)));
    files.push(File::new(&of("lib/modules/REL/kernel/vfio.ko"), &module("vfio", RELEASE)));
    let mut kernel = only(&[folder.add("x", &deb("linux-image", "1", "amd64", &files))]);
    let told: Vec<String> = kernel
        .take_modules()
        .map(|module| module.btf.map_or_else(|error| error.to_string(), |btf| btf.bytes.len().to_string()))
        .collect();
    assert!(told[0].contains("big.ko.xz") && told[0].contains("its kernel"), "{told:?}");
    assert!(told[1].contains("cut.ko: .BTF") && told[1].contains("cut short"), "{told:?}");
    assert_eq!(told[2], split_btf(Endian::Little).len().to_string());
}

#[test]
fn progress_reaches_the_end() {
    let folder = Folder::new();
    let source = folder.add("x", &deb("linux-image", "1", "amd64", &image_files()));
    let mut last = None;
    let mut note =
        |progress: Progress<'_>| last = Some((progress.done, progress.total, progress.file.to_owned()));
    gather(&[source], Options::default(), &mut note, &mut |kernel| drop(kernel.expect("a kernel")))
        .expect("kernels");
    let (done, total, file) = last.expect("told");
    assert!(done == total && total > 0 && file.ends_with(Path::new("x")));
}

#[test]
fn the_word_live_is_the_running_kernel() {
    assert_eq!(Source::from_argument("live".as_ref()), Source::Live);
    assert_eq!(Source::from_argument("./live".as_ref()), Source::Path(PathBuf::from("./live")));
}
