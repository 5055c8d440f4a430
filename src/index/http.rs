//! Requests over HTTP, with limits, retries and redirects as the index needs them.

use std::{error::Error, sync::OnceLock, time::Duration};

use futures::StreamExt;
use reqwest::{
    Client, Response,
    header::{HeaderMap, RETRY_AFTER},
    redirect::{Attempt, Policy},
};
use tokio::{sync::Semaphore, time};
use url::{Origin, Url};

use super::{IndexError, IndexSettings, error::redacted};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(60);
const REDIRECT_LIMIT: usize = 5;
const PARALLEL_LIMIT: usize = 32;

/// The clients, and how often they try.
pub(super) struct Http {
    /// Set up at the first request: reading the system's certificates takes a while.
    pages: OnceLock<Result<Client, String>>,
    /// As `pages`, but a file's bytes are never decoded: its hash is that of what was uploaded.
    files: OnceLock<Result<Client, String>>,
    permits: Semaphore,
    retries: u32,
    retry_delay: Duration,
    credentials: Option<Credentials>,
}

/// Sent to one origin only.
struct Credentials {
    origin: Origin,
    user: String,
    password: Option<String>,
}

/// A request.
pub(super) struct Ask<'a> {
    pub url: &'a Url,
    pub headers: HeaderMap,
    /// The most decoded bytes of an answer.
    pub limit: u64,
    /// The longest time for the whole answer.
    pub timeout: Duration,
    /// Whether it is a file whose bytes must stay as they are.
    pub is_file: bool,
    /// Whether only a partial answer (206) is read, not a complete one.
    pub only_part: bool,
}

impl<'a> Ask<'a> {
    /// A request for a page or a small document.
    pub fn page(url: &'a Url, limit: u64) -> Self {
        Self {
            url,
            headers: HeaderMap::new(),
            limit,
            timeout: Duration::from_secs(120),
            is_file: false,
            only_part: false,
        }
    }

    /// A request for a file.
    pub fn file(url: &'a Url, limit: u64) -> Self {
        Self { timeout: Duration::from_secs(15 * 60), is_file: true, ..Self::page(url, limit) }
    }
}

/// An answer's head; its body went to the sink.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// After redirects.
    pub url: Url,
}

impl Answer {
    pub fn header(&self, name: reqwest::header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Takes the body of an answer that was a success.
pub(super) trait Sink: Send {
    /// Forgets what an earlier, failed attempt brought.
    fn restart(&mut self) -> Result<(), IndexError>;
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

/// Why an attempt failed, and whether another one may help.
struct Failure {
    error: IndexError,
    again: bool,
    /// What the server asked for.
    wait: Option<Duration>,
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        Self { error, again: false, wait: None }
    }
}

impl Http {
    /// Requests as `settings` say; the user name and password of `index` go to its origin only.
    pub fn new(index: &Url, settings: &IndexSettings) -> Self {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let credentials = (!index.username().is_empty()).then(|| Credentials {
            origin: index.origin(),
            user: decode(index.username()),
            password: index.password().map(decode),
        });
        Self {
            pages: OnceLock::new(),
            files: OnceLock::new(),
            permits: Semaphore::new(PARALLEL_LIMIT),
            retries: settings.retries,
            retry_delay: settings.retry_delay,
            credentials,
        }
    }

    /// Sends a request, again where that may help, and gives a success's body to `sink`.
    ///
    /// The answer may have any status that another attempt would not change.
    pub async fn get(&self, ask: &Ask<'_>, sink: &mut dyn Sink) -> Result<Answer, IndexError> {
        let mut attempt = 0;
        loop {
            let permit = self.permits.acquire().await;
            sink.restart()?;
            let result = time::timeout(ask.timeout, self.attempt(ask, sink)).await;
            drop(permit);
            let failure = match result {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => {
                    let problem = format!("it took longer than {} s", ask.timeout.as_secs());
                    transfer(ask.url, problem).into()
                }
            };
            if !failure.again || attempt == self.retries {
                return Err(failure.error);
            }
            time::sleep(failure.wait.unwrap_or(self.retry_delay * 2_u32.pow(attempt))).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, ask: &Ask<'_>, sink: &mut dyn Sink) -> Result<Answer, Failure> {
        let mut request = self.client(ask)?.get(ask.url.clone()).headers(ask.headers.clone());
        if let Some(credentials) = &self.credentials
            && credentials.origin == ask.url.origin()
        {
            request = request.basic_auth(&credentials.user, credentials.password.as_ref());
        }
        let response = request.send().await.map_err(|error| classify(ask.url, &error))?;
        let status = response.status();
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            return Err(Failure {
                error: IndexError::Status { url: redacted(ask.url), status: status.as_u16() },
                again: true,
                wait: retry_after(&response),
            });
        }
        let answer = Answer {
            status: status.as_u16(),
            headers: response.headers().clone(),
            url: response.url().clone(),
        };
        let is_wanted = if ask.only_part { answer.status == 206 } else { status.is_success() };
        if is_wanted {
            receive(ask, response, sink).await?;
        }
        Ok(answer)
    }

    fn client(&self, ask: &Ask<'_>) -> Result<&Client, IndexError> {
        let cell = if ask.is_file { &self.files } else { &self.pages };
        let built = cell.get_or_init(|| {
            Client::builder()
                .user_agent(concat!("pypi2pkg/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .redirect(Policy::custom(follow))
                .gzip(!ask.is_file)
                .build()
                .map_err(|error| causes(&error))
        });
        built.as_ref().map_err(|problem| IndexError::Setup {
            url: redacted(ask.url),
            problem: problem.clone(),
        })
    }
}

/// Follows to the same scheme or from HTTP to HTTPS, a few times.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > REDIRECT_LIMIT {
        return attempt.error(format!("it redirects more than {REDIRECT_LIMIT} times"));
    }
    let from = attempt.previous().last().map_or("", Url::scheme).to_owned();
    let to = attempt.url().scheme().to_owned();
    if from == to || (from == "http" && to == "https") {
        attempt.follow()
    } else {
        attempt.error(format!("it redirects from {from} to {to}"))
    }
}

async fn receive(ask: &Ask<'_>, response: Response, sink: &mut dyn Sink) -> Result<(), Failure> {
    let too_large = || {
        let problem = format!("it is larger than {} bytes", ask.limit);
        Failure::from(transfer(ask.url, problem))
    };
    if response.content_length().is_some_and(|length| length > ask.limit) {
        return Err(too_large());
    }
    let mut received = 0;
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| classify(ask.url, &error))?;
        received += piece.len() as u64;
        if received > ask.limit {
            return Err(too_large());
        }
        sink.write(&piece)?;
    }
    Ok(())
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_LIMIT))
}

fn classify(url: &Url, error: &reqwest::Error) -> Failure {
    let problem = causes(error);
    let url = redacted(url);
    if error.is_redirect() || error.is_builder() {
        return IndexError::Transfer { url, problem }.into();
    }
    if problem.contains("certificate") {
        return IndexError::Untrusted { url, problem }.into();
    }
    // A name that does not resolve will not resolve in a second either.
    let again = !error.is_dns();
    let error = if error.is_connect() || error.is_dns() {
        IndexError::Unreachable { url, problem }
    } else {
        IndexError::Transfer { url, problem }
    };
    Failure { error, again, wait: None }
}

fn transfer(url: &Url, problem: String) -> IndexError {
    IndexError::Transfer { url: redacted(url), problem }
}

/// What is behind an error, outermost first, without the address, which may hold credentials.
fn causes(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !causes.last().is_some_and(|last: &String| last.contains(&text)) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() {
        return if error.is_timeout() { "no answer in time" } else { "the request failed" }.into();
    }
    causes.join(": ")
}
