//! Compiles the BPF program, and asks on which of the kernels that `corecheck.toml` requires it will not load.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use corecheck::gate::Gate;

const SOURCE: &str = "../states.bpf.c";
const POLICY: &str = "corecheck.toml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed={POLICY}");
    println!("cargo::rerun-if-env-changed=CLANG");
    println!("cargo::rerun-if-env-changed=BPF_CFLAGS");
    let object = PathBuf::from(env::var("OUT_DIR")?).join("states.bpf.o");
    compile(&object)?;

    let answer = Gate::new().object(object).policy(POLICY).ask()?;
    for line in answer.complaints() {
        // An error fails the build; with `cargo::warning` it goes on.
        println!("cargo::error={line}");
    }
    Ok(())
}

/// With `CLANG` and the flags in `BPF_CFLAGS`. What builds skeletons or aya's programs does instead.
fn compile(object: &Path) -> Result<(), Box<dyn Error>> {
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let flags = env::var("BPF_CFLAGS").unwrap_or_default();
    let headers = format!("/usr/include/{}-linux-gnu", env::var("CARGO_CFG_TARGET_ARCH")?);
    // The object names its sources from here, not from the root of this machine.
    let paths = "-fdebug-compilation-dir=.";
    let status = Command::new(&clang)
        .args(["-target", "bpf", "-g", "-O2", "-Wall", "-Werror", "-idirafter", &headers, paths])
        .args(flags.split_whitespace())
        .args(["-c", SOURCE, "-o"])
        .arg(object)
        .status()
        .map_err(|error| format!("{clang} cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{clang} refuses {SOURCE}").into()) }
}
