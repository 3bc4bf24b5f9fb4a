//! What is broken, hostile or of no use.

use super::*;

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
