//! Requirements files as pip reads them, and projects.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::python::metadata::parse_marker;

/// Whole cases with the answers of pip 26.3.
const VECTORS: &str = include_str!("../../../tests/data/vectors/requirements_txt.json");

/// Cases in which pip's answer is not ours, and why.
const DIFFERENCES: [(&str, &str); 8] = [
    ("r184", "pip drops all but the first `-f` of a line; both are taken"),
    ("r196", "pip keeps a digest that no file can have; it is refused"),
    ("r248", "of version control only git is supported: refused when read, not when fetched"),
    ("r250", "of version control only git is supported: refused when read, not when fetched"),
    ("r280", "of version control only git is supported: refused when read, not when fetched"),
    ("r252", "nothing is fetched by ftp: refused when read, not when fetched"),
    ("r254", "nothing is fetched by s3: refused when read, not when fetched"),
    ("r266", "a password is not printed"),
];

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<RequirementsCase>,
}

#[derive(Deserialize)]
struct RequirementsCase {
    id: String,
    files: BTreeMap<String, FileContent>,
    entry: String,
    env: BTreeMap<String, String>,
    constraint: bool,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FileContent {
    Text(String),
    Bytes { base64: String },
}

#[derive(Deserialize)]
struct Expected {
    ok: bool,
    #[serde(default)]
    requirements: Vec<Value>,
    #[serde(default)]
    options: Value,
}

fn with_root(text: &str, root: &Path) -> String {
    text.replace("{ROOT}", &root.display().to_string())
}

fn request<'a>(folder: &'a Path, variable: &'a dyn Fn(&str) -> Option<String>) -> InputRequest<'a> {
    InputRequest {
        arguments: &[],
        files: &[],
        constraints: &[],
        extras: &[],
        all_extras: false,
        groups: &[],
        require_pinned: false,
        lock_format: None,
        folder,
        variable,
    }
}

fn read_case(case: &RequirementsCase, root: &Path) -> Result<Inputs, RequirementsError> {
    for (name, content) in &case.files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let bytes = match content {
            FileContent::Text(text) => with_root(text, root).into_bytes(),
            FileContent::Bytes { base64 } => STANDARD.decode(base64).unwrap(),
        };
        fs::write(path, bytes).unwrap();
    }
    let variable = |name: &str| case.env.get(name).cloned();
    let entry = [PathBuf::from(&case.entry)];
    let (files, constraints) =
        if case.constraint { (&[][..], &entry[..]) } else { (&entry[..], &[][..]) };
    Inputs::read(&InputRequest { files, constraints, ..request(root, &variable) })
}

fn strings(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// What differs between a requirement of pip's and ours.
fn differs(expected: &Value, ours: &Written, root: &Path) -> Option<String> {
    let json = serde_json::to_value(ours).unwrap();
    let named = |value: &Value| {
        let name = value.as_str()?;
        Some(crate::python::artifact::project_name(name).unwrap().to_string())
    };
    let marker = expected["marker"].as_str().map(|text| parse_marker(text).unwrap());
    let url = expected["url"].as_str().map(|url| with_root(url, root));
    let mut hashes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (algorithm, digest) in ours.hashes.iter().flat_map(|hashes| &hashes.0) {
        hashes.entry(algorithm.to_string()).or_default().push(digest.clone());
    }
    let digests = expected["hashes"].to_string().to_lowercase();
    let from = expected["from"].as_str().unwrap();
    let from = with_root(from, root).replace("file://", "").replace(" (line ", ":");
    let origin = from.trim_start_matches("-r ").trim_start_matches("-c ").trim_end_matches(')');
    let ours_from = root.join(ours.origin.to_string()).display().to_string();
    let checks = [
        ("name", named(&expected["name"]) == ours.name.as_ref().map(ToString::to_string)),
        ("specifier", strings(&expected["specifier"]) == strings(&json["specifier"])),
        ("extras", strings(&expected["extras"]) == strings(&json["extras"])),
        ("marker", marker.as_ref() == ours.marker.as_ref().map(|marker| &marker.tree)),
        ("url", url.as_deref() == json["url"].as_str()),
        ("subdirectory", expected["subdirectory"] == json["subdirectory"]),
        ("editable", expected["editable"] == json["editable"]),
        ("constraint", expected["constraint"] == json["constraint"]),
        ("hashes", digests == serde_json::to_string(&hashes).unwrap()),
        ("origin", ours_from == root.join(origin).display().to_string()),
    ];
    let wrong: Vec<&str> = checks.iter().filter(|(_, is)| !is).map(|(what, _)| *what).collect();
    (!wrong.is_empty()).then(|| format!("{} in {json}, not {expected}", wrong.join(", ")))
}

fn options_differ(expected: &Value, ours: &FileOptions, root: &Path) -> Option<String> {
    let json = serde_json::to_value(ours).unwrap();
    let mut urls: Vec<String> = Vec::new();
    if !ours.no_index {
        let default = "https://index.example/default/simple".to_owned();
        urls.push(ours.index_url.clone().unwrap_or(default));
        urls.extend(ours.extra_index_urls.clone());
    }
    let links = expected["find_links"].as_array().unwrap().iter();
    let links: Vec<String> =
        links.map(|link| with_root(link.as_str().unwrap(), root).replace("/./", "/")).collect();
    let ours_links: Vec<String> =
        ours.find_links.iter().map(|link| link.replace("/./", "/")).collect();
    let mut is_same = expected["index_urls"] == serde_json::json!(urls) && links == ours_links;
    for (theirs, own) in [
        ("no_index", "no-index"),
        ("prefer_binary", "prefer-binary"),
        ("trusted_hosts", "trusted-hosts"),
    ] {
        is_same &= expected[theirs] == json[own];
    }
    for (theirs, own) in [
        ("no_binary", "no-binary"),
        ("only_binary", "only-binary"),
        ("all_releases", "all-releases"),
        ("only_final", "only-final"),
    ] {
        is_same &= strings(&expected[theirs]) == strings(&json[own]);
    }
    (!is_same).then(|| format!("{json}, not {expected}"))
}

fn check_case(case: &RequirementsCase) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let inputs = match read_case(case, &root) {
        Ok(inputs) if case.expect.ok => inputs,
        Err(_) if !case.expect.ok => return None,
        other => return Some(format!("{other:?}")),
    };
    let expected = &case.expect.requirements;
    if expected.len() != inputs.requirements.len() {
        return Some(format!("{} requirements, not {}", inputs.requirements.len(), expected.len()));
    }
    let mut both = expected.iter().zip(&inputs.requirements);
    both.find_map(|(expected, ours)| differs(expected, ours, &root))
        .or_else(|| options_differ(&case.expect.options, &inputs.options, &root))
}

#[test]
fn files_are_read_as_pip_reads_them() {
    let Vectors { cases } = serde_json::from_str(VECTORS).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let is_listed = DIFFERENCES.iter().any(|(id, _)| *id == case.id);
        match check_case(case) {
            Some(problem) if !is_listed => wrong.push(format!("{}: {problem}", case.id)),
            None if is_listed => wrong.push(format!("{} is no difference", case.id)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
