//! The packaging standards of Python: names, versions, markers, tags, files of releases, core metadata,
//! requirements and lock files.

pub mod artifact;
pub mod metadata;
pub mod requirements;
