//! rpm repositories (`repodata`), in the form that `createrepo_c` gives them.

mod guard;
mod relations;
mod repodata;
mod stanza;
mod xml;

pub(super) use relations::package_relations;
pub(super) use repodata::{POINTER, repodata};
pub(super) use stanza::stanza;
