//! Loads the object with aya and reads what it counts.

use aya::maps::{Array, MapData};
use aya::programs::RawTracePoint;
use aya::{Ebpf, include_bytes_aligned};

/// The object.
pub static OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/states.bpf.o"));

/// The loaded program; it counts until this is dropped.
pub struct States {
    // The program is unloaded with it.
    _bpf: Ebpf,
    counts: Array<MapData, u64>,
}

impl States {
    /// Loads and attaches the program. Only root may.
    ///
    /// # Errors
    /// What aya says.
    pub fn load() -> Result<Self, Box<dyn std::error::Error>> {
        let mut bpf = Ebpf::load(OBJECT)?;
        let program: &mut RawTracePoint = bpf.program_mut("count").ok_or("no program count")?.try_into()?;
        program.load()?;
        program.attach("sched_switch")?;
        let counts = Array::try_from(bpf.take_map("counts").ok_or("no map counts")?)?;
        Ok(Self { _bpf: bpf, counts })
    }

    /// How many tasks left the processor so far: still runnable, and waiting.
    ///
    /// # Errors
    /// What aya says.
    pub fn counts(&self) -> Result<[u64; 2], aya::maps::MapError> {
        Ok([self.counts.get(&0, 0)?, self.counts.get(&1, 0)?])
    }
}
