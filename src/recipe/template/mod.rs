//! Template packs: where templates come from, and rendering. The only place that knows
//! `handlebars`.
//!
//! A pack is a folder with a manifest, `pack.toml`, and one template a section. `{{x}}` is always
//! text and passes through the format's escape function; `{{{x}}}` would bypass it and is refused.
//! Every name in a template has to be in the context (`context.csv`).

mod check;
mod context;
mod embedded;
mod layer;
mod manifest;
mod names;
mod new_pack;
mod note;
mod pack;
mod packs;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use context::{ContextField, FieldKind, Shape};
pub use layer::{LayerFiles, TemplateFile};
pub use manifest::Extension;
pub use new_pack::{NewPack, remove};
pub use note::{Base, base, eject};
pub use pack::Pack;
pub use packs::Packs;

use layer::Layer;

/// How a format makes text from outside safe to put into its recipe.
pub type Escape = fn(&str) -> String;

/// Where packs are looked for: folders of the user's, first match wins for each file, then the
/// packs that the program and its plugins provide.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    folders: Vec<PathBuf>,
    target: Option<String>,
    packs: Packs,
}

impl Templates {
    /// Templates of `folders`, best first, before the embedded ones. A folder has one sub-folder
    /// for each pack.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, ..Self::default() }
    }

    /// The same, with packs that are for one target only.
    pub fn for_target(self, target: &str) -> Self {
        Self { target: Some(target.to_owned()), ..self }
    }

    /// The same over other packs than the built-in ones alone.
    pub fn over(self, packs: Packs) -> Self {
        Self { packs, ..self }
    }

    /// The packs that they lie over.
    pub fn packs(&self) -> &Packs {
        &self.packs
    }

    /// The pack of that name, compiled and checked.
    ///
    /// # Errors
    /// There is none, or the first of what is wrong with it.
    pub fn pack(&self, name: &str, escape: Escape) -> Result<Pack, TemplateError> {
        let files = self.files(name)?;
        let fields = self.packs.fields(name);
        Pack::compile(name, &files, fields, escape).map_err(|mut errors| errors.swap_remove(0))
    }

    /// The files of the pack of that name as they count.
    ///
    /// # Errors
    /// There is no such pack, or a folder has files that cannot be used.
    pub fn files(&self, name: &str) -> Result<LayerFiles, TemplateError> {
        let layers = |folder: &PathBuf| layer::layers(folder, &self.packs).into_iter().collect();
        let layers = self.folders.iter().map(layers);
        let layers = layers.collect::<Result<Vec<Vec<Layer>>, _>>()?;
        self.effective(name, self.target.as_deref(), &layers)
    }

    /// The packs in the folders that replace templates of others, with their files, the strongest
    /// first.
    ///
    /// # Errors
    /// A folder has files that cannot be used.
    pub fn extensions(&self) -> Result<Vec<(Extension, LayerFiles)>, TemplateError> {
        let mut found = Vec::new();
        for layer in self.folders.iter().flat_map(|folder| layer::layers(folder, &self.packs)) {
            let layer = layer?;
            found.extend(layer.extension.map(|extension| (extension, layer.files)));
        }
        Ok(found)
    }

    /// All that is wrong with all packs, for each of the targets that packs name, of those that are
    /// `known`.
    pub fn check(&self, known: &[&str]) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        let mut layers = Vec::new();
        for folder in &self.folders {
            let (sound, broken): (Vec<_>, Vec<_>) =
                layer::layers(folder, &self.packs).into_iter().partition(Result::is_ok);
            errors.extend(broken.into_iter().filter_map(Result::err));
            layers.push(sound.into_iter().flatten().collect::<Vec<Layer>>());
        }
        errors.extend(self.wrong(&layers, known));
        errors
    }

    /// A pack's files where `layers` of several folders, the strongest first, lie over its own.
    fn effective(
        &self,
        name: &str,
        target: Option<&str>,
        layers: &[Vec<Layer>],
    ) -> Result<LayerFiles, TemplateError> {
        let own = |(file, text): (&String, &String)| {
            (file.clone(), TemplateFile { text: text.clone(), path: None })
        };
        let mut files: LayerFiles = self.packs.files(name)?.iter().map(own).collect();
        for folder in layers.iter().rev() {
            let counts = |layer: &&Layer| {
                layer.pack == name
                    && layer.extension.as_ref().is_none_or(|extension| extension.is_for(target))
            };
            let mut extended = LayerFiles::new();
            for layer in folder.iter().filter(counts).rev() {
                if layer.extension.is_none() {
                    files.extend(layer.files.clone());
                    continue;
                }
                for (file, found) in &layer.files {
                    let other = extended.insert(file.clone(), found.clone());
                    if let Some((other, path)) = other.and_then(|o| o.path).zip(found.path.clone())
                    {
                        return Err(TemplateError::Twice { path, other });
                    }
                }
            }
            files.extend(extended);
        }
        Ok(files)
    }

    /// All that is wrong with the packs that layers make.
    fn wrong(&self, layers: &[Vec<Layer>], known: &[&str]) -> Vec<TemplateError> {
        let of_targets = layers.iter().flatten().filter_map(|layer| layer.wrong_target(known));
        let mut errors: Vec<TemplateError> = of_targets.collect();
        let extensions = || layers.iter().flatten().filter_map(|layer| layer.extension.as_ref());
        let mut targets: Vec<Option<&str>> = extensions()
            .flat_map(|extension| &extension.targets)
            .map(|t| Some(t.as_str()))
            .collect();
        targets.push(None);
        targets.sort_unstable();
        targets.dedup();
        for pack in self.packs.names() {
            let fields = self.packs.fields(pack);
            for target in &targets {
                let found = self.effective(pack, *target, layers).map_err(|error| vec![error]);
                let compiled =
                    found.and_then(|files| Pack::compile(pack, &files, fields, str::to_owned));
                let new = compiled.err().into_iter().flatten();
                for error in new {
                    if !errors.contains(&error) {
                        errors.push(error);
                    }
                }
            }
        }
        errors
    }
}

/// What is wrong in a template of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    /// The template's name, or the manifest's.
    template: String,
    /// From 1.
    line: usize,
    reason: String,
}

/// Why templates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("unknown template pack `{pack}`; available: {known}")]
    UnknownPack { pack: String, suggestion: Option<String>, known: String },
    #[error("the pack `{pack}` has no file `{file}`; it has {known}")]
    UnknownFile { pack: String, file: String, suggestion: Option<String>, known: String },
    #[error("cannot read `{}`: {reason}", .path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("`{}` overrides no file of the pack `{pack}`: {known}", .path.display())]
    Stray { path: PathBuf, pack: String, known: String },
    /// A folder of templates that no pack has the name of, or a template in none.
    #[error("`{}` does not belong to a template pack; available: {known}", .path.display())]
    NoPack { path: PathBuf, suggestion: Option<String>, known: String },
    #[error("`{}` and `{}` replace the same file for the same targets", .path.display(), .other.display())]
    Twice { path: PathBuf, other: PathBuf },
    /// A file that is not what it has to be.
    #[error("{file}:{line}: {reason}")]
    Template { file: String, line: usize, reason: String },
    /// What comes from elsewhere.
    #[error("`{}` {problem}", .path.display())]
    Refused { path: PathBuf, problem: String },
    #[error("no pack `{name}` is installed")]
    NotInstalled { name: String, suggestion: Option<String> },
    #[error("`{}` exists", .path.display())]
    Exists { path: PathBuf },
    #[error("cannot write `{}`: {reason}", .path.display())]
    Write { path: PathBuf, reason: String },
}

impl TemplateError {
    /// Returns the remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::UnknownPack { suggestion: Some(known), .. }
            | Self::UnknownFile { suggestion: Some(known), .. }
            | Self::NoPack { suggestion: Some(known), .. }
            | Self::NotInstalled { suggestion: Some(known), .. } => {
                return Some(format!("did you mean `{known}`?"));
            }
            Self::NoPack { .. } => "put it into a folder of its pack's name, or give it a manifest",
            Self::NotInstalled { .. }
            | Self::UnknownPack { .. }
            | Self::UnknownFile { .. }
            | Self::Stray { .. } => "`pypi2pkg templates list` shows all packs and files",
            Self::Template { .. } => "`pypi2pkg templates context PACK` lists the available names",
            Self::Exists { .. } => "remove it, or choose another folder with `-o`",
            Self::Twice { .. } => "remove one of them",
            Self::Unreadable { .. } | Self::Refused { .. } | Self::Write { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
