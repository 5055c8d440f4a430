//! `pypi2pkg templates context`.

use clap::Args;

use crate::{
    failure::{Failure, USAGE},
    format,
    report::print_result,
    target::{Target, Targets},
    template::builtin,
};

use super::{super::session::targets, Search};

/// Print what the templates of a pack may refer to, for a project that has a little of everything
#[derive(Debug, Args)]
#[command(after_help = "Example:
  pypi2pkg templates context rpm --target el9")]
pub struct Context {
    /// A built-in pack
    pack: String,
    /// The distribution (default: the first one that has such recipes)
    #[arg(short, long, value_name = "NAME")]
    target: Option<String>,
    /// Another of the target's Pythons, such as 3.12
    #[arg(long, value_name = "VERSION", requires = "target")]
    python: Option<String>,
}

impl Context {
    pub fn run(self, search: Search) -> Result<u8, Failure> {
        builtin(&self.pack, "pack.toml")?;
        let targets = targets(search.configuration()?.targets.as_deref())?;
        let target = match &self.target {
            Some(name) => targets.load(name, self.python.as_deref(), None)?,
            None => first(&self.pack, &targets)?,
        };
        let context = format::sample(&self.pack, &target)?;
        print_result(&serde_json::to_string_pretty(&context).unwrap_or_default());
        Ok(0)
    }
}

/// The first target that has recipes of a pack.
fn first(pack: &str, targets: &Targets) -> Result<Target, Failure> {
    for name in targets.names() {
        let target = targets.load(name, None, None)?;
        if format::named(&target.format).is_ok_and(|format| {
            format.name() == pack
                || (format.source_pack() == pack && target.source_recipe.is_some())
        }) {
            return Ok(target);
        }
    }
    Err(Failure {
        status: USAGE,
        message: format!("no target has recipes of `{pack}`"),
        hint: Some("name another pack".to_owned()),
    })
}
