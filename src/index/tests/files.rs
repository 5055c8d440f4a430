//! Downloads and the cache.

use super::*;

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

    // A damaged copy is detected and fetched again; offline it counts as missing.
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
fn wrong_hashes_are_refused() {
    let bench = Bench::new();
    let server = wheel_server(wheel(METADATA, 9), "", false, |request| {
        request.path.ends_with(".whl").then(|| Response::file(b"swapped"))
    });
    let index = bench.open(&server);
    let file = first(&*index);
    let error = fetch(&*index, &file).unwrap_err().to_string();
    assert!(error.contains(&sha256(b"swapped")), "{error}");
    assert!(error.contains(file.hashes.sha256().unwrap()), "{error}");
    assert!(bench.cached().iter().all(|path| !path.ends_with(WHEEL)));
}

#[test]
fn a_file_that_broke_off_goes_on_where_it_stopped() {
    let bytes = wheel(METADATA, 90_000);
    for tag in [Some("\"one\""), None] {
        let (bench, count, whole) = (Bench::new(), AtomicUsize::new(0), bytes.clone());
        let server = wheel_server(bytes.clone(), "", false, move |request| {
            if !request.path.ends_with(".whl") {
                return None;
            }
            let response = match count.fetch_add(1, Ordering::SeqCst) {
                0 => Response { is_cut: true, ..Response::file(&whole) },
                _ => Response::rest(request, &whole),
            };
            Some(tag.map_or(response.clone(), |tag| response.with("etag", tag)))
        });
        let index = bench.open(&server);
        let file = first(&*index);
        let received = Mutex::new(0);
        let paths = index.fetch(&[file], &|_, count| *received.lock().unwrap() += count);
        assert_eq!(fs::read(paths[0].as_ref().unwrap()).unwrap(), bytes);
        assert_eq!(received.into_inner().unwrap(), bytes.len() as u64);
        let requests = server.requests();
        let last = requests.last().unwrap();
        assert_eq!(last.header("if-range"), tag, "only a known state may be gone on with");
        assert_eq!(last.header("range").is_some(), tag.is_some());
    }
}

#[test]
fn files_are_fetched_by_their_addresses() {
    let bench = Bench::new();
    let bytes = wheel(METADATA, 9);
    let server = wheel_server(bytes.clone(), "", false, |_| None);
    let url: url::Url = server.url(&format!("/files/{WHEEL}")).parse().unwrap();
    let (path, hashes) = bench.open(&server).download(&url, &Hashes::default()).unwrap();
    assert!(path.ends_with(WHEEL));
    assert_eq!(hashes.sha256(), Some(sha256(&bytes).as_str()));
    let wrong = Hashes::parse(&format!("sha256={}", sha256(b"x"))).unwrap();
    let error = bench.open(&server).download(&url, &wrong).unwrap_err();
    assert!(matches!(error, IndexError::Hash { .. }), "{error}");
    let offline = IndexSettings { offline: true, ..bench.settings.clone() };
    let index = open(&server.url("/simple"), &offline).unwrap();
    assert_eq!(index.download(&url, &Hashes::default()).unwrap(), (path, hashes));
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
    // Page, metadata and wheel: no temporary file remains.
    assert_eq!(bench.cached().len(), 3, "{:?}", bench.cached());
}

#[test]
fn a_cache_is_this_users_alone() {
    let bench = Bench::new();
    let server = wheel_server(wheel(METADATA, 9), "", true, |_| None);
    let index = bench.open(&server);
    let file = first(&*index);
    index.metadata(&file).unwrap();
    fetch(&*index, &file).unwrap();
    let entries = walkdir::WalkDir::new(&bench.settings.cache).into_iter().map(Result::unwrap);
    for entry in entries {
        let mode = std::os::unix::fs::MetadataExt::mode(&entry.metadata().unwrap());
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
}
