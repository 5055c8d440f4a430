//! A minimal HTTP server on the loopback interface for tests.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// A received request: the path and the headers, with names in lower case.
#[derive(Debug, Clone)]
pub(super) struct ServedRequest {
    pub path: String,
    pub headers: Vec<(String, String)>,
}

impl ServedRequest {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A response to send.
#[derive(Debug, Clone, Default)]
pub(super) struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Whether the connection is closed after half of the body.
    pub is_cut: bool,
    /// The delay before each ten bytes.
    pub drip: Duration,
}

impl Response {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: body.into(), ..Self::default() }
    }

    pub(super) fn html(body: &str) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    pub(super) fn json(body: &str) -> Self {
        Self::new(200, "application/vnd.pypi.simple.v1+json", body)
    }

    pub(super) fn missing() -> Self {
        Self::new(404, "text/plain", "not found")
    }

    pub(super) fn file(body: &[u8]) -> Self {
        Self::new(200, "application/octet-stream", body)
    }

    /// Returns the part of `body` that the request's `Range` selects.
    pub(super) fn part(request: &ServedRequest, body: &[u8]) -> Self {
        let Some(range) = request.header("range").and_then(|range| range.strip_prefix("bytes="))
        else {
            return Self::file(body);
        };
        let (from, to) = range.split_once('-').unwrap();
        let length = body.len();
        let (start, end) = match (from, to) {
            ("", count) => (length.saturating_sub(count.parse().unwrap()), length - 1),
            (from, to) => (from.parse().unwrap(), to.parse::<usize>().unwrap().min(length - 1)),
        };
        let mut part = Self::file(&body[start..=end]);
        part.status = 206;
        part.with("content-range", &format!("bytes {start}-{end}/{length}"))
    }

    /// Returns the rest of `body` that the request's `Range` selects, or all of `body`.
    pub(super) fn rest(request: &ServedRequest, body: &[u8]) -> Self {
        let range = request.header("range").and_then(|range| range.strip_prefix("bytes="));
        let start = range.and_then(|range| range.strip_suffix('-')?.parse().ok());
        let Some(start): Option<usize> = start else { return Self::file(body) };
        let (end, length) = (body.len() - 1, body.len());
        let part = Self { status: 206, ..Self::file(&body[start..]) };
        part.with("content-range", &format!("bytes {start}-{end}/{length}"))
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A running server; it ends with the process.
pub(super) struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<ServedRequest>>>,
}

impl Server {
    pub(super) fn start(
        answer: impl Fn(&ServedRequest) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), Arc::clone(&log));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&kept));
                thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { address, log }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the requested paths so far, in order.
    pub(super) fn paths(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|request| request.path.clone()).collect()
    }

    pub(super) fn requests(&self) -> Vec<ServedRequest> {
        self.log.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &dyn Fn(&ServedRequest) -> Response,
    log: &Mutex<Vec<ServedRequest>>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap().take(64 * 1024));
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let request = ServedRequest { path, headers };
    log.lock().unwrap().push(request.clone());
    let response = answer(&request);
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !response.headers.iter().any(|(name, _)| *name == "content-length") {
        head.push_str(&format!("content-length: {}\r\n", response.body.len()));
    }
    head.push_str("\r\n");
    let count = if response.is_cut { response.body.len() / 2 } else { response.body.len() };
    // The client may have closed the connection already.
    let _ = stream.write_all(head.as_bytes());
    for piece in
        response.body[..count].chunks(if response.drip.is_zero() { count.max(1) } else { 10 })
    {
        thread::sleep(response.drip);
        if stream.write_all(piece).is_err() {
            return;
        }
    }
}
