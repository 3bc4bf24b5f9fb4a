//! A store of so many kernels.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::{Arch, Coverage, Kernel, KernelName};
use corecheck_layouts::store::file::Import;

use crate::chance::Chance;
use crate::table::Row;
use crate::{edit, rates, table};

/// Arguments of `fill`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What `tests/corpus/kernels --many` prints
    table: PathBuf,
    /// The store, which is made
    #[arg(long)]
    store: PathBuf,
    /// How many kernels it is to have
    #[arg(long)]
    kernels: usize,
    /// Where chance begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write down what was edited
    #[arg(long)]
    edits: Option<PathBuf>,
    /// Keeps a copy of the store as it is when it has so many kernels (repeatable)
    #[arg(long = "copy", value_name = "N=FILE")]
    copies: Vec<Copy>,
}

#[derive(Debug, Clone)]
struct Copy {
    kernels: usize,
    path: PathBuf,
}

impl FromStr for Copy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kernels, path) = text.split_once('=').ok_or("give a number of kernels, = and a file")?;
        let kernels = kernels.parse().map_err(|error| format!("{kernels}: {error}"))?;
        Ok(Self { kernels, path: path.into() })
    }
}

/// Fills the store; prints a line for each kernel: how many there are then, real or variant, name, whether a kernel of its
/// series was there, bytes of the store, bytes by which it grew. The first lines say which rates were measured.
pub fn run(arguments: &Arguments) -> Result<()> {
    ensure!(!arguments.store.exists(), "{} is there already", arguments.store.display());
    let rows = table::read(&arguments.table)?;
    let pairs = rates::of_pairs(&rows)?;
    pairs.iter().for_each(|pair| println!("# {pair}"));
    let rates = rates::mean(&pairs)?;
    println!("# {rates}");
    let mut fill = Fill { arguments, count: 0, bytes: 0, series: BTreeSet::new() };
    let real = rows.len().min(arguments.kernels);
    for row in &rows[..real] {
        let btf = rates::open(row)?;
        fill.add("real", &row.series(), &row.release, row, btf)?;
    }
    let mut edits = match &arguments.edits {
        Some(path) => Some(fs::File::create(path).with_context(|| path.display().to_string())?),
        None => None,
    };
    // Each real kernel is followed by as many variants as any other.
    for (index, row) in rows[..real].iter().enumerate() {
        let until = real + (arguments.kernels - real) * (index + 1) / real;
        let mut chance = Chance::new(arguments.seed.wrapping_add(index as u64));
        let mut kernel = edit::Kernel::of(&rates::open(row)?);
        for number in 1..=until.saturating_sub(fill.count) {
            let mut log = String::new();
            kernel.edit(&rates, &mut chance, &mut log);
            let release = format!("{}.variant{number}", row.release);
            if let Some(file) = &mut edits {
                writeln!(file, "{} {release}\n{log}", row.arch)?;
            }
            fill.add("variant", &row.series(), &release, row, kernel.write()?)?;
        }
    }
    Ok(())
}

struct Fill<'a> {
    arguments: &'a Arguments,
    count: usize,
    bytes: u64,
    series: BTreeSet<String>,
}

impl Fill<'_> {
    fn add(&mut self, what: &str, series: &str, release: &str, row: &Row, btf: Btf) -> Result<()> {
        let arch = Arch::new(row.arch.clone());
        let name = KernelName { distro: "debian".to_owned(), release: release.to_owned(), arch };
        let mut kernel = Kernel::of_vmlinux(name, Arc::new(btf));
        kernel.facts.version = row.version.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        kernel.facts.provenance = format!("{what} of Debian's {}", row.release);
        kernel.coverage = Coverage::Complete;
        let store = &self.arguments.store;
        Import::new(&kernel)?.commit(store)?;
        let bytes = size(store)?;
        let is_known = !self.series.insert(series.to_owned());
        self.count += 1;
        println!(
            "{}\t{what}\t{release}\t{}\t{bytes}\t{}",
            self.count,
            if is_known { "known" } else { "new" },
            bytes - self.bytes
        );
        self.bytes = bytes;
        for copy in self.arguments.copies.iter().filter(|copy| copy.kernels == self.count) {
            fs::copy(store, &copy.path).map_err(|error| anyhow!("{}: {error}", copy.path.display()))?;
        }
        Ok(())
    }
}

fn size(store: &Path) -> Result<u64> {
    Ok(fs::metadata(store)?.len())
}
