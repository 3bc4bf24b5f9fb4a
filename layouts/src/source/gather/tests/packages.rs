//! Packages and archives, and the options.

use super::*;

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
fn two_kernels_that_are_named_are_two_though_they_are_called_alike() {
    let folder = Folder::new();
    let vmlinux = || {
        let text = b"Linux version 6.1.0-9-amd64 (a@b) (gcc) #1 SMP\n\0";
        let btf = kernel_like_btf(Endian::Little);
        ElfBuilder::x86_64().section(".rodata", text).section(".BTF", &btf).build()
    };
    let (one, other) = (folder.add("one", &vmlinux()), folder.add("other", &vmlinux()));
    assert_eq!(gathered(&[one.clone(), other]).0.len(), 2);
    // A module and a kernel that are named are one.
    let vfio = folder.add("m.ko", &module("vfio", "6.1.0-9-amd64"));
    for sources in [[one.clone(), vfio.clone()], [vfio, one]] {
        assert_eq!(only(&sources).module_count(), 1);
    }
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
