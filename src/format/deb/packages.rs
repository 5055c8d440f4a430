//! `Packages` of apt repositories. Source: Debian's repository format; deb822(5).

use crate::format::{PackageEntry, package::ListedRelations};

/// Reads the paragraphs of a `Packages` file, without those for other architectures than a given one.
pub(crate) fn packages(text: &str, architecture: Option<&str>) -> Vec<PackageEntry> {
    text.split("\n\n").filter_map(|paragraph| package(paragraph, architecture)).collect()
}

fn package(paragraph: &str, architecture: Option<&str>) -> Option<PackageEntry> {
    let (mut package, mut version) = (String::new(), String::new());
    let (mut file, mut sha256) = (String::new(), String::new());
    let mut relations = ListedRelations::default();
    for (name, value) in fields(paragraph) {
        match name {
            "Package" => package = value,
            "Version" => version = value,
            "Filename" => file = value,
            "SHA256" => sha256 = value,
            "Architecture" if value != "all" && architecture.is_some_and(|a| a != value) => {
                return None;
            }
            "Provides" => relations.provides = parts(&value).map(provided).collect(),
            "Depends" | "Pre-Depends" => {
                relations.requires.extend(parts(&value).map(without_qualifiers));
            }
            _ => {}
        }
    }
    if package.is_empty() || version.is_empty() {
        return None;
    }
    Some(PackageEntry { file, sha256, ..PackageEntry::listed(&package, &version, relations) })
}

/// The parts of a list of relations.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Names and values; lines that go on are joined by blanks.
fn fields(paragraph: &str) -> Vec<(&str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in paragraph.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name, value.trim().to_owned()));
        }
    }
    fields
}

/// `name (= version)`.
fn provided(text: &str) -> (String, String) {
    match text.split_once(" (= ") {
        Some((name, version)) => (name.to_owned(), version.trim_end_matches(')').to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

/// A relation without `:any` and `[amd64]`, which matter on systems of several architectures.
fn without_qualifiers(relation: &str) -> String {
    let alternatives = relation.split('|').map(|alternative| {
        let alternative = alternative.split('[').next().unwrap_or_default().trim();
        match alternative.split_once(' ') {
            Some((name, rest)) => format!("{} {rest}", bare(name)),
            None => bare(alternative).to_owned(),
        }
    });
    alternatives.collect::<Vec<_>>().join(" | ")
}

fn bare(name: &str) -> &str {
    name.split_once(':').map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_read() {
        let text = "Package: a\nVersion: 1:2-3\nArchitecture: all\nFilename: pool/a.deb\n\
                    Depends: python3:any (>= 3.11), b (<< 2) | c:amd64,\n d\nProvides: e, f (= 4)\n\
                    \nPackage: b\nVersion: 1\nArchitecture: s390x\n\nPackage: c\n";
        let found = packages(text, Some("amd64"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].requires(), ["python3 (>= 3.11)", "b (<< 2) | c", "d"]);
        let provides = [("e".to_owned(), String::new()), ("f".to_owned(), "4".to_owned())];
        assert_eq!(found[0].provides(), provides);
    }
}
