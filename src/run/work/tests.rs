//! Workers that fail, and packages that need no work.

use std::{path::Path, sync::Mutex};

use super::*;
use crate::{
    collection::{Collection, Outcome},
    distro::targets::Targets,
    format::{
        build::{
            BuildError, BuildJob, Builder, BuiltPackage,
            testing::{Sample, SilentReporter},
        },
        rpm::build::EmbeddedRpm,
    },
    run::{Package, RecipeAuthor},
};

/// Keeps what it hears.
#[derive(Default)]
struct Keen(Mutex<Vec<String>>);

impl Reporter for Keen {
    fn event(&self, event: Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

/// Fails for one version, and leaves a file behind.
struct Moody;

impl Builder for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn identity(&self) -> Result<String, BuildError> {
        Ok("moody 1".to_owned())
    }

    fn build(
        &self,
        job: &BuildJob<'_>,
        folder: &Path,
        reporter: &dyn Reporter,
    ) -> Result<BuiltPackage, BuildError> {
        std::fs::write(folder.join("file"), "").unwrap();
        match job.native.version.as_str() {
            "3" => Err(BuildError::Format { format: "moody".to_owned() }),
            _ => EmbeddedRpm.build(job, folder, reporter),
        }
    }
}

/// Samples of the versions 0 to 5.
fn samples() -> Vec<Sample> {
    let sample = |number: usize| {
        let mut sample = Sample::rpm();
        sample.native.version = number.to_string();
        sample
    };
    (0..6).map(sample).collect()
}

/// The package of a sample on its way through a run.
fn package(sample: &Sample) -> Package {
    Package {
        plan: sample.plan.clone(),
        planned: None,
        native: sample.native.clone(),
        recipe: sample.recipe.clone(),
        material: PackageFiles {
            wheel: sample.wheel.clone(),
            further_wheels: Vec::new(),
            source: sample.wheel.clone(),
            from_source: None,
            byte_code: None,
            further: Vec::new(),
        },
        made: RecipeAuthor::Now,
    }
}

fn workshop<'w>(format: &'w dyn Format, folder: &'w Path) -> WorkTools<'w> {
    WorkTools { builder: &Moody, format, folder }
}

#[test]
fn one_failure_sinks_no_other_and_what_was_built_is_not_built_again() {
    let (samples, folder) = (samples(), tempfile::tempdir().unwrap());
    let packages: Vec<Package> = samples.iter().map(package).collect();
    let target = Targets::embedded().load("fedora-43", None, None).unwrap();
    let collection = Collection::open(folder.path(), &target).unwrap();
    let run = |wanted: &str| {
        let (staging, keen) = (collection.staging().unwrap(), Keen::default());
        let item = |package: &Package| package.item(None, "moody 1").unwrap();
        let items: Vec<(Item, &PackageFiles)> =
            packages.iter().map(|package| (item(package), &package.material)).collect();
        let (records, format) = (collection.records(), collection.formats().of("rpm").unwrap());
        let done = work(&items, &workshop(format, staging.path()), &records, 3, &keen).unwrap();
        assert_eq!(std::fs::read_dir(staging.path()).unwrap().count(), 0);
        let heard = keen.0.into_inner().unwrap();
        assert!(heard.last().unwrap().contains(wanted), "{heard:?}");
        for (at, done) in done.iter().enumerate() {
            match &done.record.outcome {
                Outcome::Built(built) => assert_eq!(built.entry.evr.version, at.to_string()),
                Outcome::Failed(failure) => {
                    assert_eq!(at, 3);
                    assert!(failure.cause.as_str().contains("`moody`"));
                }
            }
        }
        done.iter().map(|done| done.is_new).collect::<Vec<_>>()
    };
    assert_eq!(run("5 of 6 packages built"), [true; 6]);
    let failed_only = [false, false, false, true, false, false];
    assert_eq!(run("0 of 6 packages built, 5 unchanged"), failed_only);
}

#[test]
fn no_packages_are_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let target = Targets::embedded().load("fedora-43", None, None).unwrap();
    let collection = Collection::open(folder.path(), &target).unwrap();
    let (records, format) = (collection.records(), collection.formats().of("rpm").unwrap());
    let workshop = workshop(format, Path::new("/nowhere"));
    assert!(work(&[], &workshop, &records, 4, &SilentReporter).unwrap().is_empty());
}

#[test]
fn whatever_a_package_is_made_of_counts() {
    let digest = |sample: &Sample, builder: &str| package(sample).item(None, builder).unwrap().key;
    let mut sample = Sample::rpm();
    let mut seen = vec![digest(&sample, "one"), digest(&sample, "two")];
    assert_eq!(digest(&Sample::rpm(), "one"), seen[0]);
    sample.plan.time += 1;
    seen.push(digest(&sample, "one"));
    sample.native.compression = "none".to_owned();
    seen.push(digest(&sample, "one"));
    sample.recipe.files.values_mut().next().unwrap().text.push('#');
    seen.push(digest(&sample, "one"));
    sample.plan.source.built_wheel = Some("sample-1.0-py3-none-any.whl".to_owned());
    seen.push(digest(&sample, "one"));
    std::fs::write(&sample.wheel, "another").unwrap();
    seen.push(digest(&sample, "one"));
    let unlike: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!(unlike.len(), seen.len());
}

#[test]
fn items_are_read_as_they_were_written() {
    let item = package(&Sample::rpm()).item(Some("key"), "one").unwrap();
    let text = serde_json::to_string(&item).unwrap();
    assert_eq!(serde_json::from_str::<Item>(&text).unwrap(), item);
}
