//! Recipes that are in folders: generated again of the plans that they hold, or built as they are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use url::Url;

use crate::{
    collection::{FailureRecord, RootRequest, Stage, Why},
    index::Index,
    plan::PackagePlan,
    python::artifact::FileKind,
    recipe::{Additions, Provenance, RecipeFolder},
    settings::ByteCodePolicy,
    wheels::bytecode::Compiler,
};

use super::{
    BuildOutcome, BuildingIndex, Context, Package, PackageFiles, PipelineError, Prepared,
    RecipeAuthor,
    builder::BuilderNeeds,
    byte_code::compiler,
    collect::{CollectionTools, Destination},
    prepare::{complete, sorted_out},
    release::Keys,
    render::Ready,
};

/// A recipe and what is generated of its plan now.
pub struct Regenerated {
    pub folder: RecipeFolder,
    pub provenance: Provenance,
    pub package: Package,
}

impl Context {
    /// Generates recipes again, each of its own plan and what the user adds to it.
    ///
    /// # Errors
    /// A recipe that cannot be read. One whose file cannot be obtained is among the failures.
    pub fn regenerate(
        &self,
        index: &BuildingIndex<'_>,
        folders: &[RecipeFolder],
    ) -> Result<(Vec<Regenerated>, Vec<FailureRecord>), PipelineError> {
        let words = self.words()?;
        let mut read = Vec::new();
        for folder in folders {
            read.push((folder, Provenance::read(folder.path())?, folder.plan()?));
        }
        let brings = |(_, provenance, _): &(_, Provenance, _)| provenance.byte_code;
        let needs_compiler = read.iter().any(brings);
        let compiler = if needs_compiler { compiler(self)? } else { None };
        if needs_compiler && compiler.is_none() && self.settings().bytecode != ByteCodePolicy::None
        {
            let (major, minor) = self.target().python.version;
            return Err(PipelineError::NoCompiler { major, minor });
        }
        let mut rest = BTreeMap::new();
        for (folder, provenance, plan) in &read {
            rest.insert(plan.project.clone(), ((*folder).clone(), provenance.clone()));
        }
        let ready = read
            .into_par_iter()
            .map(|(folder, provenance, plan)| {
                let compiler = compiler.as_ref().filter(|_| provenance.byte_code);
                self.again(index, folder, plan, compiler)
            })
            .collect();
        let (ready, mut failures) = sorted_out(ready);
        let (packages, failed) = self.render(ready, &words)?;
        failures.extend(failed);
        let regenerated = packages.into_iter().filter_map(|package| {
            let (folder, provenance) = rest.remove(&package.plan.project)?;
            Some(Regenerated { folder, provenance, package })
        });
        Ok((regenerated.collect(), failures))
    }

    fn again(
        &self,
        index: &BuildingIndex<'_>,
        folder: &RecipeFolder,
        plan: PackagePlan,
        compiler: Option<&Compiler<'_>>,
    ) -> Result<Ready, FailureRecord> {
        let fail = |error: &dyn std::error::Error| {
            FailureRecord::new(&plan.project, &plan.release, Stage::Fetch, error)
        };
        let (source, wheel) = self.source_of(index, folder, &plan).map_err(|e| fail(&e))?;
        let from_source = plan.from_source.clone();
        let further = Vec::new();
        let further_wheels = Vec::new();
        let material =
            PackageFiles { wheel, further_wheels, source, from_source, byte_code: None, further };
        complete(self, compiler, plan, material)
    }

    /// The file that a plan names, and what is packed of it: a wheel itself, what a recipe builds
    /// itself, or the wheel that an sdist is built into.
    fn source_of(
        &self,
        index: &BuildingIndex<'_>,
        folder: &RecipeFolder,
        plan: &PackagePlan,
    ) -> Result<(PathBuf, PathBuf), PipelineError> {
        let source = &plan.source;
        let address = Url::parse(&source.url).ok().filter(|url| url.scheme().starts_with("http"));
        let kind = FileKind::parse(&source.filename, Some(&plan.project)).ok();
        let is_packed = plan.from_source.is_none();
        let is_wheel = matches!(kind, Some(FileKind::Wheel(_)));
        if let Some(url) = address.filter(|_| is_wheel || !is_packed) {
            let path = index.download(&url, &source.hashes)?.0;
            return Ok((path.clone(), path));
        }
        let files = index.project(&plan.project)?;
        let known = files.iter().flat_map(|found| &found.files);
        let file = known.into_iter().find(|file| file.filename == source.filename);
        let mut file = file.cloned().ok_or_else(|| PipelineError::NoSource {
            folder: folder.path().to_owned(),
            file: source.filename.clone(),
        })?;
        file.hashes = source.hashes.clone();
        let path = index.download(&file.url, &file.hashes)?.0;
        match file.kind {
            FileKind::Sdist(_) if is_packed => {
                let wheel = index.wheel_of(&file, &path)?;
                Ok((path, wheel))
            }
            _ => Ok((path.clone(), path)),
        }
    }

    /// Builds recipes as they are in their folders.
    ///
    /// # Errors
    /// A merge that is not settled, additions that the recipe does not have yet, and what stops
    /// every build.
    pub fn build_recipes(
        &self,
        index: &BuildingIndex<'_>,
        folders: &[RecipeFolder],
        output: &Path,
    ) -> Result<BuildOutcome, PipelineError> {
        let words = self.words()?;
        let collection = self.collection(output, &*words.format)?;
        let signer = self.signer(&collection)?;
        for folder in folders {
            refuse_unready(folder)?;
        }
        let (regenerated, failures) = self.regenerate(index, folders)?;
        let mut packages = Vec::new();
        let mut requested = Vec::new();
        for Regenerated { folder, provenance, mut package } in regenerated {
            // What is generated now may be worded otherwise; what was reviewed is built.
            package.recipe = folder.recipe()?;
            package.made = if folder.state()?.edited.is_empty() {
                RecipeAuthor::Earlier
            } else {
                RecipeAuthor::Edited
            };
            requested.push((package.plan.project.clone(), folder, provenance.requested));
            packages.push(package);
        }
        let prepared = Prepared { packages, failures, distribution: Vec::new() };
        let why = |package: &Package| {
            let mut why = Why::default();
            let own = requested.iter().find(|(project, ..)| *project == package.plan.project);
            if let Some((_, folder, requirements)) = own {
                let origin = folder.path().display().to_string();
                why.requested.extend(requirements.iter().map(|requirement| RootRequest {
                    requirement: requirement.as_str().into(),
                    origin: origin.as_str().into(),
                }));
            }
            why
        };
        let own = prepared.packages.iter().map(|package| (&package.plan, &package.material));
        let needs = BuilderNeeds::of(own);
        let builder = self.builder(&*words.format, &needs)?;
        let destination = Destination { collection: &collection, signer: signer.as_ref() };
        let tools = CollectionTools { renderer: &words, builder: &builder };
        self.collect(destination, tools, prepared, &Keys::new(), &why)
    }
}

/// A recipe must say what its person last decided.
fn refuse_unready(folder: &RecipeFolder) -> Result<(), PipelineError> {
    let conflicts = folder.state()?.conflicts;
    if !conflicts.is_empty() {
        let folder = folder.path().to_owned();
        return Err(PipelineError::Unmerged { folder, files: conflicts });
    }
    let additions = Additions::read(folder.path()).map_err(crate::recipe::RecipeError::from)?;
    if additions.digest() == Provenance::read(folder.path())?.additions {
        Ok(())
    } else {
        Err(PipelineError::Outdated { folder: folder.path().to_owned() })
    }
}
