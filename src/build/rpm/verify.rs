//! Opening a finished rpm package.

use std::path::Path;

use ::rpm::Package;

use super::{BuildError, BuildJob};

/// Checks that the package at `path` is whole (every digest) and the planned one, where the plan
/// says what it is.
pub(in crate::build) fn verify(job: &BuildJob<'_>, path: &Path) -> Result<(), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let damaged =
        |error: ::rpm::Error| BuildError::Damaged { file: file.clone(), reason: error.to_string() };
    let package = Package::open(path).map_err(damaged)?;
    package.verify_digests().map_err(damaged)?;
    if job.own_recipe {
        return Ok(());
    }

    let (metadata, native) = (&package.metadata, job.native);
    let epoch = native.epoch.unwrap_or(0).to_string();
    let found = [
        ("name", metadata.get_name().map_err(damaged)?.to_owned(), &native.name),
        // Without the tag the epoch is nought.
        ("epoch", metadata.get_epoch().unwrap_or(0).to_string(), &epoch),
        ("version", metadata.get_version().map_err(damaged)?.to_owned(), &native.version),
        ("release", metadata.get_release().map_err(damaged)?.to_owned(), &native.release),
        ("architecture", metadata.get_arch().map_err(damaged)?.to_owned(), &native.architecture),
    ];
    match found.into_iter().find(|(_, found, wanted)| found != *wanted) {
        None => Ok(()),
        Some((field, found, wanted)) => {
            Err(BuildError::Other { file, field, found, wanted: wanted.clone() })
        }
    }
}
