//! Packs that come from elsewhere, as folders or archives, and are installed. What they hold is
//! read without trust and into memory; only plain files of plain names leave it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::{
    Extension, Packs, TemplateError, Templates,
    layer::{Layer, entries, is_of_pack, layers, unreadable},
    manifest::MANIFEST,
};
use crate::base::{files, text::nearest};

/// The most files that a pack may have, the most bytes of one, and of an archive unpacked.
const FILE_LIMIT: usize = 100;
const SIZE_LIMIT: u64 = 256 << 10;
const TOTAL_LIMIT: u64 = 4 << 20;

/// The contents of a pack by the names of its files.
type PackContents = BTreeMap<String, Vec<u8>>;

/// A pack that may be installed.
pub struct NewPack {
    contents: PackContents,
    extension: Extension,
    layer: Layer,
}

impl NewPack {
    /// Reads a pack's folder, or its archive (`.tar.gz`), in which all files may be in one folder.
    ///
    /// # Errors
    /// It cannot be read, is hostile, or is not a pack that extends another.
    pub fn read(path: &Path, packs: &Packs) -> Result<Self, TemplateError> {
        let contents = if path.is_dir() { read_folder(path)? } else { read_archive(path)? };
        let mut texts = BTreeMap::new();
        for (name, bytes) in contents.iter().filter(|(name, _)| is_of_pack(name)) {
            let text = String::from_utf8(bytes.clone());
            let text =
                text.map_err(|_| refused(path, format!("has a file `{name}` that is not text")));
            texts.insert(name.clone(), text?);
        }
        let mut layer = Layer::new(path, texts, packs)?;
        let Some(extension) = layer.extension.take() else {
            let problem =
                "is not a pack of its own but files of a built-in one: copy it".to_owned();
            return Err(refused(path, problem));
        };
        layer.extension = Some(extension.clone());
        Ok(Self { contents, extension, layer })
    }

    /// All that is wrong with the pack, also together with what is installed in `folder` already;
    /// targets have to be of the `known` ones.
    pub fn check(&self, folder: &Path, known: &[&str], packs: &Packs) -> Vec<TemplateError> {
        let templates = Templates::default().over(packs.clone());
        let mut errors = templates.wrong(&[vec![self.layer.clone()]], known);
        let is_other = |layer: &Layer| {
            layer.extension.as_ref().is_some_and(|other| other.name != self.extension.name)
        };
        let installed = if folder.is_dir() { layers(folder, packs) } else { Vec::new() };
        let mut together: Vec<Layer> =
            installed.into_iter().filter_map(Result::ok).filter(is_other).collect();
        together.push(self.layer.clone());
        let clashes = templates.wrong(&[together], known).into_iter();
        errors.extend(clashes.filter(|error| matches!(error, TemplateError::Twice { .. })));
        errors
    }

    /// Puts the pack into a folder that is searched, in place of an older version of it.
    ///
    /// # Errors
    /// Something else has its place there, or it cannot be written.
    pub fn install(&self, folder: &Path, packs: &Packs) -> Result<PathBuf, TemplateError> {
        let place = folder.join(&self.extension.name);
        if place.symlink_metadata().is_ok() && !is_installed(folder, &self.extension.name, packs) {
            return Err(TemplateError::Exists { path: place });
        }
        let written = files::write_folder(&place, |new| {
            self.contents
                .iter()
                .try_for_each(|(name, bytes)| files::write_file(&new.join(name), bytes))
        });
        written.map_err(|error: files::FileError| TemplateError::Write {
            path: error.path,
            reason: error.source.to_string(),
        })?;
        Ok(place)
    }
}

/// Removes an installed pack from a folder that is searched; files that replace those of a built-in
/// pack are none.
///
/// # Errors
/// There is no such pack, or it cannot be removed.
pub fn remove(folder: &Path, name: &str, packs: &Packs) -> Result<PathBuf, TemplateError> {
    if !is_installed(folder, name, packs) {
        let names: Vec<String> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| is_installed(folder, name, packs))
            .collect();
        let suggestion = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        return Err(TemplateError::NotInstalled { name: name.to_owned(), suggestion });
    }
    let place = folder.join(name);
    fs::remove_dir_all(&place)
        .map_err(|error| TemplateError::Write { path: place.clone(), reason: error.to_string() })?;
    Ok(place)
}

/// Whether a pack of its own is in a folder under that name.
fn is_installed(folder: &Path, name: &str, packs: &Packs) -> bool {
    let place = folder.join(name);
    let is_folder = place.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    is_plain(name) && !packs.has(name) && is_folder && place.join(MANIFEST).is_file()
}

/// Whether a name is nothing but a name.
fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    !name.starts_with('.') && name.len() <= 100 && !name.is_empty() && name.chars().all(is_plain)
}

fn read_folder(folder: &Path) -> Result<PackContents, TemplateError> {
    let mut contents = PackContents::new();
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let metadata = path.symlink_metadata().map_err(|error| unreadable(&path, &error))?;
        if !metadata.is_file() {
            return Err(refused(folder, format!("has `{name}`, which is not a regular file")));
        }
        let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
        add(&mut contents, &name, metadata.len(), file)
            .map_err(|problem| refused(folder, problem))?;
    }
    Ok(contents)
}

fn read_archive(path: &Path) -> Result<PackContents, TemplateError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let unpacked = MultiGzDecoder::new(io::BufReader::new(file)).take(TOTAL_LIMIT);
    read_members(unpacked).map_err(|problem| refused(path, problem))
}

/// The files of a tar archive; all of them may be in one folder.
fn read_members(unpacked: impl Read) -> Result<PackContents, String> {
    let broken = |error: io::Error| {
        format!("is not a readable `.tar.gz` of at most {TOTAL_LIMIT} bytes: {error}")
    };
    let mut contents = PackContents::new();
    let mut top: Option<Vec<String>> = None;
    let mut archive = Archive::new(unpacked);
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let shown = path.escape_debug();
        let parts: Vec<String> =
            path.split('/').filter(|part| *part != ".").map(str::to_owned).collect();
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        if path.starts_with('/') || parts.iter().any(|part| part == "..") {
            return Err(format!("has a member `{shown}`, which leads out of it"));
        }
        if !kind.is_file() && !kind.is_dir() {
            return Err(format!("has a member `{shown}`, which is not a regular file"));
        }
        if kind.is_dir() || parts.iter().any(|part| part.starts_with('.')) {
            continue;
        }
        let Some((name, folders)) = parts.split_last() else { continue };
        if folders.len() > 1 || *top.get_or_insert_with(|| folders.to_vec()) != *folders {
            return Err(format!("has files in several folders: `{shown}`"));
        }
        let size = entry.size();
        add(&mut contents, name, size, entry)?;
    }
    Ok(contents)
}

/// Adds a file to a pack's contents, within the limits.
fn add(contents: &mut PackContents, name: &str, size: u64, file: impl Read) -> Result<(), String> {
    let shown = name.escape_debug();
    if !is_plain(name) {
        return Err(format!("has a file `{shown}`, whose name has unusual characters"));
    }
    if size > SIZE_LIMIT {
        return Err(format!("has a file `{shown}` of {size} bytes, more than {SIZE_LIMIT}"));
    }
    if contents.len() == FILE_LIMIT {
        return Err(format!("has more than {FILE_LIMIT} files"));
    }
    let mut bytes = Vec::new();
    let read = file.take(SIZE_LIMIT).read_to_end(&mut bytes);
    read.map_err(|error| format!("has a file `{shown}` that cannot be read: {error}"))?;
    if bytes.len() as u64 != size {
        return Err(format!("has a file `{shown}` that breaks off"));
    }
    match contents.insert(name.to_owned(), bytes) {
        Some(_) => Err(format!("has two files `{shown}`")),
        None => Ok(()),
    }
}

fn refused(path: &Path, problem: String) -> TemplateError {
    TemplateError::Refused { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests;
