//! Where projects come from that requirements name by their places.

use std::path::Path;

use super::{Context, git};
use crate::{
    base::text::OneLine,
    planner::ProjectOrigin,
    python::artifact::{Direct, ReleaseFile, without_credentials},
};

/// The place that a requirement names, as others may read it: nothing of this machine, no password.
/// `file` is what was built from it.
pub(super) fn origin(run: &Context, direct: &Direct, file: &ReleaseFile) -> ProjectOrigin {
    let (text, is_own) = match direct {
        Direct::Archive { url, .. } if url.scheme() == "file" => {
            ("a file of the machine that built it".to_owned(), false)
        }
        Direct::Archive { url, .. } => (without_credentials(url).into(), false),
        Direct::Git { repository, subdirectory, .. } => {
            let address = match repository.scheme() {
                "file" => {
                    let commit = file.url.as_str().rsplit('@').next().unwrap_or_default();
                    format!("commit {commit} of a repository of the machine that built it")
                }
                _ => file.url.to_string(),
            };
            (below(address, subdirectory.as_deref()), true)
        }
        Direct::Folder { path, subdirectory } => {
            (below(folder(run, path), subdirectory.as_deref()), true)
        }
    };
    ProjectOrigin { text: OneLine::new(&text), is_own }
}

fn below(address: String, subdirectory: Option<&str>) -> String {
    match subdirectory {
        Some(folder) => format!("{address}#subdirectory={folder}"),
        None => address,
    }
}

/// A folder that is a clone comes from where that was cloned; its files may have changed since.
fn folder(run: &Context, path: &Path) -> String {
    match git::head(run, path) {
        Some((Some(remote), commit)) => format!("a folder at commit {commit} of {remote}"),
        Some((None, commit)) => format!("a folder at commit {commit}"),
        None => "a folder of the machine that built it".to_owned(),
    }
}
