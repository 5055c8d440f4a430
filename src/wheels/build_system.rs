//! A source's build system. Source: PEP 517 and PEP 518.

use std::{collections::BTreeSet, path::Path};

use serde::Deserialize;

/// The default build system. Source: PEP 518 and pip, which builds a project without the table
/// with setuptools.
const DEFAULT_REQUIRES: [&str; 2] = ["setuptools>=40.8.0", "wheel"];
const DEFAULT_BACKEND: &str = "setuptools.build_meta:__legacy__";

/// The table `build-system` of a `pyproject.toml`, or its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSystem {
    /// The requirements that must be installed before the backend starts; sorted.
    pub requires: BTreeSet<String>,
    /// The backend: a module, optionally followed by a colon and an object in it.
    pub backend: String,
    /// The project's folders that contain the backend itself.
    pub backend_path: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PyProjectFile {
    build_system: Option<Table>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Table {
    requires: Vec<String>,
    build_backend: Option<String>,
    #[serde(default)]
    backend_path: Vec<String>,
}

impl BuildSystem {
    /// The file that states it.
    pub const FILE: &str = "pyproject.toml";

    /// Parses the text of [`BuildSystem::FILE`], if there is one.
    ///
    /// # Errors
    /// The problem: the end of a sentence.
    pub fn parse(text: Option<&str>) -> Result<Self, String> {
        let read = text.map_or(Ok(PyProjectFile::default()), toml::from_str);
        let read = read.map_err(|error| {
            format!("has a `{}` that cannot be read: {}", Self::FILE, error.message())
        })?;
        let Table { mut requires, build_backend, backend_path } =
            read.build_system.unwrap_or_else(|| Table {
                requires: Vec::new(),
                build_backend: None,
                backend_path: Vec::new(),
            });
        if let Some(path) = backend_path.iter().find(|path| !is_inside(path)) {
            return Err(format!("has a backend outside its folder: `{}`", path.escape_debug()));
        }
        let backend = build_backend.unwrap_or_else(|| DEFAULT_BACKEND.to_owned());
        // Older setuptools require `wheel` only while building.
        if backend.starts_with("setuptools") && backend_path.is_empty() {
            requires.extend(DEFAULT_REQUIRES.map(str::to_owned));
        }
        Ok(Self { requires: requires.into_iter().collect(), backend, backend_path })
    }
}

fn is_inside(path: &str) -> bool {
    use std::path::Component;
    let mut components = Path::new(path).components();
    components.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_setuptools() {
        let requires = |text| -> Vec<String> {
            BuildSystem::parse(text).unwrap().requires.into_iter().collect()
        };
        let both: Vec<String> = DEFAULT_REQUIRES.map(str::to_owned).to_vec();
        assert_eq!(requires(None), both);
        assert_eq!(requires(Some("[project]\nname = 'a'\n")), both);
        let flit = "[build-system]\nrequires = ['flit-core']\nbuild-backend = 'flit_core.buildapi'";
        let found = BuildSystem::parse(Some(flit)).unwrap();
        assert_eq!(found.backend, "flit_core.buildapi");
        assert_eq!(found.requires.into_iter().collect::<Vec<_>>(), ["flit-core"]);
        // setuptools builds itself.
        let own = "[build-system]\nrequires = []\nbuild-backend = 'setuptools.build_meta'\n\
                   backend-path = ['.']";
        assert_eq!(requires(Some(own)), Vec::<String>::new());
    }

    #[test]
    fn wrong_tables_are_refused() {
        let wrong = |text| BuildSystem::parse(Some(text)).unwrap_err();
        let escape = "[build-system]\nrequires = []\nbackend-path = ['a/../../..']\n";
        assert_eq!(wrong(escape), "has a backend outside its folder: `a/../../..`");
        assert!(wrong("[build-system]\n").contains("missing field `requires`"));
        assert!(wrong("x = ").starts_with("has a `pyproject.toml` that cannot be read: "));
    }
}
