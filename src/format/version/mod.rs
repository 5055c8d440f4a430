//! PEP 440 versions as rpm and Debian write and order them.

#[cfg(test)]
mod tests;

use pep440_rs::{LocalSegment, PrereleaseKind, Version};

/// The release segment, as published.
pub(crate) fn release_text(release: &[u64]) -> String {
    release.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The release segment without trailing zeros; at least one number.
pub(crate) fn stripped(version: &Version) -> &[u64] {
    let release = version.release();
    let kept = release.iter().rposition(|number| *number != 0).map_or(1, |last| last + 1);
    &release[..kept.min(release.len())]
}

/// Pre-, post- and development release in this order, with `post_mark` before a post-release.
/// `~` sorts below everything, and `~~` below `~a`: that keeps PEP 440's order in both dialects.
pub(crate) fn suffix(version: &Version, post_mark: char) -> String {
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
pub(crate) fn local(version: &Version, mark: char) -> String {
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
pub(crate) fn with_epoch(epoch: u64, text: String) -> String {
    match epoch {
        0 => text,
        epoch => format!("{epoch}:{text}"),
    }
}
