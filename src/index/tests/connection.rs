//! Tests of connection failures.

use super::*;

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
            // The client itself rejects other schemes.
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
    // Port 9 of this machine is not in use.
    for address in ["http://127.0.0.1:9/simple", "https://index.invalid/simple"] {
        let index = open(address, &bench.settings).unwrap();
        let error = index.project(&foo()).unwrap_err();
        assert!(matches!(error, IndexError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(&format!("`{address}/foo/`")), "{error}");
    }
}

#[test]
fn a_wait_may_be_a_date() {
    let bench = Bench::new();
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Response::new(503, "text/plain", "")
            .with("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"),
        _ => Response::html("<a href='foo-1.0.tar.gz'>x</a>"),
    });
    assert_eq!(first(&*bench.open(&server)).filename, "foo-1.0.tar.gz");
}

#[test]
fn offline_names_what_is_missing() {
    let mut bench = Bench::new();
    bench.settings.offline = true;
    let index = open("https://index.example/simple", &bench.settings).unwrap();
    let error = index.project(&foo()).unwrap_err().to_string();
    assert!(error.contains("the list of files of foo"), "{error}");
    let _ = index.project(&project_name("bar").unwrap());
    assert_eq!(index.missing(), ["the list of files of bar", "the list of files of foo"]);
}

#[test]
fn plain_http_of_other_machines_is_used_only_where_it_is_trusted() {
    let mut bench = Bench::new();
    bench.settings.retries = 0;
    let refused = |index: &str, links: &str, settings: &IndexSettings| {
        let sources = Sources {
            indexes: vec![index.to_owned()],
            find_links: vec![links.to_owned()],
            ..Sources::default()
        };
        open_sources(&sources, Logins::default(), settings)
            .and_then(|index| index.project(&foo()).map(|_| ()))
            .unwrap_err()
    };
    let local = bench.folder.path().display().to_string();
    for (index, links) in [
        ("http://index.invalid/simple", local.as_str()),
        (local.as_str(), "http://index.invalid/links"),
        (local.as_str(), "http://index.invalid/foo-1.0.tar.gz"),
    ] {
        let error = refused(index, links, &bench.settings);
        assert!(matches!(error, IndexError::Insecure { .. }), "{error}");
        assert!(error.to_string().contains("plain HTTP is not encrypted"), "{error}");
    }
    let trusted =
        IndexSettings { trusted_hosts: vec!["index.invalid".to_owned()], ..bench.settings.clone() };
    let error = refused("http://index.invalid/simple", &local, &trusted);
    assert!(matches!(error, IndexError::Unreachable { .. }), "{error}");
    let other =
        IndexSettings { trusted_hosts: vec!["index.invalid:81".to_owned()], ..trusted.clone() };
    let error = refused("http://index.invalid/simple", &local, &other);
    assert!(matches!(error, IndexError::Insecure { .. }), "{error}");

    // A file of a page, a file by its address, and a redirect's target.
    let server = Server::start(|request| match request.path.as_str() {
        "/simple/foo/" => Response::html(&format!("<a href='http://files.invalid/{WHEEL}'>x</a>")),
        _ => Response { status: 302, ..Response::default() }
            .with("location", "http://files.invalid/foo-1.0.tar.gz"),
    });
    let index = bench.open(&server);
    let error = fetch(&*index, &first(&*index)).unwrap_err();
    assert!(matches!(error, IndexError::Insecure { .. }), "{error}");
    for url in ["http://files.invalid/foo-1.0.tar.gz", &server.url("/foo-1.0.tar.gz")] {
        let error = index.download(&url.parse().unwrap(), &Hashes::default()).unwrap_err();
        assert!(matches!(error, IndexError::Insecure { .. }), "{error}");
    }
}

#[test]
fn slow_answers_are_given_up() {
    let mut bench = Bench::new();
    bench.settings.speed_window = Duration::from_secs(1);
    let server = wheel_server(wheel(METADATA, 50_000), "", false, |request| {
        let drip = Duration::from_millis(30);
        request
            .path
            .ends_with(".whl")
            .then(|| Response { drip, ..Response::file(&vec![7; 100_000]) })
    });
    let begun = std::time::Instant::now();
    let index = bench.open(&server);
    let error = fetch(&*index, &first(&*index)).unwrap_err().to_string();
    assert!(error.contains("it is too slow: "), "{error}");

    let mut bench = Bench::new();
    bench.settings.file_time = Duration::from_secs(1);
    let index = bench.open(&server);
    let error = fetch(&*index, &first(&*index)).unwrap_err().to_string();
    assert!(error.ends_with("it took longer than 1 s"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let bench = Bench::new();
    let other = Server::start(|_| Response::html("<a href='foo-1.0.tar.gz'>x</a>"));
    let target = other.url("/new/foo/").replace("http://", "http://user:theirs@");
    let server = Server::start(move |request| match request.path.as_str() {
        "/simple/foo/" => {
            Response { status: 302, ..Response::default() }.with("location", "/own/foo/")
        }
        _ => Response { status: 302, ..Response::default() }.with("location", &target),
    });
    let address = server.url("/simple").replace("http://", "http://user:secret@");
    let mut logins = Logins::default();
    logins.add_addresses([address.as_str()]);
    logins.add_netrc("default login user password secret\n");
    let sources = Sources { indexes: vec![address], ..Sources::default() };
    let index = open_sources(&sources, logins, &bench.settings).unwrap();
    assert_eq!(first(&*index).filename, "foo-1.0.tar.gz");
    let sent = |server: &Server| {
        let requests = server.requests();
        requests.iter().filter(|request| request.header("authorization").is_some()).count()
    };
    assert_eq!((sent(&server), sent(&other)), (2, 0));
}
