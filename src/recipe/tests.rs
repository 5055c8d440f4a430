use std::{fs, process::Command};

use super::{Recipe, render};
use crate::{
    format,
    metadata::LicenceEvidence,
    plan::PackagePlan,
    target::Targets,
    template::Templates,
    text::{OneLine, Paragraph},
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

fn rendered(target: &str, text: &str) -> Recipe {
    let target = Targets::embedded().load(target, None, None).unwrap();
    let plan = plan(&target.format, text);
    let format = format::named(&target.format).unwrap();
    let pack = Templates::default().pack(format.name(), format.escape()).unwrap();
    let native = format.lower(&plan, &target).unwrap();
    render(&plan, &target, &native, format, &pack).unwrap()
}

/// The lines that rpm or dpkg could take for more than text.
fn structure(recipe: &Recipe, file: &str) -> Vec<String> {
    let text = &recipe.files[file].text;
    let is_structure = |line: &&str| match file {
        "DEBIAN/control" => !line.starts_with(' '),
        _ => line.trim_start().starts_with('%') && !line.trim_start().starts_with("%%"),
    };
    let head = |line: &str| match file {
        "DEBIAN/control" => line.split(':').next().unwrap_or_default().to_owned(),
        _ => line.to_owned(),
    };
    text.lines().filter(is_structure).map(head).collect()
}

#[test]
fn hostile_text_adds_no_structure() {
    for (target, file) in [("fedora-43", "python3-sample.spec"), ("debian-12", "DEBIAN/control")] {
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
    if Command::new("rpmspec").arg("--version").output().is_err() {
        assert!(std::env::var_os("REQUIRE_TOOLS").is_none(), "`rpmspec` is missing");
        eprintln!("skipped: `rpmspec` is missing");
        return;
    }
    for text in HOSTILE {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("marker");
        let text = text.replace("MARKER", &marker.display().to_string());
        let recipe = rendered("fedora-43", &text);
        let spec = folder.path().join("sample.spec");
        fs::write(&spec, &recipe.files["python3-sample.spec"].text).unwrap();
        let output = Command::new("rpmspec")
            .args(["-q", "--qf", "%{SUMMARY}\n%{DESCRIPTION}\n%{POSTIN}\n"])
            .arg(&spec)
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!marker.exists(), "{text:?} was run");
        assert!(stdout.trim_end().ends_with("(none)"), "{text:?} became a scriptlet: {stdout}");
    }
}
