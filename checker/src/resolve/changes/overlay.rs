//! A field that a union now overlays.

use corecheck_layouts::btf::cdecl::member_declaration;
use corecheck_layouts::btf::types::Composite;
use corecheck_layouts::btf::{Btf, Kind, Type, TypeId};

use super::members::members;
use super::number::size;
use super::{ChangeCode, Comparison};
use crate::access::Spec;
use crate::resolve::MatchError;

/// A step of a walk through a struct or union.
struct Step {
    composite: TypeId,
    index: usize,
    /// The outermost struct whose named members include this step's: nameless ones are looked through.
    container: TypeId,
}

impl Comparison<'_> {
    /// Looks whether the target's walk goes through a union and the object's own goes through none.
    ///
    /// Members of the same kind and size are other names of the same thing. An object that declares only a few of the members
    /// says nothing about the others: then one of those that it declares must be what shares the bytes.
    pub(super) fn overlay(&mut self, local: &Spec, target: &Spec) -> Result<(), MatchError> {
        let (local_btf, target_btf) = (self.local_btf, self.target_btf);
        let from = steps(local, local_btf);
        if from.iter().any(|step| local_btf.kind(step.composite) == Kind::Union) {
            return Ok(());
        }
        let to = steps(target, target_btf);
        for step in &to {
            let Type::Union(union) = target_btf.ty(step.composite) else { continue };
            let others = self.others(&union, step.index)?;
            if others.is_empty() {
                continue;
            }
            // The same place of the walk in the object's own types: containers follow each other alike.
            let at = containers(&to).iter().position(|&container| container == step.container);
            let Some(container) = at.and_then(|at| containers(&from).get(at).copied()) else { continue };
            let known = members(local_btf, container, self.budget)?;
            let all = members(target_btf, step.container, self.budget)?;
            let says_all = known.len() * 2 >= all.len();
            let mut named = Vec::new();
            for &other in &others {
                let Some(member) = union.member(other) else { continue };
                let is_known = if member.name_bytes().is_empty() {
                    let within = members(target_btf, member.of, self.budget)?;
                    within.keys().any(|name| known.contains_key(name))
                } else {
                    known.contains_key(member.name_bytes())
                };
                if is_known || says_all {
                    named.push(other);
                }
            }
            let first = named.first().and_then(|&other| union.member(other));
            if let Some(first) = first {
                let more = match named.len() - 1 {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let is = format!("in a union with `{}`{more}", member_declaration(target_btf, &first));
                return self.add(ChangeCode::Overlaid, "bytes of its own".to_owned(), is);
            }
        }
        Ok(())
    }

    /// The other members of a union that are something else than the one with this index.
    fn others(&mut self, union: &Composite<'_>, index: usize) -> Result<Vec<usize>, MatchError> {
        let btf = self.target_btf;
        let shape = |of: TypeId| {
            let of = btf.skip_modifiers_and_typedefs(of);
            (btf.kind(of), size(btf, of))
        };
        let Some(member) = union.member(index) else { return Ok(Vec::new()) };
        let own = shape(member.of);
        // What is as large as a struct without a name is another view of all of it: `head_tail` over `{ head, tail }`.
        let is_view = |other: Option<u32>| member.name_bytes().is_empty() && other == own.1;
        let mut others = Vec::new();
        for (other, member) in union.members().enumerate() {
            self.budget.spend()?;
            let of_other = shape(member.of);
            // What has no size takes no bytes, and padding holds nothing.
            let is_filled = of_other.1.is_some_and(|size| size > 0) && !is_padding(member.name_bytes());
            if other != index && of_other != own && is_filled && !is_view(of_other.1) {
                others.push(other);
            }
        }
        Ok(others)
    }
}

/// Whether a member is named as one that only takes room: `__pad`, `reserved_2`.
fn is_padding(name: &[u8]) -> bool {
    let is_word =
        |word: &[u8]| matches!(word, b"pad" | b"padding" | b"reserved" | b"rsvd" | b"unused" | b"dummy");
    name.split(|byte| *byte == b'_' || byte.is_ascii_digit()).any(|word| is_word(&word.to_ascii_lowercase()))
}

/// The structs and unions that a walk goes through, nameless ones included.
fn steps(spec: &Spec, btf: &Btf) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut id = btf.skip_modifiers_and_typedefs(spec.root);
    let mut container = id;
    for &index in spec.raw.iter().skip(1) {
        id = match btf.ty(id) {
            Type::Struct(composite) | Type::Union(composite) => {
                let Some(member) = composite.member(index as usize) else { break };
                steps.push(Step { composite: id, index: index as usize, container });
                let next = btf.skip_modifiers_and_typedefs(member.of);
                if !member.name_bytes().is_empty() {
                    container = next;
                }
                next
            }
            Type::Array(array) => {
                let next = btf.skip_modifiers_and_typedefs(array.element);
                container = next;
                next
            }
            _ => break,
        };
    }
    steps
}

/// The containers of a walk, each once.
fn containers(steps: &[Step]) -> Vec<TypeId> {
    let mut containers: Vec<TypeId> = steps.iter().map(|step| step.container).collect();
    containers.dedup();
    containers
}
