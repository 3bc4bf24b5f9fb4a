//! What kernels say of a type, as rows of columns: a row for each history, a column for kernels that lay the type out alike.

use corecheck_layouts::history::{Depth, Life, Status, TypeName, layout, life, lookup};
use corecheck_layouts::kernel::{Group, Kernel};

use super::slots::{Slot, slots};
use super::{MAX_SLOTS, NoPicture};
use crate::report::words;

/// A history, or kernels that are compared with one.
#[derive(Debug, Clone)]
pub(super) struct Drawn<'k> {
    /// Whose it is, one line each: several distributions' flavours may have the same.
    pub titles: Vec<String>,
    /// Its columns.
    pub stages: Vec<Stage<'k>>,
}

/// Kernels that say the same.
#[derive(Debug, Clone)]
pub(super) struct Stage<'k> {
    /// The kernels, in their order.
    pub kernels: Vec<&'k Kernel>,
    /// What they are called here, the first and the last or each.
    pub label: String,
    /// What they say.
    pub said: Said,
}

/// What a kernel says of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It is laid out like this.
    Laid {
        /// Fields and gaps.
        slots: Vec<Slot>,
        /// Its size in bytes.
        bytes: u32,
        /// Where it is: `vmlinux` or a module.
        unit: String,
        /// How many other definitions the name has there.
        others: usize,
    },
    /// It is not there.
    Absent(String),
    /// It cannot be said.
    Unknown(String),
}

/// The histories of a type.
///
/// # Errors
/// [`NoPicture`] when there is nothing to draw.
pub(super) fn lanes<'k>(name: &TypeName, kernels: &[&'k Kernel]) -> Result<Vec<Drawn<'k>>, NoPicture> {
    // Only the seed's groups are compared with others, and comparing a thousand kernels takes its time.
    let seed: Vec<&'k Kernel> =
        kernels.iter().copied().filter(|kernel| !matches!(kernel.facts.group, Group::Distro(_))).collect();
    let life = life(&seed, name);
    let mut keys: Vec<Key<'k>> = Vec::new();
    let mut members: Vec<Vec<(&'k Kernel, Said)>> = Vec::new();
    let mut said_some = false;
    let mut is_something = false;
    for &kernel in kernels {
        let status = lookup(kernel, name);
        is_something |= !status.definitions().is_empty();
        let said = said(name, &status)?;
        said_some |= matches!(said, Said::Laid { .. });
        let key = Key::of(kernel);
        let at = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            keys.push(key);
            members.push(Vec::new());
            keys.len() - 1
        });
        if let Some(members) = members.get_mut(at) {
            members.push((kernel, said));
        }
    }
    if !said_some {
        let name = name.to_string();
        return Err(if is_something { NoPicture::NoMembers(name) } else { NoPicture::Nowhere(name) });
    }
    let mut lanes: Vec<Drawn<'k>> = Vec::new();
    for (key, members) in keys.iter().zip(members) {
        // Where nobody has it there is no history.
        if !members.iter().any(|(_, said)| matches!(said, Said::Laid { .. })) {
            continue;
        }
        let stages = match key.is_history() {
            true => runs(members),
            false => alike(name, members, &life)?,
        };
        let same = |known: &&mut Drawn<'k>| {
            key.is_history()
                && known.stages.iter().map(|stage| &stage.said).eq(stages.iter().map(|stage| &stage.said))
        };
        match lanes.iter_mut().find(same) {
            Some(known) => {
                known.titles.push(key.title());
                for (known, more) in known.stages.iter_mut().zip(stages) {
                    known.kernels.extend(more.kernels);
                }
            }
            None => lanes.push(Drawn { titles: vec![key.title()], stages }),
        }
    }
    Ok(lanes)
}

/// Whose history a kernel belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key<'k> {
    group: &'k Group,
    /// Distribution, architecture and flavour; only of kernels beyond the seed, whose groups are histories themselves.
    own: Option<(&'k str, &'k str, &'k str)>,
}

impl<'k> Key<'k> {
    fn of(kernel: &'k Kernel) -> Self {
        let group = &kernel.facts.group;
        let own = matches!(group, Group::Distro(_))
            .then(|| (kernel.name.distro.as_str(), kernel.name.arch.as_str(), kernel.facts.flavour.as_str()));
        Self { group, own }
    }

    fn is_history(&self) -> bool {
        matches!(self.group, Group::Regular | Group::Distro(_))
    }

    fn title(&self) -> String {
        match (self.group, self.own) {
            (Group::Regular, _) => "regular".to_owned(),
            (Group::Arch, _) => "architectures".to_owned(),
            (Group::Flavour, _) => "flavours".to_owned(),
            (Group::Distro(_), Some((distro, arch, flavour))) => [distro, arch, flavour]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            (Group::Distro(name), None) => name.clone(),
        }
    }
}

/// Neighbours that say the same come together.
fn runs(members: Vec<(&Kernel, Said)>) -> Vec<Stage<'_>> {
    let mut stages: Vec<Stage<'_>> = Vec::new();
    for (kernel, said) in members {
        match stages.last_mut() {
            Some(last) if last.said == said => last.kernels.push(kernel),
            _ => stages.push(Stage { kernels: vec![kernel], label: String::new(), said }),
        }
    }
    for stage in &mut stages {
        let version = |kernel: Option<&&Kernel>| kernel.map_or_else(String::new, |kernel| version(kernel));
        let (first, last) = (version(stage.kernels.first()), version(stage.kernels.last()));
        stage.label = if first == last { first } else { format!("{first} – {last}") };
    }
    stages
}

/// All that say the same come together, the kernel that they are compared with first.
fn alike<'k>(
    name: &TypeName,
    members: Vec<(&'k Kernel, Said)>,
    life: &Life<'k>,
) -> Result<Vec<Stage<'k>>, NoPicture> {
    let is_member = |kernel: &Kernel| members.iter().any(|(member, _)| member.name == kernel.name);
    let reference =
        life.transitions.iter().find(|it| is_member(it.new) && !is_member(it.old)).map(|it| it.old);
    let mut all = Vec::new();
    if let Some(reference) = reference {
        let station = life.stations.iter().find(|station| station.kernel.name == reference.name);
        if let Some(station) = station {
            all.push((reference, said(name, &station.status)?));
        }
    }
    all.extend(members);
    let mut stages: Vec<Stage<'k>> = Vec::new();
    for (kernel, said) in all {
        match stages.iter_mut().find(|stage| stage.said == said) {
            Some(known) => known.kernels.push(kernel),
            None => stages.push(Stage { kernels: vec![kernel], label: String::new(), said }),
        }
    }
    for stage in &mut stages {
        let names: Vec<String> = stage.kernels.iter().map(|kernel| short(kernel)).collect();
        stage.label = names.join(", ");
    }
    Ok(stages)
}

fn version(kernel: &Kernel) -> String {
    match kernel.facts.version.as_str() {
        "" => kernel.name.release.clone(),
        version => version.to_owned(),
    }
}

fn short(kernel: &Kernel) -> String {
    kernel.aliases.first().cloned().unwrap_or_else(|| kernel.name.to_string())
}

fn said(name: &TypeName, status: &Status) -> Result<Said, NoPicture> {
    let definitions = match status {
        Status::Present(definitions) => definitions,
        Status::Absent(absence) => return Ok(Said::Absent(words::absent(absence))),
        Status::Unknown(gap) => return Ok(Said::Unknown(words::not_stored(gap))),
    };
    // Of several a loader comes to the first one first.
    for definition in definitions {
        let laid = layout(&definition.btf, definition.id, Depth::Own);
        let Some(slots) = slots(&laid) else { continue };
        if slots.len() > MAX_SLOTS {
            return Err(NoPicture::TooLarge(name.to_string()));
        }
        return Ok(Said::Laid {
            slots,
            bytes: laid.size_bytes.unwrap_or(0),
            unit: definition.unit.clone(),
            others: definitions.len() - 1,
        });
    }
    Ok(Said::Absent("it has no members there".to_owned()))
}
