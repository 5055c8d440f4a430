//! What has changed from one collection, or folder of recipes, to another.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;

use super::check::{CheckError, ListedPackage, manifest, newest};
use crate::{
    base::text::OneLine,
    format::Formats,
    plan::{
        Recipe,
        relation::{Capability, Relation},
    },
    recipe::{Provenance, RecipeError, RecipeFolder},
};

/// Where commands are.
const COMMANDS: &str = "/usr/bin/";

/// The differences of two collections, by package; all lists are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CollectionComparison {
    /// Packages of the second only, and their versions.
    pub added: BTreeMap<String, String>,
    /// Packages of the first only.
    pub removed: BTreeMap<String, String>,
    pub changed: BTreeMap<String, PackageChange>,
}

/// What has changed in a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<FromTo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<FromTo>,
    /// What it requires, of the collection and of the system.
    pub requires: Lists,
    /// Of that, what is not a Python project: libraries, commands, packages of the distribution.
    pub external: Lists,
    pub entry_points: Lists,
    pub commands: Lists,
    /// The lines of scriptlets, each behind the name of its own.
    pub scriptlets: Lists,
    /// All other files.
    pub files: Lists,
}

/// A value that is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FromTo {
    pub from: String,
    pub to: String,
}

/// What has come and what has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lists {
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

impl CollectionComparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(old: &ComparedPackages, new: &ComparedPackages) -> Self {
        let only = |these: &ComparedPackages, those: &ComparedPackages| {
            let names = these.iter().filter(|(name, _)| !those.contains_key(*name));
            names.map(|(name, package)| (name.clone(), package.version.clone())).collect()
        };
        let changed = old.iter().filter_map(|(name, before)| {
            let change = before.change(new.get(name)?);
            (change != PackageChange::default()).then(|| (name.clone(), change))
        });
        Self { added: only(new, old), removed: only(old, new), changed: changed.collect() }
    }
}

/// Compares the newest builds of two collections' packages.
///
/// # Errors
/// A folder that is not a collection, or whose metadata or packages cannot be read.
pub fn collections(
    old: &Path,
    new: &Path,
    formats: &Formats<'_>,
) -> Result<CollectionComparison, CheckError> {
    Ok(CollectionComparison::of(&built(old, formats)?, &built(new, formats)?))
}

/// Compares the recipes in two folders, as they were edited.
///
/// # Errors
/// A folder or recipe that cannot be read.
pub fn recipes(old: &Path, new: &Path) -> Result<CollectionComparison, RecipeError> {
    Ok(CollectionComparison::of(&written(old)?, &written(new)?))
}

type ComparedPackages = BTreeMap<String, ComparedPackage>;

/// What is compared of a package.
#[derive(Default)]
struct ComparedPackage {
    version: String,
    licence: String,
    requires: BTreeSet<String>,
    external: BTreeSet<String>,
    entry_points: BTreeSet<String>,
    commands: BTreeSet<String>,
    scriptlets: BTreeSet<String>,
    files: BTreeSet<String>,
}

fn built(folder: &Path, formats: &Formats<'_>) -> Result<ComparedPackages, CheckError> {
    let manifest = manifest(folder)?;
    let mut listed: BTreeMap<String, ListedPackage> = newest(folder, &manifest, formats)?
        .into_iter()
        .map(|package| (package.package.clone(), package))
        .collect();
    let mut packages = ComparedPackages::new();
    for record in manifest.packages {
        let Some(available) = listed.remove(&record.package) else { continue };
        // A removed recipe has no scriptlets to compare.
        let recipe = RecipeFolder::at(&folder.join(&record.recipe)).recipe().unwrap_or_default();
        let mut package = ComparedPackage {
            version: record.evr.to_string(),
            licence: record.licence.expression.clone(),
            requires: available.requires.into_iter().collect(),
            external: external(&record.relations),
            entry_points: lines(&record.entry_points),
            scriptlets: scriptlets(&recipe),
            ..ComparedPackage::default()
        };
        package.list(available.paths.into_iter(), &record.release.to_string());
        packages.insert(record.package, package);
    }
    Ok(packages)
}

fn written(folder: &Path) -> Result<ComparedPackages, RecipeError> {
    let mut packages = ComparedPackages::new();
    for folder in RecipeFolder::find(folder)? {
        let (provenance, plan) = (Provenance::read(folder.path())?, folder.plan()?);
        let recipe = folder.recipe()?;
        let requires = recipe.statements().into_iter().filter(|statement| {
            let tag = statement.tag.rsplit('/').next().unwrap_or_default();
            ["Requires", "Depends", "depends"].contains(&tag)
        });
        let mut package = ComparedPackage {
            version: plan.evr.to_string(),
            licence: plan.licence.expression.clone(),
            requires: requires.map(|statement| statement.text).collect(),
            external: external(&plan.relations),
            entry_points: lines(&plan.entry_points),
            scriptlets: scriptlets(&recipe),
            ..ComparedPackage::default()
        };
        package.list(plan.files.into_iter().map(|file| file.path), &provenance.release);
        packages.insert(provenance.package, package);
    }
    Ok(packages)
}

fn lines(lines: &[OneLine]) -> BTreeSet<String> {
    lines.iter().map(ToString::to_string).collect()
}

/// What is required beside Python projects and the interpreter.
fn external(relations: &[Relation]) -> BTreeSet<String> {
    let names = relations.iter().filter_map(|relation| match &relation.capability {
        Capability::Library { soname, .. } => Some(soname.to_string()),
        Capability::Package { name, own_version: false } => Some(name.to_string()),
        _ => None,
    });
    names.collect()
}

/// The scriptlets of a recipe, line by line.
fn scriptlets(recipe: &Recipe) -> BTreeSet<String> {
    const SECTIONS: [&str; 4] = ["%pre", "%post", "%preun", "%postun"];
    const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];
    let mut found = BTreeSet::new();
    for (name, file) in &recipe.files {
        let mut section = SCRIPTS.into_iter().find(|script| name.ends_with(&format!("/{script}")));
        for line in file.text.lines() {
            let word = line.split(' ').next().unwrap_or_default();
            if name.ends_with(".spec") && word.starts_with('%') && !word.starts_with("%%") {
                let known = SECTIONS.into_iter().find(|known| *known == word);
                section = known.map(|known| known.trim_start_matches('%'));
                continue;
            }
            if let Some(section) = section.filter(|_| !line.trim().is_empty()) {
                found.insert(format!("{section}: {line}"));
            }
        }
    }
    found
}

impl ComparedPackage {
    /// Sorts paths into commands and other files.
    fn list(&mut self, paths: impl Iterator<Item = String>, release: &str) {
        // The folder of a project's metadata has its version in its name.
        let version = format!("-{release}.dist-info/");
        let paths = paths.map(|path| path.replace(&version, "-VERSION.dist-info/"));
        (self.commands, self.files) = paths.partition(|path| path.starts_with(COMMANDS));
    }

    fn change(&self, new: &Self) -> PackageChange {
        let from_to = |from: &String, to: &String| {
            (from != to).then(|| FromTo { from: from.clone(), to: to.clone() })
        };
        PackageChange {
            version: from_to(&self.version, &new.version),
            licence: from_to(&self.licence, &new.licence),
            requires: lists(&self.requires, &new.requires),
            external: lists(&self.external, &new.external),
            entry_points: lists(&self.entry_points, &new.entry_points),
            commands: lists(&self.commands, &new.commands),
            scriptlets: lists(&self.scriptlets, &new.scriptlets),
            files: lists(&self.files, &new.files),
        }
    }
}

fn lists(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Lists {
    Lists {
        added: new.difference(old).cloned().collect(),
        removed: old.difference(new).cloned().collect(),
    }
}
