//! The texts of files, of pipes and of standard input.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use super::{RequirementsError, encoding::decode};
use crate::base::files::open_regular;

/// The largest file read, in bytes.
const SIZE_LIMIT: u64 = 16 * 1024 * 1024;
/// The argument that stands for standard input, and how it is called in messages.
const STANDARD_INPUT: &str = "-";
const SHOWN_STANDARD_INPUT: &str = "<stdin>";

/// Whether a path of the command line names standard input.
fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

/// A path of the command line as it is shown in messages.
pub(super) fn shown(path: &Path) -> &Path {
    if is_standard_input(path) { Path::new(SHOWN_STANDARD_INPUT) } else { path }
}

/// Reads texts. A pipe gives its text once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    spent: RefCell<BTreeSet<PathBuf>>,
}

impl Texts {
    /// Whether a path of the command line is standard input or a pipe, which are in no folder.
    pub(super) fn is_stream(path: &Path, folder: &Path) -> bool {
        let is_pipe = |found: fs::Metadata| found.file_type().is_fifo();
        is_standard_input(path) || fs::metadata(folder.join(path)).is_ok_and(is_pipe)
    }

    /// Reads and decodes a file that the command line names, which may be a stream.
    pub(super) fn named(&self, path: &Path, folder: &Path) -> Result<String, String> {
        if !Self::is_stream(path, folder) {
            return Self::regular(&folder.join(path));
        }
        if !self.spent.borrow_mut().insert(path.to_owned()) {
            return Err("it was read before, and a stream can be read only once".to_owned());
        }
        if is_standard_input(path) {
            limited(io::stdin())
        } else {
            limited(File::open(folder.join(path)).map_err(|error| error.to_string())?)
        }
    }

    /// Reads and decodes a regular file.
    pub(super) fn regular(path: &Path) -> Result<String, String> {
        limited(open_regular(path).map_err(|error| error.to_string())?)
    }
}

/// The text of the file at `path`, which errors call `shown`; `None` where there is no such file.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn optional(path: &Path, shown: &Path) -> Result<Option<String>, RequirementsError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = Texts::regular(path).map_err(|problem| RequirementsError::Read {
        path: shown.to_owned(),
        named_by: None,
        problem,
    })?;
    Ok(Some(text))
}

/// Decodes a text of limited size.
fn limited(reader: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    reader.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(format!("it is larger than {SIZE_LIMIT} bytes"));
    }
    decode(&bytes)
}
