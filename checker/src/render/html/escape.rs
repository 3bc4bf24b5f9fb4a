//! Foreign text in HTML.

use std::io;

use serde_json::Value;

use crate::render::text::clean_char;

/// Text for an element or a quoted attribute, of HTML or SVG.
pub(in crate::render) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match clean_char(c) {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Data for a script element: JSON in which nothing can end the element or begin a comment, and of whose texts none can turn the
/// direction of writing.
///
/// # Errors
/// None that memory does not give.
pub(super) fn json(value: &Value) -> io::Result<String> {
    let mut value = value.clone();
    clean(&mut value);
    let text = serde_json::to_string(&value)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Makes every text harmless. Lines and tabs stay: code that is proposed has some.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            let cleaned = text.chars().map(|c| if matches!(c, '\n' | '\t') { c } else { clean_char(c) });
            *text = cleaned.collect();
        }
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element() {
        let nasty = "</script><!--<img src=x onerror=alert(1)>&\"'\u{202e}\u{2028}\u{1b}\n";
        let written = json(&serde_json::json!({ "name": [nasty] })).expect("memory takes it");
        assert!(!written.contains(['<', '>', '&', '\u{202e}', '\u{2028}', '\u{1b}']), "{written}");
        let read: Value = serde_json::from_str(&written).expect("JSON");
        let expected = "</script><!--<img src=x onerror=alert(1)>&\"'\u{fffd}\u{fffd}\u{fffd}\n";
        assert_eq!(read["name"][0], expected);
        let attribute = text(nasty);
        assert!(!attribute.contains(['<', '>', '"', '\'', '\n', '\u{202e}']), "{attribute}");
    }
}
