//! Time, memory and room of the operations, one at a time.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::engine::Engine;
use crate::load::{FULL, SHIPPED, State};
use crate::meter::{Cost, middle, run};
use crate::say;

/// Processes for each of the operations that read.
const READS: usize = 21;
/// Releases of a known minor version.
const RELEASES: u32 = 100;

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn row(name: &str, costs: &[Cost]) {
    let wall = middle(costs.iter().map(|cost| cost.wall).collect());
    let cpu = middle(costs.iter().map(|cost| cost.cpu).collect());
    let rss = costs.iter().map(|cost| cost.rss).max().unwrap_or(0);
    say(&format!(
        "  {name:34} {:9.2} {:9.2} {:9.2} {:9.2} {:8.1}",
        ms(wall.0),
        ms(wall.1),
        ms(cpu.0),
        ms(cpu.1),
        mib(rss * 1024)
    ));
}

fn several(engine: Engine, job: &str, path: &Path, times: usize) -> Result<Vec<Cost>> {
    (0..times).map(|_| Cost::parse(&run(&[engine.name(), job], path)?)).collect()
}

/// The heading, and what a process costs that does nothing, or makes the load and keeps nothing.
pub fn baseline(folder: &Path) -> Result<()> {
    say(&format!(
        "  {:34} {:>9} {:>9} {:>9} {:>9} {:>8}",
        "", "wall ms", "least", "CPU ms", "least", "RSS MiB"
    ));
    row("nothing", &several(Engine::Plain, "nothing", folder, READS)?);
    row("making the load of the import", &several(Engine::Plain, "make-load", folder, 5)?);
    Ok(())
}

/// All files of a folder, in bytes, and their number.
fn size(folder: &Path) -> Result<(u64, usize)> {
    let mut sum = (0, 0);
    for file in std::fs::read_dir(folder)? {
        sum = (sum.0 + file?.metadata()?.len(), sum.1 + 1);
    }
    Ok(sum)
}

fn room(name: &str, folder: &Path, live: u64) -> Result<()> {
    let (bytes, files) = size(folder)?;
    say(&format!(
        "  {name:34} {:.1} MiB in {files} file(s), {:.3} of the {:.1} MiB that are live",
        mib(bytes),
        bytes as f64 / live as f64,
        mib(live)
    ));
    Ok(())
}

/// Measures one engine in a folder of its own.
pub fn measure(engine: Engine, folder: &Path) -> Result<()> {
    let folder = &folder.join("speed");
    std::fs::create_dir(folder)?;
    let path = folder.join("store");
    let mut imports = Vec::new();
    for _ in 0..3 {
        std::fs::remove_dir_all(folder)?;
        std::fs::create_dir(folder)?;
        imports.extend(several(engine, "import", &path, 1)?);
    }
    row("d. import all, one transaction", &imports);
    let (bytes, live) =
        (imports.iter().map(|cost| cost.written).max().unwrap_or(0), State::after(FULL, 0).bytes());
    say(&format!("  {:34} {:.1} MiB", "   written", mib(bytes)));
    room("   size", folder, live)?;
    // Once more before what counts, so that everything is cached.
    several(engine, "check-heads", &path, 1)?;
    row("a. 500 blocks, 1000 heads", &several(engine, "check-heads", &path, READS)?);
    row("a. 500 blocks, 1000 records' starts", &several(engine, "check-records", &path, READS)?);

    releases(engine, folder, &path)?;

    let shipped = folder.join("shipped");
    run(&[engine.name(), "import-shipped"], &shipped)?;
    several(engine, "few", &shipped, 1)?;
    row("b. 25 blocks of 10 MiB, file", &several(engine, "few", &shipped, READS)?);
    let embedded = folder.join("embedded");
    std::fs::copy(&shipped, &embedded)?;
    match several(engine, "few-embedded", &embedded, READS) {
        Ok(costs) => row("c. 25 blocks of 10 MiB, embedded", &costs),
        Err(error) => say(&format!("  c. embedded: {error:#}")),
    }
    say(&format!(
        "  {:34} {:.1} MiB, {:.1} MiB of it live",
        "   size of what is shipped",
        mib(std::fs::metadata(&shipped)?.len()),
        mib(State::after(SHIPPED, 0).bytes())
    ));
    Ok(())
}

fn releases(engine: Engine, folder: &Path, path: &Path) -> Result<()> {
    let said = run(&[engine.name(), &format!("releases={RELEASES}")], path)?;
    let whole = Cost::parse(&said)?;
    let mut costs = Vec::new();
    for line in said.lines().filter_map(|line| line.strip_prefix("release ")) {
        let mut numbers = line.split(' ').skip(1).map(|number| number.parse().map(Duration::from_nanos));
        let mut next = || numbers.next().context("a release without its time");
        costs.push(Cost { wall: next()??, cpu: next()??, ..whole });
    }
    row("e. 300 blocks and a kernel", &costs);
    let slowest = costs.iter().map(|cost| cost.wall).max().unwrap_or_default();
    say(&format!(
        "  {:34} {:.2} ms the slowest, {:.2} MiB written by each",
        "",
        ms(slowest),
        mib(whole.written / u64::from(RELEASES))
    ));
    let live = State::after(FULL, RELEASES).bytes();
    room(&format!("   size after {RELEASES}"), folder, live)?;
    row("   compact", &several(engine, "compact", path, 1)?);
    room("   size when compacted", folder, live)
}
