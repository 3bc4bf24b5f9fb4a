//! Debian's packages: an `ar` archive of `control.tar.*` and `data.tar.*` (deb(5)).

use std::io::{BufRead, Read};

use super::super::error::Problem;
use super::content::skip;
use super::{Budget, Flow, Format, Item, Package, Visit, ar, damaged, walk_inner};

/// The largest control file that is read, in bytes.
const MAX_CONTROL_BYTES: u64 = 1 << 20;

pub(super) fn walk(
    input: &mut dyn BufRead,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<Flow, Problem> {
    let broken =
        |what: &str| Problem::Archive { format: "deb", place: "archive".to_owned(), what: what.to_owned() };
    skip(input, ar::MAGIC.len() as u64).map_err(|error| damaged("deb", "magic number", error))?;
    let mut has_data = false;
    let mut first = true;
    while let Some(member) = ar::next(input)? {
        if first && member.name != "debian-binary" {
            return Err(broken(
                "it is an ar archive and no Debian package: debian-binary does not come first",
            ));
        }
        first = false;
        budget.take_entry()?;
        let inside = |problem: Problem| problem.inside(member.name.clone());
        let mut content = (&mut *input).take(member.size);
        if member.name.starts_with("control.tar") {
            if let Some(package) = control(&mut content, budget).map_err(inside)?
                && visit(Item::Package(package)).is_break()
            {
                return Ok(Flow::Break(()));
            }
        } else if member.name.starts_with("data.tar") {
            has_data = true;
            if walk_inner(Format::Tar, &mut content, budget, visit).map_err(inside)?.is_break() {
                return Ok(Flow::Break(()));
            }
        }
        let left = content.limit();
        skip(&mut content, left).map_err(|error| damaged("deb", member.name.clone(), error))?;
        // The last member's padding may be missing.
        skip_padding(input, member.padding());
    }
    if has_data { Ok(Flow::Continue(())) } else { Err(broken("it has no data.tar: it may be cut short")) }
}

fn skip_padding(input: &mut dyn BufRead, padding: u64) {
    // An error shows again when the next header is read.
    let _ = skip(input, padding);
}

/// The fields of the file `control`.
fn control(input: &mut dyn BufRead, budget: &Budget) -> Result<Option<Package>, Problem> {
    let mut text = Vec::new();
    let mut own_budget = *budget;
    let _found = walk_inner(Format::Tar, input, &mut own_budget, &mut |item| match item {
        Item::File { path: "control", content, .. } => {
            // What cannot be read is as good as not there.
            let _ = content.take(MAX_CONTROL_BYTES).read_to_end(&mut text);
            Flow::Break(())
        }
        _ => Flow::Continue(()),
    })?;
    let text = String::from_utf8_lossy(&text);
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim().to_owned()).unwrap_or_default()
    };
    let package = Package {
        name: field("Package"),
        version: field("Version"),
        arch: field("Architecture"),
        vendor: field("Maintainer"),
    };
    Ok((!package.name.is_empty()).then_some(package))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, File};
    use super::*;

    #[test]
    fn the_package_comes_before_its_files() {
        let bytes = testing::deb("linux-image-6.1", "6.1.5-1", "arm64", &[File::new("a", b"x")]);
        let mut seen = Vec::new();
        let _ = walk(&mut bytes.as_slice(), &mut Budget::of(1), &mut |item| {
            seen.push(match item {
                Item::Package(package) => format!("{} {} {}", package.name, package.version, package.arch),
                Item::File { path, .. } => path.to_owned(),
            });
            Flow::Continue(())
        })
        .expect("sound");
        assert_eq!(seen, ["linux-image-6.1 6.1.5-1 arm64", "a"]);
    }

    #[test]
    fn another_ar_archive_is_no_package() {
        let bytes = [ar::MAGIC, &testing::ar_member("lib.o/", b"xx")].concat();
        let error = walk(&mut bytes.as_slice(), &mut Budget::of(1), &mut |_| Flow::Continue(()));
        assert!(error.expect_err("no package").to_string().contains("no Debian package"));
    }
}
