use std::path::PathBuf;

use crate::{
    base::process::{Output, RecordingRunner},
    format::{
        build::{Builder, testing::Sample},
        deb::{build::EmbeddedDeb, dpkg_deb::DpkgDeb},
        rpm::{build::EmbeddedRpm, rpmbuild::RpmBuild},
    },
};

fn message(sample: &Sample, builder: &dyn Builder) -> String {
    sample.build(builder).unwrap_err().to_string()
}

#[test]
fn a_failing_tool_is_quoted_at_its_end() {
    let runner = RecordingRunner::new(|_| {
        let stderr =
            b"+ cd BUILD\nerror: line 3: bad\n\nRPM build errors:\n    line 3: bad\n".to_vec();
        Ok(Output { status: 1, stderr, ..Output::default() })
    });
    assert_eq!(
        message(&Sample::rpm(), &RpmBuild::new(&runner, PathBuf::from("/usr/bin/rpmbuild"))),
        "`rpmbuild` failed for `python3-sample` with status 1: error: line 3: bad"
    );
}

#[test]
fn rpmbuild_sees_nothing_of_this_machine() {
    let runner = RecordingRunner::new(|_| Ok(Output { status: 1, ..Output::default() }));
    let builder = RpmBuild::new(&runner, PathBuf::from("/usr/bin/rpmbuild"));
    Sample::rpm().build(&builder).unwrap_err();
    let command = &runner.commands()[0];
    let names: Vec<&str> = command.environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["PATH", "LC_ALL", "TZ", "HOME", "SOURCE_DATE_EPOCH"]);
    let line = command.line();
    for wanted in [
        "'_rpmformat 4'",
        "'_binary_payload w3.zstdio'",
        "'_buildhost localhost'",
        "'use_source_date_epoch_as_buildtime 1'",
        "'clamp_mtime_to_source_date_epoch 1'",
    ] {
        assert!(line.contains(wanted), "{line}");
    }
}

#[test]
fn a_tool_that_writes_nothing_is_noticed() {
    let runner = RecordingRunner::new(|_| Ok(Output::default()));
    let rpm = message(&Sample::rpm(), &RpmBuild::new(&runner, PathBuf::from("/usr/bin/rpmbuild")));
    assert!(rpm.starts_with("`python3-sample-1.0-1.fc43.noarch.rpm` was built damaged: "), "{rpm}");
    let deb = message(&Sample::deb(), &DpkgDeb::new(&runner, PathBuf::from("/usr/bin/dpkg-deb")));
    assert!(deb.starts_with("`python3-sample_1.0-1_all.deb` was built damaged: "), "{deb}");
}

#[test]
fn a_package_of_another_version_is_refused() {
    let mut sample = Sample::deb();
    sample.native.version = "2.0".to_owned();
    assert_eq!(
        message(&sample, &EmbeddedDeb),
        "`python3-sample_1.0-1_all.deb` was built with the version `1.0-1`, \
         but `2.0-1` was planned"
    );
}

#[test]
fn bad_jobs_say_what_is_wrong() {
    let mut sample = Sample::rpm();
    sample.native.compression = "lzip:9".to_owned();
    assert_eq!(
        message(&sample, &EmbeddedRpm),
        "the compression `lzip:9` is not one of zstd:1-22, xz:0-9, gzip:1-9, these without a level, and none"
    );
    let mut sample = Sample::rpm();
    sample.native.relations[0].text = "a b".to_owned();
    assert_eq!(
        message(&sample, &EmbeddedRpm),
        "cannot write the relation `a b` of `python3-sample`: \
         expected a name, or a name, an operator and a version"
    );
    let mut sample = Sample::rpm();
    sample.plan.time = -1;
    assert_eq!(
        message(&sample, &EmbeddedRpm),
        "cannot build `python3-sample`: the time -1 does not fit into a package"
    );
    let mut sample = Sample::deb();
    sample.recipe.files.remove("DEBIAN/control");
    assert_eq!(
        message(&sample, &EmbeddedDeb),
        "the recipe of `python3-sample` has no file `DEBIAN/control`"
    );
    let mut sample = Sample::rpm();
    sample.recipe.files.clear();
    let builder = RecordingRunner::new(|_| Ok(Output::default()));
    assert_eq!(
        message(&sample, &RpmBuild::new(&builder, PathBuf::from("rpmbuild"))),
        "the recipe of `python3-sample` has no file `*.spec`"
    );
}

#[test]
fn dpkg_deb_is_not_given_files_of_other_users() {
    let runner = RecordingRunner::new(|_| Ok(Output::default()));
    let sample = Sample::deb().with_a_second_wheel();
    let said = message(&sample, &DpkgDeb::new(&runner, PathBuf::from("/usr/bin/dpkg-deb")));
    assert!(said.contains("`/opt/sample/other.py` belongs to `games`"), "{said}");
    assert!(runner.commands().is_empty());
}
