//! Where output goes: the screen or files, with colour only where it is wanted.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context;

use super::format::{Form, Format};

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless the environment says otherwise (`NO_COLOR`, `CLICOLOR`)
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Columns where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 100;

/// Standard output.
#[derive(Debug)]
pub struct Screen {
    color: ColorChoice,
    /// Its width in columns.
    pub width: usize,
}

impl Screen {
    /// Asks the terminal, of standard error if need be; without one, `COLUMNS` or 100 columns.
    pub fn new(color: ColorWhen) -> Self {
        let from_environment = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        // A pager takes standard output; the terminal behind it is still there on standard error.
        let width = terminal_size::terminal_size_of(io::stdout())
            .or_else(|| terminal_size::terminal_size_of(io::stderr()))
            .map(|(width, _)| usize::from(width.0));
        Self {
            color: match color {
                ColorWhen::Auto => ColorChoice::Auto,
                ColorWhen::Always => ColorChoice::Always,
                ColorWhen::Never => ColorChoice::Never,
            },
            width: width.or_else(from_environment).unwrap_or(DEFAULT_WIDTH).max(20),
        }
    }

    /// Writes text for people to standard output.
    ///
    /// # Errors
    /// As [`Screen::write`].
    pub fn write_human(&self, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        self.write(&Format::<Form>::DEFAULT, render)
    }

    /// Writes bytes to standard output as they are.
    ///
    /// # Errors
    /// As [`Screen::write`].
    pub fn write_bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("cannot write to standard output"),
        }
    }

    /// Writes one form to where its format says.
    ///
    /// # Errors
    /// A file that cannot be written. A closed pipe is no error.
    pub fn write<F>(
        &self,
        format: &Format<F>,
        render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(file) = &format.file else {
            let stdout = AutoStream::new(io::stdout(), self.color).lock();
            let mut out = BufWriter::new(stdout);
            return match render(&mut out).and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                other => other.context("cannot write to standard output"),
            };
        };
        let place = || format!("cannot write {}", file.display());
        let stream = AutoStream::never(File::create(file).with_context(place)?);
        let mut out = BufWriter::new(stream);
        render(&mut out).and_then(|()| out.flush()).with_context(place)
    }
}
