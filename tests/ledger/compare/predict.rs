//! What corecheck says of an attempt, on the host: against the kernel as its package has it, with the modules that the machine had
//! loaded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corecheck::answer::needs_by;
use corecheck::attach;
use corecheck::check::{Settings, check};
use corecheck::load::Choice;
use corecheck::loader::Loader;
use corecheck::object::{Object, read_file};
use corecheck::report::Report;
use corecheck::report::model::ProgramResult;
use corecheck_layouts::kernel::{Kernel, Modules};
use corecheck_layouts::source::gather::{Options, Source, survey};
use corecheck_layouts::store::given;
use corecheck_tests::ledger::Came;

/// What programs attach to that is looked for when they are attached, as reports name it.
const ATTACHED_TO: [&str; 6] =
    ["event-context", "probed-function", "probed-pattern", "raw-tracepoint", "system-call", "trace-event"];

/// What is said of a load, or of attaching one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicted {
    /// Where it fails; `None` when it does not, or when that is not known.
    pub fails: Option<Came>,
    /// Whether nothing is known.
    pub is_unknown: bool,
    /// The verdict's word.
    pub verdict: &'static str,
    /// Why, without repetitions.
    pub reasons: Vec<String>,
}

/// What is said of an attempt with one object.
#[derive(Debug)]
pub struct Prediction {
    /// Of the load of all programs that are loaded.
    pub whole: Predicted,
    /// Of each program that is loaded: its name, its load, and whether it is attached.
    pub programs: Vec<(String, Predicted, Predicted)>,
}

/// The object in a file.
pub fn object(path: &Path) -> Result<Object> {
    let mut objects = read_file(path)?;
    ensure!(objects.len() == 1, "{} is not one object", path.display());
    objects.pop().context("one object")
}

/// The kernel in a folder of `tests/corpus/boot`, with what these objects ask about.
pub fn kernel(folder: &Path, objects: &[Object]) -> Result<Kernel> {
    let mut roots = needs_by(&[Loader::LIBBPF, Loader::Aya], objects);
    attach::add_needs(objects, &mut roots);
    let source = Source::Path(PathBuf::from(folder));
    let mut found = survey(&[source], Options::default(), &mut |_| {})?;
    let kernel = found.next(&mut |_| {}).with_context(|| format!("no kernel in {}", folder.display()))??;
    Ok(given(kernel, &roots)?)
}

/// What is said of an object, with all programs that load by themselves or only one.
pub fn predict(
    object: &Object,
    only: Option<&str>,
    kernel: &Kernel,
    modules: &BTreeSet<String>,
    loader: Loader,
) -> Result<Prediction> {
    let mut object = object.clone();
    let choice = Choice { only: only.map(str::to_owned).into_iter().collect(), ..Choice::default() };
    choice.apply(&mut object);
    let settings = Settings {
        loaders: vec![loader],
        modules: Modules::Only(modules.iter().cloned().collect()),
        ..Settings::default()
    };
    let report = check(vec![object], &[kernel], &settings)?;
    read(&report)
}

fn read(report: &Report) -> Result<Prediction> {
    let result = report.results.first().context("a result")?;
    let mut reasons = Vec::new();
    // Findings say what is missing where reasons only say that something is.
    for finding in report.findings.iter().filter(|finding| !finding.kernels.is_empty()) {
        reasons.push(format!("{}: {}", finding.rule, finding.message));
    }
    if reasons.is_empty() {
        reasons.extend(result.reasons.iter().map(|reason| reason.text.clone()));
    }
    let mut seen = BTreeSet::new();
    reasons.retain(|reason| seen.insert(reason.clone()));
    let loaded = || result.programs.iter().filter(|program| program.verdict != "skipped");
    let fails = loaded().filter_map(|program| came(program.phase)).min();
    let is_open =
        |program: &ProgramResult| program.verdict == "unknown" && !is_about_attaching(report, &program.name);
    let is_unknown = fails.is_none()
        && (loaded().any(is_open) || (loaded().next().is_none() && result.verdict == "unknown"));
    // An object whose programs are loaded fails no more than that they are not attached.
    let verdict = match (fails, result.verdict) {
        (None, "fails") => "fails to attach",
        (_, verdict) => verdict,
    };
    let whole = Predicted { fails, is_unknown, verdict, reasons };
    let of = |name: &str| {
        let doubts = doubts(report, name);
        let doubtful = !doubts.is_empty();
        loaded().find(|program| program.name == name).map(|program| {
            let own = Predicted {
                fails: came(program.phase),
                is_unknown: is_open(program),
                verdict: program.verdict,
                reasons: own_reasons(report, &whole.reasons, name),
            };
            let is_attach = program.phase == Some("attach");
            let attach = Predicted {
                fails: is_attach.then_some(Came::Through),
                is_unknown: !is_attach && doubtful,
                verdict: if is_attach {
                    "fails"
                } else if doubtful {
                    "unknown"
                } else {
                    "ok"
                },
                reasons: if is_attach { own_reasons(report, &whole.reasons, name) } else { doubts },
            };
            (name.to_owned(), own, attach)
        })
    };
    let programs = loaded().filter_map(|program| of(&program.name)).collect();
    Ok(Prediction { whole, programs })
}

/// Of the reasons of an object those that are about this program, or about no program alone.
fn own_reasons(report: &Report, reasons: &[String], program: &str) -> Vec<String> {
    let requirements: Vec<_> = report.objects.iter().flat_map(|object| &object.requirements).collect();
    let is_of_others = |id: &usize| {
        let program_of = requirements.get(*id).and_then(|of| of.program.as_deref());
        program_of.is_some_and(|other| other != program)
    };
    let others: BTreeSet<String> = report
        .findings
        .iter()
        .filter(|finding| !finding.requirements.is_empty() && finding.requirements.iter().all(is_of_others))
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect();
    reasons.iter().filter(|reason| !others.contains(*reason)).cloned().collect()
}

/// Why it is not known if what a program attaches to is there.
fn doubts(report: &Report, program: &str) -> Vec<String> {
    unknown(report, program).filter(|(kind, _)| ATTACHED_TO.contains(kind)).map(|(_, text)| text).collect()
}

/// Whether a program's verdict is open only because of what happens when it is attached.
fn is_about_attaching(report: &Report, program: &str) -> bool {
    unknown(report, program).any(|(kind, _)| kind == "event-context")
}

/// What is not known of a program's requirements: their kinds, and why.
fn unknown<'r>(report: &'r Report, program: &'r str) -> impl Iterator<Item = (&'static str, String)> + 'r {
    let requirements = report.objects.iter().flat_map(|object| &object.requirements);
    let meetings = report.needs.iter().flat_map(|needs| &needs.meetings);
    let own = requirements.zip(meetings).filter(move |(requirement, meeting)| {
        requirement.program.as_deref() == Some(program) && meeting.outcome == "unknown"
    });
    own.map(|(requirement, meeting)| {
        let why = meeting.reason.as_ref().map_or("", |reason| reason.text.as_str());
        (requirement.kind, format!("{} {}: {why}", requirement.kind, requirement.name))
    })
}

/// The step at which a phase's word says that a load ends; attaching comes after it.
fn came(phase: Option<&str>) -> Option<Came> {
    match phase? {
        "open" => Some(Came::Open),
        "relocate" => Some(Came::Relocate),
        "verify" => Some(Came::Verify),
        _ => None,
    }
}
