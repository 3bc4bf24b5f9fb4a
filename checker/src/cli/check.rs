//! `corecheck check OBJECT...`

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::bail;
use clap::Args;
use corecheck_layouts::kernel::{Kernel, Modules, Root};
use corecheck_layouts::source::gather::Source;
use corecheck_layouts::store::Store;

use super::fleet::Fleet;
use super::format::{Format, ReportForm};
use super::output::Screen;
use super::pictures::{Compiled, beside};
use super::policy::PolicyArgs;
use super::progress::Progress;
use super::reported::{Shown, told};
use super::stores::StoreArg;
use super::{Exit, objects};
use crate::access::accesses;
use crate::answer::needs_by;
use crate::attach;
use crate::check::{self, Settings, judge};
use crate::gate;
use crate::load::{Alternatives, AttachTarget, Choice, Constant};
use crate::loader::Loader;
use crate::object::Object;
use crate::policy::Standing;
use crate::render::html::Beside;
use crate::report::model::ShardEntry;
use crate::report::{Checked, LeftOut, Report, add_representatives, left_out, loader_entries};
use crate::shard::Shard;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// BPF objects, or executables and libraries that embed some; - is standard input
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<PathBuf>,
    #[command(flatten)]
    question: Question,
    /// human, json, sarif, junit, github (annotations, and the step's summary), markdown or html (a page), with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format<ReportForm>>,
    /// Name the fewest kernels that together give every distinct answer, instead of the report
    #[arg(long)]
    representatives: bool,
    /// The kernels of a fleet, instead: on each line what `uname -r` (or -rm) prints there, with a count if there is one; - is standard
    /// input. Says which share of the machines comes to which verdict, and which kernels are not stored
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// Only this part of the objects, for as many machines as there are parts: 3/8; `corecheck merge` puts the parts' JSON
    /// together
    #[arg(long, value_name = "N/PARTS", conflicts_with = "write_baseline")]
    shard: Option<Shard>,
    /// Leave the causes and the last line
    #[arg(long, short)]
    quiet: bool,
}

/// What is asked about objects: on which kernels, under whose rules, loaded how, and what counts.
#[derive(Debug, Default, Args)]
pub(super) struct Question {
    /// Only this kernel: an alias exactly (5.15, azure), or a glob over full names (repeatable)
    #[arg(long = "kernel", value_name = "PATTERN")]
    kernels: Vec<String>,
    /// Check against this instead, without storing it: raw BTF, an ELF with .BTF, a kernel image, packages, a folder or root
    /// file system, or `live` (repeatable; with --kernel both)
    #[arg(long, value_name = "SOURCE")]
    against: Vec<OsString>,
    /// Only accesses rooted at this type (repeatable)
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<String>,
    /// Modules taken as loaded: all that the kernel ships (the default), none, or names separated by commas
    #[arg(long, value_name = "all|none|NAME,...")]
    modules: Option<ModulesArg>,
    /// Whose rules: libbpf (the default; of a version: libbpf@1.1), aya, cilium, kernel (light skeletons), or all four (repeatable;
    /// the first decides the exit status)
    #[arg(long = "loader", value_name = "NAME")]
    loaders: Vec<LoaderArg>,
    /// Set a constant (const volatile) before the load, as tools do: a number, true, false, or "text" (repeatable)
    #[arg(long = "rodata", value_name = "NAME=VALUE")]
    constants: Vec<Constant>,
    /// Only this program is loaded, whatever its section says (repeatable)
    #[arg(long = "program", value_name = "NAME")]
    programs: Vec<String>,
    /// This program is not loaded (repeatable)
    #[arg(long, value_name = "NAME")]
    no_autoload: Vec<String>,
    /// This program is attached to something else than its section says, as tools decide before the load (repeatable)
    #[arg(long, value_name = "PROGRAM=TARGET")]
    attach: Vec<AttachTarget>,
    /// Of these programs the tool loads one, whichever the kernel can take: those before the comma or those behind it, + joins
    /// programs that go together (repeatable)
    #[arg(long, value_name = "NAME[+NAME...],...")]
    alternatives: Vec<Alternatives>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Exit with 1 for unknown and risky kernels, too
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    store: StoreArg,
}

impl Question {
    /// Every kernel that is stored, by the newest libbpf, and no policy.
    pub(super) fn plain() -> Self {
        Self { policy: PolicyArgs::none(), ..Self::default() }
    }
}

/// `--modules`.
#[derive(Debug, Clone)]
struct ModulesArg(Modules);

impl FromStr for ModulesArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text {
            "all" => Modules::All,
            "none" => Modules::None,
            names if names.split(',').any(|name| name.is_empty() || name == "all" || name == "none") => {
                return Err("give all, none, or names of modules separated by commas".to_owned());
            }
            names => Modules::Only(names.split(',').map(str::to_owned).collect()),
        }))
    }
}

/// `--loader`.
#[derive(Debug, Clone)]
struct LoaderArg(Vec<Loader>);

impl FromStr for LoaderArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text {
            "all" => Loader::ALL.to_vec(),
            name => vec![name.parse()?],
        }))
    }
}

/// Each loader once, in the order in which they were named: by arguments, else by the policy.
fn loaders(args: &[LoaderArg], policy: &[Loader]) -> Vec<Loader> {
    let named: Vec<&Loader> = args.iter().flat_map(|arg| &arg.0).collect();
    let named = if named.is_empty() { policy.iter().collect() } else { named };
    let mut loaders = Vec::new();
    for loader in named {
        if !loaders.contains(loader) {
            loaders.push(*loader);
        }
    }
    if loaders.is_empty() {
        loaders.push(Loader::LIBBPF);
    }
    loaders
}

/// What of objects and kernels is looked at, beyond what the question says.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    /// Which part of the objects.
    part: Option<Shard>,
    /// The list of a fleet's kernels.
    inventory: Option<&'a Path>,
}

/// The answer to a question about the objects of some files; what the pictures of a page need besides is made of it by `picture`.
pub(super) fn report<T>(
    args: &Question,
    files: &[PathBuf],
    mut objects: Vec<Object>,
    scope: &Scope<'_>,
    picture: impl FnOnce(&Report, Option<&Store>, &[&Kernel]) -> T,
) -> anyhow::Result<(Report, T)> {
    if !args.types.is_empty() {
        let all: Vec<_> = objects.iter().flat_map(accesses).collect();
        objects::require_types(all.iter(), &args.types)?;
    }
    let demands = args.policy.read(files)?;
    objects::require_constants(&objects, &args.constants)?;
    let mut choice = Choice {
        only: args.programs.clone(),
        without: args.no_autoload.clone(),
        targets: args.attach.clone(),
        alternatives: args.alternatives.clone(),
    };
    objects::require_programs(&objects, &choice)?;
    demands.policy.choose(&mut choice, &objects);
    objects::require_programs(&objects, &choice)?;
    objects.iter_mut().for_each(|object| choice.apply(object));
    let loaders = loaders(&args.loaders, &demands.policy.loaders);
    let roots = needs_by(&loaders, &objects);
    // Whether a kernel has anything to say is told by what the accesses ask; what else is asked is looked up with it.
    let mut looked_up = roots.clone();
    attach::add_needs(&objects, &mut looked_up);
    let fleet = scope.inventory.map(|file| Fleet::read(file, files)).transpose()?;
    if fleet.is_some() && !args.kernels.is_empty() {
        bail!("--kernel and --inventory both say which kernels: give one of them");
    }
    let mut given = given_kernels(&args.against, &looked_up)?;
    // The store is read only when its kernels are asked for.
    let (mut stored, mut others, mut opened) = (Vec::new(), Vec::new(), None);
    let mut placed = None;
    if given.is_empty() || !args.kernels.is_empty() || fleet.is_some() {
        let store = args.store.open()?;
        let mut chosen = store.select(&args.kernels)?;
        if let Some(fleet) = &fleet {
            let all: Vec<&Kernel> = chosen.iter().copied().chain(&given).collect();
            let on_machines = fleet.place(&all);
            let is_asked = |kernel: &Kernel| demands.policy.standing(kernel) != Standing::Ignored;
            chosen.retain(|kernel| on_machines.has(&kernel.name) && is_asked(kernel));
            given.retain(|kernel| on_machines.has(&kernel.name) && is_asked(kernel));
            placed = Some(on_machines);
        } else if args.kernels.is_empty() {
            demands.require_kernels(&chosen)?;
            let cause = |kernel: &Kernel| match demands.policy.standing(kernel) {
                Standing::Ignored => Some(LeftOut::Ignored),
                // Of a kernel that a policy names there is always something to say, if only that it is not known.
                Standing::Required if demands.policy.requires_some() => None,
                _ => check::has_nothing_to_say(kernel, &objects, &roots),
            };
            chosen.retain(|kernel| match cause(kernel) {
                Some(cause) => {
                    others.push(left_out(kernel, cause));
                    false
                }
                None => true,
            });
        }
        stored = store.look_up(&chosen, &looked_up)?;
        store.add_options(&mut stored, &attach::options(&objects))?;
        opened = Some(store);
    }
    let kernels: Vec<&Kernel> = stored.iter().chain(&given).collect();
    let settings = Settings {
        loaders,
        types: args.types.clone(),
        modules: args
            .modules
            .as_ref()
            .map(|modules| modules.0.clone())
            .or(demands.policy.modules.clone())
            .unwrap_or_default(),
        constants: demands.policy.constants_of(&objects).into_iter().chain(args.constants.clone()).collect(),
        alternatives: choice.alternatives.clone(),
    };
    // All objects say which kernels are looked at: every part looks at the same.
    let shard = scope.part.map(|part| take_part(&mut objects, part, args.strict));
    let checked = judge(objects, &kernels, &settings)?;
    let more = look_up_help(opened.as_ref(), &args.store, &checked, &kernels);
    let mut report = check::report(checked, &kernels, &more);
    report.left_out = others;
    report.loaders = loader_entries(settings.loaders.iter().copied());
    report.shard = shard;
    if let (Some(fleet), Some(placed)) = (&fleet, placed) {
        report.inventory = Some(fleet.entry(placed, &report));
    }
    args.policy.write_baseline(&report)?;
    demands.apply(&mut report, &kernels, args.strict);
    let pictured = picture(&report, opened.as_ref(), &kernels);
    Ok((report, pictured))
}

pub(super) fn run(args: &CheckArgs, screen: &Screen) -> anyhow::Result<Exit> {
    let formats = if args.formats.is_empty() { &[Format::DEFAULT][..] } else { &args.formats };
    let wants_page = formats.iter().any(|format| format.form == ReportForm::Html);
    let objects = objects::read(&args.objects)?;
    let compiled = if wants_page { Compiled::of(&objects) } else { Compiled::default() };
    let scope = Scope { part: args.shard, inventory: args.inventory.as_deref() };
    let (mut report, beside) =
        report(&args.question, &args.objects, objects, &scope, |report, store, kernels| {
            if wants_page { beside(report, &compiled, store, kernels) } else { Beside::default() }
        })?;
    if args.representatives {
        add_representatives(&mut report);
    }
    let exit = told(&report, args.question.strict);
    let shown = Shown { report: &report, beside: &beside, exit, quiet: args.quiet };
    shown.write(formats, screen)?;
    Ok(exit)
}

/// Takes the objects that a part has out of all.
fn take_part(objects: &mut Vec<Object>, part: Shard, strict: bool) -> ShardEntry {
    let work: Vec<usize> = objects.iter().map(|object| object.relos.len()).collect();
    let files = objects.iter().map(|object| object.path.clone()).collect();
    let positions = part.positions(&work);
    let all = std::mem::take(objects).into_iter().enumerate();
    *objects = all.filter(|(at, _)| positions.binary_search(at).is_ok()).map(|(_, object)| object).collect();
    ShardEntry {
        number: part.number(),
        of: part.of(),
        strict,
        files,
        objects: positions,
        waivers_used: Vec::new(),
    }
}

/// What the store knows that helps with what fails. Nothing depends on it: where the store cannot be read, the report does without.
fn look_up_help(
    opened: Option<&Store>,
    store: &StoreArg,
    checked: &[Checked],
    kernels: &[&Kernel],
) -> Vec<Kernel> {
    if !check::needs_help(checked) {
        return Vec::new();
    }
    let looked_up = || -> anyhow::Result<Vec<Kernel>> {
        let own;
        let store = match opened {
            Some(opened) => opened,
            None => {
                own = store.open()?;
                &own
            }
        };
        let wanted = check::wanted(checked, kernels, store.kernels());
        if wanted.kernels.is_empty() {
            return Ok(Vec::new());
        }
        Ok(store.look_up(&wanted.kernels, &wanted.roots)?)
    };
    looked_up().unwrap_or_else(|error| {
        log::warn!("no help from the store: {error:#}");
        Vec::new()
    })
}

/// Reads the kernels of `--against`.
fn given_kernels(sources: &[OsString], roots: &[Root]) -> anyhow::Result<Vec<Kernel>> {
    let sources: Vec<Source> = sources.iter().map(|source| Source::from_argument(source)).collect();
    let mut progress = Progress::new();
    let kernels = gate::given_kernels(&sources, roots, &mut |step| {
        progress.reading(step.file, step.done, step.total);
    })?;
    progress.finish();
    Ok(kernels)
}
