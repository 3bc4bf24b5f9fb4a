//! A store of so many kernels.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

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
    let real = rows.len().min(arguments.kernels);
    let all = arguments.kernels;
    let mut fill = Fill { arguments, count: 0, bytes: 0, series: BTreeSet::new() };
    for row in &rows[..real] {
        fill.add(row, new(row, "real", row.release.clone(), rates::open(row)?, String::new())?)?;
    }
    let mut edits = match &arguments.edits {
        Some(path) => Some(fs::File::create(path).with_context(|| path.display().to_string())?),
        None => None,
    };
    // Variants are made by several threads, and come in one by one, in an order that chance has no part in.
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..real).map(|_| sync_channel(4)).unzip();
    let work = Mutex::new(rows[..real].iter().zip(senders).enumerate());
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = work.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, (row, sender))) = next else { return };
                    // Each real kernel is followed by as many variants as any other.
                    let many = (all - real) * (index + 1) / real - (all - real) * index / real;
                    let seed = arguments.seed.wrapping_add(index as u64);
                    if let Err(error) = variants(row, many, seed, &rates, &sender) {
                        // Nobody listens only when all is over.
                        let _ = sender.send(Err(error));
                    }
                }
            });
        }
        for (row, receiver) in rows[..real].iter().zip(receivers) {
            for new in receiver {
                let new = new?;
                if let Some(file) = &mut edits {
                    writeln!(file, "{} {}\n{}", row.arch, new.release, new.edits)?;
                }
                fill.add(row, new)?;
            }
        }
        Ok(())
    })
}

/// Makes the variants of a kernel, each out of the one before.
fn variants(
    row: &Row,
    many: usize,
    seed: u64,
    rates: &rates::Rates,
    sender: &SyncSender<Result<New>>,
) -> Result<()> {
    let mut chance = Chance::new(seed);
    let mut kernel = edit::Kernel::of(&rates::open(row)?);
    for number in 1..=many {
        let mut log = String::new();
        kernel.edit(rates, &mut chance, &mut log);
        let release = format!("{}.variant{number}", row.release);
        let new = new(row, "variant", release, kernel.write()?, log)?;
        if sender.send(Ok(new)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// A kernel to be written into the store.
struct New {
    what: &'static str,
    release: String,
    import: Import,
    /// What was edited.
    edits: String,
}

fn new(row: &Row, what: &'static str, release: String, btf: Btf, edits: String) -> Result<New> {
    let arch = Arch::new(row.arch.clone());
    // So that a check can ask for these alone, and not for those that corecheck ships.
    let name = KernelName { distro: "bench".to_owned(), release: release.clone(), arch };
    let mut kernel = Kernel::of_vmlinux(name, Arc::new(btf));
    kernel.facts.version = row.version.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    kernel.facts.provenance = format!("{what} of Debian's {}", row.release);
    kernel.coverage = Coverage::Complete;
    Ok(New { what, release, import: Import::new(&kernel)?, edits })
}

struct Fill<'a> {
    arguments: &'a Arguments,
    count: usize,
    bytes: u64,
    series: BTreeSet<String>,
}

impl Fill<'_> {
    fn add(&mut self, row: &Row, new: New) -> Result<()> {
        let store = &self.arguments.store;
        new.import.commit(store)?;
        let bytes = size(store)?;
        let is_known = if self.series.insert(row.series()) { "new" } else { "known" };
        self.count += 1;
        let (count, grown) = (self.count, bytes - self.bytes);
        println!("{count}\t{}\t{}\t{is_known}\t{bytes}\t{grown}", new.what, new.release);
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
