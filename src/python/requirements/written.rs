//! A requirement as it was written.

use std::{collections::BTreeMap, fmt};

use pep440_rs::VersionSpecifiers;
use pep508_rs::{MarkerTree, VersionOrUrl};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{LockedFile, RequirementOrigin, RootRequirement};
use crate::python::{
    artifact::{Direct, ExtraName, FileKind, Hashes, ProjectName, redacted},
    metadata::{Requirement, is_pinned},
};

/// A requirement as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// `None` where only a look at the place can tell.
    pub name: Option<ProjectName>,
    pub extras: Vec<ExtraName>,
    /// For a wheel's URL or path: its version.
    pub specifiers: VersionSpecifiers,
    pub marker: Option<Marker>,
    pub place: Option<DirectLocation>,
    pub hashes: Vec<Hashes>,
    pub is_editable: bool,
    /// Whether it restricts only (`-c`).
    pub is_constraint: bool,
    pub config_settings: BTreeMap<String, Vec<String>>,
    /// In a lock file: the release's files, where it names them.
    pub files: Vec<LockedFile>,
    /// In a lock file: the index that has it.
    pub index: Option<String>,
    /// In a lock file: the Pythons that it is for.
    pub requires_python: Option<VersionSpecifiers>,
    pub origin: RequirementOrigin,
}

/// A marker and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub text: String,
    pub tree: MarkerTree,
}

/// What a requirement names in place of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectLocation {
    /// As it was written; a path as a `file` URL. It may hold a password.
    pub url: String,
    pub direct: Direct,
}

impl Marker {
    /// A marker that was put together; `None` for one that always holds.
    pub fn of(tree: MarkerTree) -> Option<Self> {
        let text =
            if tree.is_false() { "python_version < '0'".to_owned() } else { tree.try_to_string()? };
        Some(Self { text, tree })
    }
}

impl Written {
    /// Whether it allows one version only.
    pub fn is_pinned(&self) -> bool {
        self.place.is_some() || is_pinned(&self.specifiers)
    }

    /// The project, as far as the requirement itself or the name of a file tells.
    pub fn project(&self) -> Option<ProjectName> {
        let of_file = || match &self.place.as_ref()?.direct {
            Direct::Archive { url, .. } => {
                let file = url.path_segments()?.next_back()?;
                Some(FileKind::parse(file, None).ok()?.project().clone())
            }
            Direct::Folder { .. } | Direct::Git { .. } => None,
        };
        self.name.clone().or_else(of_file)
    }

    /// The requirement of a project whose name is known by now.
    pub fn into_root(self, name: ProjectName) -> RootRequirement {
        let direct = self.place.map(|place| place.direct);
        let version_or_url = match direct.as_ref().and_then(Direct::url) {
            Some(url) => Some(VersionOrUrl::Url(url)),
            None if self.specifiers.is_empty() => None,
            None => Some(VersionOrUrl::VersionSpecifier(self.specifiers)),
        };
        let requirement = Requirement {
            name,
            extras: self.extras,
            version_or_url,
            marker: self.marker.map_or(MarkerTree::TRUE, |marker| marker.tree),
            origin: None,
        };
        let (origin, hashes) = (self.origin, self.hashes);
        let config_settings = self.config_settings;
        RootRequirement { requirement, origin, hashes, direct, config_settings }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(ToString::to_string).unwrap_or_default();
        f.write_str(&name)?;
        if !self.extras.is_empty() {
            let extras: Vec<&str> = self.extras.iter().map(AsRef::as_ref).collect();
            write!(f, "[{}]", extras.join(","))?;
        }
        match &self.place {
            Some(place) if name.is_empty() => place.direct.fmt(f)?,
            Some(place) => write!(f, " @ {}", place.direct)?,
            None => self.specifiers.fmt(f)?,
        }
        self.marker.iter().try_for_each(|marker| write!(f, " ; {}", marker.text))
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let specifiers: Vec<String> = self.specifiers.iter().map(ToString::to_string).collect();
        let marker = self.marker.as_ref().map(|marker| &marker.text);
        let url = self.place.as_ref().map(|place| redacted(&place.url));
        let (subdirectory, revision) = match self.place.as_ref().map(|place| &place.direct) {
            Some(Direct::Git { revision, subdirectory, .. }) => (subdirectory, revision),
            Some(Direct::Archive { subdirectory, .. } | Direct::Folder { subdirectory, .. }) => {
                (subdirectory, &None)
            }
            None => (&None, &None),
        };
        let requires_python = self.requires_python.as_ref().map(ToString::to_string);
        let index = self.index.as_deref().map(redacted);
        let mut view = serializer.serialize_struct("Requirement", 15)?;
        view.serialize_field("name", &self.name)?;
        view.serialize_field("extras", &self.extras)?;
        view.serialize_field("specifier", &specifiers)?;
        view.serialize_field("marker", &marker)?;
        view.serialize_field("url", &url)?;
        view.serialize_field("revision", revision)?;
        view.serialize_field("subdirectory", subdirectory)?;
        view.serialize_field("hashes", &self.hashes)?;
        view.serialize_field("editable", &self.is_editable)?;
        view.serialize_field("constraint", &self.is_constraint)?;
        view.serialize_field("config-settings", &self.config_settings)?;
        view.serialize_field("files", &self.files)?;
        view.serialize_field("index", &index)?;
        view.serialize_field("requires-python", &requires_python)?;
        view.serialize_field("origin", &self.origin)?;
        view.end()
    }
}
