//! The formats that are available.

use std::{fmt, fs, path::Path};

use super::{
    Format, FormatError, PackageEntry, PackageError, deb::Deb, repository::client::is_placeholder,
    rpm::Rpm,
};
use crate::plugin::BuiltInFormats;

/// Returns the built-in format of that name.
///
/// # Errors
/// There is no such built-in format.
pub fn named(name: &str) -> Result<&'static dyn Format, FormatError> {
    let unknown = || FormatError::Unknown { format: name.to_owned() };
    Formats::default().of(name).ok_or_else(unknown)
}

/// The built-in formats, and those of plugins.
#[derive(Clone)]
pub struct Formats<'a>(Vec<&'a dyn Format>);

impl Default for Formats<'_> {
    /// Returns the built-in formats.
    fn default() -> Self {
        Self(vec![&Rpm, &Deb])
    }
}

impl fmt::Debug for Formats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Format::name)).finish()
    }
}

impl<'a> Formats<'a> {
    /// Returns the names and the suffixes of the formats, which plugins may not use.
    pub fn built_in(&self) -> BuiltInFormats {
        let named =
            self.iter().map(|format| (format.name().to_owned(), format.suffix().to_owned()));
        BuiltInFormats(named.collect())
    }

    /// Adds a format.
    #[must_use]
    pub fn with(mut self, format: &'a dyn Format) -> Self {
        self.0.push(format);
        self
    }

    /// Iterates over all formats.
    pub fn iter(&self) -> impl Iterator<Item = &'a dyn Format> {
        self.0.iter().copied()
    }

    /// Returns the format of that name.
    pub fn of(&self, name: &str) -> Option<&'a dyn Format> {
        self.iter().find(|format| format.name() == name)
    }

    /// Returns the format of a package file, by the end of its name.
    pub fn of_file(&self, path: &Path) -> Option<&'a dyn Format> {
        let name = path.file_name()?.to_str()?;
        self.iter().find(|format| name.ends_with(format.suffix()))
    }

    /// Reads a package file of the format that its name ends with.
    ///
    /// # Errors
    /// It cannot be read, or is not a package.
    pub fn read(&self, path: &Path) -> Result<PackageEntry, PackageError> {
        match self.of_file(path) {
            Some(format) => format.repository().read(path),
            None => {
                let endings: Vec<String> =
                    self.iter().map(|format| format!("`{}`", format.suffix())).collect();
                Err(PackageError::Package {
                    path: path.to_owned(),
                    reason: format!("its name does not end in any of {}", endings.join(", ")),
                })
            }
        }
    }

    /// Returns the address that the client files in a folder state.
    pub(crate) fn known_url(&self, folder: &Path) -> Option<String> {
        self.iter().find_map(|format| {
            let (file, key) = format.repository().client()?;
            let text = fs::read_to_string(folder.join(file)).ok()?;
            let known = text.lines().find_map(|line| Some(line.strip_prefix(key)?.to_owned()));
            known.filter(|url| !is_placeholder(url))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_have_higher_ranks() {
        let versions = ["2-1", "1:0-1", "2~rc1-1", "2-1"].map(str::to_owned);
        for format in Formats::default().iter() {
            assert_eq!(format.ranks(&versions).unwrap(), [1, 2, 0, 1], "{}", format.name());
        }
    }

    #[test]
    fn formats_are_recognised_by_file_names() {
        let formats = Formats::default();
        let found = |path: &str| formats.of_file(Path::new(path)).map(Format::name);
        assert_eq!(found("a/x-1-1.noarch.rpm"), Some("rpm"));
        assert_eq!(found("x_1_all.deb"), Some("deb"));
        assert_eq!(found("x.debian"), None);
        let error = formats.read(Path::new("x.txt")).unwrap_err().to_string();
        assert_eq!(
            error,
            "`x.txt` is not a usable package file: its name does not end in any of `.rpm`, `.deb`"
        );
    }
}
