//! `corecheck layouts add`, for people.

use std::io::{self, Write};
use std::path::Path;

use corecheck_layouts::store::Added;

/// One line for each kernel, and what was wrong with its modules.
pub fn human(added: &[Added], path: &Path, out: &mut dyn Write) -> io::Result<()> {
    for kernel in added {
        let word = if kernel.imported.replaced { "replaced" } else { "added" };
        write!(
            out,
            "{word} {}: {} definitions, {} new",
            kernel.name, kernel.imported.definitions, kernel.imported.new
        )?;
        match kernel.modules {
            0 => writeln!(out, ", no modules")?,
            count => writeln!(out, ", {count} modules")?,
        }
        for (module, why) in &kernel.broken {
            writeln!(out, "  left out the BTF of module {module}: {why}")?;
        }
    }
    writeln!(out, "{}", path.display())
}
