//! `primary.xml` and `filelists.xml` of rpm repositories. Source: what `createrepo_c` writes.

use std::io::BufRead;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{
    format::{PackageEntry, package::ListedRelations},
    python::artifact::{HashAlgorithm, Hashes},
};

/// What the element that is being read belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RelationList {
    Other,
    Provides,
    Requires,
}

/// A package as far as it has been read.
#[derive(Default)]
struct PartialEntry {
    package: String,
    version: String,
    file: String,
    sha256: String,
    relations: ListedRelations,
}

impl PartialEntry {
    fn entry(self) -> PackageEntry {
        let Self { package, version, file, sha256, relations } = self;
        PackageEntry { file, sha256, ..PackageEntry::listed(&package, &version, relations) }
    }
}

/// Reads the packages of a `primary.xml`; those of other architectures than one that is named are
/// left out.
///
/// # Errors
/// What is not XML.
pub(crate) fn primary(
    input: impl BufRead,
    architecture: Option<&str>,
) -> Result<Vec<PackageEntry>, String> {
    let mut reader = Reader::from_reader(input);
    let mut packages = Vec::new();
    let mut package = PartialEntry::default();
    let mut part = RelationList::Other;
    let mut text = String::new();
    let mut is_foreign = false;
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|error| error.to_string())?;
        match &event {
            Event::Eof => return Ok(packages),
            Event::Start(element) | Event::Empty(element) => {
                text.clear();
                match element.name().as_ref() {
                    "package" => package = PartialEntry::default(),
                    "rpm:provides" => part = RelationList::Provides,
                    "rpm:requires" => part = RelationList::Requires,
                    "version" => package.version = evr(element),
                    "location" => package.file = attribute(element, "href").unwrap_or_default(),
                    "rpm:entry" => entry(element, part, &mut package),
                    _ => {}
                }
            }
            Event::Text(piece) => text.push_str(piece),
            Event::GeneralRef(name) => {
                text.push_str(&referred(name));
            }
            Event::End(element) => match element.name().as_ref() {
                "name" => package.package.clone_from(&text),
                "arch" => is_foreign = text != "noarch" && architecture.is_some_and(|a| a != text),
                "checksum" => package.sha256.clone_from(&text),
                "file" => package.relations.paths.push(text.clone()),
                "rpm:provides" | "rpm:requires" => part = RelationList::Other,
                "package" if !is_foreign => packages.push(std::mem::take(&mut package).entry()),
                _ => {}
            },
            _ => {}
        }
        buffer.clear();
    }
}

/// The paths of a `filelists.xml`, by the SHA-256 of their packages.
///
/// # Errors
/// What is not XML.
pub(crate) fn filelists(input: impl BufRead) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut reader = Reader::from_reader(input);
    let mut lists: Vec<(String, Vec<String>)> = Vec::new();
    let (mut text, mut is_folder) = (String::new(), false);
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|error| error.to_string())?;
        match &event {
            Event::Eof => return Ok(lists),
            Event::Start(element) if element.name().as_ref() == "package" => {
                lists.push((attribute(element, "pkgid").unwrap_or_default(), Vec::new()));
            }
            Event::Start(element) if element.name().as_ref() == "file" => {
                text.clear();
                is_folder = attribute(element, "type").is_some_and(|kind| kind == "dir");
            }
            Event::Text(piece) => text.push_str(piece),
            Event::GeneralRef(name) => {
                text.push_str(&referred(name));
            }
            Event::End(element) if element.name().as_ref() == "file" && !is_folder => {
                if let Some((_, paths)) = lists.last_mut() {
                    paths.push(std::mem::take(&mut text));
                }
            }
            _ => {}
        }
        buffer.clear();
    }
}

/// What a reference such as `&gt;` stands for.
fn referred(name: &str) -> String {
    let text = format!("&{name};");
    quick_xml::escape::unescape(&text).map(|text| text.into_owned()).unwrap_or_default()
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok()??;
    Some(quick_xml::escape::unescape(&found.value).ok()?.into_owned())
}

/// `EPOCH:VERSION-RELEASE`, as far as there are.
fn evr(element: &BytesStart<'_>) -> String {
    let epoch = attribute(element, "epoch").filter(|epoch| epoch != "0" && !epoch.is_empty());
    let version = attribute(element, "ver").unwrap_or_default();
    let release = attribute(element, "rel").map(|rel| format!("-{rel}")).unwrap_or_default();
    format!("{}{version}{release}", epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default())
}

fn entry(element: &BytesStart<'_>, part: RelationList, package: &mut PartialEntry) {
    let Some(name) = attribute(element, "name") else { return };
    let version = evr(element);
    match part {
        RelationList::Provides => package.relations.provides.push((name, version)),
        RelationList::Requires => {
            let operator = match attribute(element, "flags").as_deref() {
                Some("LT") => "<",
                Some("LE") => "<=",
                Some("EQ") => "=",
                Some("GE") => ">=",
                Some("GT") => ">",
                _ => {
                    package.relations.requires.push(name);
                    return;
                }
            };
            package.relations.requires.push(format!("{name} {operator} {version}"));
        }
        RelationList::Other => {}
    }
}

/// The location and the SHA-256 of a part that `repomd.xml` names.
pub(crate) fn data(pointer: &str, kind: &str) -> Option<(String, Hashes)> {
    let mut reader = Reader::from_str(pointer);
    let (mut is_wanted, mut is_sum) = (false, false);
    let (mut location, mut hashes) = (None, Hashes::default());
    loop {
        match reader.read_event().ok()? {
            Event::Eof => return None,
            Event::Start(element) | Event::Empty(element) => {
                let attribute = |name: &str| {
                    let found = element.try_get_attribute(name).ok()??;
                    Some(found.value.into_owned())
                };
                match element.name().as_ref() {
                    "data" => is_wanted = attribute("type").as_deref() == Some(kind),
                    "checksum" => is_sum = attribute("type").as_deref() == Some("sha256"),
                    "location" if is_wanted => location = attribute("href"),
                    _ => is_sum = false,
                }
            }
            Event::Text(text) if is_wanted && is_sum => {
                hashes.insert(HashAlgorithm::Sha256, text.trim()).ok()?;
                is_sum = false;
            }
            Event::End(element) if element.name().as_ref() == "data" && is_wanted => {
                return Some((location?, hashes));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read() {
        let text = r#"<?xml version="1.0"?><metadata xmlns:rpm="x"><package type="rpm">
          <name>a</name><arch>noarch</arch><version epoch="1" ver="2~rc1" rel="3"/>
          <checksum type="sha256" pkgid="YES">ab</checksum><location href="a.rpm"/>
          <format><rpm:provides><rpm:entry name="python3.14dist(a)" flags="EQ" epoch="0" ver="2"/>
          </rpm:provides><rpm:requires><rpm:entry name="b" flags="GE" epoch="0" ver="1"/>
          <rpm:entry name="(c &gt;= 1 with c &lt; 2)"/></rpm:requires>
          <file>/usr/bin/a&amp;b</file></format></package>
          <package type="rpm"><name>z</name><arch>s390x</arch></package></metadata>"#;
        let found = primary(text.as_bytes(), Some("x86_64")).unwrap();
        assert_eq!(found.len(), 1);
        let package = &found[0];
        assert_eq!(package.version(), "1:2~rc1-3");
        assert_eq!(package.requires(), ["b >= 1", "(c >= 1 with c < 2)"]);
        assert_eq!(package.provides(), [("python3.14dist(a)".to_owned(), "2".to_owned())]);
        assert_eq!((package.sha256.as_str(), package.paths()[0].as_str()), ("ab", "/usr/bin/a&b"));
    }
}
