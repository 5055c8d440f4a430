//! Summary and description: a project's own words, made fit for a package.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::ProjectOrigin;
use crate::{
    base::text::{OneLine, Paragraph, has_words},
    python::metadata::CoreMetadata,
};

/// A description ends with the paragraph that reaches this many characters.
const ENOUGH: usize = 600;

/// The project's summary, or a sentence of ours where it has none, or one without a letter.
pub(super) fn summary(metadata: &CoreMetadata) -> OneLine {
    let summary = OneLine::new(metadata.summary.as_deref().unwrap_or_default());
    if has_words(summary.as_str()) {
        summary
    } else {
        OneLine::new(&format!("Python project {}", metadata.raw_name))
    }
}

/// The first prose of the project's description: neither headings, badges, tables nor code; the
/// summary where there is none. Behind it stands where the project was taken from, where that is no
/// index.
pub(super) fn description(metadata: &CoreMetadata, origin: Option<&ProjectOrigin>) -> Paragraph {
    let raw = metadata.description.as_deref().unwrap_or_default();
    let kind = metadata.description_content_type.as_deref().unwrap_or_default();
    let paragraphs = match kind.split(';').next().unwrap_or_default().trim() {
        "text/markdown" => markdown(raw),
        "text/plain" => plain_text(raw),
        _ => structured_text(raw),
    };
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
    chosen.extend(origin.map(|origin| format!("This package is made from {}.", origin.text)));
    Paragraph::new(&chosen.join("\n\n"))
}

/// The authors as far as the metadata name them, else the maintainers, else a placeholder.
pub(super) fn authors(metadata: &CoreMetadata) -> OneLine {
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
pub(super) fn homepage(metadata: &CoreMetadata) -> Option<String> {
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

/// Whether a paragraph says something: a sentence, or a few words, beginning with a letter.
fn is_prose(paragraph: &str) -> bool {
    let words = paragraph.split(' ').count();
    let is_sentence = words >= 2 && paragraph.ends_with(['.', '!', '?']);
    // Some scripts have no blanks between words.
    let is_unspaced =
        || paragraph.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count() >= 10;
    let is_mark = |c: char| "\"'“”‘’«»„(¿¡.…".contains(c);
    let mut letters = paragraph.trim_start_matches(is_mark).chars();
    (words >= 5 || is_sentence || is_unspaced())
        && letters.next().is_some_and(char::is_alphanumeric)
}

fn markdown(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current: Option<String> = None;
    // Images stand for badges and screenshots: their alternative text is not prose.
    let mut images = 0;
    // Paragraphs in HTML, which centre logos and the first sentence.
    let mut html = String::new();
    for event in Parser::new_ext(text, Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::HtmlBlock) => html.clear(),
            Event::Html(part) => html.push_str(&part),
            Event::End(TagEnd::HtmlBlock) => paragraphs.extend(html_paragraphs(&html)),
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

/// The paragraphs of HTML without its tags.
fn html_paragraphs(html: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut rest = html;
    while let Some((text, tag_and_rest)) = rest.split_once('<') {
        let (tag, after) = tag_and_rest.split_once('>').unwrap_or((tag_and_rest, ""));
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if let Some(paragraph) = paragraphs.last_mut() {
            paragraph.push_str(text);
        }
        if !INLINE.contains(&name.to_ascii_lowercase().as_str()) {
            paragraphs.push(String::new());
        }
        rest = after;
    }
    if let Some(paragraph) = paragraphs.last_mut() {
        paragraph.push_str(rest);
    }
    let entities =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    let plain =
        |text: String| entities.iter().fold(text, |text, (from, to)| text.replace(from, to));
    paragraphs.into_iter().map(plain).collect()
}

/// HTML's elements that are part of a paragraph.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "br", "code", "em", "i", "kbd", "small", "span", "strong", "sub", "sup", "u",
];

/// Directives whose body is prose. Source: docutils, "reStructuredText Directives", Admonitions.
const ADMONITIONS: [&str; 11] = [
    "admonition",
    "attention",
    "caution",
    "danger",
    "error",
    "hint",
    "important",
    "note",
    "seealso",
    "tip",
    "warning",
];

/// Plain text: blocks between empty lines, also indented ones, that are no titles or tables.
fn plain_text(text: &str) -> Vec<String> {
    let blocks = blocks(text).into_iter().map(dedented);
    blocks.filter_map(|block| paragraph(&block)).collect()
}

/// reStructuredText: blocks between empty lines that are neither indented, directives nor titles, and
/// the bodies of admonitions.
fn structured_text(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut is_admonition = false;
    for block in blocks(text) {
        if let Some(body) = admonition(&block) {
            is_admonition = true;
            paragraphs.extend(paragraph(&body));
        } else if is_admonition && block[0].starts_with([' ', '\t']) {
            paragraphs.extend(paragraph(&dedented(block)));
        } else {
            is_admonition = false;
            paragraphs.extend(paragraph(&block));
        }
    }
    paragraphs
}

/// The lines between empty ones; no block is empty.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().collect();
    let blocks = lines.split(|line| line.trim().is_empty());
    blocks.filter(|block| !block.is_empty()).map(<[&str]>::to_vec).collect()
}

fn dedented(block: Vec<&str>) -> Vec<&str> {
    block.into_iter().map(str::trim_start).collect()
}

/// The first paragraph of an admonition's body; empty if it is in the next block.
fn admonition<'t>(block: &[&'t str]) -> Option<Vec<&'t str>> {
    let (name, rest) = block.first()?.strip_prefix(".. ")?.split_once("::")?;
    if !ADMONITIONS.contains(&name) {
        return None;
    }
    // The argument of `admonition` is a title.
    let first = Some(rest.trim()).filter(|rest| name != "admonition" && !rest.is_empty());
    let others = block[1..].iter().map(|line| line.trim_start());
    Some(first.into_iter().chain(others.filter(|line| !line.starts_with(':'))).collect())
}

/// The text of a block of prose.
fn paragraph(block: &[&str]) -> Option<String> {
    let block = without_title(block);
    let first = block.first()?;
    let is_item = |mark: &&str| {
        first.strip_prefix(*mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let is_marked = first.starts_with([' ', '\t', '|', '=', '#', '<', '>'])
        || first.starts_with(".. ")
        || *first == ".."
        || first.starts_with("+-")
        || ["-", "*", "+"].iter().any(is_item);
    (!is_marked).then(|| plain_roles(&block.join("\n")))
}

/// A block's lines behind its title, which stands above a line or between two.
fn without_title<'b, 't>(block: &'b [&'t str]) -> &'b [&'t str] {
    match block {
        [over, _, under, rest @ ..] if is_underline(over) && is_underline(under) => rest,
        [_, under, rest @ ..] if is_underline(under) => rest,
        [only, rest @ ..] if is_underline(only) => rest,
        _ => block,
    }
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
    let plain = plain.trim_end_matches(':').replace("**", "");
    // Emphasis at the beginning, which a list would have a blank behind.
    match plain.strip_prefix('*') {
        Some(rest) => rest.replacen('*', "", 1),
        None => plain,
    }
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
    fn no_paragraph_of_prose_is_lost() {
        let text = "<p align=\"center\">\n  <a href=\"x\"><img src=\"y\"></a>\n</p>\n\n\
                    <p><em>A small <b>tool</b> for &lt;big&gt; jobs.</em></p>\n\n\
                    \"Quoted\" words begin this one here.\n\nIt just works.\n\n- a list\n";
        let found: Vec<_> = markdown(text)
            .into_iter()
            .map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|p| is_prose(p))
            .collect();
        let wanted = [
            "A small tool for <big> jobs.",
            "\"Quoted\" words begin this one here.",
            "It just works.",
        ];
        assert_eq!(found, wanted);

        let text = "=====\nTitle\n=====\n\n**one** is a small library for things.\n \t\n\
                    Features\n--------\nThis follows its title without a gap.\n\n\
                    *Emphasis* begins a paragraph of its own.\n\n* an item of a list here\n\n\
                    这是一个用于测试的小型工具库\n\n.. note:: a directive with words here\n\n\
                    ...and a paragraph that goes on with dots\r\n\r\n\
                    +---+---+\n| a | b |\n\n====  ====\na b c d e f\n";
        let found: Vec<_> = structured_text(text).into_iter().filter(|p| is_prose(p)).collect();
        let wanted = [
            "one is a small library for things.",
            "This follows its title without a gap.",
            "Emphasis begins a paragraph of its own.",
            "这是一个用于测试的小型工具库",
            "a directive with words here",
            "...and a paragraph that goes on with dots",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn bodies_of_admonitions_and_indented_text_are_prose() {
        let prose = |paragraphs: Vec<String>| -> Vec<String> {
            let lines = paragraphs.into_iter().map(|text| text.replace('\n', " "));
            lines.filter(|text| is_prose(text)).collect()
        };
        let text = ".. note::\n\n   Needs a server of its own.\n\n   And a second paragraph.\n\n\
                    .. warning:: Not for production\n   use at all.\n\n\
                    .. admonition:: A title of some words here\n   :class: x\n\n   Its body.\n\n\
                    After it.\n\n    x = code(that, is, not, prose)\n\n.. code:: python\n\n    do_it(now).\n";
        let expected = [
            "Needs a server of its own.",
            "And a second paragraph.",
            "Not for production use at all.",
            "Its body.",
            "After it.",
        ];
        assert_eq!(prose(structured_text(text)), expected);
        let text =
            "  A tool for tests\n  of all kinds.\n\n\tSmall tool.\n\nTitle\n-----\nIt works.\n";
        assert_eq!(
            prose(plain_text(text)),
            ["A tool for tests of all kinds.", "Small tool.", "It works."]
        );
        assert_eq!(prose(markdown("> [!NOTE]\n> Needs a server.\n")), ["Needs a server."]);
    }

    #[test]
    fn a_summary_without_a_letter_is_replaced() {
        for raw in ["", "-", "...", " . ", "\u{3164}\u{2800}", "🚀", "%%", "\u{200b}"] {
            let text = format!("Metadata-Version: 2.1\nName: One\nVersion: 1\nSummary: {raw}\n");
            let metadata = CoreMetadata::parse(text.as_bytes()).unwrap();
            assert_eq!(summary(&metadata).as_str(), "Python project One", "{raw:?}");
        }
    }

    #[test]
    fn structured_text_gives_prose_only() {
        let text = "Title\n=====\n\n.. image:: x\n\nUse `the docs <http://x>`_ and :class:`Thing` for ``it`` please.\n";
        assert_eq!(structured_text(text), ["Use the docs and Thing for it please.\n".trim_end()]);
    }
}
