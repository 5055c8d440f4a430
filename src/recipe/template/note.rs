//! Writing built-in templates out as a starting point, and what they were then.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Packs, TemplateError, layer::unreadable};
use crate::base::text::serialised;
use crate::base::{files, text::line_at};

/// The file beside ejected templates that holds them as they were.
pub(super) const NOTE: &str = "ejected.toml";

const HEAD: &str = "# What the templates in this folder were ejected from: `pypi2pkg templates diff` tells \
                    what changed since.\n";

/// Built-in files as they were when they were ejected.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Note {
    file: BTreeMap<String, Base>,
}

/// A built-in file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Base {
    /// The program's version then.
    pub version: String,
    sha256: String,
    pub text: String,
}

/// Writes built-in files of a pack, or one of them, into a folder, as `PACK/FILE`, with a note of
/// what they are. Answers with what was written.
///
/// # Errors
/// There is no such file, or one of that name is in the folder: nothing is written then.
pub fn eject(
    packs: &Packs,
    pack: &str,
    file: Option<&str>,
    folder: &Path,
) -> Result<Vec<PathBuf>, TemplateError> {
    let files: Vec<(&str, &str)> = match file {
        Some(file) => vec![(file, packs.file(pack, file)?)],
        None => {
            packs.files(pack)?.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect()
        }
    };
    let folder = folder.join(pack);
    let path = |file: &str| folder.join(file);
    if let Some((file, _)) = files.iter().find(|(file, _)| path(file).symlink_metadata().is_ok()) {
        return Err(TemplateError::Exists { path: path(file) });
    }
    let mut note = read(&folder)?;
    for (file, text) in &files {
        let base = Base {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sha256: digest(text),
            text: (*text).to_owned(),
        };
        note.file.insert((*file).to_owned(), base);
    }
    let written = |path: &Path, text: &str| {
        let failed = |error: files::FileError| TemplateError::Write {
            path: error.path,
            reason: error.source.to_string(),
        };
        files::write_file(path, text.as_bytes()).map_err(failed)
    };
    // Serialising texts to TOML cannot fail.
    let text = serialised::pretty_toml(&note);
    written(&path(NOTE), &format!("{HEAD}{text}"))?;
    for (file, text) in &files {
        written(&path(file), text)?;
    }
    Ok(files.iter().map(|(file, _)| path(file)).collect())
}

/// What the built-in file was when the file at `path` was ejected, where that is known.
///
/// # Errors
/// The note cannot be read.
pub fn base(path: &Path) -> Result<Option<Base>, TemplateError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let base = read(folder)?.file.remove(file.as_ref());
    Ok(base.filter(|base| base.sha256 == digest(&base.text)))
}

fn read(folder: &Path) -> Result<Note, TemplateError> {
    let path = folder.join(NOTE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Note::default()),
        Err(error) => return Err(unreadable(&path, &error)),
    };
    toml::from_str(&text).map_err(|error| {
        let end = error.span().map_or(0, |span| span.start);
        TemplateError::Template {
            file: path.display().to_string(),
            line: line_at(&text, end),
            reason: error.message().to_owned(),
        }
    })
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
