//! The bytes of one file in an archive, and its path.

use std::io::{self, Read};

use super::{Flow, Item, Visit};

/// Fills `buffer`. At the very end of the input: how many bytes there were.
pub(super) fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads past `count` bytes, which must be there.
pub(super) fn skip(input: &mut dyn Read, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut input.take(count), &mut io::sink())?;
    if skipped == count {
        Ok(())
    } else {
        Err(io::Error::other(format!("it ends {} bytes too early", count.saturating_sub(skipped))))
    }
}

/// A file's content, as the visitor reads it. What goes wrong is kept for the walk, which ends with it.
struct Content<'i> {
    inner: io::Take<&'i mut dyn Read>,
    error: Option<io::Error>,
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.error.is_some() {
            return Err(io::Error::other("the archive is damaged before"));
        }
        let wanted = !buffer.is_empty() && self.inner.limit() > 0;
        match self.inner.read(buffer) {
            Ok(0) if wanted => {
                let early = format!("it ends {} bytes too early", self.inner.limit());
                self.error = Some(io::Error::other(early.clone()));
                Err(io::Error::other(early))
            }
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                let told = io::Error::other(error.to_string());
                self.error = Some(error);
                Err(told)
            }
            other => other,
        }
    }
}

/// Shows a file of `size` bytes, then reads past what the visitor left of it.
pub(super) fn show(input: &mut dyn Read, path: &str, size: u64, visit: &mut Visit<'_>) -> io::Result<Flow> {
    let mut content = Content { inner: input.take(size), error: None };
    let flow = match plain_path(path) {
        Some(path) => visit(Item::File { path: &path, size, content: &mut content }),
        None => Flow::Continue(()),
    };
    if let Some(error) = content.error {
        return Err(error);
    }
    if flow.is_continue() {
        let left = content.inner.limit();
        skip(&mut content.inner, left)?;
    }
    Ok(flow)
}

/// A path without `/`, `./` at its start; None if it leads out, or nowhere.
pub(super) fn plain_path(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let inside = !parts.is_empty() && !parts.contains(&"..") && !path.contains('\0');
    inside.then(|| parts.join("/"))
}
