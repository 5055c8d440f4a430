//! Metadata and files of a repository, each obtained in the cheapest way.

use std::{
    io::{Seek, Write},
    path::PathBuf,
};

use reqwest::header::{HeaderValue, RANGE};
use serde::Deserialize;
use tempfile::NamedTempFile;
use url::Url;

use super::{
    IndexError,
    archive::{metadata_text, parse_metadata, wheel_metadata},
    cache::MetadataKey,
    error::redacted,
    headers::content_range,
    http::{Ask, Sink},
    repository::{SimpleRepository, lock},
    sparse::Sparse,
};
use crate::python::{
    artifact::{HashCheck, Hashes, ReleaseFile},
    metadata::{CoreMetadata, Requirement, parse_published_requirement},
};

/// The largest metadata file and JSON document read, in bytes.
const METADATA_LIMIT: u64 = 4 * 1024 * 1024;
const DOCUMENT_LIMIT: u64 = 16 * 1024 * 1024;
/// The number of bytes of a wheel's end requested first, and of each further part.
const TAIL: u64 = 32 * 1024;
const PART: u64 = 256 * 1024;
/// The number of parts of a wheel requested before it is fetched whole.
const PARTS: usize = 8;

impl SimpleRepository {
    /// Returns a file's metadata: cached, from beside the wheel, from its end, or from the whole
    /// file.
    pub(super) async fn metadata(&self, file: &ReleaseFile) -> Result<CoreMetadata, IndexError> {
        let text = match self.kept_metadata(file) {
            Some(text) => text,
            None => {
                let (text, key) = self.find_metadata(file).await?;
                if let Some(key) = key {
                    self.cache.keep_metadata(&key, &text)?;
                }
                text
            }
        };
        let metadata = parse_metadata(&text, file)?;
        if file.kind.wheel().is_some() || metadata.has_static_requirements() {
            return Ok(metadata);
        }
        let requires_dist = self.documented_requirements(file).await?;
        Ok(CoreMetadata { requires_dist, ..metadata })
    }

    /// Returns a cached metadata text that matches the hashes that the index announces, if any.
    fn kept_metadata(&self, file: &ReleaseFile) -> Option<Vec<u8>> {
        let announced = file.metadata.clone().unwrap_or_default();
        let text = announced.sha256().map(|sha256| MetadataKey::Text(sha256.to_owned()));
        let own = file.hashes.sha256().map(|sha256| MetadataKey::File(sha256.to_owned()));
        let stated = announced.is_empty().then(|| self.origin(file)).flatten();
        let keys = [text, own, stated].into_iter().flatten();
        let kept = keys.filter_map(|key| self.cache.metadata(&key));
        kept.into_iter().find(|text| announced.verify(text).is_ok())
    }

    /// Returns the key of unverified statements about a file; `None` for one without hashes, whose
    /// address may have other content the next time.
    fn origin(&self, file: &ReleaseFile) -> Option<MetadataKey> {
        let user = self.http.user(&file.url);
        let key = MetadataKey::origin(&file.url, user, &file.hashes);
        (!file.hashes.is_empty()).then_some(key)
    }

    /// Removes cached metadata that turned out not to be the file's own.
    pub(super) fn forget_metadata(&self, file: &ReleaseFile) {
        if let Some(key) = self.origin(file) {
            self.cache.forget_metadata(&key);
        }
    }

    /// Returns a metadata text, and the key to keep it by.
    async fn find_metadata(
        &self,
        file: &ReleaseFile,
    ) -> Result<(Vec<u8>, Option<MetadataKey>), IndexError> {
        let local = match self.cache.file(file) {
            Some(path) => path,
            None => {
                if !self.settings.offline
                    && file.kind.wheel().is_some()
                    && let Some(found) = self.remote_metadata(file).await?
                {
                    return Ok(found);
                }
                download(self, &Download::of(file), &|_| {}).await?.0
            }
        };
        let text = metadata_text(&local, file)?
            .ok_or_else(|| IndexError::MetadataNotStatic { file: file.filename.clone() })?;
        announced(file, &text)?;
        // The whole file was verified by this digest.
        Ok((text, file.hashes.sha256().map(|sha256| MetadataKey::File(sha256.to_owned()))))
    }

    /// Returns a wheel's metadata without a full download; `None` if the server does not serve
    /// ranges.
    async fn remote_metadata(
        &self,
        file: &ReleaseFile,
    ) -> Result<Option<(Vec<u8>, Option<MetadataKey>)>, IndexError> {
        let host = file.url.host_str().unwrap_or_default().to_owned();
        let is_announced = file.metadata.is_some();
        let mut found = None;
        if is_announced || !lock(&self.bare_hosts).contains(&host) {
            found = self.metadata_beside(file).await?;
            if found.is_none() && !is_announced {
                lock(&self.bare_hosts).insert(host);
            }
        }
        if found.is_none() {
            found = self.metadata_from_end(file).await?;
        }
        let Some(text) = found else { return Ok(None) };
        announced(file, &text)?;
        let verified = file.metadata.as_ref().filter(|hashes| !hashes.is_empty());
        let key = match verified {
            Some(hashes) => hashes.sha256().map(|sha256| MetadataKey::Text(sha256.to_owned())),
            None => self.origin(file),
        };
        Ok(Some((text, key)))
    }

    /// Fetches the file `URL.metadata` (PEP 658).
    async fn metadata_beside(&self, file: &ReleaseFile) -> Result<Option<Vec<u8>>, IndexError> {
        let mut url = file.url.clone();
        url.set_path(&format!("{}.metadata", url.path()));
        let mut body = Vec::new();
        let answer = self.http.get(&Ask::file(&url, METADATA_LIMIT), &mut body).await?;
        match (answer.status, &file.metadata) {
            (200, Some(_)) => Ok(Some(body)),
            // Some servers answer with a page for missing files.
            (200, None) => Ok(parse_metadata(&body, file).is_ok().then_some(body)),
            // File servers send these statuses for missing files.
            (401 | 403 | 404 | 410, _) => Ok(None),
            (status, _) => Err(IndexError::Status { url: redacted(&url), status }),
        }
    }

    /// Reads the wheel's central directory at its end, then the member.
    async fn metadata_from_end(&self, file: &ReleaseFile) -> Result<Option<Vec<u8>>, IndexError> {
        let Some((start, length, tail)) = self.part(&file.url, &format!("-{TAIL}")).await? else {
            return Ok(None);
        };
        let mut wheel = Sparse::new(length);
        wheel.insert(start, tail);
        for _ in 0..PARTS {
            let result = wheel_metadata(&mut wheel, file);
            let at = match (result, wheel.take_missing()) {
                (Ok(text), _) => return Ok(Some(text)),
                (Err(_), Some(at)) => at,
                (Err(error), None) => return Err(IndexError::metadata(&file.filename, error)),
            };
            let end = wheel.gap_end(at).min(at + PART);
            let range = format!("{at}-{}", end - 1);
            match self.part(&file.url, &range).await? {
                Some((start, total, bytes)) if start == at && total == length => {
                    wheel.insert(start, bytes);
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Returns a part of a file, its position, and the file's length; `None` without range support.
    async fn part(
        &self,
        url: &Url,
        range: &str,
    ) -> Result<Option<(u64, u64, Vec<u8>)>, IndexError> {
        let mut ask = Ask { only_part: true, ..Ask::file(url, 2 * PART) };
        let Ok(value) = HeaderValue::from_str(&format!("bytes={range}")) else {
            return Ok(None);
        };
        ask.headers.insert(RANGE, value);
        let mut body = Vec::new();
        let answer = self.http.get(&ask, &mut body).await?;
        let stated = content_range(&answer.headers);
        Ok(stated
            .filter(|_| answer.status == 206)
            .filter(|(start, end, length)| {
                start <= end && end < length && end - start + 1 == body.len() as u64
            })
            .map(|(start, _, length)| (start, length, body)))
    }

    /// Returns an sdist's requirements from the release's JSON document.
    async fn documented_requirements(
        &self,
        file: &ReleaseFile,
    ) -> Result<Vec<Requirement>, IndexError> {
        let unknown = || IndexError::MetadataNotStatic { file: file.filename.clone() };
        let key = self.document(file).map(|url| {
            let user = self.http.user(&url);
            MetadataKey::origin(&url, user, &file.hashes)
        });
        let key = key.filter(|_| !file.hashes.is_empty());
        let kept = key.as_ref().and_then(|key| self.cache.metadata(key));
        let list = match kept {
            Some(text) => text,
            None if self.settings.offline => return Err(unknown()),
            None => {
                let text = self.fetch_document(file).await?.ok_or_else(unknown)?;
                if let Some(key) = &key {
                    self.cache.keep_metadata(key, &text)?;
                }
                text
            }
        };
        let list: Vec<String> = serde_json::from_slice(&list)
            .map_err(|error| IndexError::metadata(&file.filename, error))?;
        let parse = |text: &String| parse_published_requirement(text);
        let parsed: Result<Vec<_>, _> = list.iter().map(parse).collect();
        parsed.map_err(|error| IndexError::metadata(&file.filename, error))
    }

    /// Returns the JSON list `info.requires_dist` of a release's document, if any.
    async fn fetch_document(&self, file: &ReleaseFile) -> Result<Option<Vec<u8>>, IndexError> {
        #[derive(Deserialize)]
        struct ProjectDocument {
            info: ReleaseDocument,
        }
        #[derive(Deserialize)]
        struct ReleaseDocument {
            requires_dist: Option<Vec<String>>,
        }
        let Some(url) = self.document(file) else {
            return Ok(None);
        };
        let mut body = Vec::new();
        let answer = self.http.get(&Ask::page(&url, DOCUMENT_LIMIT), &mut body).await?;
        let document: Option<ProjectDocument> =
            (answer.status == 200).then(|| serde_json::from_slice(&body).ok()).flatten();
        let list = document.and_then(|document| document.info.requires_dist);
        Ok(list.and_then(|list| serde_json::to_vec(&list).ok()))
    }
}

/// Refuses a metadata text that does not match the announced hashes.
fn announced(file: &ReleaseFile, text: &[u8]) -> Result<(), IndexError> {
    let hashes = file.metadata.clone().unwrap_or_default();
    hashes.verify(text).map_err(|mismatch| IndexError::Hash {
        file: format!("{}.metadata", file.filename),
        url: redacted(&file.url),
        mismatch,
    })
}

/// A file to fetch.
pub(super) struct Download<'a> {
    pub filename: &'a str,
    pub url: &'a Url,
    pub hashes: &'a Hashes,
    /// In bytes, if stated.
    pub size: Option<u64>,
}

impl<'a> Download<'a> {
    pub(super) fn of(file: &'a ReleaseFile) -> Self {
        let ReleaseFile { filename, url, hashes, size, .. } = file;
        Self { filename, url, hashes, size: *size }
    }
}

/// Fetches a file into the cache, verifies its hashes, and returns its cached path and its SHA-256.
///
/// `progress` is called with the number of bytes that arrived; bytes that an earlier attempt
/// received are not reported again.
pub(super) async fn download(
    repository: &SimpleRepository,
    wanted: &Download<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(PathBuf, String), IndexError> {
    if repository.settings.offline {
        return Err(repository.offline(wanted.filename.to_owned()));
    }
    let mut sink = FileSink {
        temporary: repository.cache.temporary()?,
        check: HashCheck::new(wanted.hashes),
        wanted,
        progress,
        received: 0,
        reported: 0,
    };
    let ask = Ask::file(wanted.url, wanted.size.unwrap_or(repository.http.file_size()));
    let answer = repository.http.get(&ask, &mut sink).await?;
    if answer.status != 200 {
        let url = redacted(wanted.url);
        return Err(IndexError::Status { url, status: answer.status });
    }
    let sha256 = sink.check.finish().map_err(|mismatch| IndexError::Hash {
        file: wanted.filename.to_owned(),
        url: redacted(wanted.url),
        mismatch,
    })?;
    let path = repository.cache.keep_file(sink.temporary, &sha256, wanted.filename)?;
    Ok((path, sha256))
}

/// A sink that writes, hashes and counts a file's bytes.
struct FileSink<'a> {
    temporary: NamedTempFile,
    check: HashCheck,
    wanted: &'a Download<'a>,
    progress: &'a (dyn Fn(u64) + Sync),
    /// Bytes of this attempt so far, and the most of any attempt.
    received: u64,
    reported: u64,
}

impl FileSink<'_> {
    fn fail(&self, error: std::io::Error) -> IndexError {
        IndexError::local("write", self.temporary.path(), error)
    }
}

impl Sink for FileSink<'_> {
    fn position(&self) -> u64 {
        self.received
    }

    fn restart(&mut self) -> Result<(), IndexError> {
        self.check = HashCheck::new(self.wanted.hashes);
        self.received = 0;
        let file = self.temporary.as_file_mut();
        let result = file.set_len(0).and_then(|()| file.rewind());
        result.map_err(|error| self.fail(error))
    }

    fn write(&mut self, piece: &[u8]) -> Result<(), IndexError> {
        self.check.update(piece);
        self.temporary.as_file_mut().write_all(piece).map_err(|error| self.fail(error))?;
        self.received += piece.len() as u64;
        if self.received > self.reported {
            (self.progress)(self.received - self.reported);
            self.reported = self.received;
        }
        Ok(())
    }
}
