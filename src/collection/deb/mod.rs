//! Flat apt repositories (`Packages`, `Release`).

mod archive;
mod index;
mod stanza;

pub(super) use index::{HASH_FOLDER, POINTER, index};
pub(super) use stanza::stanza;
