//! What embedded stores cost under the load of our store, beside a plain file: time, memory, room, what a killed
//! process leaves behind, and what two processes do to each other.
//!
//!     cargo bench -p corecheck-tests --features stores --bench stores [-- ENGINE...]
//!
//! Every measurement is a process of its own (this executable again, with `--job`). Nothing is asserted about time;
//! that a killed process loses nothing is. The figures that the choice rests on are in `../stores.md`.

mod crash;
mod engine;
mod jobs;
mod load;
mod meter;
mod plain;
mod redb;
mod sharing;
mod speed;
mod sqlite;
mod store;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use engine::Engine;

/// Says one line.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
pub fn say(line: &str) {
    println!("{line}");
}

/// Where stores are made: on the disk that the build is on, for a file system in memory would sync nothing.
fn folder() -> PathBuf {
    PathBuf::from(option_env!("CARGO_TARGET_TMPDIR").unwrap_or("."))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some("--job") = arguments.first().map(String::as_str) {
        let [_, engine, job, path] = &arguments[..] else { bail!("--job ENGINE JOB PATH") };
        // One line: whoever started this shows it.
        return jobs::job(engine, job, Path::new(path)).map_err(|error| anyhow!("{error:#}"));
    }
    let engines: Vec<Engine> = if arguments.is_empty() {
        Engine::ALL.to_vec()
    } else {
        arguments.iter().map(|name| Engine::named(name)).collect::<Result<_>>()?
    };
    let folder = tempfile::tempdir_in(folder())?;
    let mut sound = true;
    speed::baseline(folder.path())?;
    for engine in engines {
        say(&format!("\n{}", engine.name()));
        let own = folder.path().join(engine.name());
        std::fs::create_dir(&own)?;
        speed::measure(engine, &own)?;
        sound &= crash::kill_imports(engine, &own)?;
        sound &= crash::kill_releases(engine, &own)?;
        sharing::measure(engine, &own)?;
        std::fs::remove_dir_all(&own)?;
    }
    if !sound {
        bail!("a killed process left a store that is not whole");
    }
    Ok(())
}
