//! Template packs: where templates come from, and rendering. The only place that knows
//! `handlebars`.
//!
//! A pack is a folder with a manifest, `pack.toml`, and one template a section. `{{x}}` is always
//! text and passes through the format's escape function; `{{{x}}}` would bypass it and is refused.

mod check;
mod embedded;
mod pack;

use std::path::PathBuf;

pub use pack::Pack;

/// How a format makes text from outside safe to stand in its recipe.
pub type Escape = fn(&str) -> String;

/// Where packs are looked for: folders of the user's, first match wins for each file, then the
/// embedded packs.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    folders: Vec<PathBuf>,
}

impl Templates {
    /// Templates of `folders`, best first, before the embedded ones. A folder has one sub-folder
    /// for each pack.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// The pack of that name, compiled and checked.
    pub fn pack(&self, name: &str, escape: Escape) -> Result<Pack, TemplateError> {
        Pack::load(name, &self.folders, escape)
    }
}

/// Why templates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("there is no template pack `{pack}`")]
    UnknownPack { pack: String },
    #[error("cannot read template `{path}`: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("`{path}` overrides no template of the pack `{pack}`; it has {known}")]
    Stray { path: PathBuf, pack: String, known: String },
    #[error("template `{pack}/{template}`: {reason}")]
    Template { pack: String, template: String, reason: String },
}
