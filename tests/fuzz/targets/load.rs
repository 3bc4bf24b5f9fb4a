//! The fuzz target `load`: see its check in `checks/`.

#![no_main]

#[global_allocator]
static METER: corecheck_fuzz::Meter = corecheck_fuzz::Meter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| corecheck_fuzz::run("load", data, true));
