//! The control members of a Debian package.

use super::tree::TreeSizes;
use crate::format::build::{BuildError, BuildJob, contents::recipe_file};

/// The folder of a recipe whose files are control members.
const FOLDER: &str = "DEBIAN/";

/// A file beside `control` in the control archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ControlFile {
    pub(crate) name: String,
    pub(crate) mode: u32,
    pub(crate) bytes: Vec<u8>,
}

/// The control members of a job, sorted by name: those of its recipe, and `md5sums`.
pub(crate) fn members(
    job: &BuildJob<'_>,
    measured: &TreeSizes,
) -> Result<Vec<ControlFile>, BuildError> {
    recipe_file(job, "DEBIAN/control")?;
    let sums = ControlFile {
        name: "md5sums".to_owned(),
        mode: 0o644,
        bytes: measured.md5sums.clone().into_bytes(),
    };
    let mut members = vec![sums];
    for (path, file) in &job.recipe.files {
        let Some(name) = path.strip_prefix(FOLDER) else { continue };
        let text = match name {
            "control" => with_installed_size(&file.text, measured.installed_size),
            _ => file.text.clone(),
        };
        let mode = if file.executable { 0o755 } else { 0o644 };
        members.push(ControlFile { name: name.to_owned(), mode, bytes: text.into_bytes() });
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members.dedup_by(|later, first| later.name == first.name);
    Ok(members)
}

/// The control text with the field `Installed-Size` where `dpkg-gencontrol` puts it: behind
/// `Maintainer`, or behind `Architecture` where there is none. A text that has the field stays.
fn with_installed_size(text: &str, size: u64) -> String {
    if field(text, "Installed-Size").is_some() {
        return text.to_owned();
    }
    let mut lines: Vec<&str> = text.lines().collect();
    let starts = |name: &str| {
        lines.iter().position(|line| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && line[name.len()..].starts_with(':')
        })
    };
    let at = starts("Maintainer").or_else(|| starts("Architecture")).map_or(0, |at| {
        let folded = lines[at + 1..].iter().take_while(|line| line.starts_with([' ', '\t']));
        at + 1 + folded.count()
    });
    let added = format!("Installed-Size: {size}");
    lines.insert(at, &added);
    lines.join("\n") + "\n"
}

/// The first line of a field's value in the first stanza of a control text.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_goes_behind_the_maintainer() {
        let text = "Package: a\nArchitecture: all\nMaintainer: A\n B\nDepends: b\n";
        assert_eq!(
            with_installed_size(text, 7),
            "Package: a\nArchitecture: all\nMaintainer: A\n B\nInstalled-Size: 7\nDepends: b\n"
        );
        let text = "Package: a\nArchitecture: all\nDepends: b\n";
        assert_eq!(
            with_installed_size(text, 7),
            "Package: a\nArchitecture: all\nInstalled-Size: 7\nDepends: b\n"
        );
    }

    #[test]
    fn a_stated_size_stays() {
        let text = "Package: a\ninstalled-size: 3\n";
        assert_eq!(with_installed_size(text, 7), text);
    }

    #[test]
    fn fields_are_read_from_the_first_stanza_only() {
        let text = "Package: a\nDescription: b\n Version: 9\n\nVersion: 2\n";
        assert_eq!(field(text, "package"), Some("a"));
        assert_eq!(field(text, "Version"), None);
    }
}
