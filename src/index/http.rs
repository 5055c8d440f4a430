//! Requests over HTTP, with limits, retries and redirects as the index needs them.

use std::{
    error::Error,
    hash::{BuildHasher, Hasher, RandomState},
    sync::OnceLock,
    time::{Duration, Instant},
};

use futures::StreamExt;
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    Client, Response,
    header::{
        CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE, RETRY_AFTER,
    },
    redirect::{Attempt, Policy},
};
use tokio::{sync::Semaphore, time};
use url::Url;

use super::{IndexError, IndexSettings, Logins, error::redacted};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(60);
const REDIRECT_LIMIT: usize = 5;
const PARALLEL_LIMIT: usize = 32;
/// An answer that brings less than so many bytes in so long a time is given up.
const SLOW_BYTES: u64 = 16 * 1024;
const SLOW_TIME: Duration = Duration::from_secs(60);

/// The clients, and how often they try.
pub(super) struct Http {
    /// Set up at the first request: reading the system's certificates takes a while.
    pages: OnceLock<Result<Client, String>>,
    /// As `pages`, but a file's bytes are never decoded: its hash is that of what was uploaded.
    files: OnceLock<Result<Client, String>>,
    permits: Semaphore,
    retries: u32,
    retry_delay: Duration,
    logins: Logins,
}

/// A request.
pub(super) struct Ask<'a> {
    pub url: &'a Url,
    pub headers: HeaderMap,
    /// The most decoded bytes of an answer.
    pub limit: u64,
    /// The longest time for the whole answer; `None` where only its pace counts.
    pub timeout: Option<Duration>,
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
            timeout: Some(Duration::from_secs(120)),
            is_file: false,
            only_part: false,
        }
    }

    /// A request for a file.
    pub fn file(url: &'a Url, limit: u64) -> Self {
        Self { timeout: None, is_file: true, ..Self::page(url, limit) }
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
    /// How many bytes an earlier attempt brought that a further one may go on from.
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
    /// Requests as `settings` say, with user names and passwords for the servers that they are of.
    pub fn new(logins: Logins, settings: &IndexSettings) -> Self {
        Self {
            pages: OnceLock::new(),
            files: OnceLock::new(),
            permits: Semaphore::new(PARALLEL_LIMIT),
            retries: settings.retries,
            retry_delay: settings.retry_delay,
            logins,
        }
    }

    /// Sends a request, again where that may help, and gives a success's body to `sink`.
    ///
    /// The answer may have any status that another attempt would not change.
    pub async fn get(&self, ask: &Ask<'_>, sink: &mut dyn Sink) -> Result<Answer, IndexError> {
        let mut attempt = 0;
        // What identifies the state of the file of which an earlier attempt brought a part.
        let mut validator = None;
        loop {
            let permit = self.permits.acquire().await;
            let work = self.attempt(ask, sink, &mut validator);
            let result = match ask.timeout {
                Some(limit) => match time::timeout(limit, work).await {
                    Ok(result) => result,
                    Err(_) => {
                        let problem = format!("it took longer than {} s", limit.as_secs());
                        Err(transfer(ask.url, problem).into())
                    }
                },
                None => work.await,
            };
            drop(permit);
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
    ) -> Result<Answer, Failure> {
        let mut headers = ask.headers.clone();
        let position = sink.position();
        if let Some(state) = validator.take().filter(|_| position > 0)
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={position}-"))
        {
            headers.insert(RANGE, range);
            headers.insert(IF_RANGE, state);
        }
        let is_resumed = headers.contains_key(IF_RANGE);
        let mut request = self.client(ask)?.get(ask.url.clone()).headers(headers);
        if let Some(login) = self.logins.login(ask.url) {
            request = request.basic_auth(&login.user, login.password.as_ref());
        }
        let response = request.send().await.map_err(|error| classify(ask.url, &error))?;
        let status = response.status();
        *validator = strong_validator(response.headers());
        let goes_on = is_resumed
            && status.as_u16() == 206
            && content_range(response.headers()).is_some_and(|(start, ..)| start == position);
        if !goes_on {
            sink.restart()?;
        }
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
        if is_resumed && answer.status == 206 {
            if !goes_on {
                let problem = "it sends another part than was asked for".to_owned();
                return Err(Failure { again: true, ..transfer(ask.url, problem).into() });
            }
            receive(ask, response, sink).await?;
            return Ok(Answer { status: 200, ..answer });
        }
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
        built.as_ref().map_err(|problem| IndexError::Setup { problem: problem.clone() })
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
    let mut paced = 0;
    let mut since = Instant::now();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| classify(ask.url, &error))?;
        received += piece.len() as u64;
        paced += piece.len() as u64;
        if since.elapsed() > SLOW_TIME {
            if paced < SLOW_BYTES {
                let problem = format!("it brought {paced} bytes in {} s", SLOW_TIME.as_secs());
                return Err(Failure { again: true, ..transfer(ask.url, problem).into() });
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

/// The wait that a server asks for: seconds, or a date. Source: RFC 9110, section 10.2.3.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let then = rfc2822::parse(text).ok()?.timestamp();
            u64::try_from(then.as_second() - Timestamp::now().as_second()).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_LIMIT))
}

/// A delay or up to half as long again, so that many clients do not return at once.
fn jittered(delay: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 500;
    delay + delay.mul_f64(random as f64 / 1000.0)
}

/// What identifies the bytes of a file for a request of the rest. Source: RFC 9110, section 13.1.5.
fn strong_validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let tag = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    tag.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// `bytes 10-19/100` as 10, 19 and 100.
pub(super) fn content_range(headers: &HeaderMap) -> Option<(u64, u64, u64)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?, length.parse().ok()?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        let range = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            content_range(&HeaderMap::from_iter([(CONTENT_RANGE, value)]))
        };
        assert_eq!(range("bytes 10-19/100"), Some((10, 19, 100)));
        assert_eq!(range("bytes 10-19/*"), None);
        assert_eq!(range("bytes */100"), None);
    }
}
