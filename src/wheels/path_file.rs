//! `*.pth` files: the effect of their lines when Python starts.
//! Source: `addpackage` in CPython's site.py, versions 3.6 to 3.14.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The lines by which setuptools declares namespace packages, with names in braces.
static NAMESPACE_LINES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/paths/namespace-lines.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// A `*.pth` file's effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathFile {
    /// Its path in the wheel.
    pub member: String,
    /// Whether it has lines other than those below, empty ones and comments.
    pub runs_code: bool,
    /// The namespace packages that it declares: `zope`, `zope.app`.
    pub packages: Vec<String>,
    /// Their top-level modules.
    pub namespaces: Vec<String>,
    /// The relative folders that it adds to the module path.
    pub folders: Vec<String>,
    /// The file's SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl PathFile {
    /// Reads the bytes of a `*.pth` file.
    ///
    /// Versions of Python disagree on line ends (3.12 and later also accept vertical tabs, form
    /// feeds and others) and on the encoding: a file with anything but printable ASCII counts as
    /// code.
    pub fn read(member: &str, bytes: &[u8]) -> Self {
        let sha256 = hex::encode(Sha256::digest(bytes));
        let mut file = Self { member: member.to_owned(), sha256, ..Self::default() };
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
        match std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|b| is_plain(&b))) {
            Some(text) => text.split(['\n', '\r']).for_each(|line| file.add(line)),
            None => file.runs_code = true,
        }
        file
    }

    fn add(&mut self, line: &str) {
        if line.starts_with('#') || line.trim().is_empty() {
            return;
        }
        if let Some(package) = namespace(line) {
            let top = package.split('.').next().unwrap_or_default().to_owned();
            self.namespaces.push(top);
            self.packages.push(package);
        } else if is_folder(line) {
            self.folders.push(line.to_owned());
        } else {
            self.runs_code = true;
        }
    }
}

/// Returns the namespace package that a line declares, if it does nothing else.
fn namespace(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(", *('")?;
    let (path, _) = rest.split_once(')')?;
    // A tuple of one part ends in a comma.
    let inside = path.strip_suffix("',").or_else(|| path.strip_suffix('\''))?;
    let parts: Vec<&str> = inside.split("', '").collect();
    if !parts.iter().all(|part| is_identifier(part)) || path.ends_with(',') != (parts.len() == 1) {
        return None;
    }
    let package = parts.join(".");
    let (child, parents) = parts.split_last()?;
    let is_written = |template: &&&str| {
        let is_nested = template.contains("{parent}");
        let written = template
            .replace("{path}", &format!("('{path})"))
            .replace("{package}", &package)
            .replace("{parent}", &parents.join("."))
            .replace("{child}", child);
        is_nested != parents.is_empty() && written == line
    };
    NAMESPACE_LINES.iter().find(is_written)?;
    Some(package)
}

fn is_identifier(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns whether a line is a relative folder below the file's own.
fn is_folder(line: &str) -> bool {
    line.split('/').all(|part| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(is_plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('zope',));importlib = has_mfs and __import__('importlib.util');has_mfs and __import__('importlib.machinery');m = has_mfs and sys.modules.setdefault('zope', importlib.util.module_from_spec(importlib.machinery.PathFinder.find_spec('zope', [os.path.dirname(p)])));m = m or sys.modules.setdefault('zope', types.ModuleType('zope'));mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)";
    const TWO: &str = "import sys, types, os;p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('a', 'b'));ie = os.path.exists(os.path.join(p,'__init__.py'));m = not ie and sys.modules.setdefault('a.b', types.ModuleType('a.b'));mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p);m and setattr(sys.modules['a'], 'b', m)";

    fn runs_code(text: &str) -> bool {
        PathFile::read("x.pth", text.as_bytes()).runs_code
    }

    #[test]
    fn namespaces_are_declared_by_exact_lines() {
        let file = PathFile::read("x.pth", format!("{ONE}\n{TWO}\r\n").as_bytes());
        assert!(!file.runs_code);
        assert_eq!(file.namespaces, ["zope", "a"]);
        assert_eq!(file.packages, ["zope", "a.b"]);
        for hostile in [
            format!("{ONE};import os"),
            format!("{ONE} "),
            ONE.replace("'zope',)", "'zope',) + ('x',)"),
            ONE.replace("['sitedir']", "['sitedir'] or exec('x')"),
            ONE.replace("'zope'", "'zo\\x70e'"),
            TWO.replace("'a.b'", "'a.c'"),
            TWO.replace(";m and setattr(sys.modules['a'], 'b', m)", ""),
            format!("{ONE};m and setattr(sys.modules[''], 'zope', m)"),
        ] {
            assert!(runs_code(&hostile), "{hostile}");
        }
    }

    #[test]
    fn comments_and_folders_run_nothing() {
        let file = PathFile::read("x.pth", b"# import os\n\n \nlib/x\n");
        assert_eq!((file.runs_code, file.folders), (false, vec!["lib/x".to_owned()]));
    }

    #[test]
    fn whatever_ends_a_line_hides_nothing() {
        for end in
            ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\u{85}", "\u{2028}"]
        {
            assert!(runs_code(&format!("# a{end}import os\n")), "{end:?}");
        }
        assert!(runs_code("import\tos") && runs_code("\u{feff}# x"));
        assert!(PathFile::read("x.pth", b"\xff\xfei\0m\0p\0").runs_code);
        for path in ["/tmp", "../x", "a/../b", ".", "a//b", "a b", "~", "\\x", " import os"] {
            assert!(runs_code(path), "{path}");
        }
    }
}
