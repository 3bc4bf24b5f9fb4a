//! The VFIO groups of the machine, what devices are in each, and who has it open: by `/sys`, `/dev` and `/proc` alone.

use std::fs;
use std::path::Path;

use super::{Roots, text};

/// A VFIO group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its file in `/dev/vfio`: `12`, or `noiommu-12`.
    pub name: String,
    /// The number of its IOMMU group.
    pub number: u32,
    /// Whether it works without an IOMMU.
    pub is_noiommu: bool,
    /// Major and minor number of its file, as sysfs tells.
    pub device: Option<(u32, u32)>,
    /// The devices in it.
    pub devices: Vec<String>,
    /// Who has it open.
    pub holders: Vec<Holder>,
}

/// A process that has a group open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// The descriptor.
    pub fd: u32,
    /// What it calls itself.
    pub command: String,
}

/// All VFIO groups, by name, numbers as numbers.
pub fn groups(roots: &Roots) -> Vec<Group> {
    let names = names_in(&roots.dev.join("vfio"));
    let mut groups: Vec<Group> = names.iter().filter_map(|name| group(roots, name)).collect();
    groups.sort_by(|one, other| (one.number, &one.name).cmp(&(other.number, &other.name)));
    for (name, holder) in holders(roots) {
        if let Some(group) = groups.iter_mut().find(|group| group.name == name) {
            group.holders.push(holder);
        }
    }
    groups
}

/// The major number of the files of VFIO groups, if the kernel has given one.
pub fn major(roots: &Roots) -> Option<u32> {
    let devices = text(&roots.proc.join("devices"))?;
    let characters = devices.lines().take_while(|line| !line.starts_with("Block"));
    characters
        .filter_map(|line| line.trim().split_once(' '))
        .find(|(_, name)| *name == "vfio")?
        .0
        .parse()
        .ok()
}

/// A group by the name of its file; `vfio` itself and the folder `devices` are none.
fn group(roots: &Roots, name: &str) -> Option<Group> {
    let bare = name.strip_prefix("noiommu-");
    let number: u32 = bare.unwrap_or(name).parse().ok()?;
    let numbers = text(&roots.sys.join("class/vfio").join(name).join("dev"));
    let device = numbers.and_then(|text| {
        let (major, minor) = text.split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    let mut devices = names_in(&roots.sys.join(format!("kernel/iommu_groups/{number}/devices")));
    devices.sort();
    Some(Group {
        name: name.to_owned(),
        number,
        is_noiommu: bare.is_some(),
        device,
        devices,
        holders: Vec::new(),
    })
}

/// Who has which group open. Processes come and go meanwhile: what cannot be read is gone.
fn holders(roots: &Roots) -> Vec<(String, Holder)> {
    let mut found = Vec::new();
    for pid in names_in(&roots.proc) {
        let Ok(number) = pid.parse::<u32>() else { continue };
        let folder = roots.proc.join(&pid);
        for fd in names_in(&folder.join("fd")) {
            let Ok(target) = fs::read_link(folder.join("fd").join(&fd)) else { continue };
            let Some(name) = target.strip_prefix("/dev/vfio").ok().and_then(Path::to_str) else { continue };
            let Ok(fd) = fd.parse() else { continue };
            let command = text(&folder.join("comm")).unwrap_or_default();
            found.push((name.to_owned(), Holder { pid: number, fd, command }));
        }
    }
    found.sort_by_key(|(_, holder)| (holder.pid, holder.fd));
    found
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn groups_are_put_together_from_three_trees() {
        let root = tempfile::tempdir().expect("a folder");
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        for name in ["vfio", "10", "9", "noiommu-3"] {
            put(&format!("dev/vfio/{name}"), "");
        }
        put("dev/vfio/devices/vfio0", "");
        put("sys/class/vfio/10/dev", "243:1\n");
        put("sys/class/vfio/noiommu-3/dev", "243:2\n");
        put("sys/kernel/iommu_groups/10/devices/0000:00:04.0", "");
        put("sys/kernel/iommu_groups/10/devices/0000:00:03.0", "");
        put("proc/77/comm", "qemu\n");
        put("proc/self/comm", "x\n");
        fs::create_dir_all(root.path().join("proc/77/fd")).expect("a folder");
        for (fd, target) in [("5", "/dev/vfio/10"), ("4", "/dev/vfio/vfio"), ("3", "/dev/null")] {
            symlink(target, root.path().join("proc/77/fd").join(fd)).expect("a link");
        }
        put(
            "proc/devices",
            "Character devices:\n  1 mem\n243 vfio\n242 vfio-cdev\n\nBlock devices:\n  9 vfio\n",
        );
        let roots = Roots::below(root.path());
        let found = groups(&roots);
        let names: Vec<&str> = found.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["noiommu-3", "9", "10"]);
        assert_eq!((found[0].is_noiommu, found[0].number, found[0].device), (true, 3, Some((243, 2))));
        assert_eq!((found[1].is_noiommu, found[1].device), (false, None));
        assert_eq!(found[2].devices, ["0000:00:03.0", "0000:00:04.0"]);
        assert_eq!(found[2].holders, [Holder { pid: 77, fd: 5, command: "qemu".to_owned() }]);
        assert_eq!(major(&roots), Some(243));
    }

    #[test]
    fn a_machine_without_vfio_has_none() {
        let root = tempfile::tempdir().expect("a folder");
        let roots = Roots::below(root.path());
        assert_eq!((groups(&roots), major(&roots)), (Vec::new(), None));
    }
}
