//! Writing and checking rpm packages without rpm.

mod dependency;
mod verify;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use ::rpm::{BuildConfig, FileOptions, FileOptionsBuilder, PackageBuilder};

use crate::{
    plan::{Content, FileRole, PlannedFile, owned_folders},
    report::Reporter,
};

use super::{
    BUILD_HOST, BuildError, BuildJob, Builder, BuiltPackage, Compression, contents::Contents,
};
use dependency::add_relations;

pub(super) use verify::verify;

/// Folders whose files rpm takes for documentation, whatever the spec says (`__docdir_path`).
const DOCUMENTATION: [&str; 5] = [
    "/usr/share/doc/",
    "/usr/share/man/",
    "/usr/share/info/",
    "/usr/share/gtk-doc/html/",
    "/usr/share/gnome/help/",
];

/// Writes packages in rpm's format 4, which every rpm since 4.14 reads.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmbeddedRpm;

impl Builder for EmbeddedRpm {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        _reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        let package = compose(job)?;
        let path = folder.join(&job.native.filename);
        let write = || {
            let mut file = BufWriter::new(File::create_new(&path)?);
            file.write_all(&package.0)?;
            file.write_all(&package.1)?;
            file.flush()
        };
        write().map_err(|error| BuildError::file("write", &path, &error))?;
        verify(job, &path)?;
        Ok(BuiltPackage { path })
    }
}

/// The package's header and payload.
fn compose(job: &BuildJob<'_>) -> Result<(Vec<u8>, Vec<u8>), BuildError> {
    let refused = |error: ::rpm::Error| BuildError::Refused {
        package: job.package(),
        reason: error.to_string(),
    };
    let time = job.time()?;
    let compression: Compression = job.native.compression.parse()?;
    let mut builder = describe(job)?;
    builder.using_config(BuildConfig::v4().compression(compression).source_date(time));
    add_relations(&mut builder, job)?;

    for folder in owned_folders(&job.plan.files) {
        builder.with_dir_entry(FileOptions::dir(folder).permissions(0o755)).map_err(refused)?;
    }
    let mut contents = Contents::open(job)?;
    let linked = linked(&job.plan.files);
    for file in &job.plan.files {
        let set = match &file.content {
            Content::HardLink(other) => Some(other),
            _ => linked.get(&file.path).copied(),
        };
        let mut options = options(file);
        if let Some(set) = set {
            options = options.hardlink(set);
        }
        builder.with_file_contents(contents.read(file)?, options).map_err(refused)?;
    }
    let package = builder.build().map_err(refused)?;
    let mut header = Vec::new();
    package.metadata.write(&mut header).map_err(refused)?;
    Ok((header, package.payload))
}

/// Everything that a package says of itself but its files and relations.
fn describe(job: &BuildJob<'_>) -> Result<PackageBuilder, BuildError> {
    let native = job.native;
    let mut builder = PackageBuilder::new(
        &native.name,
        &native.version,
        &native.licence,
        &native.architecture,
        &native.summary,
    );
    builder
        .release(&native.release)
        .description(&native.description)
        .packager(&native.packager)
        .build_host(BUILD_HOST)
        .add_changelog_entry(
            format!("{} - {}", native.changelog.author, native.changelog.version),
            format!("- {}", native.changelog.line),
            noon(job)?,
        );
    if let Some(epoch) = native.epoch {
        builder.epoch(u32::try_from(epoch).map_err(|_| BuildError::Refused {
            package: job.package(),
            reason: format!("the epoch {epoch} does not fit into an rpm package"),
        })?);
    }
    if let Some(homepage) = &native.homepage {
        builder.url(homepage);
    }
    Ok(builder)
}

/// The changelog's time as rpmbuild notes it: noon of its day, since a spec holds only the day.
fn noon(job: &BuildJob<'_>) -> Result<u32, BuildError> {
    const DAY: i64 = 24 * 60 * 60;
    let time = job.native.changelog.time;
    u32::try_from(time - time.rem_euclid(DAY) + DAY / 2).map_err(|_| BuildError::Refused {
        package: job.package(),
        reason: format!("the changelog's time {time} does not fit into an rpm package"),
    })
}

/// The files that have further names.
fn linked(files: &[PlannedFile]) -> BTreeSet<&String> {
    let others = files.iter().filter_map(|file| match &file.content {
        Content::HardLink(other) => Some(other),
        _ => None,
    });
    others.collect()
}

/// A file's place, mode and flags.
fn options(file: &PlannedFile) -> FileOptionsBuilder {
    let options = FileOptions::new(&file.path).permissions((file.mode & 0o7777) as u16);
    let documentation = DOCUMENTATION.iter().any(|folder| file.path.starts_with(folder));
    match file.role {
        FileRole::Plain if documentation => options.doc(),
        FileRole::Plain => options,
        FileRole::Licence => options.license(),
        FileRole::Documentation => options.doc(),
        FileRole::Configuration => options.config().noreplace(),
    }
}
