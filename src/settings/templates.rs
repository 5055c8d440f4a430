//! The folders with templates.

use std::path::PathBuf;

use serde::Deserialize;

use super::ProcessEnvironment;

/// Options for templates.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TemplateOptions {
    /// A folder with templates that replace the built-in ones
    #[arg(long, value_name = "FOLDER")]
    pub templates: Vec<PathBuf>,
}

impl TemplateOptions {
    /// Returns these folders, followed by those of `lower`.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self { templates: [self.templates, lower.templates].concat() }
    }

    /// Returns all folders in which templates are looked up, in order of precedence: these, the
    /// user's and the system's.
    pub fn folders(self, environment: &ProcessEnvironment) -> Vec<PathBuf> {
        [self.templates, environment.template_folders()].concat()
    }
}
