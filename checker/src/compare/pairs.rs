//! Which object of the new build is which of the old one.

use crate::report::Report;

/// The objects in pairs, in the order of the new build; what has no other half comes last, the gone before the new.
pub(super) fn pairs(report: &Report, old: usize) -> Vec<(Option<usize>, Option<usize>)> {
    let all = report.objects.len();
    let mut left: Vec<usize> = (0..old.min(all)).collect();
    let mut open: Vec<usize> = (old.min(all)..all).collect();
    let mut found: Vec<(usize, usize)> = Vec::new();
    // Within an executable, by the symbol that holds it.
    open.retain(|&new| {
        let own = symbol(report, new);
        let known = left.iter().position(|&old| own.is_some() && symbol(report, old) == own);
        known.is_none_or(|at| {
            found.push((left.remove(at), new));
            false
        })
    });
    // As many on both sides: in their order, as a single object's two files are.
    if left.len() == open.len() {
        found.extend(left.drain(..).zip(open.drain(..)));
    }
    found.sort_unstable_by_key(|&(_, new)| new);
    let both = found.into_iter().map(|(old, new)| (Some(old), Some(new)));
    let gone = left.into_iter().map(|old| (Some(old), None));
    both.chain(gone).chain(open.into_iter().map(|new| (None, Some(new)))).collect()
}

/// What holds an object within an executable, unless it is an offset, which every build has another of.
fn symbol(report: &Report, at: usize) -> Option<&str> {
    let object = report.objects.get(at)?;
    let (_, symbol) = object.path.rsplit_once('@').filter(|_| object.embedded_in.is_some())?;
    (!symbol.starts_with("0x")).then_some(symbol)
}
