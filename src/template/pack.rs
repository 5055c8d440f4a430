//! A compiled pack.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use handlebars::{Handlebars, handlebars_helper};
use serde::Deserialize;
use serde_json::Value;

use super::{Escape, TemplateError, check, embedded};

const MANIFEST: &str = "pack.toml";
const EXTENSION: &str = ".hbs";

/// A pack's manifest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Manifest {
    /// The context that the templates expect.
    api: semver::VersionReq,
    /// What is rendered, in order.
    outputs: Vec<Output>,
}

/// A file that a pack renders.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Output {
    /// The path in the recipe: a template itself.
    path: String,
    template: String,
    #[serde(default)]
    executable: bool,
}

/// The version of the context that formats give to their templates.
const API: semver::Version = semver::Version::new(1, 0, 0);

/// A rendered file: its text and whether it is executable.
pub type Rendered = (String, bool);

/// A compiled pack.
pub struct Pack {
    name: String,
    outputs: Vec<Output>,
    registry: Handlebars<'static>,
}

handlebars_helper!(shell: |text: str| format!("'{}'", text.replace('\'', r"'\''")));

impl Pack {
    pub(super) fn load(
        name: &str,
        folders: &[PathBuf],
        escape: Escape,
    ) -> Result<Self, TemplateError> {
        let embedded = embedded::files(name)
            .ok_or_else(|| TemplateError::UnknownPack { pack: name.to_owned() })?;
        let mut texts: BTreeMap<String, String> =
            embedded.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        for folder in folders.iter().rev() {
            override_from(&folder.join(name), name, &mut texts)?;
        }
        let broken = |template: &str, reason: String| TemplateError::Template {
            pack: name.to_owned(),
            template: template.to_owned(),
            reason,
        };
        let manifest: Manifest = toml::from_str(texts.get(MANIFEST).map_or("", String::as_str))
            .map_err(|e| broken(MANIFEST, e.message().to_owned()))?;
        if !manifest.api.matches(&API) {
            let reason = format!("wants the template context {}, this is {API}", manifest.api);
            return Err(broken(MANIFEST, reason));
        }
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.set_prevent_indent(true);
        registry.register_escape_fn(escape);
        registry.register_helper("shell", Box::new(shell));
        for (file, text) in &texts {
            if let Some(template) = file.strip_suffix(EXTENSION) {
                registry
                    .register_template_string(template, text)
                    .map_err(|e| broken(file, e.to_string()))?;
            }
        }
        check::check(registry.get_templates())
            .map_err(|(template, reason)| broken(&format!("{template}{EXTENSION}"), reason))?;
        Ok(Self { name: name.to_owned(), outputs: manifest.outputs, registry })
    }

    /// Renders every output. Those that come out empty are left out: that is how a template says
    /// that a package has no such file.
    pub fn render(&self, context: &Value) -> Result<BTreeMap<String, Rendered>, TemplateError> {
        let mut files = BTreeMap::new();
        for output in &self.outputs {
            let path = self.registry.render_template(&output.path, context);
            let text = self.registry.render(&output.template, context);
            let failed = |e: handlebars::RenderError| TemplateError::Template {
                pack: self.name.clone(),
                template: format!("{}{EXTENSION}", output.template),
                reason: e.to_string(),
            };
            let (path, text) = (path.map_err(failed)?, text.map_err(failed)?);
            if !text.trim().is_empty() {
                files.insert(path, (text, output.executable));
            }
        }
        Ok(files)
    }
}

/// Puts the files of a user's folder over the pack's own.
fn override_from(
    folder: &Path,
    pack: &str,
    texts: &mut BTreeMap<String, String>,
) -> Result<(), TemplateError> {
    if !folder.is_dir() {
        return Ok(());
    }
    let unreadable = |path: &Path, e: std::io::Error| TemplateError::Unreadable {
        path: path.to_owned(),
        reason: e.to_string(),
    };
    let entries = fs::read_dir(folder).map_err(|e| unreadable(folder, e))?;
    let paths: BTreeSet<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !texts.contains_key(&file) {
            let known = texts.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(TemplateError::Stray { path, pack: pack.to_owned(), known });
        }
        let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
        texts.insert(file, text);
    }
    Ok(())
}
