//! The command line of the program if it is started by the name `pypi2rpm`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::Parser;

use crate::{
    base::{
        files::{FileError, Temporary, temporary_place, write_file},
        report::{Event, Reporter, Terminal, print_result},
    },
    cli::failure::Failure,
    run::BuildOutcome,
    run::available,
    settings::Configuration,
};

use super::{Arguments, Verb, build::report_failures};

/// The name of a link to the program.
pub(super) const NAME: &str = "pypi2rpm";

/// Make one RPM package of one project, without what it requires
#[derive(Debug, Parser)]
#[command(name = NAME, disable_version_flag = true, max_term_width = 100)]
#[command(after_help = "Examples:
  pypi2rpm webob
  pypi2rpm webob --version 1.8.7 --name python26-webob --spec-file webob.spec
  pypi2rpm https://files.example/WebOb-1.8.7.tar.gz --dist-dir rpms/

The same and more: `pypi2pkg build --help`.")]
struct Pypi2Rpm {
    /// A project, or the URL or path of an archive
    #[arg(value_name = "PROJECT")]
    project: String,
    /// The release (default: the newest)
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The package name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A spec to use instead of a generated one
    #[arg(long, value_name = "FILE")]
    spec_file: Option<PathBuf>,
    /// The folder to write the package to
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    dist_dir: PathBuf,
    /// The package index
    #[arg(long, value_name = "URL")]
    index: Option<String>,
    /// The cache folder
    #[arg(long, value_name = "FOLDER")]
    download_cache: Option<PathBuf>,
    /// The RPM distribution to build the package for (default: this machine's)
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// Parses and runs a command line; the exit statuses are those of `pypi2pkg`.
pub(super) fn run(arguments: Vec<OsString>) -> Result<Result<u8, Failure>, clap::Error> {
    let command_line = Pypi2Rpm::try_parse_from(arguments)?;
    let reporter = Terminal::new(0);
    let target = match command_line.target() {
        Ok(target) => target,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(target) = target.as_ref().filter(|_| command_line.target.is_none()) {
        let line = format!("this machine is not an RPM system: the package is made for {target}");
        reporter.event(Event::Warning(&line));
    }
    let translated = Arguments::try_parse_from(command_line.translated(target))?;
    let Verb::Build(build) = translated.verb else { return Ok(Ok(0)) };
    Ok(command_line.finish(|folder| build.build_in(folder, 0)))
}

impl Pypi2Rpm {
    /// Returns the target to pass on, or `None` if the machine's or the configured one is used.
    fn target(&self) -> Result<Option<String>, Failure> {
        if self.target.is_some() || Configuration::read(None)?.options.target.target.is_some() {
            return Ok(self.target.clone());
        }
        let targets = available::configured_targets(&Configuration::default())?;
        let is_rpm = available::detect(&targets).and_then(|name| {
            Ok(targets.load(&name, None, None)?.format == crate::format::rpm::NAME)
        });
        match is_rpm {
            Ok(true) => Ok(None),
            _ => Ok(targets.newest("fedora")),
        }
    }

    /// Returns the same command line for `pypi2pkg`.
    fn translated(&self, target: Option<String>) -> Vec<OsString> {
        let requirement = match &self.version {
            Some(version) => format!("{}=={version}", self.project),
            None => self.project.clone(),
        };
        let mut arguments: Vec<OsString> =
            ["pypi2pkg", "build", "--no-deps"].map(Into::into).to_vec();
        let mut option = |name: &str, value: Option<OsString>| {
            if let Some(value) = value {
                arguments.extend([name.into(), value]);
            }
        };
        option("--name", self.name.as_ref().map(Into::into));
        option("--spec-file", self.spec_file.as_ref().map(Into::into));
        option("--index-url", self.index.as_ref().map(Into::into));
        option("--cache-dir", self.download_cache.as_ref().map(Into::into));
        option("--target", target.map(Into::into));
        arguments.extend(["--".into(), requirement.into()]);
        arguments
    }

    /// Builds in a temporary folder and copies the package to `--dist-dir`.
    fn finish(
        &self,
        build: impl FnOnce(&Path) -> Result<BuildOutcome, Failure>,
    ) -> Result<u8, Failure> {
        let folder = Temporary::new().map_err(FileError::write(&temporary_place()))?;
        let BuildOutcome { manifest, files } = build(&folder.path().join("collection"))?;
        for file in &files {
            let built = folder.path().join("collection").join(file);
            let bytes = std::fs::read(&built).map_err(FileError::write(&built))?;
            let place = self.dist_dir.join(built.file_name().unwrap_or_default());
            write_file(&place, &bytes)?;
            print_result(&place.display().to_string());
        }
        report_failures(&manifest.failures, files.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_translated() {
        let options = [
            ("--version", "1.0"),
            ("--name", "python26-webob"),
            ("--spec-file", "webob.spec"),
            ("--index", "https://index.example/simple"),
            ("--download-cache", "downloads"),
            ("--dist-dir", "rpms"),
        ];
        let given = options.iter().flat_map(|(option, value)| [*option, *value]);
        let command_line =
            Pypi2Rpm::try_parse_from([NAME, "webob"].into_iter().chain(given)).unwrap();
        let expected = [
            "pypi2pkg",
            "build",
            "--no-deps",
            "--name",
            "python26-webob",
            "--spec-file",
            "webob.spec",
            "--index-url",
            "https://index.example/simple",
            "--cache-dir",
            "downloads",
            "--target",
            "el9",
            "--",
            "webob==1.0",
        ];
        assert_eq!(command_line.translated(Some("el9".to_owned())), expected);
        assert_eq!(command_line.dist_dir, Path::new("rpms"));
    }
}
