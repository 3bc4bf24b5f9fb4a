//! The command line: arguments to work, work to an exit status.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use corecheck::answer::needs_by;
use corecheck::attach;
use corecheck::loader::Loader;
use corecheck::object::{Object, read_file};

use crate::confirm::{self, Load};
use crate::find::{Ability, Group, Holder, Machine, Obstacle, Roots};
use crate::live::{self, Wanted};
use crate::load::{Numbers, Types, load_each, numbered};
use crate::predict::predict;
use crate::read::Through;
use crate::render;
use crate::report::{GroupEntry, HolderEntry, MachineEntry, ObjectEntry, Observation, SCHEMA, Summary, Tool};

/// Proves on this machine what corecheck predicts.
#[derive(Debug, Parser)]
#[command(name = "ebpf-probe", version, max_term_width = 100)]
pub struct Cli {
    /// Only this object, or those inside this executable: load it, and compare its accesses and verdict (repeatable)
    #[arg(long = "object", value_name = "FILE")]
    objects: Vec<PathBuf>,
    /// Open the groups that nobody uses, one after the other, read them, and close them again
    #[arg(long)]
    open: bool,
    /// How to find open groups: iter goes through all open files (Linux 5.8), ioctl waits until their owners use them
    #[arg(long, value_name = "iter|ioctl")]
    through: Option<ThroughArg>,
    /// With ioctl: how long to wait for the groups' owners
    #[arg(long, value_name = "N", default_value_t = 5)]
    seconds: u64,
    /// Types for the loader, which are searched before the kernel's own: any source that corecheck takes
    #[arg(long, value_name = "FILE", conflicts_with = "objects")]
    btf: Option<PathBuf>,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "human")]
    formats: Vec<Format>,
    /// Show every access, and not only those that are contradicted
    #[arg(long, short)]
    all: bool,
    /// Say more about what is done, on standard error (-vv: still more)
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// `--format`.
#[derive(Debug, Clone)]
struct Format {
    is_json: bool,
    file: Option<PathBuf>,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (form, file) = match text.split_once('=') {
            Some((_, "")) => return Err("= wants a file behind it".to_owned()),
            Some((form, file)) => (form, Some(PathBuf::from(file))),
            None => (text, None),
        };
        match form {
            "human" | "json" => Ok(Self { is_json: form == "json", file }),
            _ => Err("give human or json".to_owned()),
        }
    }
}

/// `--through`.
#[derive(Debug, Clone)]
struct ThroughArg(Through);

impl FromStr for ThroughArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "iter" => Ok(Self(Through::Iter)),
            "ioctl" => Ok(Self(Through::Ioctl)),
            _ => Err("give iter or ioctl".to_owned()),
        }
    }
}

impl Cli {
    /// How much the log says.
    pub fn log_level(&self) -> log::LevelFilter {
        match self.verbose {
            0 => log::LevelFilter::Warn,
            1 => log::LevelFilter::Info,
            _ => log::LevelFilter::Debug,
        }
    }

    /// Does the work.
    ///
    /// # Errors
    /// It could not be done; the message says why and what to do.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let roots = Roots::below(Path::new("/"));
        if let Some(Obstacle { code, text, help }) = Ability::find(&roots).obstacle() {
            bail!("{text} [{code}]\n  help: {help}");
        }
        let observation =
            if self.objects.is_empty() { self.observe_live(&roots)? } else { self.observe_objects(&roots)? };
        for format in &self.formats {
            self.write(format, &observation)?;
        }
        Ok(ExitCode::from(observation.summary.status))
    }

    fn observe_objects(&self, roots: &Roots) -> anyhow::Result<Observation> {
        let mut objects = Vec::new();
        for path in &self.objects {
            objects.extend(read_file(path)?);
        }
        let mut types = needs_by(&[Loader::Aya], &objects);
        attach::add_needs(&objects, &mut types);
        let machine = Machine::find(roots, &types)?;
        let objects =
            objects.iter().map(|object| observe(object, &machine)).collect::<Result<Vec<_>, _>>()?;
        Ok(Observation {
            schema: SCHEMA,
            tool: TOOL,
            machine: machine_entry(&machine),
            groups: Vec::new(),
            summary: Summary::of(&objects, &[]),
            objects,
            values: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn observe_live(&self, roots: &Roots) -> anyhow::Result<Observation> {
        let wanted = Wanted {
            open: self.open,
            through: self.through.as_ref().map(|through| through.0),
            patience: Duration::from_secs(self.seconds),
            btf: self.btf.as_deref(),
        };
        let live = live::observe(roots, wanted)?;
        let mut summary = Summary::of(&live.objects, &live.values);
        if !live.is_done {
            summary.status = 2;
        }
        Ok(Observation {
            schema: SCHEMA,
            tool: TOOL,
            machine: machine_entry(&live.machine),
            groups: live.groups.iter().map(group_entry).collect(),
            objects: live.objects,
            values: live.values,
            notes: live.notes,
            summary,
        })
    }

    fn write(&self, format: &Format, observation: &Observation) -> anyhow::Result<()> {
        let render = |out: &mut dyn Write| match format.is_json {
            true => render::json::render(observation, out),
            false => render::human::render(observation, self.all, out),
        };
        let Some(path) = &format.file else {
            return match render(&mut anstream::stdout().lock()) {
                // Whoever reads has read enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => Ok(result?),
            };
        };
        let cannot = || format!("{} cannot be written", path.display());
        let mut file = io::BufWriter::new(File::create(path).with_context(cannot)?);
        render(&mut file).and_then(|()| file.flush()).with_context(cannot)
    }
}

/// Loads an object as its users do with aya: its accesses against the kernel's vmlinux.
fn observe(object: &Object, machine: &Machine) -> anyhow::Result<ObjectEntry> {
    let predicted = predict(object, &machine.kernel, &machine.modules(), Loader::Aya)?;
    let numbers = Numbers::new(object)?;
    let file = numbered(object, &numbers).with_context(|| object.path.clone())?;
    let states = load_each(object, &file, Types { target: &machine.aya, kernel: &machine.aya })
        .map(|loaded| loaded.states);
    Ok(confirm::object(&Load { object, numbers: &numbers, btf: "kernel", states }, &predicted))
}

const TOOL: Tool = Tool { name: "ebpf-probe", version: env!("CARGO_PKG_VERSION") };

fn machine_entry(machine: &Machine) -> MachineEntry {
    MachineEntry {
        kernel: machine.kernel.name.to_string(),
        release: machine.kernel.name.release.clone(),
        arch: machine.kernel.name.arch.to_string(),
        modules_with_btf: machine.with_btf.iter().cloned().collect(),
        modules_without_btf: machine.loaded.difference(&machine.with_btf).cloned().collect(),
    }
}

fn group_entry(group: &Group) -> GroupEntry {
    let holder =
        |holder: &Holder| HolderEntry { pid: holder.pid, fd: holder.fd, command: holder.command.clone() };
    GroupEntry {
        name: group.name.clone(),
        number: group.number,
        noiommu: group.is_noiommu,
        devices: group.devices.clone(),
        holders: group.holders.iter().map(holder).collect(),
    }
}
