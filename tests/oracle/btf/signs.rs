//! Enumerations: writers flag signed ones since 6.1, and none before.

use anyhow::{Result, ensure};
use corecheck_layouts::btf::{Btf, Type};
use corecheck_layouts::history::diff;

use crate::kernels::Corpus;

/// What 6.1 flags and 5.10 does not is no difference.
pub fn enumerations_have_the_same_signs(corpus: &Corpus) -> Result<String> {
    let (old, new) = (corpus.vmlinux("5.10")?, corpus.vmlinux("6.1")?);
    ensure!(signed(old).is_empty(), "5.10 flags {} enumerations", signed(old).len());
    let flagged = signed(new);
    let (mut same, mut other) = (0, 0);
    for &id in flagged.iter().filter(|&&id| !new.name(id).is_empty()) {
        for before in old.find_exact(new.name(id), |kind| kind.is_any_enum()) {
            let differences = diff((old, before), (new, id));
            let names = |btf: &Btf, id| match btf.ty(id) {
                Type::Enum(values) | Type::Enum64(values) => {
                    values.values().map(|value| (value.name().to_owned(), value.value)).collect::<Vec<_>>()
                }
                _ => Vec::new(),
            };
            if names(old, before) == names(new, id) {
                ensure!(differences.is_empty(), "{} differs: {differences:?}", new.name(id));
                same += 1;
            } else {
                ensure!(!differences.is_empty(), "{} has other values, and does not differ", new.name(id));
                other += 1;
            }
        }
    }
    ensure!(same >= 5, "only {same} enumerations with the same values");
    Ok(format!(
        "6.1 flags {} enumerations, 5.10 none; {same} of one name have the same values and do not differ, {other} \
         have others",
        flagged.len()
    ))
}

fn signed(btf: &Btf) -> Vec<corecheck_layouts::btf::TypeId> {
    let is_signed = |ty| matches!(ty, Type::Enum(values) | Type::Enum64(values) if values.is_signed);
    btf.ids().filter(|&id| is_signed(btf.ty(id))).collect()
}
