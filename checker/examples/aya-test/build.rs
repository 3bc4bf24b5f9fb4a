//! Compiles the BPF program, with `CLANG` and the flags in `BPF_CFLAGS`. Where it is written in Rust, aya-build does this.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "../states.bpf.c";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-env-changed=CLANG");
    println!("cargo::rerun-if-env-changed=BPF_CFLAGS");
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let flags = env::var("BPF_CFLAGS").unwrap_or_default();
    let headers = format!("/usr/include/{}-linux-gnu", env::var("CARGO_CFG_TARGET_ARCH")?);
    // The object names its sources from here, not from the root of this machine.
    let paths = "-fdebug-compilation-dir=.";
    let status = Command::new(&clang)
        .args(["-target", "bpf", "-g", "-O2", "-Wall", "-Werror", "-idirafter", &headers, paths])
        .args(flags.split_whitespace())
        .args(["-c", SOURCE, "-o"])
        .arg(PathBuf::from(env::var("OUT_DIR")?).join("states.bpf.o"))
        .status()
        .map_err(|error| format!("{clang} cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{clang} refuses {SOURCE}").into()) }
}
