//! What a system package must not do, though a virtual environment would contain it: one check of
//! the path that a file is installed at, whatever brought it there.
//!
//! The lists behind it are data (`data/paths/`).

mod folders;
mod own;
mod reserved;
mod startup;
#[cfg(test)]
mod tests;

use crate::{
    distro::targets::Target,
    wheels::{PathFile, Wheel},
};

use super::{
    CommandPaths, FileRules, Misplaced, PlanError, Policy, commands::ManualPage, rules::lies_in,
};

pub(super) use own::OwnNames;

use reserved::Reserved;

/// The endings of folders and files that describe an installed project.
/// Source: importlib.metadata, and rpm's `pythondistdeps`, which makes relations of them.
const DESCRIPTIONS: [&str; 4] = [".dist-info", ".egg-info", ".egg", ".egg-link"];

/// What brings a file to its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// The wheel's root, which is one of the folders of modules.
    Root,
    /// A folder of modules by its name.
    Library,
    Scripts,
    Headers,
    Data,
}

/// A file's member in the wheel and what brings it to its path.
#[derive(Debug, Clone, Copy)]
pub(super) struct HazardOrigin<'m> {
    pub member: &'m str,
    pub scheme: Scheme,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Install,
    /// It is left out for that reason.
    LeaveOut(&'static str),
}

/// The check for the files of one wheel.
pub(super) struct Hazards<'a> {
    pub wheel: &'a Wheel,
    pub target: &'a Target,
    pub policy: &'a Policy,
    pub own: OwnNames<'a>,
    pub commands: CommandPaths<'a>,
}

/// Why a command is left out that the distribution has.
pub const SYSTEM_COMMAND: &str = "is a command that belongs to the system";
/// Why the manual page of such a command is left out.
pub(super) const SYSTEM_PAGE: &str = "is the manual page of a command that belongs to the system";

/// Why a command is left out; nothing where it is not. `path` is where it would be installed.
pub(super) fn command_problem(
    path: &str,
    target: &Target,
    policy: &Policy,
    rules: &FileRules,
) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if !is_command_name(name) {
        return Some("has a name that no command may have");
    }
    let mut allowed = policy.allowed_paths.iter().chain(&rules.allow_paths);
    if target.isolation.is_some() || allowed.any(|allowed| allowed == path) {
        return None;
    }
    let (major, minor) = target.python.version;
    let plain = name.strip_suffix(&format!("-{major}.{minor}"));
    let mut names = plain.into_iter().chain([name]);
    names.any(is_reserved_command).then_some(SYSTEM_COMMAND)
}

/// Whether a command belongs to the system, or looks like one that does.
pub(super) fn is_reserved_command(name: &str) -> bool {
    Reserved::embedded().has_command(name)
}

/// Whether a command's name is one that the shell, rpm and dpkg take without quoting.
pub(super) fn is_command_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !name.ends_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

impl Hazards<'_> {
    /// What becomes of a file that would be installed at `path`.
    ///
    /// # Errors
    /// A path that a wheel's file must not have, and code that would run in every Python process.
    pub(super) fn judge(&self, origin: HazardOrigin<'_>, path: &str) -> Result<Verdict, PlanError> {
        let (folder, _) = path.rsplit_once('/').unwrap_or_default();
        let is_command = is_command_folder(folder) || folder == self.target.python.scripts;
        if is_command
            && let Some(reason) = command_problem(path, self.target, self.policy, self.rules())
        {
            return if self.rules().is_destination(path) {
                Err(self.misplaced(origin, path, "the place of a command of the system"))
            } else {
                Ok(Verdict::LeaveOut(reason))
            };
        }
        // In a tree of its own only the collection's own commands run what is there.
        if self.target.isolation.is_some() {
            return Ok(Verdict::Install);
        }
        if let Some((is_targets, inside)) = self.site(path) {
            let verdict = self.judge_module(origin, inside)?;
            if verdict != Verdict::Install {
                return Ok(verdict);
            }
            let is_own = is_targets && self.may_have(origin.scheme, inside);
            return if is_own || self.is_allowed(path) {
                Ok(Verdict::Install)
            } else {
                Err(self.misplaced(origin, path, "a folder of other modules"))
            };
        }
        let is_scripts = folder == self.target.python.scripts;
        if is_scripts || self.is_allowed(path) {
            return Ok(Verdict::Install);
        }
        let page = ManualPage::of(path, &self.target.python.data);
        if page.is_some_and(|page| page.is_of_command() && is_reserved_command(page.name)) {
            return Ok(Verdict::LeaveOut(SYSTEM_PAGE));
        }
        if folders::is_harmless(path, &self.target.python, &self.own) {
            return Ok(self.judge_completions(origin.member, path));
        }
        Err(self.misplaced(origin, path, "a folder that is not the project's own"))
    }

    /// The part of a path below a folder of modules, and whether that is one of the target's.
    fn site<'p>(&self, path: &'p str) -> Option<(bool, &'p str)> {
        let python = &self.target.python;
        let below = |site: &String| path.strip_prefix(site.as_str())?.strip_prefix('/');
        let targets = [&python.purelib, &python.platlib].into_iter().find_map(below);
        targets.map(|inside| (true, inside)).or_else(|| {
            let folders = ["/site-packages/", "/dist-packages/"].into_iter();
            let (before, inside) = folders.filter_map(|name| path.split_once(name)).next()?;
            let (_, python) = before.rsplit_once('/')?;
            python.starts_with("python").then_some((false, inside))
        })
    }

    /// Whether a scheme may put a file into the target's folders of modules: data only beside the
    /// wheel's own modules.
    fn may_have(&self, scheme: Scheme, inside: &str) -> bool {
        let (top, _) = inside.split_once('/').unwrap_or((inside, ""));
        scheme != Scheme::Data || self.own.modules.contains(own::module_name(top))
    }

    fn judge_module(&self, origin: HazardOrigin<'_>, inside: &str) -> Result<Verdict, PlanError> {
        let (top, rest) = inside.split_once('/').unwrap_or((inside, ""));
        let lower = top.to_ascii_lowercase();
        let is_own = origin.scheme == Scheme::Root && top == self.wheel.dist_info;
        if !is_own && let Some(ending) = DESCRIPTIONS.iter().find(|e| lower.ends_with(**e)) {
            let stem = &lower[..lower.len() - ending.len()];
            let name = stem.split('-').next().unwrap_or(stem);
            let project: &str = self.wheel.metadata.name.as_ref();
            if *ending == ".egg-info" && reserved::normalised(name) == project {
                return Ok(Verdict::LeaveOut("describes another kind of installation"));
            }
            return Err(PlanError::Member {
                file: self.wheel.filename.clone(),
                member: origin.member.to_owned(),
                problem: "would describe an installed project beside the wheel's own".to_owned(),
            });
        }
        let file = Some(origin.member).filter(|_| rest.is_empty());
        let path_file = file
            .and_then(|member| self.wheel.path_files.iter().find(|known| known.member == member));
        if path_file.is_some_and(|file| self.only_declares_namespaces(file)) {
            return Ok(Verdict::LeaveOut(
                "declares namespaces, which Python has since 3.3 without it",
            ));
        }
        let is_harmless = path_file
            .is_some_and(|file| startup::is_harmless(&self.wheel.metadata.name, top, file));
        let problem = startup::problem(top, path_file, &self.own).or_else(|| self.added(inside));
        let is_allowed =
            is_harmless || self.policy.allow_startup_code || self.rules().allow_startup_code;
        match problem.filter(|_| !is_allowed) {
            None => Ok(Verdict::Install),
            Some(problem) => Err(PlanError::StartupCode {
                project: self.wheel.metadata.name.clone(),
                file: self.wheel.filename.clone(),
                member: origin.member.to_owned(),
                problem,
            }),
        }
    }

    /// Whether a `*.pth` file does nothing but declare namespaces whose folders have no code of their own
    /// in the wheel: a folder without `__init__.py` is a namespace already (PEP 420). Distributions leave
    /// such files out, too: Fedora's and Debian's Python policies have one folder for all parts.
    fn only_declares_namespaces(&self, file: &PathFile) -> bool {
        let has_code = |package: &String| {
            let module = format!("{}/__init__.py", package.replace('.', "/"));
            self.own.has_file(&module)
        };
        !file.runs_code
            && file.folders.is_empty()
            && !file.packages.is_empty()
            && !file.packages.iter().any(has_code)
    }

    /// Why a file runs in every process whose folder the wheel itself adds to the module path.
    fn added(&self, inside: &str) -> Option<&'static str> {
        let folders = self.wheel.path_files.iter().flat_map(|file: &PathFile| &file.folders);
        let mut below = folders.filter_map(|folder| inside.strip_prefix(folder)?.strip_prefix('/'));
        let top = |path: &str| path.split('/').next().is_some_and(startup::is_imported);
        below.any(top).then_some("which every Python process imports when it starts")
    }

    /// A file of completions for zsh is used for the commands that its first line names: they have to
    /// be the package's own. Source: zsh manual, "Completion System", "Autoloaded files".
    fn judge_completions(&self, member: &str, path: &str) -> Verdict {
        if !path.starts_with(&format!("{}/share/zsh/", self.target.python.data)) {
            return Verdict::Install;
        }
        let line = self.wheel.completions.iter().find(|(known, _)| known == member);
        let mut words = line.map_or("", |(_, line)| line).split_ascii_whitespace();
        let is_mark = words.next() == Some("#compdef");
        if is_mark && words.all(|word| self.own.commands.contains(word)) {
            Verdict::Install
        } else {
            Verdict::LeaveOut("completes commands that are not the package's own")
        }
    }

    /// Whether the user allows a path: it, or a folder that it is in.
    fn is_allowed(&self, path: &str) -> bool {
        let rules = self.rules();
        let mut allowed = self.policy.allowed_paths.iter().chain(&rules.allow_paths);
        let is_free = || is_free(path) || folders::is_known(path, &self.target.python);
        let is_moved = rules.is_destination(path) && is_free();
        is_moved || allowed.any(|allowed| lies_in(path, allowed))
    }

    /// What is decided about the project's files.
    pub(super) fn rules(&self) -> &FileRules {
        self.policy.rules(&self.wheel.metadata.name)
    }

    fn misplaced(&self, origin: HazardOrigin<'_>, path: &str, place: &str) -> PlanError {
        let parts: Vec<&str> = path.split('/').collect();
        let folder = match parts[..] {
            ["", "etc", folder, _, ..] | ["", "usr", "share" | "include", folder, _, ..] => folder,
            _ => "",
        };
        let place = Reserved::embedded().folder(folder).map_or_else(
            || place.to_owned(),
            |source| format!("a folder that is not the project's own: {source} has it, too"),
        );
        PlanError::Destination(Box::new(Misplaced {
            project: self.wheel.metadata.name.clone(),
            file: self.wheel.filename.clone(),
            member: origin.member.to_owned(),
            path: path.to_owned(),
            place,
            others: Vec::new(),
        }))
    }
}

/// Whether a path to which the user moves a file is in a folder that the system does not have.
fn is_free(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let folder = match parts[..] {
        ["", "usr", "share" | "lib" | "lib64" | "libexec" | "include", folder, _, ..]
        | ["", "var", "lib", folder, _, ..]
        | ["", "etc" | "opt", folder, _, ..] => folder,
        _ => return path.rsplit_once('/').is_some_and(|(folder, _)| is_command_folder(folder)),
    };
    !folder.starts_with("python") && Reserved::embedded().folder(folder).is_none()
}

/// Whether shells look for commands in a folder.
pub(super) fn is_command_folder(folder: &str) -> bool {
    let inside = ["/usr/local/", "/usr/", "/"].iter().find_map(|root| folder.strip_prefix(root));
    matches!(inside, Some("bin" | "sbin" | "games"))
}
