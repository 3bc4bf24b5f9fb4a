//! Which kernels a policy means, and what becomes of them.

use std::fmt;

use corecheck_layouts::kernel::Kernel;
use globset::{Glob, GlobBuilder, GlobMatcher};
use semver::{Version, VersionReq};

/// Whether a kernel decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It must be fine.
    Required,
    /// It is checked and shown, but decides nothing.
    Wanted,
    /// It is not checked.
    Ignored,
}

impl Standing {
    /// The word of policies and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Wanted => "wanted",
            Self::Ignored => "ignored",
        }
    }
}

/// Some kernels: those of which all that is told holds.
#[derive(Debug, Clone)]
pub struct Selector {
    /// What becomes of them.
    pub standing: Standing,
    /// Their full name, or an alias exactly.
    pub(super) name: Option<Pattern>,
    /// Who built them.
    pub(super) distro: Option<Pattern>,
    /// Their architecture in Debian's words.
    pub(super) arch: Option<Pattern>,
    /// Their flavour.
    pub(super) flavour: Option<Pattern>,
    /// Their upstream version.
    pub(super) version: Option<Versions>,
}

/// What of a kernel decides whether a selector means it. What is not known is empty, and fits no pattern.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'k> {
    /// Its full name.
    pub name: &'k str,
    /// Its other names.
    pub aliases: &'k [String],
    /// Who built it.
    pub distro: &'k str,
    /// Its architecture in Debian's words.
    pub arch: &'k str,
    /// Its flavour.
    pub flavour: &'k str,
    /// Its upstream version.
    pub version: &'k str,
}

impl Selector {
    /// Whether it means this kernel.
    pub fn matches(&self, kernel: &Kernel) -> bool {
        self.fits(&Traits {
            name: &kernel.name.to_string(),
            aliases: &kernel.aliases,
            distro: &kernel.name.distro,
            arch: kernel.name.arch.as_str(),
            flavour: &kernel.facts.flavour,
            version: &kernel.facts.version,
        })
    }

    /// Whether it means a kernel of which this is known.
    pub fn fits(&self, of: &Traits<'_>) -> bool {
        let fits =
            |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.fits(text));
        let is_named = |pattern: &Pattern| pattern.fits(of.name) || of.aliases.contains(&pattern.text);
        self.name.as_ref().is_none_or(is_named)
            && fits(&self.distro, of.distro)
            && fits(&self.arch, of.arch)
            && fits(&self.flavour, of.flavour)
            && self.version.as_ref().is_none_or(|versions| versions.fits(of.version))
    }
}

/// As in the policy.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = [
            ("name", &self.name),
            ("distro", &self.distro),
            ("arch", &self.arch),
            ("flavour", &self.flavour),
        ];
        let told = told.into_iter().filter_map(|(key, pattern)| Some((key, pattern.as_ref()?.text.as_str())));
        let version = self.version.as_ref().map(|versions| ("version", versions.text.as_str()));
        let all: Vec<String> = told.chain(version).map(|(key, text)| format!("{key} = {text:?}")).collect();
        f.write_str(&all.join(", "))
    }
}

/// A glob over a whole text; `*` stands for any text, `/` included.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    matcher: GlobMatcher,
}

impl Pattern {
    /// Reads a glob.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let glob: Result<Glob, _> = GlobBuilder::new(text).literal_separator(false).build();
        let glob = glob.map_err(|error| format!("{text:?} is not a pattern: {}", error.kind()))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Whether the whole of a text fits.
    pub fn fits(&self, text: &str) -> bool {
        self.text == text || self.matcher.is_match(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A range of upstream versions: `>= 5.15, < 6.2`; `5.15` alone is all of 5.15.
#[derive(Debug, Clone)]
pub struct Versions {
    text: String,
    range: VersionReq,
}

impl Versions {
    /// Reads a range.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        // Alone it would mean "compatible with" to this library, which kernels' versions do not tell.
        let parts = text.split(',').map(str::trim);
        let exact = parts.map(|part| {
            if part.starts_with(|c: char| c.is_ascii_digit()) { format!("={part}") } else { part.to_owned() }
        });
        let range = exact.collect::<Vec<_>>().join(", ");
        let range = VersionReq::parse(&range).map_err(|error| {
            format!("{text:?} is no range of versions such as \">= 5.15, < 6.2\": {error}")
        })?;
        Ok(Self { text: text.to_owned(), range })
    }

    /// Whether an upstream version such as `6.1.192` or `6.12~rc1` is in it.
    fn fits(&self, version: &str) -> bool {
        let number = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut numbers =
            version.split(['.', '~', '-', '+']).map_while(|part| part.get(..number(part))?.parse().ok());
        let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return false };
        self.range.matches(&Version::new(major, minor, numbers.next().unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_versions() {
        let fits = |range: &str, version: &str| Versions::new(range).expect("a range").fits(version);
        for (range, version) in [
            (">= 5.15", "5.15.0"),
            (">= 5.15", "6.1.192"),
            (">=5.15, <6.2", "6.1"),
            ("5.15", "5.15.203"),
            ("< 6.12", "6.11.10"),
            (">= 6.12", "6.12~rc1"),
        ] {
            assert!(fits(range, version), "{range} {version}");
        }
        for (range, version) in [
            (">= 5.15", "5.14.21"),
            (">= 5.15", ""),
            ("5.15", "5.16.0"),
            ("< 6.2", "6.2.0"),
            ("5.15", "six"),
            (">= 5", "next"),
        ] {
            assert!(!fits(range, version), "{range} {version}");
        }
        assert!(Versions::new("new").is_err());
    }
}
