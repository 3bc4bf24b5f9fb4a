//! What is left when the writing process is killed at random moments.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::engine::Engine;
use crate::load::{FULL, Random};
use crate::meter::{Cost, middle, run, start};
use crate::say;

/// Processes to kill, for each kind of work.
const KILLS: u64 = 20;

/// What was found after the kills.
#[derive(Default)]
struct Found {
    /// Killed before they had done all.
    killed: u32,
    /// What was there was whole, and nothing that had been acknowledged was missing.
    whole: u32,
    /// A process that only reads could open the store before any writer had.
    read_at_once: u32,
    /// Why it could not, once.
    why: Option<String>,
    /// Why a store was not whole, once.
    broken: Option<String>,
    /// Time to open it for writing, which repairs.
    repairs: Vec<Duration>,
}

impl Found {
    /// Starts a job, kills it after a while, and returns what it had said.
    fn kill(&mut self, engine: Engine, job: &str, path: &Path, after: Duration) -> Result<String> {
        let mut child = start(&[engine.name(), job], path)?;
        std::thread::sleep(after);
        child.kill()?;
        let output = child.wait_with_output()?;
        self.killed += u32::from(!output.status.success());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Looks at what is left; `acknowledged` are the releases that must be there, nothing if not even the import need be.
    fn look(&mut self, engine: Engine, path: &Path, acknowledged: Option<u32>) -> Result<()> {
        match run(&[engine.name(), "whole"], path) {
            Ok(_) => self.read_at_once += 1,
            Err(error) => self.why = Some(format!("{error:#}")),
        }
        let checked = run(&[engine.name(), "repair"], path)
            .and_then(|said| {
                self.repairs.push(Cost::parse(&said)?.wall);
                Ok(())
            })
            .and_then(|()| run(&[engine.name(), "whole"], path));
        match checked {
            Ok(said) => {
                let there: Option<u32> = said.lines().next().and_then(|line| line.parse().ok());
                if there >= acknowledged {
                    self.whole += 1;
                } else {
                    self.broken = Some(format!("{acknowledged:?} was acknowledged, {there:?} is there"));
                }
            }
            Err(error) => self.broken = Some(format!("{error:#}")),
        }
        Ok(())
    }

    fn say(self, name: &str) -> bool {
        let (repair, _) = middle(self.repairs);
        say(&format!(
            "  {name:34} {} of {} killed in the midst; {} whole; {} readable before a writer came; {:.1} ms to open for writing",
            self.killed,
            KILLS,
            self.whole,
            self.read_at_once,
            repair.as_secs_f64() * 1e3
        ));
        for why in [&self.why, &self.broken].into_iter().flatten() {
            say(&format!("  {:34} {why}", ""));
        }
        u64::from(self.whole) == KILLS
    }
}

/// Kills first imports: the store is empty or holds everything. Returns whether that was so.
pub fn kill_imports(engine: Engine, folder: &Path) -> Result<bool> {
    let (mut found, mut random) = (Found::default(), Random::new(7, 0));
    let mut longest = None;
    for _ in 0..=KILLS {
        let folder = folder.join("killed-import");
        std::fs::create_dir(&folder)?;
        let path = folder.join("store");
        match longest {
            None => longest = Some(Cost::parse(&run(&[engine.name(), "import"], &path)?)?.wall),
            Some(longest) => {
                let after = Duration::from_nanos(random.below(longest.as_nanos() as u64));
                found.kill(engine, "import", &path, after)?;
                found.look(engine, &path, None)?;
            }
        }
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(found.say("f. import killed"))
}

/// Kills releases, over and over on the same store: every one that was acknowledged is there, and no half of another.
pub fn kill_releases(engine: Engine, folder: &Path) -> Result<bool> {
    let (mut found, mut random) = (Found::default(), Random::new(8, 0));
    let folder = folder.join("killed-releases");
    std::fs::create_dir(&folder)?;
    let path = folder.join("store");
    run(&[engine.name(), "import"], &path)?;
    let said = run(&[engine.name(), "releases=5"], &path)?;
    let each = Cost::parse(&said)?.wall / 5;
    let mut acknowledged = 5;
    for _ in 0..KILLS {
        let after = Duration::from_nanos(random.below(4 * each.as_nanos() as u64));
        let said = found.kill(engine, &format!("releases={}", FULL.kernels), &path, after)?;
        let numbers =
            said.lines().filter_map(|line| line.strip_prefix("release ")?.split(' ').next()?.parse().ok());
        acknowledged = numbers.max().unwrap_or(acknowledged);
        found.look(engine, &path, Some(acknowledged))?;
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(found.say("f. releases killed"))
}
