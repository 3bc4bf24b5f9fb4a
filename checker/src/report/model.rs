//! The report's form, `corecheck.report/1`: what JSON shows, field by field.
//!
//! The JSON Schema beside it (`checker/schema/report-1.json`) describes the same; a test holds the two together.

use serde::Serialize;

/// Version of the form.
pub const SCHEMA: &str = "corecheck.report/1";

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Who made it.
    pub tool: Tool,
    /// The loaders whose rules were applied, in the order in which they were asked for; the first decides the exit status.
    pub loaders: Vec<LoaderEntry>,
    /// The objects that were checked.
    pub objects: Vec<ObjectEntry>,
    /// The kernels they were checked against, in the store's order.
    pub kernels: Vec<KernelEntry>,
    /// Kernels that were not asked for by name, and that cannot run any of the objects or of which nothing is stored that
    /// these ask about, with the reason: not judged.
    pub left_out: Vec<LeftOutEntry>,
    /// The distinct answers.
    pub answers: Vec<AnswerEntry>,
    /// What becomes of what objects need besides their accesses: the distinct ones.
    pub needs: Vec<NeedsEntry>,
    /// One result per object, kernel and loader, by object, then loader, then kernel.
    pub results: Vec<ResultEntry>,
    /// Where loaders disagree; empty where one was asked for.
    pub disagreements: Vec<DisagreementEntry>,
    /// The fewest kernels that together give every distinct answer, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub representatives: Option<Vec<RepresentativeEntry>>,
    /// What to know and do, the gravest first.
    pub findings: Vec<FindingEntry>,
    /// What the policy makes of it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyEntry>,
}

/// The tool.
#[derive(Debug, Clone, Serialize)]
pub struct Tool {
    /// `corecheck`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// A loader.
#[derive(Debug, Clone, Serialize)]
pub struct LoaderEntry {
    /// As on the command line: `libbpf`, `libbpf@1.1`, `aya`, `cilium` or `kernel`.
    pub name: String,
    /// For people; tells the version of aya-obj.
    pub title: String,
}

/// Kernels on which loaders disagree about an object, all in the same way.
#[derive(Debug, Clone, Serialize)]
pub struct DisagreementEntry {
    /// Index of the object.
    pub object: usize,
    /// Full names of the kernels, in the report's order.
    pub kernels: Vec<String>,
    /// What each loader comes to, in their order.
    pub verdicts: Vec<LoaderVerdict>,
    /// The accesses that do not come to the same with all loaders.
    pub accesses: Vec<AccessDisagreement>,
}

/// One loader's verdict.
#[derive(Debug, Clone, Serialize)]
pub struct LoaderVerdict {
    /// The loader.
    pub loader: String,
    /// As of a result.
    pub verdict: &'static str,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
}

/// An access that does not come to the same with all loaders.
#[derive(Debug, Clone, Serialize)]
pub struct AccessDisagreement {
    /// The access.
    pub access: usize,
    /// What it comes to with each loader, in their order.
    pub outcomes: Vec<LoaderOutcome>,
}

/// What an access comes to with one loader.
#[derive(Debug, Clone, Serialize)]
pub struct LoaderOutcome {
    /// The loader.
    pub loader: String,
    /// As of an answer.
    pub outcome: &'static str,
    /// The number that the loader patches in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}

/// A kernel that stands for others.
#[derive(Debug, Clone, Serialize)]
pub struct RepresentativeEntry {
    /// Its full name.
    pub kernel: String,
    /// The answers that it was chosen for: those that no kernel before it in this list gives.
    pub answers: Vec<usize>,
    /// Full names of the kernels that give one of these answers, itself included, in the report's order.
    pub kernels: Vec<String>,
}

/// Why a kernel that nobody named is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// No object is of its byte order.
    ByteOrder,
    /// It is stored in part, and in that part is no type that an object asks about.
    NothingStored,
    /// The policy does not want to know.
    Ignored,
}

impl LeftOut {
    /// The word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::ByteOrder => "byte-order",
            Self::NothingStored => "type-not-stored",
            Self::Ignored => "ignored",
        }
    }
}

/// A kernel that was left out.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOutEntry {
    /// Its full name.
    pub kernel: String,
    /// Why, in a word for machines.
    pub code: &'static str,
    /// Why, for people.
    pub text: String,
}

/// An object.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectEntry {
    /// Its file, or `file@symbol` or `file@0xoffset` inside an executable. Unique within a report.
    pub path: String,
    /// The executable that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_in: Option<String>,
    /// Its programs.
    pub programs: Vec<ProgramEntry>,
    /// Its accesses, in the order in which loaders resolve them.
    pub accesses: Vec<AccessEntry>,
    /// What else it needs of a kernel.
    pub requirements: Vec<RequirementEntry>,
}

/// A program.
#[derive(Debug, Clone, Serialize)]
pub struct ProgramEntry {
    /// Its function's name.
    pub name: String,
    /// Its section, without a leading `?`.
    pub section: String,
    /// Whether loaders load it without being told to.
    pub autoload: bool,
}

/// An access.
#[derive(Debug, Clone, Serialize)]
pub struct AccessEntry {
    /// Its number within the object, from 0.
    pub id: usize,
    /// What it is about, in a form that survives recompiling.
    pub key: String,
    /// Its function, empty for code that linking eliminated.
    pub function: String,
    /// Its section.
    pub section: String,
    /// Its instruction, counted from the start of the section.
    pub insn: u32,
    /// libbpf's word for what it asks.
    pub kind: &'static str,
    /// The root type: `struct vfio_group`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The path from there: `kref.refcount`.
    pub path: String,
    /// The access string: `0:3:1`.
    pub spec: String,
    /// What the compiler put into the instruction; null when the access is broken.
    pub local_value: Option<u64>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceEntry>,
}

/// Something that an object needs besides its accesses.
#[derive(Debug, Clone, Serialize)]
pub struct RequirementEntry {
    /// Its number within the object, from 0.
    pub id: usize,
    /// What sort of thing it is: `traced-function`, `kfunc`, `helper` and others.
    pub kind: &'static str,
    /// Its name; a number where no kernel at hand knows its name; empty where it has none.
    pub name: String,
    /// The program that needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The extern that it is.
    #[serde(rename = "extern", skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The map that needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// The functions that call it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Whether the object is loaded without it.
    pub optional: bool,
}

/// What becomes of all requirements of an object, on some kernels.
#[derive(Debug, Clone, Serialize)]
pub struct NeedsEntry {
    /// Its number within the report.
    pub id: usize,
    /// Index of the object.
    pub object: usize,
    /// Whose rules.
    pub loader: String,
    /// One per requirement.
    pub meetings: Vec<MeetingEntry>,
}

/// What becomes of a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeetingEntry {
    /// The requirement.
    pub requirement: usize,
    /// `met`, `missing`, `unknown` or `not-judged`.
    pub outcome: &'static str,
    /// `vmlinux` or the module that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Why it is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonEntry>,
}

/// A place in the source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceEntry {
    /// The file as the compiler was told of it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; 0 when unknown.
    pub column: u32,
    /// The line itself, without indentation.
    pub text: String,
    /// Bytes of indentation that were taken off `text`.
    #[serde(skip)]
    pub indent: u32,
}

/// A kernel.
#[derive(Debug, Clone, Serialize)]
pub struct KernelEntry {
    /// Its full name.
    pub name: String,
    /// Other names it answers to.
    pub aliases: Vec<String>,
    /// Who built it.
    pub distro: String,
    /// What `uname -r` prints.
    pub release: String,
    /// Upstream version, empty when unknown.
    pub version: String,
    /// Flavour, empty when unknown.
    pub flavour: String,
    /// Architecture in Debian's words, `unknown` when the source does not say.
    pub arch: String,
    /// `regular`, `arch`, `flavour` (the seed's), or who built it.
    pub group: String,
    /// `none`, `vmlinux` or `vmlinux+modules`.
    pub btf: &'static str,
    /// Whether every type of its vmlinux is stored.
    pub complete: bool,
    /// What the policy demands of it: `required` or `wanted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
}

/// A distinct answer of an object.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerEntry {
    /// Its number within the report.
    pub id: usize,
    /// Index of the object.
    pub object: usize,
    /// Whose rules.
    pub loader: String,
    /// One outcome per access.
    pub outcomes: Vec<OutcomeEntry>,
}

/// An outcome.
#[derive(Debug, Clone, Serialize)]
pub struct OutcomeEntry {
    /// The access.
    pub access: usize,
    /// `resolved`, `absent`, `poisoned`, `error`, `skipped` or `unknown`.
    pub outcome: &'static str,
    /// The number that the loader patches in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Why it is not plainly resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonEntry>,
    /// `vmlinux` or the module whose BTF matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What matched, in libbpf's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What is something else there than the program was compiled for, though loaders accept it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeEntry>,
    /// For poisoned accesses, whether the verifier reaches them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<&'static str>,
}

/// A silent change of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeEntry {
    /// Which kind: `array`, `bitfield`, `enumerators`, `overlaid`, `pointee`, `sign`, `size` or `struct`.
    pub code: &'static str,
    /// What the program was compiled for.
    pub was: String,
    /// What it is in the target.
    pub is: String,
}

/// A reason, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ReasonEntry {
    /// A word that does not change.
    pub code: &'static str,
    /// A sentence.
    pub text: String,
}

/// What a verdict holds under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionEntry {
    /// A word that does not change: `module-loaded`, `modules-readable` or `btf-brought-along`.
    pub code: &'static str,
    /// A clause that follows "if".
    pub text: String,
    /// The module it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// What the object's verdict is otherwise; told of conditions about modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<WithoutEntry>,
}

/// A verdict without a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutEntry {
    /// As of a result.
    pub verdict: &'static str,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
}

/// The result of an object on a kernel.
#[derive(Debug, Clone, Serialize)]
pub struct ResultEntry {
    /// Index of the object.
    pub object: usize,
    /// Full name of the kernel.
    pub kernel: String,
    /// Whose rules.
    pub loader: String,
    /// The answer it rests on.
    pub answer: usize,
    /// What becomes of the object's requirements there: an index in the report's `needs`.
    pub needs: usize,
    /// `ok`, `degraded`, `risky`, `unknown` or `fails`.
    pub verdict: &'static str,
    /// What the verdict holds under.
    pub conditions: Vec<ConditionEntry>,
    /// Why it is not ok.
    pub reasons: Vec<ReasonEntry>,
    /// What could not be judged.
    pub unchecked: Vec<ReasonEntry>,
    /// Of alternatives, the programs that are loaded there; left out where none were given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// The programs.
    pub programs: Vec<ProgramResult>,
}

/// The result of a program on a kernel.
#[derive(Debug, Clone, Serialize)]
pub struct ProgramResult {
    /// Its function's name.
    pub name: String,
    /// As of an object; `skipped` for a program that is not loaded.
    pub verdict: &'static str,
    /// When it fails: `open`, `relocate`, `verify` or `attach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// What its own accesses need, without what would be otherwise: the result tells that.
    pub conditions: Vec<ConditionEntry>,
}

/// A finding: one cause, with all the kernels it concerns.
#[derive(Debug, Clone, Serialize)]
pub struct FindingEntry {
    /// The rule.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    pub level: &'static str,
    /// Index of the object.
    pub object: usize,
    /// Whose rules.
    pub loader: String,
    /// Full names of the kernels, in the report's order; empty for findings about the object itself.
    pub kernels: Vec<String>,
    /// The access it shows; the first of `accesses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<usize>,
    /// Every access it concerns.
    pub accesses: Vec<usize>,
    /// Every requirement it concerns.
    pub requirements: Vec<usize>,
    /// What is wrong.
    pub message: String,
    /// Where the target differs, in libbpf's words, one line each.
    pub details: Vec<String>,
    /// What to do.
    pub help: String,
    /// What was found out to help with this very access or requirement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<SuggestedEntry>,
    /// Why it does not count on some kernels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excused: Vec<ExcusedEntry>,
}

/// What helps with something that is missing. All of it comes from layouts that are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuggestedEntry {
    /// Which kernels first or last had it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
    /// What it may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed: Option<RenamedEntry>,
    /// A guard for the access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<GuardEntry>,
}

/// Which kernels of a distribution, architecture and flavour first or last had something, of those that are stored; full names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Whose kernels these are.
    pub distro: String,
    /// Their architecture.
    pub arch: String,
    /// Their flavour, empty when unknown.
    pub flavour: String,
    /// The last of the older ones that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_with: Option<String>,
    /// The first after that without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_without: Option<String>,
    /// The last one without it before newer ones have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_without: Option<String>,
    /// The first of the newer ones that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_with: Option<String>,
    /// The same for people.
    pub text: String,
}

/// What a missing member may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenamedEntry {
    /// Its name.
    pub member: String,
    /// The path of the access with it.
    pub path: String,
    /// Where it stands.
    pub there: LayoutEntry,
    /// Where it has its old name; left out where the object's own type was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<LayoutEntry>,
    /// The same for people.
    pub text: String,
}

/// A place in a kernel's layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayoutEntry {
    /// Full name of the kernel.
    pub kernel: String,
    /// `vmlinux` or the module.
    pub unit: String,
    /// The walk in libbpf's words.
    pub target: String,
}

/// A guard for an access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuardEntry {
    /// C, for a source that includes `bpf/bpf_helpers.h` and `bpf/bpf_core_read.h`.
    pub code: String,
    /// Kernels on which it was tried that what it asks gives 0.
    pub gives_0_on: Vec<String>,
    /// And on which it gives 1.
    pub gives_1_on: Vec<String>,
}

/// Kernels on which a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExcusedEntry {
    /// `waiver` or `baseline`.
    pub by: &'static str,
    /// The kernels; empty for a finding about the object itself.
    pub kernels: Vec<String>,
    /// The waiver's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day of the waiver: `2027-03-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What a policy makes of the report.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyEntry {
    /// The policy's file, as it was found; empty if there is none but a baseline.
    pub file: String,
    /// Whether nothing is in the way.
    pub passes: bool,
    /// What is in the way, by object, then kernel.
    pub blocked: Vec<BlockedEntry>,
    /// What is wrong with the policy itself.
    pub findings: Vec<PolicyFinding>,
}

/// Something that a policy does not let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockedEntry {
    /// Index of the object.
    pub object: usize,
    /// Full name of the required kernel; left out for the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The verdict there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// The rules of the findings that are not excused.
    pub rules: Vec<&'static str>,
}

/// A finding about the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyFinding {
    /// The rule.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    pub level: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}
