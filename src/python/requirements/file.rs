//! Reading requirements files and the files that they name.

use std::{fs, path::Path};

use url::Url;

use super::{
    RequirementOrigin, RequirementsError, Written, beside,
    form::{parse, parse_editable},
    line::{logical_lines, split_options},
    options::Options,
    reader::Reader,
    text::{Texts, shown},
};
use crate::python::artifact::{Hashes, redacted};

/// The deepest nesting of files, and the most files: one may be named again and again.
const DEPTH_LIMIT: usize = 64;
const COUNT_LIMIT: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Requirements,
    Constraints,
}

impl Reader<'_> {
    pub(super) fn file(
        &mut self,
        path: &Path,
        role: Role,
        named_by: Option<&RequirementOrigin>,
    ) -> Result<(), RequirementsError> {
        let is_stream = named_by.is_none() && Texts::is_stream(path, self.request.folder);
        let fail = |problem: String| RequirementsError::Read {
            path: shown(path).to_owned(),
            named_by: named_by.cloned(),
            problem,
        };
        let real = self.request.folder.join(path);
        let real = if is_stream {
            real
        } else {
            fs::canonicalize(real).map_err(|error| fail(error.to_string()))?
        };
        if let Some(origin) = named_by.filter(|_| self.open.contains(&real)) {
            let (origin, path) = (origin.clone(), path.to_owned());
            return Err(RequirementsError::Recursion { origin, path });
        }
        self.count += 1;
        if self.open.len() >= DEPTH_LIMIT || self.count > COUNT_LIMIT {
            return Err(fail("the files are nested too deeply".to_owned()));
        }
        let text = self.text(path, named_by)?;
        self.open.push(real);
        // What a stream names is relative to the current folder.
        let beside = if is_stream { Path::new("") } else { path };
        for (line, content) in logical_lines(&text, self.request.variable) {
            let origin = RequirementOrigin::File { path: shown(path).to_owned(), line };
            self.line(&content, beside, role, &origin)?;
        }
        self.open.pop();
        Ok(())
    }

    fn line(
        &mut self,
        content: &str,
        path: &Path,
        role: Role,
        origin: &RequirementOrigin,
    ) -> Result<(), RequirementsError> {
        let (text, words) = split_options(content)
            .ok_or_else(|| RequirementsError::Quote { origin: origin.clone() })?;
        let mut options = Options::parse(words, origin)?;
        for word in &options.rest {
            self.note(origin, &format!("`{word}` after the options has no effect"));
        }
        let folder = self.request.folder;
        let (written, text) = if !text.is_empty() {
            (parse(&text, folder), text)
        } else if let Some(text) = options.take("--editable") {
            (parse_editable(&text, folder), text)
        } else {
            for (name, value) in options.list {
                self.option(name, value, path, origin)?;
            }
            return Ok(());
        };
        let written = written.map_err(|problem| refused(&text, origin, problem))?;
        self.requirement(written, role, options, origin)
    }

    /// Keeps a requirement with the options of its line.
    fn requirement(
        &mut self,
        mut written: Written,
        role: Role,
        options: Options,
        origin: &RequirementOrigin,
    ) -> Result<(), RequirementsError> {
        for (name, value) in options.list {
            match name {
                "--hash" if written.is_editable => {
                    self.note(origin, "an editable project has no hash to verify");
                }
                "--hash" => {
                    let hash = Hashes::parse(&value).map_err(|error| {
                        option(origin, name, format!("cannot be used: {error}"))
                    })?;
                    written.hashes.push(hash);
                    self.has_hash = true;
                }
                "--config-settings" => {
                    let (key, value) = value.split_once('=').ok_or_else(|| {
                        option(origin, name, format!("has `{value}`, which is not KEY=VALUE"))
                    })?;
                    let values = written.config_settings.entry(key.to_owned()).or_default();
                    values.push(value.to_owned());
                }
                "--no-binary" | "--only-binary" | "--all-releases" | "--only-final" => {
                    self.option(name, value, Path::new(""), origin)?;
                }
                _ => self.note(
                    origin,
                    &format!("`{name}` has no effect beside a requirement: give it its own line"),
                ),
            }
        }
        written.is_constraint = role == Role::Constraints;
        if written.is_constraint && written.is_editable {
            return Err(RequirementsError::Constraint { origin: origin.clone() });
        }
        if written.is_constraint && !written.extras.is_empty() {
            self.note(origin, "constraints do not install anything: their extras have no effect");
        }
        written.origin = origin.clone();
        self.inputs.requirements.push(written);
        Ok(())
    }

    /// An option of a line of its own.
    fn option(
        &mut self,
        name: &'static str,
        value: String,
        path: &Path,
        origin: &RequirementOrigin,
    ) -> Result<(), RequirementsError> {
        let folder = self.request.folder;
        let settings = &mut self.inputs.options;
        let list = match name {
            "--requirement" => return self.nested(&value, path, Role::Requirements, origin),
            "--constraint" => return self.nested(&value, path, Role::Constraints, origin),
            "--index-url" => {
                settings.index_url = Some(value);
                return Ok(());
            }
            "--extra-index-url" => {
                settings.extra_index_urls.push(value);
                return Ok(());
            }
            "--find-links" => {
                settings.find_links.push(find_links(&value, path, folder));
                return Ok(());
            }
            "--no-index" => {
                settings.no_index = true;
                return Ok(());
            }
            "--prefer-binary" => {
                settings.prefer_binary = true;
                return Ok(());
            }
            "--require-hashes" => {
                self.requires_hashes.get_or_insert_with(|| origin.clone());
                return Ok(());
            }
            "--no-require-hashes" => {
                self.waives_hashes.get_or_insert_with(|| origin.clone());
                return Ok(());
            }
            "--pre" => settings.all_releases.add(":all:", &mut settings.only_final),
            "--all-releases" => settings.all_releases.add(&value, &mut settings.only_final),
            "--only-final" => settings.only_final.add(&value, &mut settings.all_releases),
            "--no-binary" => settings.no_binary.add(&value, &mut settings.only_binary),
            "--only-binary" => settings.only_binary.add(&value, &mut settings.no_binary),
            "--trusted-host" => {
                settings.trusted_hosts.push(value);
                return Ok(());
            }
            _ => {
                self.note(origin, &format!("`{name}` has no effect here"));
                return Ok(());
            }
        };
        list.map_err(|problem| option(origin, name, problem))
    }

    fn nested(
        &mut self,
        value: &str,
        path: &Path,
        role: Role,
        origin: &RequirementOrigin,
    ) -> Result<(), RequirementsError> {
        let is_file = value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
        let nested = match is_file.then(|| Url::parse(value).ok()?.to_file_path().ok()).flatten() {
            Some(path) => path,
            None if value.contains("://") => {
                let value = redacted(value);
                let problem = format!("names `{value}`, a file of another machine: fetch it first");
                let name = match role {
                    Role::Requirements => "--requirement",
                    Role::Constraints => "--constraint",
                };
                return Err(option(origin, name, problem));
            }
            None => beside(path, value),
        };
        self.file(&nested, role, Some(origin))
    }

    fn note(&mut self, origin: &RequirementOrigin, text: &str) {
        self.inputs.notes.push(format!("{origin}: {text}"));
    }
}

pub(super) fn option(origin: &RequirementOrigin, name: &str, problem: String) -> RequirementsError {
    RequirementsError::Option { origin: origin.clone(), option: name.to_owned(), problem }
}

pub(super) fn refused(
    text: &str,
    origin: &RequirementOrigin,
    problem: String,
) -> RequirementsError {
    let text = redacted(&text.chars().take(200).collect::<String>());
    RequirementsError::Requirement { origin: origin.clone(), text, problem }
}

/// A path is relative to the file, where it exists there.
fn find_links(value: &str, file: &Path, folder: &Path) -> String {
    let path = folder.join(beside(file, value));
    if !value.contains("://") && path.exists() {
        return path.display().to_string();
    }
    value.to_owned()
}
