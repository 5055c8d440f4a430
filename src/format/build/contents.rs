//! The bytes of a job's files.

use std::fs;

use crate::{
    plan::{Content, PlannedFile, Recipe, RecipeFile},
    wheels::Payload,
};

use super::{BuildError, BuildJob, compression::gzipped};

/// Reads the files of one job: out of its wheel or its recipe.
pub(crate) struct JobContents<'a> {
    job: BuildJob<'a>,
    payload: Payload,
}

impl<'a> JobContents<'a> {
    pub(crate) fn open(job: &BuildJob<'a>) -> Result<Self, BuildError> {
        let payload = Payload::open(job.wheel, job.further_wheels, &job.plan.patches)
            .map_err(|problem| BuildError::Source { package: job.package(), problem })?;
        Ok(Self { job: *job, payload })
    }

    /// The bytes of one planned file.
    pub(crate) fn read(&mut self, file: &PlannedFile) -> Result<Vec<u8>, BuildError> {
        match &file.content {
            Content::Rendered { file: name, gzip } => {
                let text = recipe_file(&self.job, name)?.text.as_bytes();
                if *gzip { self.compressed(file, text) } else { Ok(text.to_vec()) }
            }
            Content::ByteCode { .. } | Content::HardLink(_) => self.compiled(file),
            Content::Compressed(_) => {
                let bytes = self.member(file)?;
                self.compressed(file, &bytes)
            }
            _ => self.member(file),
        }
    }

    /// The bytes of a planned file before it is compressed.
    pub(crate) fn plain(&mut self, file: &PlannedFile) -> Result<Vec<u8>, BuildError> {
        self.member(file)
    }

    fn member(&mut self, file: &PlannedFile) -> Result<Vec<u8>, BuildError> {
        self.payload
            .read(file)
            .map_err(|problem| BuildError::Source { package: self.job.package(), problem })
    }

    fn compiled(&self, file: &PlannedFile) -> Result<Vec<u8>, BuildError> {
        let missing = || BuildError::Refused {
            package: self.job.package(),
            reason: format!("nothing was compiled to `{}`", file.path),
        };
        let folder = &self.job.byte_code.ok_or_else(missing)?.folder;
        let path = folder.join(file.path.trim_start_matches('/'));
        fs::read(&path).map_err(BuildError::at("read", &path))
    }

    fn compressed(&self, file: &PlannedFile, bytes: &[u8]) -> Result<Vec<u8>, BuildError> {
        gzipped(bytes).map_err(|error| BuildError::Refused {
            package: self.job.package(),
            reason: format!("cannot compress `{}`: {error}", file.path),
        })
    }
}

/// The file `name` of the job's recipe.
pub(crate) fn recipe_file<'a>(
    job: &BuildJob<'a>,
    name: &str,
) -> Result<&'a RecipeFile, BuildError> {
    let recipe: &'a Recipe = job.recipe;
    recipe
        .files
        .get(name)
        .ok_or_else(|| BuildError::Recipe { package: job.package(), file: name.to_owned() })
}
