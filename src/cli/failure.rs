//! One shape for every error: what was attempted, on what, because of what, and what to do.

use crate::{
    base::{files::WriteError, signing::SignError, text::chain},
    builder::BuildError,
    collection::{CollectionError, check::CheckError},
    distro::{repositories::RepositoryError, targets::TargetError},
    format::FormatError,
    index::IndexError,
    planner::PlanError,
    plugin::PluginError,
    python::requirements::RequirementsError,
    recipe::{RecipeError, template::TemplateError},
    resolve::ResolveError,
    run::PipelineError,
    settings::SettingsError,
};

/// The work failed, wholly or in part.
pub const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub const USAGE: u8 = 2;

/// Why a command ended without success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit status.
    pub status: u8,
    /// What failed, with its causes.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of the work itself.
    pub fn work(error: &dyn std::error::Error, hint: Option<&str>) -> Self {
        Self { status: FAILED, message: chain(error), hint: hint.map(str::to_owned) }
    }

    /// A wrong command line or configuration.
    pub fn usage(error: &dyn std::error::Error, hint: Option<&str>) -> Self {
        Self { status: USAGE, message: chain(error), hint: hint.map(str::to_owned) }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::usage(&error, error.hint().as_deref())
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let hint = match &error {
            TargetError::Prefix { .. } => "name a folder such as /opt/acme",
            _ => "`pypi2pkg target list` shows the targets and their Pythons",
        };
        Self::usage(&error, Some(hint))
    }
}

impl From<RequirementsError> for Failure {
    fn from(error: RequirementsError) -> Self {
        Self::usage(&error, Some(&error.hint()))
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        let insecure;
        let hint = match &error {
            IndexError::Unreachable { .. } => Some(
                "check the network, `HTTPS_PROXY` and `--index-url`; `--offline` uses the cache",
            ),
            IndexError::Untrusted { .. } => {
                Some("name the certificates that sign the server's in `SSL_CERT_FILE`")
            }
            IndexError::Insecure { host, .. } => {
                insecure = format!("use `https://`, or allow it with `--trusted-host {host}`");
                Some(insecure.as_str())
            }
            IndexError::Offline { .. } => Some("run once without `--offline`"),
            IndexError::Hash { .. } => Some(
                "the download was discarded; if the file was replaced on purpose, renew the lock",
            ),
            IndexError::NotBuilt { hint, .. } => hint.as_deref(),
            _ => None,
        };
        Self::work(&error, hint)
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Index { project, error } => {
                let inner = Self::from(*error);
                Self { message: format!("cannot resolve `{project}`: {}", inner.message), ..inner }
            }
            error => {
                let mut hints = error.hints();
                if hints.is_empty() {
                    hints.push("relax or remove one of these requirements".to_owned());
                }
                let hint = Some(hints.join("\n      "));
                Self { status: FAILED, message: chain(&error), hint }
            }
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let hint = match &error {
            BuildError::Missing { program: "rpmbuild" | "dpkg-deb", .. } => {
                Some("install it, or use `--builder embedded`")
            }
            BuildError::Missing { .. } => Some("install it"),
            BuildError::Requirements { .. } => Some("install these packages"),
            BuildError::NoSource { .. } => Some("build its sdist with `--source sdist`"),
            _ => None,
        };
        Self::work(&error, hint)
    }
}

impl From<CollectionError> for Failure {
    fn from(error: CollectionError) -> Self {
        if let CollectionError::Sign(error) = error {
            return error.into();
        }
        let hint = match &error {
            CollectionError::Io { .. } => Some("choose another folder with `-o`"),
            CollectionError::Link { .. } => Some("remove the link"),
            CollectionError::Signed { .. } => Some("give the key with `--sign-key`"),
            CollectionError::OtherTarget { .. } => {
                Some("use a separate folder for each target with `-o`")
            }
            _ => None,
        };
        Self::work(&error, hint)
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        let exposed;
        let hint = match &error {
            SignError::Exposed { path, .. } => {
                exposed = format!("`chmod 600 {}`", path.display());
                Some(exposed.as_str())
            }
            SignError::NoGpg { .. } => Some("install gnupg, or name a file with a secret key"),
            SignError::Unknown { .. } => Some("`gpg --list-secret-keys` shows what gpg has"),
            SignError::File { .. } => {
                Some("a locked key's passphrase is taken from `PYPI2PKG_SIGN_PASSPHRASE`")
            }
            _ => None,
        };
        Self::work(&error, hint)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let hint = match &error {
            PlanError::PackageName { .. } => Some("give another name with `--name PROJECT=NAME`"),
            PlanError::Hint { .. } => Some("add them under `[names]` in a hint file"),
            _ => None,
        };
        Self::usage(&error, hint)
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let hint = match &error {
            CheckError::NoManifest(_) => Some("use a folder that `pypi2pkg build -o` wrote"),
            _ => None,
        };
        Self::work(&error, hint)
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        let hint = "name a repository's URL or folder, or an apt source such as \
                    `http://mirror.example/debian bookworm main`";
        Self::work(&error, Some(hint))
    }
}

impl From<PluginError> for Failure {
    fn from(error: PluginError) -> Self {
        let hint = match &error {
            PluginError::Unknown { .. } | PluginError::NoFormat { .. } => {
                Some("`pypi2pkg plugin list` lists the installed plugins")
            }
            PluginError::NoManifest { .. } => {
                Some("`pypi2pkg plugin new` creates a working plugin")
            }
            PluginError::Compression { .. } => {
                Some("omit `--compression`, or change only its level")
            }
            PluginError::Manifest { .. }
            | PluginError::SameTarget { .. }
            | PluginError::Settings { .. } => Some("correct it"),
            PluginError::Exposed { .. } => {
                Some("name another folder with `--cache-dir`, or close it with `chmod 700`")
            }
            PluginError::Api { .. } => Some("install a version of it that fits this program"),
            _ => None,
        };
        match error {
            PluginError::Unknown { .. }
            | PluginError::NoFormat { .. }
            | PluginError::Compression { .. }
            | PluginError::SameTarget { .. }
            | PluginError::NoManifest { .. }
            | PluginError::Manifest { .. }
            | PluginError::Settings { .. }
            | PluginError::Api { .. } => Self::usage(&error, hint),
            _ => Self::work(&error, hint),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::work(&error, None)
    }
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        let is_other = matches!(error, RecipeError::OtherTarget { .. });
        let hint = is_other.then_some("use a separate folder for each target with `-o`");
        Self::work(&error, hint)
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        let hint = match &error {
            TemplateError::UnknownPack { suggestion: Some(known), .. }
            | TemplateError::UnknownFile { suggestion: Some(known), .. }
            | TemplateError::NoPack { suggestion: Some(known), .. }
            | TemplateError::NotInstalled { suggestion: Some(known), .. } => {
                format!("did you mean `{known}`?")
            }
            TemplateError::NoPack { .. } => {
                "put it into a folder of its pack's name, or give it a manifest".to_owned()
            }
            TemplateError::NotInstalled { .. }
            | TemplateError::UnknownPack { .. }
            | TemplateError::UnknownFile { .. }
            | TemplateError::Stray { .. } => {
                "`pypi2pkg templates list` shows all packs and files".to_owned()
            }
            TemplateError::Template { .. } => {
                "`pypi2pkg templates context PACK` lists the available names".to_owned()
            }
            TemplateError::Exists { .. } => {
                "remove it, or choose another folder with `-o`".to_owned()
            }
            TemplateError::Twice { .. } => "remove one of them".to_owned(),
            TemplateError::Unreadable { .. }
            | TemplateError::Refused { .. }
            | TemplateError::Write { .. } => {
                return Self::usage(&error, None);
            }
        };
        Self::usage(&error, Some(&hint))
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        match &error {
            FormatError::OtherPack { .. } => {
                Self::usage(&error, Some("`pypi2pkg target list` shows each target's format"))
            }
            _ => Self::work(&error, None),
        }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Index(error) => error.into(),
            PipelineError::Resolve(error) => error.into(),
            PipelineError::Plan(error) => error.into(),
            PipelineError::Format(error) => error.into(),
            PipelineError::Template(error) => error.into(),
            PipelineError::Recipe(error) => error.into(),
            PipelineError::Sdist(error) => Self::work(&error, error.hint.as_deref()),
            PipelineError::Build(error) => error.into(),
            PipelineError::Collection(error) => error.into(),
            PipelineError::Sign(error) => error.into(),
            PipelineError::Plugin(error) => error.into(),
            PipelineError::Write(error) => error.into(),
            PipelineError::Repository(error) => error.into(),
            error @ PipelineError::NotFrozen { .. } => {
                Self::usage(&error, Some("choose another folder with `-o`"))
            }
            PipelineError::Place { ref hint, .. } => Self::work(&error, hint.as_deref()),
            PipelineError::BuildRequirements { ref hint, .. } => {
                Self::work(&error, hint.as_deref())
            }
            error @ PipelineError::Offline { .. } => {
                Self::work(&error, Some("run once without `--offline`"))
            }
            PipelineError::Check(error) => error.into(),
            error @ PipelineError::NotPublished { .. } => Self::work(
                &error,
                Some(
                    "build what is missing, or set `publish-incomplete = true` in the configuration",
                ),
            ),
            error @ (PipelineError::Open { .. }
            | PipelineError::NeedsFailed { .. }
            | PipelineError::SameRelease { .. }
            | PipelineError::Drifted { .. }) => Self::work(&error, None),
            error @ PipelineError::NoSourcePackages { .. } => {
                Self::usage(&error, Some("omit `--source-package`"))
            }
            error @ PipelineError::OtherName { .. } => {
                Self::usage(&error, Some("omit `--name`, or give the spec that name"))
            }
            error @ PipelineError::OtherVersion { .. } => {
                Self::usage(&error, Some("name the spec's version, as in `NAME==VERSION`"))
            }
            error @ PipelineError::NoSpecs { .. } => {
                Self::usage(&error, Some("choose an RPM distribution with `--target`"))
            }
            error @ PipelineError::RecipesFor { .. } => {
                Self::usage(&error, Some("render recipes for it into another folder"))
            }
            error @ PipelineError::OtherTargets { .. } => {
                Self::usage(&error, Some("name the recipes of one target"))
            }
            PipelineError::Outdated { folder } => {
                let hint = format!("`pypi2pkg render {}` updates it", folder.display());
                Self::work(&PipelineError::Outdated { folder }, Some(&hint))
            }
            error @ PipelineError::Unmerged { .. } => Self::work(
                &error,
                Some("take over what you want from it, then remove the `.merge` file"),
            ),
            error @ PipelineError::NoSource { .. } => {
                Self::work(&error, Some("use the index that has it with `--index-url`"))
            }
            error @ PipelineError::NoCompiler { .. } => Self::usage(
                &error,
                Some("install it, or build without byte code with `--bytecode none`"),
            ),
            error @ PipelineError::UnconfinedCompiler { .. } => Self::usage(
                &error,
                Some(
                    "install bubblewrap and util-linux, compile without a sandbox with \
                     `--no-sandbox`, or use `--bytecode none`",
                ),
            ),
            error @ PipelineError::SamePath { .. } => Self::work(
                &error,
                Some(
                    "exclude a project with `--exclude`, or keep each file only in the first project with `--on-conflict drop`",
                ),
            ),
            error @ PipelineError::SameName { .. } => Self::usage(
                &error,
                Some("give one of them another name with `--name PROJECT=NAME`"),
            ),
        }
    }
}
