//! Modules that every Python process runs when it starts.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::Deserialize;

use crate::{python::artifact::ProjectName, wheels::PathFile};

use super::{OwnNames, reserved::reader};

static MODULES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let rows = reader(include_str!("../../../data/paths/startup.csv")).into_records();
    rows.flatten().filter_map(|row| row.get(0).map(str::to_owned)).collect()
});

static STANDARD_LIBRARY: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/paths/standard-library.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

static HARMLESS: LazyLock<Vec<HarmlessFile>> = LazyLock::new(|| {
    let text = include_str!("../../../data/paths/startup-files.csv");
    reader(text).deserialize().flatten().collect()
});

/// A `*.pth` file that is known to do no harm.
#[derive(Deserialize)]
struct HarmlessFile {
    project: String,
    file: String,
    sha256: String,
}

/// Whether a `*.pth` file is a known one of the project.
pub(super) fn is_harmless(project: &ProjectName, name: &str, file: &PathFile) -> bool {
    HARMLESS.iter().any(|known| {
        known.project == project.as_ref() && known.file == name && known.sha256 == file.sha256
    })
}

/// Whether a file or folder on top of a folder of modules is imported by every process, in whatever
/// form: a source file, a package, an extension module, byte code.
pub(super) fn is_imported(top: &str) -> bool {
    let lower = top.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    MODULES.contains(stem)
}

/// Why a file on top of a site folder runs code in every process; nothing where it does not.
/// `path_file` is what it does where it is a `*.pth`.
pub(super) fn problem(
    top: &str,
    path_file: Option<&PathFile>,
    own: &OwnNames<'_>,
) -> Option<&'static str> {
    if is_imported(top) {
        return Some("which every Python process imports when it starts");
    }
    // Source: PEP 829.
    if top.to_ascii_lowercase().ends_with(".start") {
        return Some("whose functions every Python process calls when it starts");
    }
    let file = path_file?;
    let is_foreign = |name: &String| {
        !own.modules.contains(name.as_str()) || STANDARD_LIBRARY.contains(name.as_str())
    };
    if file.runs_code {
        Some("with lines that every Python process runs when it starts")
    } else if file.namespaces.iter().any(is_foreign) {
        Some("which declares a name space that is not the project's own")
    } else if file.folders.iter().any(|folder| !own.has_folder(folder)) {
        Some("which adds a place to the module path that is not a folder of the project's own")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_read() {
        assert!(is_imported("sitecustomize.py") && is_imported("apport_python_hook.py"));
        assert!(STANDARD_LIBRARY.contains("json") && STANDARD_LIBRARY.len() > 300);
    }

    #[test]
    fn every_row_of_the_harmless_files_is_read() {
        let text = include_str!("../../../data/paths/startup-files.csv");
        for row in reader(text).deserialize::<HarmlessFile>() {
            let row = row.unwrap();
            let is_digest =
                row.sha256.len() == 64 && row.sha256.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_digest && row.file.ends_with(".pth"), "{}", row.file);
            assert!(
                row.project.parse::<ProjectName>().is_ok_and(|name| name.as_ref() == row.project)
            );
        }
    }

    #[test]
    fn every_form_of_a_start_up_module_is_one() {
        for top in [
            "sitecustomize",
            "usercustomize.cpython-311-x86_64-linux-gnu.so",
            "usercustomize.abi3.so",
            "SiteCustomize.py",
            "sitecustomize.pyc",
        ] {
            assert!(is_imported(top), "{top}");
        }
        assert!(!is_imported("sitecustomize_helper.py") && !is_imported("my_sitecustomize.py"));
    }
}
