//! A kernel's files on disk: a root file system, and the running kernel.

use std::fs;
use std::path::Path;

use super::super::found::Compression;
use super::super::{MAX_FILE_BYTES, open, payload, read_file};
use super::assemble::Assembly;
use super::module::Kept;
use super::options::{OnProgress, Progress};
use super::place::{self, Role};
use super::{MAX_TEXT_BYTES, facts, folder, kconfig};
use crate::source::SourceError;

impl Assembly {
    /// The files of a root file system.
    pub(super) fn folder(&mut self, root: &Path, progress: &mut OnProgress<'_>) {
        let files = folder::root_files(root, &mut self.problems);
        // What comes without a debugger's ballast goes first.
        let (debug, plain): (Vec<_>, Vec<_>) = files
            .iter()
            .filter_map(|file| file.to_str())
            .filter_map(|file| Some((file, place::of(file)?)))
            .partition(|(_, place)| place.debug);
        let total = (plain.len() + debug.len()) as u64;
        for (done, (file, _)) in plain.into_iter().chain(debug).enumerate() {
            progress(Progress { file: root, done: done as u64, total });
            let Some(place) = self.place(file) else { continue };
            let path = root.join(file);
            let name = path.display().to_string();
            let limit = match place.role {
                Role::Module => {
                    self.list(file, &name, Kept::File(path), place.debug);
                    continue;
                }
                Role::Kernel => MAX_FILE_BYTES,
                Role::Config | Role::Builtin | Role::OsRelease => MAX_TEXT_BYTES,
            };
            match read_file(&path, limit) {
                Ok(bytes) => self.file(place.role, &name, bytes, place.release.is_some()),
                Err(problem) => self.problems.push(SourceError::new(&name, problem)),
            }
        }
    }

    /// The running kernel: what it shows of itself, and then what its root file system has of the same release.
    pub(super) fn live(&mut self, root: &Path, progress: &mut OnProgress<'_>) {
        let text = |inner: &str| fs::read_to_string(root.join(inner)).ok().map(|text| text.trim().to_owned());
        self.banner = text("proc/version");
        self.arch = text("proc/sys/kernel/arch")
            .or_else(|| Some(std::env::consts::ARCH.to_owned()))
            .map(|arch| facts::debian_arch(&arch));
        let packed = read_file(&root.join("proc/config.gz"), MAX_TEXT_BYTES).ok();
        let limit = usize::try_from(MAX_TEXT_BYTES).unwrap_or(usize::MAX);
        let config = packed.and_then(|packed| {
            payload::decompress(Compression::Gzip, &packed, limit).ok().map(|plain| plain.bytes)
        });
        self.config = config.map(|config| kconfig::parse(&String::from_utf8_lossy(&config)));
        let shown = root.join("sys/kernel/btf");
        for file in folder::below(&shown, &mut self.problems) {
            let path = shown.join(&file);
            let name = path.display().to_string();
            if file.as_os_str() == "vmlinux" {
                match open(&path) {
                    Ok(found) => self.take_kernel(found),
                    Err(error) => self.failed.push(error),
                }
            } else {
                self.list(&name, &name, Kept::File(path), false);
            }
        }
        self.folder(root, progress);
    }
}
