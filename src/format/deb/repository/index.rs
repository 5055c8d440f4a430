//! `Packages` and `Release`, of a flat repository or of a suite.
//! Source: Debian repository format, "Flat Repository Format" and "Acquire-By-Hash".

use std::{collections::BTreeSet, io};

use super::DebMetadata;
use crate::format::{
    PackageEntry,
    deb::pool::Pool,
    package::FormatData,
    repository::metadata::{gzip, sha256, xz},
};

/// The file that names all others; it is written last.
pub(crate) const POINTER: &str = "Release";

/// The forms of `Packages`.
pub(crate) const FORMS: [&str; 3] = ["Packages", "Packages.gz", "Packages.xz"];

/// Where clients look for an index by its hash, so that they get the one that the `Release` they
/// have read speaks of.
pub(crate) const HASH_FOLDER: &str = "by-hash/SHA256";

/// The architecture of packages for all of them.
const ALL: &str = "all";

/// The metadata of a repository.
pub(crate) struct AptMetadata {
    /// The forms of each list of packages.
    pub(crate) files: Vec<AptIndexFile>,
    /// What `Release` has before its date.
    head: String,
    /// What it has after it.
    tail: String,
}

impl AptMetadata {
    /// `Release`, whose date is `time` in seconds since 1970.
    pub(crate) fn release(&self, time: u64) -> String {
        format!("{}Date: {}\n{}", self.head, time::written(time), self.tail)
    }
}

/// One form of a list of packages.
pub(crate) struct AptIndexFile {
    /// Relative to the folder of `Release`; empty, or with a slash at its end.
    pub(crate) folder: String,
    pub(crate) name: &'static str,
    pub(crate) sha256: String,
    pub(crate) content: Vec<u8>,
}

impl AptIndexFile {
    /// What the file is called while it waits beside those of other folders.
    pub(crate) fn work_name(&self) -> String {
        format!("{}{}", self.folder, self.name).replace('/', "_")
    }

    /// The same for the one that is found by its hash.
    pub(crate) fn hashed_work_name(&self) -> String {
        format!("{}.by-hash", self.work_name())
    }
}

/// The metadata that describes packages in the order given. `target` is the target's name.
pub(crate) fn index(
    entries: &[&PackageEntry],
    target: &str,
    pool: Option<&Pool>,
) -> io::Result<AptMetadata> {
    let mut architectures: BTreeSet<&str> =
        entries.iter().map(|entry| entry.architecture.as_str()).collect();
    let mut files = Vec::new();
    match pool {
        None => files.extend(forms("", entries.iter().copied())?),
        Some(pool) => {
            // Packages for all are in each list; only where there is no other, in one of their own.
            if architectures.len() > 1 {
                architectures.remove(ALL);
            }
            for architecture in &architectures {
                let fits =
                    |entry: &&&PackageEntry| [ALL, *architecture].contains(&&*entry.architecture);
                let folder = format!("{}/", pool.list(architecture));
                files.extend(forms(&folder, entries.iter().filter(fits).copied())?);
            }
        }
    }
    let architectures = architectures.into_iter().collect::<Vec<_>>().join(" ");
    let suite = pool.map_or_else(|| target.to_owned(), |pool| pool.suite.to_string());
    let components = pool.map(|pool| format!("Components: {}\n", pool.component));
    let head = format!("Origin: pypi2pkg\nLabel: pypi2pkg\nSuite: {suite}\nCodename: {suite}\n");
    let mut tail = format!(
        "Architectures: {architectures}\n{}Acquire-By-Hash: yes\n\
         Description: Python projects as packages for {target}\nSHA256:\n",
        components.unwrap_or_default(),
    );
    for AptIndexFile { folder, name, sha256, content } in &files {
        tail.push_str(&format!(" {sha256} {} {folder}{name}\n", content.len()));
    }
    Ok(AptMetadata { files, head, tail })
}

/// A list of packages in all its forms.
fn forms<'s>(
    folder: &str,
    entries: impl Iterator<Item = &'s PackageEntry>,
) -> io::Result<Vec<AptIndexFile>> {
    let plain: String = entries.map(|entry| paragraph(entry) + "\n").collect();
    let packed = [gzip(plain.as_bytes())?, xz(plain.as_bytes())?];
    let contents = [plain.into_bytes()].into_iter().chain(packed);
    let form = |(name, content): (&'static str, Vec<u8>)| AptIndexFile {
        folder: folder.to_owned(),
        name,
        sha256: sha256(&content),
        content,
    };
    Ok(FORMS.into_iter().zip(contents).map(form).collect())
}

/// A package's paragraph, with the place at which its file lies.
fn paragraph(entry: &PackageEntry) -> String {
    let FormatData::Deb(DebMetadata { paragraph }) = &entry.data else { return String::new() };
    match entry.folder.as_str() {
        "" => paragraph.clone(),
        _ => paragraph.replace(
            &format!("\nFilename: ./{}\n", entry.file),
            &format!("\nFilename: {}\n", entry.place()),
        ),
    }
}

/// How `Release` writes times. Source: Debian repository format, "Date, Valid-Until".
pub(crate) mod time {
    /// As RFC 2822 has it, with the zone's name.
    const FORM: &str = "%a, %d %b %Y %H:%M:%S UTC";

    /// The date of a time, in seconds since 1970.
    pub(crate) fn written(time: u64) -> String {
        let seconds = i64::try_from(time).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime(FORM).to_string()
    }

    /// The time that a `Release` states, in seconds since 1970; `None` where it states none.
    pub(in crate::format::deb::repository) fn stated(release: &str) -> Option<u64> {
        let date = release.lines().find_map(|line| line.strip_prefix("Date: "))?;
        let time = jiff::civil::DateTime::strptime(FORM, date).ok()?;
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        time.timestamp().as_second().try_into().ok()
    }
}
