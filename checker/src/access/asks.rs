//! What a program asks about a field besides its offset: then it goes by the answer.

use std::collections::HashMap;

use super::{Access, RelocationKind};
use corecheck_layouts::btf::TypeId;

/// What else the function of an access asks about the same field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asks {
    /// Its size.
    pub size: bool,
    /// Whether it is signed.
    pub sign: bool,
    /// The shifts that take it out of the bytes around it.
    pub shifts: bool,
}

impl Asks {
    fn with(self, kind: RelocationKind) -> Self {
        match kind {
            RelocationKind::FieldByteSize => Self { size: true, ..self },
            RelocationKind::FieldSigned => Self { sign: true, ..self },
            RelocationKind::FieldLshiftU64 | RelocationKind::FieldRshiftU64 => Self { shifts: true, ..self },
            _ => self,
        }
    }
}

/// Tells every access what its function asks about the same field, by the same local type and access string.
pub(super) fn tell(accesses: &mut [Access]) {
    type Field<'a> = (Option<usize>, TypeId, &'a str);
    let mut asked: HashMap<Field<'_>, Asks> = HashMap::new();
    for access in accesses.iter() {
        let asks = Asks::default().with(access.kind);
        if asks != Asks::default() {
            let known = asked.entry((access.function_index, access.root, &access.spec_text)).or_default();
            *known = known.with(access.kind);
        }
    }
    let answers: Vec<Asks> = accesses
        .iter()
        .map(|access| {
            let field = (access.function_index, access.root, access.spec_text.as_str());
            asked.get(&field).copied().unwrap_or_default()
        })
        .collect();
    accesses.iter_mut().zip(answers).for_each(|(access, asks)| access.asks = asks);
}
