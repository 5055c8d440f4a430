//! The choice of what builds the packages of a run.

use std::path::PathBuf;

use super::{Context, PackageFiles, PipelineError};
use crate::{
    base::report::Event,
    format::{
        Format,
        build::{BuildTools, ChosenBuilder, FromSource, Preference},
    },
    plan::PackagePlan,
};

/// What the packages of a run need from their builder.
pub(super) struct BuilderNeeds {
    /// Whether a recipe builds an sdist.
    from_source: bool,
    /// The interpreter that compiled their modules.
    compiler: Option<PathBuf>,
}

impl BuilderNeeds {
    pub(super) fn of<'p>(
        packages: impl Iterator<Item = (&'p PackagePlan, &'p PackageFiles)>,
    ) -> Self {
        let mut needs = Self { from_source: false, compiler: None };
        for (plan, files) in packages {
            needs.from_source |= plan.from_source.is_some();
            if let (None, Some(byte_code)) = (&needs.compiler, &files.byte_code) {
                needs.compiler = Some(byte_code.interpreter.clone());
            }
        }
        needs
    }
}

impl Context {
    /// Returns the builder: the system's tools or the embedded writers, as the settings prefer and
    /// the sandbox allows.
    ///
    /// # Errors
    /// The system's tool was requested, and is not installed or cannot be confined.
    pub(super) fn builder<'b>(
        &'b self,
        format: &'b dyn Format,
        needs: &'b BuilderNeeds,
    ) -> Result<FromSource<'b>, PipelineError> {
        // Looking for a sandbox takes longer than the embedded writers need for a package.
        let is_confined = self.settings().builder != Preference::Embedded || needs.from_source;
        let sandbox = if is_confined { self.sandbox() } else { Ok(None) };
        let tools = BuildTools::new(self.runner(), self.path())
            .within(sandbox.clone())
            .running(needs.compiler.as_deref());
        let ChosenBuilder { builder, unconfined } =
            format.builder(&tools, self.settings().builder)?;
        if let Some(error) = &unconfined {
            let line = format!("packages are written by this program itself: {error}");
            self.reporter().event(Event::Warning(&line));
        }
        Ok(FromSource {
            others: builder,
            source_builder: format.source_builder(),
            runner: self.runner(),
            sandbox,
            unconfined,
            path: self.path(),
            dist_tag: &self.target().dist_tag,
        })
    }
}
