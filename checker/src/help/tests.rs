//! Hits and near misses, on kernels made for them.

use corecheck_layouts::btf::{Builder, Endian, TypeId, TypeSpec};
use corecheck_layouts::kernel::Kernel;

use crate::check::{Settings, check};
use crate::report::model::{FindingEntry, SuggestedEntry};
use crate::testing::{btf, kernel, kernel_of_things, member, programs, record};

/// A kernel whose `struct thing` has integers with these names, in this order, each at the next four bytes; a name with a `!`
/// behind it is of eight bytes.
fn kernel_with(release: &str, names: &[&str]) -> Kernel {
    with(release, |types| {
        let (int, long) = (types.int("int", 4, 1), types.int("long", 8, 1));
        let members = names.iter().enumerate().map(|(index, name)| {
            let at = 32 * index as u32;
            match name.strip_suffix('!') {
                Some(name) => member(name, long, at),
                None => member(name, int, at),
            }
        });
        record("thing", 4 * names.len() as u32 + 4, members.collect())
    })
}

fn with(release: &str, fill: impl FnOnce(&mut Builder) -> TypeSpec) -> Kernel {
    let (types, _): (_, TypeId) = btf(Endian::Little, |types| {
        let thing = fill(types);
        types.add(thing)
    });
    let mut kernel = kernel(release, &types);
    kernel.facts.version = release.to_owned();
    kernel
}

const ALL: [&str; 7] = ["one", "two", "three", "four", "five", "six", "seven"];

/// [`ALL`] with one of them called otherwise.
fn renamed(old: &str, new: &'static str) -> Vec<&'static str> {
    ALL.into_iter().map(|name| if name == old { new } else { name }).collect()
}

fn findings(kernels: &[Kernel]) -> Vec<FindingEntry> {
    let kernels: Vec<&Kernel> = kernels.iter().collect();
    check(vec![programs()], &kernels, &Settings::default()).expect("nothing is set").findings
}

/// What is suggested for the only finding.
fn suggested(kernels: &[Kernel]) -> SuggestedEntry {
    let mut findings = findings(kernels);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0).suggested.expect("something helps")
}

/// The new name that is proposed where a kernel lacks `old` and one before it has all.
fn proposed(names: &[&str]) -> Option<String> {
    suggested(&[kernel_with("5.1", &ALL), kernel_with("5.2", names)]).renamed.map(|renamed| renamed.member)
}

#[test]
fn a_new_name_in_the_place_of_the_old_is_proposed() {
    assert_eq!(proposed(&renamed("three", "__three")).as_deref(), Some("__three"));
    assert_eq!(proposed(&renamed("three", "three_count")).as_deref(), Some("three_count"));
    assert_eq!(proposed(&renamed("seven", "sevens")).as_deref(), Some("sevens"));
    // A number of another size, where nothing but underscores differs.
    assert_eq!(proposed(&renamed("three", "__three!")).as_deref(), Some("__three"));
}

#[test]
fn what_is_not_certain_is_not_proposed() {
    let none = |names: &[&str]| assert_eq!(proposed(names), None, "{names:?}");
    // Nothing of the name, another size, and one that became two.
    none(&renamed("three", "other"));
    none(&renamed("three", "three_count!"));
    none(&["one", "two", "three_rx", "three_tx", "four", "five", "six", "seven"]);
    // Elsewhere, and with a name that is not its own but for underscores.
    none(&["one", "two", "four", "five", "six", "seven", "three_count"]);
    // The object knows it as something else.
    none(&["one", "two", "four", "five", "six", "seven"]);
    // The kernel before has it already, and means something else by it.
    let mut before = ALL.to_vec();
    before.push("__three");
    let after: Vec<&str> = before.iter().copied().filter(|&name| name != "three").collect();
    let both = suggested(&[kernel_with("5.1", &before), kernel_with("5.2", &after)]);
    assert_eq!(both.renamed, None);
}

#[test]
fn a_suggestion_names_the_layouts_that_it_comes_from() {
    let kernels = [kernel_with("5.1", &ALL), kernel_with("5.2", &renamed("three", "__three"))];
    let renamed = suggested(&kernels).renamed.expect("it is plain");
    assert_eq!((&*renamed.there.kernel, &*renamed.there.unit), ("test/5.2/amd64", "vmlinux"));
    assert_eq!(renamed.there.target, "struct thing.__three (0:2 @ offset 8)");
    let before = renamed.before.expect("a kernel before has it");
    assert_eq!((&*before.kernel, &*before.target), ("test/5.1/amd64", "struct thing.three (0:2 @ offset 8)"));
}

#[test]
fn without_a_kernel_that_has_it_only_underscores_may_differ() {
    let alone = |new| {
        let suggested = suggested(&[kernel_with("5.2", &renamed("three", new))]);
        suggested.renamed.map(|renamed| (renamed.member, renamed.before))
    };
    assert_eq!(alone("__three"), Some(("__three".to_owned(), None)));
    assert_eq!(alone("three_count"), None);
}

#[test]
fn the_last_and_the_first_that_have_it_are_told_by_version() {
    let without: Vec<&str> = ALL.into_iter().filter(|&name| name != "three").collect();
    let kernel = |release: &str, names: &[&str]| kernel_with(release, names);
    // Not in the order of their versions.
    let kernels = [
        kernel("5.10", &without),
        kernel("5.4", &ALL),
        kernel("5.9", &without),
        kernel("5.2", &ALL),
        kernel("5.20", &ALL),
    ];
    let history = suggested(&kernels).history;
    assert_eq!(history.len(), 1, "{history:?}");
    let told = |name: &Option<String>| name.clone().unwrap_or_default();
    let own = &history[0];
    let spans = [&own.last_with, &own.first_without, &own.last_without, &own.first_with].map(told);
    assert_eq!(spans, ["test/5.4/amd64", "test/5.9/amd64", "test/5.10/amd64", "test/5.20/amd64"]);
    assert_eq!(own.text, "last in test/5.4/amd64, missing since test/5.9/amd64, again in test/5.20/amd64");
    // Another flavour is another history.
    let mut other = kernel("5.6", &ALL);
    other.facts.flavour = "cloud".to_owned();
    let alone = [kernel("5.7", &without), other];
    let lines: Vec<String> = suggested(&alone).history.iter().map(|span| span.flavour.clone()).collect();
    assert!(!lines.contains(&String::new()), "{lines:?}");
}

#[test]
fn a_guard_asks_for_both_names_and_says_where_it_was_tried() {
    let kernels = [kernel_with("5.1", &ALL), kernel_with("5.2", &renamed("three", "__three"))];
    let guard = suggested(&kernels).guard.expect("it fails");
    assert_eq!(
        (guard.gives_0_on, guard.gives_1_on),
        (vec!["test/5.2/amd64".to_owned()], vec!["test/5.1/amd64".to_owned()])
    );
    for part in [
        "struct thing___three__ {\n\tint __three;\n} __attribute__((preserve_access_index));",
        "if (bpf_core_field_exists(of->three))",
        "if (bpf_core_field_exists(other->__three))",
        "return 0;",
    ] {
        assert!(guard.code.contains(part), "{part}\n{}", guard.code);
    }
}

#[test]
fn nothing_is_suggested_where_nothing_is_wrong() {
    assert!(findings(&[kernel_of_things("all", 0, &[])]).is_empty());
}
