//! `layouts list`: the stored kernels.

use std::io::{self, Write};

use corecheck_layouts::kernel::{Coverage, Kernel, Place};
use serde_json::{Value, json};

use super::page::Page;
use super::write_json;
use crate::report::kernel_entry;

/// For people: a line per kernel, under its group.
///
/// # Errors
/// Those of `out`.
pub fn human(kernels: &[&Kernel], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, width);
    let rows: Vec<[String; 4]> = kernels.iter().map(|kernel| row(kernel)).collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (widest(0), widest(1), widest(2));
    let mut group = None;
    for (kernel, [aliases, name, btf, stored]) in kernels.iter().zip(&rows) {
        if group != Some(&kernel.facts.group) {
            group = Some(&kernel.facts.group);
            page.line(kernel.facts.group.word())?;
        }
        page.line(&format!("  {aliases:first$} {name:second$} {btf:third$} {stored}"))?;
    }
    page.line("")?;
    let count = kernels.len();
    page.text(
        "",
        &format!(
            "{count} kernel{}: aliases, name, the BTF that it ships (none: bring one along), and the types that are \
             stored (-: none of those that are listed for it).",
            if count == 1 { "" } else { "s" }
        ),
    )
}

fn row(kernel: &Kernel) -> [String; 4] {
    let stored = match &kernel.coverage {
        Coverage::Complete => "all types".to_owned(),
        Coverage::Vmlinux(_) => "all of vmlinux".to_owned(),
        Coverage::Partial(listed) => {
            let names: Vec<&str> = listed
                .iter()
                .filter(|(_, place)| match place {
                    Place::Vmlinux => true,
                    // What a file says to be in a module, it has.
                    Place::Module(_) => kernel.stored.is_some(),
                    Place::NotConfigured(_) | Place::Absent | Place::Nowhere => false,
                })
                .map(|(name, _)| name.as_str())
                .collect();
            match names.as_slice() {
                [] => "-".to_owned(),
                [only] => (*only).to_owned(),
                names => format!("{} types", names.len()),
            }
        }
    };
    let btf = kernel.facts.btf.word().to_owned();
    [kernel.aliases.join(","), kernel.name.to_string(), btf, stored]
}

/// For machines: each kernel as in the report, with its configuration, provenance and what is stored of it.
///
/// # Errors
/// Those of `out`.
pub fn json(kernels: &[&Kernel], out: &mut dyn Write) -> io::Result<()> {
    let kernels = kernels.iter().map(|kernel| entry(kernel)).collect::<io::Result<Vec<Value>>>()?;
    write_json("list", json!({ "kernels": kernels }), out)
}

fn entry(kernel: &Kernel) -> io::Result<Value> {
    let mut entry = serde_json::to_value(kernel_entry(kernel))?;
    if let Value::Object(fields) = &mut entry {
        // Of kernels in a file it is not read for a list: ten thousand options each.
        if kernel.stored.is_none() {
            fields.insert("config".to_owned(), json!(kernel.facts.config));
        }
        fields.insert("provenance".to_owned(), json!(kernel.facts.provenance));
        if let Coverage::Partial(listed) | Coverage::Vmlinux(listed) = &kernel.coverage {
            let places = listed.iter().map(|(name, place)| (name.clone(), place_value(place)));
            fields.insert("types".to_owned(), Value::Object(places.collect()));
        }
    }
    Ok(entry)
}

fn place_value(place: &Place) -> Value {
    match place {
        Place::Vmlinux => json!({ "place": "vmlinux" }),
        Place::Module(module) => json!({ "place": "module", "module": module }),
        Place::NotConfigured(option) => json!({ "place": "not-configured", "option": option }),
        Place::Absent => json!({ "place": "absent" }),
        Place::Nowhere => json!({ "place": "nowhere" }),
    }
}

#[cfg(test)]
mod tests {
    use corecheck_layouts::store::Store;

    use super::*;

    fn listed(patterns: &[&str]) -> (String, Value) {
        let store = Store::seed().expect("the data are well formed");
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let kernels = store.select(&patterns).expect("the seed has them");
        let (mut text, mut document) = (Vec::new(), Vec::new());
        human(&kernels, 80, &mut text).expect("memory takes it");
        json(&kernels, &mut document).expect("memory takes it");
        let text = String::from_utf8(text).expect("text");
        (text, serde_json::from_slice(&document).expect("JSON"))
    }

    #[test]
    fn kernels_stand_under_their_group_in_80_columns() {
        let (text, _) = listed(&[]);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let heads: Vec<&str> =
            text.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(heads, ["regular", "arch", "flavour"]);
        assert_eq!(text.lines().filter(|line| line.contains("ubuntu/")).count(), 25);
        assert!(
            text.contains(
                "  5.8               ubuntu/5.8.0-25-generic/amd64    vmlinux         vfio_group\n"
            )
        );
        assert!(text.contains("  armhf             ubuntu/5.4.0-26-generic/armhf    none            -\n"));
    }

    #[test]
    fn json_tells_configuration_and_provenance() {
        let (_, document) = listed(&["riscv64", "azure"]);
        assert_eq!(document["schema"], "corecheck.layouts/1");
        assert_eq!(document["command"], "list");
        let [riscv64, azure] = document["kernels"].as_array().expect("an array").as_slice() else {
            panic!("two")
        };
        assert_eq!(
            riscv64["types"]["vfio_group"],
            json!({ "place": "not-configured", "option": "CONFIG_VFIO" })
        );
        assert_eq!(riscv64["config"]["CONFIG_VFIO"], "n");
        assert_eq!((&azure["aliases"], &azure["btf"]), (&json!(["azure"]), &json!("none")));
        assert!(azure["provenance"].as_str().is_some_and(|text| text.contains("inferred")));
    }
}
