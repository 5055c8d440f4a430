//! The compact form of a project's files in the cache.

use std::{borrow::Cow, collections::HashMap};

use pep440_rs::VersionSpecifiers;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    base::text::serialised,
    python::{
        artifact::{FileKind, Hashes, ProjectName, ReleaseFile},
        metadata::parse_specifiers,
    },
};

#[derive(Serialize, Deserialize)]
struct StoredFile<'a> {
    #[serde(borrow)]
    n: Cow<'a, str>,
    #[serde(borrow)]
    u: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Hashes::is_empty")]
    h: Hashes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    m: Option<Hashes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<i64>,
}

/// Returns the compact form of a project's files.
pub(super) fn write(files: &[ReleaseFile]) -> Vec<u8> {
    let stored: Vec<StoredFile<'_>> = files
        .iter()
        .map(|file| StoredFile {
            n: Cow::Borrowed(&file.filename),
            u: Cow::Borrowed(file.url.as_str()),
            h: file.hashes.clone(),
            s: file.size,
            p: file.requires_python.as_ref().map(ToString::to_string),
            y: file.yanked.clone(),
            m: file.metadata.clone(),
            t: file.upload_time,
        })
        .collect();
    serialised::json(&stored).into_bytes()
}

/// Returns the files; `None` if the text is not in this form.
pub(super) fn read(text: &[u8], project: &ProjectName) -> Option<Vec<ReleaseFile>> {
    let stored: Vec<StoredFile<'_>> = serde_json::from_slice(text).ok()?;
    // Most files of a project state the same few bounds.
    let mut bounds: HashMap<String, VersionSpecifiers> = HashMap::new();
    stored
        .into_iter()
        .map(|file| {
            let requires_python = match file.p {
                Some(text) => match bounds.get(&text) {
                    Some(known) => Some(known.clone()),
                    None => {
                        let parsed = parse_specifiers(&text).ok()?;
                        bounds.insert(text, parsed.clone());
                        Some(parsed)
                    }
                },
                None => None,
            };
            Some(ReleaseFile {
                kind: FileKind::parse(&file.n, Some(project)).ok()?,
                filename: file.n.into_owned(),
                url: Url::parse(&file.u).ok()?,
                hashes: file.h,
                size: file.s,
                requires_python,
                yanked: file.y,
                metadata: file.m,
                upload_time: file.t,
            })
        })
        .collect()
}
