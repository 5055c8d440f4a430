//! Opening a finished Debian package, and comparing it with what was planned.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use ::tar::EntryType;
use sha2::{Digest, Sha256};

use crate::{
    format::{
        build::{
            BuildError, BuildJob,
            facts::{Facts, FileFacts, cut, refuse},
        },
        deb::ar::{self, ArMember},
    },
    plan::{Recipe, relation::Strength},
};

use super::{
    DEBIAN_BINARY, TreeEntry,
    control::{field, members},
    walk,
};

/// The most bytes of control members, and of all files, that are read back.
const CONTROL_LIMIT: u64 = 64 << 20;
const DATA_LIMIT: u64 = 16 << 30;

/// Fields that say something that a package of this program never does: apt and dpkg would not let a
/// system be without it. Source: deb-control(5).
const FOREIGN: [&str; 4] = ["Essential", "Important", "Protected", "Build-Essential"];

/// The fields with relations, and those of them that plans have.
const RELATIONS: [(&str, Option<Strength>); 10] = [
    ("Depends", Some(Strength::Requires)),
    ("Recommends", Some(Strength::Recommends)),
    ("Suggests", Some(Strength::Suggests)),
    ("Provides", Some(Strength::Provides)),
    ("Conflicts", Some(Strength::Conflicts)),
    ("Replaces", Some(Strength::Replaces)),
    ("Pre-Depends", None),
    ("Breaks", None),
    ("Enhances", None),
    ("Built-Using", None),
];

/// Checks that the package at `path` has its three members, whole; that its control members are those
/// of the recipe, and its files the planned ones. Where the plan says what the package is, the name, the
/// version, the architecture and the relations are compared, too.
///
/// # Errors
/// What differs.
pub(crate) fn verify(job: &BuildJob<'_>, path: &Path) -> Result<(), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let damaged = |reason: String| BuildError::Damaged { file: file.clone(), reason };
    let mut package = OpenDeb::open(path).map_err(damaged)?;
    let members = package.control().map_err(damaged)?;
    let control = text_of(&members, "control").map_err(damaged)?;
    let mut found = Facts { files: package.files().map_err(damaged)?, ..Facts::default() };
    found.scripts = scripts(members);
    let mut planned = planned(job)?;
    if !job.own_recipe {
        identity(job, &control, &file)?;
        found.relations = relations(&control);
        let native = job.native.relations.iter();
        planned.relations = native
            .filter_map(|relation| {
                let field =
                    RELATIONS.iter().find(|(_, known)| *known == Some(relation.strength))?;
                Some((field.0.to_owned(), relation.text.clone()))
            })
            .collect();
        let fields = FOREIGN.iter().filter(|name| field(&control, name).is_some());
        found.foreign.extend(fields.map(|name| (format!("it has the field `{name}`"), None)));
    }
    found.expect(&planned, &file)
}

/// Where debhelper has the parts of maintainer scripts that its programs add.
const AUTOSCRIPTS: &str = "/usr/share/debhelper/autoscripts";
/// The parts that dh_python3 adds.
const PARTS: [&str; 2] = ["postinst-py3compile", "prerm-py3clean"];
/// The control members that debhelper makes, beside maintainer scripts.
const OF_DEBHELPER: [&str; 6] =
    ["control", "md5sums", "conffiles", "shlibs", "symbols", "triggers"];
/// What `triggers` may say: libraries changed.
const TRIGGER: &str = "activate-noawait ldconfig";

/// Checks the package at `path`, which the code of its project helped to build: it is called as its file,
/// all in it is root's and without special modes, and its maintainer scripts are those of the recipe with
/// what dh_python3 adds.
///
/// # Errors
/// What differs.
pub(crate) fn verify_built(path: &Path, recipe: &Recipe) -> Result<(), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let damaged = |reason: String| BuildError::Damaged { file: file.clone(), reason };
    let mut package = OpenDeb::open(path).map_err(damaged)?;
    let members = package.control().map_err(damaged)?;
    let control = text_of(&members, "control").map_err(damaged)?;
    let value = |name| field(&control, name).unwrap_or_default();
    let version = value("Version");
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    let found = format!("{}_{version}_{}.deb", value("Package"), value("Architecture"));
    if found != file {
        return Err(BuildError::Other { wanted: file.clone(), file, field: "name", found });
    }
    let mut wrong: Vec<String> = FOREIGN
        .iter()
        .filter(|name| field(&control, name).is_some())
        .map(|name| format!("it has the field `{name}`"))
        .collect();
    for (path, found) in package.files().map_err(damaged)? {
        let is_root = [&found.owner, &found.group].into_iter().all(|name| name == "root");
        let is_module = path.ends_with(".py") && path.contains(['"', '$', '`', '\\']);
        if !is_root || found.mode & 0o7000 != 0 || found.kind == "special file" || is_module {
            wrong.push(format!("`{}` is {found}", path.escape_debug()));
        }
    }
    let parts = PARTS.map(|part| fs::read_to_string(Path::new(AUTOSCRIPTS).join(part)));
    let parts: String = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
    // Packages for one architecture are named with it.
    let marked = format!("{}:{}", value("Package"), value("Architecture"));
    let named = [value("Package"), &marked].map(|name| parts.replace("#PACKAGE#", name));
    let parts = named.join("\n");
    for ControlMember { name, bytes, .. } in &members {
        let text = String::from_utf8_lossy(bytes);
        let own = recipe.files.get(&format!("debian/{name}")).map_or("", |file| &file.text);
        let is_known = |line: &str| match name.as_str() {
            "triggers" => line == TRIGGER,
            _ => OF_DEBHELPER.contains(&name.as_str()) || is_of_script(line, own, &parts),
        };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let is_comment = |line: &&str| line.starts_with('#') && !line.starts_with("#!");
        let foreign = lines.filter(|line| !is_comment(line) && !is_known(line));
        wrong.extend(foreign.map(|line| format!("it has in `{name}`: {}", cut(line))));
    }
    refuse(&file, wrong)
}

/// Whether a line is one of the recipe's script, or of what dh_python3 adds to it with some options.
fn is_of_script(line: &str, own: &str, parts: &str) -> bool {
    let is_option = |c: char| c.is_ascii_alphanumeric() || " ._:/-".contains(c);
    let is_part = |part: &str| match part.split_once("#ARGS#") {
        None => line == part,
        Some((start, end)) => line
            .strip_prefix(start.trim_end())
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|options| options.chars().all(is_option)),
    };
    ["#!/bin/sh", "set -e"].contains(&line)
        || own.lines().any(|known| known.trim() == line)
        || parts.lines().map(str::trim).any(is_part)
}

fn identity(job: &BuildJob<'_>, control: &str, file: &str) -> Result<(), BuildError> {
    let native = job.native;
    let planned = [
        ("name", "Package", native.name.clone()),
        ("version", "Version", version(job)),
        ("architecture", "Architecture", native.architecture.clone()),
    ];
    for (words, name, wanted) in planned {
        let found = field(control, name).unwrap_or_default();
        if found != wanted {
            let (file, found) = (file.to_owned(), found.to_owned());
            return Err(BuildError::Other { file, field: words, found, wanted });
        }
    }
    Ok(())
}

/// The files and control members that the job's package shall have.
fn planned(job: &BuildJob<'_>) -> Result<Facts, BuildError> {
    let mut files = BTreeMap::new();
    let measured = walk(job, &mut |entry, bytes| {
        match entry {
            TreeEntry::Folder { path } => {
                files.insert(path.clone(), FileFacts::new("folder", 0o755, String::new()));
            }
            TreeEntry::File { path, mode, owner } => {
                let digest = hex::encode(Sha256::digest(bytes));
                files.insert(path.clone(), FileFacts::new("file", *mode, digest).owned(owner));
            }
        }
        Ok(())
    })?;
    let of_recipe = members(job, &measured)?.into_iter();
    let of_recipe = of_recipe.map(|member| {
        let digest = hex::encode(Sha256::digest(&member.bytes));
        let facts = FileFacts::new("file", member.mode, digest);
        ControlMember { name: member.name, facts, bytes: member.bytes }
    });
    Ok(Facts { files, scripts: scripts(of_recipe.collect()), ..Facts::default() })
}

/// A control member as it is in a package.
struct ControlMember {
    name: String,
    facts: FileFacts,
    bytes: Vec<u8>,
}

/// Control members by their names, each with its mode and owner before its text.
fn scripts(members: Vec<ControlMember>) -> BTreeMap<String, String> {
    let text = |member: ControlMember| {
        let ControlMember { name, facts, bytes } = member;
        (name, format!("{facts}: {}", String::from_utf8_lossy(&bytes)))
    };
    members.into_iter().map(text).collect()
}

fn text_of(members: &[ControlMember], name: &str) -> Result<String, String> {
    let member = members.iter().find(|member| member.name == name);
    let member = member.ok_or_else(|| format!("it has no file `{name}`"))?;
    Ok(String::from_utf8_lossy(&member.bytes).into_owned())
}

/// The clauses of all fields with relations.
fn relations(control: &str) -> BTreeSet<(String, String)> {
    let unfolded = control.replace("\n ", " ").replace("\n\t", " ");
    let mut found = BTreeSet::new();
    for line in unfolded.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let known = RELATIONS.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        let Some((field, _)) = known else { continue };
        let clauses = value.split(',').map(str::trim).filter(|clause| !clause.is_empty());
        found.extend(clauses.map(|clause| ((*field).to_owned(), clause.to_owned())));
    }
    found
}

/// `[EPOCH:]VERSION[-REVISION]` (Debian Policy 5.6.12).
fn version(job: &BuildJob<'_>) -> String {
    let native = job.native;
    let mut text = native.version.clone();
    if !native.release.is_empty() {
        text = format!("{text}-{}", native.release);
    }
    match native.epoch {
        None | Some(0) => text,
        Some(epoch) => format!("{epoch}:{text}"),
    }
}

/// The paths of the files that a package installs, folders left out; sorted.
///
/// # Errors
/// What is wrong with the package.
pub(crate) fn paths(path: &Path) -> Result<Vec<String>, String> {
    let files = OpenDeb::open(path)?.files()?;
    Ok(files.into_iter().filter(|(_, file)| file.kind != "folder").map(|(path, _)| path).collect())
}

/// An open package.
struct OpenDeb {
    file: BufReader<File>,
    control: ArMember,
    data: ArMember,
}

impl OpenDeb {
    fn open(path: &Path) -> Result<Self, String> {
        let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
        let members = ar::list(&mut file)?;
        let [first, control, data] = &members[..] else {
            return Err(format!("it has {} members, not 3", members.len()));
        };
        if first.name != DEBIAN_BINARY.0
            || !control.name.starts_with("control.tar")
            || !data.name.starts_with("data.tar")
        {
            let names = [&first.name, &control.name, &data.name].map(String::as_str).join(", ");
            return Err(format!("its members are {}", names.escape_debug()));
        }
        Ok(Self { file, control: control.clone(), data: data.clone() })
    }

    /// The control members, without their folder.
    fn control(&mut self) -> Result<Vec<ControlMember>, String> {
        let mut members = Vec::new();
        let plain = unpacked(&mut self.file, &self.control, "control.tar", CONTROL_LIMIT);
        each(plain, &mut |path, facts, bytes| {
            let name = path.trim_start_matches('/').to_owned();
            if !name.is_empty() || facts.kind != "folder" {
                let mut own = Vec::new();
                bytes.read_to_end(&mut own)?;
                members.push(ControlMember { name, facts: facts.with(&own), bytes: own });
            }
            Ok(())
        })
        .map_err(|error| format!("`{}`: {error}", self.control.name))?;
        Ok(members)
    }

    /// The installed files and folders by their paths; the root's is empty.
    fn files(&mut self) -> Result<BTreeMap<String, FileFacts>, String> {
        let mut files = BTreeMap::new();
        let plain = unpacked(&mut self.file, &self.data, "data.tar", DATA_LIMIT);
        each(plain, &mut |path, mut facts, bytes| {
            if facts.kind == "file" {
                facts.digest = digest(bytes)?;
            }
            match files.insert(path.to_owned(), facts) {
                None => Ok(()),
                Some(_) => Err(io::Error::other(format!("it has `{}` twice", path.escape_debug()))),
            }
        })
        .map_err(|error| format!("`{}`: {error}", self.data.name))?;
        Ok(files)
    }
}

fn digest(bytes: &mut dyn Read) -> io::Result<String> {
    let (mut hash, mut block) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match bytes.read(&mut block)? {
            0 => return Ok(hex::encode(hash.finalize())),
            count => hash.update(&block[..count]),
        }
    }
}

impl FileFacts {
    fn with(self, bytes: &[u8]) -> Self {
        Self { digest: hex::encode(Sha256::digest(bytes)), ..self }
    }
}

/// What is done with each member of an archive: its path, what it is, and its bytes.
type MemberVisitor<'v> = dyn FnMut(&str, FileFacts, &mut dyn Read) -> io::Result<()> + 'v;

/// Hands every member of a tar archive to `visit`; paths begin with a slash and do not end with one.
fn each(plain: io::Result<Box<dyn Read + '_>>, visit: &mut MemberVisitor<'_>) -> io::Result<()> {
    let mut archive = ::tar::Archive::new(plain?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.strip_prefix('.').unwrap_or(&path).trim_end_matches('/').to_owned();
        let facts = facts(&entry)?;
        visit(&path, facts, &mut entry)?;
    }
    Ok(())
}

fn facts(entry: &::tar::Entry<'_, impl Read>) -> io::Result<FileFacts> {
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Directory => "folder",
        EntryType::Regular => "file",
        EntryType::Symlink | EntryType::Link => "link",
        _ => "special file",
    };
    let name = |name: io::Result<Option<&str>>, id: u64| match name {
        Ok(Some(name)) if id == 0 => name.to_owned(),
        _ => id.to_string(),
    };
    let link = entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
    Ok(FileFacts {
        owner: name(header.username().map_err(io::Error::other), header.uid()?),
        group: name(header.groupname().map_err(io::Error::other), header.gid()?),
        role: link.map(|link| format!("to `{link}`")).unwrap_or_default(),
        ..FileFacts::new(kind, header.mode()? & 0o7777, String::new())
    })
}

/// A member's bytes, unpacked by the ending of its name, as far as `limit`.
fn unpacked<'f>(
    file: &'f mut (impl Read + Seek),
    member: &ArMember,
    stem: &str,
    limit: u64,
) -> io::Result<Box<dyn Read + 'f>> {
    file.seek(SeekFrom::Start(member.offset))?;
    let raw = BufReader::new(file.take(member.size));
    Ok(match member.name.strip_prefix(stem) {
        Some(".xz") => Box::new(liblzma::bufread::XzDecoder::new(raw).take(limit)),
        Some(".zst") => Box::new(zstd::Decoder::with_buffer(raw)?.take(limit)),
        Some(".gz") => Box::new(flate2::bufread::GzDecoder::new(raw).take(limit)),
        _ => Box::new(raw.take(limit)),
    })
}

#[cfg(test)]
mod tests;
