//! Running the interpreter.

use std::path::{Path, PathBuf};

use crate::{
    base::process::{Command, CommandRunner, Sandbox, which},
    distro::targets::Target,
    plan::{Content, FileRole, PackagePlan, PlannedFile},
    wheels::Interpreter,
};

use super::{ByteCode, ByteCodeError, interpreter::Confinement, store};

/// The oldest Python whose `compileall` compiles several levels and writes final paths.
const OLDEST: (u32, u32) = (3, 9);

/// What tells who an interpreter is: a line that names its byte code, then its exact version.
const IDENTIFY: &str = "import sys; print(sys.implementation.cache_tag, sys.version)";

/// A CPython of the target's version on this machine.
pub struct Compiler<'a> {
    interpreter: Interpreter,
    /// As people call it, and specs.
    program: PathBuf,
    /// Such as `cpython-313`.
    tag: String,
    identity: String,
    confinement: Confinement,
    runner: &'a dyn CommandRunner,
}

impl<'a> Compiler<'a> {
    /// The first interpreter of the target's version in `path` that starts and that a sandbox, where
    /// there is one, reaches. There is none for targets whose packages bring no byte code.
    pub fn find(
        target: &Target,
        path: &[PathBuf],
        sandbox: Option<&Sandbox>,
        runner: &'a dyn CommandRunner,
    ) -> Option<Self> {
        let (major, minor) = target.python.version;
        if !target.layout.byte_code || target.python.version < OLDEST {
            return None;
        }
        let tag = format!("cpython-{major}{minor}");
        let programs = path.iter().filter_map(|folder| {
            which(&format!("python{major}.{minor}"), std::slice::from_ref(folder))
        });
        programs.into_iter().find_map(|program| {
            let command = Command::new(&program, Path::new("/"));
            let command = command.argument("-I").argument("-c").argument(IDENTIFY);
            let output = runner.run(&command).ok()?;
            let identity = String::from_utf8(output.stdout).ok()?;
            let fits = output.status == 0 && identity.split(' ').next() == Some(&tag);
            let interpreter = fits.then(|| Interpreter::at(&program, runner)).flatten()?;
            let confinement = Confinement::new(sandbox, path);
            let is_reached = sandbox.is_none_or(|sandbox| sandbox.reaches(&interpreter.program));
            let tag = tag.clone();
            is_reached.then(|| Self { interpreter, program, tag, identity, confinement, runner })
        })
    }

    /// Compiles the modules of a plan, adds what came of it to the plan's files, and tells where it
    /// is. What was compiled before is taken from `cache`.
    ///
    /// # Errors
    /// The wheel cannot be read, the cache not written, or the interpreter fails.
    pub fn compile(
        &self,
        plan: &mut PackagePlan,
        target: &Target,
        wheel: &Path,
        cache: &Path,
    ) -> Result<ByteCode, ByteCodeError> {
        let modules: Vec<PlannedFile> =
            plan.files.iter().filter(|file| is_module(file, target)).cloned().collect();
        let folder = store::compiled(plan, wheel, &modules, &self.identity, cache, |root| {
            self.compile_in(root, &modules, target)
        })?;
        for PlannedFile { path: module, .. } in modules {
            let path = compiled_path(&module, &self.tag);
            let optimised = compiled_path(&module, &format!("{}.opt-1", self.tag));
            // Without the one there is no other: the module is not a Python for this interpreter.
            let Some(bytes) = store::read(&folder, &path)? else { continue };
            let other = store::read(&folder, &optimised)?.map(|other| {
                if other == bytes {
                    Content::HardLink(path.clone())
                } else {
                    Content::ByteCode { module: module.clone() }
                }
            });
            plan.files.push(compiled(path, Content::ByteCode { module }));
            plan.files.extend(other.map(|content| compiled(optimised, content)));
        }
        plan.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(ByteCode { folder, interpreter: self.program.clone() })
    }

    /// Compiles all below the site folders of `root` as specs do: the arguments are the same there,
    /// but for what is said of modules that cannot be compiled.
    fn compile_in(
        &self,
        root: &Path,
        modules: &[PlannedFile],
        target: &Target,
    ) -> Result<(), ByteCodeError> {
        let files: Vec<String> = modules
            .iter()
            .flat_map(|PlannedFile { path, .. }| {
                let optimised = format!("{}.opt-1", self.tag);
                [compiled_path(path, &self.tag), compiled_path(path, &optimised)]
            })
            .collect();
        let seen = self.confinement.root(root).display().to_string();
        // Where the clock is stood for, hashes would be written in place of times.
        let options = "-s -B -m compileall -q -f -o 0 -o 1 --hardlink-dupes --invalidation-mode \
                       timestamp -s";
        let options = options.split(' ').map(str::to_owned);
        let mut arguments: Vec<String> =
            options.chain([seen.clone(), "-p".to_owned(), "/".to_owned()]).collect();
        let python = &target.python;
        for site in [&python.purelib, &python.platlib] {
            let folder = format!("{seen}{site}");
            if root.join(site.trim_start_matches('/')).is_dir() && !arguments.contains(&folder) {
                arguments.push(folder);
            }
        }
        self.confinement.run(&self.interpreter, &arguments, root, &files, self.runner)
    }
}

fn compiled(path: String, content: Content) -> PlannedFile {
    PlannedFile::new(path, 0o644, FileRole::Plain, content)
}

fn is_module(file: &PlannedFile, target: &Target) -> bool {
    let python = &target.python;
    let is_inside = |site: &String| {
        file.path.strip_prefix(site.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    file.path.ends_with(".py") && (is_inside(&python.purelib) || is_inside(&python.platlib))
}

/// `a/b.py` → `a/__pycache__/b.cpython-313.pyc`. Source: PEP 3147.
fn compiled_path(module: &str, tag: &str) -> String {
    let (folder, name) = module.rsplit_once('/').unwrap_or(("", module));
    let stem = name.strip_suffix(".py").unwrap_or(name);
    format!("{folder}/__pycache__/{stem}.{tag}.pyc")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::process::{Output, RecordingRunner},
        distro::targets::Targets,
    };

    #[test]
    fn compiled_files_lie_in_a_folder_beside() {
        assert_eq!(
            compiled_path("/usr/lib/a/b.c.py", "cpython-313.opt-1"),
            "/usr/lib/a/__pycache__/b.c.cpython-313.opt-1.pyc"
        );
    }

    #[test]
    fn an_interpreter_has_to_start_and_to_be_the_targets() {
        let folder = tempfile::tempdir().unwrap();
        let path: Vec<PathBuf> = ["a", "b"].map(|name| folder.path().join(name)).to_vec();
        for folder in &path {
            std::fs::create_dir(folder).unwrap();
            let program = folder.join("python3.9");
            std::fs::write(&program, "").unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(&program, mode).unwrap();
        }
        let answering = |first: &'static str, status: i32| {
            RecordingRunner::new(move |command| {
                let is_first = command.program.parent().unwrap().ends_with("a");
                let said = if is_first { first } else { "cpython-39 3.9.2" };
                let status = if is_first { status } else { 0 };
                let said = if command.arguments.last().is_some_and(|last| last == IDENTIFY) {
                    said.to_owned()
                } else {
                    what_it_is(&command.program)
                };
                Ok(Output { stdout: said.into(), status, ..Output::default() })
            })
        };
        let target = |name: &str| Targets::embedded().load(name, None, None).unwrap();
        let found = |name, runner: &RecordingRunner| {
            Compiler::find(&target(name), &path, None, runner).map(|found| found.program)
        };
        let cases = [
            ("cpython-39 3.9.1", 0, "el9", Some("a/python3.9")),
            ("cpython-39 3.9.1", 1, "el9", Some("b/python3.9")),
            ("pypy39 3.9.1", 0, "el9", Some("b/python3.9")),
            ("cpython-39 3.9.1", 0, "fedora-43", None),
            // Debian's packages compile when they are installed.
            ("cpython-39 3.9.1", 0, "debian-12", None),
        ];
        for (first, status, name, wanted) in cases {
            let wanted = wanted.map(|wanted| folder.path().join(wanted));
            assert_eq!(found(name, &answering(first, status)), wanted, "{first} {status} {name}");
        }
    }

    /// What an interpreter says of itself.
    fn what_it_is(program: &Path) -> String {
        let markers: serde_json::Map<_, _> = [
            "implementation_name",
            "os_name",
            "platform_machine",
            "platform_python_implementation",
            "platform_release",
            "platform_system",
            "platform_version",
            "sys_platform",
        ]
        .into_iter()
        .map(|key| (key.to_owned(), "x".into()))
        .chain(
            ["implementation_version", "python_full_version", "python_version"]
                .map(|key| (key.to_owned(), "3.9".into())),
        )
        .collect();
        serde_json::json!({
            "program": program, "prefix": "/usr", "version": [3, 9], "glibc": [2, 34],
            "markers": markers,
        })
        .to_string()
    }
}
