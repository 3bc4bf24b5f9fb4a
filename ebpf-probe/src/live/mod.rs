//! The machine as it is: its groups, the two programs that read them, and what they read.

mod look;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use corecheck::answer::needs_by;
use corecheck::attach;
use corecheck::loader::Loader;
use corecheck::object::{Object, read_bytes};
use corecheck_layouts::btf::Btf;
use corecheck_layouts::kernel::{Kernel, KernelName, Modules, Root};
use corecheck_layouts::source::gather::{Options, Source, survey};
use corecheck_layouts::store::given;

use self::look::Look;
use crate::confirm::{self, Load, Objects, Reading, values};
use crate::find::{self, Group, Machine, Roots, major};
use crate::load::{
    Candidate, Cause, Loaded, Numbers, Refusal, Sources, State, Types, for_aya, load_each, numbered, write,
};
use crate::predict::{Prediction, predict};
use crate::read::{Reader, Through, Watcher};
use crate::report::{Note, ObjectEntry, ValueEntry};
use crate::samples::{Sample, VFIO_LIVE, VFIO_PORTABLE};

/// The note that nothing can be known of what the machine has.
const MODULE_WITHOUT_BTF: &str = "module-without-btf";

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Groups that nobody uses are opened.
    pub open: bool,
    /// How groups are found; the best way that the kernel has when it is not said.
    pub through: Option<Through>,
    /// How long to wait for those who have groups open to use them.
    pub patience: Duration,
    /// Types for the loader instead of the kernel's own.
    pub btf: Option<&'a Path>,
}

/// What was seen.
#[derive(Debug)]
pub struct Live {
    /// The machine.
    pub machine: Machine,
    /// Its groups when this began.
    pub groups: Vec<Group>,
    /// The two programs' objects.
    pub objects: Vec<ObjectEntry>,
    /// What was read.
    pub values: Vec<ValueEntry>,
    /// What else to know.
    pub notes: Vec<Note>,
    /// Whether the work could be done.
    pub is_done: bool,
}

/// Looks at everything.
///
/// # Errors
/// When the kernel cannot be looked at, or does not let programs be loaded.
pub fn observe(roots: &Roots, wanted: Wanted<'_>) -> anyhow::Result<Live> {
    let (sample, live) = (object(&VFIO_PORTABLE)?, object(&VFIO_LIVE)?);
    let both = [sample, live];
    let mut types = needs_by(&[Loader::LIBBPF, Loader::Aya], &both);
    attach::add_needs(&both, &mut types);
    let given = wanted.btf.map(|path| read_types(path, &types)).transpose()?;
    let machine = Machine::find(roots, &types)?;
    let groups = find::groups(roots);
    let is_there = vfio_is_there(roots);
    let [sample, live] = &both;
    let (sample_loaded, sample_entry) = load(sample, &machine, given.as_ref())?;
    let (live_loaded, live_entry) = load(live, &machine, given.as_ref())?;
    let mut notes = notes(&machine, &groups, given.is_some());
    let mut readings = Vec::new();
    if !groups.is_empty() {
        let result =
            read(roots, wanted, &groups, (live, live_loaded, sample_loaded), &mut notes, &mut readings);
        match result {
            // What is missing is told below.
            Err(error) if is_there && !vfio_is_there(roots) => log::info!("{error:#}"),
            result => result?,
        }
    }
    let values = values(&readings, Objects { sample: &sample_entry, live: &live_entry });
    let is_gone = is_there && !vfio_is_there(roots);
    let is_hidden = !readings.is_empty() && notes.iter().any(|note| note.code == MODULE_WITHOUT_BTF);
    if is_gone {
        let text = "vfio was unloaded while this program ran: what was predicted and read is of before; run it again";
        notes.push(Note { code: "vfio-unloaded", text: text.to_owned() });
    }
    Ok(Live {
        machine,
        groups,
        objects: vec![sample_entry, live_entry],
        values,
        notes,
        is_done: !is_hidden && !is_gone,
    })
}

/// Reads the groups, with the programs that were loaded.
fn read<'g>(
    roots: &Roots,
    wanted: Wanted<'_>,
    groups: &'g [Group],
    (live, live_loaded, sample_loaded): (&Object, Loaded, Loaded),
    notes: &mut Vec<Note>,
    readings: &mut Vec<Reading<'g>>,
) -> anyhow::Result<()> {
    let major = major(roots).context("/proc/devices does not tell the major number of VFIO's groups")?;
    let through = wanted.through.unwrap_or_else(|| best(live, &live_loaded));
    let watcher = Watcher::new(live_loaded.ebpf, through, major)?;
    let reader = Reader::new(sample_loaded.ebpf)?;
    let mut look = Look { roots, watcher, reader, through, patience: wanted.patience, notes };
    look.held(groups, readings)?;
    if wanted.open {
        look.unused(groups, readings)?;
    }
    Ok(())
}

fn object(sample: &Sample) -> anyhow::Result<Object> {
    let mut found = read_bytes(&format!("{}.bpf.o", sample.name), sample.bytes)?;
    if found.len() != 1 {
        bail!("the sample {} is not one object", sample.name);
    }
    Ok(found.remove(0))
}

/// A file of types as a kernel.
fn read_types(path: &Path, types: &[Root]) -> anyhow::Result<Kernel> {
    let mut found = survey(&[Source::Path(path.to_owned())], Options::default(), &mut |_| ())?;
    let found = found
        .next(&mut |_| ())
        .with_context(|| format!("{}: there are no types in it", path.display()))??;
    Ok(given(found, types)?)
}

fn vfio_is_there(roots: &Roots) -> bool {
    roots.sys.join("class/vfio").exists()
}

/// Predicts, loads and compares one of the two.
fn load(object: &Object, machine: &Machine, given: Option<&Kernel>) -> anyhow::Result<(Loaded, ObjectEntry)> {
    let own: Vec<Root> = needs_by(&[Loader::Aya], std::slice::from_ref(object));
    let live = (&machine.kernel, machine.modules());
    let predicted = prediction(object, machine, given, &own)?;
    let sources = match given {
        Some(given) => Sources(vec![(given, Modules::All), live]),
        None => Sources(vec![live]),
    };
    let candidates = narrowed(object, &own, sources.candidates(&own))?;
    let target = for_aya(&write(&own, &candidates)?)?;
    let numbers = Numbers::new(object)?;
    let file = numbered(object, &numbers)?;
    let btf = if given.is_some() { "given" } else { "gathered" };
    let loaded = load_each(object, &file, Types { target: &target, kernel: &machine.aya });
    let Loaded { ebpf, states } = loaded.map_err(|refusal| refused(object, &refusal))?;
    let all_refused = states.iter().all(|state| matches!(state, State::Refused(_)));
    if let Some(State::Refused(refusal)) = states.first().filter(|_| all_refused) {
        return Err(refused(object, refusal));
    }
    let compared = Load { object, numbers: &numbers, btf, states: Ok(states) };
    let entry = confirm::object(&compared, &predicted);
    let states = compared.states.unwrap_or_default();
    Ok((Loaded { ebpf, states }, entry))
}

/// Verdicts are of the kernel; what accesses come to is of its own types, and of the given ones where it has none.
fn prediction(
    object: &Object,
    machine: &Machine,
    given: Option<&Kernel>,
    types: &[Root],
) -> anyhow::Result<Prediction> {
    let live = predict(object, &machine.kernel, &machine.modules(), Loader::LIBBPF)?;
    let Some(given) = given else { return Ok(live) };
    let sources = Sources(vec![(&machine.kernel, machine.modules()), (given, Modules::All)]);
    Ok(live.with_outcomes_of(on_types(object, types, &sources.candidates(types))?))
}

/// What accesses come to on these types alone.
fn on_types(object: &Object, roots: &[Root], candidates: &[Vec<Candidate>]) -> anyhow::Result<Prediction> {
    let btf = Btf::parse(write(roots, candidates)?)?;
    let kernel = Kernel::of_vmlinux(KernelName::new("local", "types", "unknown"), Arc::new(btf));
    Ok(predict(object, &kernel, &Modules::None, Loader::LIBBPF)?)
}

/// Where several types have a root's name, libbpf goes on with those that matched before, and aya takes that for an error. So
/// aya is given the one on which alone everything comes to the same as libbpf says of all.
fn narrowed(
    object: &Object,
    roots: &[Root],
    candidates: Vec<Vec<Candidate>>,
) -> anyhow::Result<Vec<Vec<Candidate>>> {
    let mut left = candidates.clone();
    for at in (0..roots.len()).filter(|&at| candidates[at].len() > 1) {
        let all = on_types(object, roots, &candidates)?;
        for one in &candidates[at] {
            let mut alone = left.clone();
            alone[at] = vec![one.clone()];
            if on_types(object, roots, &alone)?.agrees_with(&all) {
                left = alone;
                break;
            }
        }
    }
    Ok(left)
}

fn refused(object: &Object, refusal: &Refusal) -> anyhow::Error {
    let help = match refusal.cause {
        Cause::Permission => {
            "\n  help: the kernel does not let this process use BPF: run as root, outside of containers and seccomp filters"
        }
        Cause::Memory => "\n  help: raise the limit of locked memory (ulimit -l unlimited)",
        Cause::Helper => "\n  help: the kernel may be locked down, or older than 5.4",
        _ => "",
    };
    let log = refusal.log.iter().map(|line| format!("\n  {line}")).collect::<String>();
    anyhow::anyhow!("{} is not loaded: {}{help}{log}", object.path, refusal.text)
}

/// Going through open files, where the kernel took that program.
fn best(object: &Object, loaded: &Loaded) -> Through {
    let mut programs = object.programs.iter().zip(&loaded.states);
    let iterates = programs.any(|(program, state)| {
        program.section_name.starts_with("iter/") && matches!(state, State::Loaded(_))
    });
    if iterates { Through::Iter } else { Through::Ioctl }
}

fn notes(machine: &Machine, groups: &[Group], is_given: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    if groups.is_empty() {
        let text = "this machine has no VFIO group: no value can be read; the relocations are compared";
        notes.push(Note { code: "no-groups", text: text.to_owned() });
    }
    let hidden: Vec<&str> = machine
        .loaded
        .difference(&machine.with_btf)
        .map(String::as_str)
        .filter(|name| *name == "vfio")
        .collect();
    if !hidden.is_empty() && !is_given {
        let text = "the module vfio is loaded and shows no types (kernels before 5.11, or their configuration): nothing of \
                    struct vfio_group can be found; bring its types along with --btf FILE";
        notes.push(Note { code: MODULE_WITHOUT_BTF, text: text.to_owned() });
    }
    notes
}
