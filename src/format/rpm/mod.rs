//! RPM packages.

pub(crate) mod build;
mod files;
mod host;
mod lower;
pub(crate) mod packages;
pub(crate) mod relation;
pub(crate) mod repository;
pub(crate) mod rpmbuild;
mod source_package;
mod source_recipe;
mod spec;
pub(crate) mod version;

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use rayon::prelude::*;
use serde_json::Value;

use super::{
    Attachment, Format, FormatError, Native, PackageError, RecipeSyntax,
    build::{BuildError, BuildTools, ChosenBuilder, Preference, SourceBuilder, SystemTool},
    host::HostPackages,
    install,
    repository::{Repository, ranks},
};
use crate::{distro::targets::Target, plan::PackagePlan, python::artifact::ProjectName};

/// The format's name.
pub const NAME: &str = "rpm";

/// The format of Fedora, Enterprise Linux and openSUSE.
#[derive(Debug, Clone, Copy)]
pub struct Rpm;

impl Format for Rpm {
    fn name(&self) -> &str {
        NAME
    }

    fn suffix(&self) -> &str {
        ".rpm"
    }

    fn versions(
        &self,
        releases: BTreeMap<&ProjectName, &Version>,
    ) -> Result<BTreeMap<ProjectName, String>, FormatError> {
        let releases = releases.into_iter();
        Ok(releases.map(|(name, release)| (name.clone(), version::tag(release))).collect())
    }

    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError> {
        Ok(ranks(versions, version::compare_evr))
    }

    /// Packages require what others provide: `python3.13dist(idna)`.
    fn requires_by_name(&self) -> bool {
        false
    }

    fn are_bounds_comparable(&self, _: &str, _: &str, _: &VersionSpecifiers) -> bool {
        true
    }

    fn lower(
        &self,
        plans: &[&PackagePlan],
        target: &Target,
    ) -> Result<Vec<Result<Native, FormatError>>, FormatError> {
        Ok(plans.par_iter().map(|plan| lower::lower(plan, target)).collect())
    }

    fn context(&self, plan: &PackagePlan, target: &Target, native: &Native) -> Value {
        lower::context(plan, target, native)
    }

    fn attachments(&self, plan: &PackagePlan) -> Vec<Attachment> {
        install::attachments(plan)
    }

    fn syntax(&self) -> &dyn RecipeSyntax {
        self
    }

    fn builder<'a>(
        &'a self,
        tools: &BuildTools<'a>,
        preference: Preference,
    ) -> Result<ChosenBuilder<'a>, BuildError> {
        let tool = SystemTool { program: "rpmbuild", format: NAME };
        tools.choose(preference, tool, Box::new(build::EmbeddedRpm), |path, sandbox| {
            Box::new(rpmbuild::RpmBuild::new(tools.runner, path).within(sandbox))
        })
    }

    fn source_builder(&self) -> Option<&dyn SourceBuilder> {
        Some(self)
    }

    fn repository(&self) -> &dyn Repository {
        self
    }

    fn host(&self) -> Option<&'static dyn HostPackages> {
        Some(&Rpm)
    }
}
