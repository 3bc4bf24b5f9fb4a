//! `layouts health`: what is odd about a kernel's BTF.

use std::io::{self, Write};

use corecheck_layouts::btf::{Endian, Kind};
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::kernel::health::{Definition, Duplicate, Health, Repeat, UnknownKinds, VMLINUX};
use serde_json::{Value, json};

use super::page::{Page, bytes};
use super::write_json;
use crate::report::kernel_entry;

/// So many of a list are shown to people. JSON has them all.
const SHOWN: usize = 10;

/// For people: how much there is, then what is odd, the gravest first.
///
/// # Errors
/// Those of `out`.
pub fn human(kernel: &Kernel, health: &Health, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    page.line(&kernel.name.to_string())?;
    page.text("  ", &counts(kernel, health))?;
    if !kernel.is_complete() {
        page.text(
            "  ",
            "It is stored in part: this is about the stored types alone, and what modules repeat of its vmlinux \
             cannot be said.",
        )?;
    }
    let lists = lists(kernel, health);
    for (head, items) in &lists {
        page.line("")?;
        page.text("", &format!("{head}: {}", items.len()))?;
        items.iter().take(SHOWN).try_for_each(|item| page.text("  ", item))?;
        if items.len() > SHOWN {
            page.line(&format!("  and {} more", items.len() - SHOWN))?;
        }
    }
    if lists.is_empty() && health.units > 0 {
        page.line("  Nothing is odd.")?;
    }
    Ok(())
}

/// How much there is.
fn counts(kernel: &Kernel, health: &Health) -> String {
    let modules = kernel.modules.len();
    let units = match (kernel.vmlinux.is_some(), modules) {
        (false, 0) => return "Nothing is stored of its types.".to_owned(),
        (true, 0) => "vmlinux".to_owned(),
        (true, _) => format!("vmlinux and {}", count(modules, "module")),
        (false, _) => count(modules, "module"),
    };
    let order = match health.endian {
        Some(Endian::Little) => ", little endian",
        Some(Endian::Big) => ", big endian",
        None => "",
    };
    let shipped = match &kernel.shipped_modules {
        Some(shipped) if shipped.len() > modules => {
            format!("; it ships {} with BTF", count(shipped.len(), "module"))
        }
        Some(_) => String::new(),
        None => "; which modules it ships is not known".to_owned(),
    };
    format!("{units}: {} types, {} bytes of BTF{order}{shipped}", health.types, health.bytes)
}

/// What is odd: heading and items. Lists without items are left out.
fn lists(kernel: &Kernel, health: &Health) -> Vec<(&'static str, Vec<String>)> {
    let unreadable = health.unreadable.iter().map(|(unit, why)| format!("{unit}: {why}")).collect();
    let duplicates = health.duplicates.iter().map(duplicate).collect();
    let repeats = by_weight(kernel, health).into_iter().map(repeat).collect();
    let lists = [
        ("Units whose BTF cannot be read; a type that only they have is unknown", unreadable),
        ("Modules that stand on another vmlinux", health.other_base.clone()),
        ("Units of another byte order than vmlinux", health.other_order.clone()),
        (
            "Units with types of kinds that this program does not know",
            health.unknown_kinds.iter().map(unknown_kinds).collect(),
        ),
        ("Names that vmlinux defines more than once; all of them are candidates of an access", duplicates),
        (
            "Modules that define again what vmlinux defines; libbpf asks vmlinux first and never sees these, other \
             loaders may find them ambiguous",
            repeats,
        ),
        (
            "Modules whose BTF is empty; legal, as modules written in Rust have it, but some loaders fail on it",
            health.empty.clone(),
        ),
    ];
    lists.into_iter().filter(|(_, items): &(_, Vec<String>)| !items.is_empty()).collect()
}

/// The modules that repeat types, those with the most first. Of a kernel that is stored in part none: there each unit's part
/// brings along what it needs of vmlinux.
fn by_weight<'h>(kernel: &Kernel, health: &'h Health) -> Vec<&'h Repeat> {
    if !kernel.is_complete() {
        return Vec::new();
    }
    let mut repeats: Vec<&Repeat> = health.repeats.iter().collect();
    repeats.sort_by_key(|repeat| std::cmp::Reverse(repeat.names.len()));
    repeats
}

fn duplicate(duplicate: &Duplicate) -> String {
    let one = |one: &Definition| format!("{} of {}", keyword(one.kind), bytes(one.size));
    format!("{}: {}", duplicate.name, cut(&duplicate.definitions.iter().map(one).collect::<Vec<_>>(), 4))
}

fn repeat(repeat: &Repeat) -> String {
    let Repeat { module, names, alike } = repeat;
    let same = match names.len() - alike.min(&names.len()) {
        0 => String::new(),
        others => format!(", {others} of another size or kind"),
    };
    format!("{module}: {}{same} ({})", count(names.len(), "name"), cut(names, 4))
}

fn unknown_kinds(unknown: &UnknownKinds) -> String {
    let kinds: Vec<String> = unknown
        .counts
        .iter()
        .map(|(kind, types)| format!("kind {kind}: {}", count(*types, "type")))
        .collect();
    format!("{}: {}", unknown.unit, cut(&kinds, SHOWN))
}

fn keyword(kind: Kind) -> &'static str {
    if kind == Kind::Union { "union" } else { "struct" }
}

/// A few of them, and how many more there are.
fn cut(items: &[String], most: usize) -> String {
    let shown = items.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// For machines: everything. `repeats` is null where it cannot be said, `modules_shipped` where that is not known.
///
/// # Errors
/// Those of `out`.
pub fn json(kernel: &Kernel, health: &Health, out: &mut dyn Write) -> io::Result<()> {
    let unreadable = health.unreadable.iter().map(
        |(unit, why)| json!({ "unit": unit, "reason": { "code": why.word(), "text": why.to_string() } }),
    );
    let unknown_kinds = health.unknown_kinds.iter().map(|unknown| {
        let counts = unknown.counts.iter().map(|(kind, types)| json!({ "kind": kind, "types": types }));
        json!({ "unit": unknown.unit, "kinds": counts.collect::<Vec<_>>() })
    });
    let repeats = kernel.is_complete().then(|| {
        let repeats = by_weight(kernel, health).into_iter();
        let values = repeats
            .map(|repeat| json!({ "module": repeat.module, "names": repeat.names, "alike": repeat.alike }));
        values.collect::<Vec<_>>()
    });
    let document = json!({
        "kernel": kernel_entry(kernel),
        "has_vmlinux": kernel.vmlinux.is_some(),
        "modules": kernel.modules.len(),
        "modules_shipped": kernel.shipped_modules.as_ref().map(|shipped| shipped.len()),
        "types": health.types,
        "size_bytes": health.bytes,
        "endian": health.endian.map(|endian| if endian == Endian::Big { "big" } else { "little" }),
        "unreadable": unreadable.collect::<Vec<_>>(),
        "other_base": health.other_base,
        "other_order": health.other_order,
        "unknown_kinds": unknown_kinds.collect::<Vec<_>>(),
        "duplicates": health.duplicates.iter().map(duplicate_value).collect::<Vec<_>>(),
        "repeats": repeats,
        "empty": health.empty,
    });
    write_json("health", document, out)
}

fn duplicate_value(duplicate: &Duplicate) -> Value {
    let definitions = duplicate
        .definitions
        .iter()
        .map(|one| json!({ "id": one.id.0, "kind": keyword(one.kind), "size_bytes": one.size }));
    json!({ "unit": VMLINUX, "name": duplicate.name, "definitions": definitions.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use corecheck_layouts::btf::{Btf, Builder, TypeSpec};
    use corecheck_layouts::kernel::KernelName;
    use corecheck_layouts::kernel::health::{health, units};
    use corecheck_layouts::store::Store;

    use super::*;

    fn record(name: &str, size: u32) -> TypeSpec {
        TypeSpec::Composite {
            is_union: false,
            name: name.to_owned(),
            size,
            kind_flag: false,
            members: vec![],
        }
    }

    fn types(mut builder: Builder, types: &[TypeSpec]) -> Vec<u8> {
        types.iter().for_each(|spec| {
            builder.add(spec.clone());
        });
        builder.finish().expect("it can be written")
    }

    /// A kernel with these types in its vmlinux, and with these modules.
    fn kernel(own: &[TypeSpec], modules: &[(&str, Vec<TypeSpec>)]) -> Kernel {
        let core = Btf::parse(types(Builder::new(Endian::Little), own)).expect("sound BTF");
        let core = Arc::new(core);
        let mut kernel = Kernel::of_vmlinux(KernelName::new("test", "1", "amd64"), Arc::clone(&core));
        for (name, own) in modules {
            let own = Btf::parse_split(types(Builder::split(&core), own), Arc::clone(&core));
            kernel.modules.insert((*name).to_owned(), Arc::new(own.expect("sound BTF")));
        }
        kernel.shipped_modules = Some(kernel.modules.keys().cloned().collect());
        kernel
    }

    fn shown(kernel: &Kernel) -> (String, Value) {
        let health = health(&units(kernel));
        let (mut text, mut document) = (Vec::new(), Vec::new());
        human(kernel, &health, 80, &mut text).expect("memory takes it");
        json(kernel, &health, &mut document).expect("memory takes it");
        (String::from_utf8(text).expect("text"), serde_json::from_slice(&document).expect("JSON"))
    }

    #[test]
    fn nothing_odd_is_said_so() {
        let (text, document) = shown(&kernel(&[record("device", 8)], &[("vfio", vec![record("own", 8)])]));
        let head = "test/1/amd64\n  vmlinux and 1 module: 2 types, ";
        assert!(text.starts_with(head), "{text}");
        assert!(text.ends_with(" bytes of BTF, little endian\n  Nothing is odd.\n"), "{text}");
        assert_eq!(
            (&document["schema"], &document["command"]),
            (&json!("corecheck.layouts/1"), &json!("health"))
        );
        assert_eq!((&document["types"], &document["modules"]), (&json!(2), &json!(1)));
        for list in
            ["unreadable", "other_base", "other_order", "unknown_kinds", "duplicates", "repeats", "empty"]
        {
            assert_eq!(document[list], json!([]), "{list}");
        }
    }

    #[test]
    fn what_is_odd_is_listed_with_how_many() {
        let core = [record("device", 8), record("irq_info", 8), record("irq_info", 24), record("page", 64)];
        let vfio = vec![record("device", 8), record("page", 32)];
        let mut kernel = kernel(&core, &[("bare", vec![]), ("aa", vec![record("page", 64)]), ("vfio", vfio)]);
        kernel.broken_modules.insert("kvm".to_owned(), "it is\u{1b}[2J cut short".to_owned());
        let (text, document) = shown(&kernel);
        for part in [
            "unknown: 1\n  kvm: it is\u{fffd}[2J cut short\n",
            "access: 1\n  irq_info: struct of 8 bytes, struct of 24 bytes\n",
            "ambiguous: 2\n  vfio: 2 names, 1 of another size or kind (device, page)\n  aa: 1 name (page)\n",
            "fail on it: 1\n  bare\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("Nothing is odd"), "{text}");
        let why = json!({ "code": "broken", "text": "it is\u{1b}[2J cut short" });
        assert_eq!(document["unreadable"], json!([{ "unit": "kvm", "reason": why }]));
        let definition = |id: u32, size: u32| json!({ "id": id, "kind": "struct", "size_bytes": size });
        let definitions = [definition(2, 8), definition(3, 24)];
        assert_eq!(
            document["duplicates"],
            json!([{ "unit": "vmlinux", "name": "irq_info", "definitions": definitions }])
        );
        assert_eq!(
            document["repeats"][0],
            json!({ "module": "vfio", "names": ["device", "page"], "alike": 1 })
        );
        assert_eq!(document["empty"], json!(["bare"]));
    }

    #[test]
    fn long_lists_are_cut_with_a_count() {
        let core: Vec<TypeSpec> =
            (0..13).flat_map(|number| [8, 16].map(|size| record(&format!("t{number:02}"), size))).collect();
        let (text, document) = shown(&kernel(&core, &[("all", core[..14].to_vec())]));
        assert!(text.contains("access: 13\n  t00: "), "{text}");
        assert!(text.contains("  t09: struct of 8 bytes, struct of 16 bytes\n  and 3 more\n"), "{text}");
        assert!(text.contains("  all: 7 names (t00, t01, t02, t03, and 3 more)\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(document["duplicates"].as_array().map(Vec::len), Some(13));
    }

    #[test]
    fn a_kernel_of_the_seed_says_that_it_is_stored_in_part() {
        let store = Store::seed().expect("the data are well formed");
        let of = |alias: &str| {
            let kernels = store.select(&[alias.to_owned()]).expect("the seed has it");
            shown(&store.whole(kernels[0]).expect("it can be read"))
        };
        let (text, document) = of("5.8");
        assert!(text.contains("  vmlinux: ") && text.contains("It is stored in part"), "{text}");
        assert_eq!((&document["kernel"]["complete"], &document["repeats"]), (&json!(false), &Value::Null));
        let (text, document) = of("armhf");
        assert!(text.contains("  Nothing is stored of its types.\n") && !text.contains("odd"), "{text}");
        assert_eq!((&document["has_vmlinux"], &document["types"]), (&json!(false), &json!(0)));
    }
}
