//! What two processes do to each other on one store.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::engine::Engine;
use crate::meter::{run, start};
use crate::say;

/// How long the second process may wait before the first one goes on.
const PATIENCE: Duration = Duration::from_secs(1);
/// Releases that each of two writers adds.
const EACH: u32 = 20;

/// Measures one engine in a folder of its own.
pub fn measure(engine: Engine, folder: &Path) -> Result<()> {
    let folder = folder.join("sharing");
    std::fs::create_dir(&folder)?;
    let path = folder.join("store");
    run(&[engine.name(), "import"], &path)?;
    beside(engine, &path, "few", "g. reader beside a writer")?;
    beside(engine, &path, "releases=1", "g. writer beside a writer")?;
    two_writers(engine, &path)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// One process holds a transaction open; another comes. What it meets, and when.
fn beside(engine: Engine, path: &Path, job: &str, name: &str) -> Result<()> {
    let mut holder = start(&[engine.name(), "hold"], path)?;
    let mut line = String::new();
    // Kept to the end: the process still has something to say.
    let mut pipe = BufReader::new(holder.stdout.take().context("no pipe")?);
    pipe.read_line(&mut line)?;
    anyhow::ensure!(line == "held\n", "the first process said '{line}'");
    let began = Instant::now();
    let mut other = start(&[engine.name(), job], path)?;
    while other.try_wait()?.is_none() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
    let waited = other.try_wait()?.is_none();
    let took = began.elapsed();
    // The end of its standard input lets the first one commit.
    drop(holder.stdin.take());
    let (how, said) = outcome(other)?;
    let (first, why) = outcome(holder)?;
    let when =
        if waited { "after the first had committed".to_owned() } else { format!("in {:.1} ms", ms(took)) };
    say(&format!("  {name:34} {how} {when}{said}; the first: {first}{why}"));
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn outcome(child: Child) -> Result<(&'static str, String)> {
    let output = child.wait_with_output()?;
    Ok(if output.status.success() {
        ("done", String::new())
    } else {
        (
            "refused",
            format!(" ({})", String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("Error: ")),
        )
    })
}

/// Two processes add releases as fast as they can.
fn two_writers(engine: Engine, path: &Path) -> Result<()> {
    let before: u32 =
        run(&[engine.name(), "whole"], path)?.lines().next().context("nothing said")?.parse()?;
    let (began, job) = (Instant::now(), format!("insist={EACH}"));
    let both = [start(&[engine.name(), &job], path)?, start(&[engine.name(), &job], path)?];
    let (mut errors, mut example) = (0, String::new());
    for child in both {
        let output = child.wait_with_output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for error in
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.strip_prefix("error "))
        {
            errors += 1;
            error.clone_into(&mut example);
        }
    }
    let took = began.elapsed();
    let after: u32 = run(&[engine.name(), "whole"], path)?.lines().next().context("nothing said")?.parse()?;
    say(&format!(
        "  {:34} {} of {} are there, whole, in {:.0} ms, after {errors} errors{}{example}",
        "g. two writers at once",
        after - before,
        2 * EACH,
        ms(took),
        if errors == 0 { "" } else { ", such as: " }
    ));
    Ok(())
}
