//! Apt repositories (`Packages`, `Release`).

mod archive;
mod index;
mod stanza;

pub(super) use index::{FORMS, HASH_FOLDER, IndexFile, POINTER, index};
pub(super) use stanza::stanza;
