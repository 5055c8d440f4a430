//! Files of a release: names of wheels and sdists, tags, hashes.

mod digest;
mod direct;
mod file;
mod limits;
mod name;
mod tag;
mod wheel_name;
mod zip_layout;

pub use digest::{HashAlgorithm, HashCheck, HashError, HashMismatch, Hashes};
pub use direct::{Direct, mend_scp, normalized, redacted, without_credentials};
pub use file::{FileKind, FileNameError, ReleaseFile, SdistName};
pub use limits::ArchiveLimits;
pub use name::{extra_name, project_name};
pub use pep508_rs::{ExtraName, PackageName as ProjectName};
pub use tag::{Tag, Tags};
pub use wheel_name::WheelName;
pub use zip_layout::{ZipLayoutError, check_zip};
