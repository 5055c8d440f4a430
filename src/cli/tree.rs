//! `pypi2pkg tree`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::{
    base::report::print_result,
    cli::failure::Failure,
    python::artifact::ProjectName,
    resolve::{Pin, RequiredBy, Resolution},
};

use super::{arguments::ProjectArguments, session};

/// Show the dependency tree
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg tree -r requirements.txt --target debian-12")]
pub(super) struct TreeArguments {
    #[command(flatten)]
    arguments: ProjectArguments,
    /// The deepest level to show
    #[arg(long, value_name = "NUMBER")]
    depth: Option<usize>,
}

impl TreeArguments {
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let context = session::open(&self.arguments, self.arguments.options(), verbosity)?;
        let (index, requested) = context.index()?;
        let resolution = context.resolve(&index, &requested.requirements)?;
        print_result(drawn(&resolution, self.depth.unwrap_or(usize::MAX)).trim_end());
        Ok(0)
    }
}

/// A project in the tree, and the requirement on it.
type TreeBranch<'r> = (&'r Pin, &'r str);

/// Draws the tree of a resolution: a line for each project with the requirement on it. The
/// dependencies of a project are drawn once; later lines of it are marked with `(*)`.
fn drawn(resolution: &Resolution, depth: usize) -> String {
    let mut roots: BTreeMap<&ProjectName, TreeBranch<'_>> = BTreeMap::new();
    let mut below: BTreeMap<&ProjectName, Vec<TreeBranch<'_>>> = BTreeMap::new();
    for pin in resolution.pins.values() {
        for reason in &pin.required_by {
            match reason {
                RequiredBy::Root { requirement, .. } => {
                    roots.entry(&pin.project).or_insert((pin, requirement));
                }
                RequiredBy::Project { name, requirement, .. } => {
                    below.entry(name).or_default().push((pin, requirement));
                }
            }
        }
    }
    let mut drawing = TreeDrawing { below, seen: BTreeSet::new(), text: String::new(), depth };
    for branch in roots.into_values() {
        drawing.draw(branch, 0);
    }
    drawing.text
}

struct TreeDrawing<'r> {
    below: BTreeMap<&'r ProjectName, Vec<TreeBranch<'r>>>,
    seen: BTreeSet<&'r ProjectName>,
    text: String,
    depth: usize,
}

impl<'r> TreeDrawing<'r> {
    fn draw(&mut self, (pin, requirement): TreeBranch<'r>, level: usize) {
        if level > self.depth {
            return;
        }
        let branches = self.below.get(&pin.project).cloned().unwrap_or_default();
        let is_new = self.seen.insert(&pin.project);
        let mark = if is_new || branches.is_empty() { "" } else { " (*)" };
        let indent = "  ".repeat(level);
        let line = format!("{indent}{} {} [{requirement}]{mark}\n", pin.project, pin.version);
        self.text.push_str(&line);
        if is_new {
            for branch in branches {
                self.draw(branch, level + 1);
            }
        }
    }
}
