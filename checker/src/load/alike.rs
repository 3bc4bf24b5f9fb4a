//! Programs that look like alternatives: the same function or tracepoint by other means.
//!
//! What a tool does is not in its object; this is a guess, and only ever a suggestion. Alike are two programs of different
//! means at the same moment (entry, return, tracepoint), with the same target, or with names that differ only in what
//! says which means it is: `fentry/vfs_read` and `kprobe/vfs_read`, `issue_btf` and `issue_raw`.

use std::collections::BTreeMap;

use super::alternatives::Group;
use crate::object::Object;

/// By which means a program is called. In the order in which tools prefer them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Means {
    /// fentry, fexit.
    Trampoline,
    TypedTracepoint,
    ProbeMulti,
    Probe,
    RawTracepoint,
    TraceEvent,
}

/// When it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Moment {
    Entry,
    Return,
    Tracepoint,
}

/// A program that traces.
#[derive(Debug, Clone, Copy)]
struct Tracer<'a> {
    program: usize,
    means: Means,
    moment: Moment,
    /// Function or tracepoint; empty where the section names none.
    target: &'a str,
    /// Its name without what says by which means or when.
    stem: &'a str,
}

/// What is taken off names, with the underscores beside it.
const AFFIXES: [&str; 15] = [
    "raw_tracepoint",
    "tracepoint",
    "kretprobe",
    "kprobe",
    "fentry",
    "fexit",
    "tp_btf",
    "raw_tp",
    "btf",
    "raw",
    "tp",
    "entry",
    "return",
    "exit",
    "ret",
];

/// What looks like alternatives among the programs that are loaded, without those that are decided about already: first with whole
/// sets (all of one means, or all of another), then each target for itself.
///
/// Tools mostly ask about one target and switch all. The sets load only where each of their programs does, so that they
/// promise no more than the single ones.
pub fn alike(object: &Object, decided: &[usize]) -> [Vec<Group>; 2] {
    let mut tracers: Vec<Tracer<'_>> = Vec::new();
    for (index, program) in object.programs.iter().enumerate() {
        let Some(function) = object.functions.get(program.function) else { continue };
        if program.autoload && !decided.contains(&index) {
            tracers.extend(Tracer::new(index, &program.section_name, &function.name));
        }
    }
    let mut of_targets = components(&tracers);
    // Who turns a kretprobe off turns off the kprobe of the same function, which only remembers arguments for it.
    for tracer in &tracers {
        if of_targets.iter().flatten().any(|known| known.program == tracer.program) {
            continue;
        }
        let belongs = |known: &Tracer<'_>| {
            known.means == tracer.means && known.target == tracer.target && !tracer.target.is_empty()
        };
        if let Some(component) = of_targets.iter_mut().find(|component| component.iter().any(belongs)) {
            component.push(*tracer);
        }
    }
    let by_means: Vec<BTreeMap<Means, Vec<usize>>> = of_targets.iter().map(|of| sets(of)).collect();
    let mut whole: BTreeMap<Vec<Means>, BTreeMap<Means, Vec<usize>>> = BTreeMap::new();
    for sets in &by_means {
        let all = whole.entry(sets.keys().copied().collect()).or_default();
        for (&means, programs) in sets {
            all.entry(means).or_default().extend(programs);
        }
    }
    [whole.into_values().map(group).collect(), by_means.into_iter().map(group).collect()]
}

/// Programs that are alike, each with all that are like it; those that nobody is like are left.
fn components<'a>(tracers: &[Tracer<'a>]) -> Vec<Vec<Tracer<'a>>> {
    let mut components: Vec<Vec<Tracer<'a>>> = Vec::new();
    for tracer in tracers {
        let (mut own, others): (Vec<_>, Vec<_>) =
            components.into_iter().partition(|component| component.iter().any(|known| known.is_like(tracer)));
        let mut joined: Vec<Tracer<'a>> = own.drain(..).flatten().collect();
        joined.push(*tracer);
        components = others;
        components.push(joined);
    }
    components.retain(|component| component.len() > 1);
    components
}

fn sets(component: &[Tracer<'_>]) -> BTreeMap<Means, Vec<usize>> {
    let mut sets: BTreeMap<Means, Vec<usize>> = BTreeMap::new();
    for tracer in component {
        sets.entry(tracer.means).or_default().push(tracer.program);
    }
    sets
}

/// The sets, with programs in the object's order.
fn group(sets: BTreeMap<Means, Vec<usize>>) -> Group {
    let sorted = |mut programs: Vec<usize>| {
        programs.sort_unstable();
        programs
    };
    Group { sets: sets.into_values().map(sorted).collect() }
}

impl<'a> Tracer<'a> {
    fn new(program: usize, section: &'a str, name: &'a str) -> Option<Self> {
        let (kind, target) = section.split_once('/').unwrap_or((section, ""));
        let (means, moment) = match kind.strip_suffix(".s").unwrap_or(kind) {
            "fentry" => (Means::Trampoline, Moment::Entry),
            "fexit" => (Means::Trampoline, Moment::Return),
            "kprobe" => (Means::Probe, Moment::Entry),
            "kretprobe" => (Means::Probe, Moment::Return),
            "kprobe.multi" => (Means::ProbeMulti, Moment::Entry),
            "kretprobe.multi" => (Means::ProbeMulti, Moment::Return),
            "tp_btf" => (Means::TypedTracepoint, Moment::Tracepoint),
            "raw_tp" | "raw_tracepoint" | "raw_tp.w" | "raw_tracepoint.w" => {
                (Means::RawTracepoint, Moment::Tracepoint)
            }
            "tp" | "tracepoint" => (Means::TraceEvent, Moment::Tracepoint),
            _ => return None,
        };
        let target = match means {
            // `module:function`.
            Means::Trampoline | Means::TypedTracepoint => target.rsplit(':').next().unwrap_or(target),
            // `category/event`.
            Means::TraceEvent => target.split_once('/').map_or("", |(_, event)| event),
            // Within a function, at `function+offset`, no other means gets.
            Means::Probe if target.contains('+') => return None,
            _ => target,
        };
        Some(Self { program, means, moment, target, stem: stem(name) })
    }

    fn is_like(&self, other: &Self) -> bool {
        let has_target = !self.target.is_empty() && self.target == other.target;
        self.means != other.means && self.moment == other.moment && (has_target || self.stem == other.stem)
    }
}

/// A name without what says by which means or when; all of it where nothing else would be left.
fn stem(name: &str) -> &str {
    let mut stem = name;
    loop {
        let before = |affix: &str| stem.strip_prefix(affix)?.strip_prefix('_');
        let behind = |affix: &str| stem.strip_suffix(affix)?.strip_suffix('_');
        let shorter = AFFIXES.iter().find_map(|affix| before(affix).or_else(|| behind(affix)));
        match shorter.map(|shorter| shorter.trim_matches('_')) {
            Some(shorter) if !shorter.is_empty() => stem = shorter,
            _ => return stem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::programs;

    /// The groups of an object with such sections and names, by names.
    fn told(all: &[(&str, &str)]) -> [Vec<String>; 2] {
        let mut object = programs();
        let (program, function) =
            (object.programs[0].clone(), object.functions[object.programs[0].function].clone());
        object.functions.clear();
        object.programs.clear();
        for (index, (section, name)) in all.iter().enumerate() {
            object.functions.push(crate::object::Function { name: (*name).to_owned(), ..function.clone() });
            let section_name = (*section).to_owned();
            object.programs.push(crate::object::Program { function: index, section_name, ..program.clone() });
        }
        alike(&object, &[])
            .map(|groups| groups.iter().map(|group| group.named(&object).to_string()).collect())
    }

    #[test]
    fn one_target_by_several_means() {
        let both = |one: &str| [vec![one.to_owned()], vec![one.to_owned()]];
        assert_eq!(told(&[("kprobe/do_exit", "p"), ("fentry/do_exit", "f")]), both("f,p"));
        assert_eq!(told(&[("kretprobe/do_exit", "p"), ("fexit.s/do_exit", "f")]), both("f,p"));
        let tracepoint = [
            ("tp/sched/sched_switch", "event"),
            ("raw_tp/sched_switch", "raw"),
            ("tp_btf/sched_switch", "typed"),
        ];
        assert_eq!(told(&tracepoint), both("typed,raw,event"));
        assert_eq!(told(&[("kprobe/f", "p"), ("kprobe.multi/f", "m")]), both("m,p"));
        assert_eq!(told(&[("fentry/nf_tables:f", "t"), ("kprobe/f", "p")]), both("t,p"));
    }

    #[test]
    fn other_targets_with_names_that_say_it() {
        let found = told(&[("kprobe/__blk_start", "kprobe__start"), ("fentry/blk_start", "start_fentry")]);
        assert_eq!(found[0], ["start_fentry,kprobe__start"]);
        assert_eq!(
            told(&[("fentry", "start_fentry"), ("kprobe", "start_kprobe")])[0],
            ["start_fentry,start_kprobe"]
        );
        assert_eq!(told(&[("tp_btf/a", "issue_btf"), ("raw_tp/b", "issue")])[0], ["issue_btf,issue"]);
    }

    #[test]
    fn sets_go_together_and_targets_for_themselves() {
        let all = [
            ("kprobe/a", "a_entry"),
            ("kretprobe/a", "a_exit"),
            ("fexit/a", "a_fexit"),
            ("kprobe/b", "b_entry"),
            ("fentry/b", "b_fentry"),
            ("tp_btf/x", "x_btf"),
            ("raw_tp/x", "x_raw"),
            ("tp_btf/y", "y_btf"),
        ];
        let [whole, single] = told(&all);
        assert_eq!(whole, ["a_fexit+b_fentry,a_entry+a_exit+b_entry", "x_btf,x_raw"]);
        assert_eq!(single, ["a_fexit,a_entry+a_exit", "b_fentry,b_entry", "x_btf,x_raw"]);
    }

    #[test]
    fn what_is_no_alternative() {
        for all in [
            // The same means.
            [("fentry/do_exit", "one"), ("fentry/do_exit", "other")],
            [("fentry/do_exit", "do_exit_fentry"), ("fentry.s/do_exit", "do_exit")],
            // Another moment.
            [("fentry/do_exit", "do_exit_fentry"), ("kretprobe/do_exit", "do_exit_ret")],
            // Another target and name.
            [("fentry/vfs_read", "read"), ("kprobe/vfs_write", "write")],
            // A function and a tracepoint of the same name.
            [("fentry/sched_switch", "fentry"), ("tp_btf/sched_switch", "btf")],
            // Within the function.
            [("fentry/do_exit", "f"), ("kprobe/do_exit+0x10", "p")],
            // Of no target.
            [("fentry", "read"), ("kprobe", "write")],
            [("xdp", "x"), ("tc", "x_tp")],
        ] {
            assert_eq!(told(&all), [const { Vec::<String>::new() }; 2], "{all:?}");
        }
    }

    #[test]
    fn names_without_what_says_by_which_means() {
        for (name, expected) in [
            ("kprobe__vfs_read", "vfs_read"),
            ("vfs_read_fentry", "vfs_read"),
            ("vfs_read_kprobe_ret", "vfs_read"),
            ("tp_btf__sched_switch", "sched_switch"),
            ("fentry", "fentry"),
            ("entry_raw", "entry"),
            ("brtree", "brtree"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
