//! Opening a finished rpm package, and comparing it with what was planned.

use std::{collections::BTreeMap, io::Read, path::Path};

use ::rpm::{Dependency, FileFlags, FileType, IndexData, IndexTag, Package, PackageMetadata};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use crate::{
    format::build::{
        BuildError, BuildJob,
        contents::JobContents,
        facts::{Facts, FileFacts},
        stated::RecipeText,
    },
    plan::{Content, FileRole, Moment, PlannedFile, owned_folders, relation::Strength},
};

use super::{SHELL, relations, tags};

/// Where a comparison is in the flags of a dependency. Source: rpmds.h, `RPMSENSE_SENSEMASK`.
const SENSE: u32 = 0b1110;
/// Permission bits and the three above them.
const PERMISSIONS: u16 = 0o7777;

/// Checks that the package at `path` is whole (every digest), and that it is the planned one, or where
/// the recipe was edited, what `stated` says.
///
/// # Errors
/// What differs.
pub(crate) fn verify(
    job: &BuildJob<'_>,
    path: &Path,
    stated: Option<&RecipeText>,
) -> Result<(), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let damaged =
        |error: ::rpm::Error| BuildError::Damaged { file: file.clone(), reason: error.to_string() };
    let package = Package::open(path).map_err(damaged)?;
    package.verify_digests().map_err(damaged)?;
    let mut facts = facts(&package.metadata).map_err(damaged)?;
    match stated {
        Some(stated) => stated.check(&facts, &file),
        None => {
            let differs = identity(job, &package.metadata, &file).map_err(damaged)?;
            differs.map_or(Ok(()), Err)?;
            let planned = planned(job)?;
            accept_compressed(job, &package, &planned, &mut facts)?;
            facts.expect(&planned, &file)
        }
    }
}

/// The modes and digests of a package's files by their paths: packages that agree about them may own a
/// file together.
///
/// # Errors
/// Why the package cannot be read.
pub(crate) fn files(path: &Path) -> Result<BTreeMap<String, (u32, String)>, String> {
    let metadata = PackageMetadata::open(path).map_err(|error| error.to_string())?;
    let facts = facts(&metadata).map_err(|error| error.to_string())?;
    let files = facts.files.into_iter();
    Ok(files.map(|(path, file)| (path, (file.mode, file.digest))).collect())
}

/// Checks the package at `path`, which the code of its project helped to build: it is whole, is called as
/// its file, and has nothing that its recipe does not say.
///
/// # Errors
/// What differs.
pub(crate) fn verify_stated(path: &Path, stated: &RecipeText) -> Result<(), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let damaged =
        |error: ::rpm::Error| BuildError::Damaged { file: file.clone(), reason: error.to_string() };
    let package = Package::open(path).map_err(damaged)?;
    package.verify_digests().map_err(damaged)?;
    let metadata = &package.metadata;
    let name = || -> Result<String, ::rpm::Error> {
        let (name, version) = (metadata.get_name()?, metadata.get_version()?);
        Ok(format!("{name}-{version}-{}.{}.rpm", metadata.get_release()?, metadata.get_arch()?))
    };
    let found = name().map_err(damaged)?;
    if found != file {
        return Err(BuildError::Other { wanted: file.clone(), file, field: "name", found });
    }
    stated.check(&facts(metadata).map_err(damaged)?, &file)
}

/// Takes files that a recipe compressed for the planned ones where their contents are: `gzip` and this
/// program compress the same bytes in different ways.
fn accept_compressed(
    job: &BuildJob<'_>,
    package: &Package,
    planned: &Facts,
    facts: &mut Facts,
) -> Result<(), BuildError> {
    let is_other = |file: &&PlannedFile| {
        let digest = |facts: &Facts| facts.files.get(&file.path).map(|file| file.digest.clone());
        matches!(file.content, Content::Compressed(_)) && digest(planned) != digest(facts)
    };
    let others: BTreeMap<&str, &PlannedFile> =
        job.plan.files.iter().filter(is_other).map(|file| (file.path.as_str(), file)).collect();
    if others.is_empty() {
        return Ok(());
    }
    let damaged = |error: ::rpm::Error| BuildError::Damaged {
        file: job.native.filename.clone(),
        reason: error.to_string(),
    };
    let mut contents = JobContents::open(job)?;
    for packed in package.files().map_err(damaged)? {
        let packed = packed.map_err(damaged)?;
        let path = packed.metadata.path().to_string_lossy().into_owned();
        let Some(file) = others.get(path.as_str()) else { continue };
        let plain = contents.plain(file)?;
        let is_same = packed.content().is_some_and(|bytes| holds(bytes, &plain));
        if let (true, Some(found), Some(wanted)) =
            (is_same, facts.files.get_mut(&path), planned.files.get(&path))
        {
            found.digest.clone_from(&wanted.digest);
        }
    }
    Ok(())
}

/// Whether a gzip stream holds these bytes.
fn holds(compressed: &[u8], plain: &[u8]) -> bool {
    let mut bytes = Vec::new();
    let mut stream = GzDecoder::new(compressed).take(plain.len() as u64 + 1);
    stream.read_to_end(&mut bytes).is_ok() && bytes == plain
}

/// The first part of a package's identity that is another one than planned.
fn identity(
    job: &BuildJob<'_>,
    metadata: &PackageMetadata,
    file: &str,
) -> Result<Option<BuildError>, ::rpm::Error> {
    let native = job.native;
    let epoch = native.epoch.unwrap_or(0).to_string();
    let found = [
        ("name", metadata.get_name()?.to_owned(), &native.name),
        // Without the tag the epoch is zero.
        ("epoch", metadata.get_epoch().unwrap_or(0).to_string(), &epoch),
        ("version", metadata.get_version()?.to_owned(), &native.version),
        ("release", metadata.get_release()?.to_owned(), &native.release),
        ("architecture", metadata.get_arch()?.to_owned(), &native.architecture),
    ];
    let differing = found.into_iter().find(|(_, found, wanted)| found != *wanted);
    Ok(differing.map(|(field, found, wanted)| BuildError::Other {
        file: file.to_owned(),
        field,
        found,
        wanted: wanted.clone(),
    }))
}

/// What the job's package shall be.
fn planned(job: &BuildJob<'_>) -> Result<Facts, BuildError> {
    let mut facts = Facts::default();
    for folder in owned_folders(&job.plan.files) {
        facts.files.insert(folder, FileFacts::new("folder", 0o755, String::new()));
    }
    let mut contents = JobContents::open(job)?;
    for file in &job.plan.files {
        let digest = hex::encode(Sha256::digest(contents.read(file)?));
        let role = match file.role {
            FileRole::Configuration => "config(noreplace)",
            FileRole::Licence => "license",
            // Which folders are documentation is the machine's own setting.
            FileRole::Documentation | FileRole::Plain => "",
        };
        let facts_of = FileFacts::new("file", file.mode & 0o7777, digest).owned(&file.owner);
        facts.files.insert(file.path.clone(), FileFacts { role: role.to_owned(), ..facts_of });
    }
    for (strength, dependency) in relations::planned(job)? {
        facts.relations.insert((tag(strength).to_owned(), dependency.to_string()));
    }
    for (moment, text) in &job.plan.scriptlets {
        facts.scripts.insert(section(*moment).to_owned(), scriptlet(SHELL, text));
    }
    Ok(facts)
}

fn tag(strength: Strength) -> &'static str {
    match strength {
        Strength::Requires => "Requires",
        Strength::Recommends => "Recommends",
        Strength::Suggests => "Suggests",
        Strength::Provides => "Provides",
        Strength::Conflicts => "Conflicts",
        Strength::Replaces => "Obsoletes",
    }
}

fn section(moment: Moment) -> &'static str {
    match moment {
        Moment::PreInstall => "%pre",
        Moment::PostInstall => "%post",
        Moment::PreRemove => "%preun",
        Moment::PostRemove => "%postun",
    }
}

/// A scriptlet as it is compared: what runs it, and its text.
fn scriptlet(program: &str, text: &str) -> String {
    format!("#!{program}\n{}", text.trim())
}

/// What a package's header says. Tags that no package of this program has are told.
fn facts(metadata: &PackageMetadata) -> Result<Facts, ::rpm::Error> {
    let mut facts = Facts::default();
    for (tag, _) in metadata.header.get_all_entries()? {
        if !tags::is_known(tag) {
            facts.foreign.push((format!("its header has the tag {tag}"), tags::word(tag)));
        }
    }
    // A package without files has none of their tags.
    if metadata.header.entry_is_present(IndexTag::RPMTAG_BASENAMES) {
        for entry in metadata.get_file_entries()? {
            let path = format!("{}{}", entry.dirname(), entry.basename());
            facts.files.insert(path, file(&entry));
        }
    }
    let lists: [(&str, Vec<Dependency>); 8] = [
        ("Requires", metadata.get_requires()?),
        ("Provides", metadata.get_provides()?),
        ("Conflicts", metadata.get_conflicts()?),
        ("Obsoletes", metadata.get_obsoletes()?),
        ("Recommends", metadata.get_recommends()?),
        ("Suggests", metadata.get_suggests()?),
        ("Supplements", metadata.get_supplements()?),
        ("Enhances", metadata.get_enhances()?),
    ];
    for (tag, list) in lists {
        // What rpm needs to read the package depends on which rpm wrote it.
        let list = list.into_iter().filter(|found| !found.name.starts_with("rpmlib("));
        facts.relations.extend(list.map(|found| (tag.to_owned(), text(&found))));
    }
    for (name, [script, program, flags]) in tags::SCRIPTS {
        let found = [script, program, flags].map(|tag| content(metadata, tag));
        if let [script, program, flags] = &found
            && found.iter().any(Option::is_some)
        {
            let words = [program, flags].map(|found| found.clone().unwrap_or_default());
            let text = script.clone().unwrap_or_default();
            facts.scripts.insert(name.to_owned(), scriptlet(words.join(" ").trim(), &text));
        }
    }
    let triggers = tags::TRIGGERS.iter().filter_map(|tag| content(metadata, *tag));
    let triggers: Vec<String> = triggers.collect();
    if !triggers.is_empty() {
        facts.scripts.insert("%trigger".to_owned(), triggers.join("\n"));
    }
    Ok(facts)
}

/// What a tag holds, as text, whatever its type; nothing where it is not there.
fn content(metadata: &PackageMetadata, tag: u32) -> Option<String> {
    let header = &metadata.header;
    let data = header.entry_is_present(tag).then(|| header.entry(tag))?;
    Some(match data {
        Ok(IndexData::StringTag(text)) => text,
        Ok(IndexData::StringArray(texts) | IndexData::I18NString(texts)) => texts.join("\n"),
        other => format!("{other:?}"),
    })
}

fn file(entry: &::rpm::FileEntry<'_>) -> FileFacts {
    let kind = match entry.file_type() {
        FileType::Dir => "folder",
        FileType::Regular => "file",
        FileType::SymbolicLink => "link",
        _ => "special file",
    };
    let digest = entry.digest().map(|digest| digest.as_hex().to_owned()).unwrap_or_default();
    let caps = entry.caps().filter(|caps| !caps.is_empty());
    let mut role = role(entry.flags());
    if let Some(caps) = caps {
        role = format!("{role} caps({caps})");
    }
    if let Some(link) = entry.linkto().filter(|link| !link.is_empty()) {
        role = format!("{role} to `{link}`");
    }
    FileFacts {
        kind,
        mode: u32::from(entry.permissions() & PERMISSIONS),
        owner: entry.user().to_owned(),
        group: entry.group().to_owned(),
        digest: if kind == "file" { digest } else { String::new() },
        role,
    }
}

fn role(flags: FileFlags) -> String {
    let configuration = FileFlags::CONFIG | FileFlags::NOREPLACE;
    let rest = flags - FileFlags::DOC;
    if rest.is_empty() {
        String::new()
    } else if rest == configuration {
        "config(noreplace)".to_owned()
    } else if rest == FileFlags::LICENSE {
        "license".to_owned()
    } else {
        format!("{rest:?}")
    }
}

fn text(dependency: &Dependency) -> String {
    let Dependency { name, flags, version } = dependency;
    match flags.bits() & SENSE {
        0 => name.clone(),
        _ => format!("{name} {} {version}", flags.comparator_str()),
    }
}
