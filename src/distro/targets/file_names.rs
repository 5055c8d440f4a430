//! Names of release files, and which systems take them, as `packaging` 26.3 answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::Targets;
use crate::python::artifact::{FileKind, SdistName, WheelName};

const VECTORS: &str = include_str!("../../../tests/data/vectors/wheel_filenames.json");

#[derive(Deserialize)]
struct FileNames {
    cases: Vec<FileName>,
}

#[derive(Deserialize)]
struct FileName {
    input: String,
    kind: String,
    valid: bool,
    name: Option<String>,
    version: Option<String>,
    /// A number and a text, or nothing.
    #[serde(default)]
    build: Vec<serde_json::Value>,
    #[serde(default)]
    tags: Vec<String>,
    /// The best position among the tags of a system.
    #[serde(default)]
    compatible: BTreeMap<String, usize>,
}

/// The systems of the recorded ranks that are targets.
const SYSTEMS: [(&str, &str, &str, &str); 12] = [
    ("bookworm-py311-x86_64", "debian-12", "3.11", "x86_64"),
    ("el10-py312-x86_64", "el10", "3.12", "x86_64"),
    ("el8-py312-x86_64", "el8", "3.12", "x86_64"),
    ("el8-py36-x86_64", "el8", "3.6", "x86_64"),
    ("el9-py311-aarch64", "el9", "3.11", "aarch64"),
    ("el9-py39-ppc64le", "el9", "3.9", "ppc64le"),
    ("el9-py39-s390x", "el9", "3.9", "s390x"),
    ("el9-py39-x86_64", "el9", "3.9", "x86_64"),
    ("jammy-py310-x86_64", "ubuntu-22.04", "3.10", "x86_64"),
    ("noble-py312-x86_64", "ubuntu-24.04", "3.12", "x86_64"),
    ("trixie-py313-aarch64", "debian-13", "3.13", "aarch64"),
    ("trixie-py313-x86_64", "debian-13", "3.13", "x86_64"),
];

/// Names of which ours is another answer on purpose, and why.
const DIFFERENCES: [(&str, &str); 2] = [
    ("foo_bár-1.0-py3-none-any.whl", "a project's name is ASCII (PEP 508)"),
    ("foo-1.0.tar.bz2", "older releases have such sdists, which pip takes, too"),
];

#[test]
fn file_names_parse_and_rank_as_packaging_says() {
    let FileNames { cases } = serde_json::from_str(VECTORS).unwrap();
    let systems = SYSTEMS.map(|(system, name, python, machine)| {
        let target = Targets::embedded().load(name, Some(python), Some(machine)).unwrap();
        (system, target.tags())
    });
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| DIFFERENCES.iter().all(|(name, _)| *name != case.input))
    {
        let parsed = match case.kind.as_str() {
            "wheel" => WheelName::parse(&case.input).map(FileKind::Wheel),
            _ => SdistName::parse(&case.input, None).map(FileKind::Sdist),
        };
        let Ok(parsed) = parsed else {
            wrong.extend(case.valid.then(|| format!("{} is refused", case.input)));
            continue;
        };
        let is_same = case.valid
            && Some(parsed.project().to_string()) == case.name
            && Some(parsed.version().to_string()) == case.version;
        wrong.extend((!is_same).then(|| format!("{}: {parsed:?}", case.input)));
        let FileKind::Wheel(wheel) = parsed else { continue };
        let mut tags: Vec<String> = wheel.tags.iter().map(ToString::to_string).collect();
        tags.sort();
        let build = wheel.build.as_ref().map(|(number, text)| vec![json!(number), json!(text)]);
        let is_same = tags == case.tags && build.unwrap_or_default() == case.build;
        wrong.extend((!is_same).then(|| format!("{}: {wheel:?}", case.input)));
        for (system, accepted) in &systems {
            let (rank, expected) = (accepted.best(&wheel), case.compatible.get(*system).copied());
            if rank != expected {
                wrong.push(format!("{} on {system}: {rank:?}, not {expected:?}", case.input));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
