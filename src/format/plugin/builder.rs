//! Packages of an external format: this program lays out the tree and compresses what the plugin
//! makes of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    PluginFormat, error_of,
    protocol::{AllBuilt, Step, ToBuild},
};
use crate::{
    base::{report::Reporter, text::chain},
    format::build::{BuildError, BuildJob, Builder, BuiltPackage, compress, write_tree},
    plugin::{PluginError, hooks::absolute},
};

impl Builder for PluginFormat<'_> {
    fn name(&self) -> &'static str {
        "plugin"
    }

    /// The plugin's version and settings, and a digest of all its files: an author changes them
    /// between releases.
    fn identity(&self) -> Result<String, BuildError> {
        let program = env!("CARGO_PKG_VERSION");
        Ok(format!("{}, pypi2pkg {program}", self.plugin.identity()?))
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        _reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        let payload = folder.join("payload");
        write_tree(job, &payload)?;
        let package = job.native.name.clone();
        let failed = |error: PluginError| BuildError::Refused { package, reason: chain(&error) };
        let path = self.make(job, &payload, folder).map_err(failed)??;
        fs::remove_dir_all(&payload).map_err(BuildError::at("remove", &payload))?;
        Ok(BuiltPackage { path })
    }
}

impl PluginFormat<'_> {
    /// Has the plugin make a package of a tree, and writes it compressed into `folder`.
    fn make(
        &self,
        job: &BuildJob<'_>,
        payload: &Path,
        folder: &Path,
    ) -> Result<Result<PathBuf, BuildError>, PluginError> {
        let package = ToBuild {
            plan: job.plan,
            native: job.native,
            recipe: job.recipe,
            payload: absolute(payload),
            source: absolute(job.wheel),
            sources: job.sources.iter().map(|source| absolute(source)).collect(),
            edited: job.own_recipe,
            unconfined: self.unconfined,
        };
        let answered = self.ask_of_each::<AllBuilt>(Step::Build { packages: vec![package] })?;
        if let Some(message) = error_of(&answered.answer.messages, &job.plan.project) {
            return Err(self.says(message));
        }
        let [made] = &answered.answer.packages[..] else {
            return Err(self.refuses("answer with other packages than the requested one"));
        };
        let planned = job.native.filename.as_str();
        let name = made.filename.as_deref().unwrap_or(planned);
        // Only the user's recipe says something else than the plan.
        if made.project != job.plan.project || (name != planned && !job.own_recipe) {
            return Err(self.refuses("answer with other packages than the requested one"));
        }
        if !self.is_package_name(name) {
            return Err(self.refuses(&format!("call a package {name:?}")));
        }
        let from = self.plugin.place(answered.work.path(), &made.from).map_err(|error| {
            self.refuses(&format!("give `{}` as a package: {error}", made.from.escape_debug()))
        })?;
        let path = folder.join(name);
        Ok(compress(&from, &path, &job.native.compression).map(|()| path))
    }
}
