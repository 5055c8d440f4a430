//! Where the files of a wheel go.
//! Source: PyPA binary distribution format, "Installing a wheel"; FHS 3.0.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    base::text::OneLine,
    distro::targets::{LicenceLayout, Target},
    plan::{ArchiveMember, Content, FileRole, LeftOut, PlannedFile, Shebang, ShebangError},
    wheels::{Wheel, WheelMember},
};

use super::{
    PlanError,
    hazards::{HazardOrigin, Hazards, Scheme, Verdict, is_command_folder},
    interpreter::{self, ScriptInterpreter},
    rules::{LEFT_OUT, moved_role},
};

/// Top-level folders that some wheels install by mistake; two such wheels conflict.
/// Source: dh-python's pybuild checks, Fedora's `%pyproject_save_files`.
const STRAY_FOLDERS: [&str; 9] =
    ["build", "debian", "dist", "doc", "docs", "src", "target", "test", "tests"];

/// The members of `.dist-info` that describe an installation by pip, which ours is not.
const INSTALLER_FILES: [&str; 6] =
    ["RECORD", "RECORD.jws", "RECORD.p7s", "REQUESTED", "INSTALLER", "direct_url.json"];

/// The installed files of a wheel and what was left out.
pub(super) struct FileLayout {
    pub files: Vec<PlannedFile>,
    /// Sorted.
    pub left_out: Vec<LeftOut>,
    /// What a reviewer would ask.
    pub notes: Vec<OneLine>,
    /// The paths that files would have without the user's rules.
    pub considered: BTreeSet<String>,
}

/// Maps every member of the wheel to its installed path.
pub(super) fn lay_out(hazards: &Hazards<'_>, package: &str) -> Result<FileLayout, PlanError> {
    let wheel = hazards.wheel;
    let mut placer = Placer {
        wheel,
        package,
        target: hazards.target,
        hazards,
        shebangs: wheel.shebangs.iter().map(|(m, l)| (m.as_str(), l.as_str())).collect(),
        files: BTreeMap::new(),
        left_out: BTreeSet::new(),
        notes: BTreeSet::new(),
        considered: BTreeSet::new(),
    };
    let mut refused = Vec::new();
    for member in &wheel.members {
        match placer.place(member) {
            Err(error @ (PlanError::Destination { .. } | PlanError::StartupCode { .. })) => {
                refused.push(error);
            }
            placed => placed?,
        }
    }
    refuse_all(refused)?;
    let installer = format!("{}/{}/INSTALLER", placer.site(), wheel.dist_info);
    let content = Content::Text(format!("{}\n", hazards.target.layout.installer));
    placer.add(PlannedFile::new(installer, 0o644, FileRole::Plain, content))?;
    Ok(FileLayout {
        files: placer.files.into_values().collect(),
        left_out: placer.left_out.into_iter().collect(),
        notes: placer.notes.into_iter().collect(),
        considered: placer.considered,
    })
}

/// One error for all files that may not be where they would be installed.
fn refuse_all(mut refused: Vec<PlanError>) -> Result<(), PlanError> {
    if refused.is_empty() {
        return Ok(());
    }
    let is_misplaced = |error: &PlanError| matches!(error, PlanError::Destination { .. });
    let mut first = refused.remove(refused.iter().position(is_misplaced).unwrap_or(0));
    if let PlanError::Destination(misplaced) = &mut first {
        misplaced.others.extend(refused.into_iter().filter_map(|error| match error {
            PlanError::Destination(other) => Some(other.path),
            _ => None,
        }));
    }
    Err(first)
}

struct Placer<'a> {
    wheel: &'a Wheel,
    /// The package's name.
    package: &'a str,
    target: &'a Target,
    hazards: &'a Hazards<'a>,
    shebangs: BTreeMap<&'a str, &'a str>,
    files: BTreeMap<String, PlannedFile>,
    left_out: BTreeSet<LeftOut>,
    notes: BTreeSet<OneLine>,
    /// The paths that files would have without the user's rules.
    considered: BTreeSet<String>,
}

impl<'a> Placer<'a> {
    fn site(&self) -> &'a str {
        let python = &self.target.python;
        if self.wheel.root_is_purelib { &python.purelib } else { &python.platlib }
    }

    fn place(&mut self, member: &WheelMember) -> Result<(), PlanError> {
        let wheel = self.wheel;
        let name = member.name.as_str();
        if self.hazards.rules().leaves_out("", Some(name)) {
            self.leave_out(name, LEFT_OUT);
            return Ok(());
        }
        if let Some(inside) = below(name, &wheel.dist_info) {
            return self.place_dist_info(member, inside);
        }
        if let Some(inside) = below(name, &wheel.data) {
            return self.place_data(member, inside);
        }
        self.place_module(origin(member, Scheme::Root), member, self.site(), name)
    }

    fn place_dist_info(&mut self, member: &WheelMember, inside: &str) -> Result<(), PlanError> {
        let layout = &self.target.layout;
        if INSTALLER_FILES.contains(&inside) || layout.left_out.iter().any(|file| file == inside) {
            self.leave_out(&member.name, "describes an installation by pip");
            return Ok(());
        }
        let is_licence = self.wheel.licence_texts.iter().any(|(file, _)| *file == member.name);
        let role = match (is_licence, layout.licences) {
            (true, LicenceLayout::Copyright) => {
                self.leave_out(&member.name, "is in the copyright file");
                return Ok(());
            }
            (true, _) => FileRole::Licence,
            (false, _) => FileRole::Plain,
        };
        let path = match (is_licence, layout.licences) {
            (true, LicenceLayout::Share) => {
                let (data, package) = (&self.target.python.data, self.package);
                // Source: PEP 639, "License files in wheels".
                let name = inside.strip_prefix("licenses/").unwrap_or(inside);
                let folder = format!("{data}/share/licenses/{package}");
                // Some wheels have a licence in both places.
                let beside = format!("{}/{name}", self.wheel.dist_info);
                let is_twice = name != inside
                    && self.wheel.licence_texts.iter().any(|(file, _)| *file == beside);
                format!("{folder}/{}", if is_twice { inside } else { name })
            }
            _ => format!("{}/{}", self.site(), member.name),
        };
        let file = PlannedFile::new(path, 0o644, role, member_content(member));
        self.install(origin(member, Scheme::Root), file)
    }

    /// The `.data` folder: one sub-folder for each installation scheme.
    fn place_data(&mut self, member: &WheelMember, inside: &str) -> Result<(), PlanError> {
        let python = &self.target.python;
        let Some((scheme, rest)) = inside.split_once('/') else {
            return Err(self.refuse(member, "is not in an installation scheme"));
        };
        match scheme {
            "purelib" => self.place_library(member, &python.purelib, rest),
            "platlib" => self.place_library(member, &python.platlib, rest),
            "scripts" => self.place_script(member, rest),
            "headers" => {
                let path = format!("{}/{}/{rest}", python.include, self.wheel.metadata.raw_name);
                self.install(origin(member, Scheme::Headers), plain(path, member))
            }
            "data" => self.place_prefixed(member, rest),
            _ => Err(self.refuse(member, "belongs to an unknown installation scheme")),
        }
    }

    fn place_library(
        &mut self,
        member: &WheelMember,
        site: &str,
        inside: &str,
    ) -> Result<(), PlanError> {
        self.place_module(origin(member, Scheme::Library), member, site, inside)
    }

    fn place_module(
        &mut self,
        origin: HazardOrigin<'_>,
        member: &WheelMember,
        site: &str,
        inside: &str,
    ) -> Result<(), PlanError> {
        let lower = inside.to_ascii_lowercase();
        if lower.ends_with(".pyc") || lower.ends_with(".pyo") {
            self.leave_out(&member.name, "is byte code, which may differ from its source");
            return Ok(());
        }
        if let Some((folder, _)) = inside.split_once('/')
            && STRAY_FOLDERS.contains(&folder)
            && self.wheel.metadata.name.as_ref() != folder
        {
            let root = member.name.strip_suffix(inside).unwrap_or_default();
            self.leave_out(&format!("{root}{folder}/"), "would conflict with other projects");
            return Ok(());
        }
        let path = format!("{site}/{inside}");
        let (mode, content) = match self.shebangs.get(member.name.as_str()) {
            _ if self.is_native(member) && (is_shared_object(inside) || member.executable) => {
                (self.native_mode(inside), member_content(member))
            }
            // A module that is never started keeps its lines, but not its first one.
            Some(_) if !member.executable => {
                let member = ArchiveMember::of_source(&member.name);
                (0o644, Content::Script { member, shebang: Shebang::default() })
            }
            Some(line) => (0o755, self.script(member, line)?),
            None => (0o644, member_content(member)),
        };
        self.install(origin, PlannedFile::new(path, mode, FileRole::Plain, content))
    }

    /// Whether a member is native code for the target.
    fn is_native(&self, member: &WheelMember) -> bool {
        let mut own = self.wheel.native_code(&self.target.architecture.machine);
        own.any(|elf| elf.member == member.name)
    }

    /// The permission bits of native code: libraries have those of the target's, programs are started.
    fn native_mode(&self, name: &str) -> u32 {
        if is_shared_object(name) { self.target.layout.extension_mode } else { 0o755 }
    }

    fn place_script(&mut self, member: &WheelMember, inside: &str) -> Result<(), PlanError> {
        if inside.contains('/') {
            return Err(self.refuse(member, "is in a folder, but commands cannot be"));
        }
        let line = self.shebangs.get(member.name.as_str()).copied();
        let content = match line {
            Some(line) => self.script(member, line)?,
            None => member_content(member),
        };
        let path = self.hazards.commands.path(inside);
        let file = PlannedFile::new(path, 0o755, FileRole::Plain, content);
        self.install(origin(member, Scheme::Scripts), file)
    }

    /// A script with the interpreter that the target wants; others than Python keep theirs. A program
    /// that `env` finds is written with the folder where packages install it.
    fn script(&self, member: &WheelMember, line: &str) -> Result<Content, ShebangError> {
        let shebang = match interpreter::of(line) {
            ScriptInterpreter::Python => Some(self.target.script_shebang()?),
            ScriptInterpreter::Found(program) => {
                Shebang::parse(&format!("#!/usr/bin/{program}")).ok()
            }
            ScriptInterpreter::Other => None,
        };
        let source = ArchiveMember::of_source(&member.name);
        Ok(match shebang {
            Some(shebang) => Content::Script { member: source, shebang },
            None => member_content(member),
        })
    }

    /// A file of the `data` scheme, which begins at the prefix; `etc` belongs to the root.
    fn place_prefixed(&mut self, member: &WheelMember, inside: &str) -> Result<(), PlanError> {
        let prefix = &self.target.python.data;
        let is_isolated = self.target.isolation.is_some();
        let (named, role) = match inside.strip_prefix("etc/") {
            Some(rest) if is_isolated => (format!("{prefix}/etc/{rest}"), FileRole::Configuration),
            Some(rest) => {
                // What setuptools calls `data_files`, with an absolute path or below the prefix.
                self.notes.insert(OneLine::new(
                    "configuration below `etc` of the data scheme is installed in /etc",
                ));
                (format!("/etc/{rest}"), FileRole::Configuration)
            }
            None => {
                let path = format!("{prefix}/{inside}");
                (self.hazards.commands.data_path(&path), FileRole::Plain)
            }
        };
        self.considered.insert(named.clone());
        let rules = self.hazards.rules();
        if rules.leaves_out(&named, None) {
            self.leave_out(&member.name, LEFT_OUT);
            return Ok(());
        }
        let path = rules.place(&named);
        let role = if path == named { role } else { moved_role(role, &path) };
        let origin = origin(member, Scheme::Data);
        let python = &self.target.python;
        for site in [&python.purelib, &python.platlib] {
            if let Some(inside) = below(&path, site) {
                return self.place_module(origin, member, site, inside);
            }
        }
        let is_manual = path.starts_with(&format!("{prefix}/share/man/"));
        let role = if is_manual { FileRole::Documentation } else { role };
        if is_manual && self.target.layout.compressed_manuals && !path.ends_with(".gz") {
            let (path, content) =
                (format!("{path}.gz"), Content::Compressed(ArchiveMember::of_source(&member.name)));
            return self.put(origin, PlannedFile::new(path, 0o644, role, content));
        }
        let (mode, content) = self.data_content(member, &path)?;
        self.put(origin, PlannedFile::new(path, mode, role, content))
    }

    /// The permission bits and contents of a file of the `data` scheme: what the archive says may be
    /// executed, and all programs in a folder of commands, are started as scripts are.
    fn data_content(
        &self,
        member: &WheelMember,
        path: &str,
    ) -> Result<(u32, Content), ShebangError> {
        let line = self.shebangs.get(member.name.as_str()).copied();
        let is_native = self.is_native(member);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_folder = is_command_folder(folder) || folder == self.target.python.scripts;
        let is_command = is_folder && (is_native || line.is_some());
        Ok(match line {
            _ if is_native && is_shared_object(path) => {
                (self.native_mode(path), member_content(member))
            }
            _ if !is_command && !member.executable => (0o644, member_content(member)),
            Some(line) => (0o755, self.script(member, line)?),
            None => (0o755, member_content(member)),
        })
    }

    /// Adds a file of the wheel where the configuration wants it.
    fn install(&mut self, origin: HazardOrigin<'_>, file: PlannedFile) -> Result<(), PlanError> {
        self.considered.insert(file.path.clone());
        let rules = self.hazards.rules();
        let path = rules.place(&file.path);
        let role = if path == file.path { file.role } else { moved_role(file.role, &path) };
        if rules.leaves_out(&file.path, None) {
            self.leave_out(origin.member, LEFT_OUT);
            return Ok(());
        }
        self.put(origin, PlannedFile { path, role, ..file })
    }

    /// Adds a file of the wheel, if the check of where it would go allows it.
    fn put(&mut self, origin: HazardOrigin<'_>, file: PlannedFile) -> Result<(), PlanError> {
        if self.hazards.rules().leaves_out(&file.path, None) {
            self.leave_out(origin.member, LEFT_OUT);
            return Ok(());
        }
        match self.hazards.judge(origin, &file.path)? {
            Verdict::Install => self.add(file),
            Verdict::LeaveOut(reason) => {
                self.leave_out(origin.member, reason);
                Ok(())
            }
        }
    }

    fn add(&mut self, file: PlannedFile) -> Result<(), PlanError> {
        let path = file.path.clone();
        match self.files.insert(path.clone(), file) {
            None => Ok(()),
            Some(_) => Err(PlanError::PathTwice { file: self.wheel.filename.clone(), path }),
        }
    }

    fn leave_out(&mut self, member: &str, reason: &str) {
        self.left_out.insert(LeftOut { member: member.to_owned(), reason: OneLine::new(reason) });
    }

    fn refuse(&self, member: &WheelMember, problem: &str) -> PlanError {
        PlanError::Member {
            file: self.wheel.filename.clone(),
            member: member.name.clone(),
            problem: problem.to_owned(),
        }
    }
}

fn below<'a>(name: &'a str, folder: &str) -> Option<&'a str> {
    name.strip_prefix(folder)?.strip_prefix('/')
}

fn origin(member: &WheelMember, scheme: Scheme) -> HazardOrigin<'_> {
    HazardOrigin { member: &member.name, scheme }
}

fn is_shared_object(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.ends_with(".so") || base.contains(".so.")
}

fn plain(path: String, member: &WheelMember) -> PlannedFile {
    PlannedFile::new(path, 0o644, FileRole::Plain, member_content(member))
}

fn member_content(member: &WheelMember) -> Content {
    Content::Member(ArchiveMember::of_source(&member.name))
}
