//! Writes a folder that serves as a simple repository and as a plain folder of files. Source: PEP
//! 503 for the HTML pages, PEP 691 and PEP 700 for the JSON pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
};

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::{
    base::files::{FileError, write_file},
    base::text::serialised,
    python::artifact::{Hashes, ProjectName, ReleaseFile},
};

/// The page that marks a folder as written by this tool.
const ROOT: &str = "index.html";
const GENERATOR: &str = "<meta name=\"generator\" content=\"pypi2pkg\">";

/// A file in the folder, with the index's record of it.
#[derive(Debug, Clone)]
pub struct FrozenFile {
    pub file: ReleaseFile,
    pub requires_python: Option<String>,
    /// In bytes.
    pub size: u64,
}

/// Returns whether a folder is empty or missing, or was written by [`write_tree`].
pub fn may_replace(folder: &Path) -> bool {
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    let is_ours =
        || std::fs::read_to_string(folder.join(ROOT)).is_ok_and(|page| page.contains(GENERATOR));
    !folder.exists() || is_empty || is_ours()
}

/// Writes `index.html`, and for each project `PROJECT/index.html` and `PROJECT/index.json`, which
/// link to the files beside them.
///
/// # Errors
/// A file cannot be written.
pub fn write_tree(folder: &Path, files: &[FrozenFile]) -> Result<(), FileError> {
    let mut projects: BTreeMap<&ProjectName, Vec<&FrozenFile>> = BTreeMap::new();
    for file in files {
        projects.entry(file.file.kind.project()).or_default().push(file);
    }
    let mut links = String::new();
    for (project, files) in &mut projects {
        files.sort_by(|a, b| a.file.filename.cmp(&b.file.filename));
        let _ = writeln!(links, "<a href=\"{project}/\">{project}</a><br>");
        let page = folder.join(project.as_ref());
        write_file(&page.join("index.json"), json_page(project, files).as_bytes())?;
        write_file(&page.join(ROOT), html_page(project.as_ref(), &html_links(files)).as_bytes())?;
    }
    write_file(&folder.join(ROOT), html_page("Simple index", &links).as_bytes())
}

fn html_page(title: &str, links: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"pypi:repository-version\" content=\"1.1\">\n{GENERATOR}\n\
         <title>{title}</title>\n</head>\n<body>\n{links}</body>\n</html>\n"
    )
}

fn html_links(files: &[&FrozenFile]) -> String {
    let mut links = String::new();
    for frozen in files {
        let file = &frozen.file;
        let Hashes(hashes) = &file.hashes;
        let best = hashes.iter().next().map(|(name, digest)| format!("#{name}={digest}"));
        let _ = write!(links, "<a href=\"{}{}\"", href(file), best.unwrap_or_default());
        if let Some(python) = &frozen.requires_python {
            let _ = write!(links, " data-requires-python=\"{}\"", escaped(python));
        }
        if let Some(reason) = &file.yanked {
            let _ = write!(links, " data-yanked=\"{}\"", escaped(reason));
        }
        // PEP 700 has these in JSON pages, which static servers do not serve: uv reads these
        // attributes.
        let _ = write!(links, " data-size=\"{}\"", frozen.size);
        if let Some(time) = upload_time(file) {
            let _ = write!(links, " data-upload-time=\"{time}\"");
        }
        let _ = writeln!(links, ">{}</a><br>", escaped(&file.filename));
    }
    links
}

fn json_page(project: &ProjectName, files: &[&FrozenFile]) -> String {
    let versions: BTreeSet<String> =
        files.iter().map(|frozen| frozen.file.kind.version().to_string()).collect();
    let listed: Vec<_> = files
        .iter()
        .map(|frozen| {
            let file = &frozen.file;
            let mut entry = json!({
                "filename": file.filename,
                "url": href(file),
                "hashes": file.hashes,
                "size": frozen.size,
                "requires-python": frozen.requires_python,
            });
            if let Some(time) = upload_time(file) {
                entry["upload-time"] = json!(time.to_string());
            }
            if let Some(reason) = &file.yanked {
                entry["yanked"] = json!(reason);
            }
            entry
        })
        .collect();
    let page = json!({
        "meta": {"api-version": "1.1"},
        "name": project,
        "versions": versions,
        "files": listed,
    });
    serialised::pretty_json(&page) + "\n"
}

/// Returns a file's upload time.
fn upload_time(file: &ReleaseFile) -> Option<Timestamp> {
    file.upload_time.and_then(|time| Timestamp::from_second(time).ok())
}

fn href(file: &ReleaseFile) -> String {
    const KEPT: percent_encoding::AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    format!("../{}", utf8_percent_encode(&file.filename, &KEPT))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
