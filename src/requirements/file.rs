//! Reading requirements files and the files that they name.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::{
    Origin, Requirements, RequirementsError, RootRequirement, beside,
    line::{logical_lines, split_options},
    parse_root,
};
use crate::artifact::Hashes;

/// The largest requirements file read, in bytes.
const SIZE_LIMIT: u64 = 16 * 1024 * 1024;
/// The deepest nesting of files.
const DEPTH_LIMIT: usize = 64;

/// Options that belong to builds, which are not passed on.
const BUILD_OPTIONS: [&str; 3] = ["--global-option", "--config-settings", "--config-setting"];

/// Options of a line of their own that have a value.
const WITH_VALUE: [&str; 13] = [
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--no-binary",
    "--only-binary",
    "--trusted-host",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Requirements,
    Constraints,
}

/// Reads files into [`Requirements`].
#[derive(Default)]
pub(super) struct Reader {
    pub read: Requirements,
    /// Files that are being read, outermost first.
    open: Vec<PathBuf>,
    /// Files that were read: once is enough, and twice may be exponentially often.
    done: BTreeSet<(PathBuf, Role)>,
}

impl Reader {
    pub fn requirements_file(&mut self, path: &Path) -> Result<(), RequirementsError> {
        self.file(path, Role::Requirements, None)
    }

    pub fn constraints_file(&mut self, path: &Path) -> Result<(), RequirementsError> {
        self.file(path, Role::Constraints, None)
    }

    fn file(
        &mut self,
        path: &Path,
        role: Role,
        named_by: Option<&Origin>,
    ) -> Result<(), RequirementsError> {
        let fail = |problem: String| RequirementsError::Read {
            path: path.to_owned(),
            named_by: named_by.cloned(),
            problem,
        };
        let real = fs::canonicalize(path).map_err(|error| fail(error.to_string()))?;
        if let Some(origin) = named_by.filter(|_| self.open.contains(&real)) {
            let (origin, path) = (origin.clone(), path.to_owned());
            return Err(RequirementsError::Recursion { origin, path });
        }
        if self.open.len() >= DEPTH_LIMIT {
            return Err(fail("the files are nested too deeply".to_owned()));
        }
        if !self.done.insert((real.clone(), role)) {
            return Ok(());
        }
        let text = read_text(path).map_err(fail)?;
        self.open.push(real);
        for (line, content) in logical_lines(&text) {
            self.line(&content, path, role, &Origin::File { path: path.to_owned(), line })?;
        }
        self.open.pop();
        Ok(())
    }

    fn line(
        &mut self,
        content: &str,
        path: &Path,
        role: Role,
        origin: &Origin,
    ) -> Result<(), RequirementsError> {
        let (text, words) = split_options(content);
        let mut options = Options { words: words.into_iter(), origin };
        if text.is_empty() {
            while let Some((name, value)) = options.next_option() {
                self.option(&name, value, path, &mut options)?;
            }
            return Ok(());
        }
        let requirement = parse_root(text, origin)?;
        let mut hashes = Vec::new();
        while let Some((name, value)) = options.next_option() {
            if BUILD_OPTIONS.contains(&name.as_str()) {
                return Err(options.problem(&name, "is not supported"));
            }
            if name != "--hash" {
                return Err(options.unknown(&name));
            }
            let hash = options.value(&name, value)?;
            let hash = Hashes::parse(&hash)
                .map_err(|error| options.problem(&name, &format!("cannot be used: {error}")))?;
            hashes.push(hash);
            self.read.options.require_hashes = true;
        }
        let list = match role {
            Role::Requirements => &mut self.read.roots,
            Role::Constraints if requirement.extras.is_empty() => &mut self.read.constraints,
            Role::Constraints => {
                let what = "a constraint with extras";
                let (origin, text) = (origin.clone(), text.to_owned());
                return Err(RequirementsError::Unsupported { origin, what, text });
            }
        };
        list.push(RootRequirement { requirement, origin: origin.clone(), hashes });
        Ok(())
    }

    fn option(
        &mut self,
        name: &str,
        value: Option<String>,
        path: &Path,
        options: &mut Options<'_>,
    ) -> Result<(), RequirementsError> {
        if let Some(flag) = self.flag(name) {
            if value.is_some() {
                return Err(options.problem(name, "takes no value"));
            }
            *flag = true;
            return Ok(());
        }
        if matches!(name, "-e" | "--editable") {
            let text = options.value(name, value)?;
            let (origin, what) = (options.origin.clone(), "an editable project");
            return Err(RequirementsError::Unsupported { origin, what, text });
        }
        if !WITH_VALUE.contains(&name) {
            return Err(options.unknown(name));
        }
        let value = options.value(name, value)?;
        let settings = &mut self.read.options;
        let names = match name {
            "-r" | "--requirement" => {
                return self.nested(&value, path, Role::Requirements, options);
            }
            "-c" | "--constraint" => return self.nested(&value, path, Role::Constraints, options),
            "-i" | "--index-url" | "--pypi-url" => {
                settings.index_url = Some(value);
                return Ok(());
            }
            "--extra-index-url" => &mut settings.extra_index_urls,
            "--trusted-host" => &mut settings.trusted_hosts,
            "-f" | "--find-links" => {
                settings.find_links.push(find_links(&value, path));
                return Ok(());
            }
            "--no-binary" => {
                return settings.no_binary.add(&value).map_err(|e| options.problem(name, &e));
            }
            _ => return settings.only_binary.add(&value).map_err(|e| options.problem(name, &e)),
        };
        names.push(value);
        Ok(())
    }

    /// The option that a name without a value sets.
    fn flag(&mut self, name: &str) -> Option<&mut bool> {
        let options = &mut self.read.options;
        match name {
            "--no-index" => Some(&mut options.no_index),
            "--pre" => Some(&mut options.pre),
            "--prefer-binary" => Some(&mut options.prefer_binary),
            "--require-hashes" => Some(&mut options.require_hashes),
            _ => None,
        }
    }

    fn nested(
        &mut self,
        value: &str,
        path: &Path,
        role: Role,
        options: &Options<'_>,
    ) -> Result<(), RequirementsError> {
        if value.contains("://") {
            let (origin, text) = (options.origin.clone(), value.to_owned());
            let what = "a requirements file of another machine";
            return Err(RequirementsError::Unsupported { origin, what, text });
        }
        self.file(&beside(path, value), role, Some(options.origin))
    }
}

/// A path is relative to the file, where it exists there.
fn find_links(value: &str, file: &Path) -> String {
    let path = beside(file, value);
    if !value.contains("://") && path.exists() {
        return path.display().to_string();
    }
    value.to_owned()
}

/// The words of a line's options.
struct Options<'a> {
    words: std::vec::IntoIter<String>,
    origin: &'a Origin,
}

impl Options<'_> {
    /// The next option and the value that is joined to it: `--name=value`, `-rvalue`.
    fn next_option(&mut self) -> Option<(String, Option<String>)> {
        let word = self.words.next()?;
        if word.starts_with("--") {
            return Some(match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            });
        }
        match word.char_indices().nth(2) {
            Some((at, _)) if word.starts_with('-') => {
                Some((word[..at].to_owned(), Some(word[at..].to_owned())))
            }
            _ => Some((word, None)),
        }
    }

    /// The value of an option, joined or the next word.
    fn value(&mut self, name: &str, joined: Option<String>) -> Result<String, RequirementsError> {
        let value = joined.or_else(|| self.words.next()).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| self.problem(name, "needs a value"))?;
        if value.contains("${") {
            return Err(self.problem(name, "names an environment variable, which is not supported"));
        }
        Ok(value)
    }

    fn problem(&self, option: &str, problem: &str) -> RequirementsError {
        RequirementsError::Option {
            origin: self.origin.clone(),
            option: option.to_owned(),
            problem: problem.to_owned(),
        }
    }

    fn unknown(&self, option: &str) -> RequirementsError {
        let (origin, option) = (self.origin.clone(), option.to_owned());
        RequirementsError::UnknownOption { origin, option }
    }
}

/// Reads a file of UTF-8 text, with or without a byte order mark.
fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(format!("it is larger than {SIZE_LIMIT} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
