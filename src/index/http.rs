//! HTTP requests with the index's limits, retries and redirects.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::OnceLock,
    time::{Duration, Instant},
};

use futures::StreamExt;
use reqwest::{
    Client, Response,
    header::{HeaderMap, HeaderValue, IF_RANGE, RANGE},
    redirect::Policy,
};
use tokio::{sync::Semaphore, time};
use tracing::debug;
use url::Url;

use super::{
    IndexError, IndexSettings, Logins,
    error::{causes, redacted},
    headers::{content_range, redirect, retry_after, strong_validator},
    hosts::{Guard, TrustedHosts, network},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const REDIRECT_LIMIT: usize = 5;
const PARALLEL_LIMIT: usize = 32;
/// The longest time for the whole response if it is a page or a small document.
const PAGE_TIME: Duration = Duration::from_secs(120);

/// The HTTP clients and the retry settings.
pub(super) struct Http {
    /// Created at the first request, because loading the system's certificates is slow.
    pages: OnceLock<Result<Client, String>>,
    /// Like `pages`, but a file's bytes are never decoded: its hash is that of the uploaded bytes.
    files: OnceLock<Result<Client, String>>,
    /// Like `pages` and `files`, for redirect targets.
    redirected_pages: OnceLock<Result<Client, String>>,
    redirected_files: OnceLock<Result<Client, String>>,
    guard: Guard,
    hosts: TrustedHosts,
    permits: Semaphore,
    retries: u32,
    retry_delay: Duration,
    speed: Speed,
    file_time: Duration,
    file_size: u64,
    logins: Logins,
}

/// The minimum speed of a response.
#[derive(Debug, Clone, Copy)]
struct Speed {
    /// In bytes per second.
    least: u64,
    /// The time over which the speed is measured.
    window: Duration,
}

/// A request.
pub(super) struct Ask<'a> {
    pub url: &'a Url,
    pub headers: HeaderMap,
    /// The most decoded bytes of a response.
    pub limit: u64,
    /// Whether the body is a file whose bytes must not be decoded.
    pub is_file: bool,
    /// Whether only a partial response (206) is read, not a complete one.
    pub only_part: bool,
}

impl<'a> Ask<'a> {
    /// Creates a request for a page or a small document.
    pub(super) fn page(url: &'a Url, limit: u64) -> Self {
        Self { url, headers: HeaderMap::new(), limit, is_file: false, only_part: false }
    }

    /// Creates a request for a file.
    pub(super) fn file(url: &'a Url, limit: u64) -> Self {
        Self { is_file: true, ..Self::page(url, limit) }
    }
}

/// A response's head; its body went to the sink.
pub(super) struct HttpAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The address after redirects.
    pub url: Url,
}

impl HttpAnswer {
    pub(super) fn header(&self, name: reqwest::header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A receiver of successful responses' bodies.
pub(super) trait Sink: Send {
    /// Discards the bytes of an earlier, failed attempt.
    fn restart(&mut self) -> Result<(), IndexError>;
    /// Returns the number of bytes that a further attempt can resume from.
    fn position(&self) -> u64 {
        0
    }
    fn write(&mut self, piece: &[u8]) -> Result<(), IndexError>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> Result<(), IndexError> {
        self.clear();
        Ok(())
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), IndexError> {
        self.extend_from_slice(piece);
        Ok(())
    }
}

/// A failed attempt's error, and whether a retry may help.
struct HttpFailure {
    error: IndexError,
    again: bool,
    /// The delay that the server requests.
    wait: Option<Duration>,
}

impl From<IndexError> for HttpFailure {
    fn from(error: IndexError) -> Self {
        Self { error, again: false, wait: None }
    }
}

impl Http {
    /// Creates the client from `settings`, with user names and passwords for their servers.
    pub(super) fn new(logins: Logins, hosts: TrustedHosts, settings: &IndexSettings) -> Self {
        Self {
            pages: OnceLock::new(),
            files: OnceLock::new(),
            redirected_pages: OnceLock::new(),
            redirected_files: OnceLock::new(),
            guard: Guard::default(),
            hosts,
            permits: Semaphore::new(PARALLEL_LIMIT),
            retries: settings.retries,
            retry_delay: settings.retry_delay,
            speed: Speed { least: settings.least_speed, window: settings.speed_window },
            file_time: settings.file_time,
            file_size: settings.file_size,
            logins,
        }
    }

    /// Returns the size limit in bytes of a file whose size is not stated.
    pub(super) fn file_size(&self) -> u64 {
        self.file_size
    }

    /// Returns the hosts that may be used without encryption.
    pub(super) fn hosts(&self) -> &TrustedHosts {
        &self.hosts
    }

    /// Returns the user name for an address; empty without a login.
    pub(super) fn user(&self, url: &Url) -> &str {
        self.logins.login(url).map_or("", |login| &login.user)
    }

    /// Sends a request, retries if that may help, and writes a successful response's body to
    /// `sink`.
    ///
    /// The response may have any status that a retry would not change.
    pub(super) async fn get(
        &self,
        ask: &Ask<'_>,
        sink: &mut dyn Sink,
    ) -> Result<HttpAnswer, IndexError> {
        let mut attempt = 0;
        // The validator of the file that an earlier attempt received in part.
        let mut validator = None;
        // All attempts at a file share its time limit: each resumes where the last one stopped.
        let mut spent = Duration::ZERO;
        loop {
            let permit = self.permits.acquire().await;
            let begun = Instant::now();
            let limit = if ask.is_file { self.file_time } else { PAGE_TIME };
            let work = self.attempt(ask, sink, &mut validator);
            let result = match time::timeout(limit.saturating_sub(spent), work).await {
                Ok(result) => result,
                Err(_) => {
                    let problem = format!("it took longer than {} s", limit.as_secs());
                    Err(transfer(ask.url, problem).into())
                }
            };
            drop(permit);
            let status = result.as_ref().map(|answer| answer.status).ok();
            debug!(url = %redacted(ask.url), attempt, ?status, elapsed = ?begun.elapsed(), "request");
            if ask.is_file {
                spent += begun.elapsed();
            }
            let failure = match result {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !failure.again || attempt == self.retries {
                return Err(failure.error);
            }
            let delay = jittered(self.retry_delay * 2_u32.pow(attempt));
            time::sleep(failure.wait.unwrap_or(delay)).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        ask: &Ask<'_>,
        sink: &mut dyn Sink,
        validator: &mut Option<HeaderValue>,
    ) -> Result<HttpAnswer, HttpFailure> {
        let mut headers = ask.headers.clone();
        let position = sink.position();
        if let Some(state) = validator.take().filter(|_| position > 0)
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={position}-"))
        {
            headers.insert(RANGE, range);
            headers.insert(IF_RANGE, state);
        }
        let is_resumed = headers.contains_key(IF_RANGE);
        let (response, url) = self.send(ask, &headers).await?;
        let status = response.status();
        *validator = strong_validator(response.headers());
        let goes_on = is_resumed
            && status.as_u16() == 206
            && content_range(response.headers()).is_some_and(|(start, ..)| start == position);
        if !goes_on {
            sink.restart()?;
        }
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            return Err(HttpFailure {
                error: IndexError::Status { url: redacted(ask.url), status: status.as_u16() },
                again: true,
                wait: retry_after(&response),
            });
        }
        let answer =
            HttpAnswer { status: status.as_u16(), headers: response.headers().clone(), url };
        if is_resumed && answer.status == 206 {
            if !goes_on {
                let problem = "it sends another part than requested".to_owned();
                return Err(HttpFailure { again: true, ..transfer(ask.url, problem).into() });
            }
            self.receive(ask, response, sink).await?;
            return Ok(HttpAnswer { status: 200, ..answer });
        }
        let is_wanted = if ask.only_part { answer.status == 206 } else { status.is_success() };
        if is_wanted {
            self.receive(ask, response, sink).await?;
        }
        Ok(answer)
    }

    /// Sends a request and follows redirects; returns the response and its address.
    ///
    /// Credentials are sent to the requested origin only.
    async fn send(
        &self,
        ask: &Ask<'_>,
        headers: &HeaderMap,
    ) -> Result<(Response, Url), HttpFailure> {
        let mut url = ask.url.clone();
        for hop in 0..=REDIRECT_LIMIT {
            self.hosts.check(&url)?;
            let request = self.client(ask, hop > 0)?.get(url.clone()).headers(headers.clone());
            let login = self.logins.login(ask.url).filter(|_| url.origin() == ask.url.origin());
            let request = match login {
                Some(login) => request.basic_auth(&login.user, login.password.as_ref()),
                None => request,
            };
            let response = request.send().await.map_err(|error| classify(ask.url, &error))?;
            let next = redirect(&response, &url).map_err(|problem| transfer(ask.url, problem))?;
            let Some(next) = next else { return Ok((response, url)) };
            if next.host() != url.host() && !self.hosts.has(&next) {
                let admitted = self.guard.admit(network(&url).await, &next);
                admitted.map_err(|problem| transfer(ask.url, problem))?;
            }
            url = next;
        }
        let problem = format!("it redirects more than {REDIRECT_LIMIT} times");
        Err(transfer(ask.url, problem).into())
    }

    #[expect(clippy::disallowed_methods, reason = "connections are opened here")]
    fn client(&self, ask: &Ask<'_>, is_redirected: bool) -> Result<&Client, IndexError> {
        let cell = match (ask.is_file, is_redirected) {
            (true, false) => &self.files,
            (true, true) => &self.redirected_files,
            (false, false) => &self.pages,
            (false, true) => &self.redirected_pages,
        };
        let built = cell.get_or_init(|| {
            let client = Client::builder()
                .user_agent(concat!("pypi2pkg/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .redirect(Policy::none())
                .gzip(!ask.is_file);
            let client =
                if is_redirected { client.dns_resolver(self.guard.clone()) } else { client };
            client.build().map_err(|error| causes(&error))
        });
        built.as_ref().map_err(|problem| IndexError::Setup { problem: problem.clone() })
    }

    /// Writes a response's body to `sink`, unless it is too large or too slow.
    async fn receive(
        &self,
        ask: &Ask<'_>,
        response: Response,
        sink: &mut dyn Sink,
    ) -> Result<(), HttpFailure> {
        let too_large = || {
            let setting = if ask.is_file && ask.limit == self.file_size {
                ": see `download` in `[limits]`"
            } else {
                ""
            };
            let problem = format!("it is larger than {} bytes{setting}", ask.limit);
            HttpFailure::from(transfer(ask.url, problem))
        };
        if response.content_length().is_some_and(|length| length > ask.limit) {
            return Err(too_large());
        }
        let Speed { least, window } = self.speed;
        let mut received = 0;
        let mut paced = 0;
        let mut since = Instant::now();
        let mut stream = response.bytes_stream();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|error| classify(ask.url, &error))?;
            received += piece.len() as u64;
            paced += piece.len() as u64;
            if since.elapsed() > window {
                if paced < least.saturating_mul(window.as_secs()) {
                    let seconds = since.elapsed().as_secs();
                    let problem = format!("it is too slow: {paced} bytes in {seconds} s");
                    return Err(transfer(ask.url, problem).into());
                }
                (paced, since) = (0, Instant::now());
            }
            if received > ask.limit {
                return Err(too_large());
            }
            sink.write(&piece)?;
        }
        Ok(())
    }
}

/// Returns the delay plus up to half of it, so that many clients do not retry at once.
fn jittered(delay: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 500;
    delay + delay.mul_f64(random as f64 / 1000.0)
}

fn classify(url: &Url, error: &reqwest::Error) -> HttpFailure {
    let problem = causes(error);
    let url = redacted(url);
    if error.is_redirect() || error.is_builder() {
        return IndexError::Transfer { url, problem }.into();
    }
    if problem.contains("certificate") {
        return IndexError::Untrusted { url, problem }.into();
    }
    // A name that does not resolve will not resolve on a retry either.
    let again = !error.is_dns();
    let error = if error.is_connect() || error.is_dns() {
        IndexError::Unreachable { url, problem }
    } else {
        IndexError::Transfer { url, problem }
    };
    HttpFailure { error, again, wait: None }
}

fn transfer(url: &Url, problem: String) -> IndexError {
    IndexError::Transfer { url: redacted(url), problem }
}
