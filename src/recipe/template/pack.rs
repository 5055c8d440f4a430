//! A compiled pack.

use std::collections::BTreeMap;

use handlebars::{Handlebars, handlebars_helper, template::Template};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Escape, Problem, TemplateError, check,
    context::{ContextField, Paths},
    layer::{EXTENSION, LayerFiles},
    manifest::{MANIFEST, PackManifest, PackOutput},
    names,
};

/// A rendered file: its text and whether it is executable.
pub(super) type RenderedFiles = (String, bool);

/// A compiled pack.
pub struct Pack {
    /// Where each file lies, for messages.
    places: BTreeMap<String, String>,
    outputs: Vec<PackOutput>,
    registry: Handlebars<'static>,
    /// A SHA-256 of the names and texts of its files.
    digest: String,
}

handlebars_helper!(shell: |text: str| format!("'{}'", text.replace('\'', r"'\''")));
/// The helper `shell` where the escape function makes words of a shell itself.
mod escaped {
    use handlebars::handlebars_helper;

    handlebars_helper!(shell: |text: str| text.to_owned());
}

impl Pack {
    /// Compiles and checks the files of the pack `name`, which may refer to `fields`.
    ///
    /// # Errors
    /// All that is wrong with them.
    #[expect(clippy::disallowed_methods, reason = "templates are rendered here")]
    pub(super) fn compile(
        name: &str,
        files: &LayerFiles,
        fields: &[ContextField],
        escape: Escape,
    ) -> Result<Self, Vec<TemplateError>> {
        let places = files.iter().map(|(file, found)| {
            let own = || format!("{name}/{file}");
            (file.clone(), found.path.as_ref().map_or_else(own, |path| path.display().to_string()))
        });
        let places: BTreeMap<String, String> = places.collect();
        let failed = |file: &str, line: usize, reason: String| {
            let file = places.get(file).cloned().unwrap_or_else(|| format!("{name}/{file}"));
            TemplateError::Template { file, line, reason }
        };
        let mut hash = Sha256::new();
        for (file, found) in files {
            hash.update(format!("{file}\0{}\0", found.text));
        }
        let digest = hex::encode(hash.finalize());
        let mut errors = Vec::new();
        let manifest = files.get(MANIFEST).map_or("", |found| found.text.as_str());
        let manifest = PackManifest::parse(manifest);
        let outputs = manifest.map(|manifest| manifest.outputs).unwrap_or_else(|(line, reason)| {
            errors.push(failed(MANIFEST, line, reason));
            Vec::new()
        });
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.set_prevent_indent(true);
        registry.register_escape_fn(escape);
        let is_quoted = escape("'") != "'";
        registry.register_helper(
            "shell",
            if is_quoted { Box::new(escaped::shell) } else { Box::new(shell) },
        );
        for (file, found) in files {
            let Some(template) = file.strip_suffix(EXTENSION) else { continue };
            if let Some(line) = check::too_deep(&found.text) {
                errors.push(failed(file, line, "nests too deeply".to_owned()));
                continue;
            }
            if let Err(error) = registry.register_template_string(template, &found.text) {
                let line = error.pos().map_or(1, |(line, _)| line);
                errors.push(failed(file, line, syntax(&error.reason().to_string())));
            }
        }
        if errors.is_empty() {
            let problems = problems(fields, &outputs, &registry);
            let located = |problem: Problem| {
                let Problem { template, line, reason } = problem;
                let file = if template == MANIFEST { template } else { template + EXTENSION };
                failed(&file, line, reason)
            };
            errors.extend(problems.into_iter().map(located));
        }
        if errors.is_empty() { Ok(Self { places, outputs, registry, digest }) } else { Err(errors) }
    }

    /// Returns a SHA-256 of the names and texts of its files.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Renders every output. Those that come out empty are left out: that is how a template says
    /// that a package has no such file.
    ///
    /// # Errors
    /// A template fails.
    pub fn render(
        &self,
        context: &Value,
    ) -> Result<BTreeMap<String, RenderedFiles>, TemplateError> {
        let mut files = BTreeMap::new();
        for output in &self.outputs {
            let path = self.registry.render_template(&output.path, context);
            let text = self.registry.render(&output.template, context);
            let failed = |e: handlebars::RenderError| {
                let template = e.template_name.as_deref().unwrap_or(&output.template);
                let file = format!("{template}{EXTENSION}");
                TemplateError::Template {
                    line: e.line_no.unwrap_or(1),
                    reason: e.reason().to_string(),
                    file: self.places.get(&file).cloned().unwrap_or(file),
                }
            };
            let (path, text) = (path.map_err(failed)?, text.map_err(failed)?);
            if !text.trim().is_empty() {
                files.insert(path, (text, output.executable));
            }
        }
        Ok(files)
    }
}

/// What is wrong with templates that can be read.
fn problems(
    fields: &[ContextField],
    outputs: &[PackOutput],
    registry: &Handlebars<'_>,
) -> Vec<Problem> {
    let templates = registry.get_templates();
    let mut problems = check::check(templates);
    let of_manifest = |reason: String| Problem { template: MANIFEST.to_owned(), line: 1, reason };
    let mut paths = Vec::new();
    for output in outputs {
        if check::too_deep(&output.path).is_some() {
            problems.push(of_manifest("has a path that nests too deeply".to_owned()));
            continue;
        }
        match Template::compile(&output.path) {
            Ok(path) => paths.push(path),
            Err(error) => problems.push(of_manifest(syntax(&error.reason().to_string()))),
        }
        if !templates.contains_key(&output.template) {
            problems.push(of_manifest(format!("there is no template `{}`", output.template)));
        }
    }
    // Names are followed through all that is included, which has to end.
    if problems.is_empty() {
        let rendered = outputs.iter().filter_map(|output| {
            Some((output.template.as_str(), templates.get(&output.template)?))
        });
        let rendered: Vec<_> = paths.iter().map(|path| (MANIFEST, path)).chain(rendered).collect();
        problems = names::check(templates, &rendered, &Paths::of(fields));
    }
    problems
}

/// The last line of a parser's message, which says what it expected.
fn syntax(message: &str) -> String {
    let last = message.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(message);
    last.trim().trim_start_matches("= ").to_owned()
}
