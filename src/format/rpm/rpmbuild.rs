//! `rpmbuild`.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{
    base::{
        process::{Command, CommandRunner, Sandbox},
        report::Reporter,
    },
    format::build::{
        BUILD_HOST, BuildError, BuildJob, Builder, BuiltPackage, Compression,
        folder::{create_folders, work_folder, write_file},
        stated::RecipeText,
        system::{
            place::{Folders, ToolFolders},
            run, version,
        },
    },
    plan::PATCHES,
};

use super::build::verify;

/// Builds the spec of a recipe with `rpmbuild -bb` in a private `_topdir`.
///
/// The spec is complete in itself; what is said on the command line is only where things are, how
/// the payload is compressed and what keeps builds reproducible.
pub(crate) struct RpmBuild<'a> {
    runner: &'a dyn CommandRunner,
    program: PathBuf,
    sandbox: Option<&'a Sandbox>,
}

impl<'a> RpmBuild<'a> {
    /// A builder that runs `program`, the path of `rpmbuild`.
    pub(crate) fn new(runner: &'a dyn CommandRunner, program: PathBuf) -> Self {
        Self { runner, program, sandbox: None }
    }

    /// The same, confined.
    #[must_use]
    pub(crate) fn within(self, sandbox: Option<&'a Sandbox>) -> Self {
        Self { sandbox, ..self }
    }

    fn command(
        &self,
        job: &BuildJob<'_>,
        seen: &Folders,
        spec: &Path,
    ) -> Result<Command, BuildError> {
        let top = &seen.work;
        let compression: Compression = job.native.compression.parse()?;
        let mut command = Command::new(&self.program, top)
            .variable("SOURCE_DATE_EPOCH", job.time()?.to_string())
            .argument("-bb")
            .argument("--nodeps")
            .argument("--target")
            .argument(format!("{}-linux", job.native.architecture));
        let folders = [
            ("_topdir", top.clone()),
            ("_rpmdir", seen.packages.clone()),
            ("_tmppath", top.join("tmp")),
            ("_dbpath", top.join("db")),
        ];
        for (name, folder) in folders {
            command = command.argument("--define").argument(define(name, &folder));
        }
        let payload = format!("_binary_payload {}", compression.rpm_macro());
        let host = format!("_buildhost {BUILD_HOST}");
        let platform = format!("_target_platform {}-linux", job.native.architecture);
        for definition in [
            "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
            "_rpmformat 4",
            "use_source_date_epoch_as_buildtime 1",
            "clamp_mtime_to_source_date_epoch 1",
            "_srcdefattr (0644,root,root)",
            &platform,
            &host,
            &payload,
        ] {
            command = command.argument("--define").argument(definition);
        }
        if let Some(byte_code) = job.byte_code {
            let definition = define("byte_compiler", &byte_code.interpreter);
            command = command.argument("--define").argument(definition);
        }
        Ok(command.argument(top.join(spec)))
    }
}

impl Builder for RpmBuild<'_> {
    fn name(&self) -> &'static str {
        "system"
    }

    fn identity(&self) -> Result<String, BuildError> {
        version(self.runner, &self.program)
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        let top = work_folder()?;
        let wheel = fs::canonicalize(job.wheel).map_err(BuildError::at("read", job.wheel))?;
        let real = Folders { work: top.path().to_owned(), packages: folder.to_owned(), wheel };
        let place = ToolFolders::new(self.runner, self.sandbox, real);
        let spec = stage(job, top.path(), &place.seen.wheel)?;
        // Before anything is built: what runs then could change the recipe.
        let stated = job.own_recipe.then(|| self.stated(job, &place, &spec)).transpose()?;
        run(&place, self.command(job, &place.seen, &spec)?, job, reporter)?;

        let path = if job.own_recipe {
            only_package(job, folder)?
        } else {
            folder.join(&job.native.filename)
        };
        verify(job, &path, stated.as_ref())?;
        Ok(BuiltPackage { path })
    }
}

impl RpmBuild<'_> {
    /// What the user's own spec says: as it is, and as rpm expands it.
    fn stated(
        &self,
        job: &BuildJob<'_>,
        place: &ToolFolders<'_>,
        spec: &Path,
    ) -> Result<RecipeText, BuildError> {
        let arguments = [
            "--define".into(),
            define("_topdir", &place.seen.work),
            "--target".into(),
            format!("{}-linux", job.native.architecture).into(),
        ];
        let spec = place.seen.work.join(spec);
        RecipeText::of_spec(job.recipe, (&self.program, &arguments), &spec, place)
    }
}

/// The package that the user's own spec made.
fn only_package(job: &BuildJob<'_>, folder: &Path) -> Result<PathBuf, BuildError> {
    let entries = fs::read_dir(folder).map_err(BuildError::at("read", folder))?;
    let mut packages: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    match packages.pop() {
        Some(package) if packages.is_empty() => Ok(package),
        last => Err(BuildError::Refused {
            package: job.package(),
            reason: format!(
                "its spec makes {} packages, and a collection takes one of each recipe",
                packages.len() + usize::from(last.is_some())
            ),
        }),
    }
}

/// `NAME FOLDER`, with the folder's percent signs kept from being macros.
pub(crate) fn define(name: &str, folder: &Path) -> OsString {
    let mut definition = OsString::from(format!("{name} "));
    match folder.to_str() {
        Some(text) => definition.push(text.replace('%', "%%")),
        None => definition.push(folder),
    }
    definition
}

/// Lays out the recipe and a link to the wheel in `top` and tells where the spec is in it.
fn stage(job: &BuildJob<'_>, top: &Path, wheel: &Path) -> Result<PathBuf, BuildError> {
    let sources = top.join("SOURCES");
    for name in ["BUILD", "BUILDROOT", "SOURCES", "SPECS", "SRPMS", "db", "tmp"] {
        create_folders(&top.join(name))?;
    }
    let mut spec = None;
    for (name, file) in &job.recipe.files {
        let is_spec = name.ends_with(".spec") && !name.contains('/');
        // rpm looks for patches beside the other sources.
        let name = name.strip_prefix(PATCHES).map_or(name.as_str(), |rest| &rest[1..]);
        let path = if is_spec { top.join("SPECS").join(name) } else { sources.join(name) };
        if let Some(parent) = path.parent() {
            create_folders(parent)?;
        }
        let mode = if file.executable { 0o755 } else { 0o644 };
        write_file(&path, file.text.as_bytes(), mode, job.time()?)?;
        if is_spec {
            spec.get_or_insert(Path::new("SPECS").join(name));
        }
    }
    let link = sources.join(source_name(job));
    symlink(wheel, &link).map_err(BuildError::at("link", &link))?;
    for source in job.sources {
        let place = sources.join(source.file_name().unwrap_or_default());
        if !place.exists() && place != link {
            fs::copy(source, &place).map_err(BuildError::at("copy", source))?;
        }
    }
    spec.ok_or_else(|| BuildError::Recipe { package: job.package(), file: "*.spec".to_owned() })
}

/// The wheel's name as the spec's `Source0` ends.
fn source_name<'a>(job: &BuildJob<'a>) -> &'a str {
    let source = &job.plan.source;
    source.built_wheel.as_deref().unwrap_or(&source.filename)
}
