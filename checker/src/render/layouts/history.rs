//! `layouts history`: the seed's page on a type, out of stored types, with notes on what that page does not show.
//!
//! What stands behind ` — `, and what stands behind the margin of notes, is ours; the rest is the page.

use std::io::{self, Write};

use corecheck_layouts::history::{
    Body, Depth, Item, Layout, Life, Station, Status, Transition, TypeName, layout,
};
use corecheck_layouts::kernel::{Gap, Group, ShippedBtf};
use serde_json::json;

use super::changes::{self, DIFFERENT, Labels, SAME};
use super::page::{Page, reason, short, size};
use super::{show, write_json};

/// For people. With `is_brief` without the members of each kernel's type.
///
/// # Errors
/// Those of `out`.
pub fn human(
    name: &TypeName,
    life: &Life<'_>,
    is_brief: bool,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(out, width);
    page.line(&name.to_string())?;
    let mut group = None;
    for station in &life.stations {
        heading(&mut group, &station.kernel.facts.group, &mut page)?;
        self::station(station, is_brief, &mut page)?;
    }
    if !life.transitions.is_empty() {
        page.line("")?;
    }
    let mut group = None;
    for transition in &life.transitions {
        heading(&mut group, &transition.group, &mut page)?;
        let Transition { old_label, new_label, comparison, .. } = transition;
        page.line(&format!("{old_label} and {new_label} {}", changes::mark(comparison)))?;
        changes::human(Labels { old: old_label, new: new_label }, comparison, &mut page)?;
    }
    Ok(())
}

fn heading<'g>(current: &mut Option<&'g Group>, group: &'g Group, page: &mut Page<'_>) -> io::Result<()> {
    if *current == Some(group) {
        return Ok(());
    }
    *current = Some(group);
    page.line(match group {
        Group::Regular => "Regular",
        Group::Arch => "Architecture",
        Group::Flavour => "Flavour",
        Group::Distro(name) => name,
    })
}

fn station(station: &Station<'_>, is_brief: bool, page: &mut Page<'_>) -> io::Result<()> {
    let short = short(station.kernel);
    if let Some((_, text)) = reason(&station.status) {
        // The page means vmlinux by "absent": what it says is true of a type that only a module has.
        let status = if station.status.is_not_in_vmlinux() {
            format!("Absent {DIFFERENT}")
        } else {
            "unknown".to_owned()
        };
        let text = match &station.status {
            Status::Unknown(Gap::ModuleNotStored(module)) => {
                format!("not in vmlinux; with {module}.ko unknown (its BTF is not stored)")
            }
            _ => text,
        };
        return page.line(&format!("{short}: {status} — {text}"));
    }
    let laid_out: Vec<(&str, Layout)> = station
        .status
        .definitions()
        .iter()
        .map(|definition| (definition.unit.as_str(), layout(&definition.btf, definition.id, Depth::Own)))
        .collect();
    let Some(((unit, first), others)) = laid_out.split_first() else { return Ok(()) };
    let mut about = size(first);
    if *unit != "vmlinux" {
        about.push_str(&format!(", in {unit}.ko"));
    }
    if station.kernel.facts.btf == ShippedBtf::None {
        about.push_str("; ships no BTF: bring one along");
    }
    page.line(&format!("{short}: {SAME} — {about}"))?;
    if !is_brief {
        c_lines(first).iter().try_for_each(|line| page.line(line))?;
    }
    for (unit, other) in others {
        let place = if *unit == "vmlinux" { String::new() } else { format!(", in {unit}.ko") };
        page.note(&format!("Another {} of {}{place}:", other.name, size(other)))?;
        c_lines(other).iter().try_for_each(|line| page.quote(&format!("  {line}")))?;
    }
    Ok(())
}

/// A definition in C.
fn c_lines(layout: &Layout) -> Vec<String> {
    let mut lines = Vec::new();
    match &layout.body {
        Body::Composite { items, .. } => {
            lines.push(format!("{} {{", layout.name));
            push_members(items, 1, &mut lines);
            lines.push("};".to_owned());
        }
        Body::Enum(values) => {
            lines.push(format!("{} {{", layout.name));
            lines.extend(values.iter().map(|value| format!("    {} = {},", value.name, value.value)));
            lines.push("};".to_owned());
        }
        Body::Alias(to) => lines.push(format!("{} = {to};", layout.name)),
        Body::Scalar | Body::Declared => lines.push(format!("{};", layout.name)),
    }
    lines
}

fn push_members(items: &[Item], level: usize, lines: &mut Vec<String>) {
    let indent = "    ".repeat(level);
    for item in items {
        let Item::Member(member) = item else { continue };
        if member.items.is_empty() {
            lines.push(format!("{indent}{};", member.declaration));
            continue;
        }
        // Only members without a name are expanded here.
        lines.push(format!("{indent}{} {{", member.declaration.trim_end_matches(" {…}")));
        push_members(&member.items, level + 1, lines);
        lines.push(format!("{indent}}};"));
    }
}

/// For machines.
///
/// # Errors
/// Those of `out`.
pub fn json(name: &TypeName, life: &Life<'_>, out: &mut dyn Write) -> io::Result<()> {
    let kernels = life.stations.iter().map(|station| {
        let definitions = station.status.definitions().iter().map(|definition| {
            let laid_out = layout(&definition.btf, definition.id, Depth::Own);
            let mut value = show::layout_value(&laid_out, Depth::Own);
            if let Some(fields) = value.as_object_mut() {
                fields.insert("unit".to_owned(), definition.unit.clone().into());
            }
            value
        });
        let reason = reason(&station.status);
        json!({
            "kernel": station.kernel.name.to_string(),
            "group": station.kernel.facts.group.word(),
            "is_in_vmlinux": match (&reason, station.status.is_not_in_vmlinux()) {
                (_, true) => Some(false),
                (None, false) => Some(true),
                (Some(_), false) => None,
            },
            "definitions": definitions.collect::<Vec<_>>(),
            "reason": reason.map(|(code, text)| json!({ "code": code, "text": text })),
        })
    });
    let differences = life.transitions.iter().map(|transition| {
        let mut value = changes::value(&transition.comparison);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("old".to_owned(), transition.old.name.to_string().into());
            fields.insert("new".to_owned(), transition.new.name.to_string().into());
            fields.insert("old_label".to_owned(), transition.old_label.clone().into());
            fields.insert("new_label".to_owned(), transition.new_label.clone().into());
            fields.insert("group".to_owned(), transition.group.word().into());
        }
        value
    });
    let document = json!({
        "type": name.to_string(),
        "kernels": kernels.collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
    });
    write_json("history", document, out)
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::history::life;
    use corecheck_layouts::kernel::{Coverage, Kernel};
    use corecheck_layouts::store::Store;
    use serde_json::Value;

    use super::*;

    const PAGE: &str = include_str!("../../../../layouts/tests/seed/vfio_group.txt");

    fn render(store: &Store, name: &str, is_brief: bool) -> (String, Value) {
        let kernels: Vec<&Kernel> = store.kernels().iter().collect();
        let name: TypeName = name.parse().expect("it names a type");
        let life = life(&kernels, &name);
        let (mut text, mut document) = (Vec::new(), Vec::new());
        human(&name, &life, is_brief, 80, &mut text).expect("memory takes it");
        json(&name, &life, &mut document).expect("memory takes it");
        (String::from_utf8(text).expect("text"), serde_json::from_slice(&document).expect("JSON"))
    }

    fn seed(name: &str, is_brief: bool) -> (String, Value) {
        render(&Store::seed().expect("the data are well formed"), name, is_brief)
    }

    /// The page as it was given, what its form glued together on separate lines.
    fn page() -> Vec<String> {
        let mut lines = Vec::new();
        for line in PAGE.lines() {
            let ends = [SAME, DIFFERENT].iter().find_map(|mark| line.find(mark).map(|at| at + mark.len()));
            let (first, rest) = match line.strip_suffix("Regular") {
                Some(name) if !name.is_empty() => (name, "Regular"),
                _ => line.split_at(ends.unwrap_or(line.len())),
            };
            lines.extend(
                [first, rest].map(str::trim).into_iter().filter(|line| !line.is_empty()).map(str::to_owned),
            );
        }
        lines
    }

    /// The output without what is ours.
    fn without_ours(text: &str) -> Vec<String> {
        let own = text.lines().filter(|line| !line.starts_with("  | ") && !line.is_empty());
        let own = own.map(|line| line.split(" — ").next().unwrap_or_default().trim());
        own.filter(|line| !["Architecture", "Flavour"].contains(line)).map(str::to_owned).collect()
    }

    #[test]
    fn the_seeds_page_comes_out_line_by_line() {
        let (text, _) = seed("vfio_group", false);
        let (have, want) = (without_ours(&text), page());
        assert!(want.len() > 240, "{} lines", want.len());
        for (number, (have, want)) in have.iter().zip(&want).enumerate() {
            assert_eq!(have, want, "line {}", number + 1);
        }
        assert_eq!(have.len(), want.len());
        let headings = text.lines().filter(|line| ["Architecture", "Flavour"].contains(line)).count();
        assert_eq!(headings, 4);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn the_odd_difference_is_explained() {
        let (text, document) = seed("vfio_group", true);
        // Where notes are broken does not matter here.
        let text = text.replace("\n  |   ", " ");
        let odd = "5.8 and 5.11 ⚠️\n    struct kvm *kvm ➡️ struct kvm *kvm\n  \
                   | kvm: the struct that it points to is only declared in vmlinux on 5.8 (BTF: FWD), and defined on \
                   5.11 (BTF: STRUCT). The pointer itself is the same.\n";
        assert!(text.contains(odd), "{text}");
        let changes = &document["differences"][1]["pairs"][0]["changes"];
        let side = |pointee: &str| json!({ "declaration": "struct kvm *kvm", "pointee": pointee });
        let expected = json!({
            "change": "pointee", "name": "kvm", "old": side("declared"), "new": side("defined"),
        });
        assert_eq!(changes, &json!([expected]));
    }

    #[test]
    fn every_type_of_that_name_is_shown_and_the_brief_page_has_no_members_of_the_first() {
        let (text, _) = seed("struct vfio_group", false);
        let second = "  | Another struct vfio_group of 32 bytes:\n  |   struct vfio_group {\n  \
                      |       struct iommu_group *iommu_group;\n";
        assert_eq!(text.matches(second).count(), 7);
        let (brief, _) = seed("vfio_group", true);
        assert!(brief.contains("5.15: ✅ — 288 bytes\n5.19: ✅ — 1064 bytes\n"), "{brief}");
    }

    #[test]
    fn each_absence_has_its_reason() {
        let (text, document) = seed("vfio_group", true);
        for line in [
            "4.4: Absent ⚠️ — not in vmlinux; in vfio.ko, which has no BTF\n",
            "6.8: Absent ⚠️ — not in vmlinux; with vfio.ko unknown (its BTF is not stored)\n",
            "riscv64: Absent ⚠️ — built without VFIO (CONFIG_VFIO=n)\n",
            "5.4: ✅ — 288 bytes; ships no BTF: bring one along\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        let kernels = document["kernels"].as_array().expect("an array");
        let of = |name: &str| kernels.iter().find(|kernel| kernel["kernel"] == name).expect("a kernel");
        let absent = of("ubuntu/6.8.0-31-generic/amd64");
        assert_eq!(absent["reason"]["code"], "module-not-stored");
        assert_eq!(absent["is_in_vmlinux"], false);
        let present = of("ubuntu/5.4.0-26-generic/amd64");
        assert_eq!((&present["is_in_vmlinux"], &present["reason"]), (&json!(true), &Value::Null));
        assert_eq!(present["definitions"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn types_other_than_structs_have_a_history() {
        let store = Store::seed().expect("the data are well formed");
        // As if all types of these kernels were known.
        let complete = store.kernels().iter().filter(|kernel| kernel.vmlinux.is_some()).map(|kernel| {
            let mut kernel = kernel.clone();
            kernel.coverage = Coverage::Complete;
            kernel
        });
        let store = Store::of(complete.collect());
        let (text, _) = render(&store, "enum rpm_status", false);
        assert!(text.contains("5.19: ✅ — 4 bytes\nenum rpm_status {\n    RPM_INVALID = -1,\n"), "{text}");
        // Modules of 5.15 have BTF, and none of it is stored.
        assert!(text.contains("5.15: Absent ⚠️ — not in vmlinux; modules may have it"), "{text}");
        assert!(text.contains("5.8: Absent ⚠️ — not in the kernel's BTF\n"), "{text}");
        let (text, _) = render(&store, "typedef arch_spinlock_t", false);
        let differs = "amd64 and ppc64el ⚠️\n    struct qspinlock ➡️ struct {…}\n";
        assert!(
            text.contains("typedef arch_spinlock_t = struct qspinlock;\n") && text.contains(differs),
            "{text}"
        );
        let (text, _) = render(&store, "struct qspinlock", false);
        assert!(
            text.contains("struct qspinlock {\n    union {\n        atomic_t val;\n        struct {\n"),
            "{text}"
        );
        let (text, _) = render(&store, "kvm", false);
        assert!(text.contains("5.8: ✅ — no size\nstruct kvm (declared only);\n"), "{text}");
    }
}
