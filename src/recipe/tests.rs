use std::{collections::BTreeMap, fs, path::Path, process::Command};

use super::render;
use crate::plan::Recipe;
use crate::{
    base::text::{OneLine, Paragraph},
    distro::targets::Targets,
    format,
    plan::{
        Module, ModuleKind, PackagePlan, SourceBuild,
        relation::{Capability, CapabilityName, Relation, Strength},
    },
    python::metadata::LicenceEvidence,
    recipe::template::Templates,
    support::tools::have,
};

/// What rpm would run, include, drop or take for a section, were it not made text.
const HOSTILE: [&str; 16] = [
    "%(touch MARKER)",
    "%{lua:os.execute('touch MARKER')}",
    "%{expand:%(touch MARKER)}",
    "%[1+1]",
    "%post\ntouch MARKER",
    "%POST -p /bin/sh\ntouch MARKER",
    "  %include /etc/hostname",
    "%if 0",
    "%endif",
    "# Heading",
    "a \\%{ b",
    "100% \\",
    "Essential: yes\nProvides: libc6",
    ".\n.hidden\n\nPackage: bash",
    "{{name}} {{{name}}} {{> spec}}",
    "\x1b[31m\u{202e}\u{2028}Essential: yes\r%post",
];

fn plan(format: &str, text: &str) -> PackagePlan {
    let mut plan: PackagePlan =
        serde_json::from_str(include_str!("../../tests/data/build/plan.json")).unwrap();
    plan.format = format.to_owned();
    plan.summary = OneLine::new(text);
    plan.description = Paragraph::new(&format!("{text}\n\n{text}"));
    plan.authors = OneLine::new(text);
    plan.packager = OneLine::new(&format!("A {text} <a@example.org>"));
    plan.notes = vec![OneLine::new(text)];
    plan.licence.evidence = LicenceEvidence::Nothing;
    for relation in &mut plan.relations {
        relation.origin = OneLine::new(text);
    }
    plan
}

/// How a hostile project is built of its sdist. What stands there as names was checked before:
/// folders, modules and files of an sdist have none that is more than a name.
fn from_source(text: &str) -> SourceBuild {
    let origin = OneLine::new(text);
    let requires = Relation {
        strength: Strength::Requires,
        capability: Capability::Package {
            name: CapabilityName::parse("tool").unwrap(),
            own_version: false,
        },
        origin,
    };
    SourceBuild {
        name: "python-sample".to_owned(),
        folder: "sample-1.0".to_owned(),
        backend: Some(text.to_owned()),
        has_pyproject: true,
        has_setup: true,
        requires: vec![requires.clone()],
        stated: vec![requires],
        overruled: Vec::new(),
        extras: Vec::new(),
        modules: vec![Module { name: "sample".to_owned(), kind: ModuleKind::Package }],
        imports: vec!["sample".to_owned()],
        strays: vec!["tests".to_owned()],
        dropped_commands: vec!["pip".to_owned()],
        dropped_files: Vec::new(),
        moved_files: BTreeMap::new(),
        licences: vec!["LICENSE".to_owned()],
        documents: vec!["README".to_owned()],
        marks_licences: true,
        patches: vec!["one.patch".to_owned()],
        releases_page: Some("https://index.example/simple/sample/".to_owned()),
    }
}

fn rendered(target: &str, text: &str) -> Recipe {
    render_plan(target, text, false)
}

fn render_plan(target: &str, text: &str, is_source: bool) -> Recipe {
    let target = Targets::embedded().load(target, None, None).unwrap();
    let mut plan = plan(&target.format, text);
    plan.from_source = is_source.then(|| from_source(text));
    let format = format::named(&target.format).unwrap();
    let pack = if is_source { format.syntax().source_pack().unwrap() } else { format.name() };
    let pack = Templates::default().pack(pack, format.syntax().escape()).unwrap();
    let native = format.lower_one(&plan, &target).unwrap();
    render(&plan, &target, &native, format, &pack).unwrap()
}

/// The lines that rpm or dpkg could take for more than text.
fn structure(recipe: &Recipe, file: &str) -> Vec<String> {
    let text = &recipe.files[file].text;
    let is_structure = |line: &&str| match file {
        "DEBIAN/control" | "debian/control" => !line.starts_with([' ', '#']),
        // Nothing of the project's own words is in it.
        "debian/rules" => true,
        _ => line.trim_start().starts_with('%') && !line.trim_start().starts_with("%%"),
    };
    let head = |line: &str| match file {
        "DEBIAN/control" | "debian/control" => {
            line.split(':').next().unwrap_or_default().to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().filter(is_structure).map(head).collect()
}

#[test]
fn hostile_text_adds_no_structure() {
    let source_spec = "python-sample.spec";
    for (target, file, is_source) in [
        ("fedora-43", "python3-sample.spec", false),
        ("debian-12", "DEBIAN/control", false),
        ("fedora-43", source_spec, true),
        ("el8", source_spec, true),
        ("opensuse-tumbleweed", source_spec, true),
        ("debian-12", "debian/control", true),
        ("debian-12", "debian/rules", true),
    ] {
        let rendered = |target, text| render_plan(target, text, is_source);
        let benign = structure(&rendered(target, "benign"), file);
        assert!(benign.len() > 5, "{benign:?}");
        for text in HOSTILE {
            let mut found = structure(&rendered(target, text), file);
            // The changelog's author is the one hostile text on a line of ours.
            found.iter_mut().for_each(|line| *line = line.replace(text, "benign"));
            assert_eq!(found, benign, "{target}: {text:?}");
        }
    }
}

#[test]
fn hostile_text_is_text_to_rpmspec() {
    if !have(&["rpmspec"]) {
        return;
    }
    for text in HOSTILE {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("marker");
        let text = text.replace("MARKER", &marker.display().to_string());
        parse(&rendered("fedora-43", &text), "python3-sample.spec", &text, &marker);
        for target in ["fedora-43", "el8", "opensuse-tumbleweed"] {
            parse(&render_plan(target, &text, true), "python-sample.spec", &text, &marker);
        }
    }
}

/// Lets rpm read a spec of a recipe, which must neither run anything nor have a scriptlet.
fn parse(recipe: &Recipe, file: &str, text: &str, marker: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("sample.spec");
    fs::write(&spec, &recipe.files[file].text).unwrap();
    let macros = "tests/data/build/distribution.macros";
    let output = Command::new("rpmspec")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--load", macros])
        .args(["-q", "--qf", "%{SUMMARY}\n%{DESCRIPTION}\n%{POSTIN}\n"])
        .arg(&spec)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(!marker.exists(), "{text:?} was run");
    assert!(stdout.trim_end().ends_with("(none)"), "{text:?} became a scriptlet: {stdout}");
}
