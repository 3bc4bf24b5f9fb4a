//! `layouts diff`: types of two kernels.

use std::io::{self, Write};

use corecheck_layouts::history::{Comparison, Status, TypeName};
use corecheck_layouts::kernel::Kernel;
use serde_json::{Value, json};

use super::changes::{self, DIFFERENT, Labels};
use super::page::{Page, reason};
use super::write_json;

/// A type of two kernels.
#[derive(Debug)]
pub struct Compared {
    /// The type.
    pub name: TypeName,
    /// What the old kernel says of it.
    pub old: Status,
    /// What the new one says of it.
    pub new: Status,
    /// How they differ.
    pub comparison: Comparison,
}

/// The two kernels, with the names they were given by.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'k> {
    /// The old kernel.
    pub old: &'k Kernel,
    /// What it is called.
    pub old_label: &'k str,
    /// The new kernel.
    pub new: &'k Kernel,
    /// What it is called.
    pub new_label: &'k str,
}

/// For people: every type that was asked for, with its mark, differences and notes.
///
/// # Errors
/// Those of `out`.
pub fn human(sides: Sides<'_>, types: &[Compared], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    let labels = Labels { old: sides.old_label, new: sides.new_label };
    page.line(&format!("{} and {}", labels.old, labels.new))?;
    for compared in types {
        let name = &compared.name;
        let has = |status: &Status| !status.definitions().is_empty();
        let mark = match (&compared.old, &compared.new) {
            (Status::Present(_), Status::Present(_)) => changes::mark(&compared.comparison).to_owned(),
            (Status::Unknown(_), _) => format!("— unknown on {}", labels.old),
            (_, Status::Unknown(_)) => format!("— unknown on {}", labels.new),
            (Status::Present(_), Status::Absent(_)) => format!("{DIFFERENT} — only on {}", labels.old),
            (Status::Absent(_), Status::Present(_)) => format!("{DIFFERENT} — only on {}", labels.new),
            (Status::Absent(_), Status::Absent(_)) => "— on neither".to_owned(),
        };
        page.line(&format!("{name} {mark}"))?;
        if has(&compared.old) && has(&compared.new) {
            changes::human(labels, &compared.comparison, &mut page)?;
        }
        for (label, status) in [(labels.old, &compared.old), (labels.new, &compared.new)] {
            if let Some((_, text)) = reason(status) {
                page.note(&format!("{label}: {text}."))?;
            }
        }
    }
    Ok(())
}

/// For machines.
///
/// # Errors
/// Those of `out`.
pub fn json(sides: Sides<'_>, types: &[Compared], out: &mut dyn Write) -> io::Result<()> {
    let types = types.iter().map(|compared| {
        let name = compared.name.to_string();
        let reason = |status: &Status| -> Option<Value> {
            reason(status).map(|(code, text)| json!({ "code": code, "text": text }))
        };
        let mut value = changes::value(&compared.comparison);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("type".to_owned(), name.clone().into());
            fields.insert("old_reason".to_owned(), reason(&compared.old).into());
            fields.insert("new_reason".to_owned(), reason(&compared.new).into());
        }
        value
    });
    let document = json!({
        "old": sides.old.name.to_string(),
        "new": sides.new.name.to_string(),
        "types": types.collect::<Vec<_>>(),
    });
    write_json("diff", document, out)
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::history::{compare, lookup};
    use corecheck_layouts::store::Store;

    use super::*;

    fn compared(old: &str, new: &str) -> (String, Value) {
        let store = Store::seed().expect("the data are well formed");
        let kernel = |alias: &str| store.select(&[alias.to_owned()]).expect("the seed has it")[0];
        let name: TypeName = "struct vfio_group".parse().expect("it names a type");
        let sides = Sides { old: kernel(old), old_label: old, new: kernel(new), new_label: new };
        let (old, new) = (lookup(sides.old, &name), lookup(sides.new, &name));
        let types = [Compared { comparison: compare(&old, &new), name, old, new }];
        let (mut text, mut document) = (Vec::new(), Vec::new());
        human(sides, &types, 80, &mut text).expect("memory takes it");
        json(sides, &types, &mut document).expect("memory takes it");
        (String::from_utf8(text).expect("text"), serde_json::from_slice(&document).expect("JSON"))
    }

    #[test]
    fn what_only_one_has_or_none_tells_is_said() {
        let second = |old, new| {
            let (text, _) = compared(old, new);
            text.lines().nth(1).unwrap_or_default().to_owned()
        };
        assert_eq!(second("5.3", "5.4"), "struct vfio_group ⚠️ — only on 5.4");
        assert_eq!(second("5.4", "riscv64"), "struct vfio_group ⚠️ — only on 5.4");
        assert_eq!(second("5.3", "riscv64"), "struct vfio_group — on neither");
        assert_eq!(second("5.19", "6.2"), "struct vfio_group — unknown on 6.2");
        assert_eq!(second("generic", "gcp"), "struct vfio_group ✅");
        let (_, document) = compared("5.19", "6.2");
        assert_eq!(document["types"][0]["new_reason"]["code"], "module-not-stored");
        assert_eq!(document["types"][0]["old_reason"], Value::Null);
    }

    #[test]
    fn notes_tell_what_declarations_do_not() {
        let (text, document) = compared("5.13", "5.15");
        let expected = "5.13 and 5.15\nstruct vfio_group ✅\n  \
                        | Inside, struct mutex (device_lock, also in unbound_lock): spinlock_t wait_lock ➡️ \
                        raw_spinlock_t wait_lock.\n  \
                        | Another struct vfio_group of 32 bytes is only on 5.13.\n";
        // Where notes are broken does not matter here.
        assert_eq!(text.replace("\n  |   ", " "), expected);
        let compared = &document["types"][0];
        assert_eq!(compared["only_old"][0]["size_bytes"], 32);
        assert_eq!(compared["pairs"][0]["nested"][0]["members"], json!(["device_lock", "unbound_lock"]));
    }

    #[test]
    fn moves_and_sizes_are_told_in_bytes_and_stored_in_bits() {
        let (text, document) = compared("5.15", "5.19");
        assert!(text.contains("  | Size: 288 bytes ➡️ 1064 bytes.\n"), "{text}");
        let text = text.replace("\n  |   ", " ");
        assert!(text.contains("container_users at 8 ➡️ 852, iommu_group at 16 ➡️ 856"), "{text}");
        let changes = document["types"][0]["pairs"][0]["changes"].as_array().expect("an array");
        let moved =
            changes.iter().find(|change| change["change"] == "moved" && change["name"] == "iommu_group");
        let moved = moved.expect("it moved");
        assert_eq!((&moved["old_bit_offset"], &moved["new_bit_offset"]), (&json!(128), &json!(6848)));
    }
}
