//! Project pages.

use super::*;

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

    // A page is cached as parsed.
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
fn pages_are_used_for_as_long_as_the_server_allows() {
    for (allowed, requests) in [("max-age=600", 1), ("max-age=600, no-cache", 2), ("max-age=0", 2)]
    {
        let mut bench = Bench::new();
        bench.settings.page_ttl = Duration::ZERO;
        let server = Server::start(move |_| {
            Response::html("<a href='foo-1.0.tar.gz'>x</a>").with("cache-control", allowed)
        });
        for _ in 0..2 {
            assert_eq!(files(&*bench.open(&server)).len(), 1);
        }
        assert_eq!(server.paths().len(), requests, "{allowed}");
    }
}

#[test]
fn each_user_has_pages_of_their_own() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.header("authorization") {
        Some("Basic YTpi") => Response::html("<a href='foo-1.0.tar.gz'>x</a>"),
        Some("Basic YzpkCg==" | "Basic Yzpk") => Response::html("<a href='foo-2.0.tar.gz'>x</a>"),
        _ => Response::missing(),
    });
    let address =
        |login: &str| server.url("/simple").replace("http://", &format!("http://{login}@"));
    let name = |login: &str| first(&*open(&address(login), &bench.settings).unwrap()).filename;
    assert_eq!(
        [name("a:b"), name("c:d"), name("a:b")].map(|name| name[4..7].to_owned()),
        ["1.0", "2.0", "1.0"]
    );
    assert_eq!(server.paths().len(), 2);
}
