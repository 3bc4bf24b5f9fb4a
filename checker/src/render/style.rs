//! Colours. They mark verdicts and levels, always on the word itself, so nothing is said by colour alone.

use anstyle::{AnsiColor, Style};

/// The style of a verdict, by its word.
pub(super) fn verdict(word: &str) -> Style {
    match word {
        "ok" => AnsiColor::Green.on_default(),
        "degraded" | "risky" => AnsiColor::Yellow.on_default(),
        "unknown" => AnsiColor::Magenta.on_default(),
        "fails" => AnsiColor::Red.on_default().bold(),
        _ => Style::new(),
    }
}

/// The style of a finding's level, by its word.
pub(super) fn level(word: &str) -> Style {
    match word {
        "error" => AnsiColor::Red.on_default().bold(),
        "warning" => AnsiColor::Yellow.on_default().bold(),
        "note" => AnsiColor::Cyan.on_default().bold(),
        _ => Style::new(),
    }
}

/// A text in a style, with the escape codes around it; a caller that writes to something else than a terminal
/// strips them.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
