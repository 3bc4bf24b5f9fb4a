//! What a missing member may be called.
//!
//! A name is proposed where two layouts say so: the nearest kernel that has the member, and one that has it not. The new name is
//! not in the first and stands in the second; it is alike, and so is the field: its type, or else its place between the
//! same neighbours. Where no kernel is at hand that has the member, the object's own type takes its place, and then only
//! underscores may differ. If two names serve as well, none is proposed: a false suggestion is worse than none.

use std::ops::Range;

use corecheck_layouts::btf::cdecl::type_name;
use corecheck_layouts::btf::types::Int;
use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};
use corecheck_layouts::kernel::Found;

use super::Case;
use super::alike::{Alike, alike, nearness};
use super::history::History;
use super::members::{Member, members, missing, parent};
use super::tried::{candidates, found, rewritten, tried};
use crate::access::{Access, Accessor, RelocationKind};
use crate::resolve::{ChangeCode, Place, State};

/// What a missing member may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// Its name.
    pub member: String,
    /// Where the access leads with it: the path in C's words.
    pub path: String,
    /// The kernel whose layout says so: its full name.
    pub kernel: String,
    /// Where it stands in that layout.
    pub place: Place,
    /// The kernel that it was compared with, which has the member by its old name, and where; `None` where it was the object's
    /// own type.
    pub before: Option<(String, Place)>,
    /// Which turning point of the access it replaces.
    pub(super) at: usize,
    /// The name of its type where it is a number of another size or sign: `unsigned int`.
    pub(super) number: Option<String>,
}

/// How many names are looked at. Real structs have a few that are alike.
const MOST: usize = 16;
/// So many members at most came where one went, for a new one to stand in its place.
const MOST_BETWEEN: usize = 4;

/// Names in a kernel's type that are alike the one that an access misses there: what must be known of it to propose one.
pub(super) fn names_to_look_up(case: &Case<'_>, access: &Access, found: &Found) -> Vec<String> {
    let Ok(local) = &access.local else { return Vec::new() };
    let walk = &local.spec.accessors;
    let mut names = Vec::new();
    for (unit, root) in candidates(found) {
        let Some(lacking) = missing(&unit.btf, root, walk) else { continue };
        let wanted = name_at(access, lacking.at).unwrap_or_default();
        let own = own_names(case, access, lacking.at);
        let alike = members(&unit.btf, lacking.parent).into_iter().map(|member| member.name);
        names.extend(
            alike
                .filter(|name| alike_to(name, wanted) && !own.iter().any(|own| own == name))
                .map(str::to_owned),
        );
    }
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST);
    names
}

fn alike_to(name: &str, wanted: &str) -> bool {
    alike(name, wanted).is_some()
}

fn name_at(access: &Access, at: usize) -> Option<&str> {
    let local = access.local.as_ref().ok()?;
    std::str::from_utf8(local.spec.accessors.get(at)?.name.as_deref()?).ok()
}

/// The names of the members that the object's own type has where one is missing.
fn own_names(case: &Case<'_>, access: &Access, at: usize) -> Vec<String> {
    let (Some(btf), Ok(local)) = (case.object.btf.as_deref(), &access.local) else { return Vec::new() };
    let Some(accessor) = local.spec.accessors.get(at) else { return Vec::new() };
    members(btf, accessor.of).into_iter().map(|member| member.name.to_owned()).collect()
}

/// The type of a member in the object's own types.
fn own_type(btf: &Btf, accessor: &Accessor) -> Option<TypeId> {
    let (Type::Struct(parent) | Type::Union(parent)) = btf.ty(accessor.of) else { return None };
    parent.member(accessor.index as usize).map(|member| member.of)
}

/// The first name that a pair of kernels gives: one that lacks the member and one that has it.
pub(super) fn renamed(
    case: &Case<'_>,
    access: &Access,
    history: &History<'_>,
    pairs: &[(usize, Option<usize>)],
) -> Option<Renamed> {
    pairs.iter().find_map(|&(without, with)| {
        let without = history.types(without)?;
        let with = with.map(|with| history.types(with)).map_or(Some(None), |with| Some(Some(with?)))?;
        let there = found(case, access, without)?;
        let before = match with {
            Some(kernel) => Some((kernel.name.to_string(), found(case, access, kernel)?)),
            None => None,
        };
        let new = between(case, access, &there, before.as_ref().map(|(_, found)| found))?;
        let before = match before {
            Some((name, found)) => {
                let as_it_is = rewritten(case, access, RelocationKind::FieldByteOffset, &[])?;
                Some((name, tried(case, &as_it_is, &found)?.target?))
            }
            None => None,
        };
        Some(Renamed { kernel: without.name.to_string(), before, ..new })
    })
}

/// A name that may have become what.
struct Guess<'b> {
    member: Member<'b>,
    how: Alike,
    is_in_place: bool,
    nearness: u32,
    place: Place,
    number: Option<String>,
}

fn between(case: &Case<'_>, access: &Access, there: &Found, before: Option<&Found>) -> Option<Renamed> {
    let local = access.local.as_ref().ok()?;
    let walk = &local.spec.accessors;
    // Where several types have the name, nobody can tell which of them is meant.
    let mut all = candidates(there);
    let (unit, root) = all.next()?;
    if all.next().is_some() {
        return None;
    }
    let lacking = missing(&unit.btf, root, walk)?;
    let wanted = name_at(access, lacking.at)?;
    let now = members(&unit.btf, lacking.parent);
    let reference: Vec<Member<'_>> = match before {
        Some(found) => {
            let (unit, root) = candidates(found).next()?;
            members(&unit.btf, parent(&unit.btf, root, walk, lacking.at)?)
        }
        None => Vec::new(),
    };
    let own = own_names(case, access, lacking.at);
    let local_btf = case.object.btf.as_deref()?;
    let own_type = (local_btf, own_type(local_btf, walk.get(lacking.at)?)?);
    let mut guesses: Vec<Guess<'_>> = Vec::new();
    for &member in &now {
        let Some(how) = alike(member.name, wanted) else { continue };
        let is_known = own.iter().any(|own| own == member.name)
            || reference.iter().any(|known| known.name == member.name);
        if is_known || before.is_none() && how != Alike::Underscores {
            continue;
        }
        let names = [(lacking.at, member.name)];
        let address = rewritten(case, access, RelocationKind::FieldByteOffset, &names)?;
        let Some(outcome) = tried(case, &address, there) else { continue };
        let (State::Resolved, Some(place)) = (outcome.state, outcome.target) else { continue };
        let slot = slot(wanted, member.name, &reference, &now);
        let is_in_place = slot.is_some();
        let types = [own_type, (&*unit.btf, member.of)];
        if has_other_nature(types) || how != Alike::Underscores && is_other_callback(types) {
            continue;
        }
        let is_same = outcome.changes.is_empty() && outcome.extent.is_none();
        let number = match is_same {
            true => None,
            false => {
                // A number of another size or sign in the same place, under the same name but for underscores.
                let is_other_number =
                    outcome.changes.iter().all(|it| matches!(it.code, ChangeCode::Size | ChangeCode::Sign));
                let is_end = lacking.at + 1 == walk.len();
                let is_number = is_other_number && is_end && is_in_place && how == Alike::Underscores;
                match number_of(&unit.btf, member).filter(|_| is_number) {
                    Some(number) => Some(number),
                    None => continue,
                }
            }
        };
        // The less alike, the more its place must say.
        let is_enough = match how {
            Alike::Underscores => true,
            Alike::Longer => slot.is_some_and(|slot| slot.is_alone(wanted, member.name, &now)),
            Alike::Somewhat => {
                slot.is_some_and(|slot| slot.is_one_for_one() && slot.is_alone(wanted, member.name, &now))
            }
        };
        if !is_enough || is_others(wanted, member.name, &reference, &now) {
            continue;
        }
        let nearness = nearness(member.name, wanted);
        guesses.push(Guess { member, how, is_in_place, nearness, place, number });
    }
    let rank = |guess: &Guess<'_>| (guess.how, guess.is_in_place, guess.nearness);
    let best = guesses.iter().map(rank).max()?;
    let mut best = guesses.into_iter().filter(|guess| rank(guess) == best);
    let guess = best.next()?;
    if best.next().is_some() {
        return None;
    }
    let name = guess.member.name;
    let mut spec = local.spec.clone();
    spec.accessors.get_mut(lacking.at)?.name = Some(name.as_bytes().into());
    Some(Renamed {
        member: name.to_owned(),
        path: spec.path(),
        kernel: String::new(),
        place: guess.place,
        before: None,
        at: lacking.at,
        number: guess.number,
    })
}

/// What went and what came between the nearest members that both layouts have.
struct Slot {
    gone: Range<usize>,
    new: Range<usize>,
    /// The places of the missing and of the new member in these.
    at: (usize, usize),
}

/// Where the new member stands, if that is where the missing one stood.
fn slot(missing: &str, new: &str, before: &[Member<'_>], now: &[Member<'_>]) -> Option<Slot> {
    let position = |members: &[Member<'_>], name: &str| members.iter().position(|it| it.name == name);
    let (old, at) = (position(before, missing)?, position(now, new)?);
    let shared = |old: usize| Some((old, position(now, before.get(old)?.name)?));
    let previous = (0..old).rev().find_map(shared);
    let next = (old + 1..before.len()).find_map(shared);
    let first = previous.map_or((0, 0), |(old, now)| (old + 1, now + 1));
    let end = next.unwrap_or((before.len(), now.len()));
    let slot =
        Slot { gone: first.0..end.0, new: first.1..end.1, at: (old - first.0, at.checked_sub(first.1)?) };
    let is_there = slot.new.contains(&at) && slot.new.len() <= MOST_BETWEEN;
    (is_there && (previous.is_some() || next.is_some())).then_some(slot)
}

impl Slot {
    /// Whether as many came as went, the new one in the missing one's turn.
    fn is_one_for_one(&self) -> bool {
        self.gone.len() == self.new.len() && self.at.0 == self.at.1
    }

    /// Whether no other new member there has a name that is alike: one that became two was not renamed.
    fn is_alone(&self, wanted: &str, new: &str, now: &[Member<'_>]) -> bool {
        let there = now.get(self.new.clone()).unwrap_or_default();
        there.iter().all(|it| it.name == new || alike(it.name, wanted).is_none())
    }
}

/// Whether a truth value became a number, or the other way round: neither size nor sign tells.
fn has_other_nature(types: [(&Btf, TypeId); 2]) -> bool {
    let [one, other] = types.map(|(btf, id)| match btf.ty(btf.skip_modifiers_and_typedefs(id)) {
        Type::Int(int) => Some(int.encoding & Int::BOOL != 0),
        _ => None,
    });
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// Whether both are functions to call, of other prototypes: to a program they are addresses alike, and do something else.
fn is_other_callback(types: [(&Btf, TypeId); 2]) -> bool {
    let [one, other] = types.map(|(btf, id)| {
        let Type::Ptr { to } = btf.ty(btf.skip_modifiers_and_typedefs(id)) else { return None };
        let to = btf.skip_modifiers_and_typedefs(to);
        (btf.kind(to) == Kind::FuncProto).then(|| type_name(btf, to))
    });
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// Whether the new name is nearer to another one that is missing, too.
fn is_others(wanted: &str, new: &str, before: &[Member<'_>], now: &[Member<'_>]) -> bool {
    let rank = |name: &str| (alike(name, new), nearness(name, new));
    let own = rank(wanted);
    let gone = before.iter().filter(|old| old.name != wanted && !now.iter().any(|it| it.name == old.name));
    gone.map(|old| rank(old.name)).any(|other| other >= own)
}

/// What an integer is called, whatever typedefs stand before it.
fn number_of(btf: &Btf, member: Member<'_>) -> Option<String> {
    let id: TypeId = btf.skip_modifiers_and_typedefs(member.of);
    match btf.ty(id) {
        Type::Int(int) if member.bits == 0 => Some(int.name.to_owned()),
        _ => None,
    }
}
