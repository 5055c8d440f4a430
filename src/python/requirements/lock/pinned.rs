//! Requirements files that are lock files in all but name.

use crate::python::{artifact::Direct, requirements::Written};

/// Whether a requirement says which release and which files: by version and hashes, or by a URL
/// and its hash.
pub(crate) fn is_locked(written: &Written) -> bool {
    let has_hash = !written.hashes.is_empty();
    match written.place.as_ref().map(|place| &place.direct) {
        None => written.is_pinned() && has_hash,
        Some(Direct::Archive { hashes, .. }) => has_hash || !hashes.is_empty(),
        Some(_) => false,
    }
}
