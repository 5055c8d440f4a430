//! `rpmbuild`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    base::{
        process::{Command, CommandRunner},
        report::{Event, Reporter},
    },
    format::build::{
        BUILD_HOST, BuildError, Compression,
        folder::{create_folders, work_folder},
        source::{SourceBuilder, SourceJob, SourceTools, base, hand_over, place::BuildFolder},
        stated::RecipeText,
        system::{TIME_LIMIT, failed},
    },
};

use super::{Rpm, build::verify_stated, rpmbuild::define};

impl SourceBuilder for Rpm {
    /// Builds the binary package. Its requirements are checked by rpmbuild itself, which generates some
    /// of them of the unpacked sources.
    fn build(
        &self,
        job: &SourceJob<'_>,
        tools: &SourceTools<'_>,
        folder: &Path,
    ) -> Result<PathBuf, BuildError> {
        let rpmbuild = tools.find("rpmbuild", job)?;
        let place = BuildFolder::new(tools)?;
        let spec = stage(job, place.path())?;
        let spec = spec.strip_prefix(place.path()).unwrap_or(&spec);
        let compression: Compression = job.native.compression.parse()?;
        // Before the project's own code runs, which could change the recipe.
        let arguments = ["--define".into(), define("_topdir", &place.seen(""))];
        let stated =
            RecipeText::of_spec(job.recipe, (&rpmbuild, &arguments), &place.seen(spec), &place)?;
        let command = command(job, rpmbuild, &place.seen(""))?
            .argument("-bb")
            .argument("--define")
            .argument(define("_topdir", &place.seen("")))
            .argument("--define")
            .argument(format!("_binary_payload {}", compression.rpm_macro()))
            .argument("--define")
            .argument("_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm")
            // Debugging symbols would be packages of their own.
            .argument("--define")
            .argument("debug_package %{nil}")
            .argument(place.seen(spec));
        run_checked(job, &place, tools.reporter, command)?;
        let package = folder.join(&job.native.filename);
        place.take(&Path::new("RPMS").join(&job.native.filename), &package)?;
        verify_stated(&package, &stated)?;
        Ok(package)
    }

    /// Makes the `.src.rpm`.
    ///
    /// It holds the paths of its folders, which are therefore relative: they say nothing of this
    /// machine.
    fn source_package(
        &self,
        job: &SourceJob<'_>,
        tools: &SourceTools<'_>,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, BuildError> {
        let rpmbuild = tools.find("rpmbuild", job)?;
        let top = work_folder()?;
        let spec = stage(job, top.path())?;
        let spec = spec.strip_prefix(top.path()).unwrap_or(&spec);
        let command = command(job, rpmbuild, top.path())?
            .argument("-bs")
            .argument("--nodeps")
            .argument("--define")
            .argument("_topdir .")
            .argument("--define")
            .argument("_source_payload w9.gzdio")
            .argument(spec);
        run_checked(job, tools.runner, tools.reporter, command)?;
        let made = top.path().join("SRPMS");
        let unreadable = BuildError::at("read the folder", &made);
        let made = fs::read_dir(&made).map_err(unreadable)?.filter_map(Result::ok);
        made.map(|entry| hand_over(&entry.path(), folder)).collect()
    }
}

/// What both have in common: the target, and what keeps builds reproducible.
fn command(job: &SourceJob<'_>, program: PathBuf, top: &Path) -> Result<Command, BuildError> {
    let mut command = Command::new(program, top)
        .variable("SOURCE_DATE_EPOCH", job.time()?.to_string())
        .timeout(TIME_LIMIT)
        .argument("--target")
        .argument(format!("{}-linux", job.native.architecture));
    let host = format!("_buildhost {BUILD_HOST}");
    let dist = match job.dist_tag {
        "" => "dist %{nil}".to_owned(),
        tag => format!("dist {tag}"),
    };
    for definition in [
        "_rpmformat 4",
        "use_source_date_epoch_as_buildtime 1",
        "clamp_mtime_to_source_date_epoch 1",
        "_srcdefattr (0644,root,root)",
        &host,
        &dist,
    ] {
        command = command.argument("--define").argument(definition);
    }
    Ok(command)
}

/// Lays out the recipe and the source in `top` and tells where the spec is.
fn stage(job: &SourceJob<'_>, top: &Path) -> Result<PathBuf, BuildError> {
    for name in ["BUILD", "BUILDROOT", "RPMS", "SOURCES", "SPECS", "SRPMS"] {
        create_folders(&top.join(name))?;
    }
    let is_spec = |name: &str| name.ends_with(".spec") && !name.contains('/');
    job.write_recipe(top, |name| {
        let folder = if is_spec(name) { "SPECS" } else { "SOURCES" };
        Some(Path::new(folder).join(base(name)))
    })?;
    job.copy_source(&top.join("SOURCES").join(job.source_name()))?;
    let spec = job.recipe.files.keys().find(|name| is_spec(name)).ok_or_else(|| {
        BuildError::Recipe { package: job.native.name.clone(), file: "*.spec".to_owned() }
    })?;
    Ok(top.join("SPECS").join(spec))
}

/// Runs rpmbuild; missing build requirements become an error of their own.
fn run_checked(
    job: &SourceJob<'_>,
    runner: &dyn CommandRunner,
    reporter: &dyn Reporter,
    command: Command,
) -> Result<(), BuildError> {
    let package = &job.native.name;
    reporter.event(Event::Detail(&command.line()));
    let output = runner.run(&command)?;
    if output.status == 0 {
        return Ok(());
    }
    match requirements(&output.reason(usize::MAX)) {
        missing if missing.is_empty() => Err(failed(&command, &output, package)),
        missing => Err(BuildError::Requirements { package: package.clone(), missing }),
    }
}

/// What rpmbuild says is needed.
fn requirements(said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.split_once(" is needed by "));
    lines.map(|(needed, _)| needed.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::requirements;

    #[test]
    fn missing_requirements_are_read() {
        let said = "error: Failed build dependencies:\n\tpython3-devel is needed by x-1-1.noarch\n\
                    \tpython3dist(a) >= 1 is needed by x-1-1.noarch";
        assert_eq!(requirements(said), ["python3-devel", "python3dist(a) >= 1"]);
    }
}
