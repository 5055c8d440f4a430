//! Scenarios of `tests/data/resolve/*.toml` against an index folder.

use std::{collections::BTreeMap, fs, path::Path, sync::Mutex};

use flate2::{Compression, write::GzEncoder};
use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::{
    index::{self, IndexSettings, Logins, Sources},
    python::{
        artifact::{Hashes, Tag, project_name},
        metadata::parse_requirement,
        requirements::{RequirementOrigin, RootRequirement},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Scenario {
    release: Vec<TestRelease>,
    case: Vec<ResolveCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TestRelease {
    project: String,
    version: String,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    extras: Vec<String>,
    requires_python: Option<String>,
    /// Whether only the metadata tell it, not the page.
    #[serde(default)]
    hides_python: bool,
    yanked: Option<String>,
    /// Seconds since 1970.
    uploaded: Option<i64>,
    /// Without any: a wheel for every platform.
    #[serde(default)]
    files: Vec<String>,
    /// Whether an sdist does not tell its requirements.
    #[serde(default)]
    dynamic: bool,
    /// Whether its metadata are none.
    #[serde(default)]
    broken: bool,
    /// What the page says in place of `requires-python`.
    page_python: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ResolveCase {
    name: String,
    request: Vec<String>,
    #[serde(default)]
    constraints: Vec<String>,
    /// A hash, which then is that of the first root.
    hash: Option<String>,
    #[serde(default)]
    pre: bool,
    #[serde(default)]
    prefer_binary: bool,
    source: Option<String>,
    resolution: Option<String>,
    exclude_newer: Option<i64>,
    #[serde(default)]
    no_deps: bool,
    #[serde(default)]
    exclude: Vec<String>,
    /// `PROJECT==VERSION` of an earlier resolution.
    #[serde(default)]
    preferred: Vec<String>,
    /// `PROJECT==VERSION` of every pin, or the name of its file.
    #[serde(default)]
    expected: Vec<String>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// Writes an index folder: a page for each project, and its files with their metadata.
fn write_index(folder: &Path, releases: &[TestRelease]) {
    let mut pages: BTreeMap<ProjectName, Vec<Value>> = BTreeMap::new();
    for release in releases {
        let (project, version) = (&release.project, &release.version);
        let default = format!("{}-{version}-py3-none-any.whl", project.replace('-', "_"));
        let names = if release.files.is_empty() { &vec![default] } else { &release.files };
        for filename in names {
            write_file(folder, release, filename);
            let files = pages.entry(project_name(project).unwrap()).or_default();
            files.push(listed(release, filename));
        }
    }
    for (project, files) in pages {
        let page = json!({"meta": {"api-version": "1.1"}, "name": project, "files": files});
        fs::create_dir_all(folder.join(project.as_ref())).unwrap();
        fs::write(folder.join(project.as_ref()).join("index.json"), page.to_string()).unwrap();
    }
}

fn listed(release: &TestRelease, filename: &str) -> Value {
    let python = release.requires_python.as_ref().filter(|_| !release.hides_python);
    let time = release.uploaded.map(|time| jiff::Timestamp::from_second(time).unwrap().to_string());
    json!({
        "filename": filename,
        "url": format!("../{filename}"),
        "hashes": {"sha256": format!("{:0>64}", hex::encode(&release.version))},
        "requires-python": release.page_python.as_ref().or(python),
        "yanked": release.yanked.as_ref().map_or(json!(false), |reason| json!(reason)),
        "upload-time": time,
    })
}

/// A wheel's metadata are beside it, an sdist's in it.
fn write_file(folder: &Path, release: &TestRelease, filename: &str) {
    let mut text =
        format!("Metadata-Version: 2.2\nName: {}\nVersion: {}\n", release.project, release.version);
    let lists = [("Requires-Dist", &release.requires), ("Provides-Extra", &release.extras)];
    for (field, values) in lists {
        text.extend(values.iter().map(|value| format!("{field}: {value}\n")));
    }
    if let Some(python) = &release.requires_python {
        text += &format!("Requires-Python: {python}\n");
    }
    if release.broken {
        text = "no metadata".to_owned();
    }
    if filename.ends_with(".whl") {
        fs::write(folder.join(filename), "").unwrap();
        fs::write(folder.join(format!("{filename}.metadata")), text).unwrap();
        return;
    }
    if release.dynamic {
        text += "Dynamic: Requires-Dist\n";
    }
    let file = fs::File::create(folder.join(filename)).unwrap();
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let member = format!("{}-{}/PKG-INFO", release.project, release.version);
    archive.append_data(&mut header, member, text.as_bytes()).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

/// The index in a folder.
fn open(folder: &Path) -> Box<dyn Index> {
    let sources = Sources { indexes: vec![folder.display().to_string()], ..Sources::default() };
    let settings = IndexSettings::new(folder.join("cache"));
    index::open(&sources, Logins::default(), &settings).unwrap()
}

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Reporter for Warnings {
    fn event(&self, event: Event<'_>) {
        if let Event::Warning(text) = event {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }
}

fn environment() -> Environment {
    let markers = MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: "3.11.2",
        os_name: "posix",
        platform_machine: "x86_64",
        platform_python_implementation: "CPython",
        platform_release: "6.1.0",
        platform_system: "Linux",
        platform_version: "#1 SMP",
        python_full_version: "3.11.2",
        python_version: "3.11",
        sys_platform: "linux",
    });
    let tags = [
        ("cp311", "cp311", "manylinux_2_36_x86_64"),
        ("cp311", "cp311", "manylinux_2_17_x86_64"),
        ("py3", "none", "any"),
    ];
    Environment {
        markers: markers.unwrap(),
        tags: Tags::new(tags.map(|(python, abi, os)| Tag::new(python, abi, os)).to_vec()),
        python: "3.11.2".parse().unwrap(),
    }
}

fn roots(texts: &[String], path: &str) -> Vec<RootRequirement> {
    let root = |(line, text): (usize, &String)| RootRequirement {
        requirement: parse_requirement(text).unwrap(),
        origin: RequirementOrigin::File { path: path.into(), line },
        hashes: Vec::new(),
        direct: None,
        config_settings: BTreeMap::new(),
    };
    (1..).zip(texts).map(root).collect()
}

fn requirements(case: &ResolveCase) -> Requirements {
    let mut requirements = Requirements {
        roots: roots(&case.request, "req.txt"),
        constraints: roots(&case.constraints, "limits.txt"),
        ..Requirements::default()
    };
    requirements.options.prefer_binary = case.prefer_binary;
    requirements.options.all_releases.all = case.pre;
    if let Some(hash) = &case.hash {
        requirements.options.require_hashes = true;
        requirements.roots[0].hashes.push(Hashes::parse(&format!("sha256={hash:0>64}")).unwrap());
    }
    requirements
}

fn check(index: &dyn Index, case: &ResolveCase) -> Result<(), String> {
    let source = match case.source.as_deref() {
        Some("wheel") => SourcePolicy::Wheel,
        Some("sdist") => SourcePolicy::Sdist,
        _ => SourcePolicy::Auto,
    };
    let strategy = match case.resolution.as_deref() {
        Some("lowest") => Strategy::Lowest,
        Some("lowest-direct") => Strategy::LowestDirect,
        _ => Strategy::Highest,
    };
    let preferred = case.preferred.iter().map(|pin| pin.split_once("==").unwrap());
    let options = ResolveOptions {
        source,
        strategy,
        exclude_newer: case.exclude_newer,
        no_deps: case.no_deps,
        excluded: case.exclude.iter().map(|name| project_name(name).unwrap()).collect(),
        preferred: preferred
            .map(|(name, version)| (project_name(name).unwrap(), version.parse().unwrap()))
            .collect(),
        project_sources: BTreeMap::new(),
    };
    let warnings = Warnings::default();
    let answer = resolve(&requirements(case), index, &environment(), &options, &warnings);
    let mut error = String::new();
    let mut hints = Vec::new();
    let mut pins = Vec::new();
    match answer {
        Ok(resolution) => {
            for (at, pin) in resolution.pins.values().enumerate() {
                let names_file = case.expected.get(at).is_some_and(|text| !text.contains("=="));
                pins.push(if names_file {
                    pin.file.filename.clone()
                } else {
                    format!("{}=={}", pin.project, pin.version)
                });
            }
        }
        Err(failure) => {
            error = failure.to_string();
            hints = failure.hints();
        }
    }
    let warnings = warnings.0.into_inner().unwrap();
    let same = pins == case.expected
        && error == case.error.trim()
        && hints == case.hints
        && warnings == case.warnings;
    if same {
        return Ok(());
    }
    Err(format!("{}:\n{pins:?}\n{error}\nhints {hints:#?}\nwarnings {warnings:#?}", case.name))
}

#[test]
fn scenarios_resolve_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/resolve");
    let mut failures = Vec::new();
    let mut count = 0;
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    for entry in files.filter(|entry| entry.file_type().is_file()) {
        let path = entry.path();
        let text = fs::read_to_string(path).unwrap();
        let scenario: Scenario =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let folder = tempfile::tempdir().unwrap();
        write_index(folder.path(), &scenario.release);
        let index = open(folder.path());
        for case in &scenario.case {
            count += 1;
            failures.extend(check(&*index, case).err().map(|f| format!("{}: {f}", path.display())));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(count >= 150, "only {count} cases were found");
}

#[test]
fn pins_tell_who_asks_for_them() {
    let releases: Scenario = toml::from_str(
        "case = []\n\
         [[release]]\nproject = 'a'\nversion = '1'\nrequires = ['b[x]>=1']\n\
         [[release]]\nproject = 'b'\nversion = '2'\nextras = ['x']\n",
    )
    .unwrap();
    let request = Requirements {
        roots: roots(&["b".to_owned(), "a".to_owned()], "req.txt"),
        ..Requirements::default()
    };
    let folder = tempfile::tempdir().unwrap();
    write_index(folder.path(), &releases.release);
    let index = open(folder.path());
    let options = ResolveOptions::default();
    let found = resolve(&request, &*index, &environment(), &options, &Warnings::default()).unwrap();
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        json["pins"]["b"],
        serde_json::json!({
            "project": "b",
            "version": "2",
            "extras": ["x"],
            "file": "b-2-py3-none-any.whl",
            "url": format!("file://{}/b-2-py3-none-any.whl", folder.path().display()),
            "hashes": { "sha256": format!("{:0>64}", "32") },
            "required-by": [
                { "root": { "origin": "req.txt:1", "requirement": "b" } },
                { "project": { "name": "a", "version": "1", "requirement": "b[x]>=1" } },
            ],
        })
    );
}
