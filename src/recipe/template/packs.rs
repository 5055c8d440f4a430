//! The packs that overrides lie over: the built-in ones, and those that plugins provide.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    TemplateError,
    context::{self, ContextField},
    embedded,
};
use crate::base::text::nearest;

/// Packs by their names.
#[derive(Debug, Clone)]
pub struct Packs(BTreeMap<String, PluginPack>);

/// A pack as it is where nothing overrides it.
#[derive(Debug, Clone)]
struct PluginPack {
    /// Who brings it, for people.
    from: String,
    texts: BTreeMap<String, String>,
    /// What its templates may refer to, in the order in which it is explained.
    fields: Vec<ContextField>,
}

impl Default for Packs {
    /// The built-in ones.
    fn default() -> Self {
        let built_in = embedded::packs().map(|(name, files)| {
            let own = |(file, text): &(&str, &str)| ((*file).to_owned(), (*text).to_owned());
            let provided = PluginPack {
                from: "built in".to_owned(),
                texts: files.iter().map(own).collect(),
                fields: context::built_in(name),
            };
            (name.to_owned(), provided)
        });
        Self(built_in.collect())
    }
}

impl Packs {
    /// These and the pack of a format that the plugin of that name brings. `table` has the rows of
    /// its own for the context, in the form of `templates/context.csv`.
    ///
    /// # Errors
    /// A row that is none. The name of a built-in pack is no one else's.
    pub fn with(
        mut self,
        name: &str,
        texts: BTreeMap<String, String>,
        table: &str,
    ) -> Result<Self, TemplateError> {
        if self.is_built_in(name) {
            return Ok(self);
        }
        let fields = context::general(name, table).map_err(|(line, reason)| {
            let file = format!("the context of `{name}`");
            TemplateError::Template { file, line, reason }
        })?;
        let from = format!("plugin {name}");
        self.0.insert(name.to_owned(), PluginPack { from, texts, fields });
        Ok(self)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }

    /// Their names, for a message.
    pub(super) fn listed(&self) -> String {
        self.names().collect::<Vec<_>>().join(", ")
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a pack is the program's own.
    pub fn is_built_in(&self, name: &str) -> bool {
        embedded::packs().any(|(own, _)| own == name)
    }

    /// Who brings a pack; nothing for one that is not here.
    pub fn from(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |pack| pack.from.as_str())
    }

    /// What the templates of a pack may refer to; nothing for one that is not here.
    pub fn fields(&self, name: &str) -> &[ContextField] {
        self.0.get(name).map_or(&[], |pack| &pack.fields)
    }

    /// The files of a pack: names and texts.
    ///
    /// # Errors
    /// There is no such pack.
    pub fn files(&self, pack: &str) -> Result<&BTreeMap<String, String>, TemplateError> {
        self.0.get(pack).map(|found| &found.texts).ok_or_else(|| TemplateError::UnknownPack {
            pack: pack.to_owned(),
            suggestion: nearest(pack, self.names()).map(str::to_owned),
            known: self.listed(),
        })
    }

    /// The names of a pack's files; none for one that is not here.
    pub(super) fn file_names(&self, pack: &str) -> BTreeSet<&str> {
        let found = self.0.get(pack);
        found.into_iter().flat_map(|pack| pack.texts.keys()).map(String::as_str).collect()
    }

    /// A file of a pack.
    ///
    /// # Errors
    /// There is no such pack or file.
    pub fn file(&self, pack: &str, file: &str) -> Result<&str, TemplateError> {
        let files = self.files(pack)?;
        files.get(file).map(String::as_str).ok_or_else(|| {
            let names = files.keys().map(String::as_str);
            let suggestion = nearest(file, names.clone()).map(str::to_owned);
            TemplateError::UnknownFile {
                pack: pack.to_owned(),
                file: file.to_owned(),
                suggestion,
                known: names.collect::<Vec<_>>().join(", "),
            }
        })
    }
}
