//! Reading groups: those that others have open, and those that nobody uses.

use std::time::{Duration, Instant};

use crate::confirm::{Reading, When};
use crate::find::{self, Group, Roots};
use crate::read::{OpenError, OpenGroup, Opened, Reader, Through, Watcher};
use crate::report::Note;

/// So often a group that was closed is looked at until it says so.
const MOST_LOOKS: usize = 10;

/// What reading needs.
pub(super) struct Look<'a> {
    pub(super) roots: &'a Roots,
    pub(super) watcher: Watcher,
    pub(super) reader: Reader,
    pub(super) through: Through,
    pub(super) patience: Duration,
    pub(super) notes: &'a mut Vec<Note>,
}

impl Look<'_> {
    /// Reads the groups that other processes have open.
    pub(super) fn held<'g>(
        &mut self,
        groups: &'g [Group],
        readings: &mut Vec<Reading<'g>>,
    ) -> anyhow::Result<()> {
        let is_held = |group: &&Group| !group.holders.is_empty();
        let held: Vec<&Group> = groups.iter().filter(is_held).collect();
        let found = self.wait_for(&held)?;
        for group in held {
            let Some(seen) = found.iter().find(|seen| is_of(seen, group)) else {
                self.note("not-seen", format!("group {} is open, but {}", group.name, self.why_not_seen()));
                continue;
            };
            let answer = self.reader.ask(seen.group)?;
            // Only what is still open was open all the while.
            let is_steady = match self.through {
                Through::Iter => self.watcher.look()?.contains(seen),
                Through::Ioctl => {
                    let mut now = find::groups(self.roots).into_iter();
                    now.any(|now| now.name == group.name && now.holders == group.holders)
                }
            };
            readings.push(Reading {
                group,
                when: When::Held,
                seen: seen.clone(),
                answer,
                status: None,
                before: None,
                is_steady,
            });
        }
        Ok(())
    }

    /// What is seen until all of these are, or until it takes too long.
    fn wait_for(&mut self, groups: &[&Group]) -> anyhow::Result<Vec<OpenGroup>> {
        let end = Instant::now() + self.patience;
        loop {
            let found = self.watcher.look()?;
            let is_all = groups.iter().all(|group| found.iter().any(|seen| is_of(seen, group)));
            if is_all || self.through == Through::Iter || Instant::now() >= end {
                return Ok(found);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn why_not_seen(&self) -> &'static str {
        match self.through {
            Through::Iter => {
                "no task that this process may see has it: it may be in another PID namespace, or just closed"
            }
            Through::Ioctl => "nobody used it meanwhile: wait longer with --seconds",
        }
    }

    /// Opens each group that nobody uses, reads it, closes it, and reads it again.
    pub(super) fn unused<'g>(
        &mut self,
        groups: &'g [Group],
        readings: &mut Vec<Reading<'g>>,
    ) -> anyhow::Result<()> {
        for group in groups.iter().filter(|group| group.holders.is_empty()) {
            self.watcher.forget()?;
            let opened = match Opened::new(self.roots, group) {
                Ok(opened) => opened,
                Err(error @ OpenError::InUse) => {
                    self.note("in-use", format!("group {} was left alone: {error}", group.name));
                    continue;
                }
                Err(error) => {
                    self.note("not-opened", format!("group {}: {error}", group.name));
                    continue;
                }
            };
            opened.touch();
            let own = std::process::id();
            let found = self.watcher.look()?;
            let Some(seen) = found.iter().find(|seen| is_of(seen, group) && seen.tgid == own).cloned() else {
                self.note(
                    "not-seen",
                    format!("group {} was opened, and not found among open files", group.name),
                );
                continue;
            };
            let answer = self.reader.ask(seen.group)?;
            let status = opened.status;
            let reading =
                Reading { group, when: When::Opened, seen, answer, status, before: None, is_steady: true };
            drop(opened);
            let (mut answer, mut is_steady);
            let mut looks = 0;
            loop {
                answer = self.reader.ask(reading.seen.group)?;
                // Somebody may have opened it since.
                let now = find::groups(self.roots);
                is_steady = now.iter().any(|now| now.name == group.name && now.holders.is_empty());
                looks += 1;
                // Or came and went between reading and looking: then another look finds it closed.
                if !is_steady || answer.opened.is_none_or(|opened| opened == 0) || looks == MOST_LOOKS {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            let before = reading.answer.references;
            let closed =
                Reading { when: When::Closed, answer, status: None, before, is_steady, ..reading.clone() };
            readings.extend([reading, closed]);
        }
        Ok(())
    }

    fn note(&mut self, code: &'static str, text: String) {
        self.notes.push(Note { code, text });
    }
}

fn is_of(seen: &OpenGroup, group: &Group) -> bool {
    group.device == Some(seen.rdev)
}
