//! The page: its skeleton and data, its pictures, and names that mean harm.

use std::collections::BTreeMap;

use corecheck::render::html::{self, TypeLife};
use corecheck::render::life::{Marks, NoPicture, Picture, picture, svg};
use corecheck::report::Report;
use corecheck_layouts::history::TypeName;
use corecheck_layouts::kernel::Kernel;
use corecheck_layouts::store::Store;
use serde_json::Value;

use super::samples;

fn page(report: &Report, lives: &[TypeLife]) -> String {
    let mut out = Vec::new();
    html::render(report, lives, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What stands between a mark and the next end of its element.
fn between<'p>(page: &'p str, begin: &str, end: &str) -> &'p str {
    let start = page.find(begin).unwrap() + begin.len();
    &page[start..start + page[start..].find(end).unwrap()]
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "id=\"data\">", "</script>")).unwrap()
}

/// The page without style, script and data, which have tests of their own.
fn skeleton(page: &str) -> String {
    let mut page = page.to_owned();
    for (begin, end) in [
        ("<style>", "</style>"),
        ("id=\"data\">", "</script>"),
        ("<script>", "</script>"),
        ("style-src ", ";"),
        ("script-src ", ";"),
    ] {
        let own = between(&page, begin, end).to_owned();
        page = page.replacen(&own, "…", 1);
    }
    page
}

fn drawn(name: &str, marks: &Marks, most: usize) -> Result<Picture, NoPicture> {
    let store = Store::seed().unwrap();
    let kernels: Vec<&Kernel> = store.kernels().iter().collect();
    let name: TypeName = name.parse().unwrap();
    picture(&name, &kernels, marks, most)
}

fn written(picture: &Picture) -> String {
    let mut out = Vec::new();
    svg::file(picture, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn skeleton_and_data_look_as_they_should() {
    let lives = [TypeLife { name: "struct x".to_owned(), picture: None, note: "nothing to draw".to_owned() }];
    for (name, report) in
        [("naive", samples::naive()), ("policy", samples::policy()), ("several", samples::several())]
    {
        let page = page(&report, &lives);
        insta::assert_snapshot!(format!("{name}_skeleton"), skeleton(&page));
        insta::assert_snapshot!(format!("{name}_data"), serde_json::to_string_pretty(&data(&page)).unwrap());
    }
}

/// Every kernel is in one class of each sheet, and the page is small however many there are.
#[test]
fn the_page_says_what_the_report_says() {
    for (name, report) in samples::all() {
        let page = page(&report, &[]);
        assert!(page.len() < 600_000, "{name}: {} bytes", page.len());
        let data = data(&page);
        let mut counts: BTreeMap<(usize, String, String), usize> = BTreeMap::new();
        for sheet in data["sheets"].as_array().unwrap() {
            for class in sheet["classes"].as_array().unwrap() {
                let runs: Vec<u64> =
                    class["kernels"].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect();
                let number: u64 = runs.chunks(2).map(|run| run[1] - run[0] + 1).sum();
                let key = (
                    usize::try_from(sheet["object"].as_u64().unwrap()).unwrap(),
                    sheet["loader"].as_str().unwrap().to_owned(),
                    class["verdict"].as_str().unwrap().to_owned(),
                );
                *counts.entry(key).or_default() += usize::try_from(number).unwrap();
            }
        }
        let mut wanted: BTreeMap<(usize, String, String), usize> = BTreeMap::new();
        for result in &report.results {
            *wanted.entry((result.object, result.loader.clone(), result.verdict.to_owned())).or_default() +=
                1;
        }
        assert_eq!(counts, wanted, "{name}");
        assert_eq!(page, self::page(&report, &[]), "the same input gives the same bytes");
    }
}

/// Nothing is fetched, nothing but the page's own script runs, and no name is anything but text.
#[test]
fn hostile_names_are_text() {
    let nasty = "</script></style></title><img src=x onerror=alert(1)>\"'&<!--\u{202e}\u{2066}\u{1b}";
    let mut report = samples::policy();
    report.objects[0].path = nasty.to_owned();
    report.objects[0].accesses[0].path = nasty.to_owned();
    report.kernels[0].name = nasty.to_owned();
    for finding in &mut report.findings {
        finding.message = nasty.to_owned();
    }
    let marks = Marks::from([("minor".to_owned(), vec![nasty.to_owned()])]);
    let picture = drawn("vfio_group", &marks, 1000).unwrap();
    let life = TypeLife { name: nasty.to_owned(), picture: Some(picture.clone()), note: nasty.to_owned() };
    let page = page(&report, &[life]);
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(
        (page.matches("</style>").count(), page.matches("</title>").count() > 1),
        (1, true),
        "those of the picture"
    );
    assert!(!page.contains("<img"), "an element of theirs");
    assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{1b}']));
    for outside in [
        "http:",
        "https:",
        "//fonts",
        "@import",
        "url(",
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
    let file = written(&picture);
    assert!(!file.contains("<img") && !file.contains('\u{202e}') && file.contains("&lt;img"));
}

#[test]
fn the_picture_in_the_readme_is_up_to_date() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/vfio_group.svg");
    // Those in which it can be found, and few enough to be read as wide as a page is.
    let kernels = "ubuntu/5.{4,8,11,13,15,19}.*-generic/amd64";
    let store = Store::seed().unwrap();
    let chosen = store.select(&[kernels.to_owned()]).unwrap();
    assert_eq!(chosen.len(), 6);
    let name = "struct vfio_group".parse().unwrap();
    let picture = written(&picture(&name, &chosen, &Marks::new(), 10_000).unwrap());
    let command = format!(
        "corecheck layouts history struct vfio_group --kernel '{kernels}' --format svg=checker/docs/vfio_group.svg"
    );
    assert!(std::fs::read_to_string(kept).unwrap() == picture, "it is made by: {command}");
}

#[test]
fn what_has_no_members_has_no_picture() {
    assert!(matches!(drawn("union vfio_group", &Marks::new(), 10), Err(NoPicture::Nowhere(_))));
    let small = drawn("vfio_group", &Marks::new(), 30).unwrap();
    assert!(!small.notes.is_empty(), "what is left out is told");
    assert!(written(&small).contains("--kernel chooses"));
}
