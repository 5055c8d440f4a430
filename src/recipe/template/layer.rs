//! Files that are in front of a built-in pack's own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Packs, TemplateError,
    manifest::{Extension, MANIFEST},
    note::NOTE,
};
use crate::base::text::nearest;

pub(super) const EXTENSION: &str = ".hbs";

/// A template or manifest as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    pub text: String,
    /// Where it lies; nothing where it is built in.
    pub path: Option<PathBuf>,
}

/// The files of a pack by their names.
pub type LayerFiles = BTreeMap<String, TemplateFile>;

/// A folder's files for one built-in pack.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// The built-in pack.
    pub pack: String,
    /// The manifest of a pack of its own, which replaces templates of the built-in one.
    pub extension: Option<Extension>,
    /// The manifest's path and text.
    pub manifest: (PathBuf, String),
    pub files: LayerFiles,
}

impl Layer {
    /// The layer of files that are in the folder `place`, or in an archive of that name.
    ///
    /// # Errors
    /// A manifest that is wrong, or a file that replaces none.
    pub(super) fn new(
        place: &Path,
        texts: BTreeMap<String, String>,
        packs: &Packs,
    ) -> Result<Self, TemplateError> {
        let own = place.file_name().unwrap_or_default().to_string_lossy();
        let (pack, extension) = if packs.has(&own) {
            (own.into_owned(), None)
        } else {
            let extension = extension(place, &own, &texts, packs)?;
            (extension.extends.clone(), Some(extension))
        };
        let known: Vec<&str> = packs.file_names(&pack).into_iter().collect();
        let manifest = texts.get(MANIFEST).cloned().unwrap_or_default();
        let mut files = LayerFiles::new();
        for (file, text) in texts {
            let path = place.join(&file);
            let is_beside = match &extension {
                Some(_) => !file.ends_with(EXTENSION),
                None => file == NOTE,
            };
            if is_beside {
                continue;
            }
            if !known.contains(&file.as_str()) {
                let suggestion = nearest(&file, known.iter().copied());
                let known = match suggestion {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => format!("it has {}", known.join(", ")),
                };
                return Err(TemplateError::Stray { path, pack, known });
            }
            files.insert(file, TemplateFile { text, path: Some(path) });
        }
        Ok(Self { pack, extension, manifest: (place.join(MANIFEST), manifest), files })
    }

    /// The layer of a folder, where it is one of a pack.
    fn read(folder: &Path, packs: &Packs) -> Result<Option<Self>, TemplateError> {
        let own = folder.file_name().unwrap_or_default().to_string_lossy();
        let is_built_in = packs.has(&own);
        let mut texts = BTreeMap::new();
        for path in entries(folder)?.into_iter().filter(|path| !path.is_dir()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // What else a pack of its own brings is for its readers.
            if is_built_in || is_of_pack(&name) {
                let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
                texts.insert(name, text);
            }
        }
        let is_pack = is_built_in || !texts.is_empty();
        is_pack.then(|| Self::new(folder, texts, packs)).transpose()
    }

    /// What is wrong with the targets that it is for.
    pub(super) fn wrong_target(&self, known: &[&str]) -> Option<TemplateError> {
        let (path, text) = &self.manifest;
        let (line, reason) = self.extension.as_ref()?.unknown_target(text, known)?;
        Some(TemplateError::Template { file: path.display().to_string(), line, reason })
    }
}

/// The manifest of a pack whose name is not one of the built-in ones'.
fn extension(
    place: &Path,
    own: &str,
    texts: &BTreeMap<String, String>,
    packs: &Packs,
) -> Result<Extension, TemplateError> {
    let Some(text) = texts.get(MANIFEST) else {
        let known = packs.listed();
        let suggestion = nearest(own, packs.names()).map(str::to_owned);
        return Err(TemplateError::NoPack { path: place.to_owned(), suggestion, known });
    };
    Extension::parse(text, packs).map_err(|(line, reason)| TemplateError::Template {
        file: place.join(MANIFEST).display().to_string(),
        line,
        reason,
    })
}

/// The layers of a folder that is searched, the strongest first: packs of their own before files of
/// the built-in packs' names. A folder with a manifest is a pack itself.
pub(super) fn layers(folder: &Path, packs: &Packs) -> Vec<Result<Layer, TemplateError>> {
    let listed = match entries(folder) {
        Ok(listed) => listed,
        Err(error) => return vec![Err(error)],
    };
    if folder.join(MANIFEST).is_file() {
        return Layer::read(folder, packs).transpose().into_iter().collect();
    }
    let mut layers = Vec::new();
    for path in listed {
        if path.is_dir() {
            layers.extend(Layer::read(&path, packs).transpose());
        } else if path.to_string_lossy().ends_with(EXTENSION) {
            let known = packs.listed();
            layers.push(Err(TemplateError::NoPack { path, suggestion: None, known }));
        }
    }
    let is_plain =
        |layer: &Result<Layer, _>| layer.as_ref().is_ok_and(|layer| layer.extension.is_none());
    layers.sort_by_key(is_plain);
    layers
}

/// Whether a file is the manifest or a template.
pub(super) fn is_of_pack(name: &str) -> bool {
    name == MANIFEST || name.ends_with(EXTENSION)
}

/// What is in a folder and not hidden, sorted.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let failed = |error| unreadable(folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> TemplateError {
    TemplateError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}
