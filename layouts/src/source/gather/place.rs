//! What a path in a package or a root file system stands for: distributions agree on where a kernel's files are.

/// What a file is of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The kernel, as an image, `vmlinux` or raw BTF.
    Kernel,
    /// Its configuration.
    Config,
    /// A module.
    Module,
    /// The list of what is built in.
    Builtin,
    /// What the distribution says of itself.
    OsRelease,
}

/// A file's part, and the release that its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'p> {
    pub(super) role: Role,
    pub(super) release: Option<&'p str>,
    /// Whether it is there for debuggers: large, and needed only if nothing else has BTF.
    pub(super) debug: bool,
}

/// Endings of modules, the compressed ones and debuggers' own included.
const MODULES: [&str; 5] = [".ko", ".ko.xz", ".ko.zst", ".ko.gz", ".ko.debug"];
/// Names of images, alone or with "-RELEASE".
const KERNELS: [&str; 7] = ["vmlinuz", "vmlinux", "bzImage", "zImage", "Image", "kernel", "vmlinuz.efi"];
/// What may stand behind a release.
const TAILS: [&str; 4] = [".debug", ".efi", ".gz", ".old"];

/// The place of a path, in plain form (no `/` at its start). None for what is no part of a kernel.
pub(super) fn of(path: &str) -> Option<Place<'_>> {
    let (rest, debug) = match path.strip_prefix("usr/lib/debug/") {
        Some(rest) => (rest, true),
        None => (path, false),
    };
    let rest = rest.strip_prefix("usr/").unwrap_or(rest);
    let place = |role, release| Some(Place { role, release, debug });
    if path == "etc/os-release" || path == "usr/lib/os-release" {
        return place(Role::OsRelease, None);
    }
    let file = path.rsplit('/').next().unwrap_or(path);
    if let Some(within) = rest.strip_prefix("lib/modules/") {
        let (release, within) = within.split_once('/')?;
        let top = within.split('/').next()?;
        return match within {
            "config" => place(Role::Config, Some(release)),
            "modules.builtin" => place(Role::Builtin, Some(release)),
            _ if !matches!(top, "build" | "source") && is_module(file) => place(Role::Module, Some(release)),
            _ if within == file && is_kernel(file).is_some() => place(Role::Kernel, Some(release)),
            _ => None,
        };
    }
    // Headers and sources hold neither.
    if rest.starts_with("src/") || rest.starts_with("include/") {
        return None;
    }
    if let Some(release) = file.strip_prefix("config-").filter(|release| starts_with_digit(release)) {
        return place(Role::Config, Some(release));
    }
    if file == ".config" {
        return place(Role::Config, None);
    }
    if file == "modules.builtin" {
        return place(Role::Builtin, None);
    }
    if let Some(release) = file.strip_suffix(".btf") {
        return place(Role::Kernel, Some(release).filter(|release| starts_with_digit(release)));
    }
    if is_module(file) {
        return place(Role::Module, None);
    }
    is_kernel(file).and_then(|release| place(Role::Kernel, release))
}

fn is_module(file: &str) -> bool {
    MODULES.iter().any(|ending| file.ends_with(ending))
}

/// Whether the file is named as a kernel; with the release that stands in its name.
fn is_kernel(file: &str) -> Option<Option<&str>> {
    let file = TAILS.iter().fold(file, |file, tail| file.strip_suffix(tail).unwrap_or(file));
    KERNELS.iter().find_map(|name| match file.strip_prefix(name)? {
        "" => Some(None),
        // A name that is no release (Alpine's vmlinuz-lts) leaves it to the content.
        rest => {
            rest.strip_prefix('-').map(|release| Some(release).filter(|release| starts_with_digit(release)))
        }
    })
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// A module's name by its file: `snd-pcm.ko.xz` is `snd_pcm`.
pub(super) fn module_name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = MODULES.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file);
    stem.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_distributions_put_things() {
        for (path, role, release, debug) in [
            ("boot/vmlinuz-6.1.0-56-amd64", Role::Kernel, Some("6.1.0-56-amd64"), false),
            ("boot/vmlinux-6.12-powerpc64le", Role::Kernel, Some("6.12-powerpc64le"), false),
            ("boot/vmlinuz-lts", Role::Kernel, None, false),
            ("boot/config-6.1", Role::Config, Some("6.1"), false),
            ("lib/modules/6.1/modules.builtin", Role::Builtin, Some("6.1"), false),
            ("lib/modules/6.1/kernel/a/snd-pcm.ko", Role::Module, Some("6.1"), false),
            ("usr/lib/modules/6.1/updates/x.ko.zst", Role::Module, Some("6.1"), false),
            ("usr/lib/modules/7.3/vmlinuz", Role::Kernel, Some("7.3"), false),
            ("lib/modules/6.8/config", Role::Config, Some("6.8"), false),
            ("usr/lib/debug/boot/vmlinux-6.1", Role::Kernel, Some("6.1"), true),
            ("usr/lib/debug/lib/modules/6.8/vmlinux", Role::Kernel, Some("6.8"), true),
            ("usr/lib/debug/usr/lib/modules/6.8/kernel/x.ko.debug", Role::Module, Some("6.8"), true),
            ("5.4.0-26-generic.btf", Role::Kernel, Some("5.4.0-26-generic"), false),
            ("vmlinux.btf", Role::Kernel, None, false),
            ("etc/os-release", Role::OsRelease, None, false),
        ] {
            assert_eq!(of(path), Some(Place { role, release, debug }), "{path}");
        }
        for path in [
            "lib/modules/6.1/build/vmlinux",
            "lib/modules/6.1/modules.dep",
            "lib/modules",
            "usr/share/doc/x",
            "usr/src/linux/vmlinux",
            "boot/System.map-6.1",
            "boot/initrd.img-6.1",
            "",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
        assert_eq!(module_name("a/snd-pcm.ko.xz"), "snd_pcm");
    }
}
