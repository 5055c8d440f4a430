//! A package on its way through the stages.

use std::{fs, path::PathBuf};

use sha2::{Digest, Sha256};

use super::{
    context::TargetFormat,
    work::{self, Item, ItemFiles},
};
use crate::{
    base::files::FileError,
    format::Native,
    plan::{PackagePlan, Recipe, SourceBuild, SourceFile},
    recipe::template::Pack,
    wheels::{built_digest, bytecode::ByteCode},
};

/// Which recipes packages of sdists get. Those of wheels have only one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecipeStyle {
    /// What packs the wheel that was built of the sdist.
    #[default]
    Packed,
    /// What builds the sdist in the target's own idiom, where it has one.
    Native,
}

/// A format and its templates.
pub struct Renderer<'f> {
    pub format: TargetFormat<'f>,
    /// For packages of wheels, and for those that are built of sdists.
    pub(super) packs: (Pack, Pack),
}

impl Renderer<'_> {
    /// The templates of a plan's recipe.
    pub fn pack(&self, plan: &PackagePlan) -> &Pack {
        if plan.from_source.is_some() { &self.packs.1 } else { &self.packs.0 }
    }

    /// Returns the digests of both packs' files.
    pub(super) fn digests(&self) -> (String, String) {
        (self.packs.0.digest().to_owned(), self.packs.1.digest().to_owned())
    }
}

/// A planned and rendered package.
#[derive(Debug, Clone)]
pub struct Package {
    pub plan: PackagePlan,
    /// The plan as it was before the user's additions, where there are any.
    pub planned: Option<Box<PackagePlan>>,
    pub native: Native,
    pub recipe: Recipe,
    pub material: PackageFiles,
    /// Who made the recipe.
    pub made: RecipeAuthor,
}

/// What a package is built from.
#[derive(Debug, Clone)]
pub struct PackageFiles {
    /// The verified wheel.
    pub wheel: PathBuf,
    /// The verified wheels of the plan's further archives, in their order.
    pub further_wheels: Vec<PathBuf>,
    /// The file that was fetched: the wheel itself, or its sdist.
    pub source: PathBuf,
    /// How the sdist is built in the target's idiom.
    pub from_source: Option<SourceBuild>,
    pub byte_code: Option<ByteCode>,
    /// Further files that the recipe takes as sources.
    pub further: Vec<PathBuf>,
}

/// How a recipe came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipeAuthor {
    /// Generated in this run.
    Now,
    /// Generated in an earlier run: its release is the one that was reviewed.
    Earlier,
    /// The user changed what was generated, or wrote it.
    Edited,
}

impl Package {
    /// Returns the package as an item to work on. Without a key, all that it is built from makes one;
    /// `builder` identifies what builds it.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn item(&self, key: Option<&str>, builder: &str) -> Result<Item, FileError> {
        let Self { plan, native, recipe, material, .. } = self;
        let files = material.digests(&plan.source)?;
        let key = match key {
            Some(key) => key.to_owned(),
            None => work::key((plan, native, recipe), &files, builder),
        };
        Ok(Item {
            schema: work::SCHEMA,
            key,
            plan: plan.clone(),
            native: native.clone(),
            recipe: recipe.clone(),
            own_recipe: self.made == RecipeAuthor::Edited,
            files,
        })
    }
}

impl PackageFiles {
    /// Returns the digests of the wheel, the byte code and the further sources.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn digests(&self, source: &SourceFile) -> Result<ItemFiles, FileError> {
        let wheel =
            built_digest(source, &self.wheel).map_err(FileError::at("read", &self.wheel))?;
        let byte_code = self.byte_code.as_ref().and_then(|code| code.folder.file_name());
        let byte_code = byte_code.map(|name| name.to_string_lossy().into_owned());
        let mut further = Vec::new();
        for path in &self.further {
            let bytes = fs::read(path).map_err(FileError::at("read", path))?;
            further.push(hex::encode(Sha256::digest(bytes)));
        }
        Ok(ItemFiles { wheel, byte_code, further })
    }
}
