//! rpm's way. Source: rpm-version(7), the manual's "Comparing versions".

use std::cmp::Ordering;

use pep440_rs::Version;

use crate::format::version::{local, release_text, stripped, suffix, with_epoch};

/// The `Version:` tag: published digits kept, without the epoch.
pub(crate) fn tag(version: &Version) -> String {
    format!("{}{}{}", release_text(version.release()), suffix(version, '^'), local(version, '^'))
}

/// The version in `python3.Ydist(NAME) = VERSION`: trailing zeros and the local version left out,
/// with the epoch.
pub(crate) fn provide(version: &Version) -> String {
    with_epoch(
        version.epoch(),
        format!("{}{}", release_text(stripped(version)), suffix(version, '^')),
    )
}

/// The release digits alone, stripped and with the epoch.
pub(crate) fn base(version: &Version) -> String {
    with_epoch(version.epoch(), release_text(stripped(version)))
}

/// Orders two version or release texts (`rpmvercmp`).
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    let is_separator = |c: &u8| !c.is_ascii_alphanumeric() && !matches!(c, b'~' | b'^');
    loop {
        a = &a[a.iter().take_while(|c| is_separator(c)).count()..];
        b = &b[b.iter().take_while(|c| is_separator(c)).count()..];
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (&a[1..], &b[1..]);
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            // A caret is above the end, but below every further segment.
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), Some(_)) => return Ordering::Less,
            (Some(_), Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(first), Some(second)) => {
                let is_number = first.is_ascii_digit();
                if is_number != second.is_ascii_digit() {
                    return if is_number { Ordering::Greater } else { Ordering::Less };
                }
                let class =
                    |c: &u8| if is_number { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
                let (left, rest_a) = a.split_at(a.iter().take_while(|c| class(c)).count());
                let (right, rest_b) = b.split_at(b.iter().take_while(|c| class(c)).count());
                let order = if is_number { numbers(left, right) } else { left.cmp(right) };
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
            }
        }
    }
}

/// Compares digits as numbers of any length.
pub(crate) fn numbers(a: &[u8], b: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| {
        let zeros = digits.iter().take_while(|c| **c == b'0').count();
        digits[zeros..].to_vec()
    };
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(&b))
}

/// Orders two `[EPOCH:]VERSION[-RELEASE]` texts. A missing release matches any: that is how rpm
/// compares a dependency with what a package provides.
pub(crate) fn compare_evr(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    let releases = match (a.2, b.2) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    };
    compare(a.0, b.0).then_with(|| compare(a.1, b.1)).then(releases)
}

fn split(evr: &str) -> (&str, &str, Option<&str>) {
    let (epoch, rest) = evr.split_once(':').unwrap_or(("0", evr));
    match rest.rsplit_once('-') {
        Some((version, release)) => (epoch, version, Some(release)),
        None => (epoch, rest, None),
    }
}
