//! What the user adds to a generated recipe: overrides, patches, scriptlets and further sources, in
//! files that generating never touches.
//!
//! ```text
//! RECIPE/overrides.toml            relations, fields and files, each with a reason
//! RECIPE/patches/NAME.patch        applied in the order of their names, `-p1`
//! RECIPE/scriptlets/post-install   also pre-install, pre-remove, post-remove: shell commands
//! ```

mod apply;
mod overrides;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    plan::{self, Moment, PATCHES, Patch},
    wheels,
};

pub(super) use overrides::{Addition, OVERRIDES, OverrideField, Overrides, Setting};

const SCRIPTLETS: &str = "scriptlets";

/// What the user adds to one recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Additions {
    pub overrides: Overrides,
    pub patches: Vec<Patch>,
    pub scriptlets: BTreeMap<Moment, String>,
    /// The texts of the files that overrides install, by their names in the folder.
    pub sources: BTreeMap<String, String>,
}

/// A file of the user's that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {problem}", .path.display(), place(.line))]
pub struct AdditionError {
    pub path: PathBuf,
    /// Counted from 1, where the problem has one.
    pub line: Option<usize>,
    pub problem: String,
}

fn place(number: &Option<usize>) -> String {
    number.map(|number| format!(":{number}")).unwrap_or_default()
}

impl AdditionError {
    fn of(path: &Path, line: Option<usize>, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, problem: problem.into() }
    }
}

impl Additions {
    /// Reads what is in a recipe's folder, which need not exist.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn read(folder: &Path) -> Result<Self, AdditionError> {
        let overrides = Overrides::read(&folder.join(OVERRIDES))?;
        let mut sources = BTreeMap::new();
        for file in &overrides.file {
            let path = folder.join(&file.source);
            let text = text(&path)?.ok_or_else(|| {
                AdditionError::of(&path, None, "is named in the overrides, and is not there")
            })?;
            sources.insert(file.source.clone(), text);
        }
        let patches = patches(&folder.join(PATCHES))?;
        let scriptlets = scriptlets(&folder.join(SCRIPTLETS))?;
        Ok(Self { overrides, patches, scriptlets, sources })
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A SHA-256 of all of it; nothing where there is nothing.
    pub fn digest(&self) -> Option<String> {
        let text = || serde_json::json!(self).to_string();
        (!self.is_empty()).then(|| hex::encode(Sha256::digest(text())))
    }
}

/// A file's text; nothing where there is no such file.
fn text(path: &Path) -> Result<Option<String>, AdditionError> {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| AdditionError::of(path, None, "is not text in UTF-8")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AdditionError::of(path, None, format!("cannot be read: {error}"))),
    }
}

fn patches(folder: &Path) -> Result<Vec<Patch>, AdditionError> {
    let mut patches = Vec::new();
    for path in entries(folder)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        if !file.ends_with(".patch") && !file.ends_with(".diff") || !file.chars().all(is_name) {
            let problem =
                "is called otherwise than letters, digits, `._+-`, and `.patch` or `.diff`";
            return Err(AdditionError::of(&path, None, problem));
        }
        let text = text(&path)?.unwrap_or_default();
        let patch = Patch { file, text };
        wheels::changes(&patch).map_err(|problem| AdditionError::of(&path, None, problem))?;
        patches.push(patch);
    }
    Ok(patches)
}

fn scriptlets(folder: &Path) -> Result<BTreeMap<Moment, String>, AdditionError> {
    const NAMES: [(&str, Moment); 4] = [
        ("pre-install", Moment::PreInstall),
        ("post-install", Moment::PostInstall),
        ("pre-remove", Moment::PreRemove),
        ("post-remove", Moment::PostRemove),
    ];
    let mut scriptlets = BTreeMap::new();
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((_, moment)) = NAMES.into_iter().find(|(known, _)| *known == name) else {
            let known = NAMES.map(|(known, _)| known).join(", ");
            return Err(AdditionError::of(&path, None, format!("is not one of {known}")));
        };
        let text = text(&path)?.unwrap_or_default();
        plan::check_commands(&text)
            .map_err(|(line, problem)| AdditionError::of(&path, Some(line), problem))?;
        scriptlets.insert(moment, format!("{}\n", text.trim_end()));
    }
    Ok(scriptlets)
}

/// The files of a folder, by name; none where there is no folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, AdditionError> {
    let unreadable =
        |error: io::Error| AdditionError::of(folder, None, format!("cannot be read: {error}"));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
