//! Reading requirements files and the files that they name.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    Inputs, Lock, LockFormat, Origin, Request, RequirementsError, Written, beside,
    document::Document,
    encoding::decode,
    form::{parse, parse_editable},
    line::{logical_lines, split_options},
    lock,
    options::Options,
    project::{self, Wanted},
};
use crate::artifact::{Hashes, normalized, redacted};

/// The largest file read, in bytes.
const SIZE_LIMIT: u64 = 16 * 1024 * 1024;
/// The deepest nesting of files, and the most files: one may be named again and again.
const DEPTH_LIMIT: usize = 64;
const COUNT_LIMIT: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Requirements,
    Constraints,
}

/// Reads what a [`Request`] names into [`Inputs`].
pub(super) struct Reader<'a> {
    request: &'a Request<'a>,
    inputs: Inputs,
    /// The number of packages, and of what the system must provide, of the lock file.
    locked: (usize, usize),
    wanted: Wanted,
    /// Files that are being read, outermost first.
    open: Vec<PathBuf>,
    count: usize,
}

impl<'a> Reader<'a> {
    pub fn new(request: &'a Request<'a>) -> Self {
        let wanted = Wanted::new(request);
        Self {
            request,
            inputs: Inputs::default(),
            locked: (0, 0),
            wanted,
            open: Vec::new(),
            count: 0,
        }
    }

    /// An argument of the command line: a requirement, or the folder of an application.
    pub fn argument(&mut self, text: &str) -> Result<(), RequirementsError> {
        let folder = self.request.folder.join(text);
        if project::is_application(&folder) {
            return self.application(Path::new(text));
        }
        let written = parse(text, self.request.folder)
            .map_err(|problem| refused(text, &Origin::CommandLine, problem))?;
        self.inputs.requirements.push(written);
        Ok(())
    }

    /// A requirements file, or a project's `pyproject.toml`.
    pub fn requirements_file(&mut self, path: &Path) -> Result<(), RequirementsError> {
        let folder = self.request.folder.join(path);
        if !project::is_application(&folder) && folder.join(project::FILE).is_file() {
            return self.requirements_file(&path.join(project::FILE));
        }
        match self.request.lock_format.or_else(|| LockFormat::of(path)) {
            Some(LockFormat::Requirements) | None => {}
            Some(format) => return self.lock(format, path),
        }
        if path.file_name().is_some_and(|name| name == project::FILE) {
            let text = self.text(path, None)?;
            let written = self.wanted.project(path, &text, true)?;
            self.inputs.requirements.extend(written);
            return Ok(());
        }
        if project::is_application(&folder) {
            return self.application(path);
        }
        self.file(path, Role::Requirements, None)
    }

    pub fn constraints_file(&mut self, path: &Path) -> Result<(), RequirementsError> {
        self.file(path, Role::Constraints, None)
    }

    /// A lock file, which stands alone.
    fn lock(&mut self, format: LockFormat, path: &Path) -> Result<(), RequirementsError> {
        let text = self.text(path, None)?;
        let whole = normalized(&self.request.folder.join(path));
        let folder = whole.parent().unwrap_or(&whole);
        let document = Document { path, text: &text, folder };
        let (lock, packages, external) = lock::read(format, &document, &mut self.wanted)?;
        if self.inputs.lock.is_some() || !self.inputs.requirements.is_empty() {
            return Err(RequirementsError::LockWithOthers { path: path.to_owned() });
        }
        self.inputs.lock = Some(lock);
        self.locked = (packages.len(), external.len());
        self.inputs.requirements = packages;
        self.inputs.external.extend(external);
        Ok(())
    }

    /// A requirements file whose every line is locked is a lock file.
    fn find_lock(&mut self) -> Result<(), RequirementsError> {
        let Some(path) = self.request.files.first().filter(|_| self.inputs.lock.is_none()) else {
            return Ok(());
        };
        let must = self.request.lock_format == Some(LockFormat::Requirements);
        let loose = self.inputs.requirements.iter().filter(|written| !lock::is_locked(written));
        let loose: Vec<_> =
            loose.map(|written| (written.origin.clone(), written.to_string())).collect();
        let is_plain = self.request.arguments.is_empty()
            && self.inputs.requirements.iter().all(|written| !written.is_constraint);
        match loose.is_empty() {
            false if must => Err(RequirementsError::NotLocked { lines: loose }),
            true if is_plain && !self.inputs.requirements.is_empty() => {
                self.inputs.lock = Some(Lock::new(path, LockFormat::Requirements));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What was read, after the groups that no file above had.
    pub fn finish(mut self) -> Result<Inputs, RequirementsError> {
        for path in self.wanted.files_of_groups() {
            let text = self.text(&path, None)?;
            let written = self.wanted.project(&path, &text, false)?;
            self.inputs.requirements.extend(written);
        }
        self.wanted.check()?;
        if let Some(lock) = self.inputs.lock.as_ref()
            && (self.inputs.requirements.len(), self.inputs.external.len()) != self.locked
        {
            return Err(RequirementsError::LockWithOthers { path: lock.path.clone() });
        }
        self.find_lock()?;
        Ok(self.inputs)
    }

    /// An application's requirements, and what the system must provide for it.
    fn application(&mut self, folder: &Path) -> Result<(), RequirementsError> {
        self.file(&folder.join(project::DEPENDENCIES), Role::Requirements, None)?;
        let path = folder.join(project::EXTERNAL_DEPENDENCIES);
        if path.is_file() {
            let text = self.text(&path, None)?;
            for (line, text) in logical_lines(&text, self.request.variable) {
                let origin = Origin::File { path: path.clone(), line };
                self.inputs.external.push(super::External { text, origin });
            }
        }
        Ok(())
    }

    /// The text of a file, relative to the request's folder.
    fn text(&self, path: &Path, by: Option<&Origin>) -> Result<String, RequirementsError> {
        read_text(&self.request.folder.join(path)).map_err(|problem| RequirementsError::Read {
            path: path.to_owned(),
            named_by: by.cloned(),
            problem,
        })
    }

    fn file(
        &mut self,
        path: &Path,
        role: Role,
        named_by: Option<&Origin>,
    ) -> Result<(), RequirementsError> {
        let fail = |problem: String| RequirementsError::Read {
            path: path.to_owned(),
            named_by: named_by.cloned(),
            problem,
        };
        let real = self.request.folder.join(path);
        let real = fs::canonicalize(real).map_err(|error| fail(error.to_string()))?;
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
        for (line, content) in logical_lines(&text, self.request.variable) {
            self.line(&content, path, role, &Origin::File { path: path.to_owned(), line })?;
        }
        self.open.pop();
        Ok(())
    }

    fn line(
        &mut self,
        content: &str,
        path: &Path,
        role: Role,
        origin: &Origin,
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
        origin: &Origin,
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
                    self.inputs.options.require_hashes = true;
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
            self.note(origin, "a constraint asks for nothing: its extras have no effect");
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
        origin: &Origin,
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
                settings.require_hashes = true;
                return Ok(());
            }
            "--pre" => settings.all_releases.add(":all:", &mut settings.only_final),
            "--all-releases" => settings.all_releases.add(&value, &mut settings.only_final),
            "--only-final" => settings.only_final.add(&value, &mut settings.all_releases),
            "--no-binary" => settings.no_binary.add(&value, &mut settings.only_binary),
            "--only-binary" => settings.only_binary.add(&value, &mut settings.no_binary),
            "--trusted-host" => {
                settings.trusted_hosts.push(value);
                self.note(origin, "`--trusted-host` has no effect: certificates are verified");
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
        origin: &Origin,
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

    fn note(&mut self, origin: &Origin, text: &str) {
        self.inputs.notes.push(format!("{origin}: {text}"));
    }
}

fn option(origin: &Origin, name: &str, problem: String) -> RequirementsError {
    RequirementsError::Option { origin: origin.clone(), option: name.to_owned(), problem }
}

fn refused(text: &str, origin: &Origin, problem: String) -> RequirementsError {
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

/// Reads and decodes a file of limited size.
fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(format!("it is larger than {SIZE_LIMIT} bytes"));
    }
    decode(&bytes)
}
