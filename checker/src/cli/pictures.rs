//! Pictures and layouts of the types that objects access, for the page.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use corecheck_layouts::btf::{Btf, TypeId};
use corecheck_layouts::history::{Status, TypeName, lookup};
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;

use crate::object::{self, Object};
use crate::render::html::{Beside, Layouts, TypeLife, View};
use crate::render::life::{Marks, picture};
use crate::report::Report;
use crate::report::model::{AccessEntry, ObjectEntry};
use crate::report::words;

/// So many types are drawn, those with the most accesses.
const TYPES: usize = 8;

/// Of so many root types are layouts shown in the cells, those with the most accesses.
const LAYOUTS: usize = 64;

/// So many fields are drawn of each, in all columns: the page stays small.
const FIELDS: usize = 700;

/// The lives of the types that the objects access. What is stored of a kernel is looked up once more, for the answers keep no more of a
/// type than they need; of kernels that were given there is only that.
fn pictures(report: &Report, store: Option<&Store>, kernels: &[&Kernel]) -> Vec<TypeLife> {
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
    let looked_up = match whole(&parsed, store, kernels) {
        Ok(found) => found,
        Err(error) => return none(format!("The store could not be read: {error}")),
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

/// All that the store has of a type. A kernel that was given stays as it is; those of the store are the same by name.
fn whole(name: &TypeName, store: Option<&Store>, kernels: &[&Kernel]) -> anyhow::Result<Vec<Kernel>> {
    let Some(store) = store else { return Ok(Vec::new()) };
    let asked: HashSet<_> = kernels.iter().map(|kernel| &kernel.name).collect();
    let stored: Vec<&Kernel> = store.kernels().iter().filter(|kernel| asked.contains(&kernel.name)).collect();
    Ok(store.look_up(&stored, &name.roots())?)
}

/// The objects' own types, by their paths: what the report does not keep.
#[derive(Default)]
pub(super) struct Compiled(HashMap<String, (Arc<Btf>, Vec<TypeId>)>);

impl Compiled {
    /// Of objects that were read.
    pub(super) fn of(objects: &[Object]) -> Self {
        let of = |object: &Object| {
            let roots = object.relos.iter().map(|relo| relo.type_id).collect();
            Some((object.path.clone(), (object.btf.clone()?, roots)))
        };
        Self(objects.iter().filter_map(of).collect())
    }

    /// Of a report's objects, as far as their files are still there.
    pub(super) fn read(report: &Report) -> Self {
        let file = |object: &ObjectEntry| object.embedded_in.clone().unwrap_or_else(|| object.path.clone());
        let files: BTreeSet<String> = report.objects.iter().map(file).collect();
        let mut all = Vec::new();
        for file in files {
            match object::read_file(Path::new(&file)) {
                Ok(objects) => all.extend(objects),
                Err(_) => log::warn!("{file}: not at hand: the page does not tell what it was compiled for"),
            }
        }
        Self::of(&all)
    }
}

/// What the page shows beside the report: pictures, and layouts for the cells.
pub(super) fn beside(
    report: &Report,
    compiled: &Compiled,
    store: Option<&Store>,
    kernels: &[&Kernel],
) -> Beside {
    Beside { lives: pictures(report, store, kernels), layouts: layouts(report, compiled, store, kernels) }
}

fn layouts(report: &Report, compiled: &Compiled, store: Option<&Store>, kernels: &[&Kernel]) -> Layouts {
    let mut layouts = Layouts::default();
    let mut roots: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    let mut expected: Vec<Vec<Option<View>>> = Vec::new();
    for (number, object) in report.objects.iter().enumerate() {
        let own = compiled.0.get(&object.path).filter(|(_, roots)| roots.len() == object.accesses.len());
        let view = |access: &AccessEntry| {
            let (btf, roots) = own?;
            let &root = roots.get(access.id).filter(|root| btf.contains(**root))?;
            Some(View::of(btf, root, &access.path, None))
        };
        let views: Vec<Option<View>> = object.accesses.iter().map(view).collect();
        layouts.expect(&views);
        expected.push(views);
        for (at, access) in object.accesses.iter().enumerate() {
            roots.entry(essential(access)).or_default().push((number, at));
        }
    }
    let mut ordered: Vec<_> = roots.into_iter().collect();
    ordered.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let numbers: HashMap<&str, usize> =
        report.kernels.iter().enumerate().map(|(at, kernel)| (kernel.name.as_str(), at)).collect();
    for (name, asked) in ordered.into_iter().take(LAYOUTS) {
        let Ok(parsed) = name.parse::<TypeName>() else { continue };
        let Ok(known) = whole(&parsed, store, kernels) else { continue };
        let by_name: HashMap<_, _> = known.iter().map(|kernel| (&kernel.name, kernel)).collect();
        let statuses: Vec<(usize, Status)> = kernels
            .iter()
            .filter_map(|&kernel| {
                let number = *numbers.get(kernel.name.to_string().as_str())?;
                Some((number, lookup(by_name.get(&kernel.name).copied().unwrap_or(kernel), &parsed)))
            })
            .collect();
        for object in 0..report.objects.len() {
            let own: Vec<usize> = asked.iter().filter(|(of, _)| *of == object).map(|(_, at)| *at).collect();
            let mut found: Vec<(usize, Vec<View>)> = Vec::new();
            // Kernels that have it alike share the BTF in which it is.
            let mut seen: HashMap<Vec<(usize, TypeId)>, Vec<View>> = HashMap::new();
            for (kernel, status) in &statuses {
                let make = || {
                    own.iter().filter_map(|&at| {
                        let access = report.objects.get(object)?.accesses.get(at)?;
                        let expected = expected.get(object)?.get(at)?.as_ref();
                        Some(found_view(status, &name, &access.path, expected))
                    })
                };
                let key: Vec<_> =
                    status.definitions().iter().map(|it| (Arc::as_ptr(&it.btf).addr(), it.id)).collect();
                let views = match key.is_empty() {
                    true => make().collect(),
                    false => seen.entry(key).or_insert_with(|| make().collect()).clone(),
                };
                found.push((*kernel, views));
            }
            found.sort_by_key(|(kernel, _)| *kernel);
            if !own.is_empty() {
                layouts.find(object, &own, found);
            }
        }
    }
    layouts
}

/// What a kernel has where an access goes; of several definitions the first that has all of it.
fn found_view(status: &Status, name: &str, path: &str, expected: Option<&View>) -> View {
    match status {
        Status::Absent(absence) => View::says(format!("no {name}: {}", words::absent(absence))),
        Status::Unknown(gap) => View::says(format!("{name} is not known: {}", words::not_stored(gap))),
        Status::Present(definitions) => {
            let mut views = definitions.iter().map(|it| View::of(&it.btf, it.id, path, expected));
            let first = views.next();
            match first {
                Some(first) if first.is_found() => first,
                first => views.find(View::is_found).or(first).unwrap_or_default(),
            }
        }
    }
}

/// The type that an access is rooted at, as kernels know it.
fn essential(access: &AccessEntry) -> String {
    match access.type_name.split_once("___") {
        Some((name, _)) if !name.is_empty() && !name.ends_with(' ') => name.to_owned(),
        _ => access.type_name.clone(),
    }
}

/// The same, if it may have members.
fn root(access: &AccessEntry) -> Option<String> {
    let name = essential(access);
    (name.starts_with("struct ") || name.starts_with("union ")).then_some(name)
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
