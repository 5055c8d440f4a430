//! The values of options that name one of a few things.

use clap::ValueEnum;

use crate::{
    format::build::Preference,
    index, planner,
    python::requirements,
    resolve::{SourcePolicy, Strategy},
    settings,
};

/// `--lock-format`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LockFormat {
    /// pylock.toml
    Pylock,
    /// uv.lock
    Uv,
    /// poetry.lock
    Poetry,
    /// pdm.lock
    Pdm,
    /// Pipfile.lock
    Pipfile,
    /// Requirements with exact versions and hashes
    Requirements,
}

impl From<LockFormat> for requirements::LockFormat {
    fn from(choice: LockFormat) -> Self {
        match choice {
            LockFormat::Pylock => Self::Pylock,
            LockFormat::Uv => Self::Uv,
            LockFormat::Poetry => Self::Poetry,
            LockFormat::Pdm => Self::Pdm,
            LockFormat::Pipfile => Self::Pipfile,
            LockFormat::Requirements => Self::Requirements,
        }
    }
}

/// `--relax`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Relax {
    /// Exactly the resolved versions
    Exact,
    /// All bounds that the projects state
    Compatible,
    /// Lower bounds only
    Minimum,
    /// Any version
    None,
}

impl From<Relax> for planner::Relax {
    fn from(choice: Relax) -> Self {
        match choice {
            Relax::Exact => Self::Exact,
            Relax::Compatible => Self::Compatible,
            Relax::Minimum => Self::Minimum,
            Relax::None => Self::None,
        }
    }
}

/// `--command-names`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum CommandNames {
    /// As the project calls them
    Plain,
    /// With the version of their Python, such as `flask-3.12`
    Suffixed,
}

impl From<CommandNames> for planner::CommandNames {
    fn from(choice: CommandNames) -> Self {
        match choice {
            CommandNames::Plain => Self::Plain,
            CommandNames::Suffixed => Self::Suffixed,
        }
    }
}

/// `--source`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Source {
    /// A compatible wheel, or the sdist if there is none
    Auto,
    /// Wheels only
    Wheel,
    /// Sdists only
    Sdist,
}

impl From<Source> for SourcePolicy {
    fn from(choice: Source) -> Self {
        match choice {
            Source::Auto => Self::Auto,
            Source::Wheel => Self::Wheel,
            Source::Sdist => Self::Sdist,
        }
    }
}

/// `--index-strategy`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum IndexStrategy {
    /// The first index that has the project
    FirstIndex,
    /// All indexes: anyone who can upload to one of them can replace any project
    UnsafeBestMatch,
}

impl From<IndexStrategy> for index::IndexStrategy {
    fn from(choice: IndexStrategy) -> Self {
        match choice {
            IndexStrategy::FirstIndex => Self::FirstIndex,
            IndexStrategy::UnsafeBestMatch => Self::UnsafeBestMatch,
        }
    }
}

/// `--keyring-provider`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyringProvider {
    /// Nowhere
    Disabled,
    /// The program `keyring`
    Subprocess,
}

/// `--resolution`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Resolution {
    /// The newest releases
    Highest,
    /// The oldest releases
    Lowest,
    /// The oldest releases of direct requirements, the newest of all others
    LowestDirect,
}

impl From<Resolution> for Strategy {
    fn from(choice: Resolution) -> Self {
        match choice {
            Resolution::Highest => Self::Highest,
            Resolution::Lowest => Self::Lowest,
            Resolution::LowestDirect => Self::LowestDirect,
        }
    }
}

/// `--builder`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Builder {
    /// The system's tool if it is installed, otherwise the embedded writer
    Auto,
    /// rpmbuild, dpkg-deb
    System,
    /// The embedded writers
    Embedded,
}

impl From<Builder> for Preference {
    fn from(choice: Builder) -> Self {
        match choice {
            Builder::Auto => Self::Auto,
            Builder::System => Self::System,
            Builder::Embedded => Self::Embedded,
        }
    }
}

/// `--on-conflict`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OnConflict {
    /// Build nothing
    Fail,
    /// The first project by name keeps the file
    Drop,
}

impl From<OnConflict> for settings::OnConflict {
    fn from(choice: OnConflict) -> Self {
        match choice {
            OnConflict::Fail => Self::Fail,
            OnConflict::Drop => Self::Drop,
        }
    }
}

/// `--bytecode`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ByteCode {
    /// If the target's Python is on this machine
    Auto,
    /// Always; fail without the target's Python
    Compile,
    /// Never
    None,
}

impl From<ByteCode> for settings::ByteCodePolicy {
    fn from(choice: ByteCode) -> Self {
        match choice {
            ByteCode::Auto => Self::Auto,
            ByteCode::Compile => Self::Compile,
            ByteCode::None => Self::None,
        }
    }
}
