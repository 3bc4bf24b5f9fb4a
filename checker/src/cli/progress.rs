//! How far long work is, on a terminal only.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// One line on standard error that says how far things are. Where that is no terminal, nothing is shown.
pub(super) struct Progress {
    bar: ProgressBar,
    what: String,
}

impl Progress {
    pub(super) fn new() -> Self {
        // Not the library's own bar, which says nothing before anything is known.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(ProgressStyle::default_spinner());
        // A thread of its own, for nobody to see.
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, what: String::new() }
    }

    /// A file is being read: bytes done, of so many; 0 when that is not known.
    pub(super) fn reading(&mut self, file: &Path, done: u64, total: u64) {
        let name = file
            .file_name()
            .map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned());
        self.show(
            format!("reading {name}"),
            "{spinner} {wide_msg} {bytes}/{total_bytes} ({bytes_per_sec})",
            done,
            total,
        );
    }

    /// Modules of a kernel are being added.
    pub(super) fn modules(&mut self, kernel: &str, done: usize, total: usize) {
        self.show(
            format!("adding {kernel}"),
            "{spinner} {wide_msg} module {pos}/{len} ({per_sec})",
            done as u64,
            total as u64,
        );
    }

    /// One line, whatever the terminal's width: a long name is cut.
    fn show(&mut self, what: String, template: &str, done: u64, total: u64) {
        if self.what != what {
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.reset();
            self.bar.set_message(what.clone());
            self.what = what;
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
