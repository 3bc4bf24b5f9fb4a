//! `layouts health`: what is odd about a kernel's BTF.

mod json;

use std::io::{self, Write};

use corecheck_layouts::btf::{Endian, Kind};
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::kernel::health::{Definition, Duplicate, Health, Repeat, UnknownKinds};

use super::page::{Page, bytes};
pub use json::json;

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

#[cfg(test)]
mod tests;
