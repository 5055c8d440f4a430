//! One folder of `tests/cases` for each rule: a wheel as `case.toml` describes it, and the spec, or
//! the control file with its review, that are rendered of it.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::run;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The rule that is shown.
    #[allow(dead_code, reason = "for the reader of the case")]
    rule: String,
    wheel: Vec<Wheel>,
    /// What is asked for; the first wheel's project by default.
    request: Option<String>,
    /// Further options.
    #[serde(default)]
    options: Vec<String>,
    /// Files beside the index: names and texts.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// A program without which the case is left out.
    requires: Option<String>,
    #[serde(default = "targets")]
    targets: Vec<String>,
}

fn targets() -> Vec<String> {
    ["fedora-43", "debian-12"].map(str::to_owned).to_vec()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wheel {
    project: String,
    #[serde(default = "version")]
    version: String,
    #[serde(default = "tag")]
    tag: String,
    /// Lines of `METADATA` behind name and version.
    #[serde(default)]
    metadata: Vec<String>,
    /// Paths and texts; `{info}` and `{data}` stand for the wheel's own folders.
    #[serde(default)]
    members: BTreeMap<String, String>,
}

fn version() -> String {
    "1.0".to_owned()
}

fn tag() -> String {
    "py3-none-any".to_owned()
}

impl Wheel {
    fn write(&self, folder: &Path) {
        let stem = format!("{}-{}", self.project.replace(['-', '.'], "_"), self.version);
        let info = format!("{stem}.dist-info");
        let place =
            |path: &str| path.replace("{info}", &info).replace("{data}", &format!("{stem}.data"));
        // Most rules have nothing to do with licences.
        let is_stated = self.metadata.iter().any(|line| line.contains("License"));
        let licence = if is_stated { "" } else { "License: MIT\n" };
        let lines: String = self.metadata.iter().map(|line| format!("{line}\n")).collect();
        let mut members: BTreeMap<String, String> =
            self.members.iter().map(|(path, text)| (place(path), text.clone())).collect();
        let (project, version) = (&self.project, &self.version);
        members.insert(
            format!("{info}/METADATA"),
            format!("Metadata-Version: 2.4\nName: {project}\nVersion: {version}\n{licence}{lines}\nText.\n"),
        );
        let pure = self.tag.ends_with("-any");
        members.insert(
            format!("{info}/WHEEL"),
            format!("Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {}\n", self.tag),
        );
        let mut record = String::new();
        for (name, text) in &members {
            let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text));
            record += &format!("{name},sha256={digest},{}\n", text.len());
        }
        members.insert(format!("{info}/RECORD"), format!("{record}{info}/RECORD,,\n"));
        let file = fs::File::create(folder.join(format!("{stem}-{}.whl", self.tag))).unwrap();
        let mut zip = ZipWriter::new(file);
        for (name, text) in members {
            zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }
}

/// The spec or control file of the project asked for.
fn rendered(case: &Case, target: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("index")).unwrap();
    for wheel in &case.wheel {
        wheel.write(&at.join("index"));
    }
    for (name, text) in &case.files {
        fs::write(at.join(name), text).unwrap();
    }
    let project = &case.wheel[0].project;
    let byte_code = if case.requires.is_some() { "auto" } else { "none" };
    let request = case.request.as_ref().unwrap_or(project);
    let mut arguments = vec!["render", request, "-q", "-t", target, "-i", "index", "-o", "out"];
    arguments.extend(["--bytecode", byte_code]);
    arguments.extend(case.options.iter().map(String::as_str));
    let found = run(at, &arguments);
    if found.status != 0 {
        return found.stderr;
    }
    let out = at.join("out").join(project.to_lowercase().replace(['_', '.'], "-"));
    let is_shown = |entry: &walkdir::DirEntry| entry.file_name() != ".pypi2pkg";
    let files = walkdir::WalkDir::new(&out).sort_by_file_name().into_iter();
    let files = files.filter_entry(is_shown).map(Result::unwrap);
    let wanted = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".spec") || name == "control" || name == "REVIEW"
    };
    let files = files.map(|entry| entry.into_path()).filter(|path| wanted(path));
    let text: String = files.map(|file| fs::read_to_string(file).unwrap() + "\n").collect();
    // The wheel's own hash depends on how it was packed.
    text.lines()
        .map(|line| if line.contains("sha256") { "# sha256" } else { line.trim_end() })
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Whether a program is there, without which nothing is shown; `REQUIRE_TOOLS=1` demands it.
fn is_here(program: &str) -> bool {
    let found = ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).is_file());
    let demanded = std::env::var_os("REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(found || !demanded, "not installed: {program}");
    found
}

#[test]
fn rules_give_what_their_cases_show() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(path.join("case.toml")).unwrap();
        let case: Case =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if !case.requires.as_deref().is_none_or(is_here) {
            continue;
        }
        for target in &case.targets {
            count += 1;
            let expected = path.join(format!("{target}.expected"));
            let found = rendered(&case, target);
            if fs::read_to_string(&expected).unwrap_or_default() != found {
                let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
                let new = new.join(path.file_name().unwrap());
                fs::create_dir_all(&new).unwrap();
                fs::write(new.join(format!("{target}.expected")), &found).unwrap();
                wrong.push(format!("{}: now {}", expected.display(), new.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 30, "{count}");
}
