//! `layouts show`: offsets, sizes and holes, as people know them from pahole.

use std::io::{self, Write};

use corecheck_layouts::history::{
    Body, Depth, Distinct, Hole, Item, Layout, Member, Placed, Pointee, Shared, TypeName,
};
use serde_json::{Value, json};

use super::page::{Page, bits, offset, reason, short_list, size};
use super::write_json;

/// For people: every distinct layout with the kernels that share it.
///
/// # Errors
/// Those of `out`.
pub fn human(distinct: &Distinct<'_>, depth: Depth, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    for (index, shared) in distinct.shared.iter().enumerate() {
        if index > 0 {
            page.line("")?;
        }
        self::shared(shared, depth, &mut page)?;
    }
    let mut others: Vec<(String, Vec<_>)> = Vec::new();
    for station in &distinct.others {
        let Some((_, text)) = reason(&station.status) else { continue };
        match others.iter_mut().find(|(known, _)| *known == text) {
            Some((_, kernels)) => kernels.push(station.kernel),
            None => others.push((text, vec![station.kernel])),
        }
    }
    if !others.is_empty() && !distinct.shared.is_empty() {
        page.line("")?;
    }
    for (text, kernels) in others {
        page.text("", &format!("{}: {text}", short_list(&kernels)))?;
    }
    Ok(())
}

fn shared(shared: &Shared<'_>, depth: Depth, page: &mut Page<'_>) -> io::Result<()> {
    let count = shared.definitions.len();
    for (index, placed) in shared.definitions.iter().enumerate() {
        let layout = &placed.layout;
        let which = if count > 1 { format!(" ({} of {count})", index + 1) } else { String::new() };
        page.line(&format!("{}{which}: {}", layout.name, size(layout)))?;
        let module =
            if placed.unit == "vmlinux" { String::new() } else { format!(", in {}.ko", placed.unit) };
        page.text("  ", &format!("on {}{module}", short_list(&shared.kernels)))?;
        body(layout, depth, page)?;
    }
    if count > 1 {
        page.note(&format!(
            "{count} different types of this name: a loader takes each for a candidate, and refuses an access that \
             fits more than one with different results."
        ))?;
    }
    let mut sources: Vec<&str> = Vec::new();
    for kernel in &shared.kernels {
        if !sources.contains(&kernel.facts.provenance.as_str()) {
            sources.push(&kernel.facts.provenance);
        }
    }
    let has_one_source = sources.len() == 1;
    for source in sources {
        let of = shared.kernels.iter().filter(|kernel| kernel.facts.provenance == source).copied();
        let of: Vec<_> = of.collect();
        let of = if has_one_source { String::new() } else { format!(" ({})", short_list(&of)) };
        page.note(&format!("Source{of}: {source}"))?;
    }
    Ok(())
}

fn body(layout: &Layout, depth: Depth, page: &mut Page<'_>) -> io::Result<()> {
    match &layout.body {
        Body::Composite { items: content, is_cut } => {
            page.line("")?;
            page.line("  offset    size  member")?;
            items(content, depth, 0, page)?;
            page.line("")?;
            if *is_cut {
                page.note("There is more in it than is shown here.")?;
            }
        }
        Body::Enum(values) => {
            page.line("")?;
            for value in values {
                page.line(&format!("    {} = {}", value.name, value.value))?;
            }
            page.line("")?;
        }
        Body::Alias(to) => page.line(&format!("    {to}"))?,
        Body::Scalar => {}
        Body::Declared => page.line("    only declared there")?,
    }
    Ok(())
}

fn items(items: &[Item], depth: Depth, level: usize, page: &mut Page<'_>) -> io::Result<()> {
    let indent = "    ".repeat(level);
    let row = |page: &mut Page<'_>, at: u64, size: &str, text: &str| {
        page.line(&format!("{:>8}  {size:>6}  {indent}{text}", offset(at)))
    };
    for item in items {
        match item {
            Item::Hole(hole) => {
                let what = if hole.is_padding { "padding" } else { "hole" };
                row(page, hole.bit_offset, "", &format!("-- {} of {what} --", bits(hole.bits)))?;
            }
            Item::Member(member) => {
                let declared = match member.pointee {
                    Some(Pointee::Declared) => "  (that struct is only declared)",
                    _ => "",
                };
                let size = match (member.bitfield_bits, member.size_bytes) {
                    (0, Some(size)) => size.to_string(),
                    (0, None) => "?".to_owned(),
                    (width, _) => format!("{width}b"),
                };
                let is_open = !member.items.is_empty() && (depth == Depth::All || member.name.is_empty());
                if !is_open {
                    row(page, member.bit_offset, &size, &format!("{};{declared}", member.declaration))?;
                    continue;
                }
                // What has no name is declared as `union {…}`.
                let head = member.declaration.trim_end_matches(" {…}");
                row(page, member.bit_offset, &size, &format!("{head} {{{declared}"))?;
                self::items(&member.items, depth, level + 1, page)?;
                page.line(&format!("{:18}{indent}}};", ""))?;
            }
        }
    }
    Ok(())
}

/// For machines.
///
/// # Errors
/// Those of `out`.
pub fn json(name: &TypeName, distinct: &Distinct<'_>, depth: Depth, out: &mut dyn Write) -> io::Result<()> {
    let layouts = distinct.shared.iter().map(|shared| {
        json!({
            "kernels": shared.kernels.iter().map(|kernel| kernel.name.to_string()).collect::<Vec<_>>(),
            "definitions": shared.definitions.iter().map(|placed| placed_value(placed, depth)).collect::<Vec<_>>(),
        })
    });
    let others = distinct.others.iter().map(|station| {
        let reason = reason(&station.status);
        json!({
            "kernel": station.kernel.name.to_string(),
            "reason": reason.map(|(code, text)| json!({ "code": code, "text": text })),
        })
    });
    let document = json!({
        "type": name.to_string(),
        "layouts": layouts.collect::<Vec<_>>(),
        "without": others.collect::<Vec<_>>(),
    });
    write_json("show", document, out)
}

fn placed_value(placed: &Placed, depth: Depth) -> Value {
    let mut value = layout_value(&placed.layout, depth);
    if let Value::Object(fields) = &mut value {
        fields.insert("unit".to_owned(), placed.unit.clone().into());
    }
    value
}

/// A layout: `members` with `holes` between them, `values` of an enumeration, or the `target` of a typedef.
pub(super) fn layout_value(layout: &Layout, depth: Depth) -> Value {
    let mut value = json!({ "name": layout.name, "size_bytes": layout.size_bytes });
    let Value::Object(fields) = &mut value else { return value };
    match &layout.body {
        Body::Composite { items, is_cut } => {
            insert_items(fields, items, depth);
            if *is_cut {
                fields.insert("is_cut".to_owned(), true.into());
            }
        }
        Body::Enum(values) => {
            let values =
                values.iter().map(|value| json!({ "name": value.name, "value": number(value.value) }));
            fields.insert("values".to_owned(), values.collect());
        }
        Body::Alias(to) => {
            fields.insert("target".to_owned(), to.clone().into());
        }
        Body::Declared => {
            fields.insert("is_declared_only".to_owned(), true.into());
        }
        Body::Scalar => {}
    }
    value
}

fn insert_items(fields: &mut serde_json::Map<String, Value>, items: &[Item], depth: Depth) {
    let members = items.iter().filter_map(|item| match item {
        Item::Member(member) => Some(member_value(member, depth)),
        Item::Hole(_) => None,
    });
    let members: Vec<Value> = members.collect();
    let holes = items.iter().filter_map(|item| match item {
        Item::Member(_) => None,
        Item::Hole(hole) => Some(hole_value(hole)),
    });
    let holes: Vec<Value> = holes.collect();
    fields.insert("members".to_owned(), members.into());
    fields.insert("holes".to_owned(), holes.into());
}

fn hole_value(hole: &Hole) -> Value {
    json!({ "bit_offset": hole.bit_offset, "bits": hole.bits, "is_padding": hole.is_padding })
}

fn member_value(member: &Member, depth: Depth) -> Value {
    let mut value = json!({
        "name": member.name,
        "declaration": member.declaration,
        "bit_offset": member.bit_offset,
        "size_bytes": member.size_bytes,
    });
    let Value::Object(fields) = &mut value else { return value };
    if member.bitfield_bits != 0 {
        fields.insert("bitfield_bits".to_owned(), member.bitfield_bits.into());
    }
    if let Some(pointee) = member.pointee {
        fields.insert("pointee".to_owned(), pointee_word(pointee).into());
    }
    if !member.items.is_empty() && (depth == Depth::All || member.name.is_empty()) {
        insert_items(fields, &member.items, depth);
    }
    value
}

/// The word for what is known of a pointee.
pub(super) fn pointee_word(pointee: Pointee) -> &'static str {
    match pointee {
        Pointee::Declared => "declared",
        Pointee::Defined => "defined",
    }
}

/// An enumerator's value; all that BTF can hold fits JSON's integers.
pub(super) fn number(value: i128) -> Value {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => value.into(),
        (_, Ok(value)) => value.into(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::history::distinct;
    use corecheck_layouts::store::Store;

    use super::*;

    fn shown(patterns: &[&str], depth: Depth) -> (String, Value) {
        let store = Store::seed().expect("the data are well formed");
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let kernels = store.select(&patterns).expect("the seed has them");
        let name: TypeName = "vfio_group".parse().expect("it names a type");
        let distinct = distinct(&kernels, &name);
        let (mut text, mut document) = (Vec::new(), Vec::new());
        human(&distinct, depth, 80, &mut text).expect("memory takes it");
        json(&name, &distinct, depth, &mut document).expect("memory takes it");
        (String::from_utf8(text).expect("text"), serde_json::from_slice(&document).expect("JSON"))
    }

    #[test]
    fn offsets_sizes_holes_and_both_types_of_the_name_are_shown() {
        let (text, _) = shown(&["5.4", "azure"], Depth::Own);
        for line in [
            "struct vfio_group (1 of 2): 288 bytes\n  on 5.4, azure\n",
            "\n       8       4  atomic_t container_users;\n      12          -- 4 bytes of hole --\n",
            "\n     232       8  struct kvm *kvm;  (that struct is only declared)\n",
            "struct vfio_group (2 of 2): 32 bytes\n",
            "\n      24       1  bool mdev_group;\n      25          -- 7 bytes of padding --\n",
            "\n  | Source (5.4): That vmlinux has",
            "\n  | Source (azure): That vmlinux has",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn members_are_expanded_on_request() {
        let (text, document) = shown(&["5.19"], Depth::All);
        assert!(text.contains("\n    60:4      1b          unsigned int uevent_suppress:1;\n"), "{text}");
        assert!(text.contains("\n    60:5                  -- 27 bits of padding --\n"), "{text}");
        let dev = &document["layouts"][0]["definitions"][0]["members"][0];
        assert_eq!((&dev["name"], &dev["size_bytes"]), (&json!("dev"), &json!(744)));
        let kobj = &dev["members"][0];
        let bit = kobj["members"].as_array().and_then(|members| members.last()).expect("members");
        assert_eq!((&bit["bit_offset"], &bit["bitfield_bits"]), (&json!(484), &json!(1)));
        let (_, own) = shown(&["5.19"], Depth::Own);
        assert_eq!(own["layouts"][0]["definitions"][0]["members"][0]["members"], Value::Null);
    }

    #[test]
    fn kernels_without_the_type_are_told_by_reason() {
        let (text, document) = shown(&["4.4", "4.8", "6.8", "riscv64"], Depth::Own);
        let expected = "4.4, 4.8: not in vmlinux; in vfio.ko, which has no BTF\n\
                        6.8: in vfio.ko, whose BTF is not stored\n\
                        riscv64: built without VFIO (CONFIG_VFIO=n)\n";
        assert_eq!(text, expected);
        assert_eq!(document["without"][2]["reason"]["code"], "module-not-stored");
        assert_eq!(document["layouts"], json!([]));
    }

    #[test]
    fn enumerators_of_any_sign_fit_json() {
        assert_eq!(number(-1), json!(-1));
        assert_eq!(number(i128::from(u64::MAX)), json!(u64::MAX));
    }
}
