//! `pypi2pkg update`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use clap::Args;
use pep440_rs::Version;
use pep508_rs::VersionOrUrl;

use crate::{
    base::report::print_result,
    cli::failure::Failure,
    index::Index,
    python::{
        artifact::ProjectName,
        metadata::{parse_requirement, satisfies},
    },
    recipe::{Provenance, RecipeFolder},
    resolve::{Pin, RequiredBy, SourcePolicy},
    run::{BuildingIndex, Prepared},
};

use super::{
    arguments::{InputArguments, RecipeArguments},
    render::{RecipeItem, RenderMode},
    session,
};

/// Update recipes to the newest releases that their requirements allow
#[derive(Debug, Args)]
#[command(
    after_help = "Each new release is merged with what was edited, gets a changelog entry in \
the name of DEBFULLNAME and DEBEMAIL (or RPM_PACKAGER), and begins with release 1.

Examples:
  pypi2pkg update recipes/ --dry-run
  DEBFULLNAME='Jo Doe' DEBEMAIL=jo@example.org pypi2pkg update recipes/ -c constraints.txt"
)]
pub(super) struct UpdateArguments {
    #[command(flatten)]
    recipes: RecipeArguments,
    /// Constrain versions by a file
    #[arg(short = 'c', long = "constraint", value_name = "FILE")]
    constraints: Vec<PathBuf>,
    /// Show newer releases without writing anything
    #[arg(long)]
    dry_run: bool,
}

impl UpdateArguments {
    /// Returns status 1 if a project failed or a merge has conflicts.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let folders = RecipeFolder::find(&self.recipes.folder)?;
        let mut known = BTreeMap::new();
        for folder in &folders {
            let provenance = Provenance::read(folder.path())?;
            known.insert(provenance.project.clone(), (folder, provenance));
        }
        let requested: BTreeSet<&String> =
            known.values().flat_map(|(_, provenance)| &provenance.requested).collect();
        let inputs = InputArguments {
            requirements: requested.into_iter().cloned().collect(),
            files: Vec::new(),
            constraints: self.constraints,
            selection: Default::default(),
        };
        let mut options = self.recipes.options();
        let names = known.iter();
        let names = names.map(|(project, (_, own))| (Some(project.clone()), own.package.clone()));
        options.naming.names = names.collect();
        options.description.packager = known.values().next().map(|(_, own)| own.packager.clone());
        options.description.author_from_environment = true;
        let context =
            session::open_for_recipes(&self.recipes.configuration, options, verbosity, &folders)?;
        let inputs = inputs.read(&context.settings().environment)?;
        let mut context = context.with_inputs(inputs);
        let sources = &mut context.settings_mut().resolution.project_sources;
        let from_source = known.iter().filter(|(_, (_, own))| own.from_source);
        sources.extend(from_source.map(|(project, _)| (project.clone(), SourcePolicy::Sdist)));
        let context = context.for_review();
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        for pin in resolution.pins.values() {
            let release = known.get(&pin.project).map(|(_, own)| own.release.as_str());
            for line in news(&index, pin, release)? {
                print_result(&line);
            }
        }
        for project in known.keys().filter(|project| !resolution.pins.contains_key(*project)) {
            print_result(&format!("{project}: nothing requires it any more"));
        }
        if self.dry_run {
            return Ok(0);
        }
        let Prepared { packages, failures, .. } =
            context.prepare(&index, &requested, &resolution)?;
        let items = packages.into_iter().map(|package| {
            let project = &package.plan.project;
            match known.get(project) {
                Some((folder, own)) => RecipeItem {
                    folder: (*folder).clone(),
                    requested: own.requested.clone(),
                    package,
                },
                None => RecipeItem {
                    folder: RecipeFolder::at(&self.recipes.folder.join(project.as_ref())),
                    requested: Vec::new(),
                    package,
                },
            }
        });
        RenderMode::default().finish(&context, items.collect(), &failures)
    }
}

/// Returns the news on a project: its next release, and a newer one that is held back.
fn news(
    index: &BuildingIndex<'_>,
    pin: &Pin,
    release: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let (project, version) = (&pin.project, &pin.version);
    let mut lines = Vec::new();
    match release {
        Some(release) if release != version.to_string() => {
            lines.push(format!("{project} {release} -> {version}"));
        }
        Some(_) => {}
        None => lines.push(format!("{project} {version} is new")),
    }
    if let Some(newest) = newest(index, project)?.filter(|newest| newest > version) {
        let reasons: Vec<String> =
            pin.required_by.iter().filter_map(|reason| holds_back(reason, &newest)).collect();
        let because = if reasons.is_empty() { "the target".to_owned() } else { reasons.join(", ") };
        lines.push(format!("{project} {version}: {newest} is held back by {because}"));
    }
    Ok(lines)
}

/// Returns the newest final release that was not yanked.
fn newest(index: &BuildingIndex<'_>, project: &ProjectName) -> Result<Option<Version>, Failure> {
    let files = index.project(project)?;
    let usable = files.iter().flat_map(|found| &found.files).filter(|file| file.yanked.is_none());
    let versions = usable.map(|file| file.kind.version()).filter(|v| !v.any_prerelease());
    Ok(versions.max().cloned())
}

/// Returns the description of a requirement if it excludes a version.
fn holds_back(reason: &RequiredBy, newest: &Version) -> Option<String> {
    let (text, who) = match reason {
        RequiredBy::Root { requirement, .. } => (requirement, String::new()),
        RequiredBy::Project { name, version, requirement } => {
            (requirement, format!(" of {name} {version}"))
        }
    };
    let requirement = parse_requirement(text).ok()?;
    match requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) if !satisfies(newest, &specifiers) => {
            Some(format!("`{text}`{who}"))
        }
        _ => None,
    }
}
