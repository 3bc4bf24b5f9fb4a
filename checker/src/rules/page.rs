//! The page of a rule: what a finding means, why it happens, an example, what to do.

/// A rule's page in its four parts. A paragraph is a line; paragraphs are parted by empty lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it means for the program.
    pub meaning: String,
    /// Why it happens: what the loader does, and in which function of libbpf.
    pub cause: String,
    /// An example, line by line: C, commands, or a policy.
    pub example: String,
    /// What to do.
    pub remedy: String,
}

/// The headings of a page, in their order.
const HEADINGS: [&str; 4] = ["## What it means", "## Why it happens", "## Example", "## What to do"];

impl Page {
    /// Reads a page: Markdown with the rule's id as its title and the four headings; the example stands between fences.
    /// `None` when it is not so.
    pub fn parse(id: &str, text: &str) -> Option<Self> {
        let rest = text.strip_prefix("# ")?.strip_prefix(id)?.strip_prefix("\n\n")?;
        let mut parts: [Vec<&str>; 4] = Default::default();
        let mut next = 0;
        for line in rest.lines() {
            if HEADINGS.get(next) == Some(&line) {
                next += 1;
            } else {
                parts.get_mut(next.checked_sub(1)?)?.push(line);
            }
        }
        let [meaning, cause, example, remedy] = parts;
        let fenced = trimmed(&example);
        let [first, example @ .., "```"] = fenced else { return None };
        matches!(*first, "```c" | "```sh" | "```toml").then_some(())?;
        let page = Self {
            meaning: paragraphs(&meaning),
            cause: paragraphs(&cause),
            example: example.join("\n"),
            remedy: paragraphs(&remedy),
        };
        let parts = [&page.meaning, &page.cause, &page.example, &page.remedy];
        parts.iter().all(|part| !part.is_empty()).then_some(page)
    }
}

/// The lines without empty ones at both ends.
fn trimmed<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(start, |last| last + 1);
    &lines[start..end]
}

/// Each paragraph as one line.
fn paragraphs(lines: &[&str]) -> String {
    let of = trimmed(lines).split(|line| line.is_empty());
    of.filter(|lines| !lines.is_empty()).map(|lines| lines.join(" ")).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_has_four_parts() {
        let text = "# a-rule\n\n## What it means\n\nOne\nline.\n\nAnother.\n\n## Why it happens\n\nSo.\n\n\
                    ## Example\n\n```c\nif (x)\n\n\ty();\n```\n\n## What to do\n\nThis.\n";
        let page = Page::parse("a-rule", text).expect("it is one");
        assert_eq!(page.meaning, "One line.\n\nAnother.");
        assert_eq!((page.cause.as_str(), page.remedy.as_str()), ("So.", "This."));
        assert_eq!(page.example, "if (x)\n\n\ty();");
        assert_eq!(Page::parse("rule", text), None, "another title");
        for wrong in ["## Why it happens\n", "```c\n", "\n```", "This.", "One\nline.\n\nAnother."] {
            assert_eq!(Page::parse("a-rule", &text.replacen(wrong, "", 1)), None, "without {wrong}");
        }
    }
}
