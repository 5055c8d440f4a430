//! One folder of `tests/cases` for each rule: a wheel as `case.toml` describes it, or an sdist that
//! is built into it, and the spec, or the control file with its review, that are rendered of it; of
//! an sdist, all files of the recipe.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde::Deserialize;

use crate::{
    run,
    support::expected::compare,
    support::pack::{Member, pack},
    support::tools::have,
};

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
    /// Targets, or a target and one of its Pythons: `el9 3.12`.
    #[serde(default = "targets")]
    targets: Vec<String>,
}

impl Case {
    /// Whether what is asked for comes as an sdist.
    fn is_source(&self) -> bool {
        self.wheel[0].sdist.is_some()
    }
}

fn targets() -> Vec<String> {
    ["fedora-43", "debian-12"].map(str::to_owned).to_vec()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    pub project: String,
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
    /// The sdist that is built into it, in its place.
    sdist: Option<Sdist>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sdist {
    /// The folder that it unpacks into.
    folder: Option<String>,
    /// `build-system.requires`.
    #[serde(default)]
    requires: Vec<String>,
    /// Further lines of `pyproject.toml`.
    #[serde(default)]
    pyproject: String,
    /// Files in its folder: names and texts.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// Writes the wheel whose members lie in the file `wheel.json`. `{tag}` and `{ending}` are those of
/// extension modules for the Python that runs it.
const BACKEND: &str = r#"
import base64, hashlib, json, os, sys, sysconfig, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    wheel = json.load(open("wheel.json"))
    python = "cp%d%d" % sys.version_info[:2]
    tag = wheel["tag"].replace("{tag}", f"{python}-{python}-linux_x86_64")
    ending = sysconfig.get_config_var("EXT_SUFFIX")
    members = {name.replace("{ending}", ending): text for name, text in wheel["members"].items()}
    info = next(name for name in members if name.endswith("/WHEEL")).split("/")[0]
    members[f"{info}/WHEEL"] = members[f"{info}/WHEEL"].replace("{tag}", tag)
    record = ""
    for name, text in members.items():
        digest = hashlib.sha256(text.encode()).digest()
        digest = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text.encode())}\n"
    members[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    file = f"{info[:-10]}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return file
"#;

fn version() -> String {
    "1.0".to_owned()
}

fn tag() -> String {
    "py3-none-any".to_owned()
}

impl Wheel {
    fn stem(&self) -> String {
        format!("{}-{}", self.project.replace(['-', '.'], "_"), self.version)
    }

    /// All members but `RECORD`.
    fn contents(&self) -> BTreeMap<String, String> {
        let stem = self.stem();
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
        members
    }

    pub fn write(&self, folder: &Path) {
        match &self.sdist {
            Some(sdist) => self.write_sdist(sdist, folder),
            None => self.write_wheel(folder),
        }
    }

    fn write_wheel(&self, folder: &Path) {
        let stem = self.stem();
        let members = self.contents().into_iter().map(|(name, text)| Member::new(name, text));
        pack(
            &folder.join(format!("{stem}-{}.whl", self.tag)),
            &format!("{stem}.dist-info"),
            members,
        );
    }

    /// An sdist that its own backend builds into the wheel, without a network.
    fn write_sdist(&self, sdist: &Sdist, folder: &Path) {
        let members = self.contents();
        let metadata = members.iter().find(|(name, _)| name.ends_with("/METADATA")).unwrap().1;
        let mut files = sdist.files.clone();
        files.insert("PKG-INFO".to_owned(), metadata.replace("2.4", "2.1"));
        let wheel = serde_json::json!({"tag": self.tag, "members": members});
        files.insert("wheel.json".to_owned(), wheel.to_string());
        files.insert("backend.py".to_owned(), BACKEND.to_owned());
        let requires = &sdist.requires;
        let own = &sdist.pyproject;
        let text = format!(
            "[build-system]\nrequires = {requires:?}\nbuild-backend = 'backend'\n\
             backend-path = ['.']\n{own}\n"
        );
        files.insert("pyproject.toml".to_owned(), text);
        let top = sdist.folder.clone().unwrap_or_else(|| self.stem());
        let file = fs::File::create(folder.join(format!("{}.tar.gz", self.stem()))).unwrap();
        let packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        let mut tar = tar::Builder::new(packed);
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("{top}/{name}"), text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
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
    let (name, python) = target.split_once(' ').unwrap_or((target, ""));
    let mut arguments = vec!["render", request, "-q", "-t", name, "-i", "index", "-o", "out"];
    if !python.is_empty() {
        arguments.extend(["--python", python]);
    }
    arguments.extend(["--bytecode", byte_code]);
    arguments.extend(case.options.iter().map(String::as_str));
    let found = run(at, &arguments);
    if found.status != 0 {
        return found.stderr;
    }
    let out = at.join("out").join(project.to_lowercase().replace(['_', '.'], "-"));
    let is_shown = |entry: &walkdir::DirEntry| {
        ![".pypi2pkg", "recipe.toml", "sources"].iter().any(|name| entry.file_name() == *name)
    };
    let files = walkdir::WalkDir::new(&out).sort_by_file_name().into_iter();
    let files = files.filter_entry(is_shown).map(Result::unwrap);
    let wanted = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".spec") || name == "control" || name == "REVIEW"
    };
    let files = files.filter(|entry| entry.file_type().is_file()).map(|entry| entry.into_path());
    let text: String = if case.is_source() {
        files
            .map(|file| {
                let name = file.strip_prefix(&out).unwrap().display();
                format!("=== {name}\n{}", fs::read_to_string(&file).unwrap())
            })
            .collect()
    } else {
        files
            .filter(|path| wanted(path))
            .map(|file| fs::read_to_string(file).unwrap() + "\n")
            .collect()
    };
    // The wheel's own hash depends on how it was packed.
    text.lines()
        .map(|line| if line.contains("sha256") { "# sha256" } else { line.trim_end() })
        .fold(String::new(), |text, line| text + line + "\n")
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
        if !case.requires.as_deref().is_none_or(|tool| have(&[tool])) {
            continue;
        }
        for target in &case.targets {
            count += 1;
            let file = target.replace(' ', "-");
            let expected = path.join(format!("{file}.expected"));
            wrong.extend(compare(&expected, &rendered(&case, target)).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 30, "{count}");
}

/// The specs that the expected files of an idiom hold.
fn expected_specs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.unwrap().into_path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "expected"))
        .filter_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let (name, spec) = text.strip_prefix("=== ")?.split_once('\n')?;
            name.ends_with(".spec").then(|| (path.display().to_string(), spec.to_owned()))
        })
        .collect()
}

#[test]
fn rpm_parses_the_specs_of_all_idioms_and_rpmlint_finds_no_errors() {
    if !have(&["rpmspec", "rpmlint"]) {
        return;
    }
    let macros = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/build/distribution.macros");
    let folder = tempfile::tempdir().unwrap();
    let specs = expected_specs();
    assert!(specs.len() >= 25, "{}", specs.len());
    for (at, (path, spec)) in specs.iter().enumerate() {
        let file = folder.path().join(format!("{at}.spec"));
        fs::write(&file, spec).unwrap();
        let mut parser = Command::new("rpmspec");
        let output = parser.arg("--load").arg(&macros).arg("-P").arg(&file).output().unwrap();
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("warning"), "{path}: {said}");
        // rpmlint has no way to be told of macros: they are expanded before.
        fs::write(&file, &output.stdout).unwrap();
    }
    let mut linter = Command::new("rpmlint");
    let checked = linter.arg(folder.path()).env("HOME", folder.path()).output().unwrap();
    let report = String::from_utf8(checked.stdout).unwrap();
    let errors: Vec<&str> = report.lines().filter(|line| line.contains(": E: ")).collect();
    assert!(report.contains(&format!("{} specfiles checked", specs.len())), "{report}");
    assert!(errors.is_empty(), "{errors:#?}");
}
