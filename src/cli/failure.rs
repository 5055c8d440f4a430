//! The failure that a verb ends with: what was attempted, on what, why it failed, and the remedy.

use std::error::Error;

use crate::{
    base::{files::FileError, signing::SignError, text::chain},
    collection::{CollectionError, check::CheckError},
    distro::targets::TargetError,
    format::{FormatError, build::BuildError, host::HostError},
    index::IndexError,
    planner::PlanError,
    plugin::PluginError,
    python::requirements::RequirementsError,
    recipe::{RecipeError, template::TemplateError},
    resolve::ResolveError,
    run::PipelineError,
    settings::SettingsError,
};

/// The exit status if the work failed, wholly or in part.
pub const FAILED: u8 = 1;
/// The exit status if the command line or the configuration is wrong.
pub const USAGE: u8 = 2;

/// Why a verb ended without success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit status.
    pub status: u8,
    /// What failed, with its causes.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

/// An error that a verb may end with.
trait VerbError: Error + Sized {
    /// Whether the command line or the configuration has to be changed.
    fn is_usage(&self) -> bool;

    /// Returns the remedy, if there is one.
    fn remedy(&self) -> Option<String>;
}

impl<E: VerbError> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            status: if error.is_usage() { USAGE } else { FAILED },
            message: chain(&error),
            hint: error.remedy(),
        }
    }
}

/// Error types that have a hint, each with the pattern of its errors of usage, if it has any.
macro_rules! verb_errors {
    ($($error:ty $(: $usage:pat)?),+ $(,)?) => {
        $(impl VerbError for $error {
            fn is_usage(&self) -> bool {
                false $(|| matches!(self, $usage))?
            }

            fn remedy(&self) -> Option<String> {
                self.hint()
            }
        })+
    };
}

verb_errors! {
    SettingsError: _,
    TargetError: _,
    PlanError: _,
    TemplateError: _,
    FormatError: Self::OtherPack { .. } | Self::Compression { .. },
    PluginError: Self::Unknown { .. }
        | Self::NoFormat { .. }
        | Self::SameTarget { .. }
        | Self::NoManifest { .. }
        | Self::Manifest { .. }
        | Self::Settings { .. }
        | Self::Api { .. },
    IndexError,
    ResolveError,
    BuildError,
    CollectionError,
    SignError,
    CheckError,
    HostError,
    RecipeError,
}

impl VerbError for RequirementsError {
    fn is_usage(&self) -> bool {
        true
    }

    fn remedy(&self) -> Option<String> {
        Some(self.hint())
    }
}

impl VerbError for FileError {
    fn is_usage(&self) -> bool {
        false
    }

    fn remedy(&self) -> Option<String> {
        None
    }
}

impl VerbError for PipelineError {
    fn is_usage(&self) -> bool {
        match self {
            Self::Plan(error) => error.is_usage(),
            Self::Format(error) => error.is_usage(),
            Self::Template(error) => error.is_usage(),
            Self::Plugin(error) => error.is_usage(),
            Self::Target(_)
            | Self::ForbiddenName { .. }
            | Self::OneProject { .. }
            | Self::NotFrozen { .. }
            | Self::NoSourcePackages { .. }
            | Self::OtherName { .. }
            | Self::OtherVersion { .. }
            | Self::NoSpecs { .. }
            | Self::RecipesFor { .. }
            | Self::OtherTargets { .. }
            | Self::NoCompiler { .. }
            | Self::UnconfinedCompiler { .. }
            | Self::SameName { .. } => true,
            _ => false,
        }
    }

    fn remedy(&self) -> Option<String> {
        self.hint()
    }
}
