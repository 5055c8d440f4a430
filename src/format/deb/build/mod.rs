//! Writing and checking Debian packages without dpkg.

mod control;
mod tar;
mod tree;
mod verify;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{
    base::report::Reporter,
    format::build::{
        BuildError, BuildJob, Builder, BuiltPackage, Compression, contents::recipe_file,
        embedded_identity,
    },
    plan::FileOwner,
};

use super::ar;
use tar::TarWriter;

pub(crate) use control::{ControlFile, members};
pub(crate) use tree::{TreeEntry, TreeSizes, walk};
pub(crate) use verify::paths;
pub(crate) use verify::{verify, verify_built};

/// The first member of every package: the version of its format (deb(5)).
const DEBIAN_BINARY: (&str, &[u8]) = ("debian-binary", b"2.0\n");

/// Writes packages as `dpkg-deb` does: an `ar` archive of two compressed `tar` archives.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EmbeddedDeb;

impl Builder for EmbeddedDeb {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn identity(&self) -> Result<String, BuildError> {
        Ok(embedded_identity())
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        _reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        let time = job.time()?;
        let compression: Compression = job.native.compression.parse()?;
        let compressing = |error: io::Error| BuildError::Refused {
            package: job.package(),
            reason: format!("cannot compress its files: {error}"),
        };

        let mut data = TarWriter::new(compression.encoder(Vec::new()).map_err(compressing)?, time);
        let measured =
            walk(job, &mut |entry, bytes| data.entry(entry, bytes).map_err(compressing))?;
        let data = data.finish().and_then(|encoder| encoder.finish()).map_err(compressing)?;
        let control =
            pack_control(&members(job, &measured)?, compression, time).map_err(compressing)?;

        let path = folder.join(filename(job)?);
        let write = || {
            let mut file = BufWriter::new(File::create_new(&path)?);
            let suffix = compression.suffix();
            let members = [
                (DEBIAN_BINARY.0, DEBIAN_BINARY.1),
                (&format!("control.tar{suffix}"), &control),
                (&format!("data.tar{suffix}"), &data),
            ];
            ar::write(&mut file, &members, time)?;
            file.flush()
        };
        write().map_err(BuildError::at("write", &path))?;
        verify(job, &path)?;
        Ok(BuiltPackage { path })
    }
}

/// The package's file name: `NAME_VERSION_ARCHITECTURE.deb`, the version without its epoch.
pub(crate) fn filename(job: &BuildJob<'_>) -> Result<String, BuildError> {
    if !job.own_recipe {
        return Ok(job.native.filename.clone());
    }
    let control = &recipe_file(job, "DEBIAN/control")?.text;
    let missing = |name: &str| BuildError::Refused {
        package: job.package(),
        reason: format!("`DEBIAN/control` has no field `{name}`"),
    };
    let value = |name| control::field(control, name).ok_or_else(|| missing(name));
    let (name, version) = (value("Package")?, value("Version")?);
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    let filename = format!("{name}_{version}_{}.deb", value("Architecture")?);
    if filename.chars().all(|c| c.is_ascii_alphanumeric() || "._+-~".contains(c)) {
        Ok(filename)
    } else {
        Err(BuildError::Refused {
            package: job.package(),
            reason: format!("`{filename}` is not a valid package name"),
        })
    }
}

/// The compressed archive of the control members.
fn pack_control(
    members: &[ControlFile],
    compression: Compression,
    time: u32,
) -> io::Result<Vec<u8>> {
    let mut archive = TarWriter::new(compression.encoder(Vec::new())?, time);
    archive.entry(&TreeEntry::root(), &[])?;
    for member in members {
        let entry = TreeEntry::File {
            path: format!("/{}", member.name),
            mode: member.mode,
            owner: FileOwner::default(),
        };
        archive.entry(&entry, &member.bytes)?;
    }
    archive.finish()?.finish()
}
