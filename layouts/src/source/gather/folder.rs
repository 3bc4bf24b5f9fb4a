//! Folders: the files in them, without following links.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::archive::MAX_ENTRIES;
use super::super::error::{Problem, SourceError};

/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 32;

/// Where the files of kernels are in a root file system.
const KERNEL_FOLDERS: [&str; 4] = ["boot", "lib/modules", "usr/lib/modules", "usr/lib/debug"];
/// What says which distribution it is.
const OS_RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// Whether a folder is a root file system.
pub(super) fn is_root(folder: &Path) -> bool {
    // Debug symbols alone do not make one.
    KERNEL_FOLDERS.iter().take(3).any(|inner| is_real(folder, inner))
}

/// Whether there is a folder or file of this path, without a link on the way, which might lead out.
fn is_real(root: &Path, inner: &str) -> bool {
    let mut path = root.to_owned();
    inner.split('/').all(|part| {
        path.push(part);
        fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.file_type().is_symlink())
    })
}

/// The files of a root file system that may be of a kernel, relative to it, in order.
pub(super) fn root_files(root: &Path, problems: &mut Vec<SourceError>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for inner in KERNEL_FOLDERS.iter().filter(|inner| is_real(root, inner)) {
        files.extend(below(&root.join(inner), problems).into_iter().map(|file| Path::new(inner).join(file)));
    }
    files.extend(OS_RELEASE.iter().filter(|inner| is_real(root, inner)).map(PathBuf::from));
    files
}

/// All plain files below a folder, relative to it, in order. What cannot be read is a problem.
pub(super) fn below(folder: &Path, problems: &mut Vec<SourceError>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![(PathBuf::new(), 0)];
    let mut left = MAX_ENTRIES;
    while let Some((inner, depth)) = open.pop() {
        let here = folder.join(&inner);
        let mut unreadable = |error| {
            problems.push(SourceError::new(&here.display().to_string(), Problem::Unreadable { error }))
        };
        let entries = match fs::read_dir(&here) {
            Ok(entries) => entries,
            Err(error) => {
                unreadable(error);
                continue;
            }
        };
        for entry in entries {
            let told = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?)));
            let (name, kind) = match told {
                Ok(told) => told,
                Err(error) => {
                    unreadable(error);
                    continue;
                }
            };
            let Some(less) = left.checked_sub(1) else {
                problems.push(SourceError::new(
                    &folder.display().to_string(),
                    Problem::TooManyEntries { limit: MAX_ENTRIES },
                ));
                files.sort();
                return files;
            };
            left = less;
            let path = inner.join(name);
            if kind.is_file() {
                files.push(path);
            } else if kind.is_dir() && depth < MAX_DEPTH {
                open.push((path, depth + 1));
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("real/deep")).expect("made");
        fs::write(root.join("real/deep/b"), b"x").expect("written");
        fs::write(root.join("a"), b"x").expect("written");
        std::os::unix::fs::symlink("/", root.join("out")).expect("linked");
        std::os::unix::fs::symlink("../a", root.join("real/link")).expect("linked");
        let mut problems = Vec::new();
        assert_eq!(below(root, &mut problems), [Path::new("a"), Path::new("real/deep/b")]);
        assert!(problems.is_empty());
        assert!(!is_root(root));
        std::os::unix::fs::symlink("real", root.join("lib")).expect("linked");
        fs::create_dir(root.join("real/modules")).expect("made");
        assert!(!is_root(root), "a link is not followed");
        fs::create_dir_all(root.join("usr/lib/modules")).expect("made");
        assert!(is_root(root));
        below(&root.join("missing"), &mut problems);
        assert_eq!(problems.len(), 1);
    }
}
