//! Installing a collection into a root of its own, with the distribution's real tools.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Serialize;

use crate::{
    collection::CollectionManifest,
    format::{
        Formats, PackageEntry,
        host::{InstallError, InstallRoot},
    },
};

use super::{CheckError, newest};

/// The longest that a module or a command may take.
const START_LIMIT: Duration = Duration::from_secs(60);

/// What became of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Installed {
    /// Modules that were imported.
    pub imported: Vec<String>,
    /// Commands that printed their help.
    pub started: Vec<String>,
    pub problems: Vec<String>,
}

/// Installs all packages of a collection by their names into a root, imports their modules and starts
/// their commands; the results are by package.
///
/// # Errors
/// A tool is missing or fails, or the format has no such tools.
pub fn install(
    root: &InstallRoot<'_>,
    manifest: &CollectionManifest,
) -> Result<BTreeMap<String, Installed>, CheckError> {
    let formats = Formats::default();
    let host = formats.of(&manifest.format).and_then(|format| format.host());
    let host = host.ok_or_else(|| {
        let format = &manifest.format;
        InstallError(format!("nothing here installs packages of the format `{format}`"))
    })?;
    let packages = newest(root.folder, manifest, &formats)?;
    let entries: Vec<PackageEntry> = packages.iter().map(|package| package.entry.clone()).collect();
    host.install(root, &entries)?;
    let output = root.run(&host.versions(root)?)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    let versions: BTreeMap<String, String> =
        pairs.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
    let mut results = BTreeMap::new();
    for package in &packages {
        let mut installed = start(root, &package.paths)?;
        installed.problems.extend(instead(&package.entry, &versions));
        results.insert(package.package.clone(), installed);
    }
    Ok(results)
}

fn start(root: &InstallRoot<'_>, paths: &[String]) -> Result<Installed, InstallError> {
    let python = &root.target.python;
    let mut installed = Installed::default();
    for module in modules(paths, &[&python.purelib, &python.platlib]) {
        let code = format!("import site; site.addsitedir({:?}); import {module}", python.purelib);
        let command = root.inside(&[&python.interpreter, "-c", &code])?;
        let output = root.runner.run(&command.timeout(START_LIMIT));
        match output {
            Ok(output) if output.status == 0 => installed.imported.push(module),
            Ok(output) => {
                installed.problems.push(format!("import {module}: {}", output.reason(1)));
            }
            Err(error) => installed.problems.push(format!("import {module}: {error}")),
        }
    }
    let commands = format!("{}/", python.scripts);
    for path in paths.iter().filter(|path| path.starts_with(&commands)) {
        let command = root.inside(&[path, "--help"])?;
        let output = root.runner.run(&command.timeout(START_LIMIT));
        match output {
            Ok(output) if output.status == 0 => installed.started.push(path.clone()),
            // Not every command knows the option; what cannot find its modules does fail.
            Ok(output) if !output.reason(20).contains("ModuleNotFoundError") => {}
            Ok(output) => installed.problems.push(format!("{path}: {}", output.reason(1))),
            Err(error) => installed.problems.push(format!("{path}: {error}")),
        }
    }
    Ok(installed)
}

/// What was installed in place of a package.
fn instead(package: &PackageEntry, versions: &BTreeMap<String, String>) -> Option<String> {
    let version = versions.get(&package.package).map(String::as_str);
    let problem = |version: &str| {
        format!("installed by its name, it is {version}, not {}", package.version())
    };
    (version != Some(package.version().as_str())).then(|| problem(version.unwrap_or("missing")))
}

/// The top-level modules among installed paths: packages, modules and extension modules.
fn modules(paths: &[String], sites: &[&str]) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for path in paths {
        let inside = sites.iter().find_map(|site| path.strip_prefix(*site)?.strip_prefix('/'));
        let Some(inside) = inside else { continue };
        let name = match inside.split_once('/') {
            Some((top, "__init__.py")) => top,
            Some(_) => continue,
            None => match inside.split_once('.') {
                Some((name, ending)) if ending == "py" || ending.ends_with("so") => name,
                _ => continue,
            },
        };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && !name.starts_with(|c: char| c.is_ascii_digit()) {
            modules.insert(name.to_owned());
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::package::ListedRelations;

    #[test]
    fn what_was_installed_in_place_of_a_package_is_told() {
        let package = PackageEntry::listed("python3-one", "1.4-1", ListedRelations::default());
        let found = |version: &str| {
            let versions = BTreeMap::from([("python3-one".to_owned(), version.to_owned())]);
            instead(&package, &versions)
        };
        assert_eq!(found("1.4-1"), None);
        let told = "installed by its name, it is 1:1.2-1, not 1.4-1";
        assert_eq!(found("1:1.2-1").as_deref(), Some(told));
        let told = "installed by its name, it is missing, not 1.4-1";
        assert_eq!(instead(&package, &BTreeMap::new()).as_deref(), Some(told));
    }

    #[test]
    fn top_level_modules_are_found() {
        let site = "/usr/lib/python3/dist-packages";
        let paths = [
            "a/__init__.py",
            "a/b.py",
            "c.py",
            "_d.cpython-311-x86_64-linux-gnu.so",
            "e.pth",
            "f-1.dist-info/METADATA",
            "g/h/__init__.py",
            "1x.py",
        ];
        let paths: Vec<String> = paths.iter().map(|path| format!("{site}/{path}")).collect();
        let found = modules(&paths, &[site]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["_d", "a", "c"]);
    }
}
