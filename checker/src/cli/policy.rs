//! `--policy`, `--baseline`, `--write-baseline`: where the files are, and what they say.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use corecheck_layouts::kernel::Kernel;

use crate::policy::{self, Baseline, Date, Policy, Standing, Terms};
use crate::report::Report;

/// What a policy's file is called.
const FILE: &str = "corecheck.toml";

/// Arguments about policies.
#[derive(Debug, Args, Clone, Default)]
pub(super) struct PolicyArgs {
    /// Which kernels must be fine, what is known and excused; without it corecheck.toml in the folder of the objects, else in
    /// this one; none is none
    #[arg(long = "policy", value_name = "FILE|none")]
    policy: Option<PathBuf>,
    /// Only what is not in this file counts
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what was found to this file, for --baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

/// A policy with what goes with it.
#[derive(Debug, Default)]
pub(super) struct Demands {
    /// The policy; an empty one where there is none.
    pub(super) policy: Policy,
    /// Whether there is anything that decides otherwise than without a policy.
    is_there: bool,
    baseline: Option<Baseline>,
}

impl PolicyArgs {
    /// No policy, whatever lies beside the objects.
    pub(super) fn none() -> Self {
        Self { policy: Some(PathBuf::from("none")), ..Self::default() }
    }

    /// Reads the policy and the baseline that hold for these files.
    pub(super) fn read(&self, objects: &[PathBuf]) -> anyhow::Result<Demands> {
        let file = match &self.policy {
            Some(none) if none.as_os_str() == "none" => None,
            Some(file) => Some(file.clone()),
            None => found_beside(objects)?,
        };
        let mut demands = Demands::default();
        if let Some(file) = &file {
            let text = fs::read_to_string(file)
                .with_context(|| format!("the policy {} cannot be read", file.display()))?;
            demands.policy = policy::read(&file.display().to_string(), &text)?;
            demands.is_there = true;
        }
        let folder = file.as_deref().and_then(Path::parent);
        let named = demands.policy.baseline.as_ref().map(|name| folder.unwrap_or(Path::new("")).join(name));
        if let Some(file) = self.baseline.clone().or(named) {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("the baseline {} cannot be read", file.display()))?;
            let baseline =
                Baseline::read(&text).with_context(|| format!("the baseline {}", file.display()))?;
            demands.baseline = Some(baseline);
            demands.is_there = true;
        }
        Ok(demands)
    }

    /// Writes what was found, if that is asked for.
    pub(super) fn write_baseline(&self, report: &Report) -> anyhow::Result<()> {
        let Some(file) = &self.write_baseline else { return Ok(()) };
        fs::write(file, Baseline::of(report).text())
            .with_context(|| format!("the baseline {} cannot be written", file.display()))
    }
}

/// The one policy that lies beside the objects, or where the command runs.
fn found_beside(objects: &[PathBuf]) -> anyhow::Result<Option<PathBuf>> {
    let mut found: Vec<PathBuf> = Vec::new();
    for object in objects {
        let beside = object.parent().unwrap_or(Path::new("")).join(FILE);
        let here = PathBuf::from(FILE);
        let file = [beside, here].into_iter().find(|file| file.is_file());
        if let Some(file) = file.filter(|file| !found.contains(file)) {
            found.push(file);
        }
    }
    if let [one, other, ..] = &found[..] {
        bail!(
            "the objects have different policies, {} and {}: say which counts with --policy",
            one.display(),
            other.display()
        );
    }
    Ok(found.pop())
}

impl Demands {
    /// Makes sure that the policy asks for something of these kernels.
    pub(super) fn require_kernels(&self, kernels: &[&Kernel]) -> anyhow::Result<()> {
        let unmatched = self.policy.unmatched(kernels);
        let Some(selector) = unmatched.first() else { return Ok(()) };
        bail!(
            "{}: required kernels with {selector}: none is stored; add some (corecheck layouts add), or see which there are \
             (corecheck layouts list)",
            self.policy.file
        )
    }

    /// Applies the policy to a report, if there is one.
    pub(super) fn apply(&self, report: &mut Report, kernels: &[&Kernel], strict: bool) {
        if !self.is_there {
            return;
        }
        let standings: Vec<Standing> = kernels.iter().map(|kernel| self.policy.standing(kernel)).collect();
        let terms =
            Terms { standings: &standings, baseline: self.baseline.as_ref(), today: Date::today(), strict };
        policy::apply(report, &self.policy, &terms);
    }
}
