//! Folders, loose files and the running kernel.

use super::*;

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
