//! The names that belong to the system: commands, folders, catalogues of messages.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;

/// The package lists of a distribution, and what others have beside them.
const LISTS: [&str; 2] = [
    include_str!("../../../data/paths/debian-12.csv"),
    include_str!("../../../data/paths/reserved.csv"),
];

/// What stands behind an interpreter's name and version.
const INTERPRETER_ENDINGS: [&str; 2] = ["-config", "._pth"];

static RESERVED: LazyLock<Reserved> = LazyLock::new(|| Reserved::read(&LISTS));

/// Names of the system, in the spellings that they are compared in, with a package that has each.
#[derive(Default)]
pub(super) struct Reserved {
    commands: BTreeMap<String, String>,
    look_alikes: BTreeMap<String, String>,
    interpreters: BTreeSet<String>,
    folders: BTreeMap<String, String>,
    headers: BTreeSet<String>,
    catalogues: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Row {
    kind: String,
    name: String,
    source: String,
}

impl Reserved {
    /// The embedded names.
    pub(super) fn embedded() -> &'static Self {
        &RESERVED
    }

    /// Rows that cannot be read are left out; a test reads all of them.
    fn read(lists: &[&str]) -> Self {
        let mut reserved = Self::default();
        for list in lists {
            for row in reader(list).deserialize::<Row>().flatten() {
                reserved.add(row);
            }
        }
        reserved
    }

    fn add(&mut self, Row { kind, name, source }: Row) {
        match kind.as_str() {
            "command" => {
                self.look_alikes.entry(skeleton(&name)).or_insert_with(|| source.clone());
                self.commands.entry(name.to_ascii_lowercase()).or_insert(source);
            }
            "interpreter" => drop(self.interpreters.insert(name.to_ascii_lowercase())),
            "folder" => drop(self.folders.entry(normalised(&name)).or_insert(source)),
            "header" => drop(self.headers.insert(normalised(&name))),
            _ => drop(self.catalogues.insert(normalised(&name))),
        }
    }

    /// Whether a command of that name, or one that looks like it, belongs to the system.
    pub(super) fn has_command(&self, name: &str) -> bool {
        self.commands.contains_key(&name.to_ascii_lowercase())
            || self.look_alikes.contains_key(&skeleton(name))
            || self.is_interpreter(name)
    }

    /// The package whose folder below `/etc` or `share` has that name.
    pub(super) fn folder(&self, name: &str) -> Option<&str> {
        let known = self.folders.get(&normalised(name)).map(String::as_str);
        known.or_else(|| self.is_interpreter(name).then_some("an interpreter"))
    }

    /// Whether a folder among Python's own headers has that name.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.contains(&normalised(name))
    }

    /// Whether programs of the system look for messages of that name.
    pub(super) fn has_catalogue(&self, name: &str) -> bool {
        self.catalogues.contains(&normalised(name)) || self.has_command(name)
    }

    /// Whether a name is an interpreter's, with or without a version.
    fn is_interpreter(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let mut stems = vec![name.as_str()];
        stems.extend(INTERPRETER_ENDINGS.iter().filter_map(|ending| name.strip_suffix(ending)));
        // `python3.13t` is the interpreter without a global lock.
        stems.extend(name.strip_suffix('t').filter(|stem| stem.ends_with(char::is_numeric)));
        let is_version = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
        stems.iter().any(|stem| self.interpreters.contains(stem.trim_end_matches(is_version)))
    }
}

/// A reader of one of the data files, whose comments begin with `#`.
pub(super) fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes())
}

/// A name as PEP 503 compares it.
pub(super) fn normalised(name: &str) -> String {
    let is_separator = |c: char| matches!(c, '-' | '_' | '.');
    let parts = name.split(is_separator).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

/// What a name looks like, the same for all names that a reader may take for each other.
/// Source: the ASCII characters of Unicode TR 39's `confusables.txt`.
fn skeleton(name: &str) -> String {
    let name = name.replace('I', "l").to_ascii_lowercase().replace("rn", "m").replace("vv", "w");
    let alike = |c: char| match c {
        '0' => 'o',
        '1' => 'l',
        '_' => '-',
        other => other,
    };
    name.chars().map(alike).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_lists_is_read() {
        for list in LISTS {
            let kinds = ["command", "interpreter", "folder", "header", "catalogue"];
            for row in reader(list).deserialize::<Row>() {
                let row = row.unwrap();
                assert!(kinds.contains(&row.kind.as_str()), "{}", row.name);
                assert!(!row.source.is_empty() && !row.name.is_empty(), "{}", row.name);
            }
        }
    }

    #[test]
    fn names_that_look_like_a_command_are_its_own() {
        let reserved = Reserved::embedded();
        for name in [
            "sed",
            "grep",
            "date",
            "SED",
            "Sudo",
            "5udo",
            "sud0",
            "1s",
            "Is",
            "apt_get",
            "python3.13",
            "python-3.12",
            "python3.13t",
            "python3.9-config",
            "perl5.36.0",
            "pyvenv.cfg",
            "systemctl",
            "dnf-3",
            "rpm",
            "vvget",
            "ip",
            "init",
            "bash",
        ] {
            assert_eq!(reserved.has_command(name), name != "5udo", "{name}");
        }
    }

    const COMMANDS_OF_PROJECTS: &str = "flask pip pip3 wheel dotenv jsonschema normalizer tqdm f2py ansible supervisord \
        certbot http https isort black ruff uv cmake ninja swig patchelf pkgconf jp.py aws \
        pytest py.test python-argcomplete-check-easy-install-script pyhtmlizer twist jupyter \
        sos docker-compose yq tox nox z3 ipython ipython3 cython fab inv celery gunicorn \
        uvicorn keyring chardetect pygmentize meson scons yt-dlp rst2html.py 2to3-fix \
        watchmedo alembic mypy dmypy";

    #[test]
    fn commands_of_projects_are_free() {
        let reserved = Reserved::embedded();
        for name in COMMANDS_OF_PROJECTS.split_whitespace() {
            assert!(!reserved.has_command(name), "{name}");
        }
    }

    #[test]
    fn folders_of_the_system() {
        let reserved = Reserved::embedded();
        for name in [
            "systemd",
            "polkit-1",
            "Polkit_1",
            "dbus-1",
            "apt",
            "nginx",
            "cron.d",
            "X11",
            "perl5",
            "pypi2pkg",
            "node_modules",
            "gdb",
            "vim",
            "python3",
            "php8",
            "zsh",
            "fish",
            "alsa",
        ] {
            assert!(reserved.folder(name).is_some(), "{name}");
        }
        for name in ["flask", "ansible", "supervisor", "nova", "neutron", "glances", "yt_dlp"] {
            assert_eq!(reserved.folder(name), None, "{name}");
        }
    }
}
