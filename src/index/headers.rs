//! Headers of responses.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    Response,
    header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED, LOCATION, RETRY_AFTER},
};
use url::Url;

use crate::python::artifact::without_credentials;

/// The longest time a page is used without revalidation, in seconds: new releases must become
/// visible.
const FRESH_LIMIT: u64 = 24 * 60 * 60;
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(60);

/// Returns a redirect's target: same scheme or from HTTP to HTTPS, without credentials; `None` if
/// the response is not a redirect.
///
/// # Errors
/// Any other target: the rest of a sentence.
pub(super) fn redirect(response: &Response, from: &Url) -> Result<Option<Url>, String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let to = location.to_str().ok().and_then(|location| from.join(location).ok());
    let to = to.ok_or("it redirects to what is not an address")?;
    match (from.scheme(), to.scheme()) {
        ("http" | "https", "https") | ("http", "http") => Ok(Some(without_credentials(&to))),
        (from, to) => Err(format!("it redirects from {from} to {to}")),
    }
}

/// Returns the delay that a server requests: seconds, or a date. Source: RFC 9110, section 10.2.3.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
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

/// Returns the number of seconds for which a response may be used without revalidation: `max-age`
/// less the response's age, at most a day; `None` if the server states none. Source: RFC 9111,
/// sections 4.2.1 and 5.2.2.
pub(super) fn fresh_for(cache_control: Option<&str>, age: Option<&str>) -> Option<u64> {
    let directives: Vec<String> =
        cache_control?.split(',').map(|directive| directive.trim().to_ascii_lowercase()).collect();
    let is_forbidden =
        |directive: &String| matches!(directive.split('=').next(), Some("no-cache" | "no-store"));
    if directives.iter().any(is_forbidden) {
        return Some(0);
    }
    let stated = directives.iter().find_map(|directive| directive.strip_prefix("max-age="))?;
    // A lifetime that is not a number is treated as stale, as section 4.2.1 recommends.
    let lifetime: u64 = stated.trim_matches('"').parse().unwrap_or(0);
    let age = age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Some(lifetime.saturating_sub(age).min(FRESH_LIMIT))
}

/// Returns a file's strong validator, for requests of the rest. Source: RFC 9110, section 13.1.5.
pub(super) fn strong_validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let tag = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    tag.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// Parses `bytes 10-19/100` to 10, 19 and 100.
pub(super) fn content_range(headers: &HeaderMap) -> Option<(u64, u64, u64)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?, length.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_fresh_for_as_long_as_the_server_states() {
        for (cache_control, age, expected) in [
            (None, None, None),
            (Some("public"), None, None),
            (Some("max-age=600, public"), None, Some(600)),
            (Some("public, Max-Age=600"), Some("45"), Some(555)),
            (Some("max-age=600"), Some("601"), Some(0)),
            (Some("max-age=soon"), None, Some(0)),
            (Some("max-age=600, no-cache"), None, Some(0)),
            (Some("no-cache=\"set-cookie\", max-age=600"), None, Some(0)),
            (Some("no-store"), None, Some(0)),
            (Some("s-maxage=10"), None, None),
            (Some("max-age=31536000, immutable"), None, Some(86_400)),
        ] {
            assert_eq!(fresh_for(cache_control, age), expected, "{cache_control:?} {age:?}");
        }
    }

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
