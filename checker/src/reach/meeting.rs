//! Where the sides of a branch meet again.
//!
//! Of a branch on a number that is not known here the verifier may know the way. It takes one side or both, and so comes for
//! certain to where they meet: with what was known before the branch, and nothing of what the sides have changed.

use std::rc::Rc;

use super::code::{Code, Place};
use super::live::jump_target;
use super::state::State;
use super::value::Register;
use super::written::Written;
use crate::object::{Function, Insn};

/// A branch of which it is not certain which side is taken.
#[derive(Debug, Clone)]
pub(super) struct Meeting {
    /// How many functions were under way.
    depth: usize,
    /// Where the sides meet; `None` when that is where the function ends.
    place: Option<Place>,
    /// What was known before.
    before: Rc<State>,
    /// What may be written before the sides meet.
    written: Rc<Written>,
}

impl Meeting {
    /// For a branch at the top of a state.
    pub(super) fn of(state: &State, place: Option<Place>, written: Rc<Written>) -> Self {
        Self { depth: state.frames.len(), place, before: Rc::new(state.clone()), written }
    }

    /// Whether a state has come to where the sides meet.
    pub(super) fn is_at(&self, state: &State) -> bool {
        match self.place {
            Some(place) => state.frames.len() == self.depth && state.top().place == place,
            None => state.frames.len() < self.depth,
        }
    }

    /// Whether two are of the same branch.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.before, &other.before)
    }

    /// Makes a state certain again that has come there. What either side may have written is not known.
    pub(super) fn settle(&self, state: &mut State) {
        state.is_certain = true;
        for (frame, before) in state.frames.iter_mut().zip(&self.before.frames) {
            for (register, before) in frame.registers.iter_mut().zip(&before.registers) {
                register.join(before);
            }
            frame.stack.join(&before.stack);
        }
        if self.written.elsewhere {
            state.lose_stacks();
        }
        let top = state.top_mut();
        if self.place.is_none() {
            // Back in the caller, with what the function has returned.
            top.set(0, Register::LOST);
            return;
        }
        for number in (0..10).filter(|number| self.written.registers >> number & 1 == 1) {
            top.set(number, Register::LOST);
        }
        for &(at, bytes) in &self.written.stack {
            top.stack.overwrite(at, bytes, false);
        }
    }
}

/// How often the instructions are gone through.
const MOST_ROUNDS: usize = 64;

/// For each instruction of a function the next one that every path from it to the function's end passes; `None` is the end.
pub(super) struct Meetings {
    first: u32,
    next: Vec<Option<usize>>,
}

impl Meetings {
    pub(super) fn at(&self, place: Place) -> Option<Place> {
        let index = place.insn.checked_sub(self.first)? as usize;
        let next = *self.next.get(index)?;
        next.and_then(|next| u32::try_from(next).ok()).map(|next| Place { insn: self.first + next, ..place })
    }
}

/// Finds them: immediate post-dominators, as Cooper, Harvey and Kennedy do it. Loops and jumps backwards take more rounds.
pub(super) fn meetings(code: &Code<'_>, index: u32, function: &Function) -> Meetings {
    let first = function.insn_off;
    let count = function.insn_count as usize;
    let insns: Vec<Insn> = (0..function.insn_count)
        .map(|at| code.insn(Place { function: index, insn: first + at }).unwrap_or_default())
        .collect();
    // The end has the number `count`. Later instructions come first, as nearly all paths go forward.
    let mut next: Vec<Option<usize>> = vec![None; count + 1];
    next[count] = Some(count);
    let successors = |at: usize| -> [Option<usize>; 2] {
        let insn = &insns[at];
        let is_exit = matches!(insn.code & 0x07, 5 | 6) && insn.code & 0xf0 == 0x90;
        let is_jump = matches!(insn.code & 0x07, 5 | 6) && insn.code & 0xf0 == 0;
        let after = (at + Code::slots(*insn) as usize).min(count);
        match jump_target(at, insn).map(|target| target.min(count)) {
            _ if is_exit => [Some(count), None],
            Some(target) if is_jump => [Some(target), None],
            target => [Some(after), target],
        }
    };
    let mut is_settled = false;
    for _ in 0..MOST_ROUNDS {
        let mut has_changed = false;
        for at in (0..count).rev() {
            let known = successors(at).into_iter().flatten().filter(|&to| next[to].is_some());
            let new = known.reduce(|one, other| common(&next, one, other));
            if new.is_some() && new != next[at] {
                next[at] = new;
                has_changed = true;
            }
        }
        if !has_changed {
            is_settled = true;
            break;
        }
    }
    next.truncate(count);
    if !is_settled {
        // Where the function ends they meet in any case.
        next.fill(None);
    }
    Meetings { first, next: next.into_iter().map(|next| next.filter(|&next| next < count)).collect() }
}

/// The first that both lead to. Those that lead further on have higher numbers, but for jumps backwards: then it is the
/// function's end, which is true, if late.
fn common(next: &[Option<usize>], one: usize, other: usize) -> usize {
    let end = next.len() - 1;
    let (mut one, mut other) = (one, other);
    for _ in 0..next.len() * 2 {
        if one == other {
            return one;
        }
        let lower = if one < other { &mut one } else { &mut other };
        match next[*lower] {
            Some(further) if further > *lower => *lower = further,
            _ => return end,
        }
    }
    end
}
