//! What the processes do that are measured, killed, or set against each other.

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::engine::Engine;
use crate::load::{self, FULL, Random, SHIPPED, Size};
use crate::meter::{Cost, cost, mapped};
use crate::say;
use crate::store::{Store, Table};

fn keys(count: u32, size: Size) -> Vec<u32> {
    Random::new(6, 0).keys(count, size.blocks)
}

fn blocks(store: &dyn Store, count: u32, size: Size) -> Result<()> {
    store.get(Table::Blocks, &keys(count, size), &mut |_, value| {
        black_box(value.iter().step_by(64).fold(0_u8, |sum, byte| sum.wrapping_add(*byte)));
        Ok(())
    })
}

fn heads(store: &dyn Store, table: Table) -> Result<()> {
    let mut count = 0;
    store.starts(table, load::HEAD, &mut |_, value| {
        black_box(value);
        count += 1;
        Ok(())
    })?;
    anyhow::ensure!(count >= FULL.kernels, "{count} heads");
    Ok(())
}

/// Does one job: its engine, its name, and the store's path.
pub fn job(engine: &str, name: &str, path: &Path) -> Result<()> {
    let engine = Engine::named(engine)?;
    let cost = match name {
        "nothing" => cost(|| Ok(()))?,
        "make-load" => cost(|| {
            let mut nothing = load::Nothing;
            load::make(&mut nothing, FULL)
        })?,
        "check-heads" => cost(|| {
            let store = engine.read(path)?;
            blocks(&*store, 500, FULL)?;
            heads(&*store, Table::Heads)
        })?,
        "check-records" => cost(|| {
            let store = engine.read(path)?;
            blocks(&*store, 500, FULL)?;
            heads(&*store, Table::Kernels)
        })?,
        "few" => cost(|| blocks(&*engine.read(path)?, 25, SHIPPED))?,
        "few-embedded" => {
            let bytes = mapped(path)?;
            cost(|| blocks(&*engine.read_bytes(bytes)?, 25, SHIPPED))?
        }
        "import" => cost(|| load::import(&mut *engine.write(path)?, FULL))?,
        "import-shipped" => cost(|| load::import(&mut *engine.write(path)?, SHIPPED))?,
        "compact" => cost(|| engine.write(path)?.compact())?,
        "whole" => cost(|| {
            let done = load::whole(&*engine.read(path)?)?;
            say(&done.map_or("empty".to_owned(), |done| done.to_string()));
            Ok(())
        })?,
        "repair" => cost(|| {
            engine.write(path)?;
            Ok(())
        })?,
        "hold" => cost(|| hold(engine, path))?,
        _ => match name.split_once('=') {
            Some(("releases", count)) => cost(|| releases(engine, path, count.parse()?))?,
            Some(("insist", count)) => cost(|| insist(engine, path, count.parse()?))?,
            _ => bail!("there is no job '{name}'"),
        },
    };
    say(&cost.line());
    Ok(())
}

/// Adds releases, each as a run of the tool would: opened, one transaction, closed. Says each one's time and number.
fn releases(engine: Engine, path: &Path, count: u32) -> Result<()> {
    for _ in 0..count {
        let mut done = 0;
        let Cost { wall, cpu, .. } = cost(|| {
            done = load::release(&mut *engine.write(path)?, &mut || Ok(()))?;
            Ok(())
        })?;
        say(&format!("release {done} {} {}", wall.as_nanos(), cpu.as_nanos()));
    }
    Ok(())
}

/// Adds releases as [`releases`] does, and begins again after an error, which another writer may have caused.
fn insist(engine: Engine, path: &Path, count: u32) -> Result<()> {
    let mut done = 0;
    while done < count {
        match engine.write(path).and_then(|mut store| load::release(&mut *store, &mut || Ok(()))) {
            Ok(_) => done += 1,
            Err(error) => {
                say(&format!("error {error:#}"));
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
    }
    Ok(())
}

/// Writes one release, says so, and commits when its standard input ends.
fn hold(engine: Engine, path: &Path) -> Result<()> {
    let mut store = engine.write(path)?;
    load::release(&mut *store, &mut || {
        say("held");
        std::io::stdin().read_to_end(&mut Vec::new()).context("waiting")?;
        Ok(())
    })?;
    Ok(())
}
