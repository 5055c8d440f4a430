//! Packages of an external format: this program lays out the tree and compresses what the plugin
//! makes of it.

use std::{fs, path::Path};

use super::{
    External, error_of,
    protocol::{AllBuilt, Step, ToBuild},
};
use crate::{
    build::{BuildError, BuildJob, Builder, BuiltPackage, compress, write_tree},
    disk::tree_digest,
    plugin::{PluginError, hooks::absolute},
    report::Reporter,
    text::chain,
};

impl Builder for External<'_> {
    fn name(&self) -> &'static str {
        "plugin"
    }

    /// The plugin's version, and a digest of all its files: an author changes them between releases.
    fn identity(&self) -> Result<String, BuildError> {
        let folder = &self.plugin.folder;
        let digest =
            tree_digest(folder).map_err(|error| BuildError::file("read", folder, &error))?;
        let program = env!("CARGO_PKG_VERSION");
        Ok(format!("{} {digest}, pypi2pkg {program}", self.plugin.title()))
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
        let path = folder.join(&job.native.filename);
        self.make(job, &payload, &path).map_err(failed)??;
        fs::remove_dir_all(&payload)
            .map_err(|error| BuildError::file("remove", &payload, &error))?;
        Ok(BuiltPackage { path })
    }
}

impl External<'_> {
    /// Has the plugin make a package of a tree, and writes it compressed to `path`.
    fn make(
        &self,
        job: &BuildJob<'_>,
        payload: &Path,
        path: &Path,
    ) -> Result<Result<(), BuildError>, PluginError> {
        let package = ToBuild {
            plan: job.plan,
            native: job.native,
            recipe: job.recipe,
            payload: absolute(payload),
            source: absolute(job.wheel),
            sources: job.sources.iter().map(|source| absolute(source)).collect(),
            edited: job.own_recipe,
        };
        let answered = self.ask::<AllBuilt>(Step::Build { packages: vec![package] })?;
        if let Some(message) = error_of(&answered.answer.messages, &job.plan.project) {
            let (plugin, text) = (self.plugin.manifest.name.clone(), message.text.to_string());
            return Err(PluginError::Said { plugin, text });
        }
        let from = match &answered.answer.packages[..] {
            [made] if made.project == job.plan.project => &made.from,
            _ => return Err(self.refuses("answer with other packages than the one asked for")),
        };
        let from = self.plugin.place(answered.work.path(), from).map_err(|error| {
            self.refuses(&format!("give `{}` as a package: {error}", from.escape_debug()))
        })?;
        Ok(compress(&from, path, &job.native.compression))
    }
}
