//! A page that people look at: one file with everything in it, which asks no network for anything.
//!
//! What foreign objects and kernels say comes in as data, and the page's script shows it as text alone. The policy in the page's head
//! allows this script and this style by their hashes and nothing else, so that even a mistake would not let a name do anything.

mod data;
mod escape;
mod hash;
mod head;
mod layouts;
mod pack;

use std::io::{self, Write};

pub(super) use escape::text as escape_text;
pub use head::sentence;
pub use layouts::{Layouts, View};

use super::life::{self, Picture};
use crate::report::Report;

/// The style: the page's own, and that of the pictures.
const STYLE: &str =
    concat!(include_str!("style.css"), include_str!("panel.css"), include_str!("../life/life.css"));

/// The script: one file for each part of the page, in one scope.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("dom.js"),
    include_str!("state.js"),
    include_str!("words.js"),
    include_str!("rows.js"),
    include_str!("matrix.js"),
    include_str!("keys.js"),
    include_str!("layouts.js"),
    include_str!("panel.js"),
    include_str!("sections.js"),
    include_str!("disagreements.js"),
    include_str!("fleet.js"),
    include_str!("start.js"),
    "})();\n"
);

/// A type's life as the page shows it.
#[derive(Debug, Clone)]
pub struct TypeLife {
    /// The type: `struct vfio_group`.
    pub name: String,
    /// Its picture; `None` where there is nothing to draw.
    pub picture: Option<Picture>,
    /// What is to be said beside it: why there is none, or what it leaves out.
    pub note: String,
}

/// What a page shows beside the report.
#[derive(Debug, Default)]
pub struct Beside {
    /// Pictures of the types that the objects access.
    pub lives: Vec<TypeLife>,
    /// What was compiled for and what was found, for the cells.
    pub layouts: Layouts,
}

/// Writes the page with pictures of the types that the objects access alone.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(report: &Report, lives: &[TypeLife], out: &mut dyn Write) -> io::Result<()> {
    render_with(report, &Beside { lives: lives.to_vec(), ..Beside::default() }, out)
}

/// Writes the page.
///
/// # Errors
/// When `out` cannot be written.
pub fn render_with(report: &Report, beside: &Beside, out: &mut dyn Write) -> io::Result<()> {
    let lives = &beside.lives;
    let headline = escape::text(&sentence(report));
    let data = escape::json(&data::document(report, &beside.layouts))?;
    let style = hash::source(STYLE);
    let script = hash::source(SCRIPT);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style}; script-src {script}; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"corecheck {version}\">\n\
         <title>{headline}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header id=\"head\">\n<p class=\"mark\">corecheck</p>\n<h1>{headline}</h1>\n</header>\n\
         <noscript><p class=\"note\">The matrix, the filters and the findings need JavaScript; the pictures below do not.</p></noscript>\n\
         <main id=\"main\"></main>\n",
        version = escape::text(report.tool.version),
    )?;
    write_lives(lives, out)?;
    write!(
        out,
        "<footer id=\"foot\"></footer>\n<script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

fn write_lives(lives: &[TypeLife], out: &mut dyn Write) -> io::Result<()> {
    if lives.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"lives\" aria-labelledby=\"lives-title\">\n<h2 id=\"lives-title\">The structs' lives</h2>"
    )?;
    for (number, life) in lives.iter().enumerate() {
        let open = if number == 0 && life.picture.is_some() { " open" } else { "" };
        let name = escape::text(&life.name);
        writeln!(out, "<details{open}>\n<summary><code>{name}</code></summary>")?;
        if !life.note.is_empty() {
            writeln!(out, "<p class=\"note\">{}</p>", escape::text(&life.note))?;
        }
        if let Some(picture) = &life.picture {
            writeln!(
                out,
                "<div class=\"life-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Life of {name}\">"
            )?;
            life::svg::inline(picture, out)?;
            writeln!(out, "</div>")?;
        }
        writeln!(out, "</details>")?;
    }
    writeln!(out, "</section>")
}
