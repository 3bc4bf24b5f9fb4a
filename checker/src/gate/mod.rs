//! The main job for build scripts and tests: do these objects load on the kernels that count?
//!
//! ```
//! # fn main() -> Result<(), corecheck::gate::GateError> {
//! use corecheck::gate::Gate;
//!
//! let object = "../ebpf-probe/bpf/vfio_portable.bpf.o";
//! let answer = Gate::new().object(object).kernel("5.15").kernel("ubuntu/5.19*").ask()?;
//! assert!(answer.passes(), "{answer}");
//! # Ok(())
//! # }
//! ```
//!
//! The examples beside the library (`checker/examples`) show it in a build script and in the tests of a Rust aya project. It does
//! what `corecheck check` does; of files it reads those that it is told of, and it prints nothing.

mod answer;
mod error;
mod given;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use corecheck_layouts::kernel::{Kernel, Modules};
use corecheck_layouts::source::gather::Source;
use corecheck_layouts::store::Store;
use corecheck_layouts::store::file::StoreFile;

pub use answer::Answer;
pub use error::GateError;

pub(crate) use self::given::given_kernels;
use crate::answer::needs_by;
use crate::attach;
use crate::check::{self, Settings, judge};
use crate::load::Choice;
use crate::loader::Loader;
use crate::object::{self, Object};
use crate::policy::{self, Baseline, Date, Policy, Standing, Terms};

/// A question about objects: on which kernels they must load, and who loads them.
///
/// Kernels that are asked about are required: each must have a verdict, and none may be `fails`. A [`Gate::policy`] can say otherwise.
/// Without a kernel and without a policy, all are required that corecheck carries and knows anything about.
#[derive(Debug, Default)]
#[must_use = "nothing is asked before `ask`"]
pub struct Gate {
    objects: Vec<Input>,
    kernels: Vec<String>,
    sources: Vec<Source>,
    loaders: Vec<Loader>,
    modules: Option<Modules>,
    store: Option<PathBuf>,
    policy: Option<PathBuf>,
    unknown_passes: bool,
}

/// Where objects come from.
#[derive(Debug)]
enum Input {
    File(PathBuf),
    Bytes(String, Vec<u8>),
}

impl Gate {
    /// Asks nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file: one BPF object, or an executable or library that embeds some.
    pub fn object(mut self, file: impl Into<PathBuf>) -> Self {
        self.objects.push(Input::File(file.into()));
        self
    }

    /// The bytes of such a file, as programs embed them; `name` stands for it in what is said.
    pub fn bytes(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.objects.push(Input::Bytes(name.into(), bytes.into()));
        self
    }

    /// Stored kernels: an alias exactly (`5.15`, `azure`), or a glob over full names (`debian/6.1*-amd64/amd64`).
    pub fn kernel(mut self, pattern: impl Into<String>) -> Self {
        self.kernels.push(pattern.into());
        self
    }

    /// A kernel that is not stored: raw BTF, an ELF with .BTF, a kernel image, packages, or a folder of these.
    pub fn against(mut self, source: impl Into<PathBuf>) -> Self {
        self.sources.push(Source::Path(source.into()));
        self
    }

    /// The kernel that runs.
    pub fn against_running(mut self) -> Self {
        self.sources.push(Source::Live);
        self
    }

    /// Who loads the objects; the newest libbpf if nobody is named. Of several the first decides.
    pub fn loader(mut self, loader: Loader) -> Self {
        self.loaders.push(loader);
        self
    }

    /// Which modules are taken as loaded; all that a kernel ships if nothing is said.
    pub fn modules(mut self, modules: Modules) -> Self {
        self.modules = Some(modules);
        self
    }

    /// A file of added kernels (`corecheck layouts add --store FILE`), beside those that corecheck carries.
    pub fn store(mut self, file: impl Into<PathBuf>) -> Self {
        self.store = Some(file.into());
        self
    }

    /// A policy, `corecheck.toml`: which kernels are required, which programs are loaded, and what is excused. What is said here
    /// of loaders and modules counts for more.
    pub fn policy(mut self, file: impl Into<PathBuf>) -> Self {
        self.policy = Some(file.into());
        self
    }

    /// Lets kernels pass whose verdict is unknown.
    pub fn unknown_passes(mut self) -> Self {
        self.unknown_passes = true;
        self
    }

    /// Asks. That an object does not load is an answer, not an error.
    ///
    /// # Errors
    /// [`GateError`] when there is no answer: a file cannot be read, no kernel is asked about or required, a policy is wrong.
    pub fn ask(&self) -> Result<Answer, GateError> {
        let mut objects = self.read_objects()?;
        let (policy, baseline) = self.read_policy()?;
        let mut choice = Choice::default();
        policy.choose(&mut choice, &objects);
        if let Some(program) = choice.contradiction() {
            return Err(GateError::Contradiction { program: program.to_owned() });
        }
        objects.iter_mut().for_each(|object| choice.apply(object));
        let mut loaders = if self.loaders.is_empty() { policy.loaders.clone() } else { self.loaders.clone() };
        if loaders.is_empty() {
            loaders.push(Loader::LIBBPF);
        }
        let settings = Settings {
            loaders,
            types: Vec::new(),
            modules: self.modules.clone().or(policy.modules.clone()).unwrap_or_default(),
            constants: policy.constants_of(&objects),
            alternatives: choice.alternatives,
        };
        self.judge(objects, &settings, &policy, baseline.as_ref())
    }

    /// The answer about what is loaded so.
    fn judge(
        &self,
        objects: Vec<Object>,
        settings: &Settings,
        policy: &Policy,
        baseline: Option<&Baseline>,
    ) -> Result<Answer, GateError> {
        let roots = needs_by(&settings.loaders, &objects);
        let mut looked_up = roots.clone();
        attach::add_needs(&objects, &mut looked_up);
        let given = given_kernels(&self.sources, &looked_up, &mut |_| {})?;
        let store = self.open_store()?;
        let mut stored = Vec::new();
        if given.is_empty() || !self.kernels.is_empty() {
            let mut chosen = store.select(&self.kernels)?;
            if self.kernels.is_empty() {
                if let Some(selector) = policy.unmatched(&chosen).first() {
                    return Err(GateError::NotStored {
                        policy: policy.file.clone(),
                        kernels: selector.to_string(),
                    });
                }
                chosen.retain(|kernel| match policy.standing(kernel) {
                    Standing::Ignored => false,
                    Standing::Required if policy.requires_some() => true,
                    _ => check::has_nothing_to_say(kernel, &objects, &roots).is_none(),
                });
            }
            stored = store.look_up(&chosen, &looked_up)?;
            store.add_options(&mut stored, &attach::options(&objects))?;
        }
        let kernels: Vec<&Kernel> = stored.iter().chain(&given).collect();
        let standings: Vec<Standing> = kernels.iter().map(|kernel| policy.standing(kernel)).collect();
        if !standings.contains(&Standing::Required) {
            return Err(GateError::NothingRequired);
        }
        let checked = judge(objects, &kernels, settings)?;
        let more = match check::needs_help(&checked) {
            true => {
                let wanted = check::wanted(&checked, &kernels, store.kernels());
                store.look_up(&wanted.kernels, &wanted.roots)?
            }
            false => Vec::new(),
        };
        let mut report = check::report(checked, &kernels, &more);
        policy::apply(
            &mut report,
            policy,
            &Terms { standings: &standings, baseline, today: Date::today(), strict: false },
        );
        Ok(Answer::new(report))
    }

    fn read_objects(&self) -> Result<Vec<Object>, GateError> {
        let mut objects = Vec::new();
        for input in &self.objects {
            objects.extend(match input {
                Input::File(file) => object::read_file(file)?,
                Input::Bytes(name, bytes) => object::read_bytes(name, bytes)?,
            });
        }
        if objects.is_empty() { Err(GateError::NoObject) } else { Ok(objects) }
    }

    /// The policy, an empty one where there is none, and what it says was there before.
    fn read_policy(&self) -> Result<(Policy, Option<Baseline>), GateError> {
        let (mut policy, mut baseline) = (Policy { file: "gate".to_owned(), ..Policy::default() }, None);
        if let Some(file) = &self.policy {
            policy = policy::read(&file.display().to_string(), &text_of(file)?)?;
            if let Some(name) = &policy.baseline {
                let file = file.parent().unwrap_or(Path::new("")).join(name);
                let read = Baseline::read(&text_of(&file)?);
                baseline = Some(read.map_err(|error| GateError::Baseline { file, error })?);
            }
        }
        policy.unknown_passes |= self.unknown_passes;
        Ok((policy, baseline))
    }

    fn open_store(&self) -> Result<Store, GateError> {
        let mut store = Store::embedded()?;
        if let Some(file) = &self.store {
            store.add_file(StoreFile::open(file)?);
        }
        Ok(store)
    }
}

fn text_of(file: &Path) -> Result<String, GateError> {
    fs::read_to_string(file).map_err(|error| GateError::File { file: file.to_owned(), error })
}
