//! `pypi2pkg doctor`.

use clap::Args;

use crate::{
    base::{process::which, report::print_result},
    cli::failure::Failure,
    settings::ProcessEnvironment,
};

use super::table::table;

/// Show which tools are installed, and what works without them
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {}

/// Each tool, its use, and what happens without it.
const TOOLS: [(&str, &str, &str); 12] = [
    ("rpmbuild", "builds RPM packages from specs", "the embedded writer builds them"),
    ("unzip", "unpacks wheels in specs", "specs do not build here; the embedded writer does"),
    ("dpkg-deb", "builds Debian packages", "the embedded writer builds them"),
    ("dpkg-source", "makes Debian source packages", "`--source-package` fails for them"),
    ("makepkg", "builds PKGBUILDs that were edited", "only those that were not can be built"),
    ("python3", "builds sdists into wheels, runs plugins", "projects without a wheel fail"),
    ("bwrap", "confines the code of sdists", "sdists are built with `--no-sandbox` only"),
    ("prlimit", "limits what sdists use", "sdists are built with `--no-sandbox` only"),
    ("setpriv", "gives root's rights up for sdists", "root builds none without `--no-sandbox`"),
    ("gpg", "signs packages and metadata", "a key file does"),
    ("rpmlint", "checks RPM packages", "packages are built unchecked"),
    ("lintian", "checks Debian packages", "packages are built unchecked"),
];

impl DoctorArguments {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let path = ProcessEnvironment::of_process().path();
        let rows = TOOLS.map(|(tool, purpose, without)| match which(tool, &path) {
            Some(found) => [tool.to_owned(), found.display().to_string(), purpose.to_owned()],
            None => [tool.to_owned(), "missing".to_owned(), format!("{purpose}; {without}")],
        });
        print_result(&table(["TOOL", "FOUND", "USE"], &rows));
        Ok(0)
    }
}
