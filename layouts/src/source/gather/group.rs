//! What belongs to one kernel: by release, architecture and the packages' version.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::error::{Problem, SourceError};
use super::facts;
use super::part::{Form, Part};

/// The parts of one kernel.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) release: Option<String>,
    pub(super) arch: Option<String>,
    /// The version of its packages: a release may be built again, with other layouts.
    package_version: Option<String>,
    pub(super) parts: Vec<Arc<Part>>,
}

/// Puts together what is of one kernel. `release` is that of parts that do not tell.
pub(super) fn group(parts: Vec<Part>, release: Option<&str>, problems: &mut Vec<SourceError>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut homeless = Vec::new();
    for part in parts {
        let arch = part_arch(&part);
        let version = part.package.as_ref().map(|package| package.version.clone());
        let part = Arc::new(part);
        if part.releases.is_empty() && release.is_none() {
            match part.form {
                // A module that does not tell its release belongs to the kernel beside it.
                Form::Module => homeless.push(part),
                _ => groups.push(Group { release: None, arch, package_version: version, parts: vec![part] }),
            }
            continue;
        }
        let own: Vec<String> = match release {
            Some(release) => vec![release.to_owned()],
            None => part.releases.clone(),
        };
        for release in own {
            // Two kernels that are named are two, also when they are called alike.
            let is_kernel = |part: &Part| part.named && matches!(part.form, Form::Kernel(_));
            let fits = |group: &&mut Group| {
                let has_kernel = group.parts.iter().any(|part| is_kernel(part));
                !(is_kernel(&part) && has_kernel)
                    && group.release.as_ref() == Some(&release)
                    && agree(&group.arch, &arch)
                    && agree(&group.package_version, &version)
            };
            match groups.iter_mut().find(fits) {
                Some(group) => {
                    group.arch = group.arch.take().or_else(|| arch.clone());
                    group.package_version = group.package_version.take().or_else(|| version.clone());
                    let again = group
                        .parts
                        .iter()
                        .any(|other| part.package.is_some() && other.package == part.package);
                    if !again {
                        group.parts.push(Arc::clone(&part));
                    }
                }
                None => groups.push(Group {
                    release: Some(release),
                    arch: arch.clone(),
                    package_version: version.clone(),
                    parts: vec![Arc::clone(&part)],
                }),
            }
        }
    }
    give_homes(&mut groups, homeless, problems);
    groups
}

fn agree(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
}

fn part_arch(part: &Part) -> Option<String> {
    match (&part.form, &part.package) {
        (Form::Kernel(found), _) => found.arch.map(str::to_owned),
        (_, Some(package)) => {
            let arch = facts::debian_arch(&package.arch);
            (!matches!(arch.as_str(), "" | "all" | "noarch")).then_some(arch)
        }
        _ => facts::hub_path(&part.path).map(|(_, arch)| arch),
    }
}

/// Modules that do not say of which kernel they are go to the only kernel in their folder, else to the only one at all;
/// and modules whose kernel was not given, to the only one that does not tell its release.
fn give_homes(groups: &mut Vec<Group>, homeless: Vec<Arc<Part>>, problems: &mut Vec<SourceError>) {
    let has_kernel = |group: &Group| group.parts.iter().any(|part| !matches!(part.form, Form::Module));
    let nameless: Vec<usize> = groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.release.is_none() && has_kernel(group))
        .map(|(i, _)| i)
        .collect();
    if let ([only], true) =
        (nameless.as_slice(), groups.iter().filter(|group| has_kernel(group)).count() == 1)
    {
        let modules: Vec<Arc<Part>> =
            groups.iter().filter(|group| !has_kernel(group)).flat_map(|group| group.parts.clone()).collect();
        let releases: BTreeSet<_> = groups.iter().filter_map(|group| group.release.clone()).collect();
        if releases.len() == 1
            && let Some(group) = groups.get_mut(*only)
        {
            group.release = releases.into_iter().next();
            group.parts.extend(modules);
            groups.retain(has_kernel);
        }
    }
    for part in homeless {
        let kernels: Vec<usize> =
            groups.iter().enumerate().filter(|(_, group)| has_kernel(group)).map(|(i, _)| i).collect();
        let beside: Vec<usize> = kernels
            .iter()
            .copied()
            .filter(|&index| {
                groups.get(index).is_some_and(|group| {
                    group.parts.iter().any(|other| other.path.parent() == part.path.parent())
                })
            })
            .collect();
        let home = match (beside.as_slice(), kernels.as_slice()) {
            ([only], _) | ([], [only]) => groups.get_mut(*only),
            _ => None,
        };
        match home {
            Some(group) => group.parts.push(part),
            None => problems.push(SourceError::new(
                &part.path.display().to_string(),
                Problem::NeedsBase { release: None, distilled: false },
            )),
        }
    }
}
