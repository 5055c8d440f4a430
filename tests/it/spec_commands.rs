//! Which paths the commands of specs name: what `rpmbuild` runs must not touch the machine that builds.

use std::{fs, path::Path};

/// The sections whose lines run when a package is built.
const SECTIONS: [&str; 6] =
    ["%prep", "%generate_buildrequires", "%build", "%install", "%check", "%clean"];

/// Macros that are folders of the finished package.
const FOLDERS: [&str; 18] = [
    "%{_prefix}",
    "%{_usr}",
    "%{_bindir}",
    "%{_sbindir}",
    "%{_libdir}",
    "%{_libexecdir}",
    "%{_datadir}",
    "%{_mandir}",
    "%{_infodir}",
    "%{_includedir}",
    "%{_sysconfdir}",
    "%{_localstatedir}",
    "%{_unitdir}",
    "%{site_packages}",
    "%{python3_sitelib}",
    "%{python3_sitearch}",
    "%{$python_sitelib}",
    "%{$python_sitearch}",
];

/// What may be named: the root folder, where compiled modules get their names from and where imports
/// find nothing of the build; the shell; and the prefix that pip installs below `--root`.
const JUSTIFIED: [&str; 4] = ["/", "/bin/sh", "/dev/null", "--prefix %{_prefix}"];

/// The lines of a spec whose commands name an absolute path outside `%{buildroot}`.
pub fn outside(spec: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_run = false;
    for line in spec.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if word.starts_with('%') && word[1..].starts_with(|c: char| c.is_ascii_lowercase()) {
            let is_section = ["%description", "%files", "%changelog", "%package", "%pre", "%post"];
            let is_section = is_section.iter().any(|section| word.starts_with(section));
            is_run = SECTIONS.contains(&word) || is_run && !is_section;
        }
        if is_run && !line.trim_start().starts_with('#') && names_outside(line) {
            found.push(line.to_owned());
        }
    }
    found
}

fn names_outside(line: &str) -> bool {
    let mut line = line.replace(['\'', '"'], "");
    for justified in JUSTIFIED.iter().filter(|text| text.contains(' ')) {
        line = line.replace(justified, "");
    }
    line.split(|c: char| c.is_whitespace() || "=:;<>|&()".contains(c)).any(|word| {
        let is_folder = FOLDERS.iter().any(|folder| word.starts_with(folder));
        !JUSTIFIED.contains(&word) && (word.starts_with('/') || is_folder)
    })
}

#[test]
fn commands_that_leave_the_build_root_are_seen() {
    for line in [
        "rm -rf -- '/usr/bin/x'",
        "rm -rf -- %{buildroot}/a \\\n    /usr/bin/x",
        "install -D x %{_bindir}/x",
        "cat x >/etc/passwd",
        "touch \"/tmp/x\"",
        "PYTHONPATH=/tmp python3",
    ] {
        assert!(!outside(&format!("%install\n{line}\n")).is_empty(), "{line}");
    }
    for line in [
        "rm -rf -- %{buildroot}'/usr/bin/x'",
        "cd /",
        "# rm /usr/bin/x",
        "install -D x %{buildroot}%{_bindir}/x",
    ] {
        assert_eq!(outside(&format!("%install\n{line}\n%files\n/usr/bin/x\n")), [""; 0], "{line}");
    }
}

#[test]
fn no_command_of_a_spec_names_a_path_outside_the_build_root() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    let mut count = 0;
    for path in files.filter(|path| path.extension().is_some_and(|ending| ending == "expected")) {
        let text = fs::read_to_string(&path).unwrap();
        if text.contains("%install") {
            count += 1;
            assert_eq!(outside(&text), [""; 0], "{}", path.display());
        }
    }
    assert!(count >= 30, "{count}");
}
