//! The embedded target files and name maps.

/// Pairs of a name and the text of `FOLDER/NAME.EXTENSION` below `data`.
macro_rules! texts {
    ($folder:literal, $extension:literal: $($name:literal)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../data/", $folder, "/", $name, ".", $extension)),
        )),*]
    };
}

/// Target files by name.
pub(super) const TARGETS: &[(&str, &str)] = texts!("distros", "toml":
    "amazonlinux-2023"
    "centos-stream-10"
    "centos-stream-9"
    "debian"
    "debian-12"
    "debian-13"
    "debian-time64"
    "el"
    "el10"
    "el8"
    "el9"
    "fedora"
    "fedora-42"
    "fedora-43"
    "fedora-44"
    "linux"
    "opensuse-leap-15.6"
    "opensuse-leap-16.0"
    "opensuse-tumbleweed"
    "rpm"
    "suse"
    "ubuntu-22.04"
    "ubuntu-24.04"
    "ubuntu-26.04"
);

/// Name maps (project, package; one pair per line) by name.
pub(super) const NAMES: &[(&str, &str)] = texts!("names", "txt":
    "debian-12"
    "debian-13"
    "ubuntu-22.04"
    "ubuntu-24.04"
    "ubuntu-26.04"
);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{NAMES, TARGETS};

    fn folder(name: &str, extension: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(extension).map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_file_of_the_folders_is_embedded() {
        let names = |list: &[(&str, &str)]| -> Vec<String> {
            list.iter().map(|(name, _)| name.to_string()).collect()
        };
        assert_eq!(names(TARGETS), folder("distros", ".toml"));
        assert_eq!(names(NAMES), folder("names", ".txt"));
    }
}
