//! Keys of the configuration that take one of a few words.

use serde::Deserialize;

use crate::{
    format::build::Preference,
    index::IndexStrategy,
    planner::{CommandNames, Relax},
    resolve::{SourcePolicy, Strategy},
};

/// `source` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceChoice {
    Auto,
    Wheel,
    Sdist,
}

impl From<SourceChoice> for SourcePolicy {
    fn from(choice: SourceChoice) -> Self {
        match choice {
            SourceChoice::Auto => Self::Auto,
            SourceChoice::Wheel => Self::Wheel,
            SourceChoice::Sdist => Self::Sdist,
        }
    }
}

/// `resolution` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyChoice {
    Highest,
    Lowest,
    LowestDirect,
}

impl From<StrategyChoice> for Strategy {
    fn from(choice: StrategyChoice) -> Self {
        match choice {
            StrategyChoice::Highest => Self::Highest,
            StrategyChoice::Lowest => Self::Lowest,
            StrategyChoice::LowestDirect => Self::LowestDirect,
        }
    }
}

/// `index-strategy` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyOfIndexes {
    FirstIndex,
    UnsafeBestMatch,
}

impl From<StrategyOfIndexes> for IndexStrategy {
    fn from(choice: StrategyOfIndexes) -> Self {
        match choice {
            StrategyOfIndexes::FirstIndex => Self::FirstIndex,
            StrategyOfIndexes::UnsafeBestMatch => Self::UnsafeBestMatch,
        }
    }
}

/// `keyring-provider` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyringProvider {
    Disabled,
    /// The program `keyring`.
    Subprocess,
}

/// What happens to files that several packages would own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Nothing is built.
    #[default]
    Fail,
    /// The first project keeps them.
    Drop,
}

/// Whether modules are compiled for packages that bring byte code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByteCodePolicy {
    /// Where the target's Python is on this machine.
    #[default]
    Auto,
    /// A run without the target's Python fails.
    Compile,
    None,
}

/// Where a project's package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It is built.
    Build,
    /// The distribution has it.
    Distro,
    /// It is never required.
    Ignore,
}

/// `command-names` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandNamesChoice {
    Plain,
    Suffixed,
}

impl From<CommandNamesChoice> for CommandNames {
    fn from(choice: CommandNamesChoice) -> Self {
        match choice {
            CommandNamesChoice::Plain => Self::Plain,
            CommandNamesChoice::Suffixed => Self::Suffixed,
        }
    }
}

/// `relax` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RelaxChoice {
    Exact,
    Compatible,
    Minimum,
    None,
}

impl From<RelaxChoice> for Relax {
    fn from(choice: RelaxChoice) -> Self {
        match choice {
            RelaxChoice::Exact => Self::Exact,
            RelaxChoice::Compatible => Self::Compatible,
            RelaxChoice::Minimum => Self::Minimum,
            RelaxChoice::None => Self::None,
        }
    }
}

/// `builder` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuilderChoice {
    Auto,
    System,
    Embedded,
}

impl From<BuilderChoice> for Preference {
    fn from(choice: BuilderChoice) -> Self {
        match choice {
            BuilderChoice::Auto => Self::Auto,
            BuilderChoice::System => Self::System,
            BuilderChoice::Embedded => Self::Embedded,
        }
    }
}
