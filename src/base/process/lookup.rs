//! Finding programs.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The first executable regular file called `program` in `folders`, in their order.
///
/// Relative folders are skipped: what a program name means must not depend on the current folder.
pub fn which(program: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    folders
        .iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_executable_files_in_absolute_folders_are_found() {
        let root = tempfile::tempdir().unwrap();
        let folders: Vec<PathBuf> = ["a", "b", "c"].map(|name| root.path().join(name)).to_vec();
        for folder in &folders {
            fs::create_dir(folder).unwrap();
        }
        fs::write(folders[0].join("tool"), "").unwrap();
        fs::create_dir(folders[1].join("tool")).unwrap();
        let tool = folders[2].join("tool");
        fs::write(&tool, "").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();

        assert_eq!(which("tool", &folders), Some(tool));
        assert_eq!(which("tool", &folders[..2]), None);
        assert_eq!(which("sh", &[PathBuf::from("bin")]), None);
    }
}
