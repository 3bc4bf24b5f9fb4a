//! Pictures of the types that objects access, for the page.

use std::collections::BTreeMap;

use corecheck_layouts::history::TypeName;
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;

use crate::render::html::TypeLife;
use crate::render::life::{Marks, picture};
use crate::report::Report;
use crate::report::model::AccessEntry;

/// So many types are drawn, those with the most accesses.
const TYPES: usize = 8;

/// So many fields are drawn of each, in all columns: the page stays small.
const FIELDS: usize = 700;

/// The lives of the types that the objects access. What is stored of a kernel is looked up once more, for the answers keep no more of a
/// type than they need; of kernels that were given there is only that.
pub(super) fn pictures(report: &Report, store: Option<&Store>, kernels: &[&Kernel]) -> Vec<TypeLife> {
    let mut types: BTreeMap<String, (usize, Marks)> = BTreeMap::new();
    for access in report.objects.iter().flat_map(|object| &object.accesses) {
        let (root, first) = (root(access), first_member(access));
        let (Some(root), Some(first)) = (root, first) else { continue };
        let (number, marks) = types.entry(root).or_default();
        *number += 1;
        let told = marks.entry(first).or_default();
        let said = match &access.source {
            Some(source) => format!("{}:{}", source.file, source.line),
            None => access.function.clone(),
        };
        if !told.contains(&said) {
            told.push(said);
        }
    }
    let mut ordered: Vec<(String, Marks, usize)> =
        types.into_iter().map(|(name, (number, marks))| (name, marks, number)).collect();
    ordered.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let left_out: Vec<String> = ordered.iter().skip(TYPES).map(|(name, ..)| name.clone()).collect();
    let mut lives: Vec<TypeLife> =
        ordered.into_iter().take(TYPES).map(|(name, marks, _)| life(&name, &marks, store, kernels)).collect();
    if !left_out.is_empty() {
        let note = format!(
            "Not drawn, for the object accesses them less: {}. `corecheck layouts history TYPE --format svg` draws any.",
            left_out.join(", ")
        );
        let name = format!("{} more", left_out.len());
        lives.push(TypeLife { name, picture: None, note });
    }
    lives
}

fn life(name: &str, marks: &Marks, store: Option<&Store>, kernels: &[&Kernel]) -> TypeLife {
    let none = |note: String| TypeLife { name: name.to_owned(), picture: None, note };
    let parsed: TypeName = match name.parse() {
        Ok(parsed) => parsed,
        Err(error) => return none(format!("{error}")),
    };
    // A kernel that was given stays as it is; those of the store are the same by name.
    let stored: Vec<&Kernel> = store.map_or(Vec::new(), |store| {
        let is_asked = |kernel: &&Kernel| kernels.iter().any(|asked| asked.name == kernel.name);
        store.kernels().iter().filter(is_asked).collect()
    });
    let looked_up = match store.map(|store| store.look_up(&stored, &parsed.roots())) {
        None => Vec::new(),
        Some(Ok(found)) => found,
        Some(Err(error)) => return none(format!("The store could not be read: {error}")),
    };
    let by_name: BTreeMap<_, _> = looked_up.iter().map(|kernel| (&kernel.name, kernel)).collect();
    let whole: Vec<&Kernel> =
        kernels.iter().map(|&kernel| by_name.get(&kernel.name).copied().unwrap_or(kernel)).collect();
    let is_given = whole.iter().any(|kernel| !by_name.contains_key(&kernel.name));
    let note = match is_given {
        true => "Of kernels given with --against it shows the members that the object asks about.".to_owned(),
        false => String::new(),
    };
    match picture(&parsed, &whole, marks, FIELDS) {
        Ok(picture) => TypeLife { name: name.to_owned(), picture: Some(picture), note },
        Err(error) => none(format!("{error}.")),
    }
}

/// The type that an access is rooted at, as kernels know it, if it may have members.
fn root(access: &AccessEntry) -> Option<String> {
    let name = match access.type_name.split_once("___") {
        Some((name, _)) if !name.is_empty() && !name.ends_with(' ') => name,
        _ => access.type_name.as_str(),
    };
    (name.starts_with("struct ") || name.starts_with("union ")).then(|| name.to_owned())
}

/// The type's own member that an access begins with.
fn first_member(access: &AccessEntry) -> Option<String> {
    let is_of_fields = matches!(
        access.kind,
        "byte_off" | "byte_sz" | "field_exists" | "signed" | "lshift_u64" | "rshift_u64"
    );
    let first = access.path.split(['.', '[']).find(|part| !part.is_empty())?;
    is_of_fields.then(|| first.to_owned())
}
