//! Kernels that are added: what a store has, whatever is killed or done at once.

use std::path::Path;
use std::time::Instant;

use corecheck_layouts::btf::{Builder, Endian, TypeSpec};

use crate::against::{member, record};
use crate::report::{Report, check, list, text};
use crate::run::{at_once, corecheck, killed_after, sample};

/// BTF with `struct vfio_group`, `iommu_group` at this offset in bytes, among so many other structs.
fn btf(offset: u32, others: u32) -> Vec<u8> {
    let mut btf = Builder::new(Endian::Little);
    let long = btf.int("long", 8, 1);
    let group = btf.add(TypeSpec::Fwd { name: "iommu_group".to_owned(), is_union: false });
    let pointer = btf.add(TypeSpec::Ptr { to: group });
    btf.add(record("vfio_group", offset + 8, vec![member("iommu_group", pointer, offset)]));
    for number in 0..others {
        // Some are alike in all kernels, some differ.
        let size = if number % 3 == 0 { offset } else { 8 };
        btf.add(record(&format!("other_{number}"), size + 8, vec![member("x", long, size)]));
    }
    btf.finish().expect("sound BTF")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("it can be written");
    path.to_string_lossy().into_owned()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The arguments that add this file as a kernel of this release.
fn add(store: &str, file: &str, release: &str) -> Vec<String> {
    words(&[
        "layouts",
        "add",
        "--store",
        store,
        "--distro",
        "test",
        "--arch",
        "amd64",
        "--release",
        release,
        file,
    ])
}

/// The releases that are in the store.
fn releases(store: &str) -> Vec<String> {
    let run = corecheck(&["layouts", "list", "--store", store, "--kernel", "test/*", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_default();
    let kernels = document["kernels"].as_array().cloned().unwrap_or_default();
    kernels.iter().map(|kernel| text(kernel, "release").to_owned()).collect()
}

#[test]
fn an_added_kernel_is_checked_listed_shown_exported_and_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("deep/er/store").to_string_lossy().into_owned();
    let file = write(folder.path(), "a", &btf(4242, 10));
    let run = corecheck(&add(&store, &file, "1.0")).expect_status(0);
    assert!(run.stdout.starts_with("added test/1.0/amd64: "), "{}", run.stdout);
    // Beside the kernels of the program.
    let (all, own) = (check(1, &["--store", &store, &sample("naive")]), check(1, &[&sample("naive")]));
    assert_eq!(list(&all.0, "kernels").len(), list(&own.0, "kernels").len() + 1);
    let one: Report = check(0, &["--store", &store, "--kernel", "test/*", &sample("iommu_group")]);
    assert_eq!(one.values("test/1.0/amd64"), [Some(4242)]);
    let shown = corecheck(&["layouts", "show", "vfio_group", "--store", &store, "--kernel", "test/*"])
        .expect_status(0);
    assert!(shown.stdout.contains("iommu_group") && shown.stdout.contains("4242"), "{}", shown.stdout);
    let out = folder.path().join("out").to_string_lossy().into_owned();
    corecheck(&["layouts", "export", "test/*", "--store", &store, "-o", &out]).expect_status(0);
    let exported: Report = check(0, &["--against", &out, &sample("iommu_group")]);
    assert_eq!(exported.values("local/out/unknown"), [Some(4242)]);
    // What the object needs is less, and says the same.
    let least = folder.path().join("least").to_string_lossy().into_owned();
    let object = sample("iommu_group");
    corecheck(&["layouts", "export", "test/*", "--store", &store, "--for", &object, "-o", &least])
        .expect_status(0);
    let of_least: Report = check(0, &["--against", &least, &sample("iommu_group")]);
    assert_eq!(of_least.values("local/least/unknown"), [Some(4242)]);
    let length = |path: &str| std::fs::metadata(path).expect("it is there").len();
    assert!(length(&least) * 2 < length(&out), "{} of {}", length(&least), length(&out));

    let verified = corecheck(&["layouts", "verify", "--store", &store]).expect_status(0);
    assert!(verified.stdout.contains("ok: 1 kernels"), "{}", verified.stdout);
    corecheck(&["layouts", "remove", "test/1.0/amd64", "--store", &store]).expect_status(0);
    assert!(releases(&store).is_empty());
    corecheck(&["layouts", "remove", "5.15", "--store", &store]).expect_refusal(&["part of this program"]);
}

#[test]
fn a_part_of_a_kernel_answers_for_its_types_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store").to_string_lossy().into_owned();
    let file = write(folder.path(), "a", &btf(4242, 500));
    let whole = folder.path().join("whole").to_string_lossy().into_owned();
    corecheck(&add(&whole, &file, "1.0")).expect_status(0);
    let arguments = [add(&store, &file, "1.0"), words(&["--types", "vfio_group,nowhere"])].concat();
    corecheck(&arguments).expect_status(0);
    let one: Report = check(0, &["--store", &store, "--kernel", "test/*", &sample("iommu_group")]);
    assert_eq!(one.values("test/1.0/amd64"), [Some(4242)]);
    assert_eq!(list(&one.0, "kernels")[0]["complete"], false);
    let show = |name: &str| corecheck(&["layouts", "show", name, "--store", &store, "--kernel", "test/*"]);
    assert!(show("nowhere").expect_status(0).stdout.contains("not in"), "it is known to be absent");
    show("other_1").expect_refusal(&["other_1 is not stored"]);
}

#[test]
fn an_import_that_is_killed_leaves_every_earlier_kernel_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store").to_string_lossy().into_owned();
    let file = |number: u32| write(folder.path(), &format!("{number}"), &btf(800 + 8 * number, 3000));
    let first = file(0);
    let one = || {
        let begin = Instant::now();
        corecheck(&add(&store, &first, "0")).expect_status(0);
        begin.elapsed()
    };
    // The first is slower than the others.
    let whole = one().min(one()).min(one());
    let (mut killed, mut there) = (0, vec!["0".to_owned()]);
    for number in 1..=100_u32 {
        // Anywhere between its start and a little after its end; as spread as it is without chance.
        let time = whole.mul_f64(f64::from(number * 37 % 100) / 80.0);
        killed += u32::from(killed_after(time, &add(&store, &file(number), &number.to_string())));
        let found = releases(&store);
        assert!(found.iter().take(there.len()).eq(&there), "{found:?} after {there:?}");
        assert!(found.len() <= there.len() + 1, "{found:?} after {there:?}");
        there = found;
        if number % 10 == 0 {
            corecheck(&["layouts", "verify", "--store", &store]).expect_status(0);
        }
    }
    assert!(killed >= 10, "only {killed} of 100 were killed before their end");
    for release in &there {
        let name = format!("test/{release}/amd64");
        let number: u64 = release.parse().expect("a number");
        let report: Report = check(0, &["--store", &store, "--kernel", &name, &sample("iommu_group")]);
        assert_eq!(report.values(&name), [Some(800 + 8 * number)]);
    }
    // And it goes on.
    corecheck(&add(&store, &file(7), "1000")).expect_status(0);
}

#[test]
fn imports_at_once_wait_for_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store").to_string_lossy().into_owned();
    let runs: Vec<Vec<String>> = (0..6_u32)
        .map(|number| {
            let file = write(folder.path(), &format!("{number}"), &btf(800 + 8 * number, 2000));
            add(&store, &file, &number.to_string())
        })
        .collect();
    for run in at_once(&runs) {
        run.expect_status(0);
    }
    assert_eq!(releases(&store), ["0", "1", "2", "3", "4", "5"]);
    corecheck(&["layouts", "verify", "--store", &store]).expect_status(0);
    // Who reads while somebody writes sees one or the other.
    let read = words(&["check", "--store", &store, "--kernel", "test/*", &sample("iommu_group")]);
    let file = write(folder.path(), "last", &btf(4000, 2000));
    for run in at_once(&[add(&store, &file, "6"), read.clone(), read.clone(), read]) {
        run.expect_status(0);
    }
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "a", &btf(4242, 1));
    let text = "this is a letter to a friend, and nothing else\n".repeat(100);
    let letter = write(folder.path(), "letter", text.as_bytes());
    corecheck(&add(&letter, &file, "1.0")).expect_refusal(&["not a database"]);
    assert_eq!(std::fs::read_to_string(&letter).expect("it is there"), text);
    corecheck(&["check", "--store", "no/such/store", &sample("naive")]).expect_refusal(&["no/such/store"]);
    let store = folder.path().join("s").to_string_lossy().into_owned();
    corecheck(&add(&store, "no/such/file", "1")).expect_refusal(&["no/such/file"]);
}
