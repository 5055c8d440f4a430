//! `pypi2pkg templates install` and `remove`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    base::report::print_result,
    cli::failure::{Failure, USAGE},
    recipe::template::{NewPack, remove},
    settings::ProcessEnvironment,
};

use super::{TemplateSearch, check::complain};

/// Install a pack for this user
#[derive(Debug, Args)]
pub(super) struct TemplateInstallArguments {
    /// A pack's folder, or its archive (.tar.gz)
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

/// Remove an installed pack
#[derive(Debug, Args)]
pub(super) struct TemplateRemoveArguments {
    name: String,
}

impl TemplateInstallArguments {
    pub(super) fn run(self, search: &TemplateSearch) -> Result<u8, Failure> {
        let folder = user_folder()?;
        let (targets, packs) = (search.targets()?, search.packs()?);
        let new_pack = NewPack::read(&self.path, &packs)?;
        complain(&new_pack.check(&folder, &targets.names(), &packs))?;
        print_result(&new_pack.install(&folder, &packs)?.display().to_string());
        Ok(0)
    }
}

impl TemplateRemoveArguments {
    pub(super) fn run(self, search: &TemplateSearch) -> Result<u8, Failure> {
        print_result(&remove(&user_folder()?, &self.name, &search.packs()?)?.display().to_string());
        Ok(0)
    }
}

fn user_folder() -> Result<PathBuf, Failure> {
    ProcessEnvironment::of_process().user_templates().ok_or_else(|| Failure {
        status: USAGE,
        message: "there is no folder for packs: neither `XDG_DATA_HOME` nor `HOME` is set"
            .to_owned(),
        hint: Some("name the pack's folder with `--templates`".to_owned()),
    })
}
