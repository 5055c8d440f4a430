//! Where the files of a wheel go.
//! Source: PyPA binary distribution format, "Installing a wheel"; FHS 3.0.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    plan::{Content, FileRole, LeftOut, PlannedFile},
    source::{Member, Wheel},
    target::{LicencePlace, Target},
    text::OneLine,
};

use super::{PlanError, Policy, hazards};

/// Top-level folders that some wheels install by mistake; two such wheels conflict.
/// Source: dh-python's pybuild checks, Fedora's `%pyproject_save_files`.
const STRAY_FOLDERS: [&str; 9] =
    ["build", "debian", "dist", "doc", "docs", "src", "target", "test", "tests"];

/// The members of `.dist-info` that describe an installation by pip, which ours is not.
const INSTALLER_FILES: [&str; 6] =
    ["RECORD", "RECORD.jws", "RECORD.p7s", "REQUESTED", "INSTALLER", "direct_url.json"];

/// The installed files of a wheel and what was left out.
pub struct Layout {
    pub files: Vec<PlannedFile>,
    /// Sorted.
    pub left_out: Vec<LeftOut>,
}

/// Maps every member of the wheel to its installed path.
pub fn lay_out(
    wheel: &Wheel,
    package: &str,
    target: &Target,
    policy: &Policy,
) -> Result<Layout, PlanError> {
    let mut placer = Placer {
        wheel,
        package,
        target,
        policy,
        shebangs: wheel.shebangs.iter().map(|(m, l)| (m.as_str(), l.as_str())).collect(),
        files: BTreeMap::new(),
        left_out: BTreeSet::new(),
    };
    for member in &wheel.members {
        placer.place(member)?;
    }
    let installer = format!("{}/{}/INSTALLER", placer.site(), wheel.dist_info);
    placer.add(PlannedFile {
        path: installer,
        mode: 0o644,
        role: FileRole::Plain,
        content: Content::Text(format!("{}\n", target.layout.installer)),
    })?;
    Ok(Layout {
        files: placer.files.into_values().collect(),
        left_out: placer.left_out.into_iter().collect(),
    })
}

struct Placer<'a> {
    wheel: &'a Wheel,
    /// The package's name.
    package: &'a str,
    target: &'a Target,
    policy: &'a Policy,
    shebangs: BTreeMap<&'a str, &'a str>,
    files: BTreeMap<String, PlannedFile>,
    left_out: BTreeSet<LeftOut>,
}

impl<'a> Placer<'a> {
    fn site(&self) -> &'a str {
        let python = &self.target.python;
        if self.wheel.root_is_purelib { &python.purelib } else { &python.platlib }
    }

    fn place(&mut self, member: &Member) -> Result<(), PlanError> {
        let wheel = self.wheel;
        let name = member.name.as_str();
        if let Some(inside) = below(name, &wheel.dist_info) {
            return self.place_dist_info(member, inside);
        }
        if let Some(inside) = below(name, &wheel.data) {
            return self.place_data(member, inside);
        }
        self.place_module(member, self.site(), name)
    }

    fn place_dist_info(&mut self, member: &Member, inside: &str) -> Result<(), PlanError> {
        let layout = &self.target.layout;
        if INSTALLER_FILES.contains(&inside) || layout.left_out.iter().any(|file| file == inside) {
            self.leave_out(&member.name, "describes an installation by pip");
            return Ok(());
        }
        let is_licence = self.wheel.licence_texts.iter().any(|(file, _)| *file == member.name);
        let role = match (is_licence, layout.licences) {
            (true, LicencePlace::Copyright) => {
                self.leave_out(&member.name, "is in the copyright file");
                return Ok(());
            }
            (true, _) => FileRole::Licence,
            (false, _) => FileRole::Plain,
        };
        let path = match (is_licence, layout.licences) {
            (true, LicencePlace::Share) => {
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
        self.add(PlannedFile { path, mode: 0o644, role, content: member_content(member) })
    }

    /// The `.data` folder: one sub-folder for each installation scheme.
    fn place_data(&mut self, member: &Member, inside: &str) -> Result<(), PlanError> {
        let python = &self.target.python;
        let Some((scheme, rest)) = inside.split_once('/') else {
            return Err(self.refuse(member, "lies in no installation scheme"));
        };
        match scheme {
            "purelib" => self.place_module(member, &python.purelib, rest),
            "platlib" => self.place_module(member, &python.platlib, rest),
            "scripts" => self.place_script(member, rest),
            "headers" => {
                let path = format!("{}/{}/{rest}", python.include, self.wheel.metadata.raw_name);
                self.add(plain(path, member))
            }
            "data" => self.place_prefixed(member, rest),
            _ => Err(self.refuse(member, "belongs to an unknown installation scheme")),
        }
    }

    fn place_module(&mut self, member: &Member, site: &str, inside: &str) -> Result<(), PlanError> {
        if inside.ends_with(".pyc") || inside.ends_with(".pyo") {
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
        // In a tree of its own only the collection's own commands run it.
        if self.target.isolation.is_none() {
            hazards::check_module(self.wheel, inside, self.policy)?;
        }
        let path = format!("{site}/{inside}");
        let is_native = self.wheel.elf.iter().any(|elf| elf.member == member.name);
        let (mode, content) = match self.shebangs.get(member.name.as_str()) {
            _ if is_native && is_shared_object(inside) => {
                (self.target.layout.extension_mode, member_content(member))
            }
            _ if is_native => (0o755, member_content(member)),
            // A module that is never started keeps its lines, but not its first one.
            Some(_) if !member.executable => {
                (0o644, Content::Script { member: member.name.clone(), shebang: String::new() })
            }
            Some(line) => (0o755, self.script(member, line)),
            None => (0o644, member_content(member)),
        };
        self.add(PlannedFile { path, mode, role: FileRole::Plain, content })
    }

    fn place_script(&mut self, member: &Member, inside: &str) -> Result<(), PlanError> {
        if inside.contains('/') || !hazards::is_command_name(inside) {
            return Err(self.refuse(member, "has a name that no command may have"));
        }
        if hazards::is_reserved_command(inside) {
            self.leave_out(&member.name, "is a command that belongs to the system");
            return Ok(());
        }
        let line = self.shebangs.get(member.name.as_str()).copied();
        let content = line.map_or_else(|| member_content(member), |line| self.script(member, line));
        let path = self.target.command_path(inside);
        self.add(PlannedFile { path, mode: 0o755, role: FileRole::Plain, content })
    }

    /// A script with the interpreter that the target wants; others than Python keep theirs.
    fn script(&self, member: &Member, line: &str) -> Content {
        if line.contains("python") {
            let shebang = match &self.target.isolation {
                // A script of its own has to be told where the modules are.
                Some(_) => format!(
                    "#!/usr/bin/env -S PYTHONPATH={} {}",
                    self.target.python.purelib, self.target.python.interpreter
                ),
                None => self.target.shebang(),
            };
            Content::Script { member: member.name.clone(), shebang }
        } else if let Some(program) = line.strip_prefix("#!/usr/bin/env ") {
            let program = program.split_whitespace().next().unwrap_or("sh");
            let shebang = format!("#!/usr/bin/{program}");
            Content::Script { member: member.name.clone(), shebang }
        } else {
            member_content(member)
        }
    }

    /// A file of the `data` scheme, which begins at the prefix; `etc` belongs to the root.
    fn place_prefixed(&mut self, member: &Member, inside: &str) -> Result<(), PlanError> {
        let prefix = &self.target.python.data;
        let is_isolated = self.target.isolation.is_some();
        let (path, role) = match inside.strip_prefix("etc/") {
            Some(rest) if is_isolated => (format!("{prefix}/etc/{rest}"), FileRole::Configuration),
            Some(rest) => (format!("/etc/{rest}"), FileRole::Configuration),
            None => (format!("{prefix}/{inside}"), FileRole::Plain),
        };
        if !is_isolated && !hazards::is_allowed_destination(&path, prefix, self.policy) {
            return Err(self.refuse(member, &format!("would be installed as `{path}`")));
        }
        let is_manual = path.starts_with(&format!("{prefix}/share/man/"));
        let role = if is_manual { FileRole::Documentation } else { role };
        if is_manual && self.target.layout.compressed_manuals && !path.ends_with(".gz") {
            let (path, content) = (format!("{path}.gz"), Content::Compressed(member.name.clone()));
            return self.add(PlannedFile { path, mode: 0o644, role, content });
        }
        self.add(PlannedFile { path, mode: 0o644, role, content: member_content(member) })
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

    fn refuse(&self, member: &Member, problem: &str) -> PlanError {
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

fn is_shared_object(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.ends_with(".so") || base.contains(".so.")
}

fn plain(path: String, member: &Member) -> PlannedFile {
    PlannedFile { path, mode: 0o644, role: FileRole::Plain, content: member_content(member) }
}

fn member_content(member: &Member) -> Content {
    Content::Member(member.name.clone())
}
