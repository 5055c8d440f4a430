//! What descriptions say of licences.

use super::{name::only_mentioned, text::detect};
use crate::python::metadata::CoreMetadata;

/// Headings below which a description speaks of its licence, in lower case.
const HEADINGS: [&str; 8] = [
    "copyright and license",
    "copyright and licence",
    "copyright & license",
    "legal",
    "licence",
    "license",
    "licenses",
    "licensing",
];

/// The one licence that the description names, or quotes, below such a heading.
pub(super) fn licence(metadata: &CoreMetadata) -> Option<String> {
    let section = section(metadata.description.as_deref()?)?;
    let quoted = detect(&section).map(|(name, _)| name);
    if let Some(name) = quoted.filter(|name| !name.starts_with("LicenseRef-")) {
        return Some(name);
    }
    only_mentioned(&section).map(str::to_owned)
}

/// The lines below the first such heading, until the next one.
fn section(description: &str) -> Option<String> {
    let lines: Vec<&str> = description.lines().collect();
    let start = (0..lines.len()).find(|at| {
        let title = title(&lines, *at).map(|title| title.trim_end_matches(':').to_lowercase());
        title.is_some_and(|title| HEADINGS.contains(&title.as_str()))
    })?;
    let is_marked = lines[start].trim_start().starts_with('#');
    let body = start + if is_marked { 1 } else { 2 };
    let end = (body..lines.len()).find(|at| title(&lines, *at).is_some()).unwrap_or(lines.len());
    Some(lines.get(body..end)?.join("\n"))
}

/// The heading that a line is: `## License`, or one that the next line underlines.
fn title<'d>(lines: &[&'d str], at: usize) -> Option<&'d str> {
    let line = lines[at].trim();
    if let Some(title) = line.strip_prefix('#') {
        return Some(title.trim_matches(|c| c == '#' || c == ' '));
    }
    let under = lines.get(at + 1)?.trim();
    let mark = under.chars().next().filter(char::is_ascii_punctuation)?;
    let is_line = under.len() >= 3 && under.chars().all(|c| c == mark);
    (is_line && !line.is_empty() && !line.chars().all(|c| c.is_ascii_punctuation())).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(description: &str) -> Option<String> {
        let text = format!("Metadata-Version: 2.1\nName: x\nVersion: 1\n\n{description}");
        licence(&CoreMetadata::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn one_licence_below_a_heading_is_taken() {
        for (description, expected) in [
            (
                "# x\n\n## License\n\nx is released under the MIT license.\n\n## More\n\nGPLv3\n",
                Some("MIT"),
            ),
            (
                "x\n=\n\nLicense\n-------\n\nBSD 3-Clause\n\nLinks\n-----\n\nMIT\n",
                Some("BSD-3-Clause"),
            ),
            ("# License #\nSee LICENSE.\n", None),
            ("# License\nMIT, and for the docs CC-BY-4.0\n", None),
            ("It works with MIT licensed code.\n", None),
            ("# Licensing:\nApache License, Version 2.0\n", Some("Apache-2.0")),
            ("license", None),
            ("# License\nAsk in the DOC any EPICS.\n", None),
        ] {
            assert_eq!(of(description).as_deref(), expected, "{description}");
        }
    }
}
