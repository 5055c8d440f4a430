//! Debian's way. Source: deb-version(7), Policy 5.6.12.

use std::cmp::Ordering;

use pep440_rs::Version;

use crate::format::{
    rpm::version::numbers,
    version::{local, release_text, stripped, suffix, with_epoch},
};

/// The upstream part of a package's version: published digits kept, without epoch and revision.
pub(crate) fn upstream(version: &Version) -> String {
    format!("{}{}{}", release_text(version.release()), suffix(version, '+'), local(version, '+'))
}

/// The version that upstream published, of a Debian version: without epoch, revision and what
/// repacking adds, and of `2.0+really1.9` what it really is. Source: Policy 5.6.12 and 3.2;
/// Developer's Reference 6.7.8.
pub(crate) fn published(version: &str) -> Option<Version> {
    let (_, version, _) = split(version);
    let version = version.split_once("+really").map_or(version, |(_, really)| really);
    let marks = ["+dfsg", "+ds", "+repack", "+git", "~dfsg", "~ds", ".dfsg", ".ds"];
    let end = marks.iter().filter_map(|mark| version.find(mark)).min();
    let version = &version[..end.unwrap_or(version.len())];
    let spelled = version.replace("~~dev", ".dev").replace("+post", ".post").replace('~', "");
    spelled.parse().ok()
}

/// How the versions of a package are written that a bound is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// What the distribution puts before all of them, which a higher epoch of PEP 440 replaces: where
    /// both have one, it is the same.
    pub epoch: u64,
    /// Of how many numbers the version consists; bounds have at least as many.
    pub components: usize,
    /// Whether the distribution makes the package, and may put `+dfsg` and its like behind them.
    pub is_distributed: bool,
}

impl Numbering {
    /// That of a collection's own package, whose version is `version`.
    pub(crate) fn own(version: &Version, epoch: u64) -> Self {
        Self { epoch, components: version.release().len(), is_distributed: false }
    }

    /// That of the distribution's package; `version` is the one that it has, where that is known.
    pub(crate) fn distributed(version: Option<&str>) -> Self {
        let components = version.and_then(published).map_or(0, |known| known.release().len());
        let epoch = version.map(crate::plan::epoch).unwrap_or_default();
        Self { epoch, components, is_distributed: true }
    }

    /// A bound: stripped of trailing zeros, then filled up with zeros, with epoch and without the
    /// local version.
    pub(crate) fn padded(&self, version: &Version) -> String {
        let mut release = stripped(version).to_vec();
        while release.len() < self.components {
            release.push(0);
        }
        let text = format!("{}{}", release_text(&release), suffix(version, '+'));
        with_epoch(self.epoch.max(version.epoch()), text)
    }

    /// The release digits alone, stripped and with the epoch.
    pub(crate) fn base(&self, version: &Version) -> String {
        with_epoch(self.epoch.max(version.epoch()), release_text(stripped(version)))
    }
}

/// Orders two `[EPOCH:]UPSTREAM[-REVISION]` texts; a missing revision is the lowest.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    numbers(a.0.as_bytes(), b.0.as_bytes())
        .then_with(|| compare_part(a.1, b.1))
        .then_with(|| compare_part(a.2, b.2))
}

fn split(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Orders upstream parts or revisions: runs of other characters, then runs of digits, in turn.
fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (left, right) = (rank(a.first()), rank(b.first()));
            if left != right {
                return left.cmp(&right);
            }
            if left == 0 {
                break;
            }
            (a, b) = (&a[1..], &b[1..]);
        }
        let digits = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
        let (left, rest_a) = a.split_at(digits(a));
        let (right, rest_b) = b.split_at(digits(b));
        let order = numbers(left, right);
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

/// Where a character stands among those that are no digits: `~`, the end, letters, all others.
fn rank(c: Option<&u8>) -> i32 {
    match c {
        None | Some(b'0'..=b'9') => 0,
        Some(b'~') => -1,
        Some(c) if c.is_ascii_alphabetic() => i32::from(*c),
        Some(c) => i32::from(*c) + 256,
    }
}
