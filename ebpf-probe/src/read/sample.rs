//! Asking a sample program about one address, and what it answers (`bpf/vfio_sample.h`).

use aya::Ebpf;
use aya::maps::{Array, MapData};
use aya::programs::RawTracePoint;

use super::ReadError;

/// What the program read at an address (`struct answer`); `None` where it did not read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Address of the IOMMU group.
    pub iommu_group: Option<u64>,
    /// Address of the group's device.
    pub dev: Option<u64>,
    /// How many references there are.
    pub references: Option<i32>,
    /// Minor number of the group's file.
    pub minor: Option<i32>,
    /// How many use its container.
    pub container_users: Option<i32>,
    /// How often it is open, or only whether.
    pub opened: Option<i32>,
    /// Whether it works without an IOMMU.
    pub noiommu: Option<bool>,
}

/// How often it is asked until it says the same twice.
const TRIES: usize = 20;
/// Size in bytes of `struct answer`.
const SIZE: usize = 40;

impl Answer {
    fn parse(raw: &[u8; SIZE]) -> Self {
        let bytes = |at: usize, size: usize| raw.get(at..at + size).unwrap_or_default();
        let wide = |at: usize| bytes(at, 8).try_into().map_or(0, u64::from_ne_bytes);
        let word = |at: usize| bytes(at, 4).try_into().map_or(0, i32::from_ne_bytes);
        let read = word(32);
        let has = |bit: u32| read >> bit & 1 == 1;
        Self {
            iommu_group: has(3).then(|| wide(0)),
            dev: has(4).then(|| wide(8)),
            references: has(0).then(|| word(16)),
            minor: has(1).then(|| word(20)),
            container_users: has(2).then(|| word(24)),
            opened: has(6).then(|| word(28)),
            noiommu: has(5).then(|| raw[36] != 0),
        }
    }
}

/// A sample program that is attached, for as long as this lives.
#[derive(Debug)]
pub struct Reader(Ebpf);

impl Reader {
    /// Attaches `read_group`. It runs at every system call of the machine, and does nothing unless it is asked.
    ///
    /// # Errors
    /// When the kernel does not let it be attached.
    pub fn new(mut ebpf: Ebpf) -> Result<Self, ReadError> {
        let program = ebpf.program_mut("read_group").ok_or(ReadError::Missing("read_group"))?;
        let program: &mut RawTracePoint = program.try_into()?;
        program.attach("sys_enter")?;
        Ok(Self(ebpf))
    }

    /// Reads what stands at an address. The kernel takes addresses at which nothing is: then nothing is read.
    ///
    /// # Errors
    /// When a map cannot be used.
    pub fn ask(&mut self, address: u64) -> Result<Answer, ReadError> {
        // The program answers every system call of every processor in one place: what is read while it is written differs.
        let mut last = self.ask_once(address)?;
        for _ in 0..TRIES {
            let next = self.ask_once(address)?;
            if next == last {
                break;
            }
            last = next;
        }
        Ok(last)
    }

    fn ask_once(&mut self, address: u64) -> Result<Answer, ReadError> {
        self.answers()?.set(0, [0; SIZE], 0)?;
        self.requests()?.set(0, address, 0)?;
        // Any system call will do; so will those of others.
        std::thread::yield_now();
        self.requests()?.set(0, 0, 0)?;
        let raw = self.answers()?.get(&0, 0)?;
        Ok(Answer::parse(&raw))
    }

    fn requests(&mut self) -> Result<Array<&mut MapData, u64>, ReadError> {
        Ok(self.0.map_mut("requests").ok_or(ReadError::Missing("requests"))?.try_into()?)
    }

    fn answers(&mut self) -> Result<Array<&mut MapData, [u8; SIZE]>, ReadError> {
        Ok(self.0.map_mut("answers").ok_or(ReadError::Missing("answers"))?.try_into()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_the_program_writes_it() {
        let mut raw = [0; SIZE];
        let mut put = |at: usize, bytes: &[u8]| raw[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &9u64.to_ne_bytes());
        put(16, &3i32.to_ne_bytes());
        put(20, &(-1i32).to_ne_bytes());
        put(32, &0b10_1011u32.to_ne_bytes());
        put(36, &[1]);
        let wanted = Answer {
            iommu_group: Some(9),
            references: Some(3),
            minor: Some(-1),
            noiommu: Some(true),
            ..Answer::default()
        };
        assert_eq!(Answer::parse(&raw), wanted);
    }
}
