//! `corecheck layouts verify`, for people.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use corecheck_layouts::store::file::Verified;

/// What was verified, and which modules came in broken.
pub fn verified(
    path: &Path,
    verified: &Verified,
    broken: &BTreeMap<String, BTreeMap<String, String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{}: ok: {} kernels, {} blocks, {} definitions, {} hashes of kernels",
        path.display(),
        verified.kernels,
        verified.blocks,
        verified.definitions,
        verified.prints
    )?;
    for (kernel, modules) in broken {
        for (module, why) in modules {
            writeln!(out, "{kernel}: the BTF of module {module} was broken when it came in: {why}")?;
        }
    }
    Ok(())
}
