//! `corecheck layouts`: look at what is stored, add to it, take out of it.

mod add;
mod health;
mod keep;

use anyhow::bail;
use clap::{Args, Subcommand};
use corecheck_layouts::history::{self, Depth, TypeName, compare, distinct, life, lookup};
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::{Store, nearest};

use super::Exit;
use super::format::{Form, Format, Forms, HistoryForm};
use super::output::Screen;
use super::stores::StoreArg;
use crate::render::layouts as render;
use crate::render::life::{Marks, picture, svg};

/// Arguments of `layouts`.
#[derive(Debug, Args)]
pub(super) struct LayoutsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the stored kernels, and what is stored of them
    List(ListArgs),
    /// Show how a type is laid out: offsets, sizes, holes
    Show(ShowArgs),
    /// Show a type over all kernels, and how it differs between neighbours
    History(HistoryArgs),
    /// Show how types differ between two kernels
    Diff(DiffArgs),
    /// Tell what is odd about a kernel's BTF: names defined twice, modules that repeat core types, broken modules
    Health(health::HealthArgs),
    /// Add kernels out of BTF files, kernel images, packages, folders, or the running kernel
    Add(add::AddArgs),
    /// Write a stored kernel's BTF, all of it or what an object needs
    Export(keep::ExportArgs),
    /// Read the whole store and hold every hash against what it is of
    Verify(keep::VerifyArgs),
    /// Remove a kernel that was added
    Remove(keep::RemoveArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only this kernel: an alias exactly (5.15, azure), or a glob over full names (repeatable)
    #[arg(long = "kernel", value_name = "PATTERN")]
    kernels: Vec<String>,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format>,
    #[command(flatten)]
    store: StoreArg,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// A name, or `struct`, `union`, `enum` or `typedef` and a name
    #[arg(required = true, num_args = 1..=3, value_name = "TYPE")]
    type_name: Vec<String>,
    /// Only this kernel: an alias exactly (5.15, azure), or a glob over full names (repeatable)
    #[arg(long = "kernel", value_name = "PATTERN")]
    kernels: Vec<String>,
    /// Show also what members hold
    #[arg(long)]
    expand: bool,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format>,
    #[command(flatten)]
    store: StoreArg,
}

#[derive(Debug, Args)]
struct HistoryArgs {
    /// A name, or `struct`, `union`, `enum` or `typedef` and a name
    #[arg(required = true, num_args = 1..=3, value_name = "TYPE")]
    type_name: Vec<String>,
    /// Only these kernels: an alias exactly (5.15, azure), or a glob over full names (repeatable)
    #[arg(long = "kernel", value_name = "PATTERN")]
    kernels: Vec<String>,
    /// Leave out each kernel's members
    #[arg(long)]
    brief: bool,
    /// human, json or svg (a picture), with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format<HistoryForm>>,
    #[command(flatten)]
    store: StoreArg,
}

#[derive(Debug, Args)]
struct DiffArgs {
    /// The old kernel
    #[arg(value_name = "OLD")]
    old: String,
    /// The new kernel
    #[arg(value_name = "NEW")]
    new: String,
    /// Types; without any, all that are stored of either kernel
    #[arg(value_name = "TYPE")]
    types: Vec<String>,
    /// human or json, with =FILE to a file (repeatable)
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    formats: Vec<Format>,
    #[command(flatten)]
    store: StoreArg,
}

pub(super) fn run(args: &LayoutsArgs, screen: &Screen) -> anyhow::Result<Exit> {
    match &args.command {
        Command::List(args) => list(args, &args.store.open()?, screen),
        Command::Show(args) => show(args, &args.store.open()?, screen),
        Command::History(args) => history(args, &args.store.open()?, screen),
        Command::Diff(args) => diff(args, &args.store.open()?, screen),
        Command::Health(args) => health::run(args, screen),
        Command::Add(args) => add::run(args, screen),
        Command::Export(args) => keep::export(args, screen),
        Command::Verify(args) => keep::verify(args, screen),
        Command::Remove(args) => keep::remove(args, screen),
    }?;
    Ok(Exit::Fine)
}

fn list(args: &ListArgs, store: &Store, screen: &Screen) -> anyhow::Result<()> {
    let kernels = store.select(&args.kernels)?;
    for format in &formats(&args.formats) {
        screen.write(format, |out| match format.form {
            Form::Human => render::list::human(&kernels, screen.width, out),
            Form::Json => render::list::json(&kernels, out),
        })?;
    }
    Ok(())
}

fn show(args: &ShowArgs, store: &Store, screen: &Screen) -> anyhow::Result<()> {
    let words = args.type_name.join(" ");
    let kernels = looked_up(store, &store.select(&args.kernels)?, &[words.parse()?])?;
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let name = type_name(&words, store, &kernels)?;
    let distinct = distinct(&kernels, &name);
    let depth = if args.expand { Depth::All } else { Depth::Own };
    for format in &formats(&args.formats) {
        screen.write(format, |out| match format.form {
            Form::Human => render::show::human(&distinct, depth, screen.width, out),
            Form::Json => render::show::json(&name, &distinct, depth, out),
        })?;
    }
    Ok(())
}

/// A picture of its own is not made of more fields than these.
const MOST_FIELDS: usize = 10_000;

fn history(args: &HistoryArgs, store: &Store, screen: &Screen) -> anyhow::Result<()> {
    let words = args.type_name.join(" ");
    let kernels = looked_up(store, &store.select(&args.kernels)?, &[words.parse()?])?;
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    let name = type_name(&words, store, &kernels)?;
    let life = life(&kernels, &name);
    for format in &formats(&args.formats) {
        // A type without a picture must leave no empty file.
        let drawn = match format.form {
            HistoryForm::Svg => Some(picture(&name, &kernels, &Marks::new(), MOST_FIELDS)?),
            _ => None,
        };
        screen.write(format, |out| match (format.form, &drawn) {
            (HistoryForm::Svg, Some(picture)) => svg::file(picture, out),
            (HistoryForm::Json, _) => render::history::json(&name, &life, out),
            _ => render::history::human(&name, &life, args.brief, screen.width, out),
        })?;
    }
    Ok(())
}

fn diff(args: &DiffArgs, store: &Store, screen: &Screen) -> anyhow::Result<()> {
    let (old, new) = (one_kernel(&args.old, store)?, one_kernel(&args.new, store)?);
    let [old, new] = match args.types.is_empty() {
        true => [store.with_units(old, |_| false)?, store.with_units(new, |_| false)?],
        false => {
            let named = words_of(&args.types)
                .iter()
                .map(|text| text.parse())
                .collect::<Result<Vec<TypeName>, _>>()?;
            let found = looked_up(store, &[old, new], &named)?;
            found.try_into().map_err(|_| anyhow::anyhow!("two kernels were asked for"))?
        }
    };
    let (old, new) = (&old, &new);
    let names = if args.types.is_empty() {
        let names = old.type_names().into_iter().chain(new.type_names());
        let names: std::collections::BTreeSet<String> = names.collect();
        names.into_iter().map(|name| TypeName { name, kind: None }).collect()
    } else {
        type_names(&args.types, store, &[old, new])?
    };
    let compared = |name: TypeName| {
        let (old, new) = (lookup(old, &name), lookup(new, &name));
        render::diff::Compared { comparison: compare(&old, &new), name, old, new }
    };
    let types: Vec<_> = names.into_iter().map(compared).collect();
    let (old_label, new_label) = (label(&args.old, old), label(&args.new, new));
    let sides = render::diff::Sides { old, old_label: &old_label, new, new_label: &new_label };
    for format in &formats(&args.formats) {
        screen.write(format, |out| match format.form {
            Form::Human => render::diff::human(sides, &types, screen.width, out),
            Form::Json => render::diff::json(sides, &types, out),
        })?;
    }
    Ok(())
}

fn formats<F: Forms>(formats: &[Format<F>]) -> Vec<Format<F>> {
    if formats.is_empty() { vec![Format::DEFAULT] } else { formats.to_vec() }
}

/// The kernel that a pattern names, which must be one.
fn one_kernel<'s>(pattern: &str, store: &'s Store) -> anyhow::Result<&'s Kernel> {
    let kernels = store.select(&[pattern.to_owned()])?;
    match kernels.as_slice() {
        [only] => Ok(only),
        several => {
            let names: Vec<String> = several.iter().map(|kernel| kernel.name.to_string()).collect();
            bail!("{pattern:?} names {} kernels, but one is wanted: {}", names.len(), names.join(", "))
        }
    }
}

/// What a kernel is called: as the person did, if that is an alias.
fn label(pattern: &str, kernel: &Kernel) -> String {
    if kernel.aliases.iter().any(|alias| alias == pattern) {
        return pattern.to_owned();
    }
    kernel.name.to_string()
}

/// Types as words of the command line: a keyword takes the next word with it.
fn type_names(words: &[String], store: &Store, kernels: &[&Kernel]) -> anyhow::Result<Vec<TypeName>> {
    words_of(words).iter().map(|text| type_name(text, store, kernels)).collect()
}

/// Types as texts: a keyword takes the next word with it.
fn words_of(words: &[String]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        texts.push(match word.as_str() {
            "struct" | "union" | "enum" | "typedef" => {
                format!("{word} {}", words.next().map_or("", String::as_str))
            }
            other => other.to_owned(),
        });
    }
    texts
}

/// Kernels with what they have of these types.
fn looked_up(store: &Store, kernels: &[&Kernel], names: &[TypeName]) -> anyhow::Result<Vec<Kernel>> {
    let roots: Vec<_> = names.iter().flat_map(TypeName::roots).collect();
    Ok(store.look_up(kernels, &roots)?)
}

/// Reads the name of a type that at least one of the kernels can answer for.
fn type_name(text: &str, store: &Store, kernels: &[&Kernel]) -> anyhow::Result<TypeName> {
    let name: TypeName = text.parse()?;
    let is_unknown = |kernel: &&Kernel| {
        use corecheck_layouts::kernel::Gap;
        matches!(lookup(kernel, &name), history::Status::Unknown(Gap::TypeNotStored))
    };
    if kernels.iter().all(is_unknown) {
        let stored = store.type_names();
        let near = nearest(&name.name, stored.iter().map(String::as_str));
        bail!(
            "{name} is not stored of any of these kernels; stored are, nearest first: {}. For other types check \
             against a kernel's own BTF: corecheck check --against /sys/kernel/btf/vmlinux OBJECT",
            near.join(", ")
        );
    }
    // Of another kind: a struct that was asked for as a union must not look like an absent one.
    let any = TypeName { name: name.name.clone(), kind: None };
    let has = |name: &TypeName| kernels.iter().any(|kernel| !lookup(kernel, name).definitions().is_empty());
    if !has(&name) && has(&any) {
        bail!(
            "there is no {name} on these kernels, but `{}` is of another kind: leave the keyword out",
            any.name
        );
    }
    if !has(&any) {
        let near = near_names(&name.name, store, kernels);
        if !near.is_empty() {
            log::warn!("none of these kernels has a type called {}; near: {}", name.name, near.join(", "));
        }
    }
    Ok(name)
}

/// Names of types like one that no kernel has: of what partial kernels list, and of one vmlinux that is whole. Nothing depends on
/// them: where they cannot be read there are none.
fn near_names(name: &str, store: &Store, kernels: &[&Kernel]) -> Vec<String> {
    let mut names = store.type_names();
    let complete = kernels.iter().rev().find(|kernel| kernel.is_complete());
    let stored = complete.and_then(|of| store.kernels().iter().find(|kernel| kernel.name == of.name));
    if let Some(Ok(whole)) = stored.map(|kernel| store.with_units(kernel, |_| false)) {
        names.extend(whole.type_names());
    }
    // A name that is known, if only as one that is absent, is no mistake.
    if names.contains(name) {
        return Vec::new();
    }
    nearest(name, names.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store::seed().expect("the data are well formed")
    }

    #[test]
    fn one_kernel_must_be_meant() {
        let store = store();
        assert_eq!(one_kernel("azure", &store).expect("one").facts.flavour, "azure");
        let several = one_kernel("ubuntu/5.4.0-26-generic/arm*", &store).expect_err("two").to_string();
        assert!(several.starts_with("\"ubuntu/5.4.0-26-generic/arm*\" names 2 kernels"), "{several}");
        assert!(one_kernel("5.51", &store).expect_err("none").to_string().contains("near: 5.15"));
    }

    #[test]
    fn labels_are_the_persons_own() {
        let store = store();
        let kernel = one_kernel("generic", &store).expect("one");
        assert_eq!(label("generic", kernel), "generic");
        assert_eq!(label("ubuntu/5.4.0-26-generic/amd6?", kernel), "ubuntu/5.4.0-26-generic/amd64");
    }

    #[test]
    fn a_keyword_takes_the_next_word_along() {
        let store = store();
        let kernels: Vec<&Kernel> = store.kernels().iter().collect();
        let words = ["struct", "vfio_group", "vfio_group"].map(str::to_owned);
        let names = type_names(&words, &store, &kernels).expect("both are there");
        assert_eq!(
            names.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["struct vfio_group", "vfio_group"]
        );
        assert!(type_names(&["struct".to_owned()], &store, &kernels).is_err());
    }

    #[test]
    fn a_name_that_nothing_is_stored_of_is_an_error_with_the_nearest() {
        let store = store();
        let kernels: Vec<&Kernel> = store.kernels().iter().collect();
        let error = |text: &str| type_name(text, &store, &kernels).expect_err(text).to_string();
        assert!(error("vfio_grop").contains("nearest first: vfio_group."), "{}", error("vfio_grop"));
        assert!(error("union vfio_group").contains("of another kind"), "{}", error("union vfio_group"));
        assert!(type_name("struct vfio_group", &store, &kernels).is_ok());
        // Absent on all of them is an answer.
        let absent = store.select(&["4.4".to_owned()]).expect("the seed has it");
        assert!(type_name("vfio_group", &store, &absent).is_ok());
    }
}
