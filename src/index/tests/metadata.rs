//! Metadata without full downloads.

use super::*;

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
    index.prefetch_metadata(std::slice::from_ref(&file));
    assert_eq!(index.metadata(&file).unwrap().requires_dist[0].to_string(), "bar>=2");
    assert_eq!(server.paths(), ["/simple/foo/".to_owned(), format!("/files/{WHEEL}.metadata")]);

    let (bench, server) = (Bench::new(), metadata(sha256(b"other")));
    let index = bench.open(&server);
    let error = index.metadata(&first(&*index)).unwrap_err();
    assert!(matches!(error, IndexError::Hash { .. }), "{error}");
}

#[test]
fn metadata_is_tried_beside_unannounced_and_then_read_from_the_end() {
    // The padding is larger than the first part, so the rest of the table needs another one.
    let bytes = wheel(METADATA, 200_000);
    let bench = Bench::new();
    let server = wheel_server(bytes, "", true, |_| None);
    let index = bench.open(&server);
    let file = first(&*index);
    assert_eq!(index.metadata(&file).unwrap().requires_dist.len(), 1);
    let asked: Vec<Option<String>> =
        server.requests().iter().map(|r| r.header("range").map(str::to_owned)).collect();
    assert_eq!(asked, [None, None, Some("bytes=-32768".to_owned())]);

    // Another wheel of that host: metadata beside it are not requested again.
    let mut other = file.clone();
    other.url.set_query(Some("again"));
    other.hashes =
        crate::python::artifact::Hashes::parse(&format!("sha256={}", sha256(b"y"))).unwrap();
    let _ = index.metadata(&other);
    assert!(!server.paths()[3].contains(".metadata"), "{:?}", server.paths());

    // Cached for ever: a new run sends no request, and works offline.
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

/// Returns the requirement count, or the error, of an sdist with this `PKG-INFO` and JSON document.
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

/// Returns a good index's wheel, whose metadata require `bar`.
fn good() -> Vec<u8> {
    wheel(METADATA, 9)
}

/// Returns a bad index's metadata for that wheel.
fn bad_text() -> String {
    METADATA.replace("bar>=2", "evil")
}

/// Starts an index that lists the good wheel with its hash and serves other metadata: unannounced,
/// without a hash, or with the right hash of the wrong text.
fn bad_index(attributes: &str) -> Server {
    wheel_server(good(), attributes, true, |request| {
        request.path.ends_with(".metadata").then(|| Response::file(bad_text().as_bytes()))
    })
}

fn announcements() -> [String; 3] {
    let hash = format!("data-core-metadata='sha256={}'", sha256(bad_text().as_bytes()));
    [String::new(), "data-core-metadata='true'".to_owned(), hash]
}

#[test]
fn what_one_index_states_is_not_told_of_another_ones_file() {
    for attributes in announcements() {
        let bench = Bench::new();
        let bad = bad_index(&attributes);
        let index = bench.open(&bad);
        let stated = index.metadata(&first(&*index)).unwrap();
        assert_eq!(stated.requires_dist[0].to_string(), "evil");
        // The same wheel by its hash, from an index without metadata and from one with metadata.
        let text = sha256(METADATA.as_bytes());
        let announced = format!("data-core-metadata='sha256={text}'");
        for (attributes, serves) in
            [("", false), ("data-core-metadata='true'", true), (&announced, true)]
        {
            let server = wheel_server(good(), attributes, true, move |request| {
                let is_text = serves && request.path.ends_with(".metadata");
                is_text.then(|| Response::file(METADATA.as_bytes()))
            });
            let index = bench.open(&server);
            let own = index.metadata(&first(&*index)).unwrap();
            assert_eq!(own.requires_dist[0].to_string(), "bar>=2", "{attributes}");
        }
    }
}

#[test]
fn a_wheel_requires_what_the_index_said() {
    for attributes in announcements() {
        let bench = Bench::new();
        let index = bench.open(&bad_index(&attributes));
        let file = first(&*index);
        index.metadata(&file).unwrap();
        let error = fetch(&*index, &file).unwrap_err().to_string();
        assert!(error.contains(WHEEL) && error.contains("/files/"), "{error}");
        assert!(error.ends_with("it requires `bar>=2`, not `evil`"), "{error}");
    }
    let bench = Bench::new();
    let root = bench.folder.path().join("wheels");
    fs::create_dir(&root).unwrap();
    fs::write(root.join(WHEEL), good()).unwrap();
    fs::write(root.join(format!("{WHEEL}.metadata")), bad_text()).unwrap();
    let index = open(&root.display().to_string(), &bench.settings).unwrap();
    let file = first(&*index);
    index.metadata(&file).unwrap();
    assert!(matches!(fetch(&*index, &file), Err(IndexError::Differs { .. })));
}

#[test]
fn wrong_metadata_is_forgotten_once_the_wheel_is_here() {
    let bench = Bench::new();
    let is_bad = Arc::new(AtomicUsize::new(1));
    let state = Arc::clone(&is_bad);
    let server = wheel_server(good(), "", true, move |request| {
        let is_text = request.path.ends_with(".metadata") && state.load(Ordering::SeqCst) == 1;
        is_text.then(|| Response::file(bad_text().as_bytes()))
    });
    let run = || {
        let index = bench.open(&server);
        let file = first(&*index);
        let name = index.metadata(&file).unwrap().requires_dist[0].to_string();
        (name, fetch(&*index, &file).is_ok())
    };
    assert_eq!(run(), ("evil".to_owned(), false));
    is_bad.store(0, Ordering::SeqCst);
    assert_eq!(run(), ("bar>=2".to_owned(), true));
}

#[test]
fn what_a_document_says_of_an_sdist_is_its_own_index_s() {
    let bytes = sdist(METADATA);
    let bench = Bench::new();
    let index = |document: &'static str| {
        let bytes = bytes.clone();
        let page = format!("<a href='/f/foo-1.0.tar.gz#sha256={}'>x</a>", sha256(&bytes));
        Server::start(move |request| match request.path.as_str() {
            "/simple/foo/" => Response::html(&page),
            "/f/foo-1.0.tar.gz" => Response::file(&bytes),
            _ => Response::json(document),
        })
    };
    let bad = index(r#"{"info":{"requires_dist":["evil"]}}"#);
    let good = index(r#"{"info":{"requires_dist":["bar"]}}"#);
    let required = |server: &Server| {
        let index = bench.open(server);
        index.metadata(&first(&*index)).unwrap().requires_dist[0].to_string()
    };
    assert_eq!([required(&bad), required(&good)], ["evil", "bar"]);
}
