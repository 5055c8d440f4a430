//! PEP 440 versions as rpm and Debian write and order them.

pub mod deb;
mod dialect;
pub mod rpm;
#[cfg(test)]
mod tests;

use std::fmt;

use pep440_rs::{LocalSegment, PrereleaseKind, Version};
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use dialect::Dialect;

/// A native version: epoch, version and release (Debian: revision).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Evr {
    /// `0` is the same as none.
    #[serde(default)]
    pub epoch: u64,
    pub version: String,
    pub release: String,
}

impl fmt::Display for Evr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}:", self.epoch)?;
        }
        f.write_str(&self.version)?;
        if !self.release.is_empty() {
            write!(f, "-{}", self.release)?;
        }
        Ok(())
    }
}

/// The epoch of a native version, `[EPOCH:]VERSION[-RELEASE]`; 0 where it has none.
pub fn epoch(version: &str) -> u64 {
    version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok()).unwrap_or_default()
}

/// The release segment, as published.
fn release_text(release: &[u64]) -> String {
    release.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The release segment without trailing zeros; at least one number.
fn stripped(version: &Version) -> &[u64] {
    let release = version.release();
    let kept = release.iter().rposition(|number| *number != 0).map_or(1, |last| last + 1);
    &release[..kept.min(release.len())]
}

/// Pre-, post- and development release in this order, with `post_mark` before a post-release.
/// `~` sorts below everything, and `~~` below `~a`: that keeps PEP 440's order in both dialects.
fn suffix(version: &Version, post_mark: char) -> String {
    let mut text = String::new();
    if let Some(pre) = version.pre() {
        let kind = match pre.kind {
            PrereleaseKind::Alpha => "a",
            PrereleaseKind::Beta => "b",
            PrereleaseKind::Rc => "rc",
        };
        text += &format!("~{kind}{}", pre.number);
    }
    if let Some(post) = version.post() {
        text += &format!("{post_mark}post{post}");
    }
    if let Some(dev) = version.dev() {
        text += &format!("~~dev{dev}");
    }
    text
}

/// The local version behind `mark`, or nothing. `local.` sorts below `post`.
fn local(version: &Version, mark: char) -> String {
    let segments = version.local();
    if segments.is_empty() {
        return String::new();
    }
    let texts: Vec<String> = segments
        .iter()
        .map(|segment| match segment {
            LocalSegment::String(text) => text.clone(),
            LocalSegment::Number(number) => number.to_string(),
        })
        .collect();
    format!("{mark}local.{}", texts.join("."))
}

/// `EPOCH:` before the text where there is one.
fn with_epoch(epoch: u64, text: String) -> String {
    match epoch {
        0 => text,
        epoch => format!("{epoch}:{text}"),
    }
}
