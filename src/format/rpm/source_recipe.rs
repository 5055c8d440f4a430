//! rpm's words for specs that build an sdist. Sources: Fedora's Python packaging guidelines and
//! pyproject-rpm-macros, python-rpm-macros of EL 8, the README of openSUSE's python-rpm-macros.

use serde_json::{Value, json};

use crate::{
    distro::targets::{Idiom, SourceRecipe, Target},
    format::{FormatError, Native, NativeRelation, NativeSource, install, text},
    plan::{
        FileRole, ModuleKind, Moment, PackageArchitecture, PackagePlan, SourceBuild, owned_folders,
        relation::{Capability, Relation, Strength},
    },
};

/// The relations of a recipe in rpm's syntax.
pub(super) fn relations(
    source: &SourceBuild,
    plan: &PackagePlan,
    target: &Target,
) -> Result<NativeSource, FormatError> {
    let generated = idiom(target).is_some_and(Idiom::generates_requirements);
    // A tool that knows only the metadata would ask for what is overruled, too.
    let checks_generated = generated && source.overruled.is_empty();
    let is_project = |relation: &&Relation| {
        relation.strength == Strength::Requires
            && matches!(relation.capability, Capability::Project { .. })
    };
    let build = source.requires.iter().filter(|relation| !(generated && is_project(relation)));
    let checks = plan.relations.iter().filter(|relation| !checks_generated && is_project(relation));
    let stated = source.stated.iter().filter(|relation| !is_of_one_interpreter(relation, target));
    let build = lowered(build, plan, target)?;
    let mut checks = lowered(checks, plan, target)?;
    checks.retain(|check| !build.iter().any(|known| known.text == check.text));
    Ok(NativeSource { build, checks, stated: lowered(stated, plan, target)? })
}

fn recipe(target: &Target) -> Option<&SourceRecipe> {
    target.source_recipe.as_ref()
}

fn idiom(target: &Target) -> Option<Idiom> {
    recipe(target).map(|recipe| recipe.idiom)
}

/// The relations in the order in which they were found, each once.
fn lowered<'r>(
    relations: impl Iterator<Item = &'r Relation>,
    plan: &PackagePlan,
    target: &Target,
) -> Result<Vec<NativeRelation>, FormatError> {
    let mut lowered: Vec<NativeRelation> = Vec::new();
    for relation in relations {
        for text in texts(relation, plan, target)? {
            let strength = relation.strength;
            if !lowered.iter().any(|known| known.strength == strength && known.text == text) {
                lowered.push(NativeRelation {
                    strength,
                    text,
                    origin: relation.origin.to_string(),
                });
            }
        }
    }
    Ok(lowered)
}

/// Whether it is an alias of the default interpreter's package, in a spec for all of them.
fn is_of_one_interpreter(relation: &Relation, target: &Target) -> bool {
    let Capability::Package { name, own_version: true } = &relation.capability else {
        return false;
    };
    let begins =
        |alias: &String| alias.split_once('{').is_some_and(|(prefix, _)| name.starts_with(prefix));
    idiom(target) == Some(Idiom::Singlespec) && target.naming.aliases.iter().any(begins)
}

/// A relation's words. In a spec for several interpreters packages of modules are called without
/// their interpreter: macros put each one's name in front.
fn texts(
    relation: &Relation,
    plan: &PackagePlan,
    target: &Target,
) -> Result<Vec<String>, FormatError> {
    let prefix = &target.python.package_prefix;
    let shared = |text: String| match text.strip_prefix(prefix.as_str()) {
        Some(stem) => format!("python-{stem}"),
        None => text,
    };
    let is_single = idiom(target) == Some(Idiom::Singlespec);
    let (name, specifiers) = match &relation.capability {
        Capability::Project { specifiers, package, .. } if is_single => {
            (shared(package.to_string()), specifiers)
        }
        Capability::Package { own_version: true, .. } if is_single => {
            let texts = super::lower::dependencies(relation, plan, target)?.into_iter();
            return Ok(texts.map(shared).collect());
        }
        _ => return super::lower::dependencies(relation, plan, target),
    };
    let text = crate::format::rpm::relation::dependency(&name, specifiers);
    let refuse = |source| FormatError::Relation { package: plan.package.clone(), source };
    Ok(vec![text.map_err(refuse)?])
}

/// What the templates of the pack `rpm-source` may refer to.
pub(super) fn context(
    plan: &PackagePlan,
    target: &Target,
    native: &Native,
    source: &SourceBuild,
    relations: &NativeSource,
) -> Value {
    let idiom = idiom(target);
    let is = |wanted| idiom == Some(wanted);
    let release = native.release.strip_suffix(&target.dist_tag).unwrap_or(&native.release);
    let extras: Vec<&str> = source.extras.iter().map(AsRef::as_ref).collect();
    let overruled: Vec<&str> = source.overruled.iter().map(AsRef::as_ref).collect();
    let marks_licences = is(Idiom::Pyproject) && source.marks_licences;
    let text = |text: &str| if is(Idiom::Singlespec) { once(text) } else { text.to_owned() };
    let insists = recipe(target).is_some_and(|recipe| recipe.insists_on_licences);
    let own = text::extend(
        json!({
            "idiom": {
                "pyproject": is(Idiom::Pyproject),
                "setup_py": is(Idiom::SetupPy),
                "singlespec": is(Idiom::Singlespec),
            },
            "name": native.name,
            "source_name": source.name,
            "subpackage": source.name != native.name && !is(Idiom::Singlespec),
            "epoch": native.epoch,
            "version": native.version,
            "release": release,
            "summary": text(&native.summary),
            "description": native.description.lines().map(text).collect::<Vec<_>>(),
            "independent": plan.architecture == PackageArchitecture::Independent,
            "python3_pkgversion": pkgversion(target),
            "pythons": pythons(target),
            "build": build(&relations.build),
            "checks": build(&relations.checks),
            "stated": relations.stated.iter().map(|r| super::lower::relation_row(r, plan)).collect::<Vec<_>>(),
            "overruled": overruled.join("|"),
            "extras": extras.join(","),
            "runtime_stated": !source.overruled.is_empty(),
            "folder": source.folder,
            "pip": format!("{}pip", target.python.package_prefix),
            "has_setup": source.has_setup,
            "patches": patches(source),
            "insists_on_licences": insists && source.marks_licences,
            "licences": if marks_licences { &[][..] } else { &source.licences[..] },
            "documents": source.documents,
            "imports": source.imports.join(", "),
            "sources": install::sources(plan),
            "scriptlets": super::lower::scriptlets(plan),
            "own_scripts": own_scripts(plan, target),
            "strays": source.strays,
            "dropped_commands": source.dropped_commands,
            "dropped_files": source.dropped_files,
            "moved_files": text::moved_files(source),
            "changelog": {
                "author": native.changelog.author,
                "version": changelog_version(native, release),
                "date": text::date(plan.time, "%a %b %d %Y"),
                "line": native.changelog.line,
            },
        }),
        files(plan, target, source),
    );
    text::extend(text::shared_context(plan, target), own)
}

/// The user's scriptlets by section, for sections that have other lines too: openSUSE's specs, whose
/// lines are expanded twice.
fn own_scripts(plan: &PackagePlan, target: &Target) -> Value {
    let lines = |moment: Moment| -> Vec<String> {
        let text = plan.scriptlets.get(&moment);
        text.into_iter().flat_map(|text| text.lines()).map(|l| l.replace('%', "%%")).collect()
    };
    let (post, postun) = (lines(Moment::PostInstall), lines(Moment::PostRemove));
    let mut files = plan.files.iter();
    let has_commands = files.any(|f| install::below(&f.path, &target.python.scripts).is_some());
    json!({
        "pre": lines(Moment::PreInstall),
        "has_post": has_commands || !post.is_empty(),
        "post": post,
        "preun": lines(Moment::PreRemove),
        "has_postun": has_commands || !postun.is_empty(),
        "postun": postun,
    })
}

/// The version of the changelog's entry, without what the target puts behind every release.
fn changelog_version(native: &Native, release: &str) -> String {
    let epoch = native.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    format!("{epoch}{}-{release}", native.version)
}

/// Text for a spec whose lines are expanded twice: `%python_subpackages` reads them again.
fn once(text: &str) -> String {
    text.replace('%', " percent")
}

/// What `%python3_pkgversion` has to be for a Python beside the default one: `3.12`, `39`.
fn pkgversion(target: &Target) -> Option<&str> {
    let python = &target.python;
    let version = python.package_prefix.strip_prefix("python")?.strip_suffix('-')?;
    let is_own = !python.is_default && idiom(target) != Some(Idiom::Singlespec);
    is_own.then_some(version)
}

/// What `%pythons` has to be for an interpreter beside the default one: `python311`.
fn pythons(target: &Target) -> Option<&str> {
    let python = &target.python;
    let is_own = !python.is_default && idiom(target) == Some(Idiom::Singlespec);
    is_own.then(|| python.package_prefix.trim_end_matches('-'))
}

/// Build requirements; those that each interpreter has of its own are written without its name.
fn build(relations: &[NativeRelation]) -> Vec<Value> {
    let rows = relations.iter().map(|relation| {
        let text = relation.text.as_str();
        let modules = if text == "python-rpm-macros" { None } else { modules(text) };
        let is_module = modules.is_some();
        let mut pieces = modules.unwrap_or_else(|| vec![text.to_owned()]).into_iter();
        json!({
            "module": is_module,
            "text": pieces.next(),
            "further": pieces.collect::<Vec<_>>(),
            "origin": relation.origin,
        })
    });
    rows.collect()
}

/// A dependency on one package that each interpreter has of its own, cut where its name stands, and
/// without `python-` before that: `%python_module` puts the interpreter before the first one, and
/// reads `%python-NAME` behind it. Source: the specs of openSUSE.
fn modules(text: &str) -> Option<Vec<String>> {
    let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let name = inside.trim_start_matches('(').split(' ').next()?;
    let stem = name.strip_prefix("python-")?;
    let mut pieces = inside.split(name);
    let before = pieces.next()?;
    let mut pieces: Vec<String> = pieces.map(|piece| format!("{stem}{piece}")).collect();
    pieces.first_mut()?.insert_str(0, before);
    Some(pieces)
}

fn patches(source: &SourceBuild) -> Vec<Value> {
    let numbered = source.patches.iter().enumerate();
    numbered.map(|(at, file)| json!({"number": at + 1, "file": file})).collect()
}

/// The file list: modules, commands, manual pages and the rest, by the macro of their folder.
fn files(plan: &PackagePlan, target: &Target, source: &SourceBuild) -> Value {
    let python = &target.python;
    let is_site = |path: &str| {
        [&python.purelib, &python.platlib].iter().any(|site| install::below(path, site).is_some())
    };
    let (mut commands, mut manuals, mut configuration) = (Vec::new(), Vec::new(), Vec::new());
    let (mut shared, mut others) = (Vec::new(), Vec::new());
    let planned = plan.files.iter().filter(|file| !is_site(&file.path));
    for file in planned {
        let path = file.path.as_str();
        if let Some(name) = install::below(path, &python.scripts) {
            commands.push(command(name, target));
        } else if let Some(page) = install::below(path, "/usr/share/man") {
            // Whatever compresses manual pages gives them their ending.
            let page = page.strip_suffix(".gz").unwrap_or(page);
            manuals.push(super::files::listed(&manual(page, target)));
        } else if let Some(inside) =
            install::below(path, "/etc").filter(|_| file.role == FileRole::Configuration)
        {
            configuration.push(super::files::listed(inside));
        } else if let Some(inside) = install::below(path, "/usr/share") {
            shared.push(super::files::listed(inside));
        } else {
            others.push(super::files::listed(path));
        }
    }
    let folders = owned_folders(&plan.files);
    let folders = folders.iter().filter(|folder| !is_site(&format!("{folder}/")));
    let folder = |path: &String| {
        let inside = install::below(path, "/usr/share");
        json!({"shared": inside.is_some(), "path": super::files::listed(inside.unwrap_or(path))})
    };
    let folders: Vec<Value> = folders.map(folder).collect();
    let is_file = |kind: ModuleKind| kind == ModuleKind::File;
    let names = source.modules.iter().filter(|module| !is_file(module.kind));
    let mut names: Vec<&str> = names.map(|module| module.name.as_str()).collect();
    names.dedup();
    let plain = source.modules.iter().filter(|module| is_file(module.kind));
    json!({
        "commands": commands,
        "manuals": manuals,
        "folders": folders,
        "configuration": configuration,
        "shared": shared,
        "others": others,
        "modules": names,
        "site_files": plain.map(|module| &module.name).collect::<Vec<_>>(),
        "site": site(source, target),
    })
}

/// A manual page as the recipe installs it: one for all interpreters has no version.
fn manual(page: &str, target: &Target) -> String {
    let (major, minor) = target.python.version;
    match idiom(target) {
        Some(Idiom::Singlespec) => page.replace(&format!("-{major}.{minor}."), "."),
        _ => page.to_owned(),
    }
}

/// A command under the name that the build installs, and that the package has.
fn command(name: &str, target: &Target) -> Value {
    let (major, minor) = target.python.version;
    let bare = name.strip_suffix(&format!("-{major}.{minor}"));
    let original = bare.filter(|_| !target.python.is_default).unwrap_or(name);
    // Where one spec is for all interpreters, its macros put the version behind the name.
    let name = if idiom(target) == Some(Idiom::Singlespec) { original } else { name };
    let (name, original) = (super::files::listed(name), super::files::listed(original));
    json!({"renamed": name != original, "name": name, "original": original})
}

/// The lines of a file list that has no macro to make it.
fn site(source: &SourceBuild, target: &Target) -> Vec<String> {
    let version = match idiom(target) {
        Some(Idiom::Singlespec) => "*",
        _ => "cpython-*",
    };
    let lines = source.modules.iter().flat_map(|module| {
        let name = &module.name;
        match module.kind {
            ModuleKind::Package => vec![format!("{name}/")],
            ModuleKind::Module => {
                vec![format!("{name}.py"), format!("__pycache__/{name}.{version}.pyc")]
            }
            ModuleKind::Extension => vec![format!("{name}.*.so")],
            ModuleKind::File => vec![name.clone()],
        }
    });
    lines.collect()
}
