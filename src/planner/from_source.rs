//! What a recipe says beside the plan to build a package of its sdist.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    base::text::OneLine,
    distro::{
        hints::{self, ResolvedHint, When},
        targets::{Idiom, SourceRecipe, Target},
    },
    plan::{
        Module, ModuleKind, PackageArchitecture, PackagePlan, SourceBuild,
        relation::{Capability, CapabilityName, LibraryName, Relation, Strength},
    },
    python::{
        artifact::ProjectName,
        metadata::{self, Requirement},
    },
    wheels::{Sdist, Wheel},
};

use super::{
    CommandPaths, FileRules, Others, PlanError, Policy, Subject, commands::ManualPage, needs,
    relations,
};

/// Where the sources of a project are.
pub struct SourceLocation<'a> {
    pub sdist: &'a Sdist,
    /// The page that lists the project's releases.
    pub releases_page: Option<String>,
}

/// How the package of `plan` is built of its sdist; nothing where the target has no way of its own
/// to write such a recipe, or everything goes into a tree of its own.
///
/// # Errors
/// The name of a package that is required is not valid.
pub fn from_source(
    subject: &Subject<'_>,
    plan: &PackagePlan,
    place: SourceLocation<'_>,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Option<SourceBuild>, PlanError> {
    let Some(recipe) = target.source_recipe.as_ref().filter(|_| target.isolation.is_none()) else {
        return Ok(None);
    };
    let (sdist, wheel) = (place.sdist, subject.wheel);
    let mut requires = of_recipe(recipe, plan, sdist)?;
    requires.extend(of_build_system(subject, sdist, target, others, policy)?);
    requires.extend(of_hints(subject, target, others, policy));
    let (stated, overruled) = compared_with_generators(plan, wheel, target);
    let strays: Vec<String> = strays(plan);
    let modules = modules(wheel, &strays);
    let rules = policy.rules(&plan.project);
    Ok(Some(SourceBuild {
        name: source_name(&plan.package, recipe, target),
        folder: sdist.folder.clone(),
        backend: sdist.backend.clone(),
        has_pyproject: sdist.has("pyproject.toml"),
        has_setup: sdist.has("setup.py"),
        requires,
        stated,
        overruled,
        extras: subject.extras.to_vec(),
        imports: imports(wheel, &modules),
        modules,
        strays,
        dropped_commands: dropped_commands(plan, wheel, target),
        dropped_files: dropped_files(rules),
        moved_files: moved_files(recipe, wheel, target, policy),
        licences: licences(sdist, wheel),
        documents: with_names(sdist, &["README", "CHANGES", "CHANGELOG", "HISTORY", "NEWS"]),
        marks_licences: !wheel.metadata.license_files.is_empty(),
        patches: Vec::new(),
        releases_page: place.releases_page,
    }))
}

/// The files that the user moves, and manual pages that get the version of the target's Python.
fn moved_files(
    recipe: &SourceRecipe,
    wheel: &Wheel,
    target: &Target,
    policy: &Policy,
) -> BTreeMap<String, String> {
    let mut moved = policy.rules(&wheel.metadata.name).moves.clone();
    // Such a recipe installs one page for all interpreters.
    if recipe.idiom == Idiom::Singlespec {
        return moved;
    }
    let (commands, prefix) = (CommandPaths::new(wheel, target, policy), &target.python.data);
    let data = format!("{}/data", wheel.data);
    for member in &wheel.members {
        let Some(inside) = member.name.strip_prefix(&data) else { continue };
        let path = format!("{prefix}{inside}");
        let place = commands.data_path(&path);
        if place != path && ManualPage::of(&path, prefix).is_some() {
            moved.entry(path).or_insert(place);
        }
    }
    moved
}

/// The files and folders that the user leaves out by their paths: members of a wheel are none of what a
/// build of the sdist installs.
fn dropped_files(rules: &FileRules) -> Vec<String> {
    let paths = rules.leave_out.iter().filter(|rule| rule.starts_with('/'));
    paths.map(|path| path.trim_end_matches('/').to_owned()).collect()
}

/// `python-webob` of `python3-webob`. Packages for a Python beside the default one, where a recipe is
/// for one only, and those that the user named otherwise come of a source package of their name.
fn source_name(package: &str, recipe: &SourceRecipe, target: &Target) -> String {
    let prefix = &target.python.package_prefix;
    let is_shared = target.python.is_default || recipe.idiom == Idiom::Singlespec;
    match package.split_once(prefix.as_str()) {
        Some((before, stem)) if is_shared && !stem.is_empty() => {
            format!("{before}python-{stem}")
        }
        _ => package.to_owned(),
    }
}

fn required(name: CapabilityName, origin: &str) -> Relation {
    Relation {
        strength: Strength::Requires,
        capability: Capability::Package { name, own_version: false },
        origin: OneLine::new(origin),
    }
}

/// What the target's recipes always require.
fn of_recipe(
    recipe: &SourceRecipe,
    plan: &PackagePlan,
    sdist: &Sdist,
) -> Result<Vec<Relation>, PlanError> {
    let mut names = recipe.requires.clone();
    if plan.architecture != PackageArchitecture::Independent {
        for name in &mut names {
            if let Some(native) = recipe.native.get(name) {
                name.clone_from(native);
            }
        }
        names.extend(recipe.native.values().cloned());
    }
    if sdist.has("pyproject.toml") {
        names.extend(recipe.pyproject.iter().cloned());
    }
    let mut seen = BTreeSet::new();
    let names = names.iter().filter(|name| seen.insert(name.as_str()));
    names.map(|name| Ok(required(CapabilityName::parse(name)?, ""))).collect()
}

/// `build-system.requires` where its markers hold on the target. Versions of what the distribution
/// has are bounded from below only, as other relations with it are.
fn of_build_system(
    subject: &Subject<'_>,
    sdist: &Sdist,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Vec<Relation>, PlanError> {
    let markers = target.markers();
    let parsed = sdist.requires.iter().filter_map(|text| text.parse::<Requirement>().ok());
    let applying = parsed.filter(|requirement| {
        requirement.name != subject.wheel.metadata.name
            && metadata::evaluate(&requirement.marker, &markers, &[])
    });
    let relation = |requirement: Requirement| {
        let origin = format!("build-system.requires: {requirement}");
        relations::requirement(&requirement, &origin, target, others, policy)
    };
    applying.map(relation).collect()
}

/// What hints say that the build needs from the system.
fn of_hints(
    subject: &Subject<'_>,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Vec<Relation> {
    let project = &subject.wheel.metadata.name;
    let known = hints::of_project(project, target, &policy.hints);
    let known = known.into_iter().filter(|need| need.when == When::Build);
    let mut found: Vec<(CapabilityName, String)> = known
        .flat_map(|need| {
            let origin = need.origin.clone();
            need.packages.into_iter().map(move |package| (package, origin.clone()))
        })
        .collect();
    for need in needs::stated(subject) {
        let resolved = needs::resolve(need.text, need.when, target, others, policy);
        if let Some(ResolvedHint::Packages(mut packages)) = resolved {
            packages.retain(|package| need.when == When::Build || hints::is_development(package));
            found.extend(packages.into_iter().map(|package| (package, need.origin.clone())));
        }
    }
    // What the built code was linked with.
    let machine = target.architecture.machine.as_str();
    let needed = subject.wheel.native_code(machine).flat_map(|elf| &elf.needed);
    let needed: BTreeSet<&LibraryName> = needed.collect();
    for soname in needed {
        let origin = format!("native code needs {soname}");
        let packages = hints::development(soname, target).into_iter();
        found.extend(packages.map(|package| (package, origin.clone())));
    }
    let mut seen = BTreeSet::new();
    found.retain(|(package, _)| seen.insert(package.clone()));
    found.into_iter().map(|(package, origin)| required(package, &origin)).collect()
}

/// The relations that generators, which read the built metadata alone, cannot know, and the
/// projects whose relations they would write otherwise.
fn compared_with_generators(
    plan: &PackagePlan,
    wheel: &Wheel,
    target: &Target,
) -> (Vec<Relation>, Vec<ProjectName>) {
    let markers = target.markers();
    let all = wheel.metadata.requires_dist.iter();
    let generated: Vec<&Requirement> =
        all.filter(|r| metadata::evaluate(&r.marker, &markers, &[])).collect();
    let is_planned = |requirement: &Requirement| {
        requirement.extras.is_empty()
            && plan.relations.iter().any(|relation| match &relation.capability {
                Capability::Project { project, specifiers: planned, .. } => {
                    *project == requirement.name && *planned == relations::specifiers(requirement)
                }
                _ => false,
            })
    };
    let overruled: BTreeSet<&ProjectName> = generated
        .iter()
        .filter(|requirement| !is_planned(requirement))
        .map(|requirement| &requirement.name)
        .collect();
    let is_generated = |relation: &&Relation| match &relation.capability {
        Capability::Project { project, .. } => {
            !overruled.contains(project) && generated.iter().any(|r| r.name == *project)
        }
        Capability::Dist { .. } | Capability::Interpreter { .. } | Capability::Library { .. } => {
            true
        }
        Capability::Package { name, .. } => {
            relation.strength == Strength::Provides
                && target.aliases(&plan.package).iter().any(|alias| name == alias.as_str())
        }
    };
    let stated = plan.relations.iter().filter(|relation| !is_generated(relation)).cloned();
    (stated.collect(), overruled.into_iter().cloned().collect())
}

/// How the files end by which setuptools declares namespace packages.
const NAMESPACE_FILE: &str = "-nspkg.pth";

/// Names on top in the site folder that the plan leaves out, as the shell matches them.
fn strays(plan: &PackagePlan) -> Vec<String> {
    let members = plan.left_out.iter().map(|left| left.member.as_str());
    let folders = members.clone().filter_map(|member| member.strip_suffix('/'));
    let folders = folders.filter(|folder| is_module_name(folder)).map(str::to_owned);
    // Their names hold the version of the Python that builds.
    let has_namespaces = members.clone().any(|member| member.ends_with(NAMESPACE_FILE));
    folders.chain(has_namespaces.then(|| format!("*{NAMESPACE_FILE}"))).collect()
}

/// Commands that the build installs, and the plan does not. One with a name that no recipe could
/// state stays where it is, where the file list does not have it and the build fails.
fn dropped_commands(plan: &PackagePlan, wheel: &Wheel, target: &Target) -> Vec<String> {
    let points = &wheel.entry_points;
    let entries = points.console_scripts.iter().chain(&points.gui_scripts);
    let prefix = format!("{}/scripts/", wheel.data);
    let scripts = wheel.members.iter().filter_map(|member| member.name.strip_prefix(&prefix));
    let names = entries.map(|entry| entry.name.as_str()).chain(scripts);
    let is_dropped = |name: &&str| {
        let path = format!("{}/{name}", target.python.scripts);
        let (major, minor) = target.python.version;
        let suffixed = format!("{path}-{major}.{minor}");
        let is_planned = |path: &str| plan.files.iter().any(|file| file.path == path);
        is_file_name(name) && !is_planned(&path) && !is_planned(&suffixed)
    };
    let dropped: BTreeSet<&str> = names.filter(is_dropped).collect();
    dropped.into_iter().map(str::to_owned).collect()
}

/// What lies on top in the site folder.
fn modules(wheel: &Wheel, strays: &[String]) -> Vec<Module> {
    let mut modules = BTreeSet::new();
    let site = [format!("{}/purelib/", wheel.data), format!("{}/platlib/", wheel.data)];
    for member in &wheel.members {
        let inside = site.iter().find_map(|prefix| member.name.strip_prefix(prefix.as_str()));
        let path = inside.unwrap_or(&member.name);
        let (top, is_folder) = path.split_once('/').map_or((path, false), |(top, _)| (top, true));
        if strays.iter().any(|stray| stray == top || matches(stray, top))
            || top == wheel.dist_info
            || top == wheel.data
            || top.ends_with(".pyc")
        {
            continue;
        }
        let (name, kind) = match top.split_once('.') {
            _ if is_folder => (top, ModuleKind::Package),
            Some((name, "py")) => (name, ModuleKind::Module),
            Some((name, rest)) if rest == "so" || rest.ends_with(".so") => {
                (name, ModuleKind::Extension)
            }
            _ => (top, ModuleKind::File),
        };
        if is_module_name(name) || kind == ModuleKind::File && is_file_name(name) {
            modules.insert(Module { name: name.to_owned(), kind });
        }
    }
    modules.into_iter().collect()
}

/// Whether a name is what a stray that begins with `*` stands for.
fn matches(stray: &str, name: &str) -> bool {
    stray.strip_prefix('*').is_some_and(|ending| name.ends_with(ending))
}

/// The modules that can be imported; of a folder without code of its own (PEP 420) those below.
fn imports(wheel: &Wheel, modules: &[Module]) -> Vec<String> {
    let has_code = |folder: &str| {
        let prefix = format!("{folder}/");
        let files = wheel.members.iter().filter_map(|member| member.name.strip_prefix(&prefix));
        let mut files = files.filter(|file| !file.contains('/'));
        files.any(|file| file.ends_with(".py") || file.ends_with(".so"))
    };
    let mut found = Vec::new();
    for module in modules {
        match module.kind {
            ModuleKind::Package => {
                let mut folder = module.name.clone();
                while !has_code(&folder) {
                    let prefix = format!("{folder}/");
                    let below = wheel.members.iter().find_map(|member| {
                        member.name.strip_prefix(&prefix)?.split_once('/').map(|(top, _)| top)
                    });
                    match below.filter(|below| is_module_name(below)) {
                        Some(below) => folder = format!("{folder}/{below}"),
                        None => break,
                    }
                }
                if has_code(&folder) {
                    found.push(folder.replace('/', "."));
                }
            }
            ModuleKind::Module | ModuleKind::Extension => found.push(module.name.clone()),
            ModuleKind::File => {}
        }
    }
    found
}

/// Whether Python could import it, which also makes it safe to put into a recipe.
fn is_module_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_file_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

/// The files of the sdist's folder whose names begin so.
fn with_names(sdist: &Sdist, beginnings: &[&str]) -> Vec<String> {
    let is_wanted = |file: &&String| {
        let upper = file.to_ascii_uppercase();
        beginnings.iter().any(|beginning| upper.starts_with(beginning))
    };
    sdist.top().filter(is_wanted).cloned().collect()
}

/// The licence files: those of the usual names, and those that the wheel has of other folders.
fn licences(sdist: &Sdist, wheel: &Wheel) -> Vec<String> {
    let mut found = with_names(sdist, &["LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS"]);
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    for (member, _) in &wheel.licence_texts {
        let name = base(member);
        let mut files = sdist.files.iter();
        if !found.iter().any(|known| base(known) == name)
            && let Some(file) = files.find(|file| base(file) == name)
        {
            found.push(file.clone());
        }
    }
    found
}
