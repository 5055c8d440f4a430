//! A package's relations as `primary` lists them.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use rpm::{Dependency, DependencyFlags, PackageMetadata};

use super::xml;
use crate::{format::PackageError, plan::relation::Strength};

/// The relations that matter to others, by the name of their element, in the order in which
/// `createrepo_c` writes them.
///
/// One rule of its is left out: of the symbol versions of `libc.so.6` it shows the highest only.
/// That saves space, but says less than the package does.
pub(crate) struct Relations([(&'static str, Vec<Dependency>); 8]);

impl Relations {
    /// The relations of a package that installs files with these paths.
    pub(crate) fn new<'a>(
        package: &PackageMetadata,
        paths: impl Iterator<Item = &'a str>,
    ) -> Result<Self, rpm::Error> {
        let provides = package.get_provides()?;
        let requires = outside_requires(&provides, paths, package.get_requires()?);
        Ok(Self([
            ("provides", provides),
            ("requires", requires),
            ("conflicts", package.get_conflicts()?),
            ("obsoletes", package.get_obsoletes()?),
            ("suggests", package.get_suggests()?),
            ("enhances", package.get_enhances()?),
            ("recommends", package.get_recommends()?),
            ("supplements", package.get_supplements()?),
        ]))
    }

    /// The elements that are not empty: their names and entries.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (&'static str, Vec<String>)> {
        self.0.iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| {
            let named = list.iter().filter(|dependency| !dependency.name.is_empty());
            (*name, named.map(|dependency| entry(dependency, *name == "requires")).collect())
        })
    }
}

/// Requirements without those on rpm itself, those that the package meets, and repetitions.
fn outside_requires<'a>(
    provides: &[Dependency],
    paths: impl Iterator<Item = &'a str>,
    requires: Vec<Dependency>,
) -> Vec<Dependency> {
    let own_files: HashSet<&str> = paths.filter(|path| is_primary(path)).collect();
    let own: HashSet<_> = provides
        .iter()
        .map(|dependency| (&dependency.name, sense(dependency.flags), &dependency.version))
        .collect();
    let mut last: HashMap<String, (&str, String, bool)> = HashMap::new();
    let mut kept = Vec::new();
    for dependency in requires {
        let sense = sense(dependency.flags);
        let own = own.contains(&(&dependency.name, sense, &dependency.version))
            || own_files.contains(dependency.name.as_str());
        let state = (sense, dependency.version.clone(), is_early(dependency.flags));
        let again = last.get(&dependency.name) == Some(&state);
        if own || again || dependency.name.starts_with("rpmlib(") {
            continue;
        }
        last.insert(dependency.name.clone(), state);
        kept.push(dependency);
    }
    kept
}

/// The relations of the package at `path`, in rpm's syntax, without those on rpm itself and on what
/// runs its scriptlets, which rpm adds of itself.
pub(crate) fn package_relations(path: &Path) -> Result<Vec<(Strength, String)>, PackageError> {
    let read = || -> Result<Vec<(Strength, Vec<Dependency>)>, rpm::Error> {
        let package = PackageMetadata::open(path)?;
        Ok(vec![
            (Strength::Requires, package.get_requires()?),
            (Strength::Recommends, package.get_recommends()?),
            (Strength::Suggests, package.get_suggests()?),
            (Strength::Provides, package.get_provides()?),
            (Strength::Conflicts, package.get_conflicts()?),
            (Strength::Replaces, package.get_obsoletes()?),
        ])
    };
    let lists = read().map_err(|error| PackageError::Package {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let relations = lists.into_iter().flat_map(|(strength, list)| {
        let is_of_rpm = |found: &Dependency| {
            found.name.starts_with("rpmlib(") || found.flags.contains(DependencyFlags::INTERP)
        };
        let list = list.into_iter().filter(move |found| !is_of_rpm(found));
        list.map(move |found| (strength, text(&found)))
    });
    Ok(relations.collect())
}

fn text(dependency: &Dependency) -> String {
    let Dependency { name, flags, version } = dependency;
    match flags.comparator_str() {
        "" => name.clone(),
        comparison => format!("{name} {comparison} {version}"),
    }
}

/// Whether a file is so often required by path that `primary` lists it.
pub(crate) fn is_primary(path: &str) -> bool {
    path.starts_with("/etc/") || path.contains("bin/") || path == "/usr/lib/sendmail"
}

/// How metadata writes a comparison.
fn sense(flags: DependencyFlags) -> &'static str {
    match flags.comparator_str() {
        "<" => "LT",
        "<=" => "LE",
        "=" => "EQ",
        ">=" => "GE",
        ">" => "GT",
        _ => "",
    }
}

/// Whether a requirement must be installed before the package's scriptlets run.
fn is_early(flags: DependencyFlags) -> bool {
    flags.intersects(
        DependencyFlags::PREREQ | DependencyFlags::SCRIPT_PRE | DependencyFlags::SCRIPT_POST,
    )
}

fn entry(dependency: &Dependency, may_be_early: bool) -> String {
    let mut out = format!("<rpm:entry name=\"{}\"", xml::attribute(&dependency.name));
    let sense = sense(dependency.flags);
    if !sense.is_empty() {
        out.extend([" flags=\"", sense, "\""]);
        if !dependency.version.is_empty() {
            let (epoch, rest) =
                dependency.version.split_once(':').unwrap_or(("0", &dependency.version));
            let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
            for (name, value) in [("epoch", epoch), ("ver", version), ("rel", release)] {
                if !value.is_empty() {
                    out.extend([" ", name, "=\"", &xml::attribute(value), "\""]);
                }
            }
        }
    }
    if may_be_early && is_early(dependency.flags) {
        out.push_str(" pre=\"1\"");
    }
    out.push_str("/>");
    out
}
