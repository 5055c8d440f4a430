//! XML text, laid out as `createrepo_c` does.

/// Text between tags.
pub(crate) fn text(raw: &str) -> String {
    escape(raw, false)
}

/// Text between double quotes.
pub(crate) fn attribute(raw: &str) -> String {
    escape(raw, true)
}

fn escape(raw: &str, quoted: bool) -> String {
    let mut clean = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '"' if quoted => clean.push_str("&quot;"),
            '\n' if quoted => clean.push_str("&#10;"),
            '\t' if quoted => clean.push_str("&#9;"),
            '\r' => clean.push_str("&#13;"),
            '\n' | '\t' => clean.push(c),
            // XML 1.0, 2.2: these may not occur, not even escaped.
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            _ => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_text_or_an_attribute() {
        assert_eq!(text("a<b>&\"\r\n\x1b\0"), "a&lt;b&gt;&amp;\"&#13;\n");
        assert_eq!(attribute("\"<\n\t>"), "&quot;&lt;&#10;&#9;&gt;");
    }
}
