//! Tests of indexes against a server on the loopback interface and against folders.

mod connection;
mod files;
mod folders;
mod metadata;
mod pages;
mod several;

use std::{
    fs,
    io::Write,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{
    Index, IndexError, IndexSettings, IndexStrategy, Logins, Sources, open as open_sources,
    server::{Response, ServedRequest, Server},
};
use crate::python::artifact::{Hashes, ProjectName, ReleaseFile, project_name};

const METADATA: &str =
    "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\nRequires-Dist: bar>=2\n\nText\n";
const WHEEL: &str = "foo-1.0-py3-none-any.whl";

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Returns a wheel with its metadata at the end, after `padding` incompressible bytes.
fn wheel(metadata: &str, padding: usize) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("foo/data", stored).unwrap();
    let noise: Vec<u8> = (0..padding).map(|i| (i * 7919 % 251) as u8).collect();
    writer.write_all(&noise).unwrap();
    writer.start_file("foo-1.0.dist-info/METADATA", stored).unwrap();
    writer.write_all(metadata.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn sdist(pkg_info: &str) -> Vec<u8> {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    let mut header = tar::Header::new_gnu();
    header.set_size(pkg_info.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "foo-1.0/PKG-INFO", pkg_info.as_bytes()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

/// Opens one index, with the user and password in its address.
fn open(address: &str, settings: &IndexSettings) -> Result<Box<dyn Index>, IndexError> {
    let mut logins = Logins::default();
    logins.add_addresses([address]);
    let sources = Sources { indexes: vec![address.to_owned()], ..Sources::default() };
    open_sources(&sources, logins, settings)
}

struct Bench {
    folder: TempDir,
    settings: IndexSettings,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = IndexSettings::new(folder.path().join("cache"));
        settings.retry_delay = Duration::from_millis(1);
        Self { folder, settings }
    }

    fn open(&self, server: &Server) -> Box<dyn Index> {
        open(&server.url("/simple"), &self.settings).unwrap()
    }

    /// Opens several indexes and other sources.
    fn open_all(&self, sources: &Sources) -> Box<dyn Index> {
        open_sources(sources, Logins::default(), &self.settings).unwrap()
    }

    fn cached(&self) -> Vec<std::path::PathBuf> {
        let entries = walkdir::WalkDir::new(self.folder.path()).into_iter().flatten();
        entries.filter(|e| e.file_type().is_file()).map(|e| e.into_path()).collect()
    }
}

fn foo() -> ProjectName {
    project_name("foo").unwrap()
}

fn files(index: &dyn Index) -> Vec<ReleaseFile> {
    index.project(&foo()).unwrap().unwrap().files.clone()
}

fn first(index: &dyn Index) -> ReleaseFile {
    files(index).remove(0)
}

fn fetch(index: &dyn Index, file: &ReleaseFile) -> Result<std::path::PathBuf, IndexError> {
    index.fetch(std::slice::from_ref(file), &|_, _| {}).remove(0)
}

/// Starts a server with one wheel: its page, the wheel with or without ranges, and the responses of
/// `more`.
fn wheel_server(
    bytes: Vec<u8>,
    attributes: &str,
    ranges: bool,
    more: impl Fn(&ServedRequest) -> Option<Response> + Send + Sync + 'static,
) -> Server {
    let page =
        format!("<a href='../../files/{WHEEL}#sha256={}' {attributes}>x</a>", sha256(&bytes));
    Server::start(move |request| {
        if let Some(response) = more(request) {
            return response;
        }
        match request.path.as_str() {
            "/simple/foo/" => Response::html(&page),
            path if path == format!("/files/{WHEEL}") => {
                if ranges {
                    Response::part(request, &bytes)
                } else {
                    Response::file(&bytes)
                }
            }
            _ => Response::missing(),
        }
    })
}
