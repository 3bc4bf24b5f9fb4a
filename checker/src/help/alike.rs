//! How alike two names are.

/// How alike the name of a missing member and another are, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alike {
    /// Most words in common, or a few letters apart: `nr_tasks` and `nr_running_tasks`.
    Somewhat,
    /// One has words more than the other, before or behind: `disk` and `rq_disk`.
    Longer,
    /// They differ in underscores at their ends alone: `i_ctime` and `__i_ctime`.
    Underscores,
}

/// Names and words of fewer letters are too common to tell anything.
const SHORTEST: usize = 4;

/// Beginnings of names that only keep room.
const FILLERS: [&str; 5] = ["reserved", "pad", "unused", "android_", "kabi_"];

/// Words that say of what sort a member is, not which one it is.
const SORTS: [&str; 12] =
    ["count", "data", "flags", "func", "head", "info", "list", "lock", "mask", "node", "size", "type"];

/// How alike two names are; `None` when they are not.
pub(super) fn alike(one: &str, other: &str) -> Option<Alike> {
    let (one, other) = (one.trim_matches('_'), other.trim_matches('_'));
    let is_filler = |name: &str| {
        let name = name.to_ascii_lowercase();
        FILLERS.iter().any(|filler| name.starts_with(filler))
    };
    if one.is_empty() || other.is_empty() || is_filler(one) || is_filler(other) {
        return None;
    }
    if one == other {
        return Some(Alike::Underscores);
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let rest = long.strip_prefix(short).filter(|rest| rest.starts_with('_'));
    let before = long.strip_suffix(short).filter(|rest| rest.ends_with('_'));
    if short.len() >= SHORTEST && (rest.is_some() || before.is_some()) {
        return Some(Alike::Longer);
    }
    // What is told apart by a number alone was told apart on purpose: `lock1`, `lock2`.
    let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    if letters(one) == letters(other) {
        return None;
    }
    // Most words of both, one of them of some length, and of some meaning: `sched_` alone is in every name of its subsystem.
    let words: Vec<&str> = one.split('_').collect();
    let others: Vec<&str> = other.split('_').collect();
    let common: Vec<&&str> = words.iter().filter(|word| others.contains(word)).collect();
    let tells = |word: &&&str| word.len() >= SHORTEST && !SORTS.contains(*word);
    let has_most_in_common = common.len() * 2 > words.len().max(others.len()) && common.iter().any(tells);
    let is_near = short.len() >= SHORTEST && strsim::osa_distance(one, other) * 4 <= long.len();
    (has_most_in_common || is_near).then_some(Alike::Somewhat)
}

/// How near two names are, from 0 to 1000: to choose between several that are alike.
pub(super) fn nearness(one: &str, other: &str) -> u32 {
    let likeness = strsim::normalized_damerau_levenshtein(one.trim_matches('_'), other.trim_matches('_'));
    // Between 0 and 1.
    (likeness * 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_one_another() {
        let pairs = [
            ("i_ctime", "__i_ctime", Alike::Underscores),
            ("__state", "state", Alike::Underscores),
            ("flags", "flags_", Alike::Underscores),
            ("disk", "rq_disk", Alike::Longer),
            ("f_op", "f_op_last", Alike::Longer),
            ("nr_tasks", "nr_running_tasks", Alike::Somewhat),
            ("counter", "counters", Alike::Somewhat),
            ("unpinned_fscache_wb", "unpinned_netfs_wb", Alike::Somewhat),
            ("async_in_progress", "work_in_progress", Alike::Somewhat),
        ];
        for (one, other, how) in pairs {
            assert_eq!(alike(one, other), Some(how), "{one} {other}");
            assert_eq!(alike(other, one), Some(how), "{other} {one}");
        }
    }

    #[test]
    fn names_that_are_not() {
        let pairs = [
            ("state", "status"),
            ("cpu", "on_cpu"),
            ("pid", "pid_links"),
            ("a", "b"),
            ("__", "_"),
            ("disk", "diskette"),
            ("lock1", "lock2"),
            ("sk_bind_node", "sk_bind2_node"),
            ("reserved1", "reserved"),
            ("__reserved_1", "reserved_flags"),
            ("tx", "rx"),
            ("cpu", "recent_used_cpu"),
            ("task_list", "task_lock"),
            // Seen in kernels: both new in the other's place, and nothing of the kind.
            ("sched_psi_wake_requeue", "sched_task_hot"),
            ("offload_at_suspend", "offload_pm_locked"),
            ("active_ctx_list", "pmu_ctx_list"),
        ];
        for (one, other) in pairs {
            assert_eq!(alike(one, other), None, "{one} {other}");
        }
    }

    #[test]
    fn the_nearer_of_two_is_nearer() {
        assert!(nearness("nr_tasks", "nr_task") > nearness("nr_tasks", "nr_running_tasks"));
        assert_eq!(nearness("i_ctime", "__i_ctime"), 1000);
    }
}
