//! Several indexes and other sources.

use super::*;

/// Starts a server that has version `version` of `foo`, and a `bar` if `bar`.
fn index_with(version: &str, bar: bool) -> Server {
    let page = format!("<a href='foo-{version}.tar.gz'>x</a>");
    Server::start(move |request| match request.path.as_str() {
        "/simple/foo/" => Response::html(&page),
        "/simple/bar/" if bar => Response::html("<a href='bar-1.0.tar.gz'>x</a>"),
        _ => Response::missing(),
    })
}

fn names(index: &dyn Index, project: &str) -> Vec<String> {
    let found = index.project(&project_name(project).unwrap()).unwrap();
    found.map(|found| found.files.iter().map(|f| f.filename.clone()).collect()).unwrap_or_default()
}

#[test]
fn the_first_index_that_has_a_project_counts() {
    let (private, public) = (index_with("1.0", false), index_with("9.0", true));
    let bench = Bench::new();
    let indexes = vec![private.url("/simple"), public.url("/simple")];
    let sources = Sources { indexes, ..Sources::default() };
    let index = bench.open_all(&sources);
    index.prefetch_projects(&[foo()]);
    assert_eq!(names(&*index, "foo"), ["foo-1.0.tar.gz"]);
    assert_eq!(names(&*index, "bar"), ["bar-1.0.tar.gz"]);
    assert_eq!(public.paths(), ["/simple/bar/"], "the name `foo` is nobody else's business");

    let all = Sources { strategy: IndexStrategy::UnsafeBestMatch, ..sources.clone() };
    assert_eq!(names(&*bench.open_all(&all), "foo"), ["foo-1.0.tar.gz", "foo-9.0.tar.gz"]);

    let pinned = [(foo(), public.url("/simple"))].into();
    let sources = Sources { pinned, ..sources };
    let index = bench.open_all(&sources);
    assert_eq!(names(&*index, "foo"), ["foo-9.0.tar.gz"]);
    assert_eq!(names(&*index, "bar"), ["bar-1.0.tar.gz"]);
}

#[test]
fn an_index_that_fails_hides_no_project() {
    let bench = Bench::new();
    let broken = Server::start(|_| Response::new(403, "text/plain", ""));
    let public = index_with("9.0", false);
    let indexes = vec![broken.url("/simple"), public.url("/simple")];
    let index = bench.open_all(&Sources { indexes, ..Sources::default() });
    assert!(matches!(index.project(&foo()), Err(IndexError::Status { status: 403, .. })));
}

#[test]
fn a_folder_may_be_before_a_server() {
    let bench = Bench::new();
    let public = index_with("9.0", true);
    let folder = bench.folder.path().join("wheels");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(WHEEL), wheel(METADATA, 9)).unwrap();
    let indexes = vec![folder.display().to_string(), public.url("/simple")];
    let index = bench.open_all(&Sources { indexes, ..Sources::default() });
    assert_eq!(names(&*index, "foo"), [WHEEL]);
    assert_eq!(names(&*index, "bar"), ["bar-1.0.tar.gz"]);
}

#[test]
fn links_are_beside_every_index() {
    let bench = Bench::new();
    let public = index_with("9.0", false);
    let page = Server::start(|request| match request.path.as_str() {
        "/links" => Response::html(
            "<a href='files/foo-2.0.tar.gz'>x</a><a href='files/bar-2.0.tar.gz'>x</a>",
        ),
        _ => Response::missing(),
    });
    let folder = bench.folder.path().join("wheels");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(WHEEL), wheel(METADATA, 9)).unwrap();
    let local = bench.folder.path().join("page.html");
    fs::write(&local, format!("<a href='wheels/{WHEEL}'>x</a><a href='foo-4.0.zip'>x</a>"))
        .unwrap();
    let links = [
        folder.display().to_string(),
        page.url("/links"),
        page.url("/foo-3.0.tar.gz"),
        format!("file://{}", local.display()),
        folder.join(WHEEL).display().to_string(),
    ];
    let sources = Sources {
        indexes: vec![public.url("/simple")],
        find_links: links.to_vec(),
        ..Sources::default()
    };
    let index = bench.open_all(&sources);
    let found = names(&*index, "foo");
    let expected = [WHEEL, "foo-2.0.tar.gz", "foo-3.0.tar.gz", "foo-4.0.zip", "foo-9.0.tar.gz"];
    assert_eq!(found, expected);
    assert_eq!(names(&*index, "bar"), ["bar-2.0.tar.gz"]);
    assert_eq!(page.paths(), ["/links"], "a page is fetched once");

    let alone = bench.open_all(&Sources { indexes: Vec::new(), ..sources });
    assert_eq!(names(&*alone, "bar"), ["bar-2.0.tar.gz"]);
    assert!(fetch(&*alone, &first(&*alone)).is_ok());
}
