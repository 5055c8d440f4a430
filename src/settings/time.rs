//! Points in time.

use jiff::{Span, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::SettingsError;

/// Parses a time and returns it in seconds since 1970: a time of RFC 3339, a date, whose end in UTC
/// is returned, or a duration before now (`7 days`, `P7D`).
///
/// # Errors
/// The text is none of these.
pub(super) fn limit(text: &str) -> Result<i64, SettingsError> {
    let wrong = || SettingsError::Time { value: text.to_owned() };
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    if let Ok(date) = text.parse::<Date>() {
        let next = date.checked_add(1.day()).map_err(|_| wrong())?;
        let midnight = next.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
        return Ok(midnight.timestamp().as_second());
    }
    let back = text.parse::<Span>().map_err(|_| wrong())?;
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let limit = now.checked_sub(back.abs()).map_err(|_| wrong())?;
    Ok(limit.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_times_and_spans_are_read() {
        assert_eq!(limit("1970-01-01").unwrap(), 86_400);
        assert_eq!(limit("1970-01-02T00:00:10Z").unwrap(), 86_410);
        assert_eq!(limit("1970-01-02T01:00:10+01:00").unwrap(), 86_410);
        let now = Timestamp::now().as_second();
        for (text, seconds) in [("7 days", 7 * 86_400), ("P1W", 7 * 86_400), ("12h", 43_200)] {
            let back = now - limit(text).unwrap();
            assert!((seconds - 60..=seconds + 60).contains(&back), "{text}: {back}");
        }
        for text in ["", "yesterday", "2026-13-01", "7"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
