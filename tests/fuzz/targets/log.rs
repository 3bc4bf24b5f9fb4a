//! The fuzz target `log`: see its check in `checks/`.

#![no_main]

#[global_allocator]
static METER: corecheck_fuzz::Meter = corecheck_fuzz::Meter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| corecheck_fuzz::run("log", data, true));
