//! Workers that fail, and packages that need no work.

use std::{path::Path, sync::Mutex};

use super::*;
use crate::{
    collection::{Collection, Outcome},
    distro::targets::Targets,
    format::{
        build::{
            BuildError, BuildJob, Builder, BuiltPackage,
            testing::{Deaf, Sample},
        },
        rpm::build::EmbeddedRpm,
    },
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

fn items(samples: &[Sample]) -> Vec<Item<'_>> {
    let item = |sample: &'_ Sample| -> String { inputs(&sample.job(), "moody 1").unwrap() };
    samples.iter().map(|sample| Item { job: sample.job(), inputs: item(sample) }).collect()
}

#[test]
fn one_failure_sinks_no_other_and_what_was_built_is_not_built_again() {
    let (samples, folder) = (samples(), tempfile::tempdir().unwrap());
    let target = Targets::embedded().load("fedora-43", None, None).unwrap();
    let collection = Collection::open(folder.path(), &target).unwrap();
    let run = |wanted: &str| {
        let (staging, keen) = (collection.staging().unwrap(), Keen::default());
        let (records, format) = (collection.records(), collection.formats().of("rpm").unwrap());
        let done =
            work(&items(&samples), (&Moody, format), &records, staging.path(), 3, &keen).unwrap();
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
    assert!(
        work(&[], (&Moody, format), &records, Path::new("/nowhere"), 4, &Deaf).unwrap().is_empty()
    );
}

#[test]
fn whatever_a_package_is_made_of_counts() {
    let digest = |sample: &Sample, builder: &str| inputs(&sample.job(), builder).unwrap();
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
