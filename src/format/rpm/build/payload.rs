//! The compressed archive of a package's files, written while it is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter, Write},
};

use sha2::{Digest, Sha256};

use crate::{
    format::build::{BuildError, BuildJob, Compression, contents::JobContents},
    plan::{Content, FileOwner, FileRole, PlannedFile, owned_folders},
};

use super::cpio;

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// What the header says of one file or folder.
pub(crate) struct PayloadEntry {
    pub path: String,
    pub mode: u32,
    pub size: u32,
    /// In hexadecimal digits; empty for folders.
    pub digest: String,
    pub owner: FileOwner,
    pub role: FileRole,
    pub inode: u32,
}

/// What the headers say of the payload.
pub(crate) struct RpmPayload {
    /// Sorted by path.
    pub entries: Vec<PayloadEntry>,
    /// Of all files, in bytes; one of several names counts once.
    pub installed: u32,
    /// Of the archive, in bytes.
    pub plain_size: u32,
    pub plain_digest: String,
    /// Of the compressed archive, in bytes.
    pub size: u32,
    pub digest: String,
}

impl RpmPayload {
    /// A payload of which all is as long as it will be.
    pub(crate) fn blank(job: &BuildJob<'_>) -> Self {
        let digest = "0".repeat(64);
        let mut entries = listed(job);
        for entry in entries.iter_mut().filter(|entry| entry.mode & FOLDER == 0) {
            entry.digest.clone_from(&digest);
        }
        let plain_digest = digest.clone();
        Self { entries, installed: 0, plain_size: 0, plain_digest, size: 0, digest }
    }
}

/// Writes the payload of a job to `file` from where that stands.
pub(crate) fn write(job: &BuildJob<'_>, file: &File) -> Result<RpmPayload, BuildError> {
    let compression: Compression = job.native.compression.parse()?;
    let time = job.time()?;
    let failed = |error: io::Error| BuildError::Refused {
        package: job.package(),
        reason: format!("cannot write its files: {error}"),
    };
    let compressed = PayloadSizes::new(BufWriter::with_capacity(1 << 17, file));
    let mut archive = PayloadSizes::new(compression.encoder(compressed).map_err(failed)?);

    let mut entries = listed(job);
    let mut contents = JobContents::open(job)?;
    let mut installed: u64 = 0;
    for names in in_archive(&entries, &job.plan.files) {
        for (at, (position, planned)) in names.iter().enumerate() {
            let entry = &mut entries[*position];
            let bytes = planned.map_or(Ok(Vec::new()), |planned| contents.read(planned))?;
            if planned.is_some() {
                entry.digest = hex::encode(Sha256::digest(&bytes));
            }
            entry.size = u32::try_from(bytes.len()).map_err(|_| failed(cpio::too_large()))?;
            entry.inode = names[0].0 as u32 + 1;
            let is_last = at + 1 == names.len();
            let bytes = if is_last { &bytes[..] } else { &[] };
            installed += bytes.len() as u64;
            let name = format!(".{}", entry.path);
            let links = names.len() as u32;
            let (inode, mode) = (entry.inode, entry.mode);
            let entry = cpio::CpioEntry { inode, mode, links, time, name: &name, bytes };
            cpio::write(&mut archive, &entry).map_err(failed)?;
        }
    }
    cpio::end(&mut archive).map_err(failed)?;
    let (plain_size, plain_digest, encoder) = archive.finish();
    let (size, digest, out) = encoder.finish().map_err(failed)?.finish();
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    let fitting = |size: u64| u32::try_from(size).map_err(|_| failed(cpio::too_large()));
    Ok(RpmPayload {
        entries,
        installed: fitting(installed)?,
        plain_size: fitting(plain_size)?,
        plain_digest,
        // The header comes on top.
        size: fitting(size + (1 << 28)).map(|_| size as u32)?,
        digest,
    })
}

/// The files and folders of a package, sorted by path.
fn listed(job: &BuildJob<'_>) -> Vec<PayloadEntry> {
    let entry = |path: String, mode: u32, role: FileRole| PayloadEntry {
        path,
        mode,
        owner: FileOwner::default(),
        role,
        size: 0,
        digest: String::new(),
        inode: 0,
    };
    let folders = owned_folders(&job.plan.files).into_iter();
    let folders = folders.map(|path| entry(path, FOLDER | 0o755, FileRole::Plain));
    let files = job.plan.files.iter().map(|planned| PayloadEntry {
        owner: planned.owner.clone(),
        ..entry(planned.path.clone(), FILE | (planned.mode & 0o7777), planned.role)
    });
    let mut entries: Vec<PayloadEntry> = folders.chain(files).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries
}

/// The order of the archive: files with several names come last, all names of one together. Each
/// name with its position among the entries; folders have no planned file.
fn in_archive<'p>(
    entries: &[PayloadEntry],
    files: &'p [PlannedFile],
) -> Vec<Vec<(usize, Option<&'p PlannedFile>)>> {
    let files: BTreeMap<&str, &PlannedFile> =
        files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut sets: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        let path = match files.get(entry.path.as_str()).map(|file| &file.content) {
            Some(Content::HardLink(other)) => other,
            _ => &entry.path,
        };
        sets.entry(path).or_default().insert(position);
    }
    let mut sets: Vec<BTreeSet<usize>> = sets.into_values().collect();
    sets.sort_by_key(|set| (set.len() > 1, set.first().copied()));
    let named = |position: usize| (position, files.get(entries[position].path.as_str()).copied());
    sets.into_iter().map(|set| set.into_iter().map(named).collect()).collect()
}

/// Counts and hashes what is written through it.
struct PayloadSizes<W> {
    out: W,
    size: u64,
    hash: Sha256,
}

impl<W> PayloadSizes<W> {
    fn new(out: W) -> Self {
        Self { out, size: 0, hash: Sha256::new() }
    }

    fn finish(self) -> (u64, String, W) {
        (self.size, hex::encode(self.hash.finalize()), self.out)
    }
}

impl<W: Write> Write for PayloadSizes<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
