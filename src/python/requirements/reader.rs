//! Reading what the command line names: arguments, requirements files, projects and locks.

use std::path::{Path, PathBuf};

use super::{
    InputRequest, Inputs, LockFile, LockFormat, RequirementOrigin, RequirementsError, beside,
    document::InputDocument,
    file::{Role, option, refused},
    form::{names_requirements_file, parse},
    line::logical_lines,
    lock,
    project::{self, SelectedParts},
    text::{Texts, shown},
};
use crate::python::artifact::normalized;

/// Reads what a [`Request`] names into [`Inputs`].
pub(super) struct Reader<'a> {
    pub(super) request: &'a InputRequest<'a>,
    pub(super) inputs: Inputs,
    /// The number of packages, and of what the system must provide, of the lock file.
    locked: (usize, usize),
    wanted: SelectedParts,
    /// Files that are being read, outermost first.
    pub(super) open: Vec<PathBuf>,
    pub(super) count: usize,
    texts: Texts,
    /// Where `--require-hashes` and its contrary stand.
    pub(super) requires_hashes: Option<RequirementOrigin>,
    pub(super) waives_hashes: Option<RequirementOrigin>,
    pub(super) has_hash: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(request: &'a InputRequest<'a>) -> Self {
        let wanted = SelectedParts::new(request);
        Self {
            request,
            inputs: Inputs::default(),
            locked: (0, 0),
            wanted,
            open: Vec::new(),
            count: 0,
            texts: Texts::default(),
            requires_hashes: None,
            waives_hashes: None,
            has_hash: false,
        }
    }

    /// An argument of the command line: a requirement, or the folder of an application.
    pub(super) fn argument(&mut self, text: &str) -> Result<(), RequirementsError> {
        let folder = self.request.folder.join(text);
        if project::is_application(&folder) {
            return self.application(Path::new(text));
        }
        if names_requirements_file(text, self.request.folder) {
            return Err(RequirementsError::FileAsProject { text: text.to_owned() });
        }
        let written = parse(text, self.request.folder)
            .map_err(|problem| refused(text, &RequirementOrigin::CommandLine, problem))?;
        self.inputs.requirements.push(written);
        Ok(())
    }

    /// A requirements file, or a project's `pyproject.toml`.
    pub(super) fn requirements_file(&mut self, path: &Path) -> Result<(), RequirementsError> {
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

    pub(super) fn constraints_file(&mut self, path: &Path) -> Result<(), RequirementsError> {
        self.file(path, Role::Constraints, None)
    }

    /// A lock file, which stands alone.
    fn lock(&mut self, format: LockFormat, path: &Path) -> Result<(), RequirementsError> {
        let text = self.text(path, None)?;
        let whole = normalized(&self.request.folder.join(path));
        let folder = if Texts::is_stream(path, self.request.folder) {
            self.request.folder
        } else {
            whole.parent().unwrap_or(&whole)
        };
        let document = InputDocument { path: shown(path), text: &text, folder };
        let read = lock::read(format, &document, &mut self.wanted)?;
        if self.inputs.lock.is_some() || !self.inputs.requirements.is_empty() {
            return Err(RequirementsError::LockWithOthers { path: path.to_owned() });
        }
        let mut lock = read.lock;
        if !Texts::is_stream(path, self.request.folder) {
            lock.stated = beside::stated(format, &document)?;
        }
        self.locked = (read.packages.len(), read.external.len());
        self.inputs.lock = Some(lock);
        self.inputs.requirements = read.packages;
        self.inputs.external.extend(read.external);
        self.inputs.notes.extend(read.notes);
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
                self.inputs.lock = Some(LockFile::new(path, LockFormat::Requirements));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What was read, after the groups that no file above had.
    pub(super) fn finish(mut self) -> Result<Inputs, RequirementsError> {
        for path in self.wanted.files_of_groups() {
            let text = self.text(&path, None)?;
            let written = self.wanted.project(&path, &text, false)?;
            self.inputs.requirements.extend(written);
        }
        self.wanted.check()?;
        self.settle_hashes()?;
        if let Some(lock) = self.inputs.lock.as_ref()
            && (self.inputs.requirements.len(), self.inputs.external.len()) != self.locked
        {
            return Err(RequirementsError::LockWithOthers { path: lock.path.clone() });
        }
        self.find_lock()?;
        Ok(self.inputs)
    }

    /// One hash asks for all, unless the files say that it does not. Source: pip 26.3.
    fn settle_hashes(&mut self) -> Result<(), RequirementsError> {
        if let (Some(other), Some(origin)) = (&self.requires_hashes, &self.waives_hashes) {
            let problem = format!("contradicts `--require-hashes` ({other})");
            return Err(option(origin, "--no-require-hashes", problem));
        }
        let follows = self.has_hash && self.waives_hashes.is_none();
        self.inputs.options.require_hashes = self.requires_hashes.is_some() || follows;
        Ok(())
    }

    /// An application's requirements, and what the system must provide for it.
    fn application(&mut self, folder: &Path) -> Result<(), RequirementsError> {
        self.file(&folder.join(project::DEPENDENCIES), Role::Requirements, None)?;
        let start = folder.join(project::WSGI_APPLICATION);
        if self.request.folder.join(&start).is_file() {
            self.inputs.notes.push(format!(
                "{}: it is not packaged: only what `{}` names is",
                start.display(),
                project::DEPENDENCIES
            ));
        }
        let path = folder.join(project::EXTERNAL_DEPENDENCIES);
        if path.is_file() {
            let text = self.text(&path, None)?;
            for (line, text) in logical_lines(&text, self.request.variable) {
                let origin = RequirementOrigin::File { path: path.clone(), line };
                self.inputs.external.push(super::ExternalRequirement { text, origin });
            }
        }
        Ok(())
    }

    /// The text of a file, relative to the request's folder.
    pub(super) fn text(
        &self,
        path: &Path,
        by: Option<&RequirementOrigin>,
    ) -> Result<String, RequirementsError> {
        let folder = self.request.folder;
        let text = match by {
            Some(_) => Texts::regular(&folder.join(path)),
            None => self.texts.named(path, folder),
        };
        text.map_err(|problem| RequirementsError::Read {
            path: shown(path).to_owned(),
            named_by: by.cloned(),
            problem,
        })
    }
}
