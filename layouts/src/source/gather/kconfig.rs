//! A kernel's configuration: lines of `CONFIG_X=value`, and of `# CONFIG_X is not set`.

use std::collections::BTreeMap;

/// The most options that are kept. A kernel has some 20 000.
const MAX_OPTIONS: usize = 1 << 17;

/// The options of a configuration file: `y`, `m`, `n`, or the value without its quotes.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let options = text.lines().filter_map(|line| {
        let (name, value) = match line.strip_prefix("# ") {
            Some(unset) => (unset.strip_suffix(" is not set")?, "n"),
            None => line.split_once('=')?,
        };
        let good = name
            .strip_prefix("CONFIG_")
            .is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace));
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        good.then(|| (name.to_owned(), value.to_owned()))
    });
    options.take(MAX_OPTIONS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_line() {
        let text = "#\n# Linux/x86 6.1\n# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=\"a=b\"\nCONFIG_D=0x10\nother=1\nCONFIG_=y\n";
        let expected = [("CONFIG_A", "n"), ("CONFIG_B", "y"), ("CONFIG_C", "a=b"), ("CONFIG_D", "0x10")];
        let parsed = parse(text);
        assert_eq!(parsed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>(), expected);
    }
}
