//! The header lines of core metadata, split as Python's mail parser splits them.
//! Source: PyPA core metadata specification, RFC 822 section 3.1.

use std::collections::BTreeMap;

use super::MetadataError;

/// Fields that may be there only once, lower case.
const SINGLE: [&str; 16] = [
    "metadata-version",
    "name",
    "version",
    "summary",
    "description",
    "description-content-type",
    "keywords",
    "home-page",
    "download-url",
    "author",
    "author-email",
    "maintainer",
    "maintainer-email",
    "license",
    "license-expression",
    "requires-python",
];

/// Values by lower-case field name, in file order; folded values keep their line feeds.
#[derive(Debug, Default)]
pub(super) struct Headers(BTreeMap<String, Vec<String>>);

/// Splits `text` at the first line that is neither a field nor a continuation.
///
/// An empty line is left out of the body; another line there is part of it, as Python does it.
pub(super) fn split_headers(text: &str) -> (Headers, &str) {
    let mut headers = Headers::default();
    let mut last: Option<String> = None;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return (headers, after);
        }
        if line.starts_with([' ', '\t']) {
            // Before any field a continuation belongs to nothing.
            if let Some(value) = last.as_ref().and_then(|name| headers.last_value(name)) {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = split_field(line) {
            let name = name.to_ascii_lowercase();
            headers.0.entry(name.clone()).or_default().push(value.trim_start().to_owned());
            last = Some(name);
        } else {
            return (headers, rest);
        }
        rest = after;
    }
    (headers, "")
}

/// A field's name has visible ASCII characters only.
fn split_field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some((name, value))
}

impl Headers {
    fn last_value(&mut self, name: &str) -> Option<&mut String> {
        self.0.get_mut(name)?.last_mut()
    }

    /// # Errors
    /// The first field that is repeated and must not be: readers would take different ones.
    pub(super) fn check_single(&self) -> Result<(), MetadataError> {
        let repeated = |name: &&&str| self.0.get(**name).is_some_and(|values| values.len() > 1);
        match SINGLE.iter().find(repeated) {
            Some(name) => {
                Err(MetadataError::new(format!("its field `{name}` is there more than once")))
            }
            None => Ok(()),
        }
    }

    /// All values of a field that say something, each on one line.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = String> {
        let values = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        values.iter().map(|value| unfold(value)).filter(|value| says_something(value))
    }

    /// The first value of a field on one line.
    pub(super) fn one(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// The first value of a field with its lines as they are.
    pub(super) fn block(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.first()?;
        says_something(value.trim()).then(|| value.trim_end().to_owned())
    }
}

fn unfold(value: &str) -> String {
    let lines: Vec<&str> = value.split('\n').map(str::trim).filter(|l| !l.is_empty()).collect();
    lines.join(" ")
}

/// Old tools wrote `UNKNOWN` for nothing.
fn says_something(value: &str) -> bool {
    !value.is_empty() && value != "UNKNOWN"
}
