//! What a package is, so that a finished one can be compared with the planned one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::BuildError;
use crate::plan::FileOwner;

/// How many differences an error shows.
const SHOWN: usize = 5;
/// How much of a differing text an error shows, in characters.
const TEXT: usize = 120;

/// Everything about a package that its recipient's machine acts on.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// By path: absolute, without a slash at the end.
    pub files: BTreeMap<String, FileFacts>,
    /// Each with the tag that it stands behind.
    pub relations: BTreeSet<(String, String)>,
    /// What runs or rules when the package is installed or removed, by its name.
    pub scripts: BTreeMap<String, String>,
    /// What nothing that is planned has, and the word by which a recipe would ask for it.
    pub foreign: Vec<(String, Option<&'static str>)>,
}

/// An installed file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileFacts {
    /// `file`, `folder`, `link`, or whatever else it is.
    pub kind: &'static str,
    /// Permission bits, with those for other users' rights.
    pub mode: u32,
    pub owner: String,
    pub group: String,
    /// SHA-256 in hexadecimal digits; empty for what has no contents.
    pub digest: String,
    /// How the package manager treats it: `config(noreplace)`, `license`.
    pub role: String,
}

impl FileFacts {
    /// A file or folder of root's.
    pub(crate) fn new(kind: &'static str, mode: u32, digest: String) -> Self {
        let owner = || "root".to_owned();
        Self { kind, mode, owner: owner(), group: owner(), digest, role: String::new() }
    }

    /// Gives it to another user and group.
    pub(crate) fn owned(self, owner: &FileOwner) -> Self {
        let FileOwner { user, group } = owner;
        Self { owner: user.as_str().to_owned(), group: group.as_str().to_owned(), ..self }
    }
}

impl fmt::Display for FileFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, mode, owner, group, digest, role } = self;
        write!(f, "a {kind} of {owner}:{group} with mode {mode:04o}")?;
        if !digest.is_empty() {
            write!(f, ", SHA-256 {}", digest.get(..16).unwrap_or(digest))?;
        }
        if !role.is_empty() {
            write!(f, ", {role}")?;
        }
        Ok(())
    }
}

impl Facts {
    /// Compares what a package is with what it was planned to be; `file` is its name.
    ///
    /// # Errors
    /// All that differs, the first few in words.
    pub(crate) fn expect(self, planned: &Self, file: &str) -> Result<(), BuildError> {
        let mut differences: Vec<String> = self.foreign.into_iter().map(|(what, _)| what).collect();
        let keys = |own: &BTreeMap<String, FileFacts>| own.keys().cloned().collect::<Vec<_>>();
        let paths: BTreeSet<String> =
            [keys(&self.files), keys(&planned.files)].concat().into_iter().collect();
        for path in &paths {
            let shown = path.escape_debug();
            match (self.files.get(path), planned.files.get(path)) {
                (Some(found), Some(wanted)) if found != wanted => {
                    differences.push(format!("`{shown}` is {found}, planned was {wanted}"));
                }
                (Some(found), None) => differences.push(format!("it installs `{shown}`, {found}")),
                (None, Some(_)) => differences.push(format!("it does not install `{shown}`")),
                _ => {}
            }
        }
        let relation = |(tag, text): &(String, String)| format!("`{tag}: {}`", text.escape_debug());
        let extra = self.relations.difference(&planned.relations);
        differences.extend(extra.map(|one| format!("it has the relation {}", relation(one))));
        let missing = planned.relations.difference(&self.relations);
        differences.extend(missing.map(|one| format!("it lacks the relation {}", relation(one))));
        for (name, text) in &self.scripts {
            match planned.scripts.get(name) {
                None => differences.push(format!("it has `{name}`: {}", cut(text))),
                Some(wanted) if wanted != text => {
                    differences.push(format!("`{name}` is otherwise than planned: {}", cut(text)));
                }
                Some(_) => {}
            }
        }
        let missing = planned.scripts.keys().filter(|name| !self.scripts.contains_key(*name));
        differences.extend(missing.map(|name| format!("it lacks `{name}`")));
        refuse(file, differences)
    }
}

/// The error that differences are; none where there are none.
pub(crate) fn refuse(file: &str, mut differences: Vec<String>) -> Result<(), BuildError> {
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(SHOWN);
    differences.truncate(SHOWN);
    let mut differences = differences.join("; ");
    if more > 0 {
        differences = format!("{differences}; and {more} more");
    }
    Err(BuildError::Different { file: file.to_owned(), differences })
}

/// The beginning of a text, without anything that a terminal would obey.
pub(crate) fn cut(text: &str) -> String {
    let shown: String = text.chars().take(TEXT).flat_map(char::escape_debug).collect();
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let file = |mode| FileFacts::new("file", mode, "0".repeat(64));
        Facts {
            files: BTreeMap::from([("/usr/bin/a".to_owned(), file(0o755))]),
            relations: BTreeSet::from([("Requires".to_owned(), "b".to_owned())]),
            scripts: BTreeMap::from([("%post".to_owned(), "true".to_owned())]),
            foreign: Vec::new(),
        }
    }

    fn message(change: impl Fn(&mut Facts)) -> String {
        let mut found = facts();
        change(&mut found);
        found.expect(&facts(), "a.rpm").map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn every_difference_is_told() {
        assert_eq!(message(|_| {}), "");
        for (said, wanted) in [
            (message(|f| f.files.get_mut("/usr/bin/a").unwrap().mode = 0o4755), "mode 4755"),
            (message(|f| f.files.get_mut("/usr/bin/a").unwrap().owner = "x".to_owned()), "x:root"),
            (message(|f| f.files.clear()), "does not install `/usr/bin/a`"),
            (
                message(|f| {
                    f.files.insert("/b\n".to_owned(), FileFacts::new("link", 0o777, String::new()));
                }),
                r"it installs `/b\n`, a link",
            ),
            (message(|f| f.relations.clear()), "lacks the relation `Requires: b`"),
            (
                message(|f| {
                    f.relations.insert(("Provides".to_owned(), "c".to_owned()));
                }),
                "has the relation `Provides: c`",
            ),
            (message(|f| f.scripts.clear()), "lacks `%post`"),
            (message(|f| f.scripts.get_mut("%post").unwrap().push('x')), "otherwise than planned"),
            (
                message(|f| drop(f.scripts.insert("%pretrans".to_owned(), "id".to_owned()))),
                "it has `%pretrans`: `id`",
            ),
            (message(|f| f.foreign.push(("it is odd".to_owned(), None))), "it is odd"),
        ] {
            assert!(said.starts_with("`a.rpm` was built otherwise than planned: "), "{said}");
            assert!(said.contains(wanted), "{said}");
        }
    }
}
