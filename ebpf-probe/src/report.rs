//! The observation's form, `corecheck.observation/1`: what JSON shows, field by field.
//!
//! The JSON Schema `ebpf-probe/schema/observation-1.json` describes the same; a test holds the two together.

use corecheck::report::model::{AccessEntry, ConditionEntry, OutcomeEntry, ReasonEntry};
use serde::Serialize;

/// Version of the form.
pub const SCHEMA: &str = "corecheck.observation/1";

/// All that was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Observation {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Who made it.
    pub tool: Tool,
    /// The machine.
    pub machine: MachineEntry,
    /// Its VFIO groups; none is looked for when objects are named.
    pub groups: Vec<GroupEntry>,
    /// The objects that were loaded.
    pub objects: Vec<ObjectEntry>,
    /// What was read from groups.
    pub values: Vec<ValueEntry>,
    /// What else to know.
    pub notes: Vec<Note>,
    /// How it came out.
    pub summary: Summary,
}

/// The tool.
#[derive(Debug, Clone, Serialize)]
pub struct Tool {
    /// `ebpf-probe`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The running kernel.
#[derive(Debug, Clone, Serialize)]
pub struct MachineEntry {
    /// Its full name, as corecheck names kernels.
    pub kernel: String,
    /// What `uname -r` prints.
    pub release: String,
    /// Its architecture in Debian's words.
    pub arch: String,
    /// The loaded modules that show types of themselves.
    pub modules_with_btf: Vec<String>,
    /// The other loaded modules.
    pub modules_without_btf: Vec<String>,
}

/// A VFIO group.
#[derive(Debug, Clone, Serialize)]
pub struct GroupEntry {
    /// Its file in `/dev/vfio`.
    pub name: String,
    /// The number of its IOMMU group.
    pub number: u32,
    /// Whether it works without an IOMMU.
    pub noiommu: bool,
    /// The devices in it.
    pub devices: Vec<String>,
    /// Who had it open when this program began.
    pub holders: Vec<HolderEntry>,
}

/// A process that has a group open.
#[derive(Debug, Clone, Serialize)]
pub struct HolderEntry {
    /// Its number.
    pub pid: u32,
    /// The descriptor.
    pub fd: u32,
    /// What it calls itself.
    pub command: String,
}

/// A value that was read from a group.
#[derive(Debug, Clone, Serialize)]
pub struct ValueEntry {
    /// The group's name.
    pub group: String,
    /// `held`: a process has it open; `opened`: this program has; `closed`: this program closed it again.
    pub state: &'static str,
    /// What it is: `minor`, `opened`, `id` and so on.
    pub what: &'static str,
    /// The object whose program read it.
    pub object: String,
    /// The access that it was read through, of that object; left out where the kernel has no field that the program knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<usize>,
    /// Its place: type and path.
    pub place: String,
    /// The offset in bytes that was predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prediction: Option<u64>,
    /// The offset in bytes that the kernel runs with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<u64>,
    /// What was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Datum>,
    /// What it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<String>,
    /// By what that is known.
    pub source: &'static str,
    /// `confirmed`, `contradicted` or `not-read`.
    pub result: &'static str,
    /// Why it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Datum {
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A name, or an address in hexadecimal.
    Text(String),
}

/// Something to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A word that does not change.
    pub code: &'static str,
    /// A sentence.
    pub text: String,
}

/// What was seen of an object.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectEntry {
    /// Its file, or `file@symbol` or `file@0xoffset` inside an executable.
    pub path: String,
    /// Who loaded it.
    pub loader: Tool,
    /// What its accesses were relocated against: `kernel` (its vmlinux), `gathered` (what the accesses need of vmlinux and
    /// modules) or `given` (a file).
    pub btf: &'static str,
    /// What was predicted of it.
    pub predicted: PredictedObject,
    /// What became of it as a whole: a program may still be refused.
    pub observed: Observed,
    /// Prediction against what happened: the worst of its programs' (see [`ProgramEntry::comparison`]).
    pub comparison: &'static str,
    /// Its programs.
    pub programs: Vec<ProgramEntry>,
    /// Its accesses.
    pub accesses: Vec<AccessSeen>,
}

/// The prediction about an object.
#[derive(Debug, Clone, Serialize)]
pub struct PredictedObject {
    /// Whose rules: `aya` or `libbpf`.
    pub loader: String,
    /// `ok`, `degraded`, `risky`, `unknown` or `fails`.
    pub verdict: &'static str,
    /// What it holds under.
    pub conditions: Vec<ConditionEntry>,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
    /// What could not be judged.
    pub unchecked: Vec<ReasonEntry>,
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
pub struct Observed {
    /// `loaded`, `refused` or `not-tried`.
    pub state: &'static str,
    /// When it was refused: `open`, `relocate` or `verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// What is to blame, a word that does not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    /// Why it was refused or not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The end of the verifier's log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// A program.
#[derive(Debug, Clone, Serialize)]
pub struct ProgramEntry {
    /// Its function's name.
    pub name: String,
    /// Its section, without a leading `?`.
    pub section: String,
    /// The predicted verdict; `skipped` for a program that is not loaded.
    pub predicted: &'static str,
    /// When it was predicted to fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_phase: Option<&'static str>,
    /// What happened.
    pub observed: Observed,
    /// `right`; `falsely-ok` or `falsely-failing`; `unknown`: nothing was predicted; `other-cause`: refused for what no verdict
    /// speaks about; `not-compared`: it was not loaded, or was predicted to fail later than this program goes.
    pub comparison: &'static str,
}

/// An access.
#[derive(Debug, Clone, Serialize)]
pub struct AccessSeen {
    /// What it is.
    #[serde(flatten)]
    pub access: AccessEntry,
    /// What was predicted.
    pub predicted: OutcomeEntry,
    /// What each program has that it is in.
    pub observed: Vec<InProgram>,
    /// `confirmed`, `contradicted` or `not-read`.
    pub result: &'static str,
    /// Why it was not read, or what contradicts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// An access in a program as the kernel has it.
#[derive(Debug, Clone, Serialize)]
pub struct InProgram {
    /// The program.
    pub program: String,
    /// `patched`: the instruction is there, with `value`; `poisoned`: it is a call of a helper that no kernel has; `removed`: no
    /// path leads there; `replaced`: another instruction is there; `not-shown`: the kernel does not show it; `not-loaded`.
    pub state: &'static str,
    /// The number in the instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}

/// How many of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The exit status: 1 when something is contradicted or a verdict was false; 2 when the work could not be done.
    pub status: u8,
    /// Accesses and values that are as predicted.
    pub confirmed: usize,
    /// Those that are not.
    pub contradicted: usize,
    /// Those of which the machine says nothing.
    pub not_read: usize,
    /// Programs whose verdict was right.
    pub right: usize,
    /// Programs that were refused although nothing was predicted to fail.
    pub falsely_ok: usize,
    /// Programs that were loaded although they were predicted to fail.
    pub falsely_failing: usize,
    /// Programs of which nothing was predicted.
    pub unknown: usize,
    /// Programs that were refused for what no verdict speaks about.
    pub other_cause: usize,
    /// Programs that were not compared.
    pub not_compared: usize,
}

impl Summary {
    /// Counts.
    pub fn of(objects: &[ObjectEntry], values: &[ValueEntry]) -> Self {
        let mut all = Self::default();
        values.iter().for_each(|value| all.count(value.result));
        for object in objects {
            object.accesses.iter().for_each(|access| all.count(access.result));
            for program in &object.programs {
                *(match program.comparison {
                    "right" => &mut all.right,
                    "falsely-ok" => &mut all.falsely_ok,
                    "falsely-failing" => &mut all.falsely_failing,
                    "unknown" => &mut all.unknown,
                    "other-cause" => &mut all.other_cause,
                    _ => &mut all.not_compared,
                }) += 1;
            }
        }
        all.status = u8::from(all.contradicted + all.falsely_ok + all.falsely_failing > 0);
        all
    }

    fn count(&mut self, result: &str) {
        *(match result {
            "confirmed" => &mut self.confirmed,
            "contradicted" => &mut self.contradicted,
            _ => &mut self.not_read,
        }) += 1;
    }
}
