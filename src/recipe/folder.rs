//! A recipe on the disk, with what was generated last beside the user's edits.
//!
//! ```text
//! RECIPE/NAME.spec, RECIPE/DEBIAN/control …   the recipe, which the user may edit
//! RECIPE/NAME.merge                           a merge that has to be settled by hand
//! RECIPE/recipe.toml, RECIPE/sources          what it was generated of
//! RECIPE/.pypi2pkg/plan.json                  the plan
//! RECIPE/.pypi2pkg/generated/NAME             what was generated last: the base of merges
//! RECIPE/.pypi2pkg/pending/NAME               what was generated when a merge failed
//! ```

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use crate::{
    base::files::{FileError, make_executable, write_file},
    base::text::serialised,
    plan::PackagePlan,
};

use super::{
    Additions, Provenance, RECIPE, RecipeError, Update,
    additions::OVERRIDES,
    merge::{self, Statement, Syntax},
    provenance::{SOURCES, sources},
};
use crate::plan::{PATCHES, Recipe, RecipeFile};

/// The folder of what only this program reads.
const OWN: &str = ".pypi2pkg";
const PLAN: &str = "plan.json";
const GENERATED: &str = "generated";
const PENDING: &str = "pending";
/// The ending of merges that have to be settled.
const MERGE: &str = ".merge";
/// What marks an open question in a recipe, behind white space and `#`.
const FIXME: &str = "FIXME(";

/// The folder of one recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipeFolder {
    path: PathBuf,
}

/// How a recipe's folder differs from what was generated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The files that the user changed.
    pub edited: Vec<String>,
    /// The merges that have to be settled.
    pub conflicts: Vec<String>,
    /// The lines that hold open questions, each behind its file's name.
    pub open: Vec<String>,
}

impl RecipeFolder {
    /// The recipe in `path`, which need not exist yet.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The recipes in a folder: it is one itself, or some of its folders are; sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find(path: &Path) -> Result<Vec<Self>, RecipeError> {
        if Self::at(path).exists() {
            return Ok(vec![Self::at(path)]);
        }
        let unreadable = |error: io::Error| RecipeError::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let folder = Self::at(&entry.map_err(unreadable)?.path());
            if folder.exists() {
                found.push(folder);
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn exists(&self) -> bool {
        self.path.join(RECIPE).is_file()
    }

    /// A file of the recipe, where it is there.
    ///
    /// # Errors
    /// It cannot be read, or is not text.
    pub fn file(&self, name: &str) -> Result<Option<String>, RecipeError> {
        read(&self.path.join(name))
    }

    /// The plan that the recipe was generated of, as it was before additions.
    ///
    /// # Errors
    /// It is not there, or not ours.
    pub fn plan(&self) -> Result<PackagePlan, RecipeError> {
        let path = self.path.join(OWN).join(PLAN);
        let text =
            read(&path)?.ok_or_else(|| RecipeError::NoRecipe { folder: self.path.clone() })?;
        serde_json::from_str(&text)
            .map_err(|error| RecipeError::Read { path, reason: error.to_string() })
    }

    /// What was generated last, by name. Where a merge was settled, what was generated then.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn generated(&self) -> Result<BTreeMap<String, String>, RecipeError> {
        let mut generated = texts(&self.path.join(OWN).join(GENERATED))?;
        let pending = texts(&self.path.join(OWN).join(PENDING))?;
        let is_settled = |name: &String| !self.merge_of(name).exists();
        generated.extend(pending.into_iter().filter(|(name, _)| is_settled(name)));
        Ok(generated)
    }

    fn merge_of(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}{MERGE}"))
    }

    /// The recipe as it is there: every file but those that only describe it.
    ///
    /// # Errors
    /// A file that cannot be read, or is not text.
    pub fn recipe(&self) -> Result<Recipe, RecipeError> {
        let mut recipe = Recipe::default();
        for (name, text) in texts(&self.path)? {
            let is_own = [RECIPE, SOURCES, OVERRIDES].contains(&name.as_str())
                || name.starts_with("scriptlets/")
                || name.ends_with(MERGE);
            let is_hidden = name.split('/').any(|part| part.starts_with('.'));
            if !is_own && !is_hidden {
                let mode = fs::metadata(self.path.join(&name)).map(|found| found.permissions());
                let executable = mode.is_ok_and(|mode| mode.mode() & 0o111 != 0);
                recipe.files.insert(name, RecipeFile { text, executable });
            }
        }
        Ok(recipe)
    }

    /// How the folder differs from what was generated.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn state(&self) -> Result<State, RecipeError> {
        let generated = self.generated()?;
        let mut state = State::default();
        for (name, base) in &generated {
            let present = self.file(name)?;
            let is_edited = match &present {
                Some(text) => is_edited(name, base, text),
                None => true,
            };
            if is_edited {
                state.edited.push(name.clone());
            }
            if self.merge_of(name).exists() {
                state.conflicts.push(format!("{name}{MERGE}"));
            }
        }
        let recipe = self.recipe()?;
        // Additions are no edits, whether or not the recipe has them yet.
        let added = Additions::read(&self.path).map(|own| own.sources).unwrap_or_default();
        let own = recipe.files.keys().filter(|name| {
            let is_added = added.contains_key(*name) || name.starts_with(&format!("{PATCHES}/"));
            !generated.contains_key(*name) && !is_added
        });
        state.edited.extend(own.cloned());
        state.edited.sort();
        state.open = open(&recipe);
        Ok(state)
    }

    /// What the user changed, as unified diffs.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn difference(&self, prefix: &str) -> Result<String, RecipeError> {
        let generated = self.generated()?;
        let mut text = String::new();
        for name in self.state()?.edited {
            let base = generated.get(&name).map(String::as_str).unwrap_or_default();
            let present = self.file(&name)?.unwrap_or_default();
            let title = format!("{prefix}/{name}");
            text += &merge::difference_as(&name, &title, base, &present);
        }
        Ok(text)
    }

    /// Writes an update. Should it be interrupted, the next one merges with what was generated
    /// before, which is written last.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(
        &self,
        update: &Update,
        plan: &PackagePlan,
        provenance: &Provenance,
    ) -> Result<(), RecipeError> {
        let own = self.path.join(OWN);
        for file in &update.files {
            let path = self.path.join(&file.name);
            match &file.text {
                Some(text) if file.is_change() => write(&path, text, file.executable)?,
                Some(_) => {}
                None => remove(&path)?,
            }
            let (merge, pending) = (self.merge_of(&file.name), own.join(PENDING).join(&file.name));
            match (&file.conflict, &file.generated) {
                (Some(conflict), Some(generated)) => {
                    write(&pending, generated, false)?;
                    write(&merge, conflict, false)?;
                    continue;
                }
                _ => {
                    remove(&merge)?;
                    remove(&pending)?;
                }
            }
            let base = own.join(GENERATED).join(&file.name);
            match &file.generated {
                Some(generated) => write(&base, generated, false)?,
                None => remove(&base)?,
            }
        }
        let json = serialised::pretty_json(plan);
        write(&own.join(PLAN), &(json + "\n"), false)?;
        write(&self.path.join(SOURCES), &sources(plan), false)?;
        write(&self.path.join(RECIPE), &provenance.to_text(), false)
    }
}

/// Whether the user changed more than the changelog, which is theirs.
fn is_edited(name: &str, base: &str, text: &str) -> bool {
    Syntax::of(name) != Syntax::Changelog
        && !merge::difference(name, merge::body(name, base), merge::body(name, text)).is_empty()
}

/// The lines with open questions.
fn open(recipe: &Recipe) -> Vec<String> {
    let mut open = Vec::new();
    for (name, file) in &recipe.files {
        let lines = file.text.lines().map(|line| line.trim_start_matches(['#', ' ']));
        open.extend(
            lines.filter(|line| line.starts_with(FIXME)).map(|line| format!("{name}: {line}")),
        );
    }
    open
}

impl Recipe {
    /// The relations that the recipe's files state.
    pub fn statements(&self) -> Vec<Statement> {
        let files = self.files.iter();
        files.flat_map(|(name, file)| merge::statements(Syntax::of(name), &file.text)).collect()
    }

    /// The lines that hold questions which the user has to settle, each behind its file's name.
    pub fn open(&self) -> Vec<String> {
        open(self)
    }
}

/// A file's text; nothing where there is none.
///
/// # Errors
/// It cannot be read, or is not text.
pub fn read(path: &Path) -> Result<Option<String>, RecipeError> {
    let refuse = |reason: String| RecipeError::Read { path: path.to_owned(), reason };
    match fs::read(path) {
        Ok(bytes) => {
            String::from_utf8(bytes).map(Some).map_err(|_| refuse("it is not text in UTF-8".into()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// All files below a folder by their paths in it; none where there is no folder. Hidden folders are
/// passed over.
fn texts(folder: &Path) -> Result<BTreeMap<String, String>, RecipeError> {
    let mut texts = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(texts);
    }
    let is_shown = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    for entry in WalkDir::new(folder).into_iter().filter_entry(is_shown) {
        let unreadable = |reason: String| RecipeError::Read { path: folder.to_owned(), reason };
        let entry = entry.map_err(|error| unreadable(error.to_string()))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        if let Some(text) = read(path)? {
            texts.insert(name, text);
        }
    }
    Ok(texts)
}

pub(super) fn write(path: &Path, text: &str, executable: bool) -> Result<(), RecipeError> {
    write_file(path, text.as_bytes())?;
    if executable {
        make_executable(path)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), RecipeError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::write(path)(error).into())
        }
        _ => Ok(()),
    }
}
