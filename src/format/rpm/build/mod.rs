//! Writing and checking rpm packages without rpm.

mod cpio;
mod header;
mod payload;
mod relations;
mod tags;
mod verify;

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{
    base::report::Reporter,
    format::build::{
        BUILD_HOST, BuildError, BuildJob, Builder, BuiltPackage, Compression, embedded_identity,
    },
    plan::{AccountName, FileOwner, FileRole},
};

use header::{HeaderBuilder, Value};
use payload::{PayloadEntry, RpmPayload};

pub(crate) use verify::files;
pub(crate) use verify::{verify, verify_stated};

/// Folders whose files rpm takes for documentation, whatever the spec says (`__docdir_path`).
const DOCUMENTATION: [&str; 5] = [
    "/usr/share/doc/",
    "/usr/share/man/",
    "/usr/share/info/",
    "/usr/share/gtk-doc/html/",
    "/usr/share/gnome/help/",
];

/// SHA-256 among the digest algorithms of OpenPGP.
const SHA256: u32 = 8;

/// What runs scriptlets.
const SHELL: &str = "/bin/sh";

/// Room in the signature header, so that signing moves nothing behind it.
const RESERVED: usize = 4128;

/// Writes packages in rpm's format 4, which every rpm since 4.14 reads.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EmbeddedRpm;

impl Builder for EmbeddedRpm {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn identity(&self) -> Result<String, BuildError> {
        Ok(embedded_identity())
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        _reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        if job.own_recipe {
            return Err(BuildError::OwnRecipe { package: job.package(), tool: "rpmbuild" });
        }
        let path = folder.join(&job.native.filename);
        let failed = |error| BuildError::at("write", &path)(error);
        let mut file = File::create_new(&path).map_err(failed)?;

        // The headers speak of the payload but do not grow with what they say of it: the payload
        // is written first, behind the room that they need.
        let room = headers(job, &RpmPayload::blank(job))?.len() as u64;
        file.seek(SeekFrom::Start(room)).map_err(failed)?;
        let headers = headers(job, &payload::write(job, &file)?)?;
        file.rewind().and_then(|()| file.write_all(&headers)).map_err(failed)?;
        verify(job, &path, None)?;
        Ok(BuiltPackage { path })
    }
}

/// All that comes before the payload: the lead, the signature header and the header.
fn headers(job: &BuildJob<'_>, payload: &RpmPayload) -> Result<Vec<u8>, BuildError> {
    let header = describe(job, payload)?.to_bytes();
    let mut signature = signature(&header, payload).to_bytes();
    signature.resize(signature.len().next_multiple_of(8), 0);
    Ok([lead(job), signature, header].concat())
}

/// The first 96 bytes, from which nothing is read but that this is a package.
fn lead(job: &BuildJob<'_>) -> Vec<u8> {
    const MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
    const BINARY: [u8; 2] = [0, 0];
    const LINUX: [u8; 2] = [0, 1];
    const HEADER_SIGNATURE: [u8; 2] = [0, 5];
    // Source: `arch_canon` in rpm's rpmrc.
    let architecture: u16 = match job.native.architecture.as_str() {
        "x86_64" | "i686" => 1,
        "armv7hl" => 12,
        "s390x" => 15,
        "ppc64le" => 16,
        "aarch64" => 19,
        "riscv64" => 22,
        _ => 255,
    };
    let native = job.native;
    let mut name = format!("{}-{}-{}", native.name, native.version, native.release).into_bytes();
    name.truncate(65);
    name.resize(66, 0);
    let version = [3, 0];
    let architecture = architecture.to_be_bytes();
    [&MAGIC[..], &version, &BINARY, &architecture, &name, &LINUX, &HEADER_SIGNATURE, &[0; 16]]
        .concat()
}

/// The digest and the sizes by which a package is checked.
fn signature(header: &[u8], payload: &RpmPayload) -> HeaderBuilder {
    use tags::signature as tag;
    let mut signature = HeaderBuilder::new(tags::SIGNATURES);
    let digest = hex::encode(Sha256::digest(header));
    signature.set(tag::SHA256, Value::Text(digest));
    signature.set(tag::SIZE, Value::Int32(vec![header.len() as u32 + payload.size]));
    signature.set(tag::PAYLOAD_SIZE, Value::Int32(vec![payload.plain_size]));
    signature.set(tag::RESERVED, Value::Bytes(vec![0; RESERVED]));
    signature
}

/// Everything that a package says of itself.
fn describe(job: &BuildJob<'_>, payload: &RpmPayload) -> Result<HeaderBuilder, BuildError> {
    let native = job.native;
    let compression: Compression = native.compression.parse()?;
    let words = compression.rpm_compression();
    let text = |text: &str| Value::Text(text.to_owned());
    let translated = |text: &str| Value::Translated(text.to_owned());
    let number = |number: u32| Value::Int32(vec![number]);

    let mut header = HeaderBuilder::new(tags::IMMUTABLE);
    header.set(tags::LANGUAGES, Value::Texts(vec!["C".to_owned()]));
    header.set(tags::NAME, text(&native.name));
    header.set(tags::VERSION, text(&native.version));
    header.set(tags::RELEASE, text(&native.release));
    if let Some(epoch) = native.epoch {
        header.set(tags::EPOCH, number(epoch_of(job, epoch)?));
    }
    header.set(tags::SUMMARY, translated(&native.summary));
    header.set(tags::DESCRIPTION, translated(&native.description));
    header.set(tags::BUILD_TIME, number(job.time()?));
    header.set(tags::BUILD_HOST, text(BUILD_HOST));
    header.set(tags::SIZE, number(payload.installed));
    header.set(tags::LICENCE, text(&native.licence));
    header.set(tags::PACKAGER, text(&native.packager));
    header.set(tags::GROUP, translated("Unspecified"));
    if let Some(homepage) = &native.homepage {
        header.set(tags::URL, text(homepage));
    }
    header.set(tags::OS, text("linux"));
    header.set(tags::ARCHITECTURE, text(&native.architecture));
    header.set(
        tags::SOURCE_PACKAGE,
        Value::Text(format!("{}-{}-{}.src.rpm", native.name, native.version, native.release)),
    );
    header.set(tags::WRITER, Value::Text(embedded_identity()));
    header.set(tags::CHANGELOG_TIME, number(noon(job)?));
    let changelog = &native.changelog;
    let heading = format!("{} - {}", changelog.author, changelog.version);
    header.set(tags::CHANGELOG_NAME, Value::Texts(vec![heading]));
    header.set(tags::CHANGELOG_TEXT, Value::Texts(vec![format!("- {}", changelog.line)]));
    header.set(tags::COMPILER_OPTIONS, text(""));
    header.set(tags::PAYLOAD_FORMAT, text("cpio"));
    if let Some(name) = words.name {
        header.set(tags::PAYLOAD_COMPRESSOR, text(name));
    }
    header.set(tags::PAYLOAD_FLAGS, text(&words.level));
    header.set(tags::PLATFORM, Value::Text(format!("{}-linux", native.architecture)));
    header.set(tags::ENCODING, text("utf-8"));
    header.set(tags::PAYLOAD_DIGEST, Value::Texts(vec![payload.digest.clone()]));
    header.set(tags::PAYLOAD_DIGEST_ALGORITHM, number(SHA256));
    header.set(tags::PLAIN_PAYLOAD_DIGEST, Value::Texts(vec![payload.plain_digest.clone()]));
    list_files(&mut header, &payload.entries, job.time()?);
    relations::add(&mut header, job, words.feature)?;
    for (moment, script) in &job.plan.scriptlets {
        let (script_tag, program) = tags::scriptlet(*moment);
        header.set(script_tag, text(script.trim_end()));
        header.set(program, text(SHELL));
    }
    Ok(header)
}

fn epoch_of(job: &BuildJob<'_>, epoch: u64) -> Result<u32, BuildError> {
    u32::try_from(epoch).map_err(|_| BuildError::Refused {
        package: job.package(),
        reason: format!("the epoch {epoch} does not fit into an rpm package"),
    })
}

/// The changelog's time as rpmbuild notes it: noon of its day, since a spec holds only the day.
fn noon(job: &BuildJob<'_>) -> Result<u32, BuildError> {
    const DAY: i64 = 24 * 60 * 60;
    let time = job.native.changelog.time;
    u32::try_from(time - time.rem_euclid(DAY) + DAY / 2).map_err(|_| BuildError::Refused {
        package: job.package(),
        reason: format!("the changelog's time {time} does not fit into an rpm package"),
    })
}

/// The tags that have an entry for each file, where there is any.
fn list_files(header: &mut HeaderBuilder, entries: &[PayloadEntry], time: u32) {
    use tags::file as tag;
    if entries.is_empty() {
        return;
    }
    let (folders, indexes, names) = split(entries);
    let numbers = |of: fn(&PayloadEntry) -> u32| Value::Int32(entries.iter().map(of).collect());
    let same = |text: &str| Value::Texts(vec![text.to_owned(); entries.len()]);
    let same_number = |number: u32| Value::Int32(vec![number; entries.len()]);
    header.set(tag::SIZES, numbers(|entry| entry.size));
    header.set(tag::MODES, Value::Int16(entries.iter().map(|entry| entry.mode as u16).collect()));
    header.set(tag::SPECIAL_DEVICES, Value::Int16(vec![0; entries.len()]));
    header.set(tag::TIMES, same_number(time));
    let digests = entries.iter().map(|entry| entry.digest.clone()).collect();
    header.set(tag::DIGESTS, Value::Texts(digests));
    header.set(tag::LINKS, same(""));
    header.set(tag::FLAGS, numbers(flags));
    let owners = |of: fn(&FileOwner) -> &AccountName| {
        let names = entries.iter().map(|entry| of(&entry.owner).as_str().to_owned());
        Value::Texts(names.collect())
    };
    header.set(tag::USERS, owners(|owner| &owner.user));
    header.set(tag::GROUPS, owners(|owner| &owner.group));
    header.set(tag::VERIFY_FLAGS, same_number(u32::MAX));
    header.set(tag::DEVICES, same_number(1));
    header.set(tag::INODES, numbers(|entry| entry.inode));
    header.set(tag::LANGUAGES, same(""));
    header.set(tag::FOLDER_INDEXES, Value::Int32(indexes));
    header.set(tag::BASE_NAMES, Value::Texts(names));
    header.set(tag::FOLDERS, Value::Texts(folders));
    header.set(tags::FILE_DIGEST_ALGORITHM, Value::Int32(vec![SHA256]));
}

/// The folders of all paths in their order, each path's folder among them, and its last component.
fn split(entries: &[PayloadEntry]) -> (Vec<String>, Vec<u32>, Vec<String>) {
    let mut folders: Vec<String> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let (mut indexes, mut names) = (Vec::new(), Vec::new());
    for entry in entries {
        let (folder, name) = entry.path.split_at(entry.path.rfind('/').map_or(0, |at| at + 1));
        let index = *places.entry(folder).or_insert_with(|| {
            folders.push(folder.to_owned());
            folders.len() as u32 - 1
        });
        indexes.push(index);
        names.push(name.to_owned());
    }
    (folders, indexes, names)
}

/// What a file is to rpm. Source: rpmfiles.h, `rpmfileAttrs_e`.
fn flags(entry: &PayloadEntry) -> u32 {
    const CONFIGURATION: u32 = 1;
    const DOCUMENTATION_FILE: u32 = 1 << 1;
    const NO_REPLACE: u32 = 1 << 4;
    const LICENCE: u32 = 1 << 7;
    let is_document = DOCUMENTATION.iter().any(|folder| entry.path.starts_with(folder));
    match entry.role {
        FileRole::Plain if is_document => DOCUMENTATION_FILE,
        FileRole::Plain => 0,
        FileRole::Licence => LICENCE,
        FileRole::Documentation => DOCUMENTATION_FILE,
        FileRole::Configuration => CONFIGURATION | NO_REPLACE,
    }
}
