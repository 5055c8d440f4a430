//! Collections: a folder of packages with repository metadata, recipes and a manifest.
//!
//! ```text
//! package, plan, recipe ──keep──▶ Record ─┐
//! other package files ──read──▶ PackageEntry ───┴merge──▶ repository metadata, collection.json
//! ```
//!
//! Each package that was built has a [`Record`], which says all that a collection says of it: later
//! runs know by it what need not be built again, and an interrupted run goes on where it stopped.
//! Repository metadata is a pure function of the package files that are in the folder: it is
//! joined from one [`PackageEntry`](crate::format::PackageEntry) a file, has no clock, and names nothing that is not there. All of it
//! is written by this module, in the form of `createrepo_c` and `apt-ftparchive`; tests compare
//! the results with theirs.
//!
//! Nothing that is there is believed: a record has a digest of its own, a package file is compared
//! with the digest that its record states, and what is damaged is built again. A file that no record
//! knows gets into no metadata, and is not signed, but by [`Collection::of_packages`].
//!
//! Every change is prepared in a private folder and then swapped in, packages first, metadata
//! next, the manifest last. What a reader has begun to read stays complete: metadata files are
//! named by their hash, and the last few replaced ones are kept.

pub mod check;
pub mod compare;
mod error;
mod folder;
mod found;
mod ledger;
mod manifest;
mod packages;
pub(crate) mod record;
mod staging;
mod sums;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use crate::format::repository::MANIFEST_FILE;
pub use error::CollectionError;
pub use folder::{Collection, Merge, Publishing};
pub use manifest::{
    CollectionManifest, DistributionRecord, FailureRecord, PackageRecord, RootRequest, SCHEMA,
    Stage, Why,
};
pub use record::{BuiltRecord, Described, Outcome, Record, Records};
pub use staging::Staging;
