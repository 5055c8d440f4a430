//! The bundled plugins: each is started as its manifest says, with the requests of
//! `tests/data/plugins/NAME/CASE.json`, and its answers are those of `CASE.expected`.
//!
//! Packages that a request names by a text are plans of `tests/data/plugins/plans`: what
//! `plan --json` prints of the wheels that are described there. `CASE.sh` prepares the folder that
//! the request calls `[WORK]`, of what lies beside it (`$DATA`, `[DATA]`); what is in its folder
//! `published` afterwards stands behind the answer. `CASE.bin` holds programs that the plugin finds
//! on its path, where there are otherwise only those of [`PROGRAMS`].

mod tools;
mod upload;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pypi2pkg::{plan::PackagePlan, plugin::API};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{cases::Wheel, run, support::expected::compare};

/// What plugins find on their path in every case.
const PROGRAMS: [&str; 5] = ["python3", "env", "sh", "cat", "git"];

/// A plugin's folder and manifest.
struct Plugin {
    folder: PathBuf,
    manifest: Manifest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    version: semver::Version,
    api: semver::VersionReq,
    description: String,
    hooks: Vec<String>,
    command: Vec<String>,
    timeout: u64,
    settings: Option<String>,
    #[serde(default)]
    format: Option<Value>,
}

/// What a plugin left behind.
struct Answer {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/plugins")
}

/// The folders below `folder`, or the files with an extension, sorted.
fn entries(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = found
        .filter(|path| path.extension().unwrap_or_default() == extension)
        .filter(|path| path.is_dir() == extension.is_empty())
        .collect();
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

impl Plugin {
    fn all() -> Vec<Self> {
        let folders = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins"), "");
        let plugins = folders.iter().filter(|folder| folder.join("plugin.toml").is_file());
        plugins.map(|folder| Self::at(folder)).collect()
    }

    fn named(name: &str) -> Self {
        Self::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name))
    }

    fn at(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("plugin.toml")).unwrap();
        let manifest =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self { folder: folder.to_owned(), manifest }
    }

    /// The command with its own files as full paths.
    fn command(&self) -> Vec<PathBuf> {
        let words = self.manifest.command.iter();
        words
            .map(|word| {
                let own = self.folder.join(word);
                if own.is_file() { own } else { word.into() }
            })
            .collect()
    }

    /// Runs it in an empty folder with the environment that the protocol states.
    fn run(&self, request: &str, path: &str) -> Answer {
        let home = tempfile::tempdir().unwrap();
        let command = self.command();
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .current_dir(home.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", home.path())
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .env("PYPI2PKG_PLUGIN", &self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // A plugin may end before it has read all.
        let _ = child.stdin.take().unwrap().write_all(request.as_bytes());
        let output = child.wait_with_output().unwrap();
        Answer {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The answer to a request, which has to be one.
    fn answer(&self, request: &Value) -> Value {
        let found = self.run(&request.to_string(), "/usr/bin:/bin");
        assert_eq!((found.status, found.stderr.as_str()), (Some(0), ""), "{}", found.stdout);
        serde_json::from_str(&found.stdout).unwrap()
    }

    /// The keys of its settings' schema.
    fn settings(&self) -> Vec<String> {
        let Some(file) = &self.manifest.settings else { return Vec::new() };
        let text = fs::read_to_string(self.folder.join(file)).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{}", self.manifest.name);
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }
}

/// What a case's plugin answers, with the folders of the case under the names that it uses.
fn shown(plugin: &Plugin, case: &Path) -> String {
    let work = tempfile::tempdir().unwrap();
    let bin = tempfile::tempdir().unwrap();
    for program in PROGRAMS {
        let places =
            ["/usr/bin", "/bin", "/usr/local/bin"].map(|place| Path::new(place).join(program));
        if let Some(place) = places.iter().find(|place| place.exists()) {
            symlink(place, bin.path().join(program)).unwrap();
        }
    }
    let script = case.with_extension("sh");
    if script.exists() {
        let mut shell = Command::new("/bin/sh");
        let prepared = shell
            .arg("-eu")
            .arg(script)
            .current_dir(work.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("DATA", case.parent().unwrap())
            .env("PLUGIN", &plugin.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&prepared.stderr);
        assert!(prepared.status.success(), "{}: {said}", case.display());
    }
    let folders = [("[WORK]", work.path()), ("[DATA]", case.parent().unwrap())];
    let mut text = fs::read_to_string(case).unwrap();
    for (name, folder) in folders {
        text = text.replace(name, folder.to_str().unwrap());
    }
    let mut request: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    assert!(plugin.manifest.hooks.iter().any(|hook| request["hook"] == **hook));
    if let Some(name) = request["packages"].as_str() {
        let plans = fs::read_to_string(data().join(format!("plans/{name}.json"))).unwrap();
        request["packages"] = serde_json::from_str(&plans).unwrap();
    }
    let path = format!("{}:{}", case.with_extension("bin").display(), bin.path().display());
    let found = plugin.run(&request.to_string(), &path);
    let answer = match serde_json::from_str::<Value>(&found.stdout) {
        Ok(answer) => serde_json::to_string_pretty(&answer).unwrap(),
        Err(_) => found.stdout,
    };
    let status =
        if found.status == Some(0) { String::new() } else { format!("{:?}\n", found.status) };
    let published = tree(&work.path().join("published"));
    let mut shown = format!("{answer}\n{status}{}{published}", found.stderr);
    for (name, folder) in folders {
        shown = shown.replace(folder.to_str().unwrap(), name);
    }
    shown
}

/// The files below a folder, each with its mode and the first line of its text.
fn tree(folder: &Path) -> String {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = files.filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir());
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            format!("{name} {mode:o}: {}\n", text.lines().next().unwrap_or_default())
        })
        .collect()
}

#[test]
fn plugins_answer_what_their_cases_show() {
    let plugins = Plugin::all();
    let mut cases = Vec::new();
    for plugin in &plugins {
        let own = entries(&data().join(&plugin.manifest.name), "json");
        assert!(!own.is_empty(), "{} has no cases", plugin.manifest.name);
        cases.extend(own.into_iter().map(|case| (plugin, case)));
    }
    let found: Vec<String> = cases.par_iter().map(|(plugin, case)| shown(plugin, case)).collect();
    let mut wrong = Vec::new();
    for ((_, case), found) in cases.iter().zip(found) {
        wrong.extend(compare(&case.with_extension("expected"), &found).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Plans that a plugin changed are plans: nothing in them is lost or unknown.
#[test]
fn changed_plans_are_plans() {
    let mut count = 0;
    for path in entries(&data().join("strip-tests"), "expected") {
        let answer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let packages = answer["packages"].as_array().into_iter().flatten();
        for plan in packages.filter(|plan| plan.get("target").is_some()) {
            let read: PackagePlan = serde_json::from_value(plan.clone()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), *plan, "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn cases_use_settings_that_the_schema_has() {
    for plugin in Plugin::all() {
        let known = plugin.settings();
        for case in entries(&data().join(&plugin.manifest.name), "json") {
            let request: Value = serde_json::from_slice(&fs::read(&case).unwrap()).unwrap();
            for key in request["settings"].as_object().unwrap().keys() {
                assert!(known.contains(key), "{}: {key}", case.display());
            }
        }
    }
}

#[test]
fn plugins_are_whole() {
    for plugin in Plugin::all() {
        let (manifest, folder) = (&plugin.manifest, &plugin.folder);
        assert_eq!(manifest.name, stem(folder));
        assert!(manifest.api.matches(&API), "{}", manifest.name);
        let brings_format = manifest.hooks.iter().any(|hook| hook == "format");
        assert_eq!(manifest.format.is_some(), brings_format, "{}", manifest.name);
        assert_eq!(manifest.version, semver::Version::new(1, 0, 0), "{}", manifest.name);
        assert!(!manifest.description.is_empty() && manifest.timeout > 0, "{}", manifest.name);
        let page = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(page.starts_with(&format!("# {}\n", manifest.name)));
        for hook in &manifest.hooks {
            assert!(page.contains(&format!("Hook: `{hook}`")), "{}: {hook}", manifest.name);
        }
        for key in plugin.settings() {
            assert!(page.contains(&format!("| `{key}` |")), "{}: {key}", manifest.name);
        }
        let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let example: Value = toml::from_str(example.unwrap()).unwrap();
        let Some(schema) = &manifest.settings else { continue };
        assert_eq!(example["plugin"][0]["name"], manifest.name);
        let schema = folder.join(schema);
        let schema = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
        jsonschema::validate(&schema, &example["plugin"][0]["settings"]).unwrap();
    }
}

/// What is not a request ends with a line on standard error, and no answer.
#[test]
fn plugins_refuse_what_is_no_request() {
    for plugin in Plugin::all() {
        for text in ["", "[]", "7", "{", "{}", r#"{"hook": 1, "settings": [], "packages": 7}"#] {
            let found = plugin.run(text, "/usr/bin:/bin");
            let name = &plugin.manifest.name;
            assert_eq!((found.status, found.stdout.as_str()), (Some(1), ""), "{name}: {text}");
            assert_eq!(found.stderr.lines().count(), 1, "{name}: {text}: {}", found.stderr);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    wheel: Vec<Wheel>,
    /// Further options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default = "targets")]
    targets: Vec<String>,
}

fn targets() -> Vec<String> {
    vec!["debian-12".to_owned()]
}

/// The plans that cases name are those that the program makes of the wheels described beside.
#[test]
fn plans_of_cases_are_what_the_program_prints() {
    let mut wrong = Vec::new();
    for file in entries(&data().join("plans"), "toml") {
        let samples: Samples = toml::from_str(&fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("index")).unwrap();
        for wheel in &samples.wheel {
            wheel.write(&folder.path().join("index"));
        }
        for target in &samples.targets {
            let mut arguments = vec!["plan", "--json", "-q", "-t", target, "-i", "index"];
            arguments.extend(samples.wheel.iter().map(|wheel| wheel.project.as_str()));
            arguments.extend(samples.options.iter().map(String::as_str));
            let found = run(folder.path(), &arguments);
            assert_eq!(found.status, 0, "{}", found.stderr);
            let mut plans: Value = serde_json::from_str(&found.stdout).unwrap();
            for plan in plans.as_array_mut().unwrap() {
                // It depends on how the wheel was packed.
                plan["source"]["hashes"]["sha256"] = json!("0".repeat(64));
            }
            let text = serde_json::to_string_pretty(&plans).unwrap() + "\n";
            let name = format!("{}-{target}.json", stem(&file));
            wrong.extend(compare(&file.with_file_name(name), &text).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
