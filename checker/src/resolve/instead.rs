//! What a missing member may be called in the target.
//!
//! Nothing is invented: a name is proposed only when it is one of the target's members, where the missing one should be, and
//! the access, with that name in place of the other, resolves there to a field that is alike.

use corecheck_layouts::btf::cdecl::declaration;
use corecheck_layouts::btf::{Type, TypeId};

use super::budget::Budget;
use super::changes::{Changed, changes};
use super::outcome::{Instead, Mismatch, Place};
use super::{Candidate, Question, field, match_candidate};
use crate::access::{Access, Local, RelocationKind};

/// A name with which the access resolves in one of the candidates; the first of the first candidate that has one.
pub(super) fn instead(
    access: &Access,
    local: &Local,
    question: &Question<'_>,
    candidates: &[Candidate<'_>],
    budget: &mut Budget,
) -> Option<Instead> {
    let btf = question.local;
    candidates.iter().find_map(|&candidate| {
        let mismatch = match_candidate(&local.spec, question, candidate, budget).ok()?.err()?;
        let Mismatch::FieldMissing { member, parent, depth } = mismatch else { return None };
        let missing = local.spec.accessors.get(depth)?;
        let names = similar(candidate, parent, member.as_bytes(), budget)?;
        let own = own_members(question, missing.of, budget)?;
        names.into_iter().filter(|name| !own.contains(name)).find_map(|name| {
            let mut spec = local.spec.clone();
            spec.accessors.get_mut(depth)?.name = Some(name.clone().into());
            let found = field::match_field(&spec, btf, candidate.btf, candidate.id, budget).ok()?.ok()?;
            // As an address, so that a size that would be adapted counts as well.
            let read = Access { kind: RelocationKind::FieldByteOffset, ..access.clone() };
            let changed = changes(&read, (&spec, btf), (&found, candidate.btf), false, budget);
            if changed != Changed::default() {
                return None;
            }
            let (Type::Struct(of) | Type::Union(of)) = btf.ty(missing.of) else { return None };
            let member = String::from_utf8(name).ok()?;
            Some(Instead {
                declaration: declaration(btf, of.member(missing.index as usize)?.of, &member),
                member,
                is_of_root: depth == 1,
                place: Place { unit: candidate.unit.to_owned(), spec: found.describe(candidate.btf) },
            })
        })
    })
}

/// Members of a target's type whose names differ from this one in underscores, or have more words; the most alike first.
fn similar(
    candidate: Candidate<'_>,
    parent: TypeId,
    missing: &[u8],
    budget: &mut Budget,
) -> Option<Vec<Vec<u8>>> {
    let members = super::changes::members(candidate.btf, parent, budget).ok()?;
    let mut names: Vec<(usize, Vec<u8>)> = members
        .keys()
        .filter(|name| is_similar(name, missing))
        .map(|name| (name.len().abs_diff(missing.len()), name.to_vec()))
        .collect();
    names.sort_unstable();
    Some(names.into_iter().map(|(_, name)| name).collect())
}

/// The names of all members of a local type.
fn own_members(question: &Question<'_>, parent: TypeId, budget: &mut Budget) -> Option<Vec<Vec<u8>>> {
    let members = super::changes::members(question.local, parent, budget).ok()?;
    Some(members.keys().map(|name| name.to_vec()).collect())
}

/// Names of fewer letters are too common to be told by a part.
const SHORTEST: usize = 4;

fn is_similar(one: &[u8], other: &[u8]) -> bool {
    let bare = |name: &[u8]| -> Vec<u8> {
        let start = name.iter().position(|&byte| byte != b'_').unwrap_or(name.len());
        let end = name.iter().rposition(|&byte| byte != b'_').map_or(start, |last| last + 1);
        name.get(start..end).unwrap_or_default().to_vec()
    };
    let (one, other) = (bare(one), bare(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    if short == long {
        return !short.is_empty();
    }
    let rest = long.strip_prefix(&short[..]).filter(|rest| rest.starts_with(b"_"));
    let before = long.strip_suffix(&short[..]).filter(|rest| rest.ends_with(b"_"));
    short.len() >= SHORTEST && (rest.is_some() || before.is_some())
}

#[cfg(test)]
mod tests {
    use super::is_similar;

    #[test]
    fn names_that_may_be_one_another() {
        for (one, other) in
            [("i_ctime", "__i_ctime"), ("__state", "state"), ("disk", "rq_disk"), ("flags", "flags_")]
        {
            assert!(is_similar(one.as_bytes(), other.as_bytes()), "{one} {other}");
            assert!(is_similar(other.as_bytes(), one.as_bytes()), "{other} {one}");
        }
        for (one, other) in
            [("state", "status"), ("pid", "pid_links"), ("a", "b"), ("__", "_"), ("disk", "diskette")]
        {
            assert!(!is_similar(one.as_bytes(), other.as_bytes()), "{one} {other}");
        }
    }
}
