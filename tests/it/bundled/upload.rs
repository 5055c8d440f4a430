//! `publish-http` against a server on this machine.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::Plugin;

/// What a server holds and was asked.
#[derive(Default)]
struct Store {
    files: BTreeMap<String, Vec<u8>>,
    /// Method, path and status of each request.
    log: Vec<String>,
    /// The credentials that it wants; empty: none.
    wanted: String,
    /// What it answers to coming uploads of a path, in place of taking them; 0: nothing.
    failures: BTreeMap<String, Vec<u16>>,
}

impl Store {
    fn status(&mut self, method: &str, path: &str, authorization: &str, body: Vec<u8>) -> u16 {
        if authorization != self.wanted {
            return 401;
        }
        if method == "GET" {
            return if self.files.contains_key(path) { 200 } else { 404 };
        }
        let failures = self.failures.entry(path.to_owned()).or_default();
        if !failures.is_empty() {
            return failures.remove(0);
        }
        self.files.insert(path.to_owned(), body);
        201
    }
}

fn answer(stream: &mut TcpStream, store: &Mutex<Store>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut size, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => size = value.parse().unwrap(),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; size];
    reader.read_exact(&mut body)?;
    let mut store = store.lock().unwrap();
    let status = store.status(&method, &path, &authorization, body);
    store.log.push(format!("{method} {path} {status}"));
    let body = if status == 200 { store.files[&path].clone() } else { Vec::new() };
    if status > 0 {
        // A server may say what it was told.
        let head = format!(
            "HTTP/1.1 {status} Said {authorization}\r\nlocation: /elsewhere\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)?;
    }
    Ok(())
}

/// A server and its address. It ends with the test.
fn serve() -> (Arc<Mutex<Store>>, String) {
    let store = Arc::new(Mutex::new(Store::default()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/debian", listener.local_addr().unwrap());
    let shared = Arc::clone(&store);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = answer(&mut stream, &shared);
        }
    });
    (store, address)
}

fn collection(folder: &Path) {
    fs::create_dir_all(folder.join("by-hash/SHA256")).unwrap();
    fs::create_dir_all(folder.join(".pypi2pkg")).unwrap();
    for name in [
        ".pypi2pkg/state",
        "InRelease",
        "Packages",
        "Release",
        "by-hash/SHA256/abc",
        "collection.json",
        "one_1.0-1_all.deb",
        "two +~%(x)_1.0-1_all.deb",
    ] {
        fs::write(folder.join(name), format!("{name} first")).unwrap();
    }
}

/// What the plugin answers, the text of its only message.
fn publish(collection: &Path, settings: &Value) -> (String, String) {
    let request = json!({
        "api": "1.0.0", "hook": "publish", "settings": settings, "collection": collection,
        "manifest": {},
    });
    let answer = Plugin::named("publish-http").answer(&request);
    let messages = answer["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{answer}");
    let text = |key: &str| messages[0][key].as_str().unwrap().to_owned();
    (text("level"), text("text"))
}

fn taken(store: &Mutex<Store>) -> Vec<String> {
    std::mem::take(&mut store.lock().unwrap().log)
}

#[test]
fn only_changes_are_uploaded_and_packages_first() {
    let folder = tempfile::tempdir().unwrap();
    collection(folder.path());
    let (store, url) = serve();
    let settings = json!({"url": url, "wait": 0});
    let (level, text) = publish(folder.path(), &settings);
    assert_eq!(
        (level.as_str(), text),
        ("note", format!("7 files uploaded to {url}/, 0 unchanged"))
    );
    let order = [
        "GET /debian/publish-http.json 404",
        "PUT /debian/publish-http.json 201",
        "PUT /debian/one_1.0-1_all.deb 201",
        "PUT /debian/two%20%2B~%25%28x%29_1.0-1_all.deb 201",
        "PUT /debian/Packages 201",
        "PUT /debian/by-hash/SHA256/abc 201",
        "PUT /debian/InRelease 201",
        "PUT /debian/Release 201",
        "PUT /debian/collection.json 201",
        "PUT /debian/publish-http.json 201",
    ];
    assert_eq!(taken(&store), order);
    assert_eq!(store.lock().unwrap().files["/debian/Release"], b"Release first");

    assert_eq!(
        publish(folder.path(), &settings).1,
        format!("0 files uploaded to {url}/, 7 unchanged")
    );
    assert_eq!(taken(&store), ["GET /debian/publish-http.json 200"]);

    fs::write(folder.path().join("Release"), "second").unwrap();
    assert_eq!(
        publish(folder.path(), &settings).1,
        format!("1 files uploaded to {url}/, 6 unchanged")
    );
    assert_eq!(taken(&store)[2..3], ["PUT /debian/Release 201"]);
    assert_eq!(store.lock().unwrap().files["/debian/Release"], b"second");
}

#[test]
fn a_busy_server_is_asked_again_and_one_that_refuses_is_not() {
    let folder = tempfile::tempdir().unwrap();
    collection(folder.path());
    let (store, url) = serve();
    let settings = json!({"url": url, "wait": 0, "retries": 2, "exclude": ["by-hash/*", "two*"]});
    let package = "/debian/one_1.0-1_all.deb".to_owned();
    store.lock().unwrap().failures.insert(package.clone(), vec![503, 0]);
    assert_eq!(publish(folder.path(), &settings).0, "note");
    assert_eq!(taken(&store)[2..5], [503, 0, 201].map(|status| format!("PUT {package} {status}")),);

    fs::write(folder.path().join("one_1.0-1_all.deb"), "second").unwrap();
    fs::write(folder.path().join("Release"), "second").unwrap();
    for (failures, tried) in [(vec![500, 429, 503], 3), (vec![403], 1), (vec![307], 1)] {
        store.lock().unwrap().failures.insert(package.clone(), failures.clone());
        let (level, text) = publish(folder.path(), &settings);
        let last = failures.last().unwrap();
        assert_eq!(level, "error");
        assert_eq!(text, format!("PUT {url}/one_1.0-1_all.deb: status {last} Said"));
        // Nothing that names the package was touched.
        assert_eq!(taken(&store).len(), 2 + tried);
        assert_eq!(store.lock().unwrap().files["/debian/Release"], b"Release first");
    }
    assert_eq!(
        publish(folder.path(), &settings).1,
        format!("2 files uploaded to {url}/, 3 unchanged")
    );
}

#[test]
fn credentials_are_sent_and_never_told() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    collection(&dist);
    let file = folder.path().join("credentials");
    let basic = format!("Basic {}", BASE64_STANDARD.encode("one:s3cret:word"));
    for (text, header) in
        [("one:s3cret:word\n", basic.as_str()), ("Bearer s3cret", "Bearer s3cret")]
    {
        let (store, url) = serve();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let settings = json!({"url": url, "credentials": file, "wait": 0, "retries": 0});
        store.lock().unwrap().wanted = header.to_owned();
        store.lock().unwrap().failures.insert("/debian/Packages".to_owned(), vec![403]);
        let (level, said) = publish(&dist, &settings);
        assert_eq!(level, "error");
        assert!(said.starts_with(&format!("PUT {url}/Packages: status 403 Said ")), "{said}");
        assert!(!said.contains("s3cret") && !said.contains(&basic), "{said}");
        assert_eq!(publish(&dist, &settings).0, "note");

        store.lock().unwrap().wanted = "Basic another".to_owned();
        let (_, said) = publish(&dist, &settings);
        assert!(said.starts_with(&format!("GET {url}/publish-http.json: status 401 ")), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let settings = json!({"url": "https://packages.example/", "credentials": file});
    let expected = format!("`{0}` can be read by others: run `chmod 600` on it", file.display());
    assert_eq!(publish(&dist, &settings).1, expected);
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    collection(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let (level, text) = publish(folder.path(), &json!({"url": url, "wait": 0, "retries": 1}));
    assert_eq!(level, "error");
    assert!(text.starts_with(&format!("GET {url}/publish-http.json: ")), "{text}");
}
