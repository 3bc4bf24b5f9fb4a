//! The groups that processes have open, as `vfio_live.bpf.c` sees them.

use std::io::Read;

use aya::Ebpf;
use aya::maps::{Array, HashMap, MapData};
use aya::programs::{Iter, KProbe};
use log::debug;

use super::ReadError;

/// An open group (`struct open_group`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGroup {
    /// Address of its `struct vfio_group`.
    pub group: u64,
    /// Address of its open file.
    pub file: u64,
    /// Address of its IOMMU group, if it was read.
    pub iommu_group: Option<u64>,
    /// Address of its container, 0 for none, if it was read.
    pub container: Option<u64>,
    /// The process that has it open.
    pub tgid: u32,
    /// The descriptor; `None` where that was not seen.
    pub fd: Option<u32>,
    /// Major and minor number of the device file.
    pub rdev: (u32, u32),
    /// Major and minor number of the group's own device, if it was read.
    pub devt: Option<(u32, u32)>,
    /// The IOMMU group's number, if it was read.
    pub id: Option<i32>,
    /// The name of the group's device, if it was read.
    pub name: Option<String>,
}

/// Size in bytes of `struct open_group`.
const SIZE: usize = 88;
/// `MINORBITS`.
const MINOR_BITS: u32 = 20;

impl OpenGroup {
    /// Reads what the program wrote.
    fn parse(raw: &[u8; SIZE], knows_fd: bool) -> Self {
        let bytes = |at: usize, size: usize| raw.get(at..at + size).unwrap_or_default();
        let wide = |at: usize| bytes(at, 8).try_into().map_or(0, u64::from_ne_bytes);
        let word = |at: usize| bytes(at, 4).try_into().map_or(0, u32::from_ne_bytes);
        let read = word(52);
        let has = |bit: u32| read >> bit & 1 == 1;
        let numbers = |at: usize| (word(at) >> MINOR_BITS, word(at) & ((1 << MINOR_BITS) - 1));
        let name = bytes(56, 32).split(|&byte| byte == 0).next().unwrap_or_default();
        Self {
            group: wide(0),
            file: wide(8),
            iommu_group: has(0).then(|| wide(16)),
            container: has(1).then(|| wide(24)),
            tgid: word(32),
            fd: knows_fd.then(|| word(36)),
            rdev: numbers(40),
            devt: has(3).then(|| numbers(44)),
            id: has(2).then(|| word(48).cast_signed()),
            name: has(4).then(|| String::from_utf8_lossy(name).into_owned()),
        }
    }
}

/// How groups are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// By going through all open files: Linux 5.8 and newer.
    Iter,
    /// By watching `ioctl` on groups: whoever has one open must use it meanwhile.
    Ioctl,
}

/// Sees open groups for as long as it lives.
#[derive(Debug)]
pub struct Watcher {
    ebpf: Ebpf,
    through: Through,
}

impl Watcher {
    /// Begins. `major` is the number of the groups' files.
    ///
    /// # Errors
    /// When the kernel does not let a program be attached.
    pub fn new(mut ebpf: Ebpf, through: Through, major: u32) -> Result<Self, ReadError> {
        let map = ebpf.map_mut("majors").ok_or(ReadError::Missing("majors"))?;
        Array::<&mut MapData, u64>::try_from(map)?.set(0, u64::from(major), 0)?;
        if through == Through::Ioctl {
            let program = ebpf.program_mut("see_ioctl").ok_or(ReadError::Missing("see_ioctl"))?;
            let program: &mut KProbe = program.try_into()?;
            program.attach("vfio_group_fops_unl_ioctl", 0)?;
        }
        Ok(Self { ebpf, through })
    }

    /// The groups that are open: now, or of which one was used since this began.
    ///
    /// # Errors
    /// When the kernel does not go through them.
    pub fn look(&mut self) -> Result<Vec<OpenGroup>, ReadError> {
        let mut groups = match self.through {
            Through::Iter => self.iterate()?,
            Through::Ioctl => {
                let map = self.ebpf.map("seen").ok_or(ReadError::Missing("seen"))?;
                let map = HashMap::<_, u64, [u8; SIZE]>::try_from(map)?;
                let found = map.iter().collect::<Result<Vec<_>, _>>()?;
                found.iter().map(|(_, raw)| OpenGroup::parse(raw, false)).collect()
            }
        };
        // Threads share their files, and so do children.
        groups.sort_by_key(|group| (group.rdev, group.tgid, group.fd));
        groups.dedup();
        debug!("open groups: {groups:?}");
        Ok(groups)
    }

    /// Forgets what was seen by `ioctl`.
    ///
    /// # Errors
    /// When a map cannot be changed.
    pub fn forget(&mut self) -> Result<(), ReadError> {
        let map = self.ebpf.map_mut("seen").ok_or(ReadError::Missing("seen"))?;
        let mut map = HashMap::<_, u64, [u8; SIZE]>::try_from(map)?;
        let keys = map.keys().collect::<Result<Vec<_>, _>>()?;
        keys.iter().try_for_each(|key| map.remove(key)).map_err(ReadError::from)
    }

    fn iterate(&mut self) -> Result<Vec<OpenGroup>, ReadError> {
        let program = self.ebpf.program_mut("see_file").ok_or(ReadError::Missing("see_file"))?;
        let program: &mut Iter = program.try_into()?;
        let link = program.attach()?;
        let mut file = program.take_link(link)?.into_file()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let records = bytes.chunks_exact(SIZE).filter_map(|raw| <&[u8; SIZE]>::try_from(raw).ok());
        Ok(records.map(|raw| OpenGroup::parse(raw, true)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_the_program_writes_it() {
        let mut raw = [0; SIZE];
        let mut put = |at: usize, bytes: &[u8]| raw[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &0xffff_8880_1234_5678u64.to_ne_bytes());
        put(32, &77u32.to_ne_bytes());
        put(36, &5u32.to_ne_bytes());
        put(40, &(243u32 << 20 | 7).to_ne_bytes());
        put(48, &(-1i32).to_ne_bytes());
        put(52, &0b1_0110u32.to_ne_bytes());
        put(56, b"noiommu-0\0rest");
        let found = OpenGroup::parse(&raw, true);
        assert_eq!((found.group, found.tgid, found.fd), (0xffff_8880_1234_5678, 77, Some(5)));
        assert_eq!((found.rdev, found.devt, found.id), ((243, 7), None, Some(-1)));
        assert_eq!((found.container, found.iommu_group), (Some(0), None));
        assert_eq!(found.name.as_deref(), Some("noiommu-0"));
        assert_eq!(OpenGroup::parse(&raw, false).fd, None);
    }
}
