//! Summary and description: a project's own words, made fit for a package.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::{
    metadata::CoreMetadata,
    text::{OneLine, Paragraph},
};

/// A description ends with the paragraph that reaches this many characters.
const ENOUGH: usize = 600;

/// The project's summary, or a sentence of ours where it has none.
pub fn summary(metadata: &CoreMetadata) -> OneLine {
    let summary = OneLine::new(metadata.summary.as_deref().unwrap_or_default());
    if summary.is_empty() {
        OneLine::new(&format!("Python project {}", metadata.raw_name))
    } else {
        summary
    }
}

/// The first prose of the project's description: neither headings, badges, tables nor code; the
/// summary where there is none.
pub fn description(metadata: &CoreMetadata) -> Paragraph {
    let raw = metadata.description.as_deref().unwrap_or_default();
    let kind = metadata.description_content_type.as_deref().unwrap_or_default();
    let paragraphs =
        if kind.starts_with("text/markdown") { markdown(raw) } else { structured_text(raw) };
    let mut chosen = Vec::new();
    let mut length = 0;
    for paragraph in paragraphs {
        let paragraph = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if !is_prose(&paragraph) {
            continue;
        }
        length += paragraph.len();
        chosen.push(paragraph);
        if length >= ENOUGH {
            break;
        }
    }
    let summary = summary(metadata);
    let summary = summary.as_str().trim_end_matches('.');
    let repeats = |paragraph: &String| paragraph.trim_end_matches('.') == summary;
    if chosen.len() > 1 && repeats(&chosen[0]) {
        chosen.remove(0);
    }
    // A description that only repeats the summary says nothing, and lintian calls it an error.
    if chosen.iter().all(repeats) {
        chosen = vec![format!("{} is a Python project: {summary}.", metadata.raw_name)];
    }
    Paragraph::new(&chosen.join("\n\n"))
}

/// The authors as far as the metadata name them, else the maintainers, else a placeholder.
pub fn authors(metadata: &CoreMetadata) -> OneLine {
    let fields = [
        &metadata.author,
        &metadata.author_email,
        &metadata.maintainer,
        &metadata.maintainer_email,
    ];
    let named = fields.into_iter().flatten().map(|field| OneLine::new(field));
    named
        .into_iter()
        .find(|line| !line.is_empty())
        .unwrap_or_else(|| OneLine::new(&format!("the authors of {}", metadata.raw_name)))
}

/// The project's address on the web, without credentials; only `http` and `https`.
pub fn homepage(metadata: &CoreMetadata) -> Option<String> {
    const LABELS: [&str; 5] = ["homepage", "home", "source", "repository", "documentation"];
    let labelled = LABELS.iter().flat_map(|label| {
        metadata.project_urls.iter().filter(|(name, _)| name.eq_ignore_ascii_case(label))
    });
    metadata
        .home_page
        .iter()
        .chain(labelled.map(|(_, address)| address))
        .chain(metadata.project_urls.iter().map(|(_, address)| address))
        .find_map(|address| web_address(address))
}

fn web_address(address: &str) -> Option<String> {
    let mut url = url::Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return None;
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url.to_string())
}

/// Whether a paragraph says something: a few words, beginning with a letter.
fn is_prose(paragraph: &str) -> bool {
    paragraph.split(' ').count() >= 5
        && paragraph.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '"')
}

fn markdown(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current: Option<String> = None;
    // Images stand for badges and screenshots: their alternative text is no prose.
    let mut images = 0;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Paragraph) => current = Some(String::new()),
            Event::End(TagEnd::Paragraph) => paragraphs.extend(current.take()),
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images -= 1,
            Event::Text(part) | Event::Code(part) if images == 0 => {
                if let Some(paragraph) = &mut current {
                    paragraph.push_str(&part);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(paragraph) = &mut current {
                    paragraph.push(' ');
                }
            }
            _ => {}
        }
    }
    paragraphs
}

/// reStructuredText and plain text: blocks between empty lines that are neither indented,
/// directives nor titles.
fn structured_text(text: &str) -> Vec<String> {
    let normalised = text.replace("\r\n", "\n");
    normalised
        .split("\n\n")
        .map(|block| block.trim_matches('\n'))
        .filter(|block| {
            !block.starts_with([' ', '\t', '.', '|', '-', '*', '+', '=', '#', '<', '>'])
        })
        .filter(|block| !block.lines().any(is_underline))
        .map(plain_roles)
        .collect()
}

/// Whether a line underlines a title.
fn is_underline(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3 && line.chars().all(|c| "=-~^\"'`#*+.:_".contains(c))
}

/// Interpreted text without its marks: ``` :class:`X` ``` and ``` `text <address>`_ ```.
fn plain_roles(block: &str) -> String {
    let mut plain = String::with_capacity(block.len());
    let mut parts = block.split('`');
    if let Some(first) = parts.next() {
        plain.push_str(strip_role(first));
    }
    for part in parts {
        let part = part.strip_prefix("__").or_else(|| part.strip_prefix('_')).unwrap_or(part);
        let part = match part.split_once(" <") {
            Some((text, address)) if address.ends_with('>') => text,
            _ => part,
        };
        plain.push_str(strip_role(part));
    }
    plain.trim_end_matches(':').replace("**", "")
}

/// The text before a role's name, such as `:class:`.
fn strip_role(text: &str) -> &str {
    let Some(start) = text.strip_suffix(':').and_then(|rest| rest.rfind(':')) else { return text };
    let is_role =
        text[start + 1..text.len() - 1].chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    if is_role && text.len() - start > 2 { &text[..start] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_gives_prose_only() {
        let text = "# Title\n\n[![badge](x)](y)\n\nA [small](z) library that does `things` well.\n\n```\ncode here now and then\n```\n";
        assert_eq!(
            markdown(text).into_iter().filter(|p| is_prose(p)).collect::<Vec<_>>(),
            ["A small library that does things well."]
        );
    }

    #[test]
    fn structured_text_gives_prose_only() {
        let text = "Title\n=====\n\n.. image:: x\n\nUse `the docs <http://x>`_ and :class:`Thing` for ``it`` please.\n";
        assert_eq!(structured_text(text), ["Use the docs and Thing for it please.\n".trim_end()]);
    }
}
