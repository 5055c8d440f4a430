//! Indexes against a server on the loopback interface and against folders.

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
    Index, IndexError, IndexSettings, open,
    server::{Request, Response, Server},
};
use crate::artifact::{ProjectName, ReleaseFile, project_name};

const METADATA: &str =
    "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\nRequires-Dist: bar>=2\n\nText\n";
const WHEEL: &str = "foo-1.0-py3-none-any.whl";

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A wheel whose metadata is at its end, after `padding` bytes that do not shrink.
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

/// A server with one wheel: its page, the wheel with or without ranges, and what `more` answers.
fn wheel_server(
    bytes: Vec<u8>,
    attributes: &str,
    ranges: bool,
    more: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
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

#[test]
fn html_pages_are_read() {
    let bench = Bench::new();
    let digest = sha256(b"x");
    let page = format!(
        r#"<!DOCTYPE html><base href="/other/"><h1>foo</h1>
        <a href="foo-1.0.tar.gz#sha256={digest}" data-requires-python="&gt;=3.8" data-yanked="bad">x</a>
        <a href="https://u:p@files.example/a/foo-2.0-py3-none-any.whl#sha256={digest}"
           data-dist-info-metadata="sha256={digest}">x</a>
        <a href="foo-3.0%2Bl-py3-none-any.whl" data-core-metadata="true" data-requires-python="junk">x</a>
        <a href="foo-3.0%2Bl-py3-none-any.whl">again</a>
        <a href="javascript:foo-4.0.tar.gz">x</a><a href="file:///foo-4.0.tar.gz">x</a>
        <a href="data:foo-4.0.tar.gz">x</a><a href="ftp://files.example/foo-4.0.tar.gz">x</a>
        <a href="bar-1.0.tar.gz">x</a><a href="foo-5.0.tar.gz#sha256=zz">x</a>
        <a href="a%2F..%2Ffoo-6.0.tar.gz">x</a><a href="a%252Ffoo-6.0.tar.gz">x</a>
        <a name="none">x</a><a href="foo-1.0.egg">x</a><a href="foo-7.0.zip">x"#
    );
    let deep = "<div>".repeat(60_000);
    let server = Server::start(move |_| Response::html(&format!("{deep}{page}")));
    let found = files(&*bench.open(&server));
    let names: Vec<&str> = found.iter().map(|file| file.filename.as_str()).collect();
    assert_eq!(
        names,
        ["foo-1.0.tar.gz", "foo-2.0-py3-none-any.whl", "foo-3.0+l-py3-none-any.whl", "foo-7.0.zip"]
    );
    assert_eq!(found[0].url.as_str(), server.url("/other/foo-1.0.tar.gz"));
    assert_eq!(found[0].requires_python.as_ref().unwrap().to_string(), ">=3.8");
    assert_eq!(found[0].yanked.as_deref(), Some("bad"));
    assert_eq!(found[0].hashes.sha256(), Some(digest.as_str()));
    assert_eq!(found[1].url.as_str(), "https://files.example/a/foo-2.0-py3-none-any.whl");
    assert_eq!(found[1].metadata.as_ref().unwrap().sha256(), Some(digest.as_str()));
    assert!(found[2].metadata.as_ref().unwrap().is_empty());
    assert_eq!(found[2].requires_python, None);
    assert_eq!(found[3].metadata, None);

    // A page is kept as it was read.
    let offline = IndexSettings { offline: true, ..bench.settings.clone() };
    assert_eq!(files(&*open(&server.url("/simple"), &offline).unwrap()), found);
}

#[test]
fn json_pages_are_read_and_asked_for_first() {
    let bench = Bench::new();
    let digest = sha256(b"x");
    let page = format!(
        r#"{{"meta": {{"api-version": "1.3", "x": 1}}, "name": "Foo", "versions": ["1.0"], "files": [
        {{"filename": "foo-1.0.tar.gz", "url": "/f/1", "hashes": {{"sha256": "{digest}", "md5": "0"}},
          "size": 7, "yanked": true, "requires-python": null, "upload-time": "2020-01-02T03:04:05.6Z"}},
        {{"filename": "foo-2.0-py3-none-any.whl", "url": "../x", "hashes": {{}}, "yanked": false,
          "core-metadata": {{"sha256": "{digest}"}}, "dist-info-metadata": false}},
        {{"filename": "foo-3.0-py3-none-any.whl", "url": "x", "hashes": {{"sha256": "zz"}}}}]}}"#
    );
    let server = Server::start(move |_| Response::json(&page));
    let found = files(&*bench.open(&server));
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].size, found[0].upload_time), (Some(7), Some(1_577_934_245)));
    assert_eq!(found[0].yanked.as_deref(), Some(""));
    assert_eq!(found[0].url.as_str(), server.url("/f/1"));
    assert_eq!(found[1].yanked, None);
    assert_eq!(found[1].metadata.as_ref().unwrap().sha256(), Some(digest.as_str()));
    let requests = server.requests();
    assert_eq!(requests[0].path, "/simple/foo/");
    assert!(
        requests[0].header("accept").unwrap().starts_with("application/vnd.pypi.simple.v1+json")
    );
    assert_eq!(
        requests[0].header("user-agent"),
        Some(concat!("pypi2pkg/", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn unusable_pages_are_refused_with_their_cause() {
    let nested = format!(r#"{{"x":{}"#, "[".repeat(100_000));
    let cases = [
        (Response::json("{"), "EOF while parsing"),
        (Response::json(&nested), "it cannot be read"),
        (
            Response::json(r#"{"meta":{"api-version":"2.0"},"name":"foo","files":[]}"#),
            "`2.0` is not",
        ),
        (
            Response::json(r#"{"meta":{"api-version":"1.0"},"name":"bar","files":[]}"#),
            "page of `bar`",
        ),
        (
            Response::json(r#"{"meta":{"api-version":"1.0"},"name":"foo","files":7}"#),
            "invalid type",
        ),
        (
            Response::json(r#"{"meta":{"api-version":"1.0"},"name":"foo","files":[],"files":[]}"#),
            "duplicate field",
        ),
        (
            Response::html("<meta name='pypi:repository-version' content='2.0'>"),
            "repository version `2.0`",
        ),
        (
            Response::html("<meta name='pypi:project-status' content='quarantined'>"),
            "in quarantine",
        ),
        (Response::new(200, "application/vnd.pypi.simple.v2+json", "{}"), "is not supported"),
        (Response::new(403, "text/html", ""), "answered 403"),
        (Response::html("").with("content-length", "9223372036854775807"), "larger than 67108864"),
    ];
    for (response, expected) in cases {
        let bench = Bench::new();
        let server = Server::start(move |_| response.clone());
        let error = bench.open(&server).project(&foo()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn unknown_projects_are_none() {
    let bench = Bench::new();
    let server = Server::start(|_| Response::missing());
    assert!(bench.open(&server).project(&foo()).unwrap().is_none());
}

#[test]
fn pages_are_fetched_once_then_revalidated() {
    let mut bench = Bench::new();
    let server = Server::start(|request| match request.header("if-none-match") {
        Some("\"v1\"") => Response { status: 304, ..Response::default() },
        _ => Response::html("<a href='foo-1.0.tar.gz'>x</a>").with("etag", "\"v1\""),
    });
    let index = bench.open(&server);
    index.prefetch_projects(&[foo(), foo()]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(files(&*index).len(), 1));
        }
    });
    assert_eq!(files(&*bench.open(&server)).len(), 1);
    assert_eq!(server.paths().len(), 1, "a fresh page is not asked for again");
    bench.settings.page_ttl = Duration::ZERO;
    assert_eq!(files(&*bench.open(&server)).len(), 1);
    assert_eq!(server.paths().len(), 2);
    assert_eq!(server.requests()[1].header("if-none-match"), Some("\"v1\""));
}

#[test]
fn failures_that_pass_are_tried_again() {
    for (status, wait) in [(503, None), (429, Some("0"))] {
        let bench = Bench::new();
        let count = AtomicUsize::new(0);
        let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => {
                let response = Response::new(status, "text/plain", "");
                wait.map_or(response.clone(), |wait| response.with("retry-after", wait))
            }
            2 => Response { is_cut: true, ..Response::html("<a href='foo-9.0.tar.gz'>x</a>") },
            _ => Response::html("<a href='foo-1.0.tar.gz'>x</a>"),
        });
        assert_eq!(first(&*bench.open(&server)).filename, "foo-1.0.tar.gz");
        assert_eq!(server.paths().len(), 4);
    }
    let bench = Bench::new();
    let server = Server::start(|_| Response::new(500, "text/plain", ""));
    let error = bench.open(&server).project(&foo()).unwrap_err();
    assert_eq!(error, IndexError::Status { url: server.url("/simple/foo/"), status: 500 });
    assert_eq!(server.paths().len(), 4);
}

#[test]
fn redirects_keep_to_http() {
    let to = |target: &'static str| {
        Server::start(move |request| match request.path.as_str() {
            "/simple/foo/" => {
                Response { status: 302, ..Response::default() }.with("location", target)
            }
            "/new/foo/" => Response::html("<a href='foo-1.0.tar.gz'>x</a>"),
            _ => Response::missing(),
        })
    };
    let (bench, server) = (Bench::new(), to("/new/foo/"));
    assert_eq!(first(&*bench.open(&server)).url.as_str(), server.url("/new/foo/foo-1.0.tar.gz"));
    for target in ["file:///etc/passwd", "/simple/foo/", "ftp://files.example/"] {
        let (bench, server) = (Bench::new(), to(target));
        let error = bench.open(&server).project(&foo()).unwrap_err();
        let is_refused = match &error {
            IndexError::Transfer { .. } => true,
            // The client itself leaves other schemes alone.
            IndexError::Status { status, .. } => *status == 302,
            _ => false,
        };
        assert!(is_refused, "{target}: {error}");
        assert!(server.paths().len() <= 6, "{target}");
    }
}

#[test]
fn credentials_go_to_their_origin_and_into_no_message() {
    let bench = Bench::new();
    let other = Server::start(|_| Response::missing());
    let away = other.url("/foo-2.0.tar.gz");
    let digest = sha256(b"x");
    let server = Server::start(move |request| match request.path.as_str() {
        "/simple/foo/" => Response::html(&format!(
            "<a href='foo-1.0.tar.gz#sha256={digest}'>x</a><a href='{away}#sha256={digest}'>x</a>"
        )),
        _ => Response::new(401, "text/plain", ""),
    });
    let address = server.url("/simple").replace("http://", "http://user:s%40cret@");
    let index = open(&address, &bench.settings).unwrap();
    let found = files(&*index);
    let errors = index.fetch(&found, &|_, _| {});
    assert_eq!(
        errors[0].as_ref().unwrap_err().to_string(),
        format!(
            "cannot read `{}`: the server answered 401",
            server.url("/simple/foo/foo-1.0.tar.gz")
        )
    );
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic dXNlcjpzQGNyZXQ="));
    assert_eq!(other.requests()[0].header("authorization"), None);
    for path in bench.cached() {
        assert!(!String::from_utf8_lossy(&fs::read(path).unwrap()).contains("cret"));
    }
    let error = open("htp://user:secret@index.example/", &bench.settings).err().unwrap();
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn no_connection_is_recognisable() {
    let mut bench = Bench::new();
    bench.settings.retries = 0;
    // Port 9 of this machine: nobody listens there.
    for address in ["http://127.0.0.1:9/simple", "http://index.invalid/simple"] {
        let index = open(address, &bench.settings).unwrap();
        let error = index.project(&foo()).unwrap_err();
        assert!(matches!(error, IndexError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(&format!("`{address}/foo/`")), "{error}");
    }
}

#[test]
fn metadata_beside_the_wheel_is_read_and_verified() {
    let metadata = |digest: String| {
        let attributes = format!("data-core-metadata='sha256={digest}'");
        wheel_server(wheel(METADATA, 9), &attributes, true, |request| {
            request.path.ends_with(".metadata").then(|| Response::file(METADATA.as_bytes()))
        })
    };
    let (bench, server) = (Bench::new(), metadata(sha256(METADATA.as_bytes())));
    let index = bench.open(&server);
    let file = first(&*index);
    index.prefetch_metadata(&[file.clone()]);
    assert_eq!(index.metadata(&file).unwrap().requires_dist[0].to_string(), "bar>=2");
    assert_eq!(server.paths(), ["/simple/foo/".to_owned(), format!("/files/{WHEEL}.metadata")]);

    let (bench, server) = (Bench::new(), metadata(sha256(b"other")));
    let index = bench.open(&server);
    let error = index.metadata(&first(&*index)).unwrap_err();
    assert!(matches!(error, IndexError::Hash { .. }), "{error}");
}

#[test]
fn metadata_is_tried_beside_unannounced_and_then_read_from_the_end() {
    // The padding is larger than the first part, so the table's far end needs another one.
    let bytes = wheel(METADATA, 200_000);
    let bench = Bench::new();
    let server = wheel_server(bytes, "", true, |_| None);
    let index = bench.open(&server);
    let file = first(&*index);
    assert_eq!(index.metadata(&file).unwrap().requires_dist.len(), 1);
    let asked: Vec<Option<String>> =
        server.requests().iter().map(|r| r.header("range").map(str::to_owned)).collect();
    assert_eq!(asked, [None, None, Some("bytes=-32768".to_owned())]);

    // Another wheel of that host: nothing is tried beside it again.
    let mut other = file.clone();
    other.url.set_query(Some("again"));
    other.hashes = crate::artifact::Hashes::parse(&format!("sha256={}", sha256(b"y"))).unwrap();
    let _ = index.metadata(&other);
    assert!(!server.paths()[3].contains(".metadata"), "{:?}", server.paths());

    // Kept for ever: a new run asks for nothing, and works without network.
    let offline = IndexSettings { offline: true, ..bench.settings.clone() };
    let index = open(&server.url("/simple"), &offline).unwrap();
    let count = server.paths().len();
    assert_eq!(index.metadata(&file).unwrap().requires_dist.len(), 1);
    assert_eq!(server.paths().len(), count);
}

#[test]
fn metadata_in_the_middle_of_a_large_wheel_needs_further_parts() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("foo-1.0.dist-info/METADATA", stored).unwrap();
    writer.write_all(METADATA.as_bytes()).unwrap();
    writer.start_file("foo/data", stored).unwrap();
    writer.write_all(&vec![7; 900_000]).unwrap();
    let bench = Bench::new();
    let server = wheel_server(writer.finish().unwrap().into_inner(), "", true, |_| None);
    let index = bench.open(&server);
    assert_eq!(index.metadata(&first(&*index)).unwrap().requires_dist.len(), 1);
    let last = server.requests().pop().unwrap();
    assert_eq!(last.header("range"), Some("bytes=0-262143"));
}

#[test]
fn whole_wheels_are_fetched_where_there_are_no_parts() {
    let bench = Bench::new();
    let server = wheel_server(wheel(METADATA, 99), "", false, |_| None);
    let index = bench.open(&server);
    let file = first(&*index);
    assert_eq!(index.metadata(&file).unwrap().requires_dist.len(), 1);
    let count = server.paths().len();
    assert!(fetch(&*index, &file).unwrap().ends_with(WHEEL));
    assert_eq!(server.paths().len(), count, "the wheel is in the cache already");
}

#[test]
fn metadata_of_another_release_are_refused() {
    let bench = Bench::new();
    let other = METADATA.replace("Version: 1.0", "Version: 2.0");
    let server = wheel_server(wheel(&other, 9), "", true, |_| None);
    let index = bench.open(&server);
    let error = index.metadata(&first(&*index)).unwrap_err().to_string();
    assert_eq!(error, format!("the metadata of `{WHEEL}` cannot be used: it is that of foo 2.0"));
}

/// The requirements, or the error, of an sdist with this `PKG-INFO` and JSON document.
fn sdist_metadata(pkg_info: &str, document: Option<&'static str>) -> Result<usize, IndexError> {
    let bench = Bench::new();
    let bytes = sdist(pkg_info);
    let page = format!("<a href='/f/foo-1.0.tar.gz#sha256={}'>x</a>", sha256(&bytes));
    let server = Server::start(move |request| match request.path.as_str() {
        "/simple/foo/" => Response::html(&page),
        "/f/foo-1.0.tar.gz" => Response::file(&bytes),
        "/pypi/foo/1.0/json" => document.map_or_else(Response::missing, Response::json),
        _ => Response::missing(),
    });
    let answer = |index: &dyn Index| Ok(index.metadata(&first(index))?.requires_dist.len());
    let result = answer(&*bench.open(&server));
    if result.is_ok() {
        let offline = IndexSettings { offline: true, ..bench.settings.clone() };
        assert_eq!(answer(&*open(&server.url("/simple"), &offline).unwrap()), result);
    }
    result
}

#[test]
fn sdists_say_what_they_require_or_have_to_be_built() {
    let fixed = METADATA.replace("2.1", "2.2");
    let dynamic = fixed.replace("\n\n", "\nDynamic: Requires-Dist\n\n");
    assert_eq!(sdist_metadata(&fixed, None), Ok(1));
    let not_static = Err(IndexError::MetadataNotStatic { file: "foo-1.0.tar.gz".to_owned() });
    assert_eq!(sdist_metadata(METADATA, None), not_static);
    assert_eq!(sdist_metadata(&dynamic, Some(r#"{"info":{"requires_dist":null}}"#)), not_static);
    let document = r#"{"info":{"requires_dist":["a (>=1)","b"]}}"#;
    assert_eq!(sdist_metadata(METADATA, Some(document)), Ok(2));
    assert_eq!(sdist_metadata(&fixed, Some(document)), Ok(1));
}

#[test]
fn files_are_fetched_verified_and_kept() {
    let bench = Bench::new();
    let bytes = wheel(METADATA, 100_000);
    let server = wheel_server(bytes.clone(), "", false, |_| None);
    let index = bench.open(&server);
    let file = first(&*index);
    let seen = Mutex::new(Vec::new());
    let list = [file.clone(), file.clone()];
    let paths = index.fetch(&list, &|position, count| seen.lock().unwrap().push((position, count)));
    let path = paths[1].as_ref().unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    let digest = sha256(&bytes);
    let place = Path::new("files").join(&digest[..2]).join(&digest[2..]).join(WHEEL);
    assert!(path.ends_with(place), "{}", path.display());
    assert!(fs::metadata(path).unwrap().permissions().readonly());
    for position in [0, 1] {
        let counts = seen.lock().unwrap().clone().into_iter().filter(|(p, _)| *p == position);
        assert_eq!(counts.map(|(_, count)| count).sum::<u64>(), bytes.len() as u64);
    }

    // A damaged copy is found and fetched again; offline it is missing.
    let damage = || {
        fs::remove_file(path).unwrap();
        fs::write(path, b"damaged").unwrap();
    };
    damage();
    assert_eq!(fs::read(fetch(&*bench.open(&server), &file).unwrap()).unwrap(), bytes);
    damage();
    let offline = IndexSettings { offline: true, ..bench.settings.clone() };
    let error = fetch(&*open(&server.url("/simple"), &offline).unwrap(), &file).unwrap_err();
    assert_eq!(error, IndexError::Offline { subject: WHEEL.to_owned() });
}

#[test]
fn wrong_and_missing_hashes_are_refused() {
    let mut bench = Bench::new();
    let server = wheel_server(wheel(METADATA, 9), "", false, |request| {
        request.path.ends_with(".whl").then(|| Response::file(b"swapped"))
    });
    let index = bench.open(&server);
    let file = first(&*index);
    let error = fetch(&*index, &file).unwrap_err().to_string();
    assert!(error.contains(&sha256(b"swapped")), "{error}");
    assert!(error.contains(file.hashes.sha256().unwrap()), "{error}");
    assert!(bench.cached().iter().all(|path| !path.ends_with(WHEEL)));

    let unhashed = ReleaseFile { hashes: Default::default(), ..file };
    let error = fetch(&*index, &unhashed).unwrap_err();
    assert_eq!(error, IndexError::NoHash { file: WHEEL.to_owned() });
    bench.settings.allow_unhashed = true;
    assert!(fetch(&*bench.open(&server), &unhashed).is_ok());
}

#[test]
fn files_larger_than_stated_are_refused() {
    let bench = Bench::new();
    let server = wheel_server(wheel(METADATA, 5_000), "", false, |_| None);
    let index = bench.open(&server);
    let file = ReleaseFile { size: Some(100), ..first(&*index) };
    let error = fetch(&*index, &file).unwrap_err().to_string();
    assert!(error.contains("larger than 100 bytes"), "{error}");
}

#[test]
fn damage_in_the_cache_is_found() {
    let bench = Bench::new();
    let server = wheel_server(wheel(METADATA, 9), "", true, |_| None);
    let run = || {
        let index = bench.open(&server);
        index.metadata(&first(&*index)).unwrap().requires_dist.len()
    };
    assert_eq!(run(), 1);
    let count = server.paths().len();
    assert_eq!(run(), 1);
    assert_eq!(server.paths().len(), count);
    for path in bench.cached() {
        let mut content = fs::read(&path).unwrap();
        *content.last_mut().unwrap() ^= 1;
        fs::write(&path, content).unwrap();
    }
    assert_eq!(run(), 1);
    assert!(server.paths().len() > count);
}

#[test]
fn offline_names_what_is_missing() {
    let mut bench = Bench::new();
    bench.settings.offline = true;
    let index = open("https://index.example/simple", &bench.settings).unwrap();
    let error = index.project(&foo()).unwrap_err().to_string();
    assert!(error.contains("the list of files of foo"), "{error}");
}

#[test]
fn parallel_runs_share_a_cache() {
    let bench = Arc::new(Bench::new());
    let server = Arc::new(wheel_server(wheel(METADATA, 50_000), "", true, |_| None));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let index = bench.open(&server);
                let file = first(&*index);
                assert!(index.metadata(&file).is_ok());
                assert!(fetch(&*index, &file).is_ok());
            });
        }
    });
    // Page, metadata and wheel: no temporary file is left.
    assert_eq!(bench.cached().len(), 3, "{:?}", bench.cached());
}

#[test]
fn folders_of_files_are_indexes() {
    let bench = Bench::new();
    let root = bench.folder.path().join("wheels");
    fs::create_dir_all(root.join("foo")).unwrap();
    fs::write(root.join(WHEEL), wheel(METADATA, 9)).unwrap();
    fs::write(root.join("foo-1.0.tar.gz"), sdist(METADATA)).unwrap();
    fs::write(root.join("foo/foo-2.0.tar.gz"), b"broken").unwrap();
    fs::write(root.join("notes.txt"), b"").unwrap();
    let path = root.display().to_string();
    for address in [path.clone(), format!("file://{path}"), format!("file://{path}/")] {
        let index = open(&address, &bench.settings).unwrap();
        let found = files(&*index);
        let names: Vec<&str> = found.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, [WHEEL, "foo-1.0.tar.gz", "foo-2.0.tar.gz"]);
        assert_eq!(index.metadata(&found[0]).unwrap().requires_dist.len(), 1);
        let error = index.metadata(&found[1]).unwrap_err();
        assert_eq!(error, IndexError::MetadataNotStatic { file: "foo-1.0.tar.gz".to_owned() });
        assert!(matches!(index.metadata(&found[2]), Err(IndexError::Metadata { .. })));
        assert_eq!(fetch(&*index, &found[0]).unwrap(), root.join(WHEEL));
        assert!(index.project(&project_name("bar").unwrap()).unwrap().is_none());
        let swapped = ReleaseFile { hashes: found[1].hashes.clone(), ..found[0].clone() };
        assert!(matches!(fetch(&*index, &swapped), Err(IndexError::Hash { .. })));
    }
    let error = open("/nonexistent/folder", &bench.settings).err().unwrap().to_string();
    assert!(error.starts_with("cannot open the index folder `/nonexistent/folder`"), "{error}");
}

#[test]
fn trees_of_pages_are_indexes() {
    let bench = Bench::new();
    let root = bench.folder.path().join("simple");
    fs::create_dir_all(root.join("foo")).unwrap();
    fs::create_dir_all(root.join("files")).unwrap();
    let bytes = wheel(METADATA, 9);
    fs::write(root.join("files").join(WHEEL), &bytes).unwrap();
    let page = format!(
        "<a href='../files/{WHEEL}#sha256={}' data-requires-python='&gt;=3.9'>x</a>\
         <a href='https://files.example/foo-9.0.tar.gz'>x</a>",
        sha256(&bytes)
    );
    fs::write(root.join("foo/index.html"), page).unwrap();
    let index = open(&format!("file://{}", root.display()), &bench.settings).unwrap();
    let found = files(&*index);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].requires_python.as_ref().unwrap().to_string(), ">=3.9");
    assert_eq!(index.metadata(&found[0]).unwrap().requires_dist.len(), 1);
    assert!(fetch(&*index, &found[0]).is_ok());
    fs::write(root.join("files").join(WHEEL), b"swapped").unwrap();
    assert!(matches!(fetch(&*index, &found[0]), Err(IndexError::Hash { .. })));
}
