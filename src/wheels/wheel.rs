//! A wheel and its contents.
//! Source: PyPA binary distribution format 1.0.

use std::path::{Path, PathBuf};

use crate::python::{
    artifact::{ArchiveLimits, ProjectName, WheelName},
    metadata::{CoreMetadata, EntryPoints},
};

use super::{
    SourceError,
    archive::{WheelArchive, WheelMember},
    elf::{self, ElfNeeds},
    library_path::is_standard,
    path_file::PathFile,
    record::RecordFile,
};

/// A verified wheel, as needed for planning.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// The local file.
    pub path: PathBuf,
    pub filename: String,
    pub metadata: CoreMetadata,
    pub entry_points: EntryPoints,
    /// Whether the archive's root is installed into purelib (else platlib).
    pub root_is_purelib: bool,
    /// Whether any of its tags is for one platform only.
    pub platform_specific: bool,
    /// Whether its tag is the plain one of a locally built wheel, which promises no compatibility:
    /// its libraries come from the system.
    pub built_here: bool,
    /// Whether all its tags are for the stable ABI or none.
    pub stable_abi: bool,
    /// The name of its `.dist-info` folder.
    pub dist_info: String,
    /// The name of its `.data` folder, which may not exist.
    pub data: String,
    /// All files, sorted by name.
    pub members: Vec<WheelMember>,
    /// The ELF libraries and programs among them.
    pub elf: Vec<ElfNeeds>,
    /// The texts of licence files: member name and text.
    pub licence_texts: Vec<(String, String)>,
    /// The first lines of possible scripts: member name and line.
    pub shebangs: Vec<(String, String)>,
    /// The `*.pth` members.
    pub path_files: Vec<PathFile>,
    /// The first lines of possible zsh completions: member name and line.
    pub completions: Vec<(String, String)>,
    /// The newest time of any member, in seconds since 1970.
    pub newest: Option<i64>,
}

/// Licence files longer than this stay in place and are not copied into a copyright file.
const LICENCE_LIMIT: u64 = 200 << 10;

impl Wheel {
    /// Like [`Self::inspect_within`], with the default limits.
    ///
    /// # Errors
    /// The wheel is damaged, exceeds a limit, or belongs to another release.
    pub fn inspect(path: &Path, project: &ProjectName) -> Result<Self, SourceError> {
        Self::inspect_within(path, project, &ArchiveLimits::default())
    }

    /// Opens a wheel and reads its metadata, native code and scripts. `project` is the expected
    /// project.
    ///
    /// # Errors
    /// The wheel is damaged, exceeds a limit, or belongs to another release.
    pub fn inspect_within(
        path: &Path,
        project: &ProjectName,
        limits: &ArchiveLimits,
    ) -> Result<Self, SourceError> {
        let (mut archive, dist_info) = open_verified(path, limits)?;
        let file = archive.file().to_owned();
        let refuse = |problem: String| SourceError { file: file.clone(), problem };

        let name = WheelName::parse(&file).map_err(|e| refuse(e.reason))?;
        check_folder(&dist_info, &name).map_err(&refuse)?;
        let header = WheelHeader::parse(&archive.read_text(&format!("{dist_info}/WHEEL"))?)
            .map_err(|problem| refuse(format!("`{dist_info}/WHEEL` {problem}")))?;
        let metadata = CoreMetadata::parse(&archive.read(&format!("{dist_info}/METADATA"))?)
            .map_err(|e| refuse(format!("`{dist_info}/METADATA`: {e}")))?;
        check_identity(&metadata, &name, project).map_err(&refuse)?;
        let entry_points = match archive.member(&format!("{dist_info}/entry_points.txt")) {
            None => EntryPoints::default(),
            Some(member) => {
                let member = member.name.clone();
                EntryPoints::parse(&archive.read(&member)?)
                    .map_err(|e| refuse(format!("has a bad {e}")))?
            }
        };
        let members: Vec<WheelMember> = archive.members().cloned().collect();
        let contents = WheelContents::read(&mut archive, &members, &dist_info, &metadata)?;
        let data = format!("{}.data", dist_info.strip_suffix(".dist-info").unwrap_or(&dist_info));
        Ok(Self {
            path: path.to_owned(),
            filename: file,
            metadata,
            entry_points,
            root_is_purelib: header.root_is_purelib,
            platform_specific: name.tags.iter().any(|tag| tag.platform != "any"),
            built_here: name.tags.iter().any(|tag| tag.platform.starts_with("linux_")),
            stable_abi: name.tags.iter().all(|tag| matches!(tag.abi.as_str(), "abi3" | "none")),
            dist_info,
            data,
            newest: members.iter().filter_map(|member| member.modified).max(),
            members,
            elf: contents.elf,
            licence_texts: contents.licence_texts,
            shebangs: contents.shebangs,
            path_files: contents.path_files,
            completions: contents.completions,
        })
    }
}

impl Wheel {
    /// Returns whether it is for one machine: by its tags, or because of native code for `machine`
    /// despite them.
    pub fn is_native(&self, machine: &str) -> bool {
        self.platform_specific || self.native_code(machine).next().is_some()
    }

    /// Returns its native code for a machine; code for other machines is data there.
    pub fn native_code(&self, machine: &str) -> impl Iterator<Item = &ElfNeeds> {
        self.elf.iter().filter(move |elf| elf.is_for(machine))
    }

    /// Returns the members whose native code searches the loader's default folders for libraries.
    pub fn standard_library_paths(&self) -> Vec<&str> {
        let has_standard =
            |elf: &&ElfNeeds| elf.library_paths.iter().any(|folder| is_standard(folder));
        self.elf.iter().filter(has_standard).map(|elf| elf.member.as_str()).collect()
    }

    /// Returns the members whose native code searches folders outside the wheel for libraries, each
    /// with such a folder: anyone with write access to it can run code in its place.
    pub fn foreign_library_paths(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_own = |folder: &str| {
            let rest = ["$ORIGIN", "${ORIGIN}"].iter().find_map(|own| folder.strip_prefix(own));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.elf.iter().flat_map(move |elf| {
            let folders = elf.library_paths.iter().map(String::as_str);
            let foreign = folders.filter(move |folder| !is_own(folder));
            foreign.map(|folder| (elf.member.as_str(), folder))
        })
    }
}

/// Data read from the members' contents.
#[derive(Default)]
struct WheelContents {
    elf: Vec<ElfNeeds>,
    licence_texts: Vec<(String, String)>,
    shebangs: Vec<(String, String)>,
    path_files: Vec<PathFile>,
    completions: Vec<(String, String)>,
}

impl WheelContents {
    fn read(
        archive: &mut WheelArchive,
        members: &[WheelMember],
        dist_info: &str,
        metadata: &CoreMetadata,
    ) -> Result<Self, SourceError> {
        let mut contents = Self::default();
        for member in members {
            let name = member.name.as_str();
            if is_licence(name, dist_info, metadata) && member.size <= LICENCE_LIMIT {
                let bytes = archive.read(name)?;
                contents.licence_texts.push((name.to_owned(), lossy(&bytes)));
            } else if name.to_ascii_lowercase().ends_with(".pth") {
                contents.path_files.push(PathFile::read(name, &archive.read(name)?));
            } else if is_likely_native(member) {
                let bytes = archive.read(name)?;
                match elf::needs(name, &bytes) {
                    Some(needs) => contents.elf.push(needs),
                    None => contents.add_shebang(name, &bytes),
                }
            } else {
                let beginning = archive.verify(name)?;
                if elf::is_elf(&beginning) {
                    let bytes = archive.read(name)?;
                    contents.elf.extend(elf::needs(name, &bytes));
                    continue;
                }
                if is_script(member) {
                    contents.add_shebang(name, &beginning);
                }
                if name.contains("/share/zsh/") {
                    contents.completions.push((name.to_owned(), first_line(&beginning)));
                }
            }
        }
        Ok(contents)
    }

    fn add_shebang(&mut self, member: &str, bytes: &[u8]) {
        if bytes.starts_with(b"#!") {
            self.shebangs.push((member.to_owned(), first_line(bytes)));
        }
    }
}

/// Returns the first line without trailing blanks.
fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    lossy(line).trim_end().to_owned()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns whether a member is probably native code, so that it is read only once.
fn is_likely_native(member: &WheelMember) -> bool {
    let name = member.name.as_str();
    let base = name.rsplit('/').next().unwrap_or(name);
    base.ends_with(".so") || base.contains(".so.") || member.executable
}

/// Returns whether a member's first line may name its interpreter: that of modules, and of files
/// installed outside the folder of modules, such as commands.
fn is_script(member: &WheelMember) -> bool {
    member.name.ends_with(".py") || member.name.contains(".data/")
}

fn is_licence(name: &str, dist_info: &str, metadata: &CoreMetadata) -> bool {
    let Some(inside) = name.strip_prefix(dist_info).and_then(|rest| rest.strip_prefix('/')) else {
        return false;
    };
    let listed = metadata.license_files.iter().any(|file| {
        inside == file || inside.strip_prefix("licenses/").is_some_and(|rest| rest == file)
    });
    let base = inside.to_ascii_uppercase();
    listed
        || base.starts_with("LICENSES/")
        || base.starts_with("LICENSE_FILES/")
        || ["LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS"]
            .iter()
            .any(|p| base.starts_with(p))
}

/// Opens a wheel whose members are compared with `RECORD` whenever they are read;
/// the second value is the name of its `.dist-info` folder.
pub(super) fn open_verified(
    path: &Path,
    limits: &ArchiveLimits,
) -> Result<(WheelArchive, String), SourceError> {
    let mut archive = WheelArchive::open(path, limits)?;
    let mut folders: Vec<&str> = archive
        .members()
        .filter_map(|member| member.name.split_once('/'))
        .map(|(folder, _)| folder)
        .filter(|folder| folder.ends_with(".dist-info"))
        .collect();
    folders.dedup();
    let [folder] = folders[..] else {
        let problem = format!("must have one `.dist-info` folder, but has {}", folders.len());
        return Err(SourceError { file: archive.file().to_owned(), problem });
    };
    let folder = folder.to_owned();
    attach_record(&mut archive, &folder)?;
    Ok((archive, folder))
}

/// Checks that the `.dist-info` folder has the file name's project and version.
fn check_folder(folder: &str, name: &WheelName) -> Result<(), String> {
    let spelling = folder.strip_suffix(".dist-info").unwrap_or(folder);
    let (project, version) =
        spelling.split_once('-').ok_or(format!("has an unreadable folder `{folder}`"))?;
    let same_project = ProjectName::new(project.to_owned()).is_ok_and(|p| p == name.project);
    let version: Result<pep440_rs::Version, _> = version.replace('_', "-").parse();
    if same_project && version.is_ok_and(|version| version == name.version) {
        Ok(())
    } else {
        Err(format!("has a folder `{folder}` of another release"))
    }
}

fn check_identity(
    metadata: &CoreMetadata,
    name: &WheelName,
    project: &ProjectName,
) -> Result<(), String> {
    if metadata.name != name.project || metadata.version != name.version || &name.project != project
    {
        return Err(format!(
            "is `{} {}` by its metadata, but `{project}` was requested, and `{} {}` by its file name",
            metadata.name, metadata.version, name.project, name.version
        ));
    }
    Ok(())
}

/// Reads `RECORD` and compares it with the archive: every file has a row with a hash, and every
/// row a file. `RECORD` itself and its signatures cannot have one.
fn attach_record(archive: &mut WheelArchive, dist_info: &str) -> Result<(), SourceError> {
    let path = format!("{dist_info}/RECORD");
    let refuse = |archive: &WheelArchive, problem: String| SourceError {
        file: archive.file().to_owned(),
        problem: format!("`{path}` {problem}"),
    };
    let text = archive.read_text(&path)?;
    let record = RecordFile::parse(&text).map_err(|problem| refuse(archive, problem))?;
    let exempt = |name: &str| {
        name.strip_prefix(path.as_str()).is_some_and(|rest| matches!(rest, "" | ".jws" | ".p7s"))
    };
    let unlisted = archive.members().find(|m| !exempt(&m.name) && !record.has_hash(&m.name));
    if let Some(member) = unlisted {
        return Err(refuse(archive, format!("states no hash for `{}`", member.name)));
    }
    let ghost = record
        .names()
        .find(|name| !name.ends_with('/') && !exempt(name) && archive.member(name).is_none());
    if let Some(name) = ghost {
        return Err(refuse(archive, format!("lists `{}`, which is missing", name.escape_debug())));
    }
    archive.attach(record);
    Ok(())
}

/// The contents of the `WHEEL` file.
struct WheelHeader {
    root_is_purelib: bool,
}

impl WheelHeader {
    fn parse(text: &str) -> Result<Self, String> {
        let field = |wanted: &str| {
            text.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.trim())
        };
        let version = field("Wheel-Version").ok_or("states no `Wheel-Version`")?;
        if version.split('.').next() != Some("1") {
            return Err(format!("states the unknown version `{}`", version.escape_debug()));
        }
        let root_is_purelib = match field("Root-Is-Purelib").map(str::to_ascii_lowercase).as_deref()
        {
            Some("true") => true,
            Some("false") => false,
            _ => return Err("states no `Root-Is-Purelib`".to_owned()),
        };
        Ok(Self { root_is_purelib })
    }
}
