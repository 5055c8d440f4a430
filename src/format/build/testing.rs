//! A small wheel with its plan, native words and recipe, for the tests of every builder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{BuildError, BuildJob, Builder, Preference};
use crate::{
    base::{
        process::{Command, CommandRunner, HostRunner, Limits, Sandbox},
        report::{Event, Reporter},
    },
    format::named,
    format::{Changelog, Native, NativeRelation},
    plan::{
        ArchiveMember, Content, FileRole, PackageArchitecture, PackagePlan, PlannedFile, Recipe,
        RecipeFile, SCHEMA, relation::Strength,
    },
    support::{
        pack::{Member, pack},
        tools::tool,
    },
};

/// 14 November 2023, 22:13:20.
pub(crate) const TIME: i64 = 1_700_000_000;
const SITE: &str = "/usr/lib/python3.13/site-packages";
const DIST_INFO: &str = "sample-1.0.dist-info";

/// Hears nothing.
pub(crate) struct SilentReporter;

impl Reporter for SilentReporter {
    fn event(&self, _event: Event<'_>) {}
}

/// A job with all that it refers to.
pub(crate) struct Sample {
    pub(crate) plan: PackagePlan,
    pub(crate) native: Native,
    pub(crate) recipe: Recipe,
    pub(crate) wheel: PathBuf,
    further_wheels: Vec<PathBuf>,
    folder: TempDir,
}

impl Sample {
    /// A package for rpm.
    pub(crate) fn rpm() -> Self {
        let native =
            Native { filename: "python3-sample-1.0-1.fc43.noarch.rpm".to_owned(), ..native() };
        let spec = include_str!("../../../tests/data/build/python3-sample.spec");
        Self::new("rpm", native, &[("python3-sample.spec", spec, false)])
    }

    /// A package for Debian.
    pub(crate) fn deb() -> Self {
        let native = Native {
            release: "1".to_owned(),
            architecture: "all".to_owned(),
            filename: "python3-sample_1.0-1_all.deb".to_owned(),
            relations: vec![NativeRelation {
                strength: Strength::Requires,
                text: "python3".to_owned(),
                origin: String::new(),
            }],
            ..native()
        };
        let files = [
            ("DEBIAN/control", include_str!("../../../tests/data/build/control"), false),
            ("DEBIAN/conffiles", "/etc/sample/sample.conf\n", false),
            ("DEBIAN/postinst", "#!/bin/sh\nset -e\n", true),
            ("changelog.Debian", "python3-sample (1.0-1) trixie; urgency=medium\n", false),
        ];
        let mut sample = Self::new("deb", native, &files);
        sample.plan.files.push(PlannedFile::new(
            "/usr/share/doc/python3-sample/changelog.Debian.gz".to_owned(),
            0o644,
            FileRole::Documentation,
            Content::Rendered { file: "changelog.Debian".to_owned(), gzip: true },
        ));
        sample
    }

    fn new(format: &str, native: Native, recipe: &[(&str, &str, bool)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("sample-1.0-py3-none-any.whl");
        write_wheel(&wheel);
        let files = recipe.iter().map(|(path, text, executable)| {
            ((*path).to_owned(), RecipeFile { text: (*text).to_owned(), executable: *executable })
        });
        Self {
            plan: plan(format),
            native,
            recipe: Recipe { files: files.collect() },
            wheel,
            further_wheels: Vec::new(),
            folder,
        }
    }

    /// Adds `/opt/sample/other.py`, a member of a second wheel, which belongs to `games:daemon`.
    pub(crate) fn with_a_second_wheel(mut self) -> Self {
        let wheel = self.folder.path().join("other-2.0-py3-none-any.whl");
        let member = Member::new("other.py".to_owned(), "OTHER = 2\n");
        pack(&wheel, "other-2.0.dist-info", [member]);
        self.further_wheels.push(wheel);
        self.plan.further_archives.push(self.plan.source.clone());
        let owner = r#"{"user": "games", "group": "daemon"}"#;
        let content = Content::Member(ArchiveMember { archive: 1, path: "other.py".to_owned() });
        self.plan.files.push(PlannedFile {
            owner: serde_json::from_str(owner).unwrap(),
            ..PlannedFile::new("/opt/sample/other.py", 0o640, FileRole::Plain, content)
        });
        self.plan.files.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    pub(crate) fn job(&self) -> BuildJob<'_> {
        BuildJob {
            plan: &self.plan,
            native: &self.native,
            recipe: &self.recipe,
            wheel: &self.wheel,
            further_wheels: &self.further_wheels,
            source: &self.wheel,
            sources: &[],
            own_recipe: false,
            byte_code: None,
        }
    }

    /// Builds the sample in a new folder and gives the package's bytes; nothing else may be left.
    pub(crate) fn build(&self, builder: &dyn Builder) -> Result<Vec<u8>, BuildError> {
        let folder = tempfile::tempdir().unwrap();
        let package = builder.build(&self.job(), folder.path(), &SilentReporter)?;
        let left: Vec<PathBuf> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [folder.path().join(&self.native.filename)]);
        assert_eq!(left, [package.path]);
        Ok(fs::read(&left[0]).unwrap())
    }
}

/// What a tool prints about a package, which it finds under `filename` in its working folder.
pub(crate) fn output(tool: &Path, arguments: &[&str], filename: &str, package: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(filename), package).unwrap();
    let mut command = Command::new(tool, folder.path());
    for argument in arguments {
        command = command.argument(argument);
    }
    let output = HostRunner.run(&command).unwrap();
    assert_eq!(output.status, 0, "{}\n{}", command.line(), output.reason(9));
    output.stdout
}

/// The same as text.
pub(crate) fn query(tool: &Path, arguments: &[&str], filename: &str, package: &[u8]) -> String {
    String::from_utf8(output(tool, arguments, filename, package)).unwrap()
}

/// The system's builder for a format, where its tool is installed.
pub(crate) fn system_builder(format: &str, tool_name: &str) -> Option<Box<dyn Builder>> {
    let folder = tool(tool_name)?.parent().unwrap().to_owned();
    let path: &'static [PathBuf] = Vec::leak(vec![folder]);
    let tools = super::BuildTools::new(&HostRunner, path);
    Some(named(format).unwrap().builder(&tools, Preference::System).unwrap().builder)
}

/// The system's builder as it is, and confined.
pub(crate) fn both_ways(
    format: &str,
    tool_name: &str,
) -> Option<(Box<dyn Builder>, Box<dyn Builder>)> {
    let open = system_builder(format, tool_name)?;
    tool("bwrap")?;
    let path: &'static [PathBuf] = Vec::leak(vec![PathBuf::from("/usr/bin")]);
    let sandbox = Sandbox::probe(path, Limits::default(), &HostRunner).unwrap();
    let sandbox: &'static Sandbox = Box::leak(sandbox.into());
    let tools = super::BuildTools::new(&HostRunner, path).within(Ok(Some(sandbox)));
    Some((open, named(format).unwrap().builder(&tools, Preference::System).unwrap().builder))
}

fn members() -> Vec<(String, &'static str)> {
    let long = "a_folder_whose_name_is_so_long_that_the_path_does_not_fit_into_a_tar_header/x.py";
    vec![
        ("sample/__init__.py".to_owned(), "VALUE = 1\n"),
        (format!("sample/{long}"), "LONG = 1\n"),
        ("sample/sub-1.txt".to_owned(), "one\n"),
        ("sample/sub/data.txt".to_owned(), "two\n"),
        ("single.py".to_owned(), ""),
        (format!("{DIST_INFO}/METADATA"), "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n"),
        (
            format!("{DIST_INFO}/WHEEL"),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (format!("{DIST_INFO}/licenses/LICENSE"), "Do as you like.\n"),
    ]
}

fn write_wheel(path: &Path) {
    let members = members().into_iter().map(|(name, text)| Member::new(name, text));
    pack(path, DIST_INFO, members);
}

fn plan(format: &str) -> PackagePlan {
    let file = |path: &str, mode: u32, role: FileRole, content: Content| {
        PlannedFile::new(path.to_owned(), mode, role, content)
    };
    let mut files = vec![
        file(
            "/etc/sample/sample.conf",
            0o644,
            FileRole::Configuration,
            Content::Text("a = 1\n".to_owned()),
        ),
        file(
            "/usr/bin/sample",
            0o755,
            FileRole::Plain,
            Content::Text("#!/usr/bin/python3\n".to_owned()),
        ),
        file(
            "/usr/share/man/man1/sample.1",
            0o644,
            FileRole::Plain,
            Content::Text(".TH SAMPLE 1\n".to_owned()),
        ),
    ];
    for (name, _) in members() {
        let role = if name.contains("licenses/") { FileRole::Licence } else { FileRole::Plain };
        files.push(file(
            &format!("{SITE}/{name}"),
            0o644,
            role,
            Content::Member(ArchiveMember::of_source(name)),
        ));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut plan: PackagePlan =
        serde_json::from_str(include_str!("../../../tests/data/build/plan.json")).unwrap();
    assert_eq!((plan.schema, plan.time), (SCHEMA, TIME));
    assert_eq!(plan.architecture, PackageArchitecture::Independent);
    plan.format = format.to_owned();
    plan.files = files;
    plan
}

fn native() -> Native {
    let relation = |strength: Strength, text: &str| NativeRelation {
        strength,
        text: text.to_owned(),
        origin: String::new(),
    };
    Native {
        name: "python3-sample".to_owned(),
        epoch: None,
        version: "1.0".to_owned(),
        release: "1.fc43".to_owned(),
        architecture: "noarch".to_owned(),
        summary: "A sample".to_owned(),
        description: "Line one\nand line two.".to_owned(),
        licence: "MIT".to_owned(),
        homepage: Some("https://sample.example/".to_owned()),
        packager: "Pat <pat@sample.example>".to_owned(),
        words: serde_json::Map::new(),
        own_names: vec!["python3-sample".to_owned()],
        relations: vec![
            relation(Strength::Requires, "python(abi) = 3.13"),
            relation(
                Strength::Requires,
                "(python3.13dist(idna) >= 2.5 with python3.13dist(idna) < 4~~)",
            ),
            relation(Strength::Requires, "python3.13dist(six) >= 1.0~rc1"),
            relation(Strength::Requires, "python3.13dist(six) >= 1.0~rc1"),
            relation(Strength::Recommends, "python3-more"),
            relation(Strength::Suggests, "python3-most"),
            relation(Strength::Provides, "python3.13dist(sample) = 1"),
            relation(Strength::Conflicts, "python3-other < 2^post1"),
            relation(Strength::Replaces, "python3-older < 1"),
        ],
        filename: String::new(),
        compression: "zstd:3".to_owned(),
        changelog: Changelog {
            time: TIME,
            author: "Pat <pat@sample.example>".to_owned(),
            version: "1.0-1".to_owned(),
            line: "Packaged from the wheel".to_owned(),
        },
        source: None,
    }
}
