//! The local Python interpreter that builds sdists.

use std::path::{Path, PathBuf};

use pep508_rs::MarkerEnvironment;
use serde::Deserialize;

use crate::{
    base::process::{Command, CommandRunner, Sandbox, which},
    distro::targets::compatible_tags,
    python::artifact::Tags,
};

/// Makes an interpreter describe itself.
const QUESTION: &str = include_str!("interpreter.py");
/// The folder of the system's own programs, visible in every sandbox.
const SYSTEM: &str = "/usr/";
/// The folders of another installation that a build needs.
const PARTS: [&str; 4] = ["bin", "include", "lib", "lib64"];

/// A working interpreter.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// Its real path.
    pub program: PathBuf,
    /// Its installation prefix.
    pub prefix: PathBuf,
    /// Major and minor version.
    pub version: (u32, u32),
    pub markers: MarkerEnvironment,
    pub tags: Tags,
}

#[derive(Deserialize)]
struct InterpreterAnswer {
    program: PathBuf,
    prefix: PathBuf,
    version: (u32, u32),
    glibc: (u32, u32),
    markers: MarkerEnvironment,
}

impl Interpreter {
    /// Returns the first interpreter in `path` of the wanted version, else the first of any; with a
    /// sandbox, only those accessible to its code.
    pub fn find(
        version: (u32, u32),
        path: &[PathBuf],
        sandbox: Option<&Sandbox>,
        runner: &dyn CommandRunner,
    ) -> Option<Self> {
        let names = [format!("python{}.{}", version.0, version.1), "python3".to_owned()];
        let candidates = names.iter().flat_map(|name| {
            path.iter().filter_map(|folder| which(name, std::slice::from_ref(folder)))
        });
        let mut answers = candidates.filter_map(|program| Self::at(&program, runner));
        answers.find(|found| sandbox.is_none_or(|sandbox| sandbox.reaches(&found.program)))
    }

    /// Returns an interpreter's description of itself; `None` if it does not start.
    pub fn at(program: &Path, runner: &dyn CommandRunner) -> Option<Self> {
        let command = Command::new(program, Path::new("/"));
        let command = command.argument("-I").argument("-S").argument("-c").argument(QUESTION);
        let output = runner.run(&command).ok().filter(|output| output.status == 0)?;
        let answer: InterpreterAnswer = serde_json::from_slice(&output.stdout).ok()?;
        let machine = answer.markers.platform_machine().to_owned();
        Some(Self {
            program: answer.program,
            prefix: answer.prefix,
            version: answer.version,
            tags: compatible_tags(answer.version, answer.glibc, &machine),
            markers: answer.markers,
        })
    }

    /// Returns the folders that a sandbox has to show for the interpreter to start.
    pub fn folders(&self) -> Vec<PathBuf> {
        if self.prefix.starts_with(SYSTEM) || self.prefix == Path::new("/usr") {
            Vec::new()
        } else {
            PARTS.iter().map(|part| self.prefix.join(part)).filter(|f| f.is_dir()).collect()
        }
    }
}
