//! Debian packages.

mod ar;
pub(crate) mod build;
mod common_licences;
pub(crate) mod dpkg_deb;
mod host;
mod lower;
pub(crate) mod packages;
pub mod pool;
pub(crate) mod relation;
pub(crate) mod repository;
mod source_package;
mod source_recipe;
pub(crate) mod version;

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use rayon::prelude::*;
use serde_json::Value;

use super::{
    Attachment, Format, FormatError, Native, PackageError, RecipeSyntax,
    build::{BuildError, BuildTools, ChosenBuilder, Preference, SourceBuilder, SystemTool},
    host::HostPackages,
    repository::{Repository, ranks},
};
use crate::{distro::targets::Target, plan::PackagePlan, python::artifact::ProjectName};

/// The format's name.
pub const NAME: &str = "deb";

/// The format of Debian and its derivatives.
#[derive(Debug, Clone, Copy)]
pub struct Deb;

impl Format for Deb {
    fn name(&self) -> &str {
        NAME
    }

    fn suffix(&self) -> &str {
        ".deb"
    }

    fn versions(
        &self,
        releases: BTreeMap<&ProjectName, &Version>,
    ) -> Result<BTreeMap<ProjectName, String>, FormatError> {
        let releases = releases.into_iter();
        Ok(releases.map(|(name, release)| (name.clone(), version::upstream(release))).collect())
    }

    fn ranks(&self, versions: &[String]) -> Result<Vec<usize>, PackageError> {
        Ok(ranks(versions, version::compare))
    }

    fn requires_by_name(&self) -> bool {
        true
    }

    fn are_bounds_comparable(
        &self,
        package: &str,
        version: &str,
        specifiers: &VersionSpecifiers,
    ) -> bool {
        relation::is_comparable(package, version, specifiers)
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
        lower::attachments(plan)
    }

    fn syntax(&self) -> &dyn RecipeSyntax {
        self
    }

    fn builder<'a>(
        &'a self,
        tools: &BuildTools<'a>,
        preference: Preference,
    ) -> Result<ChosenBuilder<'a>, BuildError> {
        let tool = SystemTool { program: "dpkg-deb", format: NAME };
        tools.choose(preference, tool, Box::new(build::EmbeddedDeb), |path, sandbox| {
            Box::new(dpkg_deb::DpkgDeb::new(tools.runner, path).within(sandbox))
        })
    }

    fn source_builder(&self) -> Option<&dyn SourceBuilder> {
        Some(self)
    }

    fn repository(&self) -> &dyn Repository {
        self
    }

    fn host(&self) -> Option<&'static dyn HostPackages> {
        Some(&Deb)
    }
}
