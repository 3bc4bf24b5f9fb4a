//! What `layouts` writes, and its schema.

use std::collections::BTreeSet;
use std::sync::Arc;

use corecheck::render::layouts::{diff, health, history, list, show};
use corecheck_layouts::btf::{Btf, Builder, Endian, MemberSpec, TypeId, TypeSpec};
use corecheck_layouts::history::{Depth, TypeName, compare, distinct, life, lookup};
use corecheck_layouts::kernel::health::{health, units};
use corecheck_layouts::kernel::{Kernel, KernelName};
use corecheck_layouts::store::Store;
use serde_json::{Value, json};

use super::{LAYOUTS, Rules, assert_valid, mutations, validator};

const RULES: Rules = Rules {
    may_go: |member, members| {
        let optional = ["config", "is_cut", "values", "target", "is_declared_only", "bitfield_bits"];
        // A pair always says whether it is cut; a declaration that is compared always what it points to.
        let is_told = members.contains_key("changes");
        (optional.contains(&member) && !is_told)
            || (member == "pointee" && members.contains_key("bit_offset"))
            // Maps: of options, and of types; the list of these is of partial kernels alone.
            || member.starts_with("CONFIG_")
            || member == "vfio_group"
            || (member == "types" && members.contains_key("provenance"))
    },
    words: &["schema", "command", "btf", "change", "pointee", "kind", "endian", "place"],
    nullable: &[],
    signed: &[],
};

fn parsed(types: Builder) -> Arc<Btf> {
    Arc::new(Btf::parse(types.finish().unwrap()).unwrap())
}

fn member(name: &str, of: TypeId, bit_offset: u32, bitfield_bits: u8) -> MemberSpec {
    MemberSpec { name: name.to_owned(), of, bit_offset, bitfield_bits }
}

fn composite(name: &str, size: u32, kind_flag: bool, members: Vec<MemberSpec>) -> TypeSpec {
    TypeSpec::Composite { is_union: false, name: name.to_owned(), size, kind_flag, members }
}

/// A kernel with types of every kind, each of which changes in every way there is; with a module that repeats one, an empty
/// one and a broken one.
fn kernel(is_new: bool) -> Kernel {
    let either = |old: u32, new: u32| if is_new { new } else { old };
    let mut types = Builder::new(Endian::Little);
    let int = types.int("int", 4, 1);
    let long = types.int("long", 8, 1);
    let far = match is_new {
        true => types.add(composite("far", 8, false, vec![])),
        false => types.add(TypeSpec::Fwd { name: "far".to_owned(), is_union: false }),
    };
    let pointer = types.add(TypeSpec::Ptr { to: far });
    let values =
        [("SAME", 0), ("OTHER", u64::from(either(1, 2))), (if is_new { "NEW" } else { "OLD" }, u64::MAX)];
    let values = values.map(|(name, value)| (name.to_owned(), value)).to_vec();
    types.add(TypeSpec::Enum {
        name: "color".to_owned(),
        size: 8,
        is_signed: true,
        is_64: true,
        values: values.clone(),
    });
    let name = "unsigned_color".to_owned();
    types.add(TypeSpec::Enum { name, size: 8, is_signed: false, is_64: true, values });
    let target = if is_new { long } else { int };
    types.add(TypeSpec::Typedef { name: "alias_t".to_owned(), to: target });
    let inner =
        types.add(composite("inner", 8, false, vec![member("x", if is_new { long } else { int }, 0, 0)]));
    let nameless = types.add(composite("", 8, false, vec![member("within", int, 0, 0)]));
    types.add(composite(
        "thing",
        either(64, 72),
        true,
        vec![
            member("same", int, 0, 0),
            member(if is_new { "come" } else { "gone" }, int, 32, 0),
            member("other", target, 64, 0),
            member("far", pointer, either(128, 192), 0),
            member("inner", inner, 256, 0),
            member("", nameless, 320, 0),
            member("bits", int, 384, 3),
        ],
    ));
    if is_new {
        types.add(composite("thing", 16, false, vec![]));
    } else {
        types.add(composite("old_only", 4, false, vec![member("a", int, 0, 0)]));
    }
    let vmlinux = parsed(types);
    let mut kernel = Kernel::of_vmlinux(
        KernelName::new("test", if is_new { "2" } else { "1" }, "amd64"),
        Arc::clone(&vmlinux),
    );
    let module = |specs: &[TypeSpec]| {
        let mut split = Builder::split(&vmlinux);
        for spec in specs {
            split.add(spec.clone());
        }
        Arc::new(Btf::parse_split(split.finish().unwrap(), Arc::clone(&vmlinux)).unwrap())
    };
    kernel.modules.insert("repeats".to_owned(), module(&[composite("inner", 8, false, vec![])]));
    kernel.modules.insert("bare".to_owned(), module(&[]));
    kernel.broken_modules.insert("broken".to_owned(), "it is cut short".to_owned());
    kernel.shipped_modules = is_new.then(|| ["repeats", "bare", "broken"].map(str::to_owned).into());
    kernel
}

/// Kernels of the seed: what is stored in part, absent, or not known.
fn stored() -> Vec<Kernel> {
    let store = Store::seed().unwrap();
    let of = |alias: &str| store.whole(store.select(&[alias.to_owned()]).unwrap()[0]).unwrap();
    ["5.15", "5.19", "riscv64", "6.8", "armhf"].map(of).to_vec()
}

/// What the renderer of a subcommand writes.
fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Value {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// What every subcommand says of these kernels, and of these types.
fn documents(kernels: &[Kernel], types: &[&str]) -> Vec<Value> {
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let mut documents = vec![written(|out| list::json(&kernels, out))];
    for kernel in &kernels {
        documents.push(written(|out| health::json(kernel, &health(&units(kernel)), out)));
    }
    for name in types {
        let name: TypeName = name.parse().unwrap();
        for depth in [Depth::Own, Depth::All] {
            documents.push(written(|out| show::json(&name, &distinct(&kernels, &name), depth, out)));
        }
        documents.push(written(|out| history::json(&name, &life(&kernels, &name), out)));
        for pair in kernels.windows(2) {
            let sides = diff::Sides { old: pair[0], old_label: "old", new: pair[1], new_label: "new" };
            let (old, new) = (lookup(pair[0], &name), lookup(pair[1], &name));
            let compared = diff::Compared { comparison: compare(&old, &new), name: name.clone(), old, new };
            documents.push(written(|out| diff::json(sides, &[compared], out)));
        }
    }
    documents
}

fn all() -> Vec<Value> {
    let types = ["thing", "color", "unsigned_color", "alias_t", "int", "far", "old_only", "nowhere"];
    let mut all = documents(&[kernel(false), kernel(true)], &types);
    all.extend(documents(&stored(), &["vfio_group", "struct vfio_group"]));
    all
}

/// The words that stand in members of this name.
fn words<'v>(value: &'v Value, member: &str, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(member).and_then(Value::as_str));
            members.values().for_each(|value| words(value, member, found));
        }
        Value::Array(values) => values.iter().for_each(|value| words(value, member, found)),
        _ => {}
    }
}

#[test]
fn what_layouts_writes_is_valid() {
    let validator = validator(LAYOUTS);
    let all = all();
    for document in &all {
        let by_command = form_of(document);
        // Of one form the errors say more than of all of them.
        assert_valid(&by_command, document, &document.to_string());
        assert!(validator.is_valid(document));
    }
    // Nothing that the schema has is left untried.
    let seen = |member: &str| {
        let mut found = BTreeSet::new();
        all.iter().for_each(|document| words(document, member, &mut found));
        found
    };
    assert_eq!(Vec::from_iter(seen("command")), ["diff", "health", "history", "list", "show"]);
    let changes = [
        "added",
        "meaning",
        "moved",
        "pointee",
        "removed",
        "size",
        "type",
        "value",
        "value-added",
        "value-removed",
    ];
    assert_eq!(Vec::from_iter(seen("change")), changes);
    assert_eq!(Vec::from_iter(seen("place")), ["module", "not-configured", "vmlinux"]);
    let texts = all.iter().map(Value::to_string).collect::<String>();
    let schema: Value = serde_json::from_str(LAYOUTS).unwrap();
    for definition in ["layout", "member", "document_health", "transition", "compared_type"] {
        for member in schema["$defs"][definition]["properties"].as_object().unwrap().keys() {
            // So deep nothing is.
            assert!(member == "is_cut" || texts.contains(&format!("\"{member}\":")), "{member}");
        }
    }
}

/// The part of the schema that is about the subcommand that wrote this.
fn form_of(document: &Value) -> jsonschema::Validator {
    let mut schema: Value = serde_json::from_str(LAYOUTS).unwrap();
    let command = document["command"].as_str().unwrap();
    schema["oneOf"] = json!([{ "$ref": format!("#/$defs/document_{command}") }]);
    validator(&schema.to_string())
}

#[test]
fn the_schema_refuses_every_wrong_document_of_layouts() {
    let validator = validator(LAYOUTS);
    let (mut tried, mut wrong) = (0, Vec::new());
    for document in
        documents(&[kernel(false), kernel(true)], &["thing"]).iter().chain(&documents(&stored()[..3], &[]))
    {
        // Why there is no type: where there is one, there is nothing to say.
        let nullable: &[&str] = match document["command"].as_str() {
            Some("history") => &["reason"],
            Some("diff") => &["old_reason", "new_reason"],
            Some("health") => &["endian", "modules_shipped", "repeats"],
            _ => &[],
        };
        let rules = Rules { nullable, ..RULES };
        for mutation in mutations(document, &rules) {
            if validator.is_valid(&mutation.document) != mutation.is_valid {
                wrong.push(format!("{}: {}", document["command"], mutation.what));
            }
            tried += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 1000, "{tried} mutations only");
    // Enumerators are of any sign, and have up to 64 bits.
    let of_enum = documents(&[kernel(false), kernel(true)], &["color", "unsigned_color"]);
    let value = |value: Value| {
        of_enum
            .iter()
            .any(|document| document.pointer("/layouts/0/definitions/0/values/2/value") == Some(&value))
    };
    assert!(value(json!(-1)) && value(json!(u64::MAX)));
}
