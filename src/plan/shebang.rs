//! The first lines of scripts that a package gets in place of those in the wheel.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Folders of interpreters. Source: FHS 3.0; EL 8's own Python is in `libexec`.
const FOLDERS: [&str; 7] =
    ["/bin", "/sbin", "/usr/bin", "/usr/libexec", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin"];
/// What the kernel reads of a first line. Source: `BINPRM_BUF_SIZE` since Linux 5.1, execve(2).
const LIMIT: usize = 255;
const ENV: &str = "/usr/bin/env";

/// A script's first line: empty, or `#!`, an interpreter and at most one option.
///
/// Every one was parsed, also those that plugins and files state:
///
/// ```text
/// #!FOLDER/NAME [-OPTION]                   FOLDER is one of the system's, or /opt/…/bin
/// #!/usr/bin/env NAME
/// #!/usr/bin/env -S PYTHONPATH=/FOLDER INTERPRETER [-OPTION]
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Shebang(String);

/// A text that is not the first line of a script that a package may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a valid first line of a script: expected `#!`, the absolute path of an interpreter \
     and at most one option", .line.escape_debug()
)]
pub struct ShebangError {
    pub line: String,
}

impl Shebang {
    /// Parses a whole first line, without its line feed. The empty one stands for none.
    ///
    /// # Errors
    /// Any other text than those above.
    pub fn parse(line: &str) -> Result<Self, ShebangError> {
        if line.is_empty() || line.len() <= LIMIT && is_valid(line) {
            Ok(Self(line.to_owned()))
        } else {
            Err(ShebangError { line: line.chars().take(LIMIT).collect() })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_valid(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("#!") else { return false };
    let words: Vec<&str> = rest.split(' ').collect();
    match words[..] {
        [ENV, name] => is_name(name),
        [ENV, "-S", variable, ref command @ ..] => {
            variable.strip_prefix("PYTHONPATH=").is_some_and(is_path) && is_command(command)
        }
        [ENV, ..] => false,
        ref command => is_command(command),
    }
}

fn is_command(words: &[&str]) -> bool {
    match words {
        [path] => is_interpreter(path),
        [path, option] => is_interpreter(path) && is_option(option),
        _ => false,
    }
}

fn is_interpreter(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_own = folder.starts_with("/opt/") && folder.ends_with("/bin");
    is_path(path) && (FOLDERS.contains(&folder) || is_own)
}

/// Absolute, and of plain names.
pub fn is_path(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_name))
}

/// A file name that needs no quotes anywhere, and is not an option.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

fn is_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    !letters.is_empty() && letters.chars().all(|c| c.is_ascii_alphanumeric())
}

impl fmt::Display for Shebang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Shebang {
    type Error = ShebangError;

    fn try_from(line: String) -> Result<Self, ShebangError> {
        Self::parse(&line)
    }
}

impl From<Shebang> for String {
    fn from(line: Shebang) -> Self {
        line.0
    }
}

#[cfg(test)]
mod tests {
    use super::Shebang;

    #[test]
    fn interpreters_lie_in_known_folders_and_get_one_option() {
        for line in [
            "",
            "#!/usr/bin/python3",
            "#!/usr/bin/python3 -sP",
            "#!/usr/libexec/platform-python -s",
            "#!/opt/acme/bin/python3.12",
            "#!/usr/bin/env bash",
            "#!/usr/bin/env -S PYTHONPATH=/opt/acme/lib/python3.12/site-packages /usr/bin/python3.12",
        ] {
            assert!(Shebang::parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for line in [
            "/usr/bin/python3",
            "#!",
            "#!python",
            "#! /usr/bin/python3",
            "#!/usr/bin/python3 -s -P",
            "#!/usr/bin/python3 x",
            "#!/usr/bin/python3\t-s",
            "#!/usr/bin/python3\r",
            "#!/usr/bin/python3\nid",
            "#!/usr/bin/python3\0",
            "#!/usr/bin/x|e;#",
            "#!/usr/bin/$(id)",
            "#!/usr/bin/it's",
            "#!/usr/bin/../../tmp/x",
            "#!/usr/bin/%(id)",
            "#!/tmp/python3",
            "#!/home/pat/bin/python3",
            "#!/usr/bin/env",
            "#!/usr/bin/env -i python3",
            "#!/usr/bin/env -S python3",
            "#!/usr/bin/env -S A=b /usr/bin/python3",
            "#!/usr/bin/env -S PYTHONPATH=/a$(id) /usr/bin/python3",
            "#!/usr/bin/pythön",
        ] {
            assert!(Shebang::parse(line).is_err(), "{line}");
        }
        assert!(Shebang::parse(&format!("#!/usr/bin/{}", "x".repeat(300))).is_err());
        assert!(serde_json::from_str::<Shebang>("\"#!/usr/bin/a b\"").is_err());
    }
}
