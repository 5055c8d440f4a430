//! `dpkg-buildpackage` and `dpkg-source`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    base::process::Command,
    format::build::{
        BuildError,
        folder::work_folder,
        source::{SourceBuilder, SourceJob, SourceTools, base, hand_over, place::BuildFolder},
        system::{TIME_LIMIT, failed, run_for},
    },
    plan::SourceBuild,
    wheels::patched,
};

use super::{Deb, build::verify_built};

impl SourceBuilder for Deb {
    /// Builds the binary package.
    fn build(
        &self,
        job: &SourceJob<'_>,
        tools: &SourceTools<'_>,
        folder: &Path,
    ) -> Result<PathBuf, BuildError> {
        let checker = tools.find("dpkg-checkbuilddeps", job)?;
        let builder = tools.find("dpkg-buildpackage", job)?;
        let place = BuildFolder::new(tools)?;
        let tree = unpack(job, tools, place.path())?;
        check_requirements(job, tools, &checker, &tree)?;
        let folder_name = tree.file_name().unwrap_or_default();
        let command = command(job, builder, &place.seen(folder_name))?
            // Debugging symbols would be packages of their own.
            .variable("DEB_BUILD_OPTIONS", "noautodbgsym")
            .argument("-us")
            .argument("-uc")
            .argument("-b")
            .argument("-d");
        run_for(&place, command, &job.native.name, tools.reporter)?;
        let package = folder.join(&job.native.filename);
        place.take(Path::new(&job.native.filename), &package)?;
        verify_built(&package, job.recipe)?;
        Ok(package)
    }

    /// Makes the `.dsc`, the original archive and the archive of `debian/`.
    fn source_package(
        &self,
        job: &SourceJob<'_>,
        tools: &SourceTools<'_>,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, BuildError> {
        let packer = tools.find("dpkg-source", job)?;
        let work = work_folder()?;
        let tree = unpack(job, tools, work.path())?;
        let name = &tree.file_name().unwrap_or_default().to_owned();
        let command = command(job, packer, work.path())?.argument("-b").argument(name);
        run_for(tools.runner, command, &job.native.name, tools.reporter)?;
        let unreadable = BuildError::at("read the folder", work.path());
        let mut made: Vec<PathBuf> = fs::read_dir(work.path())
            .map_err(unreadable)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.is_file())
            .collect();
        made.sort_by_key(|path| {
            (path.extension().is_none_or(|ending| ending != "dsc"), path.clone())
        });
        made.iter().map(|path| hand_over(path, folder)).collect()
    }
}

fn command(job: &SourceJob<'_>, program: PathBuf, folder: &Path) -> Result<Command, BuildError> {
    let time = job.time()?.to_string();
    Ok(Command::new(program, folder).variable("SOURCE_DATE_EPOCH", time).timeout(TIME_LIMIT))
}

fn from_source<'a>(job: &SourceJob<'a>) -> Result<&'a SourceBuild, BuildError> {
    let problem = "it is packed of a wheel, of which Debian has no source package";
    job.plan.from_source.as_ref().ok_or_else(|| BuildError::NoSource {
        package: job.native.name.clone(),
        problem: problem.to_owned(),
    })
}

/// The original archive under its name for dpkg, and the tree that it unpacks into, with the
/// recipe in it.
fn unpack(
    job: &SourceJob<'_>,
    tools: &SourceTools<'_>,
    work: &Path,
) -> Result<PathBuf, BuildError> {
    let source = from_source(job)?;
    let archive = work.join(orig(job, source)?);
    job.copy_source(&archive)?;
    let tar = Command::new(tools.find("tar", job)?, work)
        .argument("--extract")
        .argument("--no-same-owner")
        .argument("--no-same-permissions")
        .argument("--file")
        .argument(&archive)
        .timeout(TIME_LIMIT);
    run_for(tools.runner, tar, &job.native.name, tools.reporter)?;
    let tree = work.join(&source.folder);
    settle_tree(job, &tree)?;
    check_patches(job, &tree)?;
    job.write_recipe(&tree, |name| match name.strip_prefix("patches/") {
        Some(patch) => Some(PathBuf::from("debian/patches").join(base(patch))),
        None if job.plan.added.iter().any(|added| added.source == name) => {
            Some(PathBuf::from("debian").join(name))
        }
        None => name.starts_with("debian/").then(|| PathBuf::from(name)),
    })?;
    Ok(tree)
}

/// Makes room for our `debian` in what the archive brought, which must be a folder indeed: nothing
/// is written where a link leads. The format `3.0 (quilt)` replaces upstream's `debian`, too.
fn settle_tree(job: &SourceJob<'_>, tree: &Path) -> Result<(), BuildError> {
    if !tree.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Err(job.refuse("its sdist does not unpack into the folder it names".to_owned()));
    }
    let own = tree.join("debian");
    let removed = match own.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(&own),
        Ok(_) => fs::remove_file(&own),
    };
    removed.map_err(BuildError::at("remove", &own))
}

/// dpkg-source takes a patch that does not fit for one that was applied before, and says nothing.
fn check_patches(job: &SourceJob<'_>, tree: &Path) -> Result<(), BuildError> {
    let read = |member: &str| {
        let path = tree.join(member);
        let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
        match fs::read(&path) {
            Ok(bytes) if is_file => Ok(bytes),
            _ => Err(format!("changes `{member}`, which the sdist does not have")),
        }
    };
    patched(&job.plan.patches, read).map(drop).map_err(|problem| job.refuse(problem))
}

/// `NAME_VERSION.orig.tar.gz`: the version without epoch and revision.
fn orig(job: &SourceJob<'_>, source: &SourceBuild) -> Result<String, BuildError> {
    let filename = job.source_name();
    let endings = [(".tar.gz", "gz"), (".tgz", "gz"), (".tar.xz", "xz"), (".tar.bz2", "bz2")];
    let ending = endings.iter().find(|(ending, _)| filename.ends_with(ending));
    let (_, compression) = ending.ok_or_else(|| BuildError::NoSource {
        package: job.native.name.clone(),
        problem: format!("Debian's source packages take no archive such as `{filename}`"),
    })?;
    Ok(format!("{}_{}.orig.tar.{compression}", source.name, job.plan.evr.version))
}

/// Lists all build requirements that are not installed, before anything of the project runs.
fn check_requirements(
    job: &SourceJob<'_>,
    tools: &SourceTools<'_>,
    checker: &Path,
    tree: &Path,
) -> Result<(), BuildError> {
    let command = command(job, checker.to_owned(), tree)?;
    let output = tools.runner.run(&command)?;
    let said = output.reason(usize::MAX);
    let missing = said.split_once("Unmet build dependencies: ").map(|(_, list)| list);
    match (output.status, missing) {
        (0, _) => Ok(()),
        (_, Some(list)) => Err(BuildError::Requirements {
            package: job.native.name.clone(),
            missing: requirements(list.lines().next().unwrap_or_default()),
        }),
        _ => Err(failed(&command, &output, &job.native.name)),
    }
}

/// `a b (>= 1) c | d` as dpkg-checkbuilddeps lists them: spaces separate, but not before a version
/// or around an alternative.
fn requirements(list: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut depth = 0;
    let mut joins = false;
    for word in list.split_whitespace() {
        let continues = depth > 0 || joins || word == "|" || word.starts_with(['(', '[', '<']);
        depth += word.matches('(').count();
        depth -= word.matches(')').count().min(depth);
        joins = word == "|";
        match found.last_mut().filter(|_| continues) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => found.push(word.to_owned()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmet_requirements_are_told_apart() {
        let list = "a b (>= 1.0) c | d (<< 2) e";
        assert_eq!(requirements(list), ["a", "b (>= 1.0)", "c | d (<< 2)", "e"]);
        assert!(requirements("").is_empty());
    }
}
